//! Devices that are joined without a relay: what an application does with a channel between two tabs.
//!
//! Knows nothing of what is said on it.

use eyot_core::engine::{EngineInput, FIRST_PEER_LINK, LinkFailure};

use crate::device::TabId;
use crate::network::{ConnectionId, End, Party};
use crate::violation::Violation;
use crate::world::{Event, World};

impl World {
    /// The first tabs of two devices are joined, unless they are already or do not reach each other.
    pub(crate) fn join(&mut self, device: usize, other: usize) -> Result<(), Violation> {
        if device == other {
            return Ok(());
        }
        let (caller, called) = (self.first_tab(device)?, self.first_tab(other)?);
        let (ours, theirs) = (self.new_link(), self.new_link());
        let (one, two) = (Party::Tab(caller, ours), Party::Tab(called, theirs));
        let is_between = |tab: TabId, another: TabId| {
            !self.network.of(|it| it.is_joint() && it.is_of_tab(tab) && it.is_of_tab(another)).is_empty()
        };
        if self.network.is_parted(one, two) || is_between(caller, called) {
            return Ok(());
        }
        self.network.connect(one, two);
        self.feed(called, EngineInput::PeerJoined { link: theirs, calls: false })?;
        self.feed(caller, EngineInput::PeerJoined { link: ours, calls: true })
    }

    /// A tab has gone without a word: whom it was joined with hears of that now or later, or not until it is silent for
    /// too long.
    pub(crate) fn desert(&mut self, id: ConnectionId, gone: TabId) {
        let Some(connection) = self.network.get(id) else { return };
        let parties = [End::Initiator, End::Acceptor].map(|end| connection.party(end));
        for party in parties {
            if let Party::Tab(tab, link) = party
                && tab != gone
                && self.random.bool()
            {
                let failure = LinkFailure { code: "connection-lost".to_owned(), message: String::new() };
                let heard = vec![EngineInput::LinkClosed(link, failure)];
                self.agenda.after(self.random.u64(1..200), Event::Feed(tab, heard));
            }
        }
    }

    fn first_tab(&mut self, device: usize) -> Result<TabId, Violation> {
        match self.tabs_of(device).first() {
            Some(tab) => Ok(*tab),
            None => self.open(device),
        }
    }

    fn new_link(&mut self) -> u64 {
        self.joined += 1;
        FIRST_PEER_LINK + self.joined
    }
}
