//! What the tables of this type hold together, and what each reader makes of a text.

use super::dialect::DIALECTS;
use super::kind::{KINDS, Kind, Kinds};
use super::lexer::{Shape, cut};
use super::statement::What;
use super::table::Glob;
use super::{Sql, TYPE, function, relation, statement};
use crate::constraint::{Constraint, Value};
use crate::policy::keys::Takes;

fn dialect(name: &str) -> &'static super::Dialect {
    DIALECTS.iter().find(|dialect| dialect.name == name).unwrap()
}

#[test]
fn the_keys_list_every_dialect_and_every_kind() {
    let words = |name: &str| {
        let key = TYPE.keys.iter().find(|key| key.name == name).unwrap();
        match key.takes {
            Takes::OneOf(words) | Takes::SomeOf(words) => words.to_vec(),
            _ => Vec::new(),
        }
    };
    assert_eq!(words("dialect"), DIALECTS.iter().map(|dialect| dialect.name).collect::<Vec<_>>());
    assert_eq!(words("allow"), KINDS.iter().map(|row| row.name).collect::<Vec<_>>());
}

#[test]
fn every_kind_says_what_it_stands_for() {
    for row in KINDS {
        assert!(row.about.ends_with('.'), "{}", row.name);
        assert!(KINDS.iter().filter(|other| other.kind == row.kind).count() == 1, "{}", row.name);
    }
}

#[test]
fn no_acting_function_is_written_so_that_it_matches_everything() {
    for name in function::names() {
        assert_eq!(name, name.to_ascii_lowercase());
        assert!(name.trim_end_matches('*').trim_end_matches('.').len() > 1, "{name}");
        assert!(name.split('.').all(|part| part.matches('*').count() <= 1), "{name}");
        assert!(function::is_known(name));
    }
}

#[test]
fn a_function_acts_by_its_last_part_or_by_its_package() {
    for (name, parts, acts) in [
        ("postgres", &["pg_read_file"][..], true),
        ("postgres", &["pg_catalog", "PG_READ_FILE"], true),
        ("postgres", &["pg_read_file", "x"], false),
        ("mysql", &["pg_read_file"], false),
        ("generic", &["load_extension"], true),
        ("oracle", &["dbms_sql", "execute"], true),
        ("oracle", &["sys", "dbms_sql", "execute"], true),
        ("oracle", &["dbms_random", "value"], false),
        ("postgres", &["lower"], false),
    ] {
        assert_eq!(function::acts(dialect(name), parts, true).is_some(), acts, "{name} {parts:?}");
    }
}

#[test]
fn a_text_is_cut_as_its_dialect_cuts_it() {
    for (name, text, shapes) in [
        ("postgres", "a 'b''c' \"d\" 1.5e3", "WTNU"),
        ("postgres", "$$a$$ $1 $x$ $$ $x$", "TMUT"),
        ("mysql", "'a\\'b' \"c\" `d` -- e", "TTN"),
        ("mysql", "1--2", "UMMU"),
        ("mssql", "[a]]b] #t @v", "NWW"),
        ("oracle", "q'[it's]' q'!a!' nq'{b}'", "TTT"),
        ("bigquery", "'''a'b''' # c", "T"),
        ("snowflake", "a // b", "W"),
        ("databricks", "r'\\' a", "TW"),
        ("ansi", "1DROP .5 a.5", "UWUWMU"),
    ] {
        let lexicon = dialect(name).lexicons_of(text).into_iter().next().unwrap();
        let cut = cut(text, &lexicon);
        assert_eq!(cut.fault, None, "{text}");
        let seen: String = cut
            .tokens
            .iter()
            .map(|token| match token.shape {
                Shape::Word => 'W',
                Shape::Name => 'N',
                Shape::Text => 'T',
                Shape::Number => 'U',
                Shape::Mark => 'M',
            })
            .collect();
        assert_eq!(seen, shapes, "{name}: {text}");
    }
}

#[test]
fn what_has_no_end_or_is_read_in_two_ways_is_a_fault() {
    for (name, text, fatal) in [
        ("postgres", "'a", false),
        ("postgres", "/* /* */", false),
        ("postgres", "$$a", false),
        ("postgres", "a \\ b", false),
        ("postgres", "a \u{1} b", true),
        ("postgres", "a \u{a0} b", true),
        ("postgres", "-- a\rb", true),
        ("postgres", "U&\"\\0061\"", true),
        ("bigquery", "`a\\x62`", true),
        ("clickhouse", "‘a’", true),
    ] {
        let lexicon = dialect(name).lexicons_of(text).into_iter().next().unwrap();
        assert_eq!(cut(text, &lexicon).fault.map(|fault| fault.fatal), Some(fatal), "{name}: {text}");
    }
}

#[test]
fn each_statement_of_a_text_is_found() {
    for (name, text, kinds) in [
        ("postgres", "SELECT 1; ; DELETE FROM t;", "select|delete"),
        ("mssql", "SELECT 1\nGO\nEXEC p", "select|call"),
        ("oracle", "SELECT 1\n/\nDROP TABLE t", "select|drop"),
        ("snowflake", "SHOW TABLES ->> DROP TABLE t", "show|drop"),
        ("postgres", "SELECT a ->> 'b'", "select"),
        ("postgres", "DESCRIBE t", "explain or show"),
        ("postgres", "FROBNICATE", "nothing"),
    ] {
        let cut = cut(text, &dialect(name).lexicons_of(text).into_iter().next().unwrap());
        let statements = statement::read(text, &cut.tokens, dialect(name));
        let seen: Vec<String> = statements.iter().map(|statement| statement.kinds.names()).collect();
        assert_eq!(seen.join("|"), kinds, "{text}");
        let unknown = statements.iter().flat_map(|one| &one.needs).any(|need| need.what == What::Unknown);
        assert_eq!(unknown, kinds == "nothing", "{text}");
    }
}

#[test]
fn a_relation_is_named_where_one_can_stand() {
    for (text, names) in [
        ("SELECT a FROM b, c.d JOIN e ON f = g WHERE h IN (SELECT i FROM j)", "b c.d e j"),
        ("WITH a AS (SELECT 1 FROM b), c AS (SELECT * FROM a) SELECT * FROM c, d", "b d"),
        ("SELECT extract(year FROM a) FROM b ORDER BY c DESC, d", "b"),
        ("INSERT INTO a (b) SELECT c FROM d", "a d"),
        ("MERGE INTO a USING b ON c = d WHEN MATCHED THEN UPDATE SET e = 1", "a b"),
        ("SELECT * FROM f(1), (VALUES (1)) v", ""),
    ] {
        let cut = cut(text, &super::lexicon::PLAIN);
        let found = relation::find(&cut.tokens, dialect("postgres"));
        let seen: Vec<String> = found.iter().map(relation::Relation::name).collect();
        assert_eq!(seen.join(" "), names, "{text}");
    }
}

#[test]
fn a_glob_without_a_dot_means_the_last_part_of_a_name() {
    for (glob, name, matches) in [
        ("orders", "orders", true),
        ("orders", "Public.ORDERS", true),
        ("order*", "x.orders_2024", true),
        ("public.*", "public.a", true),
        ("public.*", "a", false),
        ("public.*", "db.public.a", false),
        ("*", "a.b", true),
        ("a*a", "a", false),
    ] {
        let relation = relation::Relation { at: 0, parts: name.split('.').collect(), file: false };
        assert_eq!(Glob::parse(glob).unwrap().matches(&relation), matches, "{glob} {name}");
    }
    for glob in ["", "a.", ".a", "a**"] {
        assert!(Glob::parse(glob).is_err(), "{glob}");
    }
}

#[test]
fn an_author_is_told_how_a_text_was_read() {
    let sql = Sql {
        dialect: dialect("postgres"),
        allow: Kinds::of(Kind::Select),
        tables: None,
        functions: Vec::new(),
    };
    for (text, lines) in [
        (
            "SELECT * FROM a.b, c",
            &["statement 1: select; tables: \"a.b\", \"c\"", "read by its tokens and by the parser"][..],
        ),
        ("SELECT 1 ?? FROM", &["statement 1: select; tables: none", "read by its tokens"]),
        ("DROP TABLE t", &["statement 1: drop; tables: \"t\"", "refused: \"DROP\" is of the kind drop"]),
        ("SELECT '", &["refused: a string or a quoted name has no end"]),
    ] {
        assert_eq!(sql.explain(Value::String(text)), lines, "{text}");
    }
}
