//! The log of `argala serve`: on stderr, since stdout is the protocol's, and never in anyone's way.
//!
//! Hosts exist that don't read a server's stderr. So a thread of its own writes, behind a bounded queue: what doesn't fit is
//! dropped, and the session goes on.

use std::io::IsTerminal;
use std::sync::mpsc;
use std::time::Duration;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::LevelFilter;

use super::Failure;

/// Lines that wait to be written.
const WAITING: usize = 4096;
/// How long the last lines may take.
const LAST_LINES: Duration = Duration::from_millis(300);

/// A log that is being written.
pub(super) struct Log {
    writer: WorkerGuard,
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
    let (stderr, writer) =
        NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING).finish(std::io::stderr());
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .log_internal_errors(false)
        .init();
    Ok(Log { writer })
}

impl Log {
    /// Writes the last lines, unless nobody reads them.
    pub(super) fn end(self) {
        let (done, waits) = mpsc::channel();
        std::thread::spawn(move || {
            drop(self.writer);
            // Whoever waited may be gone.
            let _ = done.send(());
        });
        let _ = waits.recv_timeout(LAST_LINES);
    }
}
