//! Names of one server's tools that look like another server's.

use std::collections::{BTreeMap, HashMap};

use argala_engine::appearance::skeleton;

/// The names of one server's tools.
#[derive(Debug)]
pub(crate) struct Names {
    /// How its tools are called before they are known by the host: `server__`, where there are several servers.
    pub(crate) prefix: String,
    /// Its own names.
    pub(crate) tools: Vec<String>,
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
pub(crate) fn imitations(servers: &[Names]) -> Vec<Imitation> {
    let mut found = Vec::new();
    // The first server that has a name of this look, plain ones before others.
    let mut originals: HashMap<String, BTreeMap<(bool, usize), &String>> = HashMap::new();
    let mut public: HashMap<String, (usize, String)> = HashMap::new();
    for (index, names) in servers.iter().enumerate() {
        for tool in &names.tools {
            originals.entry(skeleton(tool)).or_default().entry((!tool.is_ascii(), index)).or_insert(tool);
            let known = format!("{}{tool}", names.prefix);
            public.entry(skeleton(&known)).or_insert((index, known));
        }
    }
    for (index, names) in servers.iter().enumerate() {
        for tool in &names.tools {
            let look = skeleton(tool);
            let rank = (!tool.is_ascii(), index);
            let original = originals.get(&look).and_then(|all| {
                let before = all.range(..rank).find(|((_, other), name)| *other != index && **name != tool);
                before.map(|((_, other), name)| (*other, *name))
            });
            let of = match original {
                Some((other, name)) => servers.get(other).map(|other| format!("{}{name}", other.prefix)),
                // A name of its own that begins as those of another server do for the host.
                None => {
                    public.get(&look).filter(|(owner, _)| *owner != index).map(|(_, known)| known.clone())
                }
            };
            if let Some(of) = of {
                found.push(Imitation { server: index, tool: tool.clone(), of });
            }
        }
    }
    found
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
            let names: Vec<Names> = servers
                .iter()
                .map(|(server, tools)| Names {
                    prefix: format!("{server}__"),
                    tools: tools.iter().map(ToString::to_string).collect(),
                })
                .collect();
            let found: Vec<(usize, String)> =
                imitations(&names).into_iter().map(|one| (one.server, one.of)).collect();
            let expected: Vec<(usize, String)> =
                expected.into_iter().map(|(server, of): (usize, &str)| (server, of.to_owned())).collect();
            assert_eq!(found, expected, "{servers:?}");
        }
    }
}
