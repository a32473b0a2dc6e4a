//! A child ends with everything that it has started.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use std::path::Path;
use std::time::{Duration, Instant};

use argala_wire::child::{Child, Command, Streams};
use tokio::io::{AsyncBufReadExt, BufReader};

/// Starts a shell that starts a grandchild and prints its process id; what follows decides how the shell goes on.
async fn shell(script: &str) -> (Child, Streams, String) {
    let script = format!("sleep 1000 & echo $!; {script}");
    let command =
        Command { program: "sh".into(), args: vec!["-c".into(), script.into()], ..Command::default() };
    let (child, mut streams) = Child::spawn(&command).unwrap();
    let mut line = String::new();
    BufReader::new(&mut streams.stdout).read_line(&mut line).await.unwrap();
    (child, streams, line.trim().to_owned())
}

/// A process is gone, or only waits for its parent to notice.
async fn is_gone(process: &str) -> bool {
    let deadline = Instant::now() + Duration::from_secs(5);
    while Instant::now() < deadline {
        let status =
            std::fs::read_to_string(Path::new("/proc").join(process).join("stat")).unwrap_or_default();
        let state = status.rsplit(") ").next().unwrap_or_default().chars().next();
        if state.is_none_or(|state| state == 'Z') {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

#[tokio::test]
async fn a_child_that_ends_by_itself_takes_its_grandchildren_along() {
    let (mut child, _streams, grandchild) = shell("exit 7").await;
    assert_eq!(child.ended().await.unwrap().code(), Some(7));
    assert!(is_gone(&grandchild).await);
}

#[tokio::test]
async fn a_child_that_reads_to_the_end_ends_when_its_input_does() {
    let (child, streams, grandchild) = shell("cat").await;
    drop(streams);
    let begin = Instant::now();
    child.end(std::future::pending()).await;
    assert!(begin.elapsed() < Duration::from_secs(2), "it was asked although it ended by itself");
    assert!(is_gone(&grandchild).await);
}

#[tokio::test]
async fn a_child_that_ignores_everything_is_killed() {
    let (child, streams, grandchild) = shell("trap '' TERM HUP; while :; do sleep 1; done").await;
    drop(streams);
    child.end(std::future::pending()).await;
    assert!(is_gone(&grandchild).await);
}

#[tokio::test]
async fn a_child_that_must_hurry_is_asked_at_once() {
    let (child, _streams, grandchild) = shell("wait").await;
    let begin = Instant::now();
    child.end(std::future::ready(())).await;
    assert!(begin.elapsed() < Duration::from_secs(1), "it had time to end by itself");
    assert!(is_gone(&grandchild).await);
}

#[tokio::test]
async fn a_child_that_is_dropped_is_killed_with_its_group() {
    let (child, _streams, grandchild) = shell("wait").await;
    drop(child);
    assert!(is_gone(&grandchild).await);
}

#[tokio::test]
async fn a_command_that_is_not_there_is_an_error() {
    let command = Command { program: "no-such-command".into(), ..Command::default() };
    assert_eq!(Child::spawn(&command).unwrap_err().kind(), std::io::ErrorKind::NotFound);
}
