//! The log of `argala serve`: on stderr, since stdout is the protocol's, and never in anyone's way.
//!
//! Hosts exist that don't read a server's stderr. So a thread of its own writes, behind a bounded queue: what doesn't fit is
//! dropped, and the session goes on. (The field's crate for this, `tracing-appender`, prints on stdout when its thread is
//! stuck at the end, and stdout is the protocol's.)

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::time::Duration;

use tracing_subscriber::filter::LevelFilter;

use super::Failure;

/// Lines that wait to be written.
const WAITING: usize = 4096;
/// How long the last lines may take.
const LAST_LINES: Duration = Duration::from_millis(300);

/// A log that is being written.
pub(super) struct Log {
    queue: SyncSender<Entry>,
}

enum Entry {
    Line(Vec<u8>),
    /// Tell when everything before this has been written.
    End(Sender<()>),
}

/// Where a line goes: into the queue, if there is room.
struct Queue(SyncSender<Entry>);

impl Write for Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // A line that doesn't fit is lost. Nobody may be made to wait for whoever should read it.
        let _ = self.0.try_send(Entry::Line(line.to_vec()));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Starts the log. The variable ARGALA_LOG says how much is logged.
///
/// # Errors
/// Where the variable says nothing that is known.
pub(super) fn start() -> Result<Log, Failure> {
    let level = match std::env::var("ARGALA_LOG") {
        Ok(level) => level.parse().map_err(|_| {
            let message = format!("ARGALA_LOG={level:?} is none of off, error, warn, info, debug and trace");
            Failure { message, code: 2 }
        })?,
        Err(_) => LevelFilter::INFO,
    };
    let (queue, entries) = mpsc::sync_channel(WAITING);
    std::thread::spawn(move || write_entries(&entries));
    let lines = queue.clone();
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(move || Queue(lines.clone()))
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .log_internal_errors(false)
        .try_init()
        .map_err(|_| Failure::new("this process already has a log; run one gateway in a process"))?;
    Ok(Log { queue })
}

fn write_entries(entries: &Receiver<Entry>) {
    let mut stderr = io::stderr();
    for entry in entries {
        match entry {
            // A host that has closed its end reads no more, and that is its right.
            Entry::Line(line) => drop(stderr.write_all(&line)),
            Entry::End(done) => drop(done.send(())),
        }
    }
}

impl Log {
    /// Waits for the last lines, unless nobody reads them.
    pub(super) fn end(self) {
        let (done, waits) = mpsc::channel();
        if self.queue.try_send(Entry::End(done)).is_ok() {
            let _ = waits.recv_timeout(LAST_LINES);
        }
    }
}
