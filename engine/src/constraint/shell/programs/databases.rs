//! Clients of databases.

use super::{PLAIN, Program, Reads};

pub(super) const TABLE: &[Program] = &[
    Program {
        names: "sqlite3 sqlite spatialite",
        refuses: "-cmd -init -A*",
        reads: Reads::Dots,
        whole_words: true,
        interactive: true,
        marks: &["load_extension", "writefile", "edit(", "fts3_tokenizer"],
        ..PLAIN
    },
    Program {
        names: "mysql mariadb mycli",
        refuses: "--default-auth --plugin-dir --pager --tee --init-command",
        valued: "ehPuSDp",
        harmless: "--default-character-set --plugin-load-none",
        marks: &[
            "\\!",
            "\\p ",
            "\\t ",
            "\\.",
            "system ",
            "outfile",
            "dumpfile",
            "pager ",
            "tee ",
            "source \
                ",
            "edit ",
        ],
        interactive: true,
        ..PLAIN
    },
    Program {
        names: "mysqldump mysqladmin mysqlimport",
        refuses: "--default-auth --plugin-dir",
        valued: "hPuSp",
        ..PLAIN
    },
    Program {
        names: "psql pgcli",
        refuses: "-L --log-file",
        valued: "cdfhpUvFRT",
        marks: &[
            "\\!",
            "\\o",
            "\\g",
            "\\w",
            "\\copy",
            "\\e",
            "\\i",
            "\\setenv",
            "program",
            "pager",
            "pg_read_file",
            "lo_export",
        ],
        interactive: true,
        ..PLAIN
    },
    Program { names: "redis-cli", refuses: "--eval", marks: &["module", "config set", "slaveof"], ..PLAIN },
    Program { names: "mongo mongosh", refuses: "--eval -f --file --shell", interactive: true, ..PLAIN },
    Program { names: "sqlcmd sqlplus isql", marks: &["!!", "!", "host "], interactive: true, ..PLAIN },
    Program {
        names: "duckdb",
        refuses: "-cmd -init",
        reads: Reads::Dots,
        marks: &["install ", "load ", "copy ", "shellfs"],
        whole_words: true,
        interactive: true,
        ..PLAIN
    },
];
