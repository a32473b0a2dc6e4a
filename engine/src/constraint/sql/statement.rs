//! The token reading: which statements a text holds, and what each needs to be allowed.
//!
//! It errs to one side. A word that could begin a write where a statement could begin counts as one; a statement that begins
//! with an unknown word needs what no policy can give. It needs no grammar, so it holds for what no parser knows.

use super::dialect::{Dialect, Family};
use super::function::{self, Alone};
use super::kind::{self, Kind, Kinds};
use super::lexer::{Shape, Token};
use super::verb;

/// One statement.
#[derive(Debug)]
pub(super) struct Statement<'t, 's> {
    pub(super) tokens: &'s [Token<'t>],
    /// Any of these allows it, as far as its first word goes. None where that word isn't known.
    pub(super) kinds: Kinds,
    pub(super) needs: Vec<Need<'t>>,
}

/// Something in a statement that must be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Need<'t> {
    pub(super) at: usize,
    /// As it is written.
    pub(super) word: &'t str,
    pub(super) what: What,
    /// Whether it stands whatever a parser makes of the text.
    pub(super) firm: bool,
    /// A plain string between its quotes: SQL that a function runs. It is met where that is allowed.
    pub(super) runs: Option<&'t str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// One of these kinds.
    Kinds(Kinds),
    /// A function, by the name that the table has, and what it does.
    Function(&'static str, &'static str),
    /// What no policy allows.
    Unknown,
}

/// Reads every statement of a text that has been cut.
pub(super) fn read<'t, 's>(text: &str, tokens: &'s [Token<'t>], dialect: &Dialect) -> Vec<Statement<'t, 's>> {
    let mut statements = Vec::new();
    let mut from = 0;
    for at in 0..=tokens.len() {
        let length = match separator(text, tokens, at, dialect) {
            None if at < tokens.len() => continue,
            None => 0,
            Some(length) => length,
        };
        let slice = tokens.get(from..at).unwrap_or_default();
        if at >= from && !slice.is_empty() {
            statements.push(Reader::new(slice, dialect).read());
        }
        from = from.max(at + length);
    }
    statements
}

/// How many tokens end a statement here.
fn separator(text: &str, tokens: &[Token<'_>], at: usize, dialect: &Dialect) -> Option<usize> {
    let token = tokens.get(at)?;
    if token.is_mark(";") {
        return Some(1);
    }
    if dialect.family == Family::Snowflake && is_flow(tokens, at) {
        return Some(3);
    }
    let alone = token.is_word("GO") && dialect.has(Family::Mssql)
        || token.is_mark("/") && dialect.has(Family::Oracle);
    if !alone {
        return None;
    }
    let breaks = |from: usize, to: usize| text.get(from..to).is_some_and(|gap| gap.contains('\n'));
    let first = at.checked_sub(1).and_then(|at| tokens.get(at)).is_none_or(|last| breaks(last.end, token.at));
    let last =
        tokens.get(at + 1).is_none_or(|next| next.shape == Shape::Number || breaks(token.end, next.at));
    (first && last).then_some(1)
}

/// Whether `->>` stands here.
fn is_flow(tokens: &[Token<'_>], at: usize) -> bool {
    matches!(tokens.get(at..at + 3), Some([one, two, three])
        if one.is_mark("-") && two.is_mark(">") && three.is_mark(">") && one.end == two.at && two.end == three.at)
}

struct Reader<'t, 's, 'd> {
    tokens: &'s [Token<'t>],
    dialect: &'d Dialect,
    kinds: Kinds,
    /// The place of the first word.
    lead: usize,
    /// The place of the statement that is explained.
    explained: Option<usize>,
    /// What the explained statement is, or the statement itself.
    subject: Kinds,
    needs: Vec<Need<'t>>,
    /// How many parentheses are open.
    open: usize,
    /// Whether an `INTO` has been read.
    into: bool,
    /// Whether a `SET` to come can belong to what was read: an `UPDATE`, or the `SEARCH` or `CYCLE` of a recursive query.
    sets: bool,
}

/// What can stand behind `BEGIN`, `START` and `END` where they are about a transaction.
const OF_TRANSACTIONS: &[&str] =
    &["TRAN", "TRANSACTION", "WORK", "DEFERRED", "IMMEDIATE", "EXCLUSIVE", "ISOLATION", "READ", "NOT", "AND"];

/// Words behind which a statement can begin inside of another one.
const BEFORE_STATEMENTS: &[&str] =
    &["THEN", "ELSE", "DO", "BEGIN", "ANALYZE", "ANALYSE", "IS", "LOOP", "IMMEDIATE"];

/// BigQuery's and Spark's pipe operators that only make a query. Others write.
const PIPES: &[&str] = &["DROP", "SET", "CALL", "REPLACE"];

impl<'t, 's, 'd> Reader<'t, 's, 'd> {
    fn new(tokens: &'s [Token<'t>], dialect: &'d Dialect) -> Self {
        let lead = tokens.iter().position(|token| !token.is_mark("(")).unwrap_or_default();
        Self {
            tokens,
            dialect,
            kinds: Kinds::NONE,
            lead,
            explained: None,
            subject: Kinds::NONE,
            needs: Vec::new(),
            open: 0,
            into: false,
            sets: false,
        }
    }

    fn token(&self, at: usize) -> Option<&'s Token<'t>> {
        self.tokens.get(at)
    }

    fn before(&self, at: usize) -> Option<&'s Token<'t>> {
        at.checked_sub(1).and_then(|at| self.tokens.get(at))
    }

    fn is_word(&self, at: usize, word: &str) -> bool {
        self.token(at).is_some_and(|token| token.is_word(word))
    }

    fn is_one(&self, at: usize, words: &[&str]) -> bool {
        words.iter().any(|word| self.is_word(at, word))
    }

    fn is_mark(&self, at: usize, mark: &str) -> bool {
        self.token(at).is_some_and(|token| token.is_mark(mark))
    }

    fn need(&mut self, at: usize, what: What, firm: bool) {
        if let Some(token) = self.token(at) {
            self.needs.push(Need { at: token.at, word: token.text, what, firm, runs: None });
        }
    }

    fn read(mut self) -> Statement<'t, 's> {
        self.read_lead();
        for at in self.lead..self.tokens.len() {
            if at > self.lead {
                self.read_verb(at);
            }
            self.read_into(at);
            self.read_lock(at);
            self.read_function(at);
            self.sets |= self.is_one(at, &["UPDATE", "MERGE", "INSERT", "ALTER", "SEARCH", "CYCLE"]);
            self.into |= self.is_word(at, "INTO");
            if self.is_mark(at, "(") {
                self.open += 1;
            } else if self.is_mark(at, ")") {
                self.open = self.open.saturating_sub(1);
            }
        }
        Statement { tokens: self.tokens, kinds: self.kinds, needs: self.needs }
    }

    /// What the first word makes of the statement.
    fn read_lead(&mut self) {
        let lead = self.lead;
        let Some(token) = self.token(lead) else { return };
        let after = self.token(lead + 1);
        self.kinds = match token.shape {
            Shape::Word => kind::begun_by(token.text),
            _ => Kinds::NONE,
        };
        let about_transaction = self.is_one(lead + 1, OF_TRANSACTIONS);
        if self.is_one(lead, &["BEGIN", "END"]) && after.is_some() && !about_transaction {
            self.kinds = Kinds::of(Kind::Do);
        }
        if self.is_word(lead, "START") && !about_transaction {
            self.kinds = Kinds::NONE;
        }
        self.subject = self.kinds;
        let what = if self.kinds.is_none() { What::Unknown } else { What::Kinds(self.kinds) };
        self.need(lead, what, true);
        if self.kinds.has(Kind::Explain) {
            self.read_explained();
        }
        // Oracle's queries can bring procedures along.
        let routine = self.is_one(lead + 1, &["FUNCTION", "PROCEDURE"]) && !self.is_word(lead + 2, "AS");
        if self.is_word(lead, "WITH") && routine {
            self.need(lead + 1, What::Kinds(Kinds::of(Kind::Do)), true);
        }
    }

    /// Finds the statement that is explained. One that is run needs its own kind; so does each where `EXPLAIN` could be
    /// taken for a procedure's name, and the statement for the next one.
    fn read_explained(&mut self) {
        let mut runs = false;
        for at in self.lead + 1..self.tokens.len() {
            let Some(token) = self.token(at) else { return };
            if self.is_one(at, &["ANALYZE", "ANALYSE", "PROFILE"]) {
                runs = true;
                continue;
            }
            let kinds = if token.shape == Shape::Word { kind::begun_by(token.text) } else { Kinds::NONE };
            // `DESCRIBE TABLE t`, `EXPLAIN PLAN SET … FOR`, `EXPLAIN FORMAT = …`, `DESCRIBE FUNCTION …`.
            let option = !runs
                && self.is_one(at, &["TABLE", "SET", "FOR", "SYSTEM", "LIST", "USE", "DESC", "START", "END"]);
            if kinds.is_none() || option {
                continue;
            }
            self.explained = Some(at);
            self.subject = kinds;
            // SQLite does some pragmas while it reads them, explained or not.
            if runs || self.dialect.adjoins || kinds.has(Kind::Pragma) {
                self.need(at, What::Kinds(kinds), true);
            }
            return;
        }
        if runs {
            self.need(self.lead + 1, What::Unknown, true);
        }
    }

    /// A word that begins a write behind the beginning.
    fn read_verb(&mut self, at: usize) {
        let Some(token) = self.token(at).filter(|token| token.shape == Shape::Word) else { return };
        let adjoins = self.dialect.adjoins;
        let before = self.before(at);
        let Some(verb) = verb::begun_at(before, token, self.token(at + 1), adjoins, self.open == 0) else {
            return self.read_glued(at);
        };
        let follows =
            |words: &[&str]| before.is_some_and(|before| words.iter().any(|word| before.is_word(word)));
        let piped =
            before.is_some_and(|before| before.is_mark(">")) && self.is_mark(at.saturating_sub(2), "|");
        let excused = match verb.kind {
            _ if self.explained == Some(at) => true,
            _ if piped && PIPES.iter().any(|pipe| token.is_word(pipe)) => true,
            Kind::Create if at == self.lead + 1 && self.is_word(self.lead, "SHOW") => self.shows_one_name(at),
            Kind::Update | Kind::Insert | Kind::Delete if self.subject.has(Kind::Merge) => follows(&["THEN"]),
            Kind::Update if self.subject.has(Kind::Insert) => follows(&["DO"]),
            Kind::Set => self.sets,
            Kind::Use => self.is_one(at + 1, &["INDEX", "KEY"]),
            _ => false,
        };
        if !excused {
            let firm = adjoins
                || before
                    .is_none_or(|before| before.is_mark("(") || before.is_mark(")") || before.is_mark(">"))
                || follows(BEFORE_STATEMENTS);
            self.need(at, What::Kinds(Kinds::of(verb.kind)), firm);
        }
    }

    /// `1eDROP` is a number and a word for some.
    fn read_glued(&mut self, at: usize) {
        let (Some(before), Some(token)) = (self.before(at), self.token(at)) else { return };
        let glued = before.shape == Shape::Number && before.end == token.at;
        if glued && self.dialect.adjoins && token.text.len() > 1 && token.text.starts_with(['e', 'E']) {
            let word = Token { text: token.text.get(1..).unwrap_or_default(), ..*token };
            if verb::begun_at(None, &word, self.token(at + 1), true, true).is_some() {
                self.need(at, What::Unknown, true);
            }
        }
    }

    /// Whether `SHOW CREATE …` is about one name and no more, where it could be taken for a procedure and a statement.
    fn shows_one_name(&self, create: usize) -> bool {
        let rest = self.tokens.get(create + 2..).unwrap_or_default();
        let named = rest.iter().all(|token| token.is_named() || token.is_mark("."));
        !self.dialect.adjoins || self.is_one(create + 1, &["TABLE", "VIEW"]) && named && rest.len() <= 5
    }

    /// `SELECT … INTO`, wherever it stands.
    fn read_into(&mut self, at: usize) {
        if !self.is_word(at, "INTO") {
            return;
        }
        let (before, Some(after)) = (self.before(at), self.token(at + 1)) else { return };
        let unnamed = before.is_some_and(|before| before.is_mark(".") || before.is_word("AS"));
        let writes =
            ["INSERT", "MERGE", "REPLACE", "UPSERT", "OVERWRITE", "IGNORE", "COPY", "DATA", "DELAYED"];
        let of_write = before.is_some_and(|before| writes.iter().any(|word| before.is_word(word)));
        // DuckDB's `UNPIVOT … INTO NAME n VALUE v`.
        let unpivot = self.is_word(at + 1, "NAME") && self.is_one(at + 3, &["VALUE", "VALUES"]);
        if unnamed || of_write || unpivot {
            return;
        }
        if !self.into && !self.subject.meets(Kinds::READS) && !self.kinds.meets(Kinds::READS) {
            return;
        }
        let variable = after.is_mark("@") || after.is_mark(":") || after.text.starts_with('@');
        let kind = if after.shape == Shape::Text || self.is_one(at + 1, &["OUTFILE", "DUMPFILE"]) {
            Kind::Copy
        } else if variable {
            Kind::Set
        } else if verb::can_follow(after, self.dialect.adjoins) {
            Kind::Create
        } else {
            return;
        };
        self.need(at, What::Kinds(Kinds::of(kind)), true);
    }

    /// `FOR UPDATE`, `FOR SHARE`, `LOCK IN SHARE MODE`.
    fn read_lock(&mut self, at: usize) {
        let lock = self.is_word(at, "FOR")
            && (self.is_one(at + 1, &["UPDATE", "SHARE"]) && !self.is_word(at + 2, "IN")
                || self.is_word(at + 1, "NO") && self.is_word(at + 2, "KEY")
                || self.is_word(at + 1, "KEY") && self.is_word(at + 2, "SHARE"))
            || self.is_word(at, "LOCK") && self.is_word(at + 1, "IN") && self.is_word(at + 2, "SHARE");
        if lock && self.kinds.meets(Kinds::READS) {
            self.need(at, What::Kinds(Kinds::of(Kind::Lock)), true);
        }
    }

    /// Functions that act, and what acts without looking like one.
    fn read_function(&mut self, at: usize) {
        let Some(token) = self.token(at) else { return };
        let dotted = self.before(at).is_some_and(|before| before.is_mark("."));
        let called = self.is_mark(at + 1, "(");
        let next_value =
            self.is_word(at, "NEXT") && self.is_word(at + 1, "VALUE") && self.is_word(at + 2, "FOR");
        if next_value || dotted && !called && token.is_name("NEXTVAL") {
            return self.need(at, What::Function("nextval", "moves a sequence"), true);
        }
        let is_text = |place: usize| self.token(place).is_some_and(|token| token.shape == Shape::Text);
        if token.is_word("USING") && is_text(at + 1) && self.dialect.has(Family::Hive) {
            // Rows that come out as they went in. Texts side by side are one text.
            let passes = self.token(at + 1).is_some_and(|program| function::PASSES.contains(&program.text));
            if passes && !is_text(at + 2) {
                return;
            }
            return self.need(at, What::Function(function::SCRIPT, "runs a program on the cluster"), true);
        }
        let aliased = self.before(at).is_some_and(|before| before.is_word("AS"));
        // Oracle calls a function of a package without parentheses, too.
        let bare = dotted && self.dialect.has(Family::Oracle)
            || self.dialect.has(Family::Sqlite) && token.is_name("pragma_optimize");
        if !(called || bare) || aliased || !token.is_named() {
            return;
        }
        let mut parts = vec![token.text];
        let mut first = at;
        while first >= 2 && parts.len() < 8 && self.is_mark(first - 1, ".") {
            first -= 2;
            parts.extend(self.token(first).map(|part| part.text));
        }
        parts.reverse();
        if let Some((acts, name)) = function::acts(self.dialect, &parts, called) {
            self.need(at, What::Function(name, acts), true);
            let runs =
                function::runs(self.dialect, &parts).and_then(|alone| self.plain_argument(at + 2, alone));
            if let Some(need) = self.needs.last_mut() {
                need.runs = runs;
            }
        }
    }

    /// A string that is all of an argument, without a prefix and without escapes but doubled quotes: it means the same to
    /// every database.
    fn plain_argument(&self, at: usize, alone: Alone) -> Option<&'t str> {
        let token = self.token(at).filter(|token| token.shape == Shape::Text)?;
        let ends = self.is_mark(at + 1, ")") || !alone.0 && self.is_mark(at + 1, ",");
        let inner = token.text.strip_prefix('\'')?.strip_suffix('\'')?;
        (ends && !inner.contains('\\')).then_some(inner)
    }
}
