//! Which server a tool, prompt, resource or task belongs to, where there are several.

use std::collections::{HashMap, VecDeque};

use crate::connection::ServerId;

/// Stands between a server's name and what it calls its own.
const SEPARATOR: &str = "__";
/// Past this many resources, and tasks, the oldest are forgotten.
const REMEMBERED: usize = 10_000;
/// A longer URI or id is not remembered.
const LONGEST: usize = 8 << 10;

/// What a session has learned.
#[derive(Debug)]
pub(super) struct Routes {
    servers: Vec<String>,
    resources: Remembered,
    tasks: Remembered,
    /// The text before the first `{` of each resource template, and whose it is.
    templates: Vec<(String, ServerId)>,
}

/// A bounded memory of whose something is.
#[derive(Debug, Default)]
struct Remembered {
    /// None where two have claimed it.
    owners: HashMap<String, Option<ServerId>>,
    order: VecDeque<String>,
}

impl Remembered {
    fn owner(&self, key: &str) -> Option<ServerId> {
        self.owners.get(key).copied().flatten()
    }

    /// Notes whose it is. The first to have it keeps it.
    fn learn(&mut self, key: &str, owner: ServerId) {
        if key.len() > LONGEST || self.owners.contains_key(key) {
            return;
        }
        self.owners.insert(key.to_owned(), Some(owner));
        self.order.push_back(key.to_owned());
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.owners.remove(&oldest);
        }
    }
}

impl Routes {
    pub(super) fn new(servers: Vec<String>) -> Self {
        Self {
            servers,
            resources: Remembered::default(),
            tasks: Remembered::default(),
            templates: Vec::new(),
        }
    }

    fn is_federated(&self) -> bool {
        self.servers.len() > 1
    }

    /// The name by which the host knows what a server calls `own`.
    pub(super) fn public_name(&self, server: ServerId, own: &str) -> String {
        match self.servers.get(server) {
            Some(name) if self.is_federated() => format!("{name}{SEPARATOR}{own}"),
            _ => own.to_owned(),
        }
    }

    /// The server that is meant by a name, and what it calls it.
    pub(super) fn own_name<'n>(&self, public: &'n str) -> Option<(ServerId, &'n str)> {
        if !self.is_federated() {
            return Some((0, public));
        }
        let (name, own) = public.split_once(SEPARATOR)?;
        Some((self.servers.iter().position(|server| server == name)?, own))
    }

    /// Notes whose a resource is. The first server to have it keeps it.
    pub(super) fn learn_resource(&mut self, uri: &str, server: ServerId) {
        self.resources.learn(uri, server);
    }

    /// Notes whose a resource template is.
    pub(super) fn learn_template(&mut self, template: &str, server: ServerId) {
        let literal = template.split('{').next().unwrap_or_default();
        let known = |(text, owner): &(String, ServerId)| text == literal && *owner == server;
        // Without a scheme it would fit every other server's resources, too.
        if literal.contains(':')
            && literal.len() <= LONGEST
            && self.templates.len() < REMEMBERED
            && !self.templates.iter().any(known)
        {
            self.templates.push((literal.to_owned(), server));
        }
    }

    /// The server that has a resource, as far as is known: by its URI, or by the longest template that fits.
    pub(super) fn resource(&self, uri: &str) -> Option<ServerId> {
        let by_template = || {
            let fitting = self.templates.iter().filter(|(literal, _)| uri.starts_with(literal.as_str()));
            fitting.max_by_key(|(literal, _)| literal.len()).map(|(_, server)| *server)
        };
        self.resources.owner(uri).or_else(by_template)
    }

    /// Notes that a server has made a task. Where another one has made one of the same id, neither is meant by it any more.
    pub(super) fn learn_task(&mut self, id: &str, server: ServerId) {
        self.tasks.learn(id, server);
        if let Some(owner) = self.tasks.owners.get_mut(id)
            && *owner != Some(server)
        {
            *owner = None;
        }
    }

    /// Notes whose a task is that a server has listed: one that another is known to have made stays that one's.
    pub(super) fn learn_listed_task(&mut self, id: &str, server: ServerId) {
        self.tasks.learn(id, server);
    }

    /// The server that runs a task.
    pub(super) fn task(&self, id: &str) -> Option<ServerId> {
        if self.is_federated() { self.tasks.owner(id) } else { Some(0) }
    }
}
