//! Walking a path segment by segment: how far in it leads, and whether it ever climbs out.

/// Who divides a path into segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// At slashes.
    Posix,
    /// At slashes and backslashes; dots and spaces that end a name are dropped.
    Windows,
}

impl Style {
    pub(super) const ALL: [Self; 2] = [Self::Posix, Self::Windows];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Posix => "POSIX",
            Self::Windows => "Windows",
        }
    }

    fn separates(self, letter: char) -> bool {
        letter == '/' || self == Self::Windows && letter == '\\'
    }

    /// The segments that are names or lead up: nothing stands between two separators, and `.` leads nowhere.
    pub(super) fn segments(self, text: &str) -> impl Iterator<Item = &str> {
        text.split(move |letter| self.separates(letter)).filter(move |segment| !self.stays(segment))
    }

    fn stays(self, segment: &str) -> bool {
        match self {
            Self::Posix => segment.is_empty() || segment == ".",
            Self::Windows => segment.trim_end_matches(['.', ' ']).is_empty() && !leads_up(segment),
        }
    }
}

/// Whether a segment is `..` to some reader: as it is, with spaces that Windows drops, or with the parameters that servers
/// cut off (`..;x`). Control characters are as good as spaces.
pub(super) fn leads_up(segment: &str) -> bool {
    let name = segment.split([';', '?', '#', '\0']).next().unwrap_or_default();
    name.starts_with(|first: char| first == '.' || is_dropped(first))
        && name.chars().filter(|letter| !is_dropped(*letter)).eq("..".chars())
}

/// Whether a segment is nothing to some reader: dropped letters, or the parameters of no name (`;x`).
fn is_nothing(segment: &str) -> bool {
    segment.split(';').next().is_none_or(|name| name.chars().all(is_dropped))
}

/// What some readers take out of a name, or off its ends.
pub(super) fn is_dropped(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control()
}

/// Whether segments climb above the place where they begin, at the end or on the way. On the way counts, because links
/// make `in/../..` another place than the same text reduced.
pub(super) fn climbs_out<'t>(mut segments: impl Iterator<Item = &'t str>) -> bool {
    let mut depth = 0_usize;
    segments.any(|segment| {
        if !leads_up(segment) {
            depth += usize::from(!is_nothing(segment));
            return false;
        }
        let is_out = depth == 0;
        depth = depth.saturating_sub(1);
        is_out
    })
}

/// The path that is left when each `..` has taken the name before it.
pub(super) fn reduce(text: &str, style: Style) -> Vec<&str> {
    let mut reduced = Vec::new();
    for segment in style.segments(text) {
        if leads_up(segment) {
            reduced.pop();
        } else {
            reduced.push(segment);
        }
    }
    reduced
}

#[cfg(test)]
mod tests {
    use super::{Style, climbs_out};

    #[test]
    fn a_path_climbs_out_where_some_reader_sees_it_above_its_beginning() {
        for (text, posix, windows) in [
            ("a/b", false, false),
            ("..", true, true),
            ("a/..", false, false),
            ("a/../..", true, true),
            ("a/../../a/b", true, true),
            ("./..", true, true),
            (".//./..", true, true),
            ("a\\..\\..", false, true),
            ("..\\x", false, true),
            (".../..", false, true),
            ("...", false, false),
            ("..a/a../a..b", false, false),
            (".. /x", true, true),
            (". ./x", true, true),
            (" ../x", true, true),
            ("..;a=b/x", true, true),
            ("..;/x", true, true),
            (";../x", false, false),
            ("a/;/../..", true, true),
            ("a/\n/../..", true, true),
            ("a;b/c/../..", false, false),
            ("..\u{1}/x", true, true),
        ] {
            assert_eq!(climbs_out(Style::Posix.segments(text)), posix, "POSIX {text}");
            assert_eq!(climbs_out(Style::Windows.segments(text)), windows, "Windows {text}");
        }
    }
}
