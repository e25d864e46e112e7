//! The clock: a replica's version vector over the whole database, with what it takes to send only what changed of it.
//!
//! A database that a hundred thousand replicas have written to has as many entries; a peer that comes back is told those
//! that changed after its cursor, and no others. They are kept in columns, 36 bytes for each replica.

use std::hash::Hasher;

use siphasher::sip::SipHasher24;

use crate::dot::Dot;
use crate::id::{LogEpoch, ReplicaId, Seq};
use crate::vector::VersionVector;

/// As many entries share one note of when the newest of them changed.
const BLOCK: usize = 64;

/// A replica's version vector over the whole database.
#[derive(Clone, Default, Debug)]
pub struct Clock {
    // One row for each replica, in their order.
    replicas: Vec<ReplicaId>,
    counters: Vec<u64>,
    // When the counter last changed, as a position in the local log.
    seqs: Vec<Seq>,
    // The peer's log that told of it, as its place in `told_by`; while that log lives, the peer need not be told.
    origins: Vec<u32>,
    told_by: Vec<Option<LogEpoch>>,
    // The newest of the positions in each block of rows: what has not changed for long is passed over by the block.
    newest: Vec<Seq>,
    digest: u64,
}

impl Clock {
    /// The highest counter of that replica's writes that is accounted for.
    pub fn get(&self, replica: ReplicaId) -> u64 {
        let row = self.replicas.binary_search(&replica).ok();
        row.and_then(|row| self.counters.get(row)).copied().unwrap_or(0)
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
        self.rows(0).map(|(dot, _, _)| dot).collect()
    }

    /// Joins a vector at that position of the log; true when anything changed.
    pub fn join(&mut self, vector: &VersionVector, seq: Seq, origin: Option<LogEpoch>) -> bool {
        let (mut origin_place, mut new) = (None, Vec::new());
        for dot in vector.iter() {
            let row = self.replicas.binary_search(&dot.replica);
            let before = row.ok().and_then(|row| self.counters.get(row)).copied().unwrap_or(0);
            if dot.counter <= before {
                continue;
            }
            let origin = *origin_place.get_or_insert_with(|| self.place_of(origin));
            self.digest = advance_digest(self.digest, dot.replica, before, dot.counter);
            match row {
                Ok(row) => self.set(row, (dot, seq, origin)),
                Err(_) => new.push((dot, seq, origin)),
            }
        }
        self.insert(&new);
        origin_place.is_some()
    }

    /// The entries that changed after that position and were not told by that peer's log.
    pub fn changed_since(&self, seq: Seq, exclude: LogEpoch) -> VersionVector {
        let excluded = self.told_by.iter().position(|epoch| *epoch == Some(exclude));
        let blocks = self.newest.iter().enumerate().filter(|(_, newest)| **newest > seq);
        blocks
            .flat_map(|(block, _)| self.rows(block * BLOCK).take(BLOCK))
            .filter(|(_, changed, origin)| *changed > seq && Some(*origin as usize) != excluded)
            .map(|(dot, _, _)| dot)
            .collect()
    }

    fn rows(&self, from: usize) -> impl Iterator<Item = Row> + '_ {
        let replicas = self.replicas.get(from..).unwrap_or_default();
        let counters = self.counters.get(from..).unwrap_or_default();
        let seqs = self.seqs.get(from..).unwrap_or_default();
        let origins = self.origins.get(from..).unwrap_or_default();
        let dots = replicas.iter().zip(counters).map(|(replica, counter)| Dot::new(*replica, *counter));
        dots.zip(seqs).zip(origins).map(|((dot, seq), origin)| (dot, *seq, *origin))
    }

    fn place_of(&mut self, origin: Option<LogEpoch>) -> u32 {
        let known = self.told_by.iter().position(|epoch| *epoch == origin);
        let place = known.unwrap_or_else(|| {
            self.told_by.push(origin);
            self.told_by.len() - 1
        });
        place as u32
    }

    fn set(&mut self, row: usize, (dot, seq, origin): Row) {
        put(&mut self.replicas, row, dot.replica);
        put(&mut self.counters, row, dot.counter);
        put(&mut self.seqs, row, seq);
        put(&mut self.origins, row, origin);
        if let Some(newest) = self.newest.get_mut(row / BLOCK) {
            *newest = seq.max(*newest);
        }
    }

    fn row(&self, row: usize) -> Option<Row> {
        let dot = Dot::new(*self.replicas.get(row)?, *self.counters.get(row)?);
        Some((dot, *self.seqs.get(row)?, *self.origins.get(row)?))
    }

    // Puts rows of replicas that are not here, in their order, to their places: from the end on, each row moves once.
    fn insert(&mut self, new: &[Row]) {
        let Some((first, _, _)) = new.first() else { return };
        let from = self.replicas.partition_point(|replica| *replica < first.replica);
        let (mut old, mut to) = (self.replicas.len(), self.replicas.len() + new.len());
        lengthen(&mut self.replicas, to, first.replica);
        lengthen(&mut self.counters, to, 0);
        lengthen(&mut self.seqs, to, Seq::ZERO);
        lengthen(&mut self.origins, to, 0);
        for row in new.iter().rev() {
            while let Some(last) = old.checked_sub(1).and_then(|last| self.row(last)) {
                if last.0.replica < row.0.replica {
                    break;
                }
                (old, to) = (old - 1, to - 1);
                self.set(to, last);
            }
            to -= 1;
            self.set(to, *row);
        }
        let block = from / BLOCK;
        self.newest.truncate(block);
        let later = self.seqs.get(block * BLOCK..).unwrap_or_default().chunks(BLOCK);
        self.newest.extend(later.map(|seqs| seqs.iter().max().copied().unwrap_or(Seq::ZERO)));
    }
}

/// The highest dot of a replica, when that changed, and the place of who told it.
type Row = (Dot, Seq, u32);

fn put<T>(column: &mut [T], row: usize, value: T) {
    if let Some(place) = column.get_mut(row) {
        *place = value;
    }
}

// Grows by a sixteenth and not by double: most of what a long column has to spare would never be used.
fn lengthen<T: Clone>(column: &mut Vec<T>, len: usize, filler: T) {
    if len > column.capacity() {
        column.reserve_exact(len - column.len() + len / 16);
    }
    column.resize(len, filler);
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
    use std::collections::BTreeMap;

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

    #[test]
    fn a_clock_of_many_replicas_is_the_plain_map_of_them() {
        let mut numbers = fastrand::Rng::with_seed(1);
        let (mut clock, mut model) = (Clock::default(), BTreeMap::new());
        for seq in (1..=300).map(Seq) {
            let origin = Some(LogEpoch(numbers.u64(1..4))).filter(|_| numbers.bool());
            let dots: VersionVector = (0..numbers.usize(0..40))
                .map(|_| Dot::new(ReplicaId::from_bytes([numbers.u8(..); 16]), numbers.u64(1..50)))
                .collect();
            for dot in dots.iter() {
                let entry = model.entry(dot.replica).or_insert((0, Seq::ZERO, None));
                if dot.counter > entry.0 {
                    *entry = (dot.counter, seq, origin);
                }
            }
            clock.join(&dots, seq, origin);
            let since = Seq(numbers.u64(0..=seq.0));
            let expected: VersionVector = model
                .iter()
                .filter(|(_, (_, changed, told))| *changed > since && *told != Some(LogEpoch(2)))
                .map(|(replica, (counter, _, _))| Dot::new(*replica, *counter))
                .collect();
            assert_eq!(clock.changed_since(since, LogEpoch(2)), expected, "at {seq:?} since {since:?}");
        }
        let expected = model.iter().map(|(replica, (counter, _, _))| Dot::new(*replica, *counter)).collect();
        assert_eq!(clock.to_vector(), expected);
    }
}
