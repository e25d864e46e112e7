//! The clock: a replica's version vector over the whole database, with what it takes to send only what changed of it.
//!
//! A database that a hundred thousand replicas have written to has as many entries; a peer that comes back is told those
//! that changed after its cursor, and no others.

use std::collections::BTreeMap;
use std::hash::Hasher;

use siphasher::sip::SipHasher24;

use crate::chain::ChainEnd;
use crate::dot::Dot;
use crate::id::{LogEpoch, ReplicaId, Seq};
use crate::linked::LinkedVector;
use crate::vector::VersionVector;

/// What is known of one replica's writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct ClockEntry {
    end: ChainEnd,
    // When the entry last changed, as a position in the local log.
    seq: Seq,
    // The peer's log that told of it; while that log lives, the peer need not be told.
    origin: Option<LogEpoch>,
}

/// A replica's version vector over the whole database.
#[derive(Clone, Default, Debug)]
pub struct Clock {
    entries: BTreeMap<ReplicaId, ClockEntry>,
    digest: u64,
}

impl Clock {
    /// The highest counter of that replica's writes that is accounted for.
    pub fn get(&self, replica: ReplicaId) -> u64 {
        self.end(replica).counter
    }

    /// The same, with the link of that replica's chain there.
    pub fn end(&self, replica: ReplicaId) -> ChainEnd {
        self.entries.get(&replica).map_or(ChainEnd::default(), |entry| entry.end)
    }

    /// True when the write is accounted for.
    pub fn covers(&self, dot: Dot) -> bool {
        dot.counter <= self.get(dot.replica)
    }

    /// True when all of that vector is accounted for.
    pub fn covers_all(&self, vector: &VersionVector) -> bool {
        vector.iter().all(|dot| dot.counter <= self.get(dot.replica))
    }

    /// A number that two clocks share if, but for a chance of one in 2^64, they are equal. Kept up entry by entry.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// The whole vector.
    pub fn to_vector(&self) -> VersionVector {
        self.entries.iter().map(|(replica, entry)| Dot::new(*replica, entry.end.counter)).collect()
    }

    /// The whole vector, with the links.
    pub fn to_linked(&self) -> LinkedVector {
        self.entries.iter().map(told).collect()
    }

    /// Joins a vector at that position of the log; true when anything changed.
    ///
    /// Of two links at one counter the greater one stays, on every replica: there are two copies of one replica then, and
    /// at least one of them will find its own link missing.
    pub fn join(&mut self, vector: &LinkedVector, seq: Seq, origin: Option<LogEpoch>) -> bool {
        let mut changed = false;
        for (dot, link) in vector.entries() {
            let (before, end) = (self.end(dot.replica), ChainEnd { counter: dot.counter, link });
            if (end.counter, end.link) > (before.counter, before.link) {
                self.set(dot.replica, ClockEntry { end, seq, origin });
                changed = true;
            }
        }
        changed
    }

    /// This replica's own writes were committed at that position of the log.
    pub(crate) fn set_own(&mut self, replica: ReplicaId, end: ChainEnd, seq: Seq) {
        self.set(replica, ClockEntry { end, seq, origin: None });
    }

    /// A replica's writes after that are not accounted for any more.
    pub(crate) fn fall_back(&mut self, replica: ReplicaId, end: ChainEnd, seq: Seq) {
        if self.get(replica) > end.counter {
            self.set(replica, ClockEntry { end, seq, origin: None });
        }
    }

    fn set(&mut self, replica: ReplicaId, entry: ClockEntry) {
        self.digest = advance_digest(self.digest, replica, self.end(replica), entry.end);
        if entry.end.counter == 0 {
            self.entries.remove(&replica);
        } else {
            self.entries.insert(replica, entry);
        }
    }

    /// The entries that changed after that position and were not told by that peer's log.
    pub fn changed_since(&self, seq: Seq, exclude: LogEpoch) -> LinkedVector {
        self.entries
            .iter()
            .filter(|(_, entry)| entry.seq > seq && entry.origin != Some(exclude))
            .map(told)
            .collect()
    }
}

fn told((replica, entry): (&ReplicaId, &ClockEntry)) -> (Dot, u64) {
    (Dot::new(*replica, entry.end.counter), entry.end.link)
}

/// The digest of a clock after one of its entries went from one end of a chain to another; a counter of 0 stands for no
/// entry. The digest of the empty clock is 0.
///
/// It is a sum, so that it does not depend on the order, of SipHash-2-4 (keys zero) over the 16 bytes of the id, the 8
/// bytes of the counter, lowest first, and where the link is known its 8 bytes, for every entry.
pub fn advance_digest(digest: u64, replica: ReplicaId, from: ChainEnd, to: ChainEnd) -> u64 {
    digest.wrapping_sub(entry_digest(replica, from)).wrapping_add(entry_digest(replica, to))
}

fn entry_digest(replica: ReplicaId, end: ChainEnd) -> u64 {
    if end.counter == 0 {
        return 0;
    }
    let mut hasher = SipHasher24::new();
    hasher.write(&replica.to_bytes());
    hasher.write(&end.counter.to_le_bytes());
    if end.link != 0 {
        hasher.write(&end.link.to_le_bytes());
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(text: &str) -> LinkedVector {
        text.parse::<VersionVector>().unwrap().into()
    }

    #[test]
    fn the_digest_depends_on_the_entries_and_not_on_the_way_there() {
        let (mut one, mut two) = (Clock::default(), Clock::default());
        one.join(&vector("a:5 b:2"), Seq(1), None);
        for step in ["b:1", "a:3", "a:5", "b:2", "a:4"] {
            two.join(&vector(step), Seq(1), None);
        }
        assert_eq!((one.digest(), one.to_vector()), (two.digest(), two.to_vector()));
        two.join(&vector("b:3"), Seq(2), None);
        assert_ne!(one.digest(), two.digest());
        assert_eq!(Clock::default().digest(), 0);
    }

    #[test]
    fn only_what_changed_after_the_cursor_is_told_and_not_to_who_told_it() {
        let (b, z) = (LogEpoch(2), LogEpoch(26));
        let mut clock = Clock::default();
        clock.join(&vector("a:5 b:2"), Seq(3), None);
        clock.join(&vector("b:4"), Seq(7), Some(b));
        assert_eq!(clock.changed_since(Seq(3), z), vector("b:4"));
        assert_eq!(clock.changed_since(Seq(3), b), vector(""));
        assert_eq!(clock.changed_since(Seq(2), z), vector("a:5 b:4"));
    }
}
