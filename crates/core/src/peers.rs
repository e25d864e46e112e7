//! What a replica knows of its peers: how far it is in their logs, and how far they are in its own.

use std::collections::BTreeMap;

use crate::codec::{DecodeError, Reader, Writer};
use crate::dot::MAXIMUM_COUNTER;
use crate::id::{Cursor, LogEpoch, ReplicaId, Seq};

/// The peers that were met.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Peers {
    peers: BTreeMap<ReplicaId, Place>,
    last_met: Option<ReplicaId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    // How far this replica is in the peer's log.
    cursor: Cursor,
    // How far the peer is in this replica's log.
    reached: Seq,
}

impl Peers {
    /// True when none was met.
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// How far this replica is in a peer's log.
    pub fn cursor(&self, peer: ReplicaId) -> Option<Cursor> {
        self.peers.get(&peer).map(|place| place.cursor)
    }

    /// The peer that was met last, and the cursor into its log: a guess for the next meeting.
    pub fn last_met(&self) -> Option<(ReplicaId, Cursor)> {
        let peer = self.last_met?;
        self.cursor(peer).map(|cursor| (peer, cursor))
    }

    /// The position in this replica's log up to which some peer has durably taken in everything.
    pub fn saved(&self) -> Seq {
        self.peers.values().map(|place| place.reached).max().unwrap_or(Seq::ZERO)
    }

    /// True when that is the log of a peer as it lives now.
    pub fn knows_log(&self, epoch: LogEpoch) -> bool {
        self.peers.values().any(|place| place.cursor.epoch == epoch)
    }

    /// This replica has reached that position of a peer's log. True when that is news. A cursor goes back only with a new
    /// epoch; and what a peer had in a former epoch, it may have lost.
    pub fn move_cursor(&mut self, peer: ReplicaId, cursor: Cursor) -> bool {
        self.last_met = Some(peer);
        let place = self.peers.entry(peer).or_insert(Place { cursor, reached: Seq::ZERO });
        if place.cursor.epoch != cursor.epoch {
            *place = Place { cursor, reached: Seq::ZERO };
            return true;
        }
        let news = cursor.seq > place.cursor.seq;
        place.cursor.seq = place.cursor.seq.max(cursor.seq);
        news
    }

    /// A peer has reached that position of this replica's log. True when that is news.
    pub fn move_reached(&mut self, peer: ReplicaId, seq: Seq) -> bool {
        self.peers.get_mut(&peer).is_some_and(|place| {
            let news = seq > place.reached;
            place.reached = place.reached.max(seq);
            news
        })
    }

    /// Forgets how far a peer was.
    pub fn forget(&mut self, peer: ReplicaId) {
        self.peers.remove(&peer);
    }

    /// Takes in what another tab of the same replica knows; true when that was news.
    pub fn join(&mut self, other: &Self) -> bool {
        let mut news = false;
        for (peer, place) in &other.peers {
            news |= self.move_cursor(*peer, place.cursor);
            news |= self.move_reached(*peer, place.reached);
        }
        self.last_met = other.last_met.or(self.last_met);
        news
    }

    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.size(self.peers.len());
        for (peer, place) in &self.peers {
            writer.raw(&peer.to_bytes());
            writer.fixed(place.cursor.epoch.0);
            writer.number(place.cursor.seq.0);
            writer.number(place.reached.0);
            writer.byte((self.last_met == Some(*peer)).into());
        }
        writer.into_bytes()
    }

    /// Reads what [`Peers::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let mut peers = Self::default();
        for _ in 0..reader.count()? {
            let peer = ReplicaId::from_bytes(reader.array()?);
            let epoch = LogEpoch(reader.fixed()?);
            let seq = Seq(reader.number_up_to(MAXIMUM_COUNTER, "a position")?);
            let reached = Seq(reader.number_up_to(MAXIMUM_COUNTER, "a position")?);
            peers.peers.insert(peer, Place { cursor: Cursor { epoch, seq }, reached });
            if reader.byte()? == 1 {
                peers.last_met = Some(peer);
            }
        }
        reader.finish()?;
        Ok(peers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_goes_back_only_with_a_new_epoch() {
        let peer = ReplicaId::letter(b'r');
        let at = |epoch, seq| Cursor { epoch: LogEpoch(epoch), seq: Seq(seq) };
        let mut peers = Peers::default();
        peers.move_cursor(peer, at(1, 5));
        peers.move_reached(peer, Seq(9));
        peers.move_cursor(peer, at(1, 3));
        assert_eq!((peers.cursor(peer), peers.saved()), (Some(at(1, 5)), Seq(9)));
        peers.move_cursor(peer, at(2, 0));
        assert_eq!((peers.cursor(peer), peers.saved()), (Some(at(2, 0)), Seq::ZERO));
        assert_eq!(Peers::from_bytes(&peers.to_bytes()), Ok(peers));
    }
}
