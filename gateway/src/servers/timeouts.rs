//! How long calls may take: `timeout`, `timeouts` and `max_timeout` of a server in the servers file.

use std::cmp::Reverse;
use std::time::Duration;

use argala_engine::policy::MethodGlob;
use argala_json::Node;

use super::{Fault, File};

/// Hosts write `timeout` in seconds or in milliseconds: none means more seconds, nor fewer milliseconds, than these.
const MOST_SECONDS: f64 = 3600.0;
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// How long a call may take where it is limited at all, however much progress its server tells of.
const MOST: Duration = Duration::from_secs(3600);

/// The times of a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Timeouts {
    /// For every call, where the connection doesn't see to that.
    all: Option<Duration>,
    /// For tools by their own names; the one that is named most closely comes first.
    tools: Vec<(MethodGlob, Duration)>,
    /// For a call, whatever its server says of its progress.
    most: Option<Duration>,
}

/// How long a call may take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Limit {
    /// How long its server may say nothing of its progress.
    pub(crate) silence: Option<Duration>,
    /// How long it may take in all.
    pub(crate) most: Option<Duration>,
    /// Where `silence` is written.
    pub(crate) key: &'static str,
}

impl Timeouts {
    /// The limit of a call to a tool, or of another request.
    pub(crate) fn of(&self, tool: Option<&str>) -> Limit {
        let own = tool.and_then(|tool| self.tools.iter().find(|(glob, _)| glob.matches(tool)));
        match own {
            Some((_, time)) => Limit { silence: Some(*time), most: self.most, key: "timeouts" },
            None => Limit { silence: self.all, most: self.most, key: "timeout" },
        }
    }
}

impl File<'_> {
    /// All times of an entry. Over HTTP the connection keeps `timeout`.
    pub(super) fn timeouts(&self, entry: &Node, is_http: bool) -> Result<Timeouts, Fault> {
        let all = self.timeout(entry)?;
        let mut tools = Vec::new();
        if let Some(table) = self.member(entry, "timeouts") {
            self.expect(table, '{', "`timeouts` must be an object: names of tools, and seconds")?;
            for node in self.outline.children(table) {
                let name = node.key.as_deref().unwrap_or_default();
                let fault = |message| (Some(node.span.start), format!("`timeouts`: {message}"));
                let glob = MethodGlob::parse(name).map_err(fault)?;
                tools.push((name.contains('*'), name.len(), glob, self.seconds(node, "timeouts")?));
            }
        }
        // An exact name before globs, a longer glob before a shorter one; of two alike the one that is over sooner.
        tools.sort_by_key(|(is_glob, length, _, time)| (*is_glob, Reverse(*length), *time));
        let tools: Vec<_> = tools.into_iter().map(|(_, _, glob, time)| (glob, time)).collect();
        let longest = tools.iter().map(|(_, time)| *time).chain(all).max();
        let most = match self.member(entry, "max_timeout") {
            Some(node) => {
                let most = self.seconds(node, "max_timeout")?;
                if longest.is_some_and(|longest| longest > most) {
                    let message = "`max_timeout` is shorter than a time in `timeout` or `timeouts`";
                    return Err((Some(node.span.start), message.to_owned()));
                }
                Some(most)
            }
            None if is_http => Some(MOST.max(longest.unwrap_or_default())),
            None => longest.map(|longest| MOST.max(longest)),
        };
        Ok(Timeouts { all: all.filter(|_| !is_http), tools, most })
    }

    /// A host's `timeout`.
    pub(super) fn timeout(&self, entry: &Node) -> Result<Option<Duration>, Fault> {
        let Some(node) = self.member(entry, "timeout") else { return Ok(None) };
        let number = node.raw(self.text).parse::<f64>().ok().filter(|number| *number > 0.0);
        let Some(number) = number else {
            let message =
                "`timeout` must be a number above 0: up to 3600 it means seconds, above milliseconds";
            return Err((Some(node.span.start), message.to_owned()));
        };
        let seconds = if number <= MOST_SECONDS { number } else { number / 1000.0 };
        let timeout = Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST);
        Ok(Some(timeout.min(LONGEST)))
    }

    /// A time under a key of our own: no host means another unit.
    fn seconds(&self, node: &Node, key: &str) -> Result<Duration, Fault> {
        let number = node.raw(self.text).parse::<f64>().ok().filter(|number| *number > 0.0);
        let time = number.and_then(|number| Duration::try_from_secs_f64(number).ok());
        time.filter(|time| *time <= LONGEST).ok_or_else(|| {
            let message = format!("`{key}` must be seconds: a number above 0, up to 86400 (a day)");
            (Some(node.span.start), message)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{read, read_for_tests};
    use super::Limit;

    fn limit(entry: &str, tool: Option<&str>) -> Limit {
        let text = format!(r#"{{"mcpServers": {{"a": {entry}}}}}"#);
        let servers = read_for_tests(&text);
        servers[0].timeouts.of(tool)
    }

    #[test]
    fn the_closest_name_says_how_long_a_tool_may_take() {
        let entry = r#"{"command": "x", "timeout": 9,
            "timeouts": {"*": 7, "read_*": 1.5, "read_all": 120, "*_all_things": 3}}"#;
        for (tool, seconds) in [
            (None, 9.0),
            (Some("echo"), 7.0),
            (Some("read_one"), 1.5),
            (Some("read_all"), 120.0),
            (Some("read_all_things"), 3.0),
        ] {
            let limit = limit(entry, tool);
            assert_eq!(limit.silence, Some(Duration::from_secs_f64(seconds)), "{tool:?}");
            assert_eq!(limit.most, Some(Duration::from_secs(3600)), "{tool:?}");
        }
    }

    #[test]
    fn what_is_not_limited_ends_when_its_host_says_so() {
        for (entry, silence, most) in [
            (r#"{"command": "x"}"#, None, None),
            (r#"{"command": "x", "max_timeout": 7200}"#, None, Some(7200)),
            (r#"{"command": "x", "timeout": 5, "max_timeout": 60}"#, Some(5), Some(60)),
            (r#"{"command": "x", "timeouts": {"t": 7200}}"#, Some(7200), Some(7200)),
            (r#"{"url": "http://127.0.0.1/", "timeout": 5}"#, None, Some(3600)),
            (r#"{"url": "http://127.0.0.1/", "timeouts": {"t": 5}}"#, Some(5), Some(3600)),
        ] {
            let limit = limit(entry, Some("t"));
            let seconds = |time: Option<Duration>| time.map(|time| time.as_secs());
            assert_eq!((seconds(limit.silence), seconds(limit.most)), (silence, most), "{entry}");
        }
    }

    #[test]
    fn times_that_cannot_be_meant_are_refused() {
        for (keys, said) in [
            (r#""timeouts": 5"#, "must be an object"),
            (r#""timeouts": {"a[b]": 5}"#, "has no meaning in a method glob"),
            (r#""timeouts": {"a": 0}"#, "`timeouts` must be seconds"),
            (r#""timeouts": {"a": "5"}"#, "`timeouts` must be seconds"),
            (r#""max_timeout": 86401"#, "`max_timeout` must be seconds"),
            (r#""timeout": 60, "max_timeout": 59"#, "`max_timeout` is shorter"),
        ] {
            let text = format!(r#"{{"mcpServers": {{"a": {{"command": "x", {keys}}}}}}}"#);
            let (_, message) = read(&text, &|_| None).unwrap_err();
            assert!(message.contains(said), "{keys}: {message}");
        }
    }
}
