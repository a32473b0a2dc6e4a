//! The words that begin a statement also where no statement should begin: in a subquery, behind a `WITH`, or right behind
//! another statement without a semicolon, as SQL Server allows.

use super::kind::Kind;
use super::lexer::{Shape, Token};

/// A word that begins a statement which is no read.
#[derive(Debug)]
pub(super) struct Verb {
    pub(super) word: &'static str,
    pub(super) kind: Kind,
    /// Only where statements adjoin: elsewhere it could stand at the beginning alone, and there it is seen anyway.
    adjoined: bool,
    next: Next,
}

/// What must follow a verb, so that it isn't just a column of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A word or a name.
    Name,
    /// A word, `FROM` too, or a name.
    From,
    /// A word, `OR` and `WITH` too, or a name: `INSERT OR IGNORE`, `CREATE OR ALTER`, `MERGE WITH SCHEMA EVOLUTION`.
    Altered,
    /// Also a string, a number, or a parenthesis.
    Value,
    /// A word or a name, or nothing at all.
    Anything,
    /// One of these words.
    One(&'static [&'static str]),
}

const fn verb(word: &'static str, kind: Kind, next: Next) -> Verb {
    Verb { word, kind, adjoined: false, next }
}

const fn adjoined(word: &'static str, kind: Kind, next: Next) -> Verb {
    Verb { word, kind, adjoined: true, next }
}

pub(super) const VERBS: &[Verb] = &[
    verb("INSERT", Kind::Insert, Next::Altered),
    verb("REPLACE", Kind::Insert, Next::Name),
    verb("UPSERT", Kind::Insert, Next::Name),
    verb("UPDATE", Kind::Update, Next::Altered),
    verb("DELETE", Kind::Delete, Next::From),
    verb("MERGE", Kind::Merge, Next::Altered),
    verb("CREATE", Kind::Create, Next::Altered),
    verb("ALTER", Kind::Alter, Next::Name),
    verb("DROP", Kind::Drop, Next::Name),
    verb("TRUNCATE", Kind::Truncate, Next::Name),
    verb("GRANT", Kind::Grant, Next::Name),
    verb("REVOKE", Kind::Revoke, Next::Name),
    verb("EXEC", Kind::Call, Next::Value),
    verb("EXECUTE", Kind::Call, Next::Value),
    verb("CALL", Kind::Call, Next::Name),
    verb("EXPORT", Kind::Copy, Next::One(&["DATA"])),
    adjoined("ADD", Kind::Alter, Next::Name),
    adjoined("DENY", Kind::Revoke, Next::Name),
    adjoined("BACKUP", Kind::Copy, Next::Name),
    adjoined("RESTORE", Kind::Copy, Next::Name),
    adjoined("BULK", Kind::Load, Next::Name),
    adjoined("DBCC", Kind::Kill, Next::Name),
    adjoined("KILL", Kind::Kill, Next::Value),
    adjoined("SHUTDOWN", Kind::Kill, Next::Anything),
    adjoined("RECONFIGURE", Kind::Kill, Next::Anything),
    adjoined("CHECKPOINT", Kind::Maintain, Next::Anything),
    adjoined("COMMIT", Kind::Transaction, Next::Anything),
    adjoined("ROLLBACK", Kind::Transaction, Next::Anything),
    adjoined("BEGIN", Kind::Transaction, Next::One(&["TRAN", "TRANSACTION", "DIALOG", "CONVERSATION"])),
    adjoined("SAVE", Kind::Transaction, Next::One(&["TRAN", "TRANSACTION"])),
    adjoined("END", Kind::Do, Next::One(&["CONVERSATION"])),
    adjoined("SEND", Kind::Do, Next::One(&["ON"])),
    adjoined("OPEN", Kind::Cursor, Next::Name),
    adjoined("CLOSE", Kind::Cursor, Next::Name),
    adjoined("DEALLOCATE", Kind::Prepare, Next::Name),
    adjoined("WAITFOR", Kind::Do, Next::Name),
    adjoined("RAISERROR", Kind::Do, Next::Value),
    adjoined("DECLARE", Kind::Do, Next::Name),
    adjoined("PRINT", Kind::Do, Next::Value),
    adjoined("SET", Kind::Set, Next::Name),
    adjoined("USE", Kind::Use, Next::Name),
    adjoined("REVERT", Kind::Set, Next::Anything),
    adjoined("SETUSER", Kind::Set, Next::Anything),
    adjoined("WRITETEXT", Kind::Update, Next::Name),
    adjoined("UPDATETEXT", Kind::Update, Next::Name),
    adjoined("DISABLE", Kind::Alter, Next::One(&["TRIGGER"])),
    adjoined("ENABLE", Kind::Alter, Next::One(&["TRIGGER"])),
];

/// Words that go on with an expression, so that what stands before them was a column. Each is reserved in SQL Server:
/// `DELETE limit FROM users limit` is a statement there.
const GOES_ON: &[&str] = &[
    "AS",
    "AND",
    "OR",
    "NOT",
    "IN",
    "IS",
    "LIKE",
    "BETWEEN",
    "FROM",
    "WHERE",
    "GROUP",
    "ORDER",
    "HAVING",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "THEN",
    "ELSE",
    "END",
    "WHEN",
    "ASC",
    "DESC",
    "OVER",
    "WITHIN",
    "ON",
    "JOIN",
    "LEFT",
    "RIGHT",
    "INNER",
    "OUTER",
    "FULL",
    "CROSS",
    "COLLATE",
    "FETCH",
    "FOR",
    "TO",
    "WITH",
];

/// More of them, where statements don't adjoin.
const GOES_ON_ALONE: &[&str] = &[
    "ILIKE",
    "LIMIT",
    "OFFSET",
    "MINUS",
    "NULLS",
    "FILTER",
    "USING",
    "NATURAL",
    "QUALIFY",
    "WINDOW",
    "WITHOUT",
    "RETURNING",
];

/// Words that stand before a verb which begins nothing: `FOR UPDATE`, `ON DELETE`, `OR REPLACE`, `AS update`. Each is
/// reserved in SQL Server and can't end a statement.
const BINDS: &[&str] = &["AS", "ON", "OR", "FOR", "KEY", "AND", "NOT"];

/// The verb that a word is, where it could begin a statement. What only adjoins does so outside of parentheses.
pub(super) fn begun_at(
    before: Option<&Token<'_>>,
    word: &Token<'_>,
    after: Option<&Token<'_>>,
    adjoins: bool,
    outermost: bool,
) -> Option<&'static Verb> {
    let stands = |verb: &Verb| !verb.adjoined || adjoins && outermost;
    let verb = VERBS.iter().find(|verb| word.is_word(verb.word) && stands(verb))?;
    // Oracle's `MODEL … RULES UPSERT`.
    if !adjoins && before.is_some_and(|before| before.is_word("RULES")) {
        return None;
    }
    if before.is_some_and(|before| before.is_mark(".") || BINDS.iter().any(|bind| before.is_word(bind))) {
        return None;
    }
    verb.next.is(after, adjoins).then_some(verb)
}

/// Whether a token can be the thing that the word before it is about.
pub(super) fn can_follow(after: &Token<'_>, adjoins: bool) -> bool {
    let goes_on = |words: &[&str]| words.iter().any(|word| after.is_word(word));
    let named = after.is_named() || !after.text.is_ascii() || after.is_mark("@") || after.is_mark("#");
    named && !goes_on(GOES_ON) && (adjoins || !goes_on(GOES_ON_ALONE))
}

impl Next {
    fn is(self, after: Option<&Token<'_>>, adjoins: bool) -> bool {
        let Some(after) = after else { return self == Self::Anything };
        let named = can_follow(after, adjoins);
        match self {
            Self::Name => named,
            Self::From => named || after.is_word("FROM"),
            Self::Altered => named || after.is_word("OR") || after.is_word("WITH"),
            Self::Value => {
                named
                    || matches!(after.shape, Shape::Text | Shape::Number)
                    || after.is_mark("(")
                    || adjoins && after.is_word("AS")
            }
            Self::Anything => named,
            Self::One(words) => words.iter().any(|word| after.is_word(word)),
        }
    }
}
