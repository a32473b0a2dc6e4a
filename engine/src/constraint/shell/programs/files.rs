//! Programs that find, copy and pack files.

use super::{PLAIN, Program, Reads};

pub(super) const TABLE: &[Program] = &[
    Program {
        names: "find gfind bfs",
        reads: Reads::Files,
        refuses: "-exec -execdir -ok -okdir -delete -fprint -fprint0 -fprintf -fls -files0-from",
        whole_words: true,
        ..PLAIN
    },
    Program { names: "fd fdfind", refuses: "-x -X --exec --exec-batch", valued: "eEtdSocjg", ..PLAIN },
    Program {
        names: "tar gtar bsdtar star",
        reads: Reads::Files,
        refuses: "-F -I --use-compress-program --checkpoint-action --to-command \
                --info-script --new-volume-script --rsh-command --rmt-command",
        valued: "bCfgHKLNTVX",
        harmless: "--checkpoint",
        ..PLAIN
    },
    Program { names: "cpio pax", reads: Reads::Files, refuses: "--rsh-command", valued: "CEFHIMOR", ..PLAIN },
    Program { names: "ar nm nm-new ranlib objdump strip", refuses: "--plugin", ..PLAIN },
    Program {
        names: "zip",
        reads: Reads::Files,
        refuses: "-TT* --unzip-command --test-command",
        marks: &[],
        ..PLAIN
    },
    Program { names: "unzip funzip zipinfo", reads: Reads::Files, ..PLAIN },
    Program { names: "7z 7za 7zr", refuses: "", ..PLAIN },
    Program { names: "gzip gunzip bzip2 xz zstd lz4", reads: Reads::Files, ..PLAIN },
    Program {
        names: "rsync",
        refuses: "-e --rsh --rsync-path --daemon --config -M --remote-option --rsync-command",
        writes: "--log-file --write-batch --only-write-batch",
        valued: "BTf",
        marks: &[],
        ..PLAIN
    },
    Program { names: "install ginstall", refuses: "--strip-program", valued: "gmoStZ", ..PLAIN },
    Program {
        names: "cp mv ln mkdir touch chmod chown chgrp rm mktemp dd sync",
        reads: Reads::Data,
        ..PLAIN
    },
    Program { names: "tee", reads: Reads::Data, ..PLAIN },
    Program { names: "logsave", reads: Reads::AtMost(1), ..PLAIN },
    Program { names: "rename prename", refuses: "-e", marks: &["system", "exec", "`", "/e", "qx"], ..PLAIN },
];
