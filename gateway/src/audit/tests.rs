//! What a log holds, and what is found when somebody has been at it.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::verify::{FaultKind, Report, verify};
use super::{Audit, Event, OnFailure, PublicKey, Settings, generate_key};

struct Place {
    folder: TempDir,
    settings: Settings,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::of(folder.path().join("audit.jsonl"));
        Self { folder, settings }
    }

    fn path(&self) -> &Path {
        &self.settings.file
    }

    fn open(&self) -> Audit {
        Audit::open(&self.settings).unwrap()
    }

    /// A run that writes so many records of its own.
    fn run(&self, records: usize) {
        let audit = self.open();
        for number in 0..records {
            audit.record(&Event::SessionClosed { session: &number.to_string() }).unwrap();
        }
        audit.end();
    }

    fn lines(&self) -> Vec<String> {
        fs::read_to_string(self.path()).unwrap().lines().map(str::to_owned).collect()
    }

    fn write(&self, lines: &[String]) {
        fs::write(self.path(), lines.join("\n") + "\n").unwrap();
    }

    fn verify(&self) -> Result<Report, String> {
        self.verify_with(None)
    }

    fn verify_with(&self, key: Option<&PublicKey>) -> Result<Report, String> {
        let faults =
            |fault: super::verify::Fault| fault.to_string().split_once("audit.jsonl").unwrap().1.to_owned();
        verify(&[self.path().to_owned()], key).map_err(faults)
    }

    /// All files of the log, in order.
    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> =
            entries.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl")).collect();
        files.sort();
        // The one that is written has no number.
        let wrapped = files[0] == self.path();
        files.rotate_left(usize::from(wrapped));
        files
    }
}

#[test]
fn a_log_that_nobody_has_touched_is_whole_over_several_runs() {
    let place = Place::new();
    for run in 1..=3 {
        place.run(5);
        let report = place.verify().unwrap();
        // A run has a record for its beginning and one for its end.
        assert_eq!((report.records, report.torn, report.has_head), (Some((1, run * 7)), 0, true));
    }
    assert!(place.lines().iter().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
}

#[test]
fn a_change_of_any_byte_is_found() {
    let place = Place::new();
    place.run(3);
    let text = fs::read(place.path()).unwrap();
    for at in 0..text.len() {
        for flip in [1, 0x20, 0x80] {
            let mut changed = text.clone();
            changed[at] ^= flip;
            fs::write(place.path(), &changed).unwrap();
            assert!(place.verify().is_err(), "byte {at} by {flip:#x}");
        }
    }
}

#[test]
fn what_somebody_does_to_lines_is_found_at_its_line() {
    type Change = fn(&mut Vec<String>);
    let changes: [(&str, Change, &str); 8] = [
        ("removed", |lines| drop(lines.remove(3)), ":4: record 5 stands where record 4 must"),
        ("removed, the first", |lines| drop(lines.remove(0)), ":1: the file doesn't begin"),
        (
            "removed, the last",
            |lines| drop(lines.pop()),
            ": the log ends with record 11, but there was a record 12",
        ),
        ("copied", |lines| lines.insert(4, lines[3].clone()), ":5: record 4 stands where record 5 must"),
        ("swapped", |lines| lines.swap(3, 4), ":4: record 5 stands where record 4 must"),
        (
            "swapped, numbers too",
            |lines| {
                lines.swap(3, 4);
                lines[3] = lines[3].replace("\"seq\":5", "\"seq\":4");
                lines[4] = lines[4].replace("\"seq\":4", "\"seq\":5");
            },
            ":4: the line was changed",
        ),
        ("put in", |lines| lines.insert(2, "{}".to_owned()), ":3: the line is no record"),
        (
            "edited",
            |lines| lines[5] = lines[5].replace("session_closed", "session_opened"),
            ":6: the line was changed",
        ),
    ];
    for (name, change, said) in changes {
        let place = Place::new();
        place.run(10);
        let mut lines = place.lines();
        change(&mut lines);
        place.write(&lines);
        let fault = place.verify().unwrap_err();
        assert!(fault.starts_with(said), "{name}: {fault}");
    }
}

#[test]
fn an_end_that_was_taken_away_between_two_runs_stays_missing() {
    let place = Place::new();
    place.run(5);
    let mut lines = place.lines();
    lines.truncate(4);
    place.write(&lines);
    place.run(5);
    let fault = place.verify().unwrap_err();
    assert!(fault.starts_with(":5: record 8 stands where record 5 must: 3 are missing"), "{fault}");
}

#[test]
fn a_log_that_was_removed_does_not_begin_anew_as_though_there_had_been_none() {
    let place = Place::new();
    place.run(5);
    fs::remove_file(place.path()).unwrap();
    place.run(5);
    assert_eq!(place.verify().unwrap().records, Some((8, 14)));
}

#[test]
fn a_log_that_is_removed_while_it_is_written_goes_on_in_a_new_file() {
    let place = Place::new();
    let audit = place.open();
    audit.record(&Event::Stopped {}).unwrap();
    fs::remove_file(place.path()).unwrap();
    audit.record(&Event::Stopped {}).unwrap();
    assert_eq!(place.verify().unwrap().records, Some((3, 4)));
}

#[test]
fn what_a_crash_leaves_of_a_line_is_taken_away_and_that_is_recorded() {
    let place = Place::new();
    place.run(5);
    let text = fs::read(place.path()).unwrap();
    let last = text[..text.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for cut in last..text.len() {
        fs::write(place.path(), &text[..cut]).unwrap();
        fs::write(super::file::head_of(place.path()), "").unwrap();
        // As far as it is whole it is right: an empty head says nothing, and no head neither.
        fs::remove_file(super::file::head_of(place.path())).unwrap();
        let report = place.verify().unwrap();
        assert_eq!((report.records, report.torn), (Some((1, 6)), (cut - last) as u64));
        place.run(0);
        let report = place.verify().unwrap();
        assert_eq!((report.records, report.torn), (Some((1, 8)), 0), "cut at {cut}");
        let lines = place.lines();
        assert_eq!(lines[6].contains("\"torn\":"), cut > last, "{}", lines[6]);
    }
}

#[test]
fn a_file_that_is_no_log_is_left_alone() {
    for text in ["hello\n", "{}\n", "hello\nworld\n"] {
        let place = Place::new();
        fs::write(place.path(), text).unwrap();
        let failed = Audit::open(&place.settings).unwrap_err();
        assert!(failed.0.contains("no record of an audit log"), "{}", failed.0);
        assert_eq!(fs::read_to_string(place.path()).unwrap(), text);
    }
}

#[test]
fn two_gateways_do_not_write_one_log() {
    let place = Place::new();
    let _one = place.open();
    let failed = Audit::open(&place.settings).unwrap_err();
    assert!(failed.0.contains("another process"), "{}", failed.0);
}

#[test]
fn a_log_goes_on_in_a_new_file_when_it_is_long() {
    let mut place = Place::new();
    place.settings.rotate_at = 1 << 10;
    place.run(50);
    place.run(50);
    let files = place.files();
    assert!(files.len() > 10, "{files:?}");
    let report = verify(&files, None).unwrap();
    assert_eq!(report.records.unwrap().0, 1);
    assert!(report.has_head && !report.goes_on);
    assert!(verify(&files[2..5], None).unwrap().goes_on);
    for missing in 1..files.len() - 1 {
        let mut some = files.clone();
        some.remove(missing);
        let fault = verify(&some, None).unwrap_err();
        assert!(matches!(fault.kind, FaultKind::Number { .. }), "{fault}");
    }
}

#[test]
fn checkpoints_are_signed_by_the_key_and_by_no_other() {
    let mut place = Place::new();
    let (own, other) = (place.folder.path().join("own.pem"), place.folder.path().join("other.pem"));
    let (public, stranger) = (generate_key(&own).unwrap(), generate_key(&other).unwrap());
    place.settings.signing_key = Some(own);
    place.settings.checkpoint_every = 4;
    place.run(10);
    let report = place.verify_with(Some(&public)).unwrap();
    assert!(report.checkpoints >= 3, "{report:?}");
    assert_eq!(report.records.unwrap().1, report.signed_up_to + 1);
    assert!(place.verify_with(Some(&stranger)).unwrap_err().contains("not signed by this key"));
}

#[test]
fn what_can_not_be_written_is_not_let_pass_unless_that_was_said() {
    for (on_failure, passes) in [(OnFailure::Deny, false), (OnFailure::Allow, true)] {
        let mut place = Place::new();
        place.settings.on_failure = on_failure;
        let audit = place.open();
        audit.record(&Event::Stopped {}).unwrap();
        // In place of the log, which is gone, stands a folder.
        fs::remove_file(place.path()).unwrap();
        fs::create_dir(place.path()).unwrap();
        assert_eq!(audit.record(&Event::Stopped {}).is_ok(), passes);
        fs::remove_dir(place.path()).unwrap();
        // What stands in the way is gone: the chain goes on.
        audit.record(&Event::Stopped {}).unwrap();
        assert!(place.verify().is_ok());
    }
}

#[cfg(unix)]
#[test]
fn a_log_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.run(1);
    assert_eq!(fs::metadata(place.path()).unwrap().permissions().mode() & 0o777, 0o600);
}
