//! The reaper: a small process beside this one that ends its servers, should it be gone before they are.
//!
//! Who is killed by SIGKILL ends nothing any more, and a parent's death is told only to its children, not to theirs. So a
//! second process is told of each process group as it begins and ends, over a pipe that closes with this process however it
//! goes. Then it does what the gateway can't: it ends the groups that are left, and itself. It is in a group of its own, so
//! what a terminal or a host sends the gateway's group doesn't reach it. It is started with the first server that is a process,
//! and again where it is gone.
//!
//! A gateway may be killed between a server's start and the word of it. So every server carries a mark in its environment, by
//! which the reaper finds, on Linux, also those that it wasn't told of, and what has left its group. What has begun a session
//! of its own has said that it wants to outlive its parents, and is left alone.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, BufRead, ErrorKind, PipeWriter, Write};
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::Child;

/// The word of the command line that makes a process the reaper.
pub(crate) const COMMAND: &str = "reap";

/// How long what is left has to end by itself, as its input has closed, and then after SIGTERM.
const GRACE: Duration = Duration::from_millis(500);
const GRACE_AFTER_TERM: Duration = Duration::from_secs(1);
/// How often is looked whether it has.
const LOOK: Duration = Duration::from_millis(20);
/// The wait before another reaper is started, and how many are: one that never works isn't started for ever.
const PAUSE: Duration = Duration::from_secs(1);
const MOST: usize = 20;

/// The variable that marks what this process has started.
const MARK: &str = "ARGALA_RUN";

/// How this very command is started.
static ITSELF: OnceLock<Vec<OsString>> = OnceLock::new();
static RUN: OnceLock<String> = OnceLock::new();
static KNOWN: Mutex<Known> =
    Mutex::new(Known { groups: BTreeSet::new(), line: None, untold: Vec::new(), started: 0 });

/// What the reaper has been told.
struct Known {
    /// The groups that run.
    groups: BTreeSet<u32>,
    /// The way to the reaper; None where there is none.
    line: Option<PipeWriter>,
    /// What didn't fit into the pipe.
    untold: Vec<u8>,
    /// How many have been started.
    started: usize,
}

/// A process group that the reaper knows of until this is dropped.
#[derive(Debug)]
pub(crate) struct Noted(u32);

/// Says how a reaper is started: this very command, and what stands before its own arguments.
pub(crate) fn allow(itself: &[OsString]) {
    // Said twice, it would be the same.
    let _ = ITSELF.set(itself.to_vec());
}

/// The variable that every server is started with, and its value.
pub(crate) fn mark() -> (&'static str, &'static str) {
    // Without chance the process id must do.
    let run = || format!("{:016x}", getrandom::u64().unwrap_or_else(|_| std::process::id().into()));
    (MARK, RUN.get_or_init(run))
}

/// Starts the reaper where there is none: before the process that it is to know of.
pub(crate) fn start() {
    let mut known = known();
    if known.line.is_none()
        && let Err(error) = known.start()
    {
        tracing::error!(
            "the process that would end servers in place of a gateway that is killed can't be started: {error}"
        );
    }
}

/// Tells the reaper of a group until what is given back is dropped.
pub(crate) fn note(group: Option<u32>) -> Option<Noted> {
    let group = group?;
    let mut known = known();
    known.groups.insert(group);
    known.tell('+', group);
    Some(Noted(group))
}

impl Drop for Noted {
    fn drop(&mut self) {
        let mut known = known();
        known.groups.remove(&self.0);
        known.tell('-', self.0);
    }
}

fn known() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Known {
    /// Starts a reaper and tells it of all groups.
    fn start(&mut self) -> io::Result<()> {
        let Some((program, before)) = ITSELF.get().and_then(|itself| itself.split_first()) else {
            return Ok(());
        };
        if self.started >= MOST {
            return Err(io::Error::other("it has ended too often"));
        }
        self.started += 1;
        // Both ends close where another program takes a process over, so the servers hold none.
        let (its, ours) = io::pipe()?;
        fcntl(&ours, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let child = tokio::process::Command::new(program)
            .args(before)
            .arg(COMMAND)
            .envs([mark()])
            .stdin(Stdio::from(its))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        tokio::spawn(watch(child, self.started));
        self.line = Some(ours);
        self.untold.clear();
        for group in self.groups.clone() {
            self.tell('+', group);
        }
        Ok(())
    }

    /// Tells the reaper of a group. One that doesn't read keeps nobody waiting, and hears it later.
    fn tell(&mut self, sign: char, group: u32) {
        let Some(line) = &mut self.line else { return };
        self.untold.extend_from_slice(format!("{sign}{group}\n").as_bytes());
        while !self.untold.is_empty() {
            match line.write(&self.untold) {
                Ok(written) => drop(self.untold.drain(..written)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The line stays open: its end would be taken for ours.
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => return self.line = None,
            }
        }
    }
}

/// Starts another reaper when this one has ended.
async fn watch(mut reaper: Child, number: usize) {
    let ended = reaper.wait().await;
    tracing::warn!("the process that ends servers in place of a killed gateway has ended ({ended:?})");
    {
        let mut known = known();
        // Another one may have been started since, and would take the end of its line for ours.
        if known.started == number {
            known.line = None;
        }
    }
    tokio::time::sleep(PAUSE).await;
    if !known().groups.is_empty() {
        start();
    }
}

/// Is the reaper: reads of groups that begin and end, and ends what is left when nothing more comes.
pub(crate) fn reap(told: impl BufRead) {
    let mut left: BTreeSet<i32> = BTreeSet::new();
    for line in told.lines().map_while(Result::ok) {
        let (sign, group) = line.split_at_checked(1).unwrap_or_default();
        match (sign, group.parse().ok().filter(|group| *group > 1)) {
            ("+", Some(group)) => drop(left.insert(group)),
            ("-", Some(group)) => drop(left.remove(&group)),
            _ => {}
        }
    }
    left.extend(marked());
    wait_for(&mut left, GRACE);
    // One that was only just being started carries its mark by now.
    left.extend(marked());
    left.retain(|group| signal(*group, Some(Signal::SIGTERM)));
    wait_for(&mut left, GRACE_AFTER_TERM);
    left.retain(|group| signal(*group, Some(Signal::SIGKILL)));
}

/// The groups of processes that carry the mark of this one, and are of its session.
#[cfg(target_os = "linux")]
fn marked() -> BTreeSet<i32> {
    let wanted = std::env::var(MARK).map(|run| format!("{MARK}={run}").into_bytes()).ok();
    let own = std::fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(place);
    let (Some(wanted), Some((own_group, session)), Ok(all)) = (wanted, own, std::fs::read_dir("/proc"))
    else {
        return BTreeSet::new();
    };
    let group = |process: std::fs::DirEntry| {
        let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
        let (group, of) = place(&stat)?;
        if group <= 1 || group == own_group || of != session {
            return None;
        }
        let environment = std::fs::read(process.path().join("environ")).ok()?;
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted).then_some(group)
    };
    all.flatten().filter_map(group).collect()
}

#[cfg(not(target_os = "linux"))]
fn marked() -> BTreeSet<i32> {
    BTreeSet::new()
}

/// The group and the session of a process, by its `stat` (proc(5)). Its name, in brackets, may hold anything.
#[cfg(target_os = "linux")]
fn place(stat: &str) -> Option<(i32, i32)> {
    let mut behind_name = stat.rsplit_once(')')?.1.split_whitespace().skip(2);
    Some((behind_name.next()?.parse().ok()?, behind_name.next()?.parse().ok()?))
}

/// Waits until no group is left, for this long at most.
fn wait_for(groups: &mut BTreeSet<i32>, patience: Duration) {
    let end = Instant::now() + patience;
    loop {
        groups.retain(|group| signal(*group, None));
        if groups.is_empty() || Instant::now() >= end {
            return;
        }
        std::thread::sleep(LOOK);
    }
}

/// Sends a group a signal, or nothing. Whether anyone is left in it.
fn signal(group: i32, signal: Option<Signal>) -> bool {
    killpg(Pid::from_raw(group), signal) != Err(Errno::ESRCH)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command};

    use super::reap;

    fn group(script: &str) -> Child {
        Command::new("sh").args(["-c", script]).process_group(0).spawn().unwrap()
    }

    #[test]
    fn what_is_left_is_ended_and_what_has_been_taken_back_is_not() {
        let mut left = group("sleep 100 & wait");
        let mut stubborn = group("trap '' TERM; while :; do sleep 1; done");
        let mut kept = group("sleep 100");
        let (a, b, c) = (left.id(), stubborn.id(), kept.id());
        // Zombies count as left as long as nobody has waited for them.
        let waiting = std::thread::spawn(move || (left.wait().unwrap(), stubborn.wait().unwrap()));
        reap(format!("+{a}\n+{b}\n+{c}\n-{c}\n+0\n+1\n+-1\n\nx\n+{a}").as_bytes());
        let (left, stubborn) = waiting.join().unwrap();
        assert!(!left.success() && !stubborn.success());
        assert!(kept.try_wait().unwrap().is_none(), "it was taken back");
        kept.kill().unwrap();
        kept.wait().unwrap();
    }
}
