//! Which tables and views a statement names, for policies that list them.
//!
//! A name counts where a relation can stand: behind FROM, JOIN, INTO, UPDATE and their kind, and behind the commas of a FROM.
//! The names of a WITH are left out within their scope; a name that hides a table is one only where it does.
//!
//! What it doesn't see: what a view, a function, a procedure or a dictionary reads, and which schema a name without one is
//! in. SHOW and
//! DESCRIBE tell of every table; what they tell is no rows.

use super::dialect::{Dialect, Family};
use super::lexer::{Shape, Token};
use super::place::{BEFORE, BEGIN, BETWEEN, ENDS, READERS};
use super::{file, function};

/// What stands where a relation can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Relation<'t> {
    pub(super) at: usize,
    /// The parts of its dotted name. Empty where what stands there can't be told.
    pub(super) parts: Vec<&'t str>,
    /// Whether DuckDB can take it for a file.
    pub(super) file: bool,
}

impl Relation<'_> {
    pub(super) fn name(&self) -> String {
        self.parts.join(".")
    }
}

/// What is open at a place: the text, or a parenthesis.
#[derive(Debug, Default)]
struct Group {
    /// Parentheses behind a name hold arguments, where FROM isn't about a relation.
    call: bool,
    /// Within a FROM, a comma goes before the next relation.
    from: bool,
    /// Where the names of its WITH begin.
    names: usize,
    /// The name whose query this is, which is a name for itself only where queries can call themselves.
    defines: Option<usize>,
    /// Within a WITH, before its query.
    with: bool,
    recursive: bool,
}

/// Finds the relations of a statement.
pub(super) fn find<'t>(tokens: &[Token<'t>], dialect: &Dialect) -> Vec<Relation<'t>> {
    let mut finder = Finder {
        tokens,
        dialect,
        groups: vec![Group::default()],
        names: Vec::new(),
        found: Vec::new(),
        awaited: false,
        target: false,
        merges: false,
    };
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if finder.groups.len() > MOST || finder.names.len() > MOST {
            finder.found.push(Relation { at: token.at, parts: Vec::new(), file: true });
            break;
        }
        at = finder.step(at);
    }
    finder.found
}

/// How deep parentheses may nest, and how many names a WITH may define, for relations to be told apart.
const MOST: usize = 64;

struct Finder<'t, 's, 'd> {
    tokens: &'s [Token<'t>],
    dialect: &'d Dialect,
    groups: Vec<Group>,
    /// The names of every WITH whose scope is open.
    names: Vec<&'t str>,
    found: Vec<Relation<'t>>,
    /// Whether a relation is to come.
    awaited: bool,
    /// Whether it is one that is written.
    target: bool,
    /// Whether it is a MERGE, whose USING names a relation.
    merges: bool,
}

impl<'t, 's> Finder<'t, 's, '_> {
    fn is_one(&self, at: usize, words: &[&str]) -> bool {
        self.tokens.get(at).is_some_and(|token| words.iter().any(|word| token.is_word(word)))
    }

    fn is_mark(&self, at: usize, mark: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is_mark(mark))
    }

    /// Looks at one place, and says which is the next.
    fn step(&mut self, at: usize) -> usize {
        let Some(token) = self.tokens.get(at) else { return at + 1 };
        if token.is_mark("(") {
            let query = self.is_one(at + 1, BEGIN) || self.describes_file(at + 1);
            let nested = self.awaited;
            self.groups.push(Group {
                call: !query && !nested && !self.is_mark(at + 1, "("),
                from: nested && !query,
                names: self.names.len(),
                ..Group::default()
            });
            // `FROM (a JOIN b)`: the relation is still to come.
            self.awaited = nested && !query;
            return at + 1;
        }
        if token.is_mark(")") {
            self.close();
            return at + 1;
        }
        if token.is_mark(",") {
            if let Some(group) = self.groups.last().filter(|group| group.with) {
                let recursive = group.recursive;
                return self.define(at + 1, recursive).unwrap_or(at + 1);
            }
            self.awaited = self.groups.last().is_some_and(|group| group.from);
            self.target = false;
            return at + 1;
        }
        if self.awaited {
            return if self.is_between(at) { at + 1 } else { self.relation(at) };
        }
        if token.shape == Shape::Word {
            self.word(at);
            return self.common_name(at);
        }
        at + 1
    }

    /// Whether a word stands between FROM or INTO and its relation, and isn't the relation.
    fn is_between(&self, at: usize) -> bool {
        let more = self
            .tokens
            .get(at + 1)
            .is_some_and(|after| after.is_named() && !after.is_word("AS") || after.is_mark("("));
        let source = self.is_one(at, &["LATERAL"])
            || self.is_one(at, &["ONLY"]) && self.dialect.family == Family::Postgres
            || self.is_one(at, &["STREAM"]) && self.dialect.family == Family::Hive;
        more && (source || self.target && self.is_one(at, BETWEEN))
    }

    fn word(&mut self, at: usize) {
        let call = self.groups.last().is_some_and(|group| group.call);
        let dotted = at.checked_sub(1).is_some_and(|before| self.is_mark(before, "."));
        if dotted {
            return;
        }
        let compared = self.is_one(at, &["FROM"])
            && at
                .checked_sub(2)
                .is_some_and(|not| self.is_one(not + 1, &["DISTINCT"]) && self.is_one(not, &["IS", "NOT"]));
        self.merges |= self.is_one(at, &["MERGE"]);
        self.next_statement(at);
        if self.is_one(at, ENDS) {
            if let Some(group) = self.groups.last_mut() {
                group.from = false;
                group.with = false;
            }
        } else if self.is_one(at, &["FROM", "JOIN", "STRAIGHT_JOIN", "APPLY"]) {
            // ClickHouse's ARRAY JOIN is about columns.
            let columns = self.dialect.family == Family::Clickhouse
                && at.checked_sub(1).is_some_and(|before| self.is_one(before, &["ARRAY"]));
            if !(compared || call && self.is_one(at, &["FROM"])) {
                self.awaited = !columns;
                self.target = false;
                if let Some(group) = self.groups.last_mut() {
                    group.from = !columns;
                }
            }
        } else if self.is_one(at, &["IN"]) && self.dialect.has(Family::Clickhouse) {
            // ClickHouse's `a IN t` reads a table.
            let after = self.tokens.get(at + 1);
            self.awaited = after.is_some_and(|after| after.is_named());
        } else if self.describes_file(at) {
            self.awaited = true;
        } else if self.is_one(at, &["USING"]) {
            self.awaited = !call && (self.merges || !self.is_mark(at + 1, "("));
        } else if self.is_one(at, BEFORE) && (!call || self.is_one(at, &["TABLE"])) {
            let after_for = at
                .checked_sub(1)
                .is_some_and(|before| self.is_one(before, &["FOR", "KEY", "DO", "THEN", "ON", "AS"]));
            let named = self.tokens.get(at + 1).is_some_and(|after| {
                matches!(after.shape, Shape::Word | Shape::Name | Shape::Text) && !after.is_word("AS")
            });
            self.awaited = named && !after_for;
            self.target = true;
        }
    }

    /// Where statements adjoin, the names of a WITH end with its query.
    fn next_statement(&mut self, at: usize) {
        let continues = at
            .checked_sub(1)
            .is_some_and(|before| self.is_one(before, &["UNION", "ALL", "EXCEPT", "INTERSECT"]));
        let outermost = self.groups.len() == 1 && self.groups.last().is_some_and(|group| !group.with);
        if self.dialect.adjoins && outermost && !continues && self.is_one(at, &["SELECT"]) {
            self.names.clear();
        }
    }

    /// Takes the relation that stands here, or what stands in its place.
    fn relation(&mut self, at: usize) -> usize {
        self.awaited = false;
        let Some(token) = self.tokens.get(at) else { return at + 1 };
        if self.is_one(at, &["SELECT", "VALUES", "WITH", "UNNEST", "SET"]) {
            self.word(at);
            return at + 1;
        }
        let (mut parts, end) = self.dotted(at);
        let file = file::is_named(self.dialect, &parts);
        let dotted = |part: &&str| part.contains('.');
        if self.dialect.family == Family::Bigquery {
            // It quotes a whole dotted name.
            parts = parts.into_iter().flat_map(|part| part.split('.')).collect();
        } else if self.dialect.is_generic() && parts.iter().any(dotted) {
            parts.clear();
        }
        // DuckDB writes an alias before what it names.
        if self.dialect.has(Family::Duckdb) && parts.len() == 1 && self.is_mark(end, ":") {
            self.awaited = true;
            return end + 1;
        }
        if token.shape == Shape::Text {
            // What DuckDB takes for a string is one between other quotes, too.
            let file = !token.text.starts_with('"');
            self.found.push(Relation { at: token.at, parts: Vec::new(), file });
            return at + 1;
        }
        if parts.is_empty() || self.is_mark(end, ".") || self.is_mark(end, "@") || token.text.starts_with('@')
        {
            self.found.push(Relation { at: token.at, parts: Vec::new(), file });
            return at + 1;
        }
        if self.is_mark(end, "(") && self.is_one(at, &["TABLE", "IDENTIFIER"]) {
            // Snowflake's `TABLE('name')`, Databricks' `IDENTIFIER('name')`: a name that is computed.
            let function = matches!(self.tokens.get(end + 1..end + 3), Some([name, open])
                if name.shape == Shape::Word && open.is_mark("("));
            if !function || self.is_one(at, &["IDENTIFIER"]) {
                self.found.push(Relation { at: token.at, parts: Vec::new(), file });
            }
            return end;
        }
        let function = self.is_mark(end, "(") && !self.is_mark(end.wrapping_sub(1), ")");
        let inserts = self.tokens.get(at.saturating_sub(1)).is_some_and(|before| {
            ["INTO", "TABLE", "INSERT", "OVERWRITE", "REPLACE"].iter().any(|word| before.is_word(word))
        });
        if function && !inserts && !self.hints(end) {
            if parts.last().is_some_and(|name| READERS.iter().any(|reader| function::fits(reader, name))) {
                let file = parts.last().is_some_and(|name| function::fits("histogram*", name));
                self.found.push(Relation { at: token.at, parts: Vec::new(), file });
            }
            return end;
        }
        if !(parts.len() == 1 && parts.first().is_some_and(|name| self.is_common(name))) {
            self.found.push(Relation { at: token.at, parts, file });
        }
        end
    }

    /// The parts of the dotted name that stands here, and the place behind it.
    fn dotted(&self, at: usize) -> (Vec<&'t str>, usize) {
        let mut parts = Vec::new();
        let mut end = at;
        while let Some(part) = self.tokens.get(end).filter(|part| part.is_named()) {
            parts.push(part.text);
            end += 1;
            if !self.is_mark(end, ".") {
                break;
            }
            end += 1;
        }
        (parts, end)
    }

    /// Whether DuckDB describes a file: it reads the beginning of it.
    fn describes_file(&self, at: usize) -> bool {
        if !self.is_one(at, &["DESCRIBE", "DESC", "SHOW", "SUMMARIZE"]) || !self.dialect.has(Family::Duckdb) {
            return false;
        }
        let begins = at.checked_sub(1).is_none_or(|before| {
            self.is_mark(before, "(") || self.is_one(before, &["EXPLAIN", "ANALYZE", "ANALYSE"])
        });
        let text = self.tokens.get(at + 1).is_some_and(|after| after.shape == Shape::Text);
        begins && (text || file::is_named(self.dialect, &self.dotted(at + 1).0))
    }

    /// Whether parentheses behind a name are SQL Server's old hints, and not a function's arguments: `FROM t (NOLOCK)`.
    fn hints(&self, open: usize) -> bool {
        self.dialect.has(Family::Mssql)
            && self.is_one(
                open + 1,
                &[
                    "NOLOCK",
                    "READUNCOMMITTED",
                    "HOLDLOCK",
                    "UPDLOCK",
                    "READPAST",
                    "TABLOCK",
                    "ROWLOCK",
                    "INDEX",
                ],
            )
    }

    fn is_common(&self, name: &str) -> bool {
        let own = self.groups.iter().filter_map(|group| group.defines);
        let hidden: Vec<usize> = own.collect();
        self.names
            .iter()
            .enumerate()
            .any(|(at, known)| known.eq_ignore_ascii_case(name) && !hidden.contains(&at))
    }

    /// Takes the name that a WITH defines, if one stands behind this word.
    fn common_name(&mut self, at: usize) -> usize {
        let begins = self.is_one(at, &["WITH"]);
        if !begins {
            return at + 1;
        }
        let recursive = self.is_one(at + 1, &["RECURSIVE"]);
        let name = at + 1 + usize::from(recursive);
        self.define(name, recursive).unwrap_or(at + 1)
    }

    /// Takes `name [(columns)] AS [NOT] [MATERIALIZED] (`, and opens the parenthesis.
    fn define(&mut self, at: usize, recursive: bool) -> Option<usize> {
        let name = self.tokens.get(at).filter(|token| token.is_named())?;
        let mut open = at + 1;
        if self.is_mark(open, "(") {
            let columns = self.tokens.get(open..)?.iter().position(|token| token.is_mark(")"))?;
            open += columns + 1;
        }
        if !self.is_one(open, &["AS"]) {
            return None;
        }
        open += 1;
        while self.is_one(open, &["NOT", "MATERIALIZED"]) {
            open += 1;
        }
        if !self.is_mark(open, "(") {
            return None;
        }
        if let Some(group) = self.groups.last_mut() {
            group.with = true;
            group.recursive = recursive;
            group.from = false;
        }
        self.names.push(name.text);
        // SQL Server and Oracle have no word for a query that calls itself.
        let calls_itself = recursive || matches!(self.dialect.family, Family::Mssql | Family::Oracle);
        let defines = (!calls_itself).then(|| self.names.len() - 1);
        self.groups.push(Group { names: self.names.len(), defines, ..Group::default() });
        Some(open + 1)
    }

    fn close(&mut self) {
        self.awaited = false;
        if self.groups.len() > 1
            && let Some(group) = self.groups.pop()
        {
            self.names.truncate(group.names);
        }
    }
}
