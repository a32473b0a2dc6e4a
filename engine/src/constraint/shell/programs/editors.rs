//! Editors and pagers.

use super::{PLAIN, Program, Reads};

pub(super) const TABLE: &[Program] = &[
    Program {
        names: "vi vim vim.basic vim.tiny view vimdiff rvim rview gvim ex nvim vimtutor vim-gtk",
        refuses: "-c -S -s -u -U -W -w --cmd --remote-expr --remote-send --startuptime -i -l -es",
        valued: "rTtqo",
        harmless: "--remote --servername",
        reads: Reads::Plus,
        interactive: true,
        ..PLAIN
    },
    Program {
        names: "nano pico rnano",
        refuses: "-s --speller -f --rcfile -C --backupdir -o --operatingdir",
        valued: "TrQXY",
        ..PLAIN
    },
    Program { names: "ed red", marks: &["!"], valued: "p", harmless: "--prompt", interactive: true, ..PLAIN },
    Program {
        names: "emacs emacsclient emacs-nox zile mg jove",
        refuses: "-f -e -l -L -x --eval --execute --funcall --load --script --chdir \
                --init-directory -eval -execute -funcall -load -script -insert -batch --batch -a \
                --alternate-editor --exec",
        whole_words: true,
        ..PLAIN
    },
    Program {
        names: "less lesspipe most pg",
        refuses: "-k -o -O -K* --lesskey-file --lesskey-src --lesskey-content --log-file --LOG-FILE",
        valued: "bhjpPtTxyz",
        reads: Reads::Plus,
        ..PLAIN
    },
    Program { names: "more", reads: Reads::Plus, ..PLAIN },
    Program {
        names: "man info",
        refuses: "-P -H -p -C -X -T --pager --html --preprocessor --config-file --gxditview \
                --troff-device --restore",
        valued: "eELMmRrSs",
        reads: Reads::Plus,
        ..PLAIN
    },
    Program { names: "joe jstar jmacs mcedit kak hx", ..PLAIN },
];
