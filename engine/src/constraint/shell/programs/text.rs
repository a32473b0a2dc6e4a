//! Programs that read text.

use super::{PLAIN, Program, Reads};

pub(super) const TABLE: &[Program] = &[
    Program {
        names: "basename cat cd cksum cmp comm cut df dirname echo egrep expr false fgrep \
                file-roller fold free grep groups hash head help id join jobs locate ls lsblk md5 \
                md5sum nl nproc numfmt od paste pgrep pr printenv ps pwd readlink realpath rev \
                rmdir seq sha1sum sha224sum sha256sum sha384sum sha512sum shasum sleep stat sum tac \
                tail test-path tr true tsort type tty uname unlink uptime users vmstat wait wc \
                whatis whereis which who whoami zcat zgrep zegrep zfgrep bzcat xzcat bzgrep xzgrep \
                yes cal apropos arch dir vdir truncate factor getconf hostid logname look mkfifo \
                size strings w last lastb b2sum base32 base64 basenc column colrm expand \
                unexpand fmt hexdump hd",
        reads: Reads::Data,
        ..PLAIN
    },
    Program { names: "rg ag", refuses: "--pre --hostname-bin --pager", reads: Reads::Files, ..PLAIN },
    Program {
        names: "[ [[ test printf read let declare typeset export local readonly unset",
        reads: Reads::Test,
        ..PLAIN
    },
    Program {
        names: "sed gsed",
        refuses: "-i --in-place -f --file",
        valued: "el",
        reads: Reads::Sed,
        ..PLAIN
    },
    Program {
        names: "awk gawk mawk nawk original-awk",
        refuses: "-i -f -l -E -D -d -o -p --file --exec --include --load --debug \
                --dump-variables --pretty-print --profile",
        valued: "FveW",
        reads: Reads::Awk,
        ..PLAIN
    },
    Program { names: "uniq", valued: "fsw", reads: Reads::AtMost(1), ..PLAIN },
    Program { names: "xxd", valued: "cglnosR", reads: Reads::AtMost(1), ..PLAIN },
    Program {
        names: "sort gsort",
        reads: Reads::Files,
        refuses: "--compress-program",
        writes: "-o --output",
        valued: "kStT",
        ..PLAIN
    },
    Program { names: "shuf", reads: Reads::Files, writes: "-o --output", valued: "in", ..PLAIN },
    Program {
        names: "tree",
        reads: Reads::Files,
        refuses: "-R",
        writes: "-o --output",
        valued: "LPIHT",
        harmless: "--fromfile",
        ..PLAIN
    },
    Program {
        names: "file",
        reads: Reads::Files,
        refuses: "-C --compile -m --magic-file",
        valued: "eFfP",
        ..PLAIN
    },
    Program { names: "date gdate", reads: Reads::Files, refuses: "-s --set", valued: "dfrI", ..PLAIN },
    Program { names: "diff", reads: Reads::Files, refuses: "-l --paginate", valued: "xXUCWIFS", ..PLAIN },
    Program {
        names: "sdiff",
        reads: Reads::Files,
        refuses: "--diff-program",
        writes: "-o --output",
        valued: "wI",
        ..PLAIN
    },
    Program { names: "diff3", reads: Reads::Files, refuses: "--diff-program", ..PLAIN },
    Program { names: "du", reads: Reads::Files, valued: "Bdtx", ..PLAIN },
    Program { names: "tput", valued: "T", ..PLAIN },
    Program { names: "split gsplit", reads: Reads::Files, refuses: "--filter", valued: "abClntue", ..PLAIN },
    Program { names: "csplit", reads: Reads::Files, valued: "bfn", ..PLAIN },
    Program { names: "jq", harmless: "--rawfile --slurpfile --args --jsonargs", marks: &["@sh "], ..PLAIN },
    Program {
        names: "yq",
        refuses: "-i --inplace --in-place -s --split-exp",
        valued: "opIw",
        marks: &["@sh "],
        ..PLAIN
    },
    Program { names: "iconv", writes: "-o --output", valued: "ft", ..PLAIN },
    Program {
        names: "xmllint xsltproc",
        refuses: "-writesubtree",
        writes: "-o -output",
        whole_words: true,
        ..PLAIN
    },
    Program {
        names: "dot neato fdp sfdp circo twopi osage patchwork",
        refuses: "-c",
        writes: "-o -O!",
        valued: "TGNEKlPsn",
        ..PLAIN
    },
    Program { names: "pygmentize", refuses: "-x", writes: "-o", valued: "lfFOPaS", ..PLAIN },
    Program { names: "bc", refuses: "", ..PLAIN },
    Program { names: "dc", marks: &["!"], interactive: true, ..PLAIN },
    Program { names: "m4", refuses: "-P", marks: &["syscmd", "esyscmd"], interactive: true, ..PLAIN },
    Program {
        names: "fzf sk",
        refuses: "--preview --bind --listen --listen-unsafe --become --with-shell --filter-cmd",
        ..PLAIN
    },
    Program { names: "cowsay cowthink", refuses: "-f*/", valued: "eTW", ..PLAIN },
    Program {
        names: "pandoc",
        refuses: "-F --filter -L --lua-filter --pdf-engine --pdf-engine-opt -d --defaults",
        writes: "-o --output --log --extract-media",
        valued: "frtwMmVHBAcTD",
        ..PLAIN
    },
    Program { names: "aspell ispell hunspell", refuses: "--conf --per-conf", ..PLAIN },
    Program { names: "groff troff nroff", refuses: "-U -P", valued: "mfFTdrow", ..PLAIN },
    Program {
        names: "tex latex pdftex pdflatex xetex xelatex luatex lualatex luahbtex etex amstex context",
        refuses: "-shell-escape -enable-write18 --lua -cnf-line -fmt*/",
        marks: &[
            "\\write",
            "\\input|",
            "\\directlua",
            "\\openout",
            "\\catcode",
            "\\csname",
            "\"|",
            "\\input{|",
        ],
        whole_words: true,
        interactive: true,
        ..PLAIN
    },
    Program { names: "dvips", refuses: "-R0 -o*!", valued: "DopPt", marks: &["`", "|"], ..PLAIN },
    Program { names: "enscript a2ps", refuses: "-I --filter --user-option", ..PLAIN },
    Program {
        names: "gs ghostscript",
        refuses: "-dNOSAFER -dDELAYSAFER -c",
        marks: &["%pipe%"],
        whole_words: true,
        interactive: true,
        ..PLAIN
    },
    Program {
        names: "exiftool",
        refuses: "-config -if -w -execute -@",
        writes: "-o",
        whole_words: true,
        ..PLAIN
    },
    Program {
        names: "convert magick mogrify identify",
        marks: &["msl:", "ephemeral:", "|", "delegate"],
        ..PLAIN
    },
    Program {
        names: "ffmpeg ffprobe ffplay",
        refuses: "-init_hw_device -fpre -vpre -apre",
        marks: &["ladspa=", "frei0r=", "lv2=", "frei0r_src="],
        whole_words: true,
        ..PLAIN
    },
];
