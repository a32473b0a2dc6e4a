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
        names: "mysqladmin mysqlimport",
        refuses: "--default-auth --plugin-dir",
        valued: "hPuSp",
        ..PLAIN
    },
    Program {
        names: "mysqldump mariadb-dump",
        refuses: "--default-auth --plugin-dir",
        writes: "-r --result-file -T --tab --log-error",
        valued: "hPuSp",
        ..PLAIN
    },
    Program { names: "pg_dump pg_dumpall", writes: "-f --file", valued: "dEeFjnNStTZhplU", ..PLAIN },
    Program { names: "mongoexport", writes: "-o --out", valued: "hudcfq", ..PLAIN },
    Program { names: "clickhouse-client", marks: &["outfile", "executable("], interactive: true, ..PLAIN },
    Program {
        names: "psql pgcli",
        refuses: "-o --output",
        writes: "-L --log-file",
        valued: "cdfhpUvFRTP",
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
    Program {
        names: "redis-cli",
        refuses: "--eval",
        writes: "--rdb --functions-rdb",
        marks: &["module", "config set", "slaveof"],
        ..PLAIN
    },
    Program { names: "mongo mongosh", refuses: "--eval -f --file --shell", interactive: true, ..PLAIN },
    Program {
        names: "sqlcmd sqlplus isql",
        writes: "-o",
        valued: "SUPdQqivlHtsmwaK",
        marks: &["!!", "!", "host "],
        interactive: true,
        ..PLAIN
    },
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
