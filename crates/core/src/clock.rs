//! The clock: a replica's version vector over the whole database, with what it takes to send only what changed of it.
//!
//! A database that a hundred thousand replicas have written to has as many entries; a peer that comes back is told those
//! that changed after its cursor, and no others.

use std::collections::BTreeMap;
use std::hash::Hasher;

use siphasher::sip::SipHasher24;

use crate::dot::Dot;
use crate::id::{LogEpoch, ReplicaId, Seq};
use crate::vector::VersionVector;

/// What is known of one replica's writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct ClockEntry {
    counter: u64,
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
        self.entries.get(&replica).map_or(0, |entry| entry.counter)
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
        self.entries.iter().map(|(replica, entry)| Dot::new(*replica, entry.counter)).collect()
    }

    /// Joins a vector at that position of the log; true when anything changed.
    pub fn join(&mut self, vector: &VersionVector, seq: Seq, origin: Option<LogEpoch>) -> bool {
        let mut changed = false;
        for dot in vector.iter() {
            let before = self.get(dot.replica);
            if dot.counter > before {
                let entry = ClockEntry { counter: dot.counter, seq, origin };
                self.entries.insert(dot.replica, entry);
                self.digest = advance_digest(self.digest, dot.replica, before, dot.counter);
                changed = true;
            }
        }
        changed
    }

    /// The entries that changed after that position and were not told by that peer's log.
    pub fn changed_since(&self, seq: Seq, exclude: LogEpoch) -> VersionVector {
        self.entries
            .iter()
            .filter(|(_, entry)| entry.seq > seq && entry.origin != Some(exclude))
            .map(|(replica, entry)| Dot::new(*replica, entry.counter))
            .collect()
    }
}

/// The digest of a clock after one of its entries went from one counter to another; 0 stands for no entry. The digest of
/// the empty clock is 0.
///
/// It is a sum, so that it does not depend on the order, of SipHash-2-4 (keys zero) over the 16 bytes of the id and the 8
/// bytes of the counter, lowest first, for every entry.
pub fn advance_digest(digest: u64, replica: ReplicaId, from: u64, to: u64) -> u64 {
    digest.wrapping_sub(entry_digest(replica, from)).wrapping_add(entry_digest(replica, to))
}

fn entry_digest(replica: ReplicaId, counter: u64) -> u64 {
    if counter == 0 {
        return 0;
    }
    let mut hasher = SipHasher24::new();
    hasher.write(&replica.to_bytes());
    hasher.write(&counter.to_le_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(text: &str) -> VersionVector {
        text.parse().unwrap()
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
