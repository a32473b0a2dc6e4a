//! `type = "sql"`: SQL text whose statements are all of kinds that the policy allows.
//!
//! A text is read twice. The token reading (`statement`) cuts it as the dialect does, in every way in which the dialect may
//! do it, finds the statements, and whatever in them could be one. The parser's reading (`tree`) is a second pair of eyes on
//! what has passed. Both must find nothing that isn't allowed. What the parser can't read is judged by its tokens, and then a
//! word that could begin a write is taken for one; what can't be cut to its end, or begins with an unknown word, is denied.
//!
//! So the parser never decides alone: it may read a string or a comment otherwise than the database does. And the tokens
//! need no grammar, which lets them read what is newer than any parser.
//!
//! What it does not see:
//! - what stored procedures, triggers, views, rules and user-defined functions do, and which of a name's schemas is meant;
//! - settings of the server or the session that change how a text is read;
//! - how much a query reads, how long it takes, and what its rows hold;
//! - harm that takes several calls.
//!
//! A database user who may only read is the boundary; this is a fence before it, for what a user may do and an agent mustn't.

mod dialect;
mod file;
mod function;
mod kind;
mod lexer;
mod lexicon;
mod load;
mod place;
mod relation;
mod running;
mod statement;
mod table;
mod tree;
mod verb;

use std::collections::BTreeSet;

use dialect::{Dialect, Family};
use kind::{Kind, Kinds};
use lexer::{Cut, Token};
use relation::Relation;
use running::Running;
use statement::{Need, Statement, What};
use table::Glob;
use tree::Tree;

use super::{Constraint, Type, Value, unmet};
use crate::policy::keys::{Key, Takes};

#[derive(Debug)]
struct Sql {
    dialect: &'static Dialect,
    allow: Kinds,
    tables: Option<Vec<Glob>>,
    /// Acting functions that may be called, as the policy names them.
    functions: Vec<String>,
}

/// Bytes of text that are read. A longer text is denied.
const MAX_BYTES: usize = 128 << 10;

pub(super) const TYPE: Type = Type {
    name: "sql",
    about: "SQL text, all of whose statements are of kinds that are allowed.",
    keys: &[
        Key {
            name: "dialect",
            takes: Takes::OneOf(&[
                "generic",
                "ansi",
                "postgres",
                "mysql",
                "sqlite",
                "mssql",
                "snowflake",
                "bigquery",
                "redshift",
                "clickhouse",
                "duckdb",
                "hive",
                "databricks",
                "oracle",
            ]),
            about: "Whose SQL it is. By default `generic`: the text must be harmless to each of them.",
        },
        Key {
            name: "allow",
            takes: Takes::SomeOf(&[
                "select",
                "explain",
                "show",
                "insert",
                "update",
                "delete",
                "merge",
                "truncate",
                "create",
                "alter",
                "drop",
                "grant",
                "revoke",
                "call",
                "do",
                "set",
                "use",
                "transaction",
                "lock",
                "prepare",
                "cursor",
                "copy",
                "load",
                "attach",
                "pragma",
                "analyze",
                "maintain",
                "notify",
                "kill",
            ]),
            about: "The kinds of statements that are taken. By default `select` alone.",
        },
        Key {
            name: "tables",
            takes: Takes::Texts,
            about: "The only tables and views that may be named, with `*` in each part: `orders` in any schema, `public.*` \
                    with the schema written. Only beside statements whose tables can be told.",
        },
        Key {
            name: "functions",
            takes: Takes::Texts,
            about: "Functions that act, and may be called nevertheless: `nextval`. By default none.",
        },
    ],
    load: load::load,
};

/// Why a text is refused.
#[derive(Debug)]
struct Refused {
    at: usize,
    why: String,
}

impl Sql {
    /// Judges one text, but not what its functions run; says how it was judged where it was allowed.
    fn read_text<'t>(&self, text: &'t str, running: &mut Running<'t>) -> Result<&'static str, Refused> {
        if text.len() > MAX_BYTES {
            return Err(Refused { at: 0, why: format!("it is longer than {MAX_BYTES} bytes") });
        }
        if let Some(at) = text.find('\0') {
            return Err(Refused { at, why: "a zero byte ends the text for some databases".to_owned() });
        }
        let mut cuts: Vec<Cut<'_>> = Vec::new();
        let mut fault = None;
        let mut whole = false;
        let mut unsure = None;
        for lexicon in self.dialect.lexicons_of(text) {
            let cut = lexer::cut(text, &lexicon);
            if cuts.contains(&cut) {
                continue;
            }
            if let Some(found) = cut.fault {
                fault.get_or_insert(found);
                if found.fatal {
                    return Err(Refused { at: found.at, why: found.what.to_owned() });
                }
            }
            whole |= cut.fault.is_none();
            if let Some(refused) = self.read_tokens(text, &cut.tokens, running)? {
                unsure.get_or_insert(refused);
            }
            cuts.push(cut);
        }
        if let Some(fault) = fault.filter(|_| !whole) {
            return Err(Refused { at: fault.at, why: fault.what.to_owned() });
        }
        let whole =
            cuts.iter().find(|cut| cut.fault.is_none()).map(|cut| cut.tokens.as_slice()).unwrap_or_default();
        match (tree::read(text, whole, self.dialect), unsure) {
            // The parser has read the text in one way, and clears no other.
            (_, Some(unsure)) if cuts.len() > 1 => Err(unsure),
            (Tree::Unread, Some(unsure)) => Err(unsure),
            (Tree::Unread, None) => Ok("by its tokens"),
            (Tree::Read(seen), _) => {
                self.read_tree(&seen, whole, running)?;
                Ok("by its tokens and by the parser")
            }
        }
    }

    /// Judges one cut of a text. What a parser may know better is given back.
    fn read_tokens<'t>(
        &self,
        text: &'t str,
        tokens: &[Token<'t>],
        running: &mut Running<'t>,
    ) -> Result<Option<Refused>, Refused> {
        let statements = statement::read(text, tokens, self.dialect);
        if statements.is_empty() {
            return Err(Refused { at: 0, why: "it holds no statement".to_owned() });
        }
        let mut unsure = None;
        for statement in &statements {
            for need in &statement.needs {
                let Err(refused) = self.grant(need) else { continue };
                if let Some(runs) = need.runs {
                    running.add(need, runs);
                    continue;
                }
                if need.firm {
                    return Err(refused);
                }
                unsure.get_or_insert(refused);
            }
            if self.tables.is_none() && !self.dialect.has(Family::Duckdb) {
                continue;
            }
            for relation in relation::find(statement.tokens, self.dialect) {
                self.grant_file(&relation)?;
                if !self.shows(statement) {
                    self.grant_relation(&relation)?;
                }
            }
        }
        Ok(unsure)
    }

    /// Whether a statement only lists and shows, which is no rows. Where statements adjoin, a query could follow.
    fn shows(&self, statement: &Statement<'_, '_>) -> bool {
        statement.kinds.has(Kind::Show) && !statement.kinds.has(Kind::Explain) && !self.dialect.adjoins
    }

    fn grant(&self, need: &Need<'_>) -> Result<(), Refused> {
        let word = shown(need.word);
        let why = match need.what {
            What::Kinds(kinds) if self.allow.meets(kinds) => return Ok(()),
            What::Kinds(kinds) => format!("{word} is of the kind {}", kinds.names()),
            What::Function(name, _) if self.allows_function(name, need.word) => return Ok(()),
            What::Function(name, acts) => format!("{word} {acts}, as `{name}` does"),
            What::Unknown => format!("no statement that begins with {word} is known"),
        };
        Err(Refused { at: need.at, why })
    }

    fn allows_function(&self, known: &str, word: &str) -> bool {
        self.functions
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(known) || function::fits(allowed, word))
    }

    /// DuckDB reads a file where a string stands for a table. What can't be told could be one, too.
    fn grant_file(&self, relation: &Relation<'_>) -> Result<(), Refused> {
        let unsure = relation.parts.is_empty() && self.dialect.family == Family::Duckdb;
        let file = self.dialect.has(Family::Duckdb) && (relation.file || unsure);
        if file && !self.allows_function("read_*", "read_*") {
            let why = "what stands here for a table can be a file, which `read_*` reads".to_owned();
            return Err(Refused { at: relation.at, why });
        }
        Ok(())
    }

    fn grant_relation(&self, relation: &Relation<'_>) -> Result<(), Refused> {
        let Some(tables) = &self.tables else { return Ok(()) };
        let why = if relation.parts.is_empty() {
            "which table is meant here can't be told".to_owned()
        } else if tables.iter().any(|glob| glob.matches(relation)) {
            return Ok(());
        } else {
            format!("the table {} is none of those that are allowed", shown(&relation.name()))
        };
        Err(Refused { at: relation.at, why })
    }

    fn read_tree(
        &self,
        seen: &tree::Seen,
        tokens: &[Token<'_>],
        running: &Running<'_>,
    ) -> Result<(), Refused> {
        let refused = |why: String| Err(Refused { at: 0, why });
        if let Some((kinds, word)) = seen.kinds.iter().find(|(kinds, _)| !self.allow.meets(*kinds)) {
            return refused(format!("{word} is of the kind {}", kinds.names()));
        }
        // What the tokens have seen run, they have judged.
        let refuses = |(word, _, name): &&(String, &str, &str)| !self.allows_function(name, word);
        let unjudged = seen.runs.iter().filter(refuses).nth(running.calls);
        let acting = seen.functions.iter().find(refuses).or(unjudged);
        if let Some((word, acts, name)) = acting {
            return refused(format!("{} {acts}, as `{name}` does", shown(word)));
        }
        if seen.writes && self.allow.is_within(Kinds::READS) {
            return refused("a statement is no query".to_owned());
        }
        if self.tables.is_some() {
            // A name that the tokens don't have where the parser has it is in a place that isn't understood.
            let parts = tokens.iter().flat_map(|token| token.text.split('.'));
            let known: BTreeSet<String> = parts.map(str::to_lowercase).collect();
            let bare = |name: &String| name.trim_matches(['"', '`', '[', ']']).to_lowercase();
            if let Some(name) = seen.relations.iter().map(bare).find(|name| !known.contains(name)) {
                return refused(format!("which table {} is can't be told", shown(&name)));
            }
        }
        Ok(())
    }
}

impl Constraint for Sql {
    fn expects(&self) -> String {
        let tables = if self.tables.is_some() { " about the tables that are allowed" } else { "" };
        format!("{} SQL that holds only {}{tables}", self.dialect.name, self.allow.names())
    }

    fn judge(&self, value: Value<'_>) -> Result<(), String> {
        let Value::String(text) = value else { return Err(unmet(self, value)) };
        match self.read(text) {
            Ok(_) => Ok(()),
            Err(Refused { at, why }) => {
                let before = text.get(..at).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
                Err(format!("must be {}; at line {line}, column {column}: {why}", self.expects()))
            }
        }
    }

    fn explain(&self, value: Value<'_>) -> Vec<String> {
        let Value::String(text) = value else { return Vec::new() };
        let mut lines = Vec::new();
        let readable = text.len() <= MAX_BYTES;
        let cuts =
            self.dialect.lexicons_of(text).into_iter().filter(|_| readable).map(|one| lexer::cut(text, &one));
        if let Some(cut) = cuts.into_iter().find(|cut| cut.fault.is_none()) {
            for (number, statement) in statement::read(text, &cut.tokens, self.dialect).iter().enumerate() {
                let kinds =
                    if statement.kinds.is_none() { "unknown".to_owned() } else { statement.kinds.names() };
                let tables: Vec<String> = relation::find(statement.tokens, self.dialect)
                    .iter()
                    .map(
                        |relation| {
                            if relation.parts.is_empty() { "?".to_owned() } else { shown(&relation.name()) }
                        },
                    )
                    .collect();
                let tables = if tables.is_empty() { "none".to_owned() } else { tables.join(", ") };
                lines.push(format!("statement {}: {kinds}; tables: {tables}", number + 1));
            }
        }
        lines.push(match self.read(text) {
            Ok(how) => format!("read {how}"),
            Err(refused) => format!("refused: {}", refused.why),
        });
        lines
    }
}

/// What an agent has written, for a message.
fn shown(text: &str) -> String {
    super::describe(Value::String(text))
}

#[cfg(test)]
mod tests;
