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
    /// Functions that act, by the name that the table has.
    pub(super) functions: Vec<(&'static str, &'static str)>,
    /// The last parts of the names of relations, also of those that a WITH defines and of functions.
    pub(super) relations: Vec<String>,
}

/// Bytes of text that the parser is given.
const MAX_BYTES: usize = 16 << 10;
/// How many parentheses and brackets may be open at a time.
const MAX_OPEN: usize = 10;
/// How many operators there may be between two commas, each of which is a level of the tree.
const MAX_CHAIN: usize = 48;
/// How many set operations, joins, CASEs and other words that nest without a parenthesis.
const MAX_LINKS: usize = 32;
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

/// Words that can make a tree deeper without a parenthesis.
const CHAINS: &[&str] = &[
    "AND",
    "OR",
    "NOT",
    "IS",
    "IN",
    "LIKE",
    "ILIKE",
    "RLIKE",
    "REGEXP",
    "SIMILAR",
    "BETWEEN",
    "COLLATE",
    "AT",
    "INTERVAL",
    "PRIOR",
    "XOR",
    "DIV",
    "MOD",
    "OVERLAPS",
    "ALL",
    "ANY",
    "SOME",
    "EXISTS",
    "CONNECT_BY_ROOT",
    "ISNULL",
    "NOTNULL",
    "ARRAY",
    "TRY",
];
const LINKS: &[&str] = &[
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "MINUS",
    "JOIN",
    "APPLY",
    "EXPLAIN",
    "DESCRIBE",
    "DESC",
    "LATERAL",
    "PIVOT",
    "UNPIVOT",
    "WITH",
    "BEGIN",
    "IF",
    "WHILE",
    "SELECT",
    "CASE",
    "VALUES",
    "EXEC",
    "EXECUTE",
    "PREPARE",
    "DECLARE",
    "LOOP",
];

/// Whether a tree of these tokens stays so shallow that no stack ends.
fn is_shallow(tokens: &[Token<'_>]) -> bool {
    // For each level that is open, how many operators led to it.
    let mut levels: Vec<usize> = vec![0];
    let (mut links, mut angles) = (0, 0_usize);
    let mut before = 0;
    for token in tokens {
        let step = match (token.shape, token.text) {
            (Shape::Mark, "(" | "[" | "{") => {
                levels.push(0);
                0
            }
            (Shape::Mark, ")" | "]" | "}") => {
                levels.pop();
                0
            }
            (Shape::Mark, ";") => {
                (levels, links, angles) = (Vec::new(), 0, 0);
                0
            }
            (Shape::Mark, ",") => {
                levels.pop();
                levels.push(0);
                0
            }
            (Shape::Mark, "<") if before == token.at => {
                angles += 1;
                1
            }
            (Shape::Mark, ">") => {
                angles = angles.saturating_sub(1);
                1
            }
            (Shape::Mark, _) => 1,
            (Shape::Word, word) => {
                let is_one = |words: &[&str]| words.iter().any(|one| one.eq_ignore_ascii_case(word));
                links += usize::from(is_one(LINKS));
                usize::from(is_one(CHAINS))
            }
            _ => 0,
        };
        before = token.end;
        if levels.is_empty() {
            levels.push(0);
        }
        let mut chain = 0;
        if let Some(level) = levels.last_mut() {
            *level += step;
            chain = *level;
        }
        if levels.len() + angles > MAX_OPEN || chain > MAX_CHAIN || links > MAX_LINKS {
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
        self.seen.functions.extend(function::acts(self.dialect, &parts));
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
