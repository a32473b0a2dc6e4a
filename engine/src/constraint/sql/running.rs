//! Texts that functions run as SQL: what is a plain string is judged as the text around it is.
//!
//! A text can be cut in several ways, and hold others in each. So each text that is run counts once, however often it
//! stands there, and all of them together may not be much more than the text itself.

use std::collections::BTreeMap;

use super::statement::Need;
use super::{Refused, Sql, shown};

/// How deep texts may stand in one another.
const DEPTH: usize = 4;

/// The texts that functions run, as they are found.
#[derive(Debug, Default)]
pub(super) struct Running<'t> {
    /// By what stands between the quotes: where it is called, and the function's name.
    texts: BTreeMap<&'t str, (usize, &'t str)>,
    /// How many calls there are of such functions.
    pub(super) calls: usize,
}

impl<'t> Running<'t> {
    pub(super) fn add(&mut self, need: &Need<'t>, text: &'t str) {
        self.texts.entry(text).or_insert((need.at, need.word));
        self.calls += 1;
    }
}

impl Sql {
    /// Judges a text and what its functions run; says how it was judged where it was allowed.
    pub(super) fn read(&self, text: &str) -> Result<&'static str, Refused> {
        let mut running = Running::default();
        let how = self.read_text(text, &mut running)?;
        let mut left = text.len() * DEPTH;
        let mut level = unquoted(&running, |at| at);
        for _ in 0..DEPTH {
            let mut next = Vec::new();
            for (at, name, text) in level {
                left = left.checked_sub(text.len()).ok_or_else(|| too_much(at))?;
                let mut running = Running::default();
                self.read_text(&text, &mut running).map_err(|refused| Refused {
                    at,
                    why: format!("in the text that {} runs, {}", shown(&name), refused.why),
                })?;
                next.extend(unquoted(&running, |_| at));
            }
            level = next;
            if level.is_empty() {
                return Ok(how);
            }
        }
        level.first().map_or(Ok(how), |(at, ..)| Err(too_much(*at)))
    }
}

/// The texts as they will be run.
fn unquoted(running: &Running<'_>, at: impl Fn(usize) -> usize) -> Vec<(usize, String, String)> {
    let texts = running.texts.iter();
    texts.map(|(text, (place, name))| (at(*place), (*name).to_owned(), text.replace("''", "'"))).collect()
}

fn too_much(at: usize) -> Refused {
    Refused { at, why: "it runs more texts inside of texts than are read".to_owned() }
}
