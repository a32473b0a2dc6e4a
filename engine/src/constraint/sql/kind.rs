//! The kinds of statements that a policy can allow, and the words that begin them.
//!
//! A word that stands here for no kind begins no statement that a policy could allow.

/// A kind of statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Select,
    Explain,
    Show,
    Insert,
    Update,
    Delete,
    Merge,
    Truncate,
    Create,
    Alter,
    Drop,
    Grant,
    Revoke,
    Call,
    Do,
    Set,
    Use,
    Transaction,
    Lock,
    Prepare,
    Cursor,
    Copy,
    Load,
    Attach,
    Pragma,
    Analyze,
    Maintain,
    Notify,
    Kill,
}

/// Several kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Kinds(u32);

impl Kinds {
    pub(super) const NONE: Self = Self(0);
    /// The statements that only look.
    pub(super) const READS: Self = Self::of(Kind::Select).and(Kind::Explain).and(Kind::Show);
    /// Those whose tables are told in full.
    pub(super) const OF_TABLES: Self = Self::READS
        .and(Kind::Insert)
        .and(Kind::Update)
        .and(Kind::Delete)
        .and(Kind::Merge)
        .and(Kind::Truncate);

    pub(super) const fn of(kind: Kind) -> Self {
        Self(1 << kind as u32)
    }

    pub(super) const fn and(self, kind: Kind) -> Self {
        Self(self.0 | 1 << kind as u32)
    }

    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn has(self, kind: Kind) -> bool {
        self.meets(Self::of(kind))
    }

    pub(super) fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    pub(super) fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// In the table's order.
    pub(super) fn rows(self) -> impl Iterator<Item = &'static Row> {
        KINDS.iter().filter(move |row| self.has(row.kind))
    }

    /// For a message: `select or explain`.
    pub(super) fn names(self) -> String {
        let mut names: Vec<&str> = self.rows().map(|row| row.name).collect();
        match names.pop() {
            Some(last) if names.is_empty() => last.to_owned(),
            Some(last) => format!("{} or {last}", names.join(", ")),
            None => "nothing".to_owned(),
        }
    }
}

/// What is known of a kind.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) kind: Kind,
    /// As a policy writes it.
    pub(super) name: &'static str,
    /// What it stands for. The policy reference is made from it.
    #[cfg_attr(not(test), expect(dead_code, reason = "the policy reference will be made from it"))]
    pub(super) about: &'static str,
    /// The words that begin it.
    leads: &'static [&'static str],
}

const fn row(kind: Kind, name: &'static str, about: &'static str, leads: &'static [&'static str]) -> Row {
    Row { kind, name, about, leads }
}

/// Every kind. A word of two kinds is met by either.
pub(super) const KINDS: &[Row] = &[
    row(
        Kind::Select,
        "select",
        "Queries: SELECT, WITH, VALUES, TABLE, set operations, and DuckDB's FROM, PIVOT, UNPIVOT and SUMMARIZE.",
        &[
            "SELECT",
            "WITH",
            "VALUES",
            "TABLE",
            "FROM",
            "PIVOT",
            "UNPIVOT",
            "PIVOT_WIDER",
            "PIVOT_LONGER",
            "SUMMARIZE",
        ],
    ),
    row(
        Kind::Explain,
        "explain",
        "EXPLAIN and DESCRIBE. Where the explained statement is run (ANALYZE), its own kind is needed too.",
        &["EXPLAIN", "DESCRIBE", "DESC"],
    ),
    row(
        Kind::Show,
        "show",
        "SHOW, and what else lists names and settings; DESCRIBE too.",
        &["SHOW", "DESCRIBE", "DESC", "HELP", "LIST", "LS", "EXISTS"],
    ),
    row(
        Kind::Insert,
        "insert",
        "INSERT and REPLACE, also where they update a row that is there.",
        &["INSERT", "REPLACE", "UPSERT"],
    ),
    row(Kind::Update, "update", "UPDATE.", &["UPDATE"]),
    row(Kind::Delete, "delete", "DELETE.", &["DELETE"]),
    row(Kind::Merge, "merge", "MERGE, with whatever it does to rows.", &["MERGE"]),
    row(Kind::Truncate, "truncate", "TRUNCATE.", &["TRUNCATE"]),
    row(
        Kind::Create,
        "create",
        "CREATE, and SELECT … INTO a table. What a function or a trigger will do isn't judged.",
        &["CREATE", "UNDROP"],
    ),
    row(
        Kind::Alter,
        "alter",
        "ALTER, RENAME, COMMENT ON, EXCHANGE.",
        &["ALTER", "RENAME", "COMMENT", "EXCHANGE"],
    ),
    row(Kind::Drop, "drop", "DROP.", &["DROP"]),
    row(Kind::Grant, "grant", "GRANT.", &["GRANT"]),
    row(Kind::Revoke, "revoke", "REVOKE and DENY.", &["REVOKE", "DENY"]),
    row(
        Kind::Call,
        "call",
        "CALL, EXEC and EXECUTE. What is called may do anything, and isn't judged.",
        &["CALL", "EXEC", "EXECUTE"],
    ),
    row(
        Kind::Do,
        "do",
        "Procedural code: DO, DECLARE, BEGIN … END, IF, WHILE. What it does may not be seen.",
        &["DO", "DECLARE", "IF", "WHILE", "LOOP", "FOR", "REPEAT", "PRINT", "RAISERROR", "RETURN", "WAITFOR"],
    ),
    row(Kind::Set, "set", "SET, RESET, and SELECT … INTO a variable.", &["SET", "RESET", "UNSET"]),
    row(Kind::Use, "use", "USE.", &["USE"]),
    row(
        Kind::Transaction,
        "transaction",
        "BEGIN, START TRANSACTION, COMMIT, ROLLBACK, SAVEPOINT, RELEASE.",
        &["BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "SAVE", "RELEASE", "END", "ABORT"],
    ),
    row(Kind::Lock, "lock", "LOCK and UNLOCK, and SELECT … FOR UPDATE or FOR SHARE.", &["LOCK", "UNLOCK"]),
    row(
        Kind::Prepare,
        "prepare",
        "PREPARE and DEALLOCATE. What is prepared isn't judged.",
        &["PREPARE", "DEALLOCATE"],
    ),
    row(
        Kind::Cursor,
        "cursor",
        "FETCH, MOVE, OPEN and CLOSE of a cursor.",
        &["FETCH", "MOVE", "OPEN", "CLOSE"],
    ),
    row(
        Kind::Copy,
        "copy",
        "COPY, UNLOAD, EXPORT, PUT, GET, BACKUP, RESTORE, SELECT … INTO a file: files, and COPY's programs.",
        &["COPY", "UNLOAD", "EXPORT", "IMPORT", "PUT", "GET", "REMOVE", "RM", "BACKUP", "RESTORE"],
    ),
    row(Kind::Load, "load", "LOAD, INSTALL, BULK INSERT.", &["LOAD", "INSTALL", "BULK"]),
    row(Kind::Attach, "attach", "ATTACH and DETACH.", &["ATTACH", "DETACH"]),
    row(Kind::Pragma, "pragma", "PRAGMA, also where it writes.", &["PRAGMA"]),
    row(Kind::Analyze, "analyze", "ANALYZE of a table.", &["ANALYZE", "ANALYSE"]),
    row(
        Kind::Maintain,
        "maintain",
        "VACUUM, OPTIMIZE, REINDEX, REFRESH, CACHE, MSCK and their kind.",
        &[
            "VACUUM",
            "OPTIMIZE",
            "REINDEX",
            "CLUSTER",
            "REFRESH",
            "REPAIR",
            "MSCK",
            "CACHE",
            "UNCACHE",
            "CLEAR",
            "CHECKPOINT",
            "CHECK",
            "CHECKSUM",
            "PURGE",
            "FLUSH",
        ],
    ),
    row(Kind::Notify, "notify", "LISTEN, UNLISTEN and NOTIFY.", &["LISTEN", "UNLISTEN", "NOTIFY"]),
    row(
        Kind::Kill,
        "kill",
        "KILL, SHUTDOWN, SYSTEM and what else acts on the server.",
        &["KILL", "SHUTDOWN", "RESTART", "SYSTEM", "RECONFIGURE", "DBCC"],
    ),
];

/// The kinds that a word begins.
pub(super) fn begun_by(word: &str) -> Kinds {
    KINDS
        .iter()
        .filter(|row| row.leads.iter().any(|lead| lead.eq_ignore_ascii_case(word)))
        .fold(Kinds::NONE, |kinds, row| kinds.and(row.kind))
}
