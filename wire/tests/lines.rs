//! Lines in, lines out, within bounds.
#![allow(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use argala_wire::line::{Line, LineReader, write_lines};
use argala_wire::outbox::{Unsent, outbox};
use tokio::io::BufReader;

async fn lines(input: &[u8], max: usize, buffer: usize) -> Vec<Line> {
    let mut reader = LineReader::new(BufReader::with_capacity(buffer, input), max);
    let mut lines = Vec::new();
    while let Some(line) = reader.next().await.unwrap() {
        lines.push(line);
    }
    lines
}

fn whole(text: &str) -> Line {
    Line::Whole(text.as_bytes().to_vec())
}

#[tokio::test]
async fn lines_end_at_a_line_feed_and_blank_ones_are_skipped() {
    for buffer in [1, 3, 64] {
        let read = lines(b"a\nbc\r\n\n  \nd\re\nlast", 100, buffer).await;
        assert_eq!(read, [whole("a"), whole("bc"), whole("d\re"), whole("last")]);
    }
}

#[tokio::test]
async fn a_line_of_just_the_bound_is_whole_and_a_longer_one_keeps_its_ends() {
    let input = format!("{}\n{}\nnext\n", "x".repeat(10_000), "a".repeat(9_000) + &"b".repeat(9_000));
    for buffer in [1000, 100_000] {
        let read = lines(input.as_bytes(), 10_000, buffer).await;
        assert_eq!(read[0], whole(&"x".repeat(10_000)));
        assert_eq!(read[1], Line::TooLong { head: vec![b'a'; 4096], tail: vec![b'b'; 4096] });
        assert_eq!(read[2], whole("next"));
    }
}

#[tokio::test]
async fn what_is_put_in_comes_out_in_order_one_line_each() {
    let (outbox, inlet) = outbox(1 << 20);
    for number in 0..1000 {
        outbox.send(format!("{{\"n\":\r{number}}}")).unwrap();
    }
    drop(outbox);
    let mut written = Vec::new();
    write_lines(&mut written, inlet).await.unwrap();
    let expected: String = (0..1000).map(|number| format!("{{\"n\":{number}}}\n")).collect();
    assert_eq!(String::from_utf8(written).unwrap(), expected);
}

#[tokio::test]
async fn a_full_queue_refuses_and_takes_again_when_it_is_read() {
    let (outbox, mut inlet) = outbox::<String>(10);
    outbox.send("12345678901".into()).unwrap();
    assert_eq!(outbox.send("x".into()), Err(Unsent::Full));
    assert!(outbox.push("must not get lost".into()));
    assert!(outbox.is_full());
    let reading = tokio::spawn(async move {
        assert_eq!(inlet.next().await.as_deref(), Some("12345678901"));
        assert_eq!(inlet.next().await.as_deref(), Some("must not get lost"));
        inlet
    });
    outbox.ready().await;
    outbox.send("x".into()).unwrap();
    drop(reading.await.unwrap());
    assert_eq!(outbox.send("y".into()), Err(Unsent::Closed));
    outbox.ready().await;
}
