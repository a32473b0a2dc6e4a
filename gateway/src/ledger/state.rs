//! The file that keeps accounts from one run to the next: a line for each charge, on the disk before its call leaves.
//!
//! When most of the lines are over, the file is written anew and put in the old one's place at once. What a crash leaves of a last
//! line is dropped: its call never left.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use argala_engine::Amount;
use serde::{Deserialize, Serialize};

use super::books::{Books, Whose};

/// So many bytes are written before the file is looked at again.
const LONG: u64 = 1 << 20;

/// What was charged to an account, or paid back.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// In milliseconds since 1970.
    pub(super) at: u64,
    pub(super) budget: &'a str,
    /// How long it counts, in seconds.
    pub(super) per: u64,
    pub(super) amount: Amount,
    /// Whether it was paid back.
    pub(super) back: bool,
}

/// An entry as it stands in the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    at: u64,
    budget: String,
    per: u64,
    by: By,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    principal: Option<String>,
    amount: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    back: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum By {
    Principal,
    Gateway,
}

impl Entry<'_> {
    /// A line of the file. None for a session's account: it ends with the session.
    pub(super) fn line(&self, whose: &Whose) -> Option<String> {
        let (by, principal) = match whose {
            Whose::Session(_) => return None,
            Whose::Principal(name) => (By::Principal, name.clone()),
            Whose::Gateway => (By::Gateway, None),
        };
        let (budget, amount) = (self.budget.to_owned(), self.amount.to_string());
        let line = Line { at: self.at, budget, per: self.per, by, principal, amount, back: self.back };
        serde_json::to_string(&line).ok().map(|line| line + "\n")
    }
}

/// The file, open and this process's alone.
#[derive(Debug)]
pub(super) struct State {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines.
    length: u64,
    /// Bytes there were when it was written anew.
    rewritten: u64,
    /// Whether part of a line may stand behind them.
    torn: bool,
    _lock: File,
}

impl State {
    /// Reads a file into the books, or begins it.
    pub(super) fn open(path: &Path, books: &mut Books) -> Result<Self, String> {
        let fault =
            |error: io::Error| format!("{}: the budgets' accounts can't be kept: {error}", path.display());
        let lock = lock(path).map_err(fault)?;
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(fault(error)),
        };
        let whole = text.rfind('\n').map_or("", |end| text.get(..end).unwrap_or_default());
        for (number, line) in whole.lines().enumerate() {
            read(line, books).map_err(|reason| {
                format!(
                    "{}:{}: no entry of a budget's account: {reason}; mend the file, or put it aside: then all budgets \
                     begin anew",
                    path.display(),
                    number + 1
                )
            })?;
        }
        let lines = books.lines(books.latest());
        let (file, length) = write(path, &lines).map_err(fault)?;
        Ok(Self { path: path.to_owned(), file, length, rewritten: length, torn: false, _lock: lock })
    }

    /// One that writes to a device as it is.
    #[cfg(test)]
    pub(super) fn onto(path: &Path) -> Self {
        let open = || OpenOptions::new().append(true).open(path).expect("a device");
        Self { path: path.to_owned(), file: open(), length: 0, rewritten: 0, torn: false, _lock: open() }
    }

    /// Puts lines on the disk: all of them, or the next try takes away what stands there of them.
    pub(super) fn append(&mut self, lines: &[String]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let text = lines.concat();
        if self.torn {
            self.file.set_len(self.length)?;
        }
        self.torn = true;
        self.file.write_all(text.as_bytes())?;
        self.file.sync_data()?;
        self.torn = false;
        self.length += u64::try_from(text.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Whether most of it is over, as far as can be told from its length.
    pub(super) fn is_long(&self) -> bool {
        self.length > self.rewritten.saturating_mul(2).saturating_add(LONG)
    }

    /// Writes it anew.
    pub(super) fn replace(&mut self, lines: &[String]) -> io::Result<()> {
        // Tried again when it has grown as much once more.
        self.rewritten = self.length;
        let (file, length) = write(&self.path, lines)?;
        (self.file, self.length, self.rewritten, self.torn) = (file, length, length, false);
        Ok(())
    }
}

fn read(line: &str, books: &mut Books) -> Result<(), String> {
    let line: Line = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let amount = Amount::parse_sum(&line.amount).ok_or("its amount is no number from 0 up")?;
    let whose = match line.by {
        By::Principal => Whose::Principal(line.principal),
        By::Gateway => Whose::Gateway,
    };
    let entry = Entry { at: line.at, budget: &line.budget, per: line.per, amount, back: line.back };
    books.restore(whose, &entry);
    Ok(())
}

/// Takes the file for this process alone, for as long as it is open. The lock lies beside it, as the file itself is replaced.
fn lock(path: &Path) -> io::Result<File> {
    let lock = create(&beside(path, ".lock"))?;
    lock.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => {
            io::Error::other("another gateway keeps its own in this file; name another one")
        }
        TryLockError::Error(error) => error,
    })?;
    Ok(lock)
}

/// Puts a file with these lines in the place of another one, at once and on the disk.
fn write(path: &Path, lines: &[String]) -> io::Result<(File, u64)> {
    let new = beside(path, ".new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = create(&new)?;
    let text = lines.concat();
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder)?.sync_all()?;
    }
    Ok((file, u64::try_from(text.len()).unwrap_or(u64::MAX)))
}

/// Opens a file to write at its end: its owner's alone where it is new.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}
