//! The parser's reading: a second pair of eyes on a text in which the token reading has found nothing.
//!
//! The parser takes most of what its dialects have, and what it takes it knows by its structure. A text that it can't take,
//! or that is too large or too deep for it, is judged by its tokens alone, which then is stricter.
//!
//! Its stack grows with the text: parsing, visiting and dropping a tree all recurse. So what it is given is bounded first, by
//! counting whatever can nest.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, ObjectName, Query, Select, Statement, TableFactor, Visit, Visitor};
use sqlparser::parser::Parser;

use super::dialect::Dialect;
use super::function;
use super::kind::{Kind, Kinds};
use super::lexer::{Shape, Token};

/// What the parser made of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tree {
    /// It can't read it, or wasn't asked.
    Unread,
    Read(Seen),
}

/// What is in a tree.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Whether a statement is no query and nothing that explains or shows.
    pub(super) writes: bool,
    /// What must be allowed, with a word for it.
    pub(super) kinds: Vec<(Kinds, &'static str)>,
    /// Functions that act: as written, what they do, and the name that the table has.
    pub(super) functions: Vec<(String, &'static str, &'static str)>,
    /// Calls of functions whose argument can be judged, which the tokens do.
    pub(super) runs: Vec<(String, &'static str, &'static str)>,
    /// The last parts of the names of relations, also of those that a WITH defines and of functions.
    pub(super) relations: Vec<String>,
}

/// Bytes of text that the parser is given.
const MAX_BYTES: usize = 16 << 10;
/// How many parentheses and brackets may be open at a time.
const MAX_OPEN: usize = 10;
/// How many tokens there may be in a row, each of which can be a level of the tree.
const MAX_CHAIN: usize = 160;
/// How many set operations, joins, CASEs and other words that nest without a parenthesis.
const MAX_LINKS: usize = 32;
/// How many statements in a statement, explanations among them.
const MAX_HOLDERS: usize = 4;
/// The parser's own bound, for what isn't counted here. Its default is 50.
const RECURSION: usize = 24;

/// Asks the parser.
pub(super) fn read(text: &str, tokens: &[Token<'_>], dialect: &Dialect) -> Tree {
    if text.len() > MAX_BYTES || !is_shallow(tokens) {
        return Tree::Unread;
    }
    let parser = Parser::new(dialect.parser).with_recursion_limit(RECURSION).try_with_sql(text);
    let Ok(statements) = parser.and_then(|mut parser| parser.parse_statements()) else { return Tree::Unread };
    let mut looker = Looker { seen: Seen::default(), dialect };
    for statement in &statements {
        looker.seen.writes |= !is_read(statement);
        // What is only explained isn't done.
        if !matches!(statement, Statement::Explain { analyze: false, .. }) {
            let _: ControlFlow<()> = statement.visit(&mut looker);
        }
    }
    Tree::Read(looker.seen)
}

fn is_read(statement: &Statement) -> bool {
    use Statement as S;
    matches!(
        statement,
        S::Query(_)
            | S::Explain { .. }
            | S::ExplainTable { .. }
            | S::List(_)
            | S::ShowCatalogs { .. }
            | S::ShowCharset(_)
            | S::ShowCollation { .. }
            | S::ShowColumns { .. }
            | S::ShowCreate { .. }
            | S::ShowDatabases { .. }
            | S::ShowFunctions { .. }
            | S::ShowObjects(_)
            | S::ShowProcessList { .. }
            | S::ShowSchemas { .. }
            | S::ShowStatus { .. }
            | S::ShowTables { .. }
            | S::ShowVariable { .. }
            | S::ShowVariables { .. }
            | S::ShowViews { .. }
    )
}

/// Words that begin a clause: what stands before them is no operand of what follows.
const CLAUSES: &[&str] = &["SELECT", "FROM", "WHERE", "GROUP", "ORDER", "HAVING", "JOIN", "ON"];
/// Words that can make a tree deeper without a parenthesis.
const LINKS: &[&str] = &[
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "MINUS",
    "JOIN",
    "APPLY",
    "LATERAL",
    "PIVOT",
    "UNPIVOT",
    "WITH",
    "SELECT",
    "VALUES",
    "CASE",
];
/// Words that can hold a whole statement, in a statement that is no query.
const HOLDERS: &[&str] = &[
    "EXPLAIN", "DESCRIBE", "DESC", "BEGIN", "IF", "WHILE", "LOOP", "REPEAT", "PREPARE", "DECLARE", "EXEC",
    "EXECUTE", "CREATE", "COPY", "CACHE", "ELSE", "THEN", "AS",
];
const QUERIES: &[&str] = &["SELECT", "WITH", "VALUES", "TABLE", "FROM"];

/// Whether a tree of these tokens stays so shallow that no stack ends. Any token may be an operator that puts what stands
/// before it a level deeper, back to the last comma or clause.
fn is_shallow(tokens: &[Token<'_>]) -> bool {
    // For each parenthesis that is open, how many tokens there have been in a row.
    let mut levels: Vec<usize> = vec![0];
    let (mut total, mut links, mut angles, mut holders) = (0, 0, 0_usize, 0);
    let mut query = None;
    let mut before = 0;
    for token in tokens {
        let mut reset = false;
        match (token.shape, token.text) {
            (Shape::Mark, ")" | "]" | "}") => total -= levels.pop().unwrap_or_default(),
            (Shape::Mark, ";") => {
                (levels, total, links, angles, holders) = (Vec::new(), 0, 0, 0, 0);
                query = None;
            }
            (Shape::Mark, ",") => reset = true,
            (Shape::Mark, "<") if before == token.at => angles += 1,
            (Shape::Mark, ">") => angles = angles.saturating_sub(1),
            (Shape::Word, word) => {
                let is_one = |words: &[&str]| words.iter().any(|one| one.eq_ignore_ascii_case(word));
                reset = is_one(CLAUSES);
                links += usize::from(is_one(LINKS));
                let query = *query.get_or_insert_with(|| is_one(QUERIES));
                holders += usize::from(!query && is_one(HOLDERS));
            }
            _ => {}
        }
        before = token.end;
        if levels.is_empty() {
            levels.push(0);
        }
        if let Some(level) = levels.last_mut() {
            total = if reset { total - *level } else { total + 1 };
            *level = if reset { 0 } else { *level + 1 };
        }
        if token.shape == Shape::Mark && matches!(token.text, "(" | "[" | "{") {
            levels.push(0);
        }
        let deep = levels.len() + angles > MAX_OPEN || total > MAX_CHAIN;
        if deep || links > MAX_LINKS || holders > MAX_HOLDERS {
            return false;
        }
    }
    true
}

struct Looker<'d> {
    seen: Seen,
    dialect: &'d Dialect,
}

impl Looker<'_> {
    fn kind(&mut self, kind: Kind, word: &'static str) {
        self.seen.kinds.push((Kinds::of(kind), word));
    }

    fn function(&mut self, name: &ObjectName) {
        let parts: Vec<String> = name.0.iter().map(ToString::to_string).collect();
        let parts: Vec<&str> = parts.iter().map(|part| part.trim_matches(['"', '`', '[', ']'])).collect();
        if let (Some((acts, known)), Some(last)) = (function::acts(self.dialect, &parts, true), parts.last())
        {
            let runs = function::runs(self.dialect, &parts).is_some();
            let seen = if runs { &mut self.seen.runs } else { &mut self.seen.functions };
            seen.push(((*last).to_owned(), acts, known));
        }
    }
}

impl Visitor for Looker<'_> {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        use Statement as S;
        match statement {
            S::Insert(_) => self.kind(Kind::Insert, "INSERT"),
            S::Update(_) => self.kind(Kind::Update, "UPDATE"),
            S::Delete(_) => self.kind(Kind::Delete, "DELETE"),
            S::Merge(_) => self.kind(Kind::Merge, "MERGE"),
            S::Truncate(_) => self.kind(Kind::Truncate, "TRUNCATE"),
            S::Drop { .. } => self.kind(Kind::Drop, "DROP"),
            S::CreateTable(_) | S::CreateView(_) | S::CreateFunction(_) => self.kind(Kind::Create, "CREATE"),
            S::AlterTable(_) => self.kind(Kind::Alter, "ALTER"),
            S::Copy { .. } | S::CopyIntoSnowflake { .. } | S::Unload { .. } => self.kind(Kind::Copy, "COPY"),
            S::Call(_) => self.kind(Kind::Call, "CALL"),
            S::Execute { .. } => self.kind(Kind::Call, "EXECUTE"),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if !query.locks.is_empty() {
            self.kind(Kind::Lock, "FOR UPDATE");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        if select.into.is_some() {
            // What it is written into, the tokens tell.
            self.seen.kinds.push((Kinds::of(Kind::Create).and(Kind::Copy).and(Kind::Set), "INTO"));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        if let Some(last) = relation.0.last() {
            self.seen.relations.push(last.to_string());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, args: Some(_), .. } | TableFactor::Function { name, .. } = factor {
            self.function(name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expression {
            self.function(&function.name);
        }
        ControlFlow::Continue(())
    }
}
