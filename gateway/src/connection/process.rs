//! A server that is a process of ours: started, read, started again when it ends, and ended with its session.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argala_wire::child::{Child, Command, Streams};
use argala_wire::line::{Line, LineReader, write_lines};
use argala_wire::outbox::outbox;
use tokio::io::BufReader;
use tokio::process::{ChildStderr, ChildStdout};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::{Backoff, Contact, Down, Ending, MAX_LINE, News, QUEUE};
#[cfg(unix)]
use crate::reaper;

const READ_BUFFER: usize = 64 << 10;
/// How long the last lines to a process that shall end, and from one that has ended, are waited for.
const LAST_LINES: Duration = Duration::from_millis(500);
/// How long the end of a process that has closed its output is waited for.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Starts a process and keeps it running until its session ends. `_alive` is dropped when everything has ended, or with a
/// task that has panicked and taken its process group along.
pub(super) async fn keep(
    contact: Contact,
    #[cfg_attr(not(unix), allow(unused_mut, reason = "only there it is marked"))] mut command: Command,
    _alive: watch::Sender<()>,
) {
    #[cfg(unix)]
    {
        let (name, run) = reaper::mark();
        command.env.insert(name.to_owned(), run.to_owned());
    }
    let mut keeper = Keeper { contact, command };
    let mut backoff = Backoff::new();
    while !keeper.contact.is_told_to_end() {
        let started = Instant::now();
        #[cfg(unix)]
        reaper::start();
        let (reason, last_words) = match Child::spawn(&keeper.command) {
            Ok((child, streams)) => keeper.run(child, streams).await,
            Err(error) => (format!("it can't be started: {}: {error}", keeper.culprit()), None),
        };
        if keeper.contact.is_told_to_end() {
            break;
        }
        let wait = backoff.after(started);
        tracing::warn!(
            server = keeper.contact.name,
            "{reason}; starting it again in {} ms",
            wait.as_millis()
        );
        let down = Down { reason, last_words, until: Instant::now() + wait };
        if !keeper.contact.tell(News::Down(down)).await {
            break;
        }
        keeper.contact.pause(wait).await;
    }
}

struct Keeper {
    contact: Contact,
    command: Command,
}

impl Keeper {
    /// What to look at where the process can't be started: its program, or the folder that it should run in.
    fn culprit(&self) -> String {
        match &self.command.cwd {
            Some(folder) if !folder.is_dir() => format!("the folder {}", folder.display()),
            _ => self.command.program.to_string_lossy().into_owned(),
        }
    }

    /// Runs one process to its end and says how that came, and what it said last.
    async fn run(&mut self, mut child: Child, streams: Streams) -> (String, Option<String>) {
        #[cfg(unix)]
        let _noted = reaper::note(child.id());
        let (outbox, inlet) = outbox(QUEUE);
        let mut writer = tokio::spawn(write_lines(streams.stdin, inlet));
        let mut reader = tokio::spawn(read_lines(self.contact.clone(), streams.stdout));
        let last_words = Arc::default();
        let mut log =
            tokio::spawn(log_lines(self.contact.name.clone(), streams.stderr, Arc::clone(&last_words)));
        tracing::debug!(server = self.contact.name, "started");
        self.contact.tell(News::Up(outbox)).await;
        let (mut ended, mut read_out) = (false, false);
        let reason = tokio::select! {
            status = child.ended() => {
                ended = true;
                match status {
                    Ok(status) => format!("it ended ({status})"),
                    Err(error) => format!("it ended ({error})"),
                }
            }
            _ = &mut reader => {
                read_out = true;
                // Most close their output because they end.
                match timeout(LAST_WORDS, child.ended()).await {
                    Ok(Ok(status)) => {
                        ended = true;
                        format!("it ended ({status})")
                    }
                    _ => "it closed its output".to_owned(),
                }
            }
            _ = self.contact.told.changed() => "the session ended".to_owned(),
        };
        // A session that has ended has closed the queue, and the writer ends when it is empty.
        if self.contact.is_told_to_end() {
            let _ = timeout(LAST_LINES, &mut writer).await;
        }
        // Closes its input, which is how a server is told that nobody needs it any more.
        writer.abort();
        if ended && !read_out {
            let _ = timeout(LAST_LINES, &mut reader).await;
        }
        if !ended {
            let mut told = self.contact.told.clone();
            child
                .end(async move {
                    // An error means that nobody is left to tell us: that is in a hurry, too.
                    let _ = told.wait_for(|ending| *ending == Ending::Hurry).await;
                })
                .await;
        }
        reader.abort();
        if ended {
            let _ = timeout(LAST_LINES, &mut log).await;
        }
        log.abort();
        let last_words = last_words.lock().unwrap_or_else(PoisonError::into_inner).take();
        (reason, last_words)
    }
}

async fn read_lines(contact: Contact, stdout: ChildStdout) {
    let mut lines = LineReader::new(BufReader::with_capacity(READ_BUFFER, stdout), MAX_LINE);
    while let Ok(Some(line)) = lines.next().await {
        if !contact.tell(News::Line { line, about: None }).await {
            break;
        }
    }
}

/// A server's words, fit for a terminal: nothing in them moves the cursor or turns the direction of text.
fn plain(text: &str) -> String {
    let moves = |character: char| {
        let bidi =
            matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        bidi || (character.is_control() && character != '\t')
    };
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if moves(character) { plain.extend(character.escape_unicode()) } else { plain.push(character) }
    }
    plain
}

/// A server's stderr is its log, and becomes part of ours.
async fn log_lines(name: String, stderr: ChildStderr, last: Arc<Mutex<Option<String>>>) {
    const LONGEST: usize = 8 << 10;
    // Of the last line, as a caller is told it.
    const LAST: usize = 200;
    let mut lines = LineReader::new(BufReader::new(stderr), LONGEST);
    while let Ok(Some(line)) = lines.next().await {
        let (Line::Whole(text) | Line::TooLong { head: text, .. }) = line;
        let said = plain(&String::from_utf8_lossy(&text));
        tracing::info!(server = name, "stderr: {said}");
        if !said.trim().is_empty() {
            let said = said.trim().chars().take(LAST).collect();
            *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(said);
        }
    }
}
