//! What a replica knows of its peers: how far it is in their logs, and how far they are in its own.

use litemap::LiteMap;

use crate::codec::{DecodeError, Reader, Writer};
use crate::dot::MAXIMUM_COUNTER;
use crate::id::{Cursor, LogEpoch, ReplicaId, Seq};
use crate::message::{read_place, write_place};
use crate::seen::LogPlace;

/// The peers that were met in one life of this replica's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peers {
    // Positions in another life of the log mean something else, and so do cursors that somebody had under another name.
    own: LogEpoch,
    // Up to here others had everything when this life of the log began.
    inherited: Seq,
    peers: LiteMap<ReplicaId, Place>,
    last_met: Option<ReplicaId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    // How far this replica is in the peer's log, and the link of the peer's chain there.
    cursor: Cursor,
    link: u32,
    // How far the peer is in this replica's log.
    reached: Seq,
}

impl Peers {
    /// No peers, in that life of this replica's log.
    pub const fn new(own: LogEpoch) -> Self {
        Self::after(own, Seq::ZERO)
    }

    /// No peers, in a life of the log in which others had everything up to there when it began.
    pub const fn after(own: LogEpoch, saved: Seq) -> Self {
        Self { own, inherited: saved, peers: LiteMap::new(), last_met: None }
    }

    /// No peers, in another life of the log, which has the same positions so far.
    pub(crate) fn begin_life(&mut self, own: LogEpoch) {
        *self = Self::after(own, self.saved());
    }

    /// True when none was met.
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// How far this replica is in a peer's log.
    pub fn cursor(&self, peer: ReplicaId) -> Option<Cursor> {
        self.peers.get(&peer).map(|place| place.cursor)
    }

    /// The link of a peer's chain where this replica is in its log; 0 where it is not known.
    pub fn link(&self, peer: ReplicaId) -> u32 {
        self.peers.get(&peer).map_or(0, |place| place.link)
    }

    /// That peer was met where this replica looks for it first: a relay at its address.
    pub fn meet(&mut self, peer: ReplicaId) {
        self.last_met = Some(peer);
    }

    /// The peer that was met last, and the cursor into its log: a guess for the next meeting.
    pub fn last_met(&self) -> Option<(ReplicaId, Cursor)> {
        let peer = self.last_met?;
        self.cursor(peer).map(|cursor| (peer, cursor))
    }

    /// The position in this replica's log up to which some peer has durably taken in everything.
    pub fn saved(&self) -> Seq {
        self.peers.values().map(|place| place.reached).fold(self.inherited, Seq::max)
    }

    /// True when that is the log of a peer as it lives now.
    pub fn knows_log(&self, epoch: LogEpoch) -> bool {
        self.peers.values().any(|place| place.cursor.epoch == epoch)
    }

    /// This replica has reached that position of a peer's log. True when that is news. A cursor goes back only with a new
    /// epoch; and what a peer had in a former epoch, it may have lost.
    pub fn move_cursor(&mut self, peer: ReplicaId, cursor: Cursor, link: u32) -> bool {
        let new = Place { cursor, link, reached: Seq::ZERO };
        let place = self.peers.entry(peer).or_insert(new);
        if place.cursor.epoch != cursor.epoch {
            *place = new;
            return true;
        }
        let news = cursor.seq > place.cursor.seq;
        if news {
            *place = Place { reached: place.reached, ..new };
        }
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

    /// Takes in what another tab of the same replica knows; true when that was news. What is of another life of this
    /// replica's log is of no use.
    pub fn join(&mut self, other: &Self) -> bool {
        let mut news = false;
        if self.own != other.own {
            return news;
        }
        for (peer, place) in &other.peers {
            news |= self.move_cursor(*peer, place.cursor, place.link);
            news |= self.move_reached(*peer, place.reached);
        }
        news |= other.inherited > self.inherited;
        self.inherited = self.inherited.max(other.inherited);
        self.last_met = other.last_met.or(self.last_met);
        news
    }

    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.fixed(self.own.0);
        writer.number(self.inherited.0);
        writer.size(self.peers.len());
        for (peer, place) in &self.peers {
            writer.raw(&peer.to_bytes());
            writer.fixed(place.cursor.epoch.0);
            write_place(&mut writer, LogPlace { seq: place.cursor.seq, link: place.link });
            writer.number(place.reached.0);
            writer.byte((self.last_met == Some(*peer)).into());
        }
        writer.into_bytes()
    }

    /// Reads what [`Peers::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let mut peers = Self::new(LogEpoch(reader.fixed()?));
        peers.inherited = Seq(reader.number_up_to(MAXIMUM_COUNTER, "a position")?);
        for _ in 0..reader.count()? {
            let peer = ReplicaId::from_bytes(reader.array()?);
            let epoch = LogEpoch(reader.fixed()?);
            let LogPlace { seq, link } = read_place(&mut reader)?;
            let reached = Seq(reader.number_up_to(MAXIMUM_COUNTER, "a position")?);
            if peers.peers.last().is_some_and(|(last, _)| *last >= peer) {
                return Err(DecodeError::NotCanonical("the peers"));
            }
            peers.peers.insert(peer, Place { cursor: Cursor { epoch, seq }, link, reached });
            match reader.byte()? {
                0 => {}
                1 if peers.last_met.is_none() => peers.last_met = Some(peer),
                1 => return Err(DecodeError::Invalid("the peer that was met last")),
                _ => return Err(DecodeError::Invalid("a mark")),
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
        let mut peers = Peers::new(LogEpoch(9));
        peers.move_cursor(peer, at(1, 5), 55);
        peers.move_reached(peer, Seq(9));
        peers.move_cursor(peer, at(1, 3), 33);
        assert_eq!((peers.cursor(peer), peers.link(peer)), (Some(at(1, 5)), 55));
        assert_eq!((peers.saved(), Peers::from_bytes(&peers.to_bytes())), (Seq(9), Ok(peers.clone())));
        peers.move_cursor(peer, at(2, 0), 0);
        assert_eq!((peers.cursor(peer), peers.saved()), (Some(at(2, 0)), Seq::ZERO));
        assert_eq!(Peers::from_bytes(&peers.to_bytes()), Ok(peers));
    }
}
