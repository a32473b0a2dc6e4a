//! The file of the log: opened where it ended, written line by line, gone on with in a new one when it is long.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use argala_json::{Limits, Options, Outline};
use chrono::{SecondsFormat, Utc};
use serde::Serialize;

use super::Failed;
use super::chain::{self, Hash};
use super::event::Event;
use super::settings::{Settings, Sync};
use super::signing::SigningKey;

/// How much of a file's end is read at a time.
const BLOCK: u64 = 64 << 10;
/// A head has fewer bytes.
const HEAD: u64 = 128;
/// No record is longer.
pub(super) const LONGEST: u64 = 64 << 20;

/// A log that is written by this process alone.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    open: Open,
    /// Of the last record.
    seq: u64,
    hash: Hash,
    /// Records since the last checkpoint.
    unsigned: u64,
    sync: Sync,
    synced: Instant,
    rotate_at: u64,
    key: Option<SigningKey>,
    checkpoint_every: u64,
}

/// The files that are open.
#[derive(Debug)]
struct Open {
    log: File,
    /// Says what the last record is.
    head: File,
    /// The bytes of all whole records. What lies behind was never finished.
    whole: u64,
    /// Whether there may be something behind.
    torn: bool,
}

/// A record, but for its hash.
#[derive(Serialize)]
struct Record<'a> {
    seq: u64,
    time: String,
    #[serde(flatten)]
    event: &'a Event<'a>,
}

impl LogFile {
    /// Opens a log, or begins it. What a crash has left of a last line is taken away, and that is recorded.
    pub(super) fn open(settings: &Settings) -> Result<Self, Failed> {
        let name = settings.file.to_string_lossy().replace("{pid}", &std::process::id().to_string());
        let path = PathBuf::from(name);
        let key = settings.signing_key.as_deref().map(SigningKey::load).transpose()?;
        let fault = |error: io::Error| unwritable(&path, &error);
        let mut open = Open::at(&path).map_err(fault)?;
        let Last { line, torn } = open.last_line().map_err(fault)?;
        let last = match line {
            None => None,
            Some(line) => Some(read_end(&line).ok_or_else(|| {
                Failed(format!(
                    "{}: its last line is no record of an audit log; name another file, or see \
                     `argala audit verify`",
                    path.display()
                ))
            })?),
        };
        // Where the head knows of later records, these are gone, or the file was just put aside: the chain goes on from them, so
        // that nobody can take the end of a log away unseen while no gateway runs.
        let head = open.read_head();
        let last = last.into_iter().chain(head).max_by_key(|(seq, _)| *seq);
        let (seq, hash) = last.unwrap_or_else(|| (0, Hash::none()));
        let mut log = Self {
            path,
            open,
            seq,
            hash,
            unsigned: 0,
            sync: settings.sync,
            synced: Instant::now(),
            rotate_at: settings.rotate_at.max(1 << 10),
            key,
            checkpoint_every: settings.checkpoint_every.max(1),
        };
        log.begin(torn).map_err(|error| unwritable(&log.path, &error))?;
        Ok(log)
    }

    /// Writes a record; its number.
    pub(super) fn append(&mut self, event: &Event<'_>) -> Result<u64, Failed> {
        self.try_append(event).map_err(|error| unwritable(&self.path, &error))
    }

    /// Puts everything on the disk, with a last checkpoint.
    pub(super) fn sync(&mut self) {
        let done = self.checkpoint().and_then(|()| self.open.log.sync_data());
        if let Err(error) = done {
            tracing::error!("{}", unwritable(&self.path, &error).0);
        }
    }

    fn try_append(&mut self, event: &Event<'_>) -> io::Result<u64> {
        if !is_at(&self.open.log, &self.path) {
            // Somebody has moved the file, or removed it. The chain goes on, and so tells that there was something before.
            self.open = Open::at(&self.path)?;
            self.open.forget()?;
            self.begin(0)?;
        }
        if self.open.whole >= self.rotate_at {
            self.rotate()?;
        }
        let seq = self.write(event)?;
        self.unsigned += 1;
        if self.unsigned >= self.checkpoint_every {
            self.checkpoint()?;
        }
        match self.sync {
            Sync::Always => self.open.log.sync_data()?,
            Sync::Interval if self.synced.elapsed() >= Sync::INTERVAL => {
                self.open.log.sync_data()?;
                self.synced = Instant::now();
            }
            Sync::Interval | Sync::Never => {}
        }
        Ok(seq)
    }

    /// Begins a file, or a run in it.
    fn begin(&mut self, torn: u64) -> io::Result<()> {
        let prev = self.hash.as_str().to_owned();
        self.write(&Event::Opened { prev: &prev, torn }).map(drop)
    }

    fn write(&mut self, event: &Event<'_>) -> io::Result<u64> {
        let seq = self.seq + 1;
        let time = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
        let mut line = serde_json::to_vec(&Record { seq, time, event })?;
        // Its closing brace comes with its hash.
        line.pop();
        let hash = chain::seal(&mut line, &self.hash);
        self.open.write(&line, seq, &hash)?;
        (self.seq, self.hash) = (seq, hash);
        Ok(seq)
    }

    fn checkpoint(&mut self) -> io::Result<()> {
        self.unsigned = 0;
        let Some(key) = &self.key else { return Ok(()) };
        let signature = key.sign(&self.hash);
        self.write(&Event::Checkpoint { signature: &signature }).map(drop)
    }

    /// Puts the file aside, under a name with the number of its last record, and goes on in a new one. That record comes first, and
    /// the head with it: a crash behind it then leaves nothing that the next run would count twice.
    fn rotate(&mut self) -> io::Result<()> {
        self.checkpoint()?;
        self.write(&Event::Rotated {})?;
        self.open.log.sync_data()?;
        let aside = aside(&self.path, self.seq);
        if let Err(error) = std::fs::rename(&self.path, &aside) {
            tracing::error!("the audit log can't be put aside as {}: {error}; it goes on", aside.display());
            self.rotate_at = self.rotate_at.saturating_mul(2);
            return Ok(());
        }
        self.open = Open::at(&self.path)?;
        self.begin(0)
    }
}

impl Open {
    fn at(path: &Path) -> io::Result<Self> {
        let log = open_file(path)?;
        log.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::other(
                "another process writes it; give each gateway a log of its own, say with `{pid}` in its name",
            ),
            TryLockError::Error(error) => error,
        })?;
        let whole = log.metadata()?.len();
        Ok(Self { log, head: open_file(&head_of(path))?, whole, torn: false })
    }

    /// Finds the last whole line, and takes away what lies behind it.
    fn last_line(&mut self) -> io::Result<Last> {
        let mut tail = Vec::new();
        let mut start = self.whole;
        let (end, begin) = loop {
            let mut ends = memchr::memrchr_iter(b'\n', &tail);
            let end = ends.next();
            if let (Some(end), Some(begin)) = (end, ends.next()) {
                break (Some(end), begin + 1);
            }
            if start == 0 {
                break (end, 0);
            }
            if tail.len() as u64 > LONGEST {
                return Err(io::Error::other("its last line is longer than any record"));
            }
            let size = start.min(BLOCK);
            start -= size;
            self.log.seek(SeekFrom::Start(start))?;
            let mut block = vec![0; usize::try_from(size).unwrap_or_default()];
            self.log.read_exact(&mut block)?;
            block.append(&mut tail);
            tail = block;
        };
        let after = end.map_or(0, |end| end + 1);
        let torn = (tail.len() - after) as u64;
        self.whole -= torn;
        self.torn = torn > 0;
        self.mend()?;
        Ok(Last { line: end.and_then(|end| Some(tail.get(begin..end)?.to_vec())), torn })
    }

    /// Goes on behind whatever a file holds that isn't ours.
    fn forget(&mut self) -> io::Result<()> {
        self.last_line().map(drop)
    }

    /// Writes a line as a whole, or not at all.
    fn write(&mut self, line: &[u8], seq: u64, hash: &Hash) -> io::Result<()> {
        self.mend()?;
        self.torn = true;
        // The number in as many digits as it can have: one head is as long as another.
        let head = format!("{seq:020} {}\n", hash.as_str());
        let written = self.log.write_all(line).and_then(|()| {
            self.head.seek(SeekFrom::Start(0))?;
            self.head.write_all(head.as_bytes())
        });
        if written.is_err() {
            // What can't be mended now is tried again before the next line.
            let _ = self.mend();
            return written;
        }
        self.torn = false;
        self.whole += line.len() as u64;
        Ok(())
    }

    /// The last record, as the head has it.
    fn read_head(&mut self) -> Option<(u64, Hash)> {
        let mut text = String::new();
        self.head.seek(SeekFrom::Start(0)).ok()?;
        (&self.head).take(HEAD).read_to_string(&mut text).ok()?;
        read_head(&text)
    }

    /// Takes away what was never finished.
    fn mend(&mut self) -> io::Result<()> {
        if self.torn {
            self.log.set_len(self.whole)?;
            self.torn = false;
        }
        self.log.seek(SeekFrom::Start(self.whole)).map(drop)
    }
}

/// The last line of a file.
struct Last {
    /// None where there is none.
    line: Option<Vec<u8>>,
    /// The bytes behind it.
    torn: u64,
}

/// The number and the hash that a head has.
pub(super) fn read_head(text: &str) -> Option<(u64, Hash)> {
    let (seq, hash) = text.trim_end().split_once(' ')?;
    Some((seq.parse().ok()?, Hash::parse(hash)?))
}

/// The number and the hash of a record.
fn read_end(line: &[u8]) -> Option<(u64, Hash)> {
    let (_, hash) = chain::open(line)?;
    let outline = Outline::read(line, &Options::strict(Limits::UNBOUNDED), 1).ok()?;
    let seq = outline.at(&["seq"])?.raw(str::from_utf8(line).ok()?).parse().ok()?;
    Some((seq, hash))
}

fn open_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    only_owner(&mut options);
    options.open(path)
}

/// New files are their owner's alone.
pub(super) fn only_owner(options: &mut OpenOptions) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = options;
}

/// Whether a file is still the one of this name.
fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let id = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
        matches!((file.metadata().map(id), std::fs::metadata(path).map(id)), (Ok(open), Ok(named)) if open == named)
    }
    // Elsewhere a file that is open can be neither moved nor removed.
    #[cfg(not(unix))]
    {
        let _ = (file, path);
        true
    }
}

/// The file that says what the last record of a log is.
pub(super) fn head_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".head");
    name.into()
}

/// The name of a file that the log has left: `audit.jsonl` becomes `audit.0000001234.jsonl`.
fn aside(path: &Path, last: u64) -> PathBuf {
    let number = format!("{last:010}");
    match path.extension() {
        Some(extension) => path.with_extension(format!("{number}.{}", extension.to_string_lossy())),
        None => path.with_extension(number),
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failed {
    Failed(format!("the audit log {} can't be written: {error}", path.display()))
}
