//! Requests in flight of all sessions, under ids that no two of them share.

use std::collections::HashMap;

use argala_wire::{Frame, Id};

use super::LinkId;

/// Requests in flight of all sessions, and of one of them.
const MAX: usize = 10_000;
const MAX_OF_ONE: usize = 2_000;

/// A request that the server hasn't answered.
#[derive(Debug)]
pub(super) struct Request {
    /// The session that has asked; None where the hub has.
    pub(super) asker: Option<Asker>,
    pub(super) what: What,
}

/// Who has asked, and as what.
#[derive(Debug)]
pub(super) struct Asker {
    pub(super) link: LinkId,
    /// The session's own id.
    pub(super) id: Id,
    /// The session's own progress token, as JSON.
    pub(super) token: Option<String>,
}

/// What becomes of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// The session gets it as it is.
    Relay,
    /// The session gets it without what can't be shared.
    Discover,
    /// The session gets it; until then it hears of changes.
    Listen,
    /// The session gets it, and the server tells of this resource if it is no error.
    Subscribe(String),
    /// It is the server's introduction.
    Introduction,
}

/// All requests in flight.
#[derive(Debug, Default)]
pub(super) struct Requests {
    open: HashMap<u64, Request>,
    by_asker: HashMap<(LinkId, Id), u64>,
    counts: HashMap<LinkId, usize>,
    last: u64,
}

impl Requests {
    /// Notes a request of a session's; the id for the server. Without one, why it isn't taken.
    pub(super) fn open(&mut self, asker: Asker, what: What) -> Result<u64, &'static str> {
        let key = (asker.link, asker.id.clone());
        if self.by_asker.contains_key(&key) {
            return Err("its id is that of a request in flight");
        }
        let count = self.counts.entry(asker.link).or_default();
        if self.open.len() >= MAX || *count >= MAX_OF_ONE {
            return Err("too many requests are in flight; try again later");
        }
        *count += 1;
        let number = self.next_id();
        self.by_asker.insert(key, number);
        self.open.insert(number, Request { asker: Some(asker), what });
        Ok(number)
    }

    /// Notes the introduction of the hub itself.
    pub(super) fn open_introduction(&mut self) -> u64 {
        let number = self.next_id();
        self.open.insert(number, Request { asker: None, what: What::Introduction });
        number
    }

    /// An id that no request has had: for one whose answer nobody wants.
    pub(super) fn next_id(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// The request with this id.
    pub(super) fn get(&self, id: u64) -> Option<&Request> {
        self.open.get(&id)
    }

    /// The request that the value at the end of these keys names.
    pub(super) fn named(&self, frame: &Frame, keys: &[&str]) -> Option<&Request> {
        self.get(frame.raw(keys)?.parse().ok()?)
    }

    /// Takes the request that an answer is for.
    pub(super) fn take(&mut self, id: &Id) -> Option<Request> {
        let Id::Number(digits) = id else { return None };
        self.remove(digits.parse().ok()?)
    }

    /// Takes a session's own request.
    pub(super) fn take_by_asker(&mut self, link: LinkId, id: &Id) -> Option<(u64, Request)> {
        let number = *self.by_asker.get(&(link, id.clone()))?;
        Some((number, self.remove(number)?))
    }

    /// Forgets every request of a session's; their ids.
    pub(super) fn take_link(&mut self, link: LinkId) -> Vec<u64> {
        let is_own = |request: &Request| request.asker.as_ref().is_some_and(|asker| asker.link == link);
        let mut own: Vec<u64> =
            self.open.iter().filter(|(_, request)| is_own(request)).map(|(id, _)| *id).collect();
        own.sort_unstable();
        own.iter().for_each(|id| drop(self.remove(*id)));
        own
    }

    /// Forgets all of them. Ids go on: an answer that comes late must find nobody.
    pub(super) fn clear(&mut self) {
        *self = Self { last: self.last, ..Self::default() };
    }

    /// Forgets a request.
    pub(super) fn remove(&mut self, id: u64) -> Option<Request> {
        let request = self.open.remove(&id)?;
        if let Some(asker) = &request.asker {
            self.by_asker.remove(&(asker.link, asker.id.clone()));
            if let Some(count) = self.counts.get_mut(&asker.link) {
                *count -= 1;
                if *count == 0 {
                    self.counts.remove(&asker.link);
                }
            }
        }
        Some(request)
    }
}

#[cfg(test)]
mod tests {
    use super::{Asker, MAX, MAX_OF_ONE, Requests, What};
    use argala_wire::Id;

    fn asker(link: u64, id: usize) -> Asker {
        Asker { link, id: Id::Number(id.to_string()), token: None }
    }

    #[test]
    fn neither_one_session_nor_all_of_them_have_more_in_flight_than_may_be() {
        let mut requests = Requests::default();
        for id in 0..MAX_OF_ONE {
            assert!(requests.open(asker(0, id), What::Relay).is_ok());
        }
        assert!(requests.open(asker(0, MAX_OF_ONE), What::Relay).is_err());
        for id in MAX_OF_ONE..MAX {
            assert!(requests.open(asker(id as u64, id), What::Relay).is_ok());
        }
        assert!(requests.open(asker(1, 1), What::Relay).is_err());
        assert_eq!(requests.take_link(0).len(), MAX_OF_ONE);
        assert!(requests.open(asker(0, 1), What::Relay).is_ok());
    }

    #[test]
    fn an_id_stands_for_one_request_of_a_session() {
        let mut requests = Requests::default();
        let (first, second) =
            (requests.open(asker(1, 7), What::Relay), requests.open(asker(2, 7), What::Relay));
        assert_ne!(first, second);
        assert!(requests.open(asker(1, 7), What::Relay).is_err());
        let number = first.unwrap();
        assert_eq!(requests.take_by_asker(1, &Id::Number("7".into())).map(|(id, _)| id), Some(number));
        assert!(requests.take(&Id::Number(number.to_string())).is_none());
        requests.clear();
        assert!(requests.open(asker(1, 7), What::Relay).unwrap() > second.unwrap());
    }
}
