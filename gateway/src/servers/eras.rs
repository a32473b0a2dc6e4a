//! Which eras of the protocol a server speaks, as far as anyone has found out: true for as long as the process runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use argala_wire::Era;

/// What is known of a server's eras, to all sessions alike.
#[derive(Debug, Clone, Default)]
pub(crate) struct Eras(Arc<AtomicU8>);

/// Of each era: whether it has been spoken, and whether it has been refused.
const fn bit(era: Era, spoken: bool) -> u8 {
    match (era, spoken) {
        (Era::Legacy, true) => 1,
        (Era::Legacy, false) => 2,
        (Era::Modern, true) => 4,
        (Era::Modern, false) => 8,
    }
}

impl Eras {
    /// The era to try first with a host of this one.
    pub(crate) fn first(&self, host: Era) -> Era {
        let other = host.other();
        if self.knows(bit(host, false)) && !self.knows(bit(other, false)) { other } else { host }
    }

    /// Notes that a server has spoken an era, or has refused to.
    pub(crate) fn note(&self, era: Era, spoken: bool) {
        self.0.fetch_and(!bit(era, !spoken), Ordering::Relaxed);
        self.0.fetch_or(bit(era, spoken), Ordering::Relaxed);
    }

    /// Whether it is known to speak an era.
    pub(crate) fn speaks(&self, era: Era) -> bool {
        self.knows(bit(era, true))
    }

    fn knows(&self, bit: u8) -> bool {
        self.0.load(Ordering::Relaxed) & bit != 0
    }
}

// What is known of a server is no part of what it is.
impl PartialEq for Eras {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Eras {}

#[cfg(test)]
mod tests {
    use super::Eras;
    use argala_wire::Era::{Legacy, Modern};

    #[test]
    fn the_hosts_era_is_tried_first_unless_the_server_has_refused_it() {
        let eras = Eras::default();
        assert_eq!((eras.first(Legacy), eras.first(Modern)), (Legacy, Modern));
        eras.note(Modern, false);
        assert_eq!((eras.first(Legacy), eras.first(Modern)), (Legacy, Legacy));
        eras.note(Legacy, false);
        assert_eq!((eras.first(Legacy), eras.first(Modern)), (Legacy, Modern));
        eras.note(Modern, true);
        assert_eq!((eras.first(Legacy), eras.first(Modern)), (Modern, Modern));
        assert!(eras.speaks(Modern) && !eras.speaks(Legacy));
    }
}
