//! A policy loads as it is meant, or says what is wrong with it, where, and what was meant.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics is a test that fails")]

use argala_engine::Policy;
use argala_engine::policy::{Entry, Node, Value};

/// A policy with one mistake: its text, the place that is named, and two parts of what is said (the second may be empty).
type Mistake = (&'static str, &'static str, &'static str, &'static str);

const KEYS: &[Mistake] = &[
    ("allowed_metods = ['a']", "1:1", "unknown key `allowed_metods`", "did you mean `allowed_methods`?"),
    ("allowed_methods = ['a']\nAllowed-Methods = []", "2:1", "`Allowed-Methods`", "`allowed_methods`?"),
    ("allowed_methods = ['a']\ncolour = 1", "2:1", "unknown key `colour`", "known here: allowed_methods, "),
    (
        "allowed_methods = []\n[limits]\nmax_byte = 1",
        "3:1",
        "unknown key `max_byte` in [limits]",
        "`max_bytes`?",
    ),
    ("allowed_methods = []\n[limts]\nmax_bytes = 1", "2:2", "unknown key `limts`", "`limits`?"),
    (
        "allowed_methods = []\n[[deny]]\npattern = ['x']",
        "3:1",
        "unknown key `pattern` in [deny]",
        "`patterns`?",
    ),
    ("[[deny]]\npatterns = ['x']\nmethod = ['m']\n[tools.x]", "3:1", "`method` in [deny]", "`methods`?"),
    ("[[deny]]\npatterns = ['x']\n[tools.x]\ndesicion = 'ask'", "4:1", "in [tools.x]", "`decision`?"),
    ("[tools.x]\nargs.q = { type = 'string', maxlen = 2 }", "2:29", "in [tools.x.args.q]", "`max_len`?"),
    ("[tools.x]\nargs.q = { type = 'integer', max_len = 2 }", "2:30", "unknown key `max_len`", "known here"),
    ("[tools.x]\nargs.q = { typo = 'string' }", "2:10", "an argument needs a type", "where it says `typo`"),
    ("[tools.x]\nargs.q = {}", "2:10", "an argument needs a type", "one of any, array, boolean"),
    (
        "[tools.x]\nargs.q = { type = 'array', items = { type = 'any', required = true } }",
        "2:52",
        "unknown key `required` in [tools.x.args.q.items]",
        "known here: type",
    ),
    (
        "[tools.g]\nallowed_methods = ['x']\nextra = 1",
        "3:1",
        "unknown key `extra` in [tools.g]",
        "known here",
    ),
];

const TEXT: &[Mistake] = &[
    ("allowed_methods = ['a'", "1:23", "the policy is not TOML", ""),
    ("allowed_methods = ['a']\nallowed_methods = ['b']", "2:1", "the policy is not TOML: duplicate key", ""),
    ("allowed_methods = [\"\\q\"]", "1:22", "the policy is not TOML", ""),
    ("", "1:1", "the policy allows nothing", "add allowed_methods"),
    ("# só\n\ndenied_patterns = ['x']", "1:1", "the policy allows nothing", "to deny everything"),
    ("version = 2\nallowed_methods = []", "1:11", "unknown version", "this Argala reads version = 1"),
    ("version = '1'\nallowed_methods = []", "1:11", "unknown version", ""),
];

const PATTERNS: &[Mistake] = &[
    (
        "allowed_methods = ['a']\ndenied_patterns = ['x', '']",
        "2:25",
        "an empty pattern would deny every call",
        "",
    ),
    ("[tools.x]\n[[deny]]\npatterns = ['']", "3:13", "an empty pattern", ""),
    ("[tools.x]\n[[deny]]", "2:1", "a rule without patterns denies nothing", "add patterns"),
    ("[tools.x]\n[[deny]]\npatterns = []", "3:12", "a rule without patterns denies nothing", ""),
    ("[tools.x]\n[deny]\npatterns = ['x']", "2:1", "expected an array, found a table", "write [[deny]]"),
    (
        "[tools.x]\n[[deny]]\npatterns = ['x']\nmethods = []",
        "4:11",
        "a rule for no method",
        "leave `methods` out",
    ),
    ("[tools.x]\n[[deny]]\npatterns = ['x']\nmethods = ['']", "4:12", "a method name can't be empty", ""),
    ("[tools.x]\n[[deny]]\npatterns = ['x']\nargs = []", "4:8", "a rule for no argument", "leave `args` out"),
    ("[tools.x]\n[[deny]]\npatterns = ['x']\nargs = ['']", "4:9", "can't be empty", "`*` stands for every"),
    ("[tools.x]\n[[deny]]\npatterns = ['x']\nargs = ['/a~2']", "4:9", "not a JSON Pointer", "`~0`"),
    (
        "[tools.x]\n[[deny]]\npatterns = ['(x']\nmatch = 'regex'",
        "3:13",
        "not a regular expression: unclosed group",
        "Rust's regex crate",
    ),
    ("[tools.x]\n[[deny]]\npatterns = ['x*']\nmatch = 'regex'", "3:13", "would deny every call", ""),
    ("[tools.x]\n[[deny]]\npatterns = ['[a&&b]']\nmatch = 'regex'", "3:13", "would deny nothing", ""),
    ("[tools.x]\n[[deny]]\npatterns = ['(x{1000}){1000}']\nmatch = 'regex'", "3:13", "takes more than", ""),
    (
        "[tools.x]\n[[deny]]\npatterns = ['x']\nmatch = 'words'",
        "4:9",
        "unknown value `words`",
        "mean `word`?",
    ),
    (
        "[tools.x]\n[[deny]]\npatterns = ['x']\nid = 'a b'",
        "4:6",
        "\"a b\" can't be the id of a rule",
        "letters",
    ),
    ("[tools.x]\n[[deny]]\npatterns = ['x']\nid = ''", "4:6", "can't be the id of a rule", ""),
    (
        "[tools.x]\n[[deny]]\npatterns = ['x']\nid = 'not-allowed'",
        "4:6",
        "\"not-allowed\" can't be the id",
        "none of",
    ),
    (
        "[tools.x]\n[[deny]]\nid = 'a'\npatterns = ['x']\n[[deny]]\nid = 'a'\npatterns = ['y']",
        "5:1",
        "two rules have the id `a`",
        "an id of its own",
    ),
];

const METHODS: &[Mistake] = &[
    ("allowed_methods = ['a', '']", "1:25", "a method name can't be empty", ""),
    ("allowed_methods = ['é']", "1:20", "\"é\" can match no method", "printable ASCII"),
    ("allowed_methods = [\"a\\n\"]", "1:20", "can match no method", ""),
    ("allowed_methods = ['é', 'a']\n", "1:20", "printable ASCII", ""),
    ("allowed_methods = ['a**']", "1:20", "`**` means no more than `*`", ""),
    ("allowed_methods = ['a?']", "1:20", "`?` has no meaning in a method glob", "only `*` has"),
    ("allowed_methods = ['a[b]']", "1:20", "`[` has no meaning", ""),
    ("[tools.'{a,b}']", "1:8", "`{` has no meaning", ""),
    ("[tools.'']", "1:8", "a method name can't be empty", ""),
    ("[tools.x]\ndecision = 'maybe'", "2:12", "unknown value `maybe`", "known here: allow, ask, deny"),
    ("[tools.x]\nextra_args = 'alow'", "2:14", "unknown value `alow`", "did you mean `allow`?"),
    (
        "[tools.g]\ndenied_patterns = ['x']",
        "1:1",
        "a group without methods holds for nothing",
        "allowed_methods",
    ),
    ("[tools.g]\nallowed_methods = []", "2:19", "a group without methods", ""),
    (
        "[tools.g]\nallowed_methods = ['x']\nargs.q.type = 'any'",
        "3:1",
        "`args` can't stand in a group",
        "[tools.METH",
    ),
    ("[tools.g]\nallowed_methods = ['x']\ndecision = 'ask'", "3:12", "`decision` can't stand in a group", ""),
];

const CONSTRAINTS: &[Mistake] = &[
    ("[tools.x]\nargs.q.type = 'strin'", "2:15", "unknown type `strin`", "did you mean `string`?"),
    ("[tools.x]\nargs.q.type = 'String'", "2:15", "unknown type `String`", "did you mean `string`?"),
    (
        "[tools.x]\nargs.q = { type = 'array', items = { type = 'emial' } }",
        "2:45",
        "unknown type `emial`",
        "did you mean `email`?",
    ),
    (
        "[tools.x]\nargs.q = { type = 'sql', dialect = 'postgre' }",
        "2:36",
        "unknown value `postgre`",
        "did you mean `postgres`?",
    ),
    (
        "[tools.x]\nargs.q = { type = 'sql', allow = ['selec'] }",
        "2:35",
        "unknown kind of statement `selec`",
        "did you mean `select`?",
    ),
    ("[tools.x]\nargs.q = { type = 'sql', allow = [] }", "2:10", "an empty `allow` allows nothing", ""),
    ("[tools.x]\nargs.q = { type = 'sql', tables = [] }", "2:10", "an empty `tables` allows nothing", ""),
    ("[tools.x]\nargs.q = { type = 'sql', tables = ['a..b'] }", "2:36", "\"a..b\" is no table", ""),
    (
        "[tools.x]\nargs.q = { type = 'sql', allow = ['create'], tables = ['t'] }",
        "2:10",
        "`tables` can't be held where `create` is allowed",
        "select, explain",
    ),
    (
        "[tools.x]\nargs.q = { type = 'sql', functions = ['nextvall'] }",
        "2:39",
        "`nextvall` isn't known to act",
        "did you mean `nextval`?",
    ),
    (
        "[tools.x]\nargs.q = { type = 'sql', table = ['t'] }",
        "2:26",
        "unknown key `table`",
        "did you mean `tables`?",
    ),
    ("[tools.x]\nargs.'/a~' = { type = 'any' }", "2:6", "\"/a~\" is not a JSON Pointer", "`~0`"),
    ("[tools.x]\nargs.'' = { type = 'any' }", "2:6", "an argument's name can't be empty", ""),
    ("[tools.x]\nargs.filter.limit = { type = 'any' }", "2:6", "needs a type", "args.\"/filter/limit\""),
    ("[tools.x]\nargs.'*' = { type = 'any', required = true }", "2:6", "`required` needs one place", ""),
    ("[tools.x]\nargs.'/a/*' = { type = 'any', required = true }", "2:6", "`required` needs one place", ""),
    (
        "[tools.x]\nargs.q = { type = 'number', min = 2, max = 1 }",
        "2:10",
        "no number lies between min 2 and",
        "",
    ),
    ("[tools.x]\nargs.q = { type = 'number', min = 1.01, max = 1 }", "2:10", "min 1.01 and max 1", ""),
    ("[tools.x]\nargs.q = { type = 'number', min = nan }", "2:35", "a number that is not finite", ""),
    ("[tools.x]\nargs.q = { type = 'number', min = -inf }", "2:35", "a number that is not finite", ""),
    (
        "[tools.x]\nargs.q = { type = 'number', max = 2026-01-01 }",
        "2:35",
        "expected a number, found a date",
        "",
    ),
    (
        "[tools.x]\nargs.q = { type = 'integer', max = 999999999999999999999999999999999999999999 }",
        "2:36",
        "found an integer of more than 128 bits",
        "",
    ),
    (
        "[tools.x]\nargs.q = { type = 'string', pattern = 'a(' }",
        "2:39",
        "not a regular expression: unclosed",
        "",
    ),
    (
        "[tools.x]\nargs.q = { type = 'string', pattern = '(?=a)' }",
        "2:39",
        "not a regular expression",
        "Rust's",
    ),
    (
        "[tools.x]\nargs.q = { type = 'string', pattern = 'a{999}{999}' }",
        "2:39",
        "takes more than 1048576",
        "",
    ),
];

const BUDGETS: &[Mistake] = &[
    ("[tools.x]\nprincipals = []", "2:14", "an empty `principals` lets nobody call", "to mean everyone"),
    ("[tools.x]\nprincipals = ['ops']", "2:15", "\"ops\" can be nobody", "user:NAME, token:NAME"),
    ("[tools.x]\nprincipals = ['group:']", "2:15", "\"group:\" can be nobody", ""),
    ("[tools.x]\nprincipals = ['user:a', 'users:a']", "2:25", "\"users:a\" can be nobody", ""),
    ("[tools.x]\nprincipal = ['user:a']", "2:1", "unknown key `principal`", "`principals`?"),
    ("[tools.g]\nallowed_methods = ['x']\nprincipals = ['user:a']", "3:14", "can't stand in a group", ""),
    ("[tools.x]\n[budget]\ncalls = 1", "2:1", "expected an array, found a table", "[[budget]]"),
    ("[tools.x]\n[[budget]]\ncalls = 1\nper = 'day'", "2:1", "a budget needs a name", "add id ="),
    (
        "[tools.x]\n[[budget]]\nid = 'a b'\ncalls = 1\nper = 'day'",
        "3:6",
        "can't be the id of a budget",
        "letters",
    ),
    ("[tools.x]\n[[budget]]\nid = 'b'\ncalls = 1", "2:1", "a budget needs a time", "add per ="),
    ("[tools.x]\n[[budget]]\nid = 'b'\ncalls = 1\nper = 'hours'", "5:7", "unknown time `hours`", "`hour`?"),
    ("[tools.x]\n[[budget]]\nid = 'b'\ncalls = 1\nper = '0s'", "5:7", "a time is from 1s to", ""),
    (
        "[tools.x]\n[[budget]]\nid = 'b'\ncalls = 1\nper = '99999999999999999999s'",
        "5:7",
        "a time is from 1s",
        "",
    ),
    ("[tools.x]\n[[budget]]\nid = 'b'\ncalls = 1\nper = 's'", "5:7", "a time is from 1s", ""),
    ("[tools.x]\n[[budget]]\nid = 'b'\nper = 'day'", "2:1", "counts either calls or a sum", "calls = 10, or"),
    (
        "[tools.x]\n[[budget]]\nid = 'b'\nper = 'day'\ncalls = 1\nsum = 'a'\nmax = 1",
        "2:1",
        "counts either calls or a sum",
        "",
    ),
    ("[tools.x]\n[[budget]]\nid = 'b'\nper = 'day'\nsum = 'a'", "2:1", "counts either calls or a sum", ""),
    (
        "[tools.x]\n[[budget]]\nid = 'b'\nper = 'day'\ncalls = 0",
        "5:9",
        "lets nothing pass",
        "decision = \"deny\"",
    ),
    ("[tools.x]\n[[budget]]\nid = 'b'\nper = 'day'\nsum = 'a'\nmax = 0.0", "6:7", "lets nothing pass", ""),
    (
        "[tools.x]\n[[budget]]\nid = 'b'\nper = 'day'\nsum = 'a'\nmax = -1",
        "6:7",
        "above 0 and below 10¹⁸",
        "",
    ),
    (
        "[tools.x]\n[[budget]]\nid = 'b'\nper = 'day'\nsum = 'a'\nmax = 1e18",
        "6:7",
        "above 0 and below 10¹⁸",
        "",
    ),
    (
        "[tools.x]\n[[budget]]\nid = 'b'\nper = 'day'\nsum = '/a/*'\nmax = 1",
        "5:7",
        "a sum needs one place",
        "",
    ),
    ("[tools.x]\n[[budget]]\nid = 'b'\nper = 'day'\ncals = 1", "5:1", "unknown key `cals`", "`calls`?"),
    (
        "[tools.x]\n[[budget]]\nid = 'b'\nper = 'day'\ncalls = 1\nmethods = []",
        "6:11",
        "counts nothing",
        "leave",
    ),
    (
        "[tools.x]\n[[budget]]\nid = 'b'\nper = 'day'\ncalls = 1\nby = 'user'",
        "6:6",
        "unknown value `user`",
        "",
    ),
    (
        "[tools.x]\n[[budget]]\nid = 'b'\nper = 'session'\ncalls = 1\nby = 'gateway'",
        "6:6",
        "is counted by session",
        "give a time",
    ),
    (
        "[tools.x]\n[[budget]]\nid = 'b'\nper = 'day'\ncalls = 1\n[[budget]]\nid = 'b'\nper = 'hour'\ncalls = 1",
        "6:1",
        "two budgets have the id `b`",
        "an id of its own",
    ),
];

const TYPES: &[Mistake] = &[
    ("allowed_methods = 'a'", "1:19", "expected an array, found a string", "put it in brackets"),
    ("allowed_methods = [1]", "1:20", "expected a string, found an integer", ""),
    ("allowed_methods = []\ndenied_patterns = 'DROP'", "2:19", "expected an array", "put it in brackets"),
    ("allowed_methods = []\ndenied_patterns = [['DROP']]", "2:20", "expected a string, found an array", ""),
    ("allowed_methods = []\ndeny = ['DROP']", "2:9", "expected a table, found a string", ""),
    ("allowed_methods = []\ntools = ['x']", "2:9", "expected a table, found an array", ""),
    ("[[tools.x]]\ndecision = 'ask'", "1:1", "expected a table, found an array", ""),
    ("[tools.x]\nargs = ['q']", "2:8", "expected a table, found an array", ""),
    ("[tools.x]\nargs.q = 'string'", "2:10", "expected a table, found a string", ""),
    ("[tools.x]\nargs.q = { type = 1 }", "2:19", "expected a string, found an integer", ""),
    (
        "[tools.x]\nargs.q = { type = 'any', required = 'yes' }",
        "2:37",
        "expected true or false, found a string",
        "",
    ),
    ("[tools.x]\nargs.q = { type = 'string', one_of = 'a' }", "2:38", "expected an array", "brackets"),
    ("[tools.x]\nargs.q = { type = 'string', one_of = ['a', 1] }", "2:44", "expected a string", ""),
    ("[tools.x]\nargs.q = { type = 'string', max_len = -1 }", "2:39", "expected a whole number from 0", ""),
    ("[tools.x]\nargs.q = { type = 'string', max_len = 1.0 }", "2:39", "expected a whole number from 0", ""),
    ("[tools.x]\nargs.q = { type = 'number', max = '1' }", "2:35", "expected a number, found a string", ""),
    (
        "[tools.x]\nargs.q = { type = 'number', one_of = [1, true] }",
        "2:42",
        "expected a number, found a bo",
        "",
    ),
    ("[tools.x]\nargs.q = { type = 'array', items = 'string' }", "2:36", "expected a table", ""),
    ("[tools.x]\n[[deny]]\npatterns = 'x'", "3:12", "expected an array, found a string", "brackets"),
    ("[tools.x]\n[[deny]]\npatterns = [1]", "3:13", "expected a string, found an integer", ""),
    ("[tools.x]\n[[deny]]\npatterns = ['x']\nmethods = 'm'", "4:11", "expected an array", "brackets"),
    ("[tools.x]\n[[deny]]\npatterns = ['x']\nargs = [2]", "4:9", "expected a string", ""),
    ("[tools.x]\n[[deny]]\npatterns = ['x']\nid = 1", "4:6", "expected a string", ""),
    ("[tools.g]\nallowed_methods = 'x'", "2:19", "expected an array", "brackets"),
    ("limits = 1\nallowed_methods = []", "1:10", "expected a table, found an integer", ""),
    ("allowed_methods = []\n[limits]\nmax_bytes = 0", "3:13", "max_bytes must be from 1 to 16777216", ""),
    ("allowed_methods = []\n[limits]\nmax_depth = 129", "3:13", "max_depth must be from 1 to 128", ""),
    (
        "allowed_methods = []\n[limits]\nmax_nodes = 1_000_001",
        "3:13",
        "max_nodes must be from 1 to 1000000",
        "",
    ),
    ("allowed_methods = []\n[limits]\nmax_nodes = -1", "3:13", "expected a whole number", ""),
    ("allowed_methods = []\n[limits]\nmax_nodes = 1e30", "3:13", "expected a whole number", ""),
    (
        "allowed_methods = []\n[limits]\nmax_bytes = 99999999999999999999",
        "3:13",
        "expected a whole number",
        "",
    ),
];

#[test]
fn a_mistake_gives_one_error_that_names_its_place_and_what_was_meant() {
    let mut wrong = Vec::new();
    for (text, place, said, helped) in [KEYS, TEXT, PATTERNS, METHODS, CONSTRAINTS, TYPES, BUDGETS].concat() {
        let Err(error) = Policy::from_toml(text, "p.toml") else {
            wrong.push(format!("loads:\n{text}"));
            continue;
        };
        let shown = error.to_string();
        let place = format!("p.toml:{place}");
        if error.diagnostics().len() != 1 || [said, helped, &place].iter().any(|part| !shown.contains(part)) {
            wrong.push(format!(
                "{text}\nshould be one error that has {place:?}, {said:?}, {helped:?}:\n{shown}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_mistake_is_reported_at_once_in_the_order_of_the_file() {
    let text = "\
denied_pattern = ['x']
[tools.a]
args.q = { type = 'emial' }
[limits]
max_depth = 0
[[deny]]
patterns = ['']
match = 'words'
[tools.'b?']
";
    let error = Policy::from_toml(text, "p.toml").unwrap_err();
    let lines: Vec<_> =
        error.diagnostics().iter().map(|diagnostic| error.position(diagnostic).unwrap().0).collect();
    assert_eq!(lines, [1, 3, 5, 7, 8, 9], "{error}");
}

#[test]
fn a_page_of_mistakes_is_shown_and_the_rest_is_counted() {
    let text: String = (0..50).map(|n| format!("key{n} = 1\n")).collect();
    let error = Policy::from_toml(&text, "p.toml").unwrap_err();
    assert_eq!(error.diagnostics().len(), 50);
    let shown = error.to_string();
    assert_eq!(shown.matches("p.toml:").count(), 20);
    assert!(shown.ends_with("… and 30 more"), "{shown}");
}

#[test]
fn a_policy_that_a_program_built_names_the_key_instead_of_the_line() {
    let entry = |key: &str, value| Entry { key: key.to_owned(), key_span: None, node: Node::new(value) };
    let limits = Value::Table(vec![entry("max_bytes", Value::Integer("0".to_owned()))]);
    let policy = Node::new(Value::Table(vec![
        entry("allowed_methods", Value::Array(vec![])),
        entry("limits", limits),
    ]));
    let error = Policy::from_node(&policy, "policy").unwrap_err();
    assert_eq!(
        error.to_string(),
        "error: policy: limits.max_bytes: max_bytes must be from 1 to 16777216, the engine's own bound"
    );
}

#[test]
fn a_key_that_a_program_gave_twice_is_refused() {
    let entry = || Entry {
        key: "allowed_methods".to_owned(),
        key_span: None,
        node: Node::new(Value::Array(vec![Node::new(Value::String("m".to_owned()))])),
    };
    assert!(Policy::from_node(&Node::new(Value::Table(vec![entry(), entry()])), "policy").is_err());
}

#[test]
fn a_policy_that_nests_without_end_is_refused_and_not_followed() {
    for text in [
        format!("{}x = 1", "a.".repeat(100_000)),
        format!("[{}x]", "a.".repeat(100_000)),
        format!("x = {}", "[".repeat(100_000)),
        format!("x = {}", "{a=".repeat(100_000)),
    ] {
        assert!(Policy::from_toml(&text, "p.toml").unwrap_err().to_string().contains("not TOML"));
    }
}

#[test]
fn what_is_no_mistake_loads() {
    for text in [
        "allowed_methods = []",
        "\u{feff}allowed_methods = ['a']",
        "allowed_methods = ['a']\r\ndenied_patterns = ['x']\r\n",
        "version = 1\nallowed_methods = ['a']",
        "allowed_methods = ['a']\ndenied_patterns = []",
        "[tools.x]",
        "tools.x.args.q.type = 'string'",
        "[tools.x]\nargs.q = { type = 'number', min = 0x10, max = 1_6 }",
        "[tools.x]\nargs.q = { type = 'number', min = -1_0.5, max = +1e0_2 }",
        "[limits]\nmax_bytes = 16_777_216\nmax_depth = 128\nmax_nodes = 1_000_000\n[tools.x]",
    ] {
        if let Err(error) = Policy::from_toml(text, "p.toml") {
            panic!("{text}\n{error}");
        }
    }
}
