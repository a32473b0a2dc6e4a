//! Names of one server's tools that look like another server's.

use std::collections::{BTreeMap, HashMap};

use argala_engine::appearance::skeleton;

/// The names of one server's tools, and what they look like.
#[derive(Debug, Default)]
pub(crate) struct Names(Vec<Look>);

#[derive(Debug)]
struct Look {
    /// The server's own name of the tool.
    own: String,
    /// What stands for all names that look like it.
    own_look: String,
    /// As the host knows it, where there are several servers.
    known: String,
    known_look: String,
}

impl Names {
    /// The server's own names of its tools. `prefix` stands before them for the host.
    pub(crate) fn of<'a>(prefix: &str, tools: impl Iterator<Item = &'a String>) -> Self {
        let look = |own: &String| {
            let known = format!("{prefix}{own}");
            Look { own: own.clone(), own_look: skeleton(own), known_look: skeleton(&known), known }
        };
        Self(tools.map(look).collect())
    }
}

/// A name, and whom it imitates.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Imitation {
    /// The index of the server.
    pub(crate) server: usize,
    /// Its own name.
    pub(crate) tool: String,
    /// What another server's tool is called, as the host knows it.
    pub(crate) of: String,
}

/// Every name that looks like another server's tool and isn't the same.
///
/// Equal names are no imitation: many servers have a `search`, and the host knows each by its server. Of two that look alike the one
/// that is plain ASCII is the original, else that of the server that stands first.
pub(crate) fn imitations(servers: &[&Names]) -> Vec<Imitation> {
    let all = || {
        servers.iter().enumerate().flat_map(|(index, names)| names.0.iter().map(move |look| (index, look)))
    };
    let rank = |index: usize, look: &Look| (!look.own.is_ascii(), index);
    // The names of one look, those first that are taken for the original.
    let mut by_own: HashMap<&str, BTreeMap<(bool, usize), &Look>> = HashMap::new();
    let mut by_known: HashMap<&str, (usize, &Look)> = HashMap::new();
    for (index, look) in all() {
        by_own.entry(&look.own_look).or_default().entry(rank(index, look)).or_insert(look);
        by_known.entry(&look.known_look).or_insert((index, look));
    }
    let original = |index: usize, look: &Look| {
        let before = by_own.get(look.own_look.as_str())?.range(..rank(index, look));
        before
            .map(|((_, other), name)| (*other, *name))
            .find(|(other, name)| *other != index && name.own != look.own)
    };
    // A name of its own that begins as those of another server do for the host.
    let shadowed = |index: usize, look: &Look| {
        by_known.get(look.own_look.as_str()).copied().filter(|(owner, _)| *owner != index)
    };
    let imitation = |(index, look): (usize, &Look)| {
        let (_, of) = original(index, look).or_else(|| shadowed(index, look))?;
        Some(Imitation { server: index, tool: look.own.clone(), of: of.known.clone() })
    };
    all().filter_map(imitation).collect()
}

#[cfg(test)]
mod tests {
    use super::{Names, imitations};

    #[test]
    fn the_imitation_is_found_and_not_what_it_imitates() {
        for (servers, expected) in [
            (vec![("mail", vec!["send", "read"]), ("files", vec!["read", "write"])], None),
            (vec![("mail", vec!["send"]), ("x", vec!["ѕend"])], Some((1, "mail__send"))),
            (vec![("x", vec!["ѕend"]), ("mail", vec!["send"])], Some((0, "mail__send"))),
            (vec![("mail", vec!["rnail"]), ("x", vec!["mail"])], Some((1, "mail__rnail"))),
            (vec![("mail", vec!["send"]), ("x", vec!["mail__send"])], Some((1, "mail__send"))),
            (vec![("mail", vec!["send"]), ("x", vec!["mail__ѕend"])], Some((1, "mail__send"))),
            (vec![("mail", vec!["отправить"]), ("x", vec!["отправить"])], None),
            (vec![("mail", vec!["send", "ѕend"])], None),
            (vec![("mail", vec!["readFile"]), ("x", vec!["read_file"])], None),
        ] {
            let names = |(server, tools): &(&str, Vec<&str>)| {
                let tools: Vec<String> = tools.iter().map(ToString::to_string).collect();
                Names::of(&format!("{server}__"), tools.iter())
            };
            let names: Vec<Names> = servers.iter().map(names).collect();
            let found: Vec<(usize, String)> = imitations(&names.iter().collect::<Vec<_>>())
                .into_iter()
                .map(|one| (one.server, one.of))
                .collect();
            let expected: Vec<(usize, String)> =
                expected.into_iter().map(|(server, of): (usize, &str)| (server, of.to_owned())).collect();
            assert_eq!(found, expected, "{servers:?}");
        }
    }
}
