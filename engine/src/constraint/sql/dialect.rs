//! The dialects: how each cuts text into tokens, how it separates statements, and whose functions it has.
//!
//! `generic` is for a target that isn't known: a text must be harmless to every other dialect.

use sqlparser::dialect as parser;

use super::lexicon::{Dollars, Hash, Lexicon, PLAIN};

#[derive(Debug)]
pub(super) struct Dialect {
    pub(super) name: &'static str,
    /// Every way in which it may cut a text.
    lexicons: &'static [Lexicon],
    /// Whether statements may follow each other without a semicolon between them.
    pub(super) adjoins: bool,
    /// Whose functions it has.
    pub(super) family: Family,
    /// The parser's own dialect.
    pub(super) parser: &'static (dyn parser::Dialect + Send + Sync),
}

/// Dialects that share functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Any,
    Standard,
    Postgres,
    Mysql,
    Sqlite,
    Mssql,
    Snowflake,
    Bigquery,
    Clickhouse,
    Duckdb,
    Hive,
    Oracle,
}

impl Dialect {
    /// Every way in which it may cut this text.
    pub(super) fn lexicons_of(&self, text: &str) -> Vec<Lexicon> {
        let every: &[Self] = if self.is_generic() { DIALECTS } else { &[] };
        let all = self.lexicons.iter().chain(every.iter().flat_map(|dialect| dialect.lexicons));
        let mut different = Vec::new();
        for lexicon in all.map(|lexicon| lexicon.for_text(text)) {
            if !different.contains(&lexicon) {
                different.push(lexicon);
            }
        }
        different
    }

    pub(super) fn is_generic(&self) -> bool {
        self.family == Family::Any
    }

    /// Whether it has what a family has.
    pub(super) fn has(&self, family: Family) -> bool {
        self.is_generic() || self.family == family || family == Family::Any
    }
}

const NESTED: Lexicon = Lexicon { nested: true, ..PLAIN };
const POSTGRES: Lexicon = Lexicon { escape_prefix: true, dollars: Dollars::Tagged, nested: true, ..PLAIN };
/// DuckDB has taken these in with its second parser.
const DUCKDB_BACKTICKS: Lexicon = Lexicon { backticks: true, ..POSTGRES };
/// Redshift has kept the backslashes of an older PostgreSQL in places.
const REDSHIFT: Lexicon = Lexicon { backslash: true, ..POSTGRES };
const MYSQL: Lexicon = Lexicon {
    backslash: true,
    double_quoted_text: true,
    backticks: true,
    hash: Hash::Comment,
    dashes_need_space: true,
    ..PLAIN
};
const MYSQL_VERSIONED: Lexicon = Lexicon { versioned: true, ..MYSQL };
const SQLITE: Lexicon = Lexicon { backticks: true, brackets: true, ..PLAIN };
const MSSQL: Lexicon = Lexicon { brackets: true, hash: Hash::Name, nested: true, ..PLAIN };
const SNOWFLAKE: Lexicon = Lexicon { backslash: true, dollars: Dollars::Plain, slashes: true, ..PLAIN };
const SNOWFLAKE_NESTED: Lexicon = Lexicon { nested: true, ..SNOWFLAKE };
const BIGQUERY: Lexicon = Lexicon {
    backslash: true,
    backslash_in_names: true,
    triple_quotes: true,
    double_quoted_text: true,
    backticks: true,
    hash: Hash::Comment,
    ..PLAIN
};
const CLICKHOUSE: Lexicon = Lexicon {
    backslash: true,
    backslash_in_names: true,
    backticks: true,
    dollars: Dollars::Tagged,
    hash: Hash::Comment,
    ..PLAIN
};
const CLICKHOUSE_NESTED: Lexicon = Lexicon { nested: true, ..CLICKHOUSE };
const HIVE: Lexicon = Lexicon { backslash: true, double_quoted_text: true, backticks: true, ..PLAIN };
const DATABRICKS: Lexicon = Lexicon { raw_prefix: true, nested: true, ..HIVE };
const ORACLE: Lexicon = Lexicon { q_quotes: true, ..PLAIN };

/// Every dialect. Where it isn't sure how one reads, it has both readings.
pub(super) const DIALECTS: &[Dialect] = &[
    Dialect {
        name: "generic",
        lexicons: &[],
        adjoins: true,
        family: Family::Any,
        parser: &parser::GenericDialect,
    },
    Dialect {
        name: "ansi",
        lexicons: &[PLAIN, NESTED],
        adjoins: false,
        family: Family::Standard,
        parser: &parser::AnsiDialect {},
    },
    Dialect {
        name: "postgres",
        lexicons: &[POSTGRES],
        adjoins: false,
        family: Family::Postgres,
        parser: &parser::PostgreSqlDialect {},
    },
    Dialect {
        name: "mysql",
        lexicons: &[MYSQL, MYSQL_VERSIONED],
        adjoins: false,
        family: Family::Mysql,
        parser: &parser::MySqlDialect {},
    },
    Dialect {
        name: "sqlite",
        lexicons: &[SQLITE],
        adjoins: false,
        family: Family::Sqlite,
        parser: &parser::SQLiteDialect {},
    },
    Dialect {
        name: "mssql",
        lexicons: &[MSSQL],
        adjoins: true,
        family: Family::Mssql,
        parser: &parser::MsSqlDialect {},
    },
    Dialect {
        name: "snowflake",
        lexicons: &[SNOWFLAKE, SNOWFLAKE_NESTED],
        adjoins: false,
        family: Family::Snowflake,
        parser: &parser::SnowflakeDialect,
    },
    Dialect {
        name: "bigquery",
        lexicons: &[BIGQUERY],
        adjoins: false,
        family: Family::Bigquery,
        parser: &parser::BigQueryDialect,
    },
    Dialect {
        name: "redshift",
        lexicons: &[POSTGRES, REDSHIFT],
        adjoins: false,
        family: Family::Postgres,
        parser: &parser::RedshiftSqlDialect {},
    },
    Dialect {
        name: "clickhouse",
        lexicons: &[CLICKHOUSE, CLICKHOUSE_NESTED],
        adjoins: false,
        family: Family::Clickhouse,
        parser: &parser::ClickHouseDialect {},
    },
    Dialect {
        name: "duckdb",
        lexicons: &[POSTGRES, DUCKDB_BACKTICKS],
        adjoins: false,
        family: Family::Duckdb,
        parser: &parser::DuckDbDialect {},
    },
    Dialect {
        name: "hive",
        lexicons: &[HIVE],
        adjoins: false,
        family: Family::Hive,
        parser: &parser::HiveDialect {},
    },
    Dialect {
        name: "databricks",
        lexicons: &[DATABRICKS],
        adjoins: false,
        family: Family::Hive,
        parser: &parser::DatabricksDialect,
    },
    Dialect {
        name: "oracle",
        lexicons: &[ORACLE],
        adjoins: false,
        family: Family::Oracle,
        parser: &parser::OracleDialect,
    },
];
