//! A server that runs as a process of ours, in a group of its own, which ends as a whole.
//!
//! What `npx` or a shell starts in turn belongs to the group too: no grandchild outlives its session.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::time::timeout;

/// What to run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    /// The program, looked up in PATH.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Variables beside those of this process.
    pub env: BTreeMap<String, String>,
    /// The folder to run in; None for this process's.
    pub cwd: Option<PathBuf>,
}

/// A running process and everything it has started.
#[derive(Debug)]
pub struct Child {
    group: Box<dyn ChildWrapper>,
    /// Nobody is left in the group, and its number may be another's by now.
    over: bool,
}

/// The streams of a process.
#[derive(Debug)]
pub struct Streams {
    /// What it reads.
    pub stdin: ChildStdin,
    /// What it writes.
    pub stdout: ChildStdout,
    /// What it says beside that.
    pub stderr: ChildStderr,
}

/// How long a group has to end by itself after its input has been closed: what MCP's own hosts give a server.
const GRACE: Duration = Duration::from_secs(2);
/// How long it has after SIGTERM. A host that asks us to end gives us 2 s in turn.
const GRACE_AFTER_TERM: Duration = Duration::from_secs(1);
/// How long what outlives its leader has to end after SIGTERM.
const LEFTOVER_GRACE: Duration = Duration::from_millis(500);
#[cfg(unix)]
const SIGTERM: i32 = 15;

impl Child {
    /// Starts a process in a group of its own.
    ///
    /// # Errors
    /// Where it can't be started: the program isn't found, say.
    pub fn spawn(command: &Command) -> io::Result<(Self, Streams)> {
        let mut wrap = CommandWrap::with_new(&command.program, |process| {
            process.args(&command.args).envs(&command.env);
            process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            if let Some(folder) = &command.cwd {
                process.current_dir(folder);
            }
        });
        #[cfg(unix)]
        wrap.wrap(process_wrap::tokio::ProcessGroup::leader());
        #[cfg(windows)]
        wrap.wrap(process_wrap::tokio::JobObject);
        let mut group = wrap.spawn()?;
        let streams = (group.stdin().take(), group.stdout().take(), group.stderr().take());
        let child = Self { group, over: false };
        match streams {
            (Some(stdin), Some(stdout), Some(stderr)) => Ok((child, Streams { stdin, stdout, stderr })),
            _ => Err(io::Error::other("the process has no streams")),
        }
    }

    /// The number of the process, and on Unix of its group; None where it has ended.
    pub fn id(&self) -> Option<u32> {
        self.group.id()
    }

    /// Waits until the process has ended, and ends what it has left behind.
    ///
    /// # Errors
    /// Where the system doesn't say.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        let status = self.group.wait().await;
        self.end_leftovers().await;
        status
    }

    /// Ends the group: its input must have been closed before. Waits, then asks, then kills. Once `hurry` is done nothing is
    /// waited for any more but the answer to SIGTERM.
    pub async fn end(mut self, hurry: impl Future<Output = ()>) {
        let ended = tokio::select! {
            _ = self.group.wait() => true,
            () = hurry => false,
            () = tokio::time::sleep(GRACE) => false,
        };
        if !ended {
            self.ask_to_end();
            if timeout(GRACE_AFTER_TERM, self.group.wait()).await.is_err() {
                // Fails only where the group is gone already.
                let _ = self.group.start_kill();
                let _ = timeout(GRACE_AFTER_TERM, self.group.wait()).await;
            }
        }
        self.end_leftovers().await;
    }

    async fn end_leftovers(&mut self) {
        // An error means that the group is empty.
        if self.ask_to_end() {
            tokio::time::sleep(LEFTOVER_GRACE).await;
            let _ = self.group.start_kill();
        }
        self.over = true;
    }

    /// Asks the group to end; false where nobody is left in it.
    fn ask_to_end(&mut self) -> bool {
        #[cfg(unix)]
        return self.group.signal(SIGTERM).is_ok();
        #[cfg(not(unix))]
        return self.group.start_kill().is_ok();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Whatever became of the task that should have ended it: the group goes with its owner.
        if !self.over {
            let _ = self.group.start_kill();
        }
    }
}
