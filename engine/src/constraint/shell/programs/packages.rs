//! Package managers, of systems and of languages.

use super::{PLAIN, Program, Reads};

pub(super) const TABLE: &[Program] = &[
    Program {
        names: "apt apt-get aptitude apt-cache apt-mark",
        refuses: "-o --option -c --config-file -b --build --compile",
        valued: "at",
        actions: "changelog;edit-sources",
        marks: &["invoke", "dpkg::"],
        reads: Reads::Packages,
        ..PLAIN
    },
    Program {
        names: "dpkg dpkg-deb opkg",
        reads: Reads::Files,
        refuses: "-i --install --unpack -A --record-avail --pre-invoke \
                --post-invoke --status-logger -R --instdir --root --command-fd",
        harmless: "--status --root-owner-group",
        ..PLAIN
    },
    Program {
        names: "rpm rpmbuild rpmquery rpmverify",
        reads: Reads::Files,
        refuses: "-i* -U* -F* --install --upgrade --freshen --reinstall --eval -E --pipe \
                --define -D --load --macros --rcfile --dbpath --import-script",
        harmless: "--dbpath",
        marks: &[".deb", "%{lua", "%("],
        whole_words: true,
        ..PLAIN
    },
    Program {
        names: "yum dnf microdnf dnf-3 tdnf",
        refuses: "-c --config --setopt --installroot --setopt-file",
        valued: "dexbR",
        actions: "localinstall;localupdate;shell",
        reads: Reads::Packages,
        harmless: "--config-manager",
        ..PLAIN
    },
    Program {
        names: "zypper",
        refuses: "-c --config --plus-content --root --installroot",
        actions: "x;shell;sh;subcommand",
        reads: Reads::Packages,
        ..PLAIN
    },
    Program {
        names: "apk pacman",
        refuses: "--hookdir --config --root -U --upgrade --gpgdir",
        valued: "b",
        reads: Reads::Packages,
        ..PLAIN
    },
    Program {
        names: "snap",
        refuses: "--dangerous --devmode --shell --gdb --strace",
        actions: "run;try",
        reads: Reads::Packages,
        ..PLAIN
    },
    Program { names: "flatpak", actions: "run;enter", refuses: "--command", ..PLAIN },
    Program { names: "brew port", actions: "sh;ruby;irb;edit", ..PLAIN },
    Program {
        names: "pip pipx",
        refuses: "--editor --global-option --install-option --config-settings install:-e \
                install:--editable --python -C",
        valued: "crfitw",
        actions: "config edit;run",
        reads: Reads::Packages,
        harmless: "--python-version",
        ..PLAIN
    },
    Program { names: "easy_install", reads: Reads::AtMost(0), ..PLAIN },
    Program { names: "poetry uv conda mamba pdm hatch rye", actions: "run;shell;env run;tool run", ..PLAIN },
    Program {
        names: "npm",
        refuses: "-C -c --call --script-shell --node-options --git --editor --viewer --shell \
                --prefix",
        actions: "exec;x;run;run-script;rum;urn;config edit;explore",
        marks: &["scripts.", "script-shell", "node-options"],
        harmless: "--global --ignore-scripts --script",
        ..PLAIN
    },
    Program {
        names: "yarn pnpm",
        refuses: "-C --cwd --script-shell --dir",
        actions: "exec;run;dlx;node",
        ..PLAIN
    },
    Program { names: "npx bunx pnpx", reads: Reads::AtMost(0), ..PLAIN },
    Program {
        names: "gem",
        refuses: "open:-e --editor -g --file install:--file --config-file",
        actions: "exec;build",
        ..PLAIN
    },
    Program {
        names: "bundle bundler",
        actions: "exec;e;ex;exe;console;open;help;h;plugin",
        refuses: "--ext --exe",
        ..PLAIN
    },
    Program {
        names: "cargo",
        refuses: "--config",
        valued: "pjF",
        marks: &[".linker", ".runner"],
        harmless: "--bin --example --manifest-path",
        ..PLAIN
    },
    Program {
        names: "composer",
        refuses: "-d --working-dir",
        actions: "exec;run-script;run;global exec",
        marks: &["scripts."],
        ..PLAIN
    },
    Program { names: "cpan cpanm", refuses: "-e --eval", reads: Reads::Packages, ..PLAIN },
];
