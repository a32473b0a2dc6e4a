//! Programs that show and change the system.

use super::{PLAIN, Program, Reads};

pub(super) const TABLE: &[Program] = &[
    Program {
        names: "systemctl",
        refuses: "--root --image -H --host",
        valued: "tpsnoMHP",
        actions: "edit;link",
        reads: Reads::Packages,
        marks: &["ld_preload", "path="],
        ..PLAIN
    },
    Program { names: "pidstat", refuses: "-e", ..PLAIN },
    Program { names: "sar", writes: "-o", valued: "fPsen", ..PLAIN },
    Program {
        names: "journalctl",
        refuses: "-D --directory",
        writes: "--cursor-file",
        valued: "pnuotSUgFb",
        ..PLAIN
    },
    Program { names: "loginctl timedatectl hostnamectl localectl resolvectl networkctl busctl", ..PLAIN },
    Program {
        names: "crontab",
        refuses: "-e -T",
        valued: "u",
        reads: Reads::AtMost(0),
        interactive: true,
        ..PLAIN
    },
    Program { names: "at batch", refuses: "-f", reads: Reads::AtMost(0), ..PLAIN },
    Program {
        names: "dmesg",
        refuses: "-H --human -c -C -D -E -n --read-clear --clear",
        valued: "flsFn",
        harmless: "--decode",
        ..PLAIN
    },
    Program { names: "lsof", reads: Reads::Files, refuses: "-D", valued: "cgipTsuAFkoSx", ..PLAIN },
    Program {
        names: "screen",
        refuses: "-c -s",
        harmless: "-ls -list -wipe",
        reads: Reads::Terminal,
        ..PLAIN
    },
    Program {
        names: "tmux",
        refuses: "^-c ^-f ^-S",
        actions: "run-shell;run;if-shell;if;pipe-pane;pipep;send-keys;send;source-file;\
                source;set-hook;respawn-pane;respawnp;respawn-window;respawnw;display-popup;popup;\
                command-prompt;confirm-before;confirm;bind-key;bind;set-environment;setenv;\
                paste-buffer;pasteb;load-buffer;loadb;save-buffer;saveb",
        reads: Reads::Terminal,
        marks: &["#(", "default-command", "default-shell", "lock-command", "copy-command", "editor"],
        ..PLAIN
    },
    Program { names: "byobu dtach abduco zellij", reads: Reads::AtMost(0), ..PLAIN },
    Program { names: "mount umount", refuses: "-o -t --types --options", valued: "LUO", ..PLAIN },
    Program {
        names: "sysctl",
        refuses: "-w -p --write --load --system",
        marks: &["core_pattern", "modprobe", "="],
        ..PLAIN
    },
    Program { names: "run-parts start-stop-daemon service invoke-rc.d", reads: Reads::AtMost(0), ..PLAIN },
    Program { names: "logrotate", refuses: "-m --mail -f --force", reads: Reads::AtMost(0), ..PLAIN },
    Program { names: "ldconfig insmod modprobe", reads: Reads::AtMost(0), ..PLAIN },
    Program { names: "top htop atop iftop iotop", interactive: true, ..PLAIN },
    Program { names: "msgfilter", reads: Reads::AtMost(0), ..PLAIN },
    Program { names: "dialog whiptail zenity", ..PLAIN },
    Program { names: "capsh", refuses: "--", marks: &["--"], ..PLAIN },
    Program { names: "ansible ansible-playbook puppet salt chef terraform", actions: "console", ..PLAIN },
];
