//! `resources/subscribe` of all sessions: the server hears of the first one of a resource, and of the end of the last.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::LinkId;

/// Resources that are subscribed to, and those of one session.
const MAX: usize = 10_000;
const MAX_OF_ONE: usize = 1_000;
/// The longest URI that is kept.
const LONGEST: usize = 8 << 10;

/// Who has subscribed to what.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    resources: BTreeMap<String, Subscribers>,
    counts: HashMap<LinkId, usize>,
}

#[derive(Debug, Default)]
struct Subscribers {
    links: BTreeSet<LinkId>,
    /// Whether the server has agreed to tell.
    agreed: bool,
}

/// What is to be done about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The server has to be asked.
    Ask,
    /// The server needs to know nothing of it.
    Done,
    /// There are too many already.
    TooMany,
}

impl Subscriptions {
    /// A session wants to hear of a resource.
    pub(super) fn subscribe(&mut self, link: LinkId, uri: &str) -> Step {
        let known = self.resources.get(uri);
        let is_own = known.is_some_and(|subscribers| subscribers.links.contains(&link));
        let count = self.counts.get(&link).copied().unwrap_or(0);
        let fits = uri.len() <= LONGEST && (is_own || count < MAX_OF_ONE);
        if !fits || (known.is_none() && self.resources.len() >= MAX) {
            return Step::TooMany;
        }
        if !is_own {
            self.counts.insert(link, count + 1);
        }
        let subscribers = self.resources.entry(uri.to_owned()).or_default();
        subscribers.links.insert(link);
        if subscribers.agreed { Step::Done } else { Step::Ask }
    }

    /// The server will tell of a resource.
    pub(super) fn agree(&mut self, uri: &str) {
        if let Some(subscribers) = self.resources.get_mut(uri) {
            subscribers.agreed = true;
        }
    }

    /// A session wants to hear of a resource no more, or will not.
    pub(super) fn unsubscribe(&mut self, link: LinkId, uri: &str) -> Step {
        let Some(subscribers) = self.resources.get_mut(uri) else { return Step::Ask };
        if subscribers.links.remove(&link)
            && let Some(count) = self.counts.get_mut(&link)
        {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&link);
            }
        }
        if !subscribers.links.is_empty() {
            return Step::Done;
        }
        self.resources.remove(uri);
        Step::Ask
    }

    /// A session has ended: the resources that nobody wants to hear of any more.
    pub(super) fn drop_link(&mut self, link: LinkId) -> Vec<String> {
        let own = self.resources.iter().filter(|(_, subscribers)| subscribers.links.contains(&link));
        let own: Vec<String> = own.map(|(uri, _)| uri.clone()).collect();
        own.into_iter().filter(|uri| self.unsubscribe(link, uri) == Step::Ask).collect()
    }

    /// The sessions that hear of a change: what has changed may be a part of what they have subscribed to.
    pub(super) fn of(&self, uri: &str) -> BTreeSet<LinkId> {
        let wanted = self.resources.iter().filter(|(wanted, _)| uri.starts_with(wanted.as_str()));
        wanted.flat_map(|(_, subscribers)| subscribers.links.iter().copied()).collect()
    }

    /// Forgets all of them: the server is another one.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, MAX_OF_ONE, Step, Subscriptions};

    #[test]
    fn the_server_hears_of_the_first_and_of_the_end_of_the_last() {
        let mut subscriptions = Subscriptions::default();
        assert_eq!(subscriptions.subscribe(1, "a:/x"), Step::Ask);
        subscriptions.agree("a:/x");
        assert_eq!(subscriptions.subscribe(2, "a:/x"), Step::Done);
        assert_eq!(subscriptions.subscribe(2, "a:/y"), Step::Ask);
        assert_eq!(subscriptions.unsubscribe(1, "a:/x"), Step::Done);
        assert_eq!(subscriptions.unsubscribe(1, "a:/x"), Step::Done, "it is another session's");
        assert_eq!(subscriptions.of("a:/x").into_iter().collect::<Vec<_>>(), [2]);
        assert_eq!(subscriptions.drop_link(2), ["a:/x", "a:/y"]);
        assert_eq!(subscriptions.subscribe(3, "a:/x"), Step::Ask);
    }

    #[test]
    fn a_part_of_what_is_subscribed_to_counts() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.subscribe(1, "a:/x");
        subscriptions.subscribe(2, "a:/x/1");
        for (uri, told) in [("a:/x", &[1][..]), ("a:/x/1", &[1, 2]), ("a:/x/2", &[1]), ("a:/", &[])] {
            assert_eq!(subscriptions.of(uri).into_iter().collect::<Vec<_>>(), told, "{uri}");
        }
    }

    #[test]
    fn one_session_has_no_more_than_may_be() {
        let mut subscriptions = Subscriptions::default();
        for number in 0..MAX_OF_ONE {
            assert_eq!(subscriptions.subscribe(1, &number.to_string()), Step::Ask);
        }
        assert_eq!(subscriptions.subscribe(1, "one more"), Step::TooMany);
        assert_eq!(subscriptions.subscribe(1, "0"), Step::Ask, "it has this one already");
        assert_eq!(subscriptions.subscribe(2, "one more"), Step::Ask);
        assert_eq!(subscriptions.subscribe(2, &"x".repeat(LONGEST + 1)), Step::TooMany);
    }
}
