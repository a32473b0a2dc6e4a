//! Whether a log is whole: every line as it was written, none missing, none moved.
//!
//! What is found: any change, removal, insertion or move of lines that others follow; lines missing at the end, by the head beside
//! the log, or by a checkpoint that is known to have been there. What isn't: who can write both log and head can take lines from
//! the end, or write the whole log anew, unless checkpoints are signed with a key that he doesn't have.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use argala_json::{Limits, Options, Outline};

use super::PublicKey;
use super::chain::{self, Hash};
use super::file::{LONGEST, head_of, read_head};

/// A log that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    /// The numbers of the first and the last record; None where there is none.
    pub(crate) records: Option<(u64, u64)>,
    /// The hash of the last record.
    pub(crate) last: String,
    /// Bytes behind the last whole line: what a crash has left.
    pub(crate) torn: u64,
    /// Signed checkpoints, and the number of the last record that one of them vouches for.
    pub(crate) checkpoints: u64,
    pub(crate) signed_up_to: u64,
    /// Whether the end was compared with what the head says.
    pub(crate) has_head: bool,
    /// Whether the last file was put aside: there is more.
    pub(crate) goes_on: bool,
}

/// The first thing that is wrong with a log.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) path: PathBuf,
    /// From 1; None where it is about the file as a whole.
    pub(crate) line: Option<u64>,
    pub(crate) kind: FaultKind,
}

/// What is wrong.
#[derive(Debug)]
pub(crate) enum FaultKind {
    /// The file can't be read.
    Unreadable(io::Error),
    /// The line is no record.
    NoRecord,
    /// The line isn't the one that was written, or doesn't follow the one before.
    Changed,
    /// The record has another number than the one that must come here.
    Number { expected: u64, found: u64 },
    /// The head knows of a later record.
    Missing { last: u64, head: u64 },
    /// The head isn't of this log.
    Head,
    /// A checkpoint's signature is another key's, or none.
    Signature,
    /// The file begins with no record that says what it goes on from.
    Beginning,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        f.write_str(": ")?;
        match &self.kind {
            FaultKind::Unreadable(error) => write!(f, "the file can't be read: {error}"),
            FaultKind::NoRecord => {
                f.write_str("the line is no record: it was changed, or something else wrote it")
            }
            FaultKind::Changed => {
                f.write_str("the line was changed, or the one before it was, or it belongs elsewhere")
            }
            FaultKind::Number { expected, found } if found > expected => write!(
                f,
                "record {found} stands where record {expected} must: {} are missing here, or stand elsewhere",
                found - expected
            ),
            FaultKind::Number { expected, found } => {
                write!(f, "record {found} stands where record {expected} must: it was moved here, or copied")
            }
            FaultKind::Missing { last, head } => {
                write!(
                    f,
                    "the log ends with record {last}, but there was a record {head}: its end was taken away"
                )
            }
            FaultKind::Head => f.write_str("the file `.head` names another record, or none"),
            FaultKind::Signature => f.write_str("the checkpoint is not signed by this key"),
            FaultKind::Beginning => f.write_str("the file doesn't begin as the file of an audit log does"),
        }
    }
}

/// Checks the files of a log, in order; with a key, the signatures of its checkpoints as well.
///
/// # Errors
/// The first thing that is wrong.
pub(crate) fn verify(paths: &[PathBuf], key: Option<&PublicKey>) -> Result<Report, Fault> {
    let head = paths.last().map(|path| load_head(path)).transpose()?.flatten();
    let mut chain = Chain { key, head, ..Chain::default() };
    let mut torn = 0;
    for path in paths {
        torn = chain.read(path)?;
    }
    if let Some(path) = paths.last().filter(|_| !chain.goes_on) {
        chain.compare_head(path)?;
    }
    let Chain { head, end, first, checkpoints, signed_up_to, goes_on, .. } = chain;
    let has_head = head.is_some() && !goes_on;
    Ok(Report {
        records: first.zip(end.as_ref().map(|(seq, _)| *seq)),
        last: end.map_or_else(|| Hash::none().as_str().to_owned(), |(_, hash)| hash.as_str().to_owned()),
        torn,
        checkpoints,
        signed_up_to,
        has_head,
        goes_on,
    })
}

/// Whether bytes are a log, as far as the lines themselves can tell.
#[cfg(feature = "fuzzing")]
pub(crate) fn is_whole(log: &[u8]) -> bool {
    Chain::default().read_lines(log).is_ok()
}

/// What has been checked so far.
#[derive(Default)]
struct Chain<'k> {
    key: Option<&'k PublicKey>,
    /// What is said beside the last file of the last record.
    head: Option<(u64, Hash)>,
    /// The last record's number and hash.
    end: Option<(u64, Hash)>,
    first: Option<u64>,
    checkpoints: u64,
    signed_up_to: u64,
    goes_on: bool,
}

impl Chain<'_> {
    /// Reads a file to its end; the bytes behind its last whole line.
    fn read(&mut self, path: &Path) -> Result<u64, Fault> {
        let fault = |(line, kind)| Fault { path: path.to_owned(), line, kind };
        let file = File::open(path).map_err(|error| fault((None, FaultKind::Unreadable(error))))?;
        self.read_lines(BufReader::with_capacity(1 << 16, file)).map_err(fault)
    }

    fn read_lines(&mut self, mut reader: impl BufRead) -> Result<u64, (Option<u64>, FaultKind)> {
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let read = (&mut reader).take(LONGEST + 1).read_until(b'\n', &mut line);
            read.map_err(|error| (None, FaultKind::Unreadable(error)))?;
            match line.pop() {
                None => return Ok(0),
                Some(b'\n') => {}
                Some(_) if line.len() as u64 >= LONGEST => {
                    return Err((Some(number), FaultKind::NoRecord));
                }
                // A crash, or a gateway that is just writing it.
                Some(_) => return Ok(line.len() as u64 + 1),
            }
            self.take(&line, number == 1).map_err(|kind| (Some(number), kind))?;
        }
        Ok(0)
    }

    fn take(&mut self, line: &[u8], begins: bool) -> Result<(), FaultKind> {
        let (record, named) = chain::open(line).ok_or(FaultKind::NoRecord)?;
        let text = str::from_utf8(line).map_err(|_| FaultKind::NoRecord)?;
        let options = Options::strict(Limits::UNBOUNDED);
        let outline = Outline::read(line, &options, 1).map_err(|_| FaultKind::NoRecord)?;
        let member = |name: &str| outline.at(&[name]).and_then(|node| node.string(text));
        let seq = outline.at(&["seq"]).and_then(|node| node.raw(text).parse::<u64>().ok());
        let (Some(seq), Some(event)) = (seq, member("event")) else { return Err(FaultKind::NoRecord) };
        let before = match (&self.end, event.as_ref()) {
            (Some((last, hash)), _) => {
                let expected = last + 1;
                if seq != expected {
                    return Err(FaultKind::Number { expected, found: seq });
                }
                hash.clone()
            }
            // The first record that is seen names the one before, which may be in a file that isn't here.
            (None, "opened") if begins => {
                let prev = member("prev").and_then(|prev| Hash::parse(&prev)).ok_or(FaultKind::NoRecord)?;
                if (seq == 1) != (prev == Hash::none()) {
                    return Err(FaultKind::Beginning);
                }
                self.first = Some(seq);
                prev
            }
            (None, _) => return Err(FaultKind::Beginning),
        };
        if before.next(record) != named {
            return Err(FaultKind::Changed);
        }
        if self.head.as_ref().is_some_and(|(head, hash)| *head == seq && *hash != named) {
            return Err(FaultKind::Head);
        }
        if event == "checkpoint" {
            let signature = member("signature").unwrap_or_default();
            if self.key.is_some_and(|key| !key.has_signed(&before, &signature)) {
                return Err(FaultKind::Signature);
            }
            self.checkpoints += 1;
            self.signed_up_to = seq - 1;
        }
        self.goes_on = event == "rotated";
        self.end = Some((seq, named));
        Ok(())
    }

    /// Whether the head knows of a later record.
    fn compare_head(&self, path: &Path) -> Result<(), Fault> {
        let last = self.end.as_ref().map_or(0, |(seq, _)| *seq);
        match self.head {
            Some((head, _)) if head > last => {
                Err(Fault { path: path.to_owned(), line: None, kind: FaultKind::Missing { last, head } })
            }
            // The head is written after its record, and is put on the disk when the system sees fit: what a crash leaves of it
            // may be of an earlier one.
            _ => Ok(()),
        }
    }
}

/// The head beside a file; None where there is none.
fn load_head(path: &Path) -> Result<Option<(u64, Hash)>, Fault> {
    let fault = |kind| Fault { path: path.to_owned(), line: None, kind };
    match std::fs::read_to_string(head_of(path)) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => read_head(&text).map(Some).ok_or_else(|| fault(FaultKind::Head)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fault(FaultKind::Unreadable(error))),
    }
}
