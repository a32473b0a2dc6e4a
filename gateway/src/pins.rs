//! Pins: each server's tools as they were when someone accepted them, and whether they still are.
//!
//! What a server says of its tools is read by a model as if it were the user's own words, and a server may say something else
//! tomorrow. So its instructions and tools are written into a lock file (`argala.lock`), and what isn't there as it is now is held
//! back: no host is shown it, no call of it is made.

mod definition;
mod file;
mod hidden;
mod imitation;
mod lock;
mod pin;
mod readable;
mod settings;
#[cfg(test)]
mod tests;
mod value;
mod withheld;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use definition::{Definition, Wanted};
pub(crate) use file::LockFile;
use file::Stamp;
pub(crate) use imitation::{Names, imitations};
pub(crate) use lock::{Lock, Pinned};
pub(crate) use pin::Pin;
pub(crate) use readable::{difference, readable, visible, visible_name};
pub(crate) use settings::{Descriptions, Handling, Mode, Settings, USUAL_FILE};
use withheld::Because;
pub(crate) use withheld::Withheld;

/// The pins of the whole process. Copies share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pins(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    descriptions: Descriptions,
    keeping: Keeping,
}

#[derive(Debug, Default)]
enum Keeping {
    /// Nothing is pinned.
    #[default]
    Off,
    File {
        file: LockFile,
        /// Whether a server that the file doesn't know is held back, too.
        strict: bool,
        known: Mutex<Known>,
    },
    /// Everything is noted, and nothing held back: by the servers' names.
    Survey(Mutex<BTreeMap<String, Seen>>),
}

/// What is known of the file.
#[derive(Debug)]
struct Known {
    lock: Lock,
    stamp: Stamp,
    /// How often what it says of a server has changed.
    editions: BTreeMap<String, u64>,
}

impl Known {
    fn new(lock: Lock, stamp: Stamp) -> Self {
        Self { lock, stamp, editions: BTreeMap::new() }
    }

    fn edition(&self, server: &str) -> u64 {
        self.editions.get(server).copied().unwrap_or_default()
    }

    /// Takes note of what the file says now.
    fn take(&mut self, lock: Lock, stamp: Stamp) {
        let names = self.lock.servers.keys().chain(lock.servers.keys());
        let changed = |name: &&String| self.lock.servers.get(*name) != lock.servers.get(*name);
        for name in names.filter(changed).cloned().collect::<BTreeSet<_>>() {
            *self.editions.entry(name).or_default() += 1;
        }
        (self.lock, self.stamp) = (lock, stamp);
    }
}

/// What a server says of itself and of its tools.
#[derive(Debug)]
pub(crate) struct Offer<'a> {
    pub(crate) instructions: Option<&'a str>,
    pub(crate) tools: &'a [Definition],
}

/// What was seen of a server: its pins as they would be now, and what speaks against accepting them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) pinned: Pinned,
    /// What was found in it, for a person: by tool; under no name, what was found in the instructions.
    pub(crate) findings: BTreeMap<Option<String>, String>,
}

/// What was decided of a server's tools.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Judged {
    /// By the server's own names; of a tool that isn't here, nothing is known.
    pub(crate) tools: BTreeMap<String, Option<Withheld>>,
    /// Whether the server was written into the file.
    pub(crate) recorded: bool,
    /// The state of what the file says of the server that it was judged by.
    pub(crate) edition: u64,
}

impl Pins {
    /// Takes up the pins that the settings tell of.
    ///
    /// # Errors
    /// What is wrong with the file, and where.
    pub(crate) fn open(settings: Option<&Settings>, descriptions: Descriptions) -> Result<Self, String> {
        let settings = settings.filter(|settings| settings.mode != Mode::Off);
        let keeping = match settings {
            None => Keeping::Off,
            Some(Settings { file, mode }) => {
                let file = LockFile::new(file.clone());
                let strict = *mode == Mode::Strict;
                let stamp = file.stamp();
                let lock = file.load().map_err(|error| error.to_string())?;
                if strict && lock.is_none() {
                    return Err(format!(
                        "{}: there is no such file, and with `strict` pins no tool would be shown; `argala pin --accept` \
                         writes it",
                        file.path().display()
                    ));
                }
                if file.may_be_written_by_anyone() {
                    tracing::warn!("{}: anyone on this machine may write the pins", file.path().display());
                }
                let known = Known::new(lock.unwrap_or_default(), stamp);
                Keeping::File { file, strict, known: Mutex::new(known) }
            }
        };
        Ok(Self(Arc::new(Inner { descriptions, keeping })))
    }

    /// Pins that hold nothing back, and note what every server offers.
    pub(crate) fn survey() -> Self {
        let descriptions = Descriptions { hidden_text: Handling::Warn, imitation: Handling::Off };
        Self(Arc::new(Inner { descriptions, keeping: Keeping::Survey(Mutex::default()) }))
    }

    /// What a survey has seen.
    pub(crate) fn seen(&self) -> BTreeMap<String, Seen> {
        match &self.0.keeping {
            Keeping::Survey(seen) => locked(seen).clone(),
            _ => BTreeMap::new(),
        }
    }

    /// Whether a tool must be known before it may be called.
    pub(crate) fn is_on(&self) -> bool {
        !matches!(self.0.keeping, Keeping::Off)
    }

    /// What of a tool's definition is needed.
    pub(crate) fn wanted(&self) -> Wanted {
        Wanted { pin: self.is_on(), hidden: self.0.descriptions.hidden_text != Handling::Off }
    }

    /// What becomes of names that imitate.
    pub(crate) fn on_imitation(&self) -> Handling {
        self.0.descriptions.imitation
    }

    /// Which state of what the file says of a server holds. It is looked at again: someone may have accepted something, or taken it
    /// back.
    pub(crate) fn edition(&self, server: &str) -> u64 {
        match &self.0.keeping {
            Keeping::File { file, known, .. } => fresh(file, known).edition(server),
            _ => 0,
        }
    }

    /// Judges all of a server's tools.
    pub(crate) fn judge(&self, server: &str, offer: &Offer<'_>) -> Judged {
        match &self.0.keeping {
            Keeping::Off => {
                let judge = |tool: &Definition| (tool.name.clone(), self.hidden_in(server, tool));
                Judged { tools: strictest(offer.tools.iter().map(judge)), ..Judged::default() }
            }
            Keeping::Survey(seen) => {
                locked(seen).insert(server.to_owned(), see(offer));
                let tools = offer.tools.iter().map(|tool| (tool.name.clone(), None)).collect();
                Judged { tools, ..Judged::default() }
            }
            Keeping::File { file, strict, known } => {
                let mut known = fresh(file, known);
                if !*strict && !known.lock.servers.contains_key(server) {
                    return self.record(file, &mut known, server, offer);
                }
                let tools = self.compare(server, known.lock.servers.get(server), offer.tools);
                Judged { tools, recorded: false, edition: known.edition(server) }
            }
        }
    }

    /// Judges the instructions of a server.
    pub(crate) fn judge_instructions(&self, server: &str, instructions: &str) -> Option<Withheld> {
        let withhold = |because: &Because<'_>| Some(Withheld::instructions(server, because));
        let verdict = match &self.0.keeping {
            Keeping::Off | Keeping::Survey(_) => None,
            Keeping::File { file, strict, known } => {
                let known = fresh(file, known);
                let pinned = known.lock.servers.get(server);
                match pinned.and_then(|pinned| pinned.instructions.as_ref()) {
                    Some(accepted) if *accepted == Pin::of_text(instructions) => return None,
                    Some(_) => withhold(&Because::Changed),
                    None if pinned.is_some() || *strict => withhold(&Because::Unknown),
                    None => None,
                }
            }
        };
        let hidden = hidden::in_text(instructions).filter(|_| self.wanted().hidden);
        hidden.and_then(|found| self.on_hidden(withhold(&Because::HiddenText(&found))?)).or(verdict)
    }

    /// Writes down a server that the file doesn't know. What is hiding something isn't.
    fn record(&self, file: &LockFile, known: &mut Known, server: &str, offer: &Offer<'_>) -> Judged {
        let Seen { pinned: mut accepted, findings } = see(offer);
        if self.0.descriptions.hidden_text == Handling::Withhold {
            for tool in findings.into_keys() {
                match tool {
                    Some(tool) => drop(accepted.tools.remove(&tool)),
                    None => accepted.instructions = None,
                }
            }
        }
        let written = file.update(|lock| {
            // Another process may have been first.
            let is_new = !lock.servers.contains_key(server);
            if is_new {
                lock.servers.insert(server.to_owned(), accepted.clone());
            }
            is_new
        });
        match written {
            Ok(lock) => {
                known.take(lock, file.stamp());
                let pinned = known.lock.servers.get(server);
                let recorded = pinned == Some(&accepted);
                let tools = self.compare(server, pinned, offer.tools);
                Judged { tools, recorded, edition: known.edition(server) }
            }
            Err(error) => {
                let reason = error.to_string();
                tracing::error!(server, "its tools are held back, as they can't be pinned: {reason}");
                let withhold = |tool: &Definition| {
                    let withheld = Withheld::tool(server, &tool.name, &Because::Unrecorded(&reason));
                    (tool.name.clone(), Some(withheld))
                };
                let tools = offer.tools.iter().map(withhold).collect();
                Judged { tools, recorded: false, edition: known.edition(server) }
            }
        }
    }

    /// Holds a server's tools to its pins.
    fn compare(
        &self,
        server: &str,
        pinned: Option<&Pinned>,
        tools: &[Definition],
    ) -> BTreeMap<String, Option<Withheld>> {
        let mut pins: BTreeMap<&str, &Pin> = BTreeMap::new();
        strictest(tools.iter().map(|tool| {
            let withhold = |because: &Because<'_>| Some(Withheld::tool(server, &tool.name, because));
            let accepted = pinned.and_then(|pinned| pinned.tools.get(&tool.name));
            let verdict = match (&tool.pin, accepted) {
                (Some(Ok(pin)), Some(accepted)) if pin == accepted => None,
                (Some(Err(why)), _) => withhold(&Because::Unreadable(why)),
                (_, accepted) => self.hidden_in(server, tool).or_else(|| match accepted {
                    Some(_) => withhold(&Because::Changed),
                    None => withhold(&Because::Unknown),
                }),
            };
            let verdict = match &tool.pin {
                Some(Ok(pin)) if pins.insert(&tool.name, pin).is_some_and(|before| before != pin) => {
                    withhold(&Because::Twice)
                }
                _ => verdict,
            };
            (tool.name.clone(), verdict)
        }))
    }

    fn hidden_in(&self, server: &str, tool: &Definition) -> Option<Withheld> {
        let found = tool.hidden.as_deref()?;
        self.on_hidden(Withheld::tool(server, &tool.name, &Because::HiddenText(found)))
    }

    /// What is withheld for hidden text, or only told of.
    fn on_hidden(&self, withheld: Withheld) -> Option<Withheld> {
        if self.0.descriptions.hidden_text == Handling::Withhold {
            return Some(withheld);
        }
        if !matches!(self.0.keeping, Keeping::Survey(_)) {
            tracing::warn!(rule = withheld.rule, "let pass: {}", withheld.reason);
        }
        None
    }
}

/// The verdict on each name: of two entries of one name, the one that is held back counts.
fn strictest(
    verdicts: impl Iterator<Item = (String, Option<Withheld>)>,
) -> BTreeMap<String, Option<Withheld>> {
    let mut judged = BTreeMap::new();
    for (name, verdict) in verdicts {
        let known: &mut Option<Withheld> = judged.entry(name).or_default();
        *known = verdict.or(known.take());
    }
    judged
}

/// What the file says now.
fn fresh<'a>(file: &LockFile, known: &'a Mutex<Known>) -> MutexGuard<'a, Known> {
    let mut known = locked(known);
    let stamp = file.stamp();
    if stamp != known.stamp {
        known.stamp = stamp;
        match file.load() {
            Ok(lock) => {
                known.take(lock.unwrap_or_default(), stamp);
                tracing::info!("{}: the pins have been read again", file.path().display());
            }
            // What was accepted before still is.
            Err(error) => tracing::error!("the pins stay what they were: {error}"),
        }
    }
    known
}

fn see(offer: &Offer<'_>) -> Seen {
    let mut seen = Seen::default();
    seen.pinned.instructions = offer.instructions.map(Pin::of_text);
    if let Some(found) = offer.instructions.and_then(hidden::in_text) {
        seen.findings.insert(None, format!("the instructions have {found}"));
    }
    for tool in offer.tools {
        match &tool.pin {
            Some(Ok(pin)) => {
                let before = seen.pinned.tools.insert(tool.name.clone(), pin.clone());
                if before.is_some_and(|before| before != *pin) {
                    seen.findings.insert(
                        Some(tool.name.clone()),
                        "it is listed twice, as different things".to_owned(),
                    );
                }
            }
            Some(Err(why)) => {
                seen.findings.insert(Some(tool.name.clone()), format!("its definition {why}"));
            }
            None => {}
        }
        if let Some(found) = &tool.hidden {
            seen.findings.insert(Some(tool.name.clone()), found.clone());
        }
    }
    seen
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
