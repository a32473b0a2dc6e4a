//! What a `path` takes and refuses, as claims about texts.
#![allow(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use argala_engine::{Policy, Verdict};
use proptest::prelude::*;

fn policy(keys: &str) -> Policy {
    let text = format!("[tools.read]\nargs.path = {{ type = 'path', {keys} }}");
    Policy::from_toml(&text, "p.toml").unwrap_or_else(|error| unreachable!("{error}"))
}

fn allows(policy: &Policy, path: &str) -> bool {
    let arguments = serde_json::json!({ "path": path }).to_string();
    policy.judge("read", arguments.as_bytes()).verdict == Verdict::Allow
}

fn reason(policy: &Policy, path: &str) -> String {
    let arguments = serde_json::json!({ "path": path }).to_string();
    policy.judge("read", arguments.as_bytes()).message
}

const DATA: &str = "within = ['/srv/data']";

#[test]
fn a_name_is_a_name_however_odd_it_looks() {
    let policy = policy(DATA);
    for name in [
        "",
        "report.txt",
        "./a//b/",
        "a/../b",
        "..foo",
        "foo..bar",
        "foo..",
        "...",
        ".../x",
        ".hidden",
        " leading",
        "with space",
        "App::Cpan.3pm.gz",
        "libc6:amd64.list",
        "system-x\\x2dy.slice",
        "100%",
        "100% sure.txt",
        "a%20b",
        "Foo$Bar.class",
        "$Recycle.Bin",
        "backup~",
        "~user",
        "aux.c",
        "con",
        "g[.md",
        "((.md",
        "it's",
        "a&b;c",
        "résumé",
        "日本語、報告",
        "AC∕DC",
        "0000000000",
        "d41d8cd98f00b204e9800998ecf8427e",
    ] {
        let path = format!("/srv/data/{name}");
        assert!(allows(&policy, &path), "{}", reason(&policy, &path));
    }
}

#[test]
fn a_path_that_leads_out_to_some_reader_is_denied() {
    let policy = policy(DATA);
    for rest in [
        "/..",
        "/../x",
        "/a/../../data/x",
        "/./.././x",
        "/..\\x",
        "\\..\\x",
        "/a\\..\\..\\x",
        "/.../../x",
        "/.. /x",
        "/..;/x",
        "/..;a=b/x",
        "/....//x",
        "/..././x",
        "/....\\/x",
        "/%2e%2e/x",
        "/.%2e/x",
        "/..%2fx",
        "/..%5cx",
        "/%252e%252e%252fx",
        "/%25252e%25252e%25252fx",
        "/%%32%65%%32%65/x",
        "/..%c0%afx",
        "/%c0%ae%c0%ae/x",
        "/..%e0%80%afx",
        "/..%c0%qfx",
        "/..%u2215x",
        "/%uff0e%uff0e/x",
        "/．．/x",
        "/‥/x",
        "/..／x",
        "/..∕x",
        "/..＼x",
        "/&#46;&#46;/x",
        "/\\u002e\\u002e/x",
        "/a%00/../x",
        "/a%00.txt",
        "/..%01/x",
        "/a/;/../../x",
        "/a/%0a/../../x",
        "/$x/../y",
        "/.$x./y",
        "/$(pwd)/y",
        "/${x:-..}/y",
        "/`pwd`",
    ] {
        let path = format!("/srv/data{rest}");
        assert!(!allows(&policy, &path), "{path}");
    }
}

#[test]
fn a_path_that_begins_elsewhere_is_denied() {
    let policy = policy(DATA);
    for path in [
        "",
        "/",
        "/srv",
        "/srv/data2/x",
        "/srv/data.bak",
        "/SRV/data/x",
        "/etc/passwd",
        "//srv/data/x",
        "/\\srv\\data",
        "srv/data/x",
        "x",
        "./x",
        "..",
        "~/x",
        "$HOME/x",
        "file:///srv/data/x",
        "C:\\srv\\data\\x",
        "\\\\server\\share\\x",
        "\\\\?\\C:\\x",
        "%2fsrv%2fdata%2fx",
        " /srv/data/x",
        "/srv/data\0/x",
        "/srv/data/a\nb",
        "/proc/self/root/srv/data/x",
    ] {
        assert!(!allows(&policy, path), "{path:?}");
    }
}

#[test]
fn without_a_root_a_path_stays_below_the_folder_where_it_begins() {
    let policy = policy("");
    for (path, expected) in [
        ("a/b.txt", true),
        (".", true),
        ("a/../b", true),
        ("a..b/...", true),
        ("..", false),
        ("a/../..", false),
        ("a\\..\\..\\b", false),
        ("%2e%2e/x", false),
        ("%2fetc/x", false),
        ("&sol;etc/x", false),
        ("／etc/x", false),
        ("%7e/x", false),
        ("c%3a%5cx", false),
        (" /a", false),
        (" a", true),
        ("ノート.txt", true),
        ("247473dfa13b.js", true),
        ("--output=/a", false),
        ("./--output", true),
        ("| id", false),
        ("/a", false),
        ("\\a", false),
        ("~", false),
        ("$HOME", false),
        ("C:a", false),
        ("C:\\a", false),
        ("\\\\.\\pipe\\x", false),
        ("php://filter/x", false),
    ] {
        assert_eq!(allows(&policy, path), expected, "{path}");
    }
}

#[test]
fn a_root_of_windows_is_read_as_windows_reads_it() {
    let policy = policy("within = ['C:\\data', '\\\\files\\team']");
    for (path, expected) in [
        ("C:\\data\\a\\b.txt", true),
        ("c:/DATA/a", true),
        ("C:\\data\\a/../b", true),
        ("\\\\FILES\\team\\a", true),
        ("C:\\data2\\a", false),
        ("C:data\\a", false),
        ("D:\\data\\a", false),
        ("C:\\data\\..\\a", false),
        ("C:\\data\\.. \\a", false),
        ("C:\\data\\a:stream", false),
        ("C:\\data\\NUL", false),
        ("C:\\data\\com1.txt", false),
        ("C:\\data\\a.", false),
        ("C:\\data\\%TEMP%\\a", false),
        ("\\\\?\\C:\\data\\a", false),
        ("\\\\.\\C:\\data\\a", false),
        ("\\\\files\\other\\a", false),
        ("/data/a", false),
    ] {
        assert_eq!(allows(&policy, path), expected, "{path}");
    }
}

#[test]
fn a_denial_says_where_the_path_should_have_been() {
    let policy = policy("within = ['/srv/data', '/tmp']");
    for (path, part) in [
        ("/etc/passwd", "must be a path within \"/srv/data\" or \"/tmp\", not \"/etc/passwd\""),
        ("/tmp/../etc", "its `..` leads out of there"),
        ("/tmp/%2e%2e/etc", "decoded (percent) it leads out of there"),
        ("/tmp/..\\etc", "Windows sees it lead out of there"),
        ("/tmp/a\tb", "'\\t' as character 7"),
        ("/tmp/%c0%ae", "an escape that no UTF-8 text has"),
    ] {
        let reason = reason(&policy, path);
        assert!(reason.contains(part), "{reason}");
    }
}

#[test]
fn a_policy_that_could_not_do_what_it_says_does_not_load() {
    for (keys, part) in [
        ("within = []", "an empty `within` allows nothing"),
        ("within = ['/srv/../etc']", "leads up"),
        ("within = ['~/data']", "expanded to a home folder"),
        ("within = ['$HOME']", "a variable"),
        ("within = ['//server/share']", "the name of a server"),
        ("symlinks = 'follow'", "unknown value `follow`"),
        ("root = '/srv'", "unknown key `root`"),
    ] {
        let text = format!("[tools.read]\nargs.path = {{ type = 'path', {keys} }}");
        let error = Policy::from_toml(&text, "p.toml").unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_out_is_seen_where_links_are_resolved() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().canonicalize().unwrap();
    let root = top.join("root");
    std::fs::create_dir_all(root.join("inside")).unwrap();
    std::fs::write(top.join("secret"), "").unwrap();
    symlink("inside", root.join("within")).unwrap();
    symlink(&top, root.join("out")).unwrap();
    symlink(top.join("unborn"), root.join("dangling")).unwrap();
    symlink(&root, top.join("alias")).unwrap();
    let root = root.display();
    let alias = top.join("alias");
    let resolving = policy(&format!("within = ['{root}', '{}'], symlinks = 'resolve'", alias.display()));
    let lexical = policy(&format!("within = ['{root}']"));
    for (path, resolved) in [
        ("inside/new.txt", true),
        ("within/new.txt", true),
        ("not/yet/there", true),
        ("within/../inside", true),
        ("out/secret", false),
        ("out/root/inside", true),
        ("dangling", false),
        ("dangling/x", false),
        ("not/../yet", false),
    ] {
        let path = format!("{root}/{path}");
        assert_eq!(allows(&resolving, &path), resolved, "{path}");
        assert!(allows(&lexical, &path), "{path}");
    }
    assert!(allows(&resolving, &format!("{}/inside", alias.display())));
}

/// One step up or down, spelt in one of the ways that are decoded.
fn step() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "../",
        "..%2f",
        "%2e%2e/",
        "..\\",
        "%252e%252e/",
        "．．/",
        "./",
        "a/",
        "b%20c/",
        "..%u2215",
        ".../",
        "..;/",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(path in any::<String>()) {
        allows(&policy(DATA), &format!("/srv/data/{path}"));
        allows(&policy(""), &path);
    }

    #[test]
    fn no_text_of_marks_panics(path in "[a.%/\\\\$;:~?u0-9é．∕&#]{0,60}") {
        allows(&policy("within = ['.', '/srv/data', 'C:\\data', '\\\\a\\b']"), &path);
    }

    /// Counted by hand: every step that some reader takes for `..` leads up.
    #[test]
    fn no_walk_that_ends_above_the_root_is_taken(steps in prop::collection::vec(step(), 1..12)) {
        let up = ["../", "..%2f", "%2e%2e/", "..\\", "%252e%252e/", "．．/", "..%u2215", "..;/"];
        let mut depth = 0_i32;
        let mut lowest = 0;
        for step in &steps {
            depth += match *step {
                "./" | ".../" => 0,
                step if up.contains(&step) => -1,
                _ => 1,
            };
            lowest = lowest.min(depth);
        }
        let path = format!("/srv/data/{}", steps.concat());
        if lowest < 0 {
            prop_assert!(!allows(&policy(DATA), &path), "{}", path);
        }
    }
}
