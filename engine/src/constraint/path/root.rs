//! The roots that a policy names, and whether a path begins at one and stays below it.

use super::walk::{Style, climbs_out, is_dropped, leads_up};
use super::windows;

/// A folder under which paths may lie.
#[derive(Debug)]
pub(super) struct Root {
    /// As the policy writes it.
    pub(super) text: String,
    anchor: Anchor,
    /// Behind the anchor.
    segments: Vec<String>,
}

/// Where a path begins.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Anchor {
    /// `/`
    Slash,
    /// `C:\`, in lower case.
    Drive(char),
    /// `\\server\share`: the share is the first segment but one.
    Share,
    /// The working folder of whoever opens it.
    Here,
}

/// Why a path isn't below a root.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outside {
    /// It begins elsewhere.
    Elsewhere,
    /// It begins there, and leads out again.
    Climbs,
    /// A name in it means something else, as the end of "a name …".
    Name(&'static str),
}

impl Root {
    /// Reads a root.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(format!("{text:?} is no folder"));
        }
        if let Some(fault) = opens_otherwise(text) {
            return Err(format!("{text:?} is no folder by itself: it begins with {fault}"));
        }
        let (anchor, rest) = anchor(text);
        let segments: Vec<String> = style(&anchor).segments(rest).map(str::to_owned).collect();
        if segments.iter().any(|segment| leads_up(segment)) {
            return Err(format!("{text:?} leads up: write the folder that it leads to"));
        }
        if anchor == Anchor::Share && segments.len() < 2 {
            return Err(format!("{text:?} is no share: write \\\\server\\share"));
        }
        if style(&anchor) == Style::Windows
            && let Some(fault) = segments.iter().find_map(|segment| windows::fault(segment))
        {
            return Err(format!("{text:?} has a name {fault}"));
        }
        Ok(Self { text: text.to_owned(), anchor, segments })
    }

    /// Whether a path begins at this root and stays below it as its own system divides it.
    pub(super) fn holds(&self, text: &str) -> Result<(), Outside> {
        let (anchor, rest) = anchor(text);
        if anchor != self.anchor || opens_otherwise(text).is_some() {
            return Err(Outside::Elsewhere);
        }
        let style = style(&self.anchor);
        let mut segments = style.segments(rest);
        let mut own = self.segments.iter();
        if !own.all(|own| segments.next().is_some_and(|segment| self.is_same(own, segment))) {
            return Err(Outside::Elsewhere);
        }
        let below: Vec<&str> = segments.collect();
        if climbs_out(below.iter().copied()) {
            return Err(Outside::Climbs);
        }
        match style {
            Style::Windows => below
                .iter()
                .filter(|name| **name != "..")
                .find_map(|name| windows::fault(name))
                .map_or(Ok(()), |fault| Err(Outside::Name(fault))),
            Style::Posix if self.anchor == Anchor::Slash => self.through_no_process(&below),
            Style::Posix => Ok(()),
        }
    }

    /// Whether another spelling of a path that this relative root holds begins elsewhere, as it is or when the spaces
    /// around it are cut off.
    pub(super) fn is_missed_by(&self, spelling: &str) -> bool {
        let trimmed = spelling.trim_start_matches(is_dropped);
        self.anchor == Anchor::Here
            && (anchor(trimmed).0 != Anchor::Here || opens_otherwise(trimmed).is_some())
    }

    /// Whether another spelling of a path that this root holds climbs out of it, however it is divided. A spelling may
    /// have changed the root's own names; what is behind as many names as they are is what is judged.
    pub(super) fn is_left_by(&self, spelling: &str) -> bool {
        Style::ALL.iter().filter(|style| **style == Style::Windows || !self.is_windows()).any(|style| {
            let mut segments = style.segments(spelling).peekable();
            for _ in 0..self.depth() {
                if segments.next_if(|segment| !leads_up(segment)).is_none() {
                    break;
                }
            }
            climbs_out(segments)
        })
    }

    /// Whether this is a root of Windows: a backslash below it is a separator, and begins no escape.
    pub(super) fn is_windows(&self) -> bool {
        style(&self.anchor) == Style::Windows
    }

    fn depth(&self) -> usize {
        self.segments.len() + usize::from(matches!(self.anchor, Anchor::Drive(_)))
    }

    /// Names on Windows are the same in any case of their letters, but for letters that are folded into ASCII: the Kelvin
    /// sign is no `k` there.
    fn is_same(&self, own: &str, segment: &str) -> bool {
        match style(&self.anchor) {
            Style::Posix => own == segment,
            Style::Windows => {
                let ascii = |name: &str| name.chars().map(|letter| letter.is_ascii()).collect::<Vec<_>>();
                own.to_lowercase() == segment.to_lowercase() && ascii(own) == ascii(segment)
            }
        }
    }

    /// Below `/proc` and `/dev` lie links that lead to what a process has open, or to the root of all.
    fn through_no_process(&self, below: &[&str]) -> Result<(), Outside> {
        const OF_PROCESS: &[&str] = &["root", "cwd", "exe", "fd", "map_files"];
        const OF_DEVICES: &[&str] = &["fd", "stdin", "stdout", "stderr"];
        let mut names: Vec<&str> = self.segments.iter().map(String::as_str).collect();
        for name in below {
            if leads_up(name) {
                names.pop();
            } else {
                names.push(name);
            }
        }
        let (links, from) = match names.first() {
            Some(&"proc") => (OF_PROCESS, 2),
            Some(&"dev") => (OF_DEVICES, 1),
            _ => return Ok(()),
        };
        match names.iter().skip(from.max(self.segments.len())).any(|name| links.contains(name)) {
            true => Err(Outside::Name("that is a link to whatever a process has open")),
            false => Ok(()),
        }
    }
}

fn style(anchor: &Anchor) -> Style {
    match anchor {
        Anchor::Slash | Anchor::Here => Style::Posix,
        Anchor::Drive(_) | Anchor::Share => Style::Windows,
    }
}

/// Where a path begins, and what is behind that.
fn anchor(text: &str) -> (Anchor, &str) {
    let is_separator = |letter: char| letter == '/' || letter == '\\';
    if let Some(behind) = text.strip_prefix("\\\\") {
        return (Anchor::Share, behind);
    }
    let mut letters = text.chars();
    if let (Some(drive), Some(':'), Some(separator)) = (letters.next(), letters.next(), letters.next())
        && drive.is_ascii_alphabetic()
        && is_separator(separator)
    {
        return (Anchor::Drive(drive.to_ascii_lowercase()), letters.as_str());
    }
    match text.strip_prefix('/') {
        Some(behind) => (Anchor::Slash, behind),
        None => (Anchor::Here, text),
    }
}

/// What a path begins with that makes it lead elsewhere than it seems to.
fn opens_otherwise(text: &str) -> Option<&'static str> {
    match anchor(text).0 {
        Anchor::Slash if text.starts_with("//") || text.starts_with("/\\") => {
            Some("two slashes, which Windows and some others take for the name of a server")
        }
        Anchor::Slash | Anchor::Drive(_) => None,
        Anchor::Share => {
            let behind = text.trim_start_matches('\\');
            let is_device = behind.starts_with(['.', '?']) || text.starts_with("\\\\\\");
            is_device.then_some("a device's name")
        }
        Anchor::Here if text.starts_with('\\') => Some("a backslash, which is the root to Windows"),
        Anchor::Here if text.starts_with('-') => Some("`-`, which programs take for an option"),
        Anchor::Here if text.starts_with('|') => Some("`|`, behind which some programs look for a command"),
        Anchor::Here if text.starts_with('~') => Some("`~`, which is expanded to a home folder"),
        Anchor::Here if text.starts_with('$') => Some("a variable"),
        Anchor::Here if text.starts_with('%') && windows::holds_variable(text) => Some("a variable"),
        Anchor::Here if names_scheme(text) => Some("a drive or a scheme"),
        Anchor::Here => None,
    }
}

/// Whether a drive or a scheme stands in front. `Foo::Bar.3pm` and `Re: lunch.eml` are names.
fn names_scheme(text: &str) -> bool {
    /// Schemes whose rest needs no slash.
    const WITHOUT_SLASH: &[&str] = &["data", "file", "jar"];
    let Some((scheme, behind)) = text.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme
        && (scheme.len() == 1
            || behind.starts_with(['/', '\\'])
            || !behind.starts_with(':') && WITHOUT_SLASH.contains(&scheme.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::{Outside, Root};

    #[test]
    fn a_root_holds_what_lies_below_it_by_whole_names() {
        for (root, text, expected) in [
            ("/srv/data", "/srv/data", Ok(())),
            ("/srv/data/", "/srv//./data/a/../b", Ok(())),
            ("/srv/data", "/srv/data2", Err(Outside::Elsewhere)),
            ("/srv/data", "/SRV/data/x", Err(Outside::Elsewhere)),
            ("/srv/data", "srv/data/x", Err(Outside::Elsewhere)),
            ("/srv/data", "//srv/data/x", Err(Outside::Elsewhere)),
            ("/srv/data", "/srv/data/..", Err(Outside::Climbs)),
            ("/srv/data", "/srv/x/../data/y", Err(Outside::Elsewhere)),
            ("/", "/etc/passwd", Ok(())),
            ("/", "/..", Err(Outside::Climbs)),
            (".", "a/b", Ok(())),
            (".", "/a", Err(Outside::Elsewhere)),
            (".", "~/a", Err(Outside::Elsewhere)),
            (".", "$HOME", Err(Outside::Elsewhere)),
            (".", "--output=/a", Err(Outside::Elsewhere)),
            (".", "./-a", Ok(())),
            (".", "%TEMP%/a", Err(Outside::Elsewhere)),
            (".", "c:a", Err(Outside::Elsewhere)),
            (".", "file:///a", Err(Outside::Elsewhere)),
            (".", "php://filter/a", Err(Outside::Elsewhere)),
            (".", "FILE:a", Err(Outside::Elsewhere)),
            (".", "Foo::Bar.3pm", Ok(())),
            (".", "File::Temp.3pm", Ok(())),
            (".", "|id", Err(Outside::Elsewhere)),
            (".", "Re: lunch.eml", Ok(())),
            (".", "a/../..", Err(Outside::Climbs)),
            ("data", "data/x", Ok(())),
            ("data", "./data/x", Ok(())),
            ("data", "other/x", Err(Outside::Elsewhere)),
            ("C:\\data", "c:/DATA/x.txt", Ok(())),
            ("C:\\Käse", "c:\\kÄSE\\x", Ok(())),
            ("C:\\Käse", "C:\\\u{212a}äse\\x", Err(Outside::Elsewhere)),
            ("C:\\data", "D:\\data\\x", Err(Outside::Elsewhere)),
            ("C:\\data", "C:data\\x", Err(Outside::Elsewhere)),
            ("C:\\data", "\\\\?\\C:\\data\\x", Err(Outside::Elsewhere)),
            ("C:\\data", "C:\\data\\..\\x", Err(Outside::Climbs)),
            ("\\\\srv\\share", "\\\\SRV\\share\\x", Ok(())),
            ("\\\\srv\\share", "\\\\srv\\other\\x", Err(Outside::Elsewhere)),
        ] {
            assert_eq!(Root::parse(root).unwrap().holds(text), expected, "{root} {text}");
        }
    }

    #[test]
    fn a_relative_root_is_missed_by_a_spelling_that_begins_elsewhere() {
        let root = Root::parse(".").unwrap();
        for (spelling, expected) in [
            ("/etc/passwd", true),
            ("\\etc", true),
            ("c:\\x", true),
            ("~/x", true),
            ("file:x", true),
            (" /etc", true),
            ("-x", true),
            ("x/ /y", false),
            (" x", false),
        ] {
            assert_eq!(root.is_missed_by(spelling), expected, "{spelling}");
        }
    }

    #[test]
    fn a_name_that_opens_something_else_is_not_held() {
        for (root, text) in [
            ("C:\\data", "C:\\data\\a.txt:hidden"),
            ("C:\\data", "C:\\data\\nul"),
            ("/", "/proc/self/root/etc"),
            ("/proc", "/proc/1/cwd/x"),
            ("/proc", "/proc/self/task/1/root/x"),
            ("/", "/dev/fd/3"),
            ("/proc/self", "/proc/self/net/../fd/3"),
        ] {
            assert!(matches!(Root::parse(root).unwrap().holds(text), Err(Outside::Name(_))), "{root} {text}");
        }
    }

    #[test]
    fn a_root_that_is_no_plain_folder_is_refused() {
        for root in [
            "",
            "/srv/../etc",
            "~/data",
            "$HOME",
            "file:///srv",
            "C:",
            "//server/x",
            "\\\\server",
            "\\\\?\\C:\\",
            "C:\\nul",
            "\0",
        ] {
            assert!(Root::parse(root).is_err(), "{root:?}");
        }
    }
}
