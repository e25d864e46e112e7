//! The clock: a replica's version vector over the whole database, with what it takes to send only what changed of it.
//!
//! A database that a hundred thousand replicas have written to has as many entries; a peer that comes back is told those
//! that changed after its cursor, and no others. They are kept in columns, 38 bytes for each replica.

mod stored;

use std::hash::Hasher;

use siphasher::sip::SipHasher24;

use crate::chain::ChainEnd;
use crate::dot::Dot;
use crate::id::{LogEpoch, ReplicaId, Seq};
use crate::linked::LinkedVector;
use crate::vector::VersionVector;

/// As many entries share one note of when the newest of them changed.
const BLOCK: usize = 64;

/// A replica's version vector over the whole database.
#[derive(Clone, Default, Debug)]
pub struct Clock {
    // One row for each replica, in their order.
    replicas: Vec<ReplicaId>,
    counters: Vec<u64>,
    // The link of the replica's chain at the counter.
    links: Vec<u32>,
    // When the counter last changed, as a position in the local log.
    seqs: Vec<Seq>,
    // The peer's log that told of it, as its place in `told_by`; while that log lives, the peer need not be told.
    origins: Vec<u16>,
    told_by: Vec<Option<LogEpoch>>,
    // The newest of the positions in each block of rows: what has not changed for long is passed over by the block.
    newest: Vec<Seq>,
    digest: u64,
}

impl Clock {
    /// The highest counter of that replica's writes that is accounted for.
    pub fn get(&self, replica: ReplicaId) -> u64 {
        self.end(replica).counter
    }

    /// The same, with the link of that replica's chain there.
    pub fn end(&self, replica: ReplicaId) -> ChainEnd {
        let row = self.replicas.binary_search(&replica).ok();
        row.and_then(|row| self.end_in(row)).unwrap_or_default()
    }

    fn end_in(&self, row: usize) -> Option<ChainEnd> {
        Some(ChainEnd { counter: *self.counters.get(row)?, link: *self.links.get(row)? })
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
        self.rows(0).map(|row| row.dot()).collect()
    }

    /// The whole vector, with the links.
    pub fn to_linked(&self) -> LinkedVector {
        self.rows(0).map(|row| row.told()).collect()
    }

    /// Joins a vector at that position of the log; true when anything changed.
    ///
    /// Of two links at one counter the greater one stays, on every replica: there are two copies of one replica then, and
    /// at least one of them will find its own link missing.
    pub fn join(&mut self, vector: &LinkedVector, seq: Seq, origin: Option<LogEpoch>) -> bool {
        let (mut origin_place, mut new) = (None, Vec::new());
        for (dot, link) in vector.entries() {
            let found = self.replicas.binary_search(&dot.replica);
            let before = found.ok().and_then(|row| self.end_in(row)).unwrap_or_default();
            let end = ChainEnd { counter: dot.counter, link };
            if (end.counter, end.link) <= (before.counter, before.link) {
                continue;
            }
            let origin = *origin_place.get_or_insert_with(|| self.place_of(origin));
            self.digest = advance_digest(self.digest, dot.replica, before, end);
            let row = Row { replica: dot.replica, end, seq, origin };
            match found {
                Ok(place) => self.set(place, row),
                Err(_) => new.push(row),
            }
        }
        self.insert(&new);
        origin_place.is_some()
    }

    /// This replica's own writes end there at that position of the log, and not where a join would leave them: they go on,
    /// or those after it are not accounted for any more.
    pub(crate) fn set_own(&mut self, replica: ReplicaId, end: ChainEnd, seq: Seq) {
        let Ok(place) = self.replicas.binary_search(&replica) else { return };
        let origin = self.place_of(None);
        self.digest = advance_digest(self.digest, replica, self.end(replica), end);
        if end.counter > 0 {
            return self.set(place, Row { replica, end, seq, origin });
        }
        self.replicas.remove(place);
        self.counters.remove(place);
        self.links.remove(place);
        self.seqs.remove(place);
        self.origins.remove(place);
        self.note_newest(place / BLOCK);
    }

    /// The entries that changed after that position and were not told by that log of a peer.
    pub fn changed_since(&self, seq: Seq, exclude: Option<LogEpoch>) -> LinkedVector {
        let is_excluded = |epoch: &Option<LogEpoch>| exclude.is_some() && *epoch == exclude;
        let excluded = self.told_by.iter().position(is_excluded);
        let blocks = self.newest.iter().enumerate().filter(|(_, newest)| **newest > seq);
        blocks
            .flat_map(|(block, _)| self.rows(block * BLOCK).take(BLOCK))
            .filter(|row| row.seq > seq && excluded.is_none_or(|place| usize::from(row.origin) != place))
            .map(|row| row.told())
            .collect()
    }

    fn rows(&self, from: usize) -> impl Iterator<Item = Row> + '_ {
        (from..self.replicas.len()).filter_map(|row| self.row(row))
    }

    // Should there ever be more logs than places, the last ones are taken for none: what they told is told to them again.
    fn place_of(&mut self, origin: Option<LogEpoch>) -> u16 {
        if self.told_by.is_empty() {
            self.told_by.push(None);
        }
        let known = self.told_by.iter().position(|epoch| *epoch == origin);
        let place = known.unwrap_or_else(|| {
            self.told_by.push(origin);
            self.told_by.len() - 1
        });
        u16::try_from(place).unwrap_or_else(|_| {
            self.told_by.truncate(place);
            0
        })
    }

    fn set(&mut self, place: usize, row: Row) {
        put(&mut self.replicas, place, row.replica);
        put(&mut self.counters, place, row.end.counter);
        put(&mut self.links, place, row.end.link);
        put(&mut self.seqs, place, row.seq);
        put(&mut self.origins, place, row.origin);
        if let Some(newest) = self.newest.get_mut(place / BLOCK) {
            *newest = row.seq.max(*newest);
        }
    }

    fn row(&self, place: usize) -> Option<Row> {
        let (replica, end) = (*self.replicas.get(place)?, self.end_in(place)?);
        Some(Row { replica, end, seq: *self.seqs.get(place)?, origin: *self.origins.get(place)? })
    }

    // Puts rows of replicas that are not here, in their order, to their places: from the end on, each row moves once.
    fn insert(&mut self, new: &[Row]) {
        let Some(first) = new.first() else { return };
        let from = self.replicas.partition_point(|replica| *replica < first.replica);
        let (mut old, mut to) = (self.replicas.len(), self.replicas.len() + new.len());
        lengthen(&mut self.replicas, to, first.replica);
        lengthen(&mut self.counters, to, 0);
        lengthen(&mut self.links, to, 0);
        lengthen(&mut self.seqs, to, Seq::ZERO);
        lengthen(&mut self.origins, to, 0);
        for row in new.iter().rev() {
            while let Some(last) = old.checked_sub(1).and_then(|last| self.row(last)) {
                if last.replica < row.replica {
                    break;
                }
                (old, to) = (old - 1, to - 1);
                self.set(to, last);
            }
            to -= 1;
            self.set(to, *row);
        }
        self.note_newest(from / BLOCK);
    }

    // Looks anew what is the newest in this block and those after it.
    fn note_newest(&mut self, block: usize) {
        self.newest.truncate(block);
        let later = self.seqs.get(block * BLOCK..).unwrap_or_default().chunks(BLOCK);
        self.newest.extend(later.map(|seqs| seqs.iter().max().copied().unwrap_or(Seq::ZERO)));
    }
}

/// What is known of one replica's writes, when that changed, and the place of who told it.
#[derive(Clone, Copy)]
struct Row {
    replica: ReplicaId,
    end: ChainEnd,
    seq: Seq,
    origin: u16,
}

impl Row {
    fn dot(&self) -> Dot {
        Dot::new(self.replica, self.end.counter)
    }

    fn told(&self) -> (Dot, u32) {
        (self.dot(), self.end.link)
    }
}

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

/// The digest of a clock after one of its entries went from one end of a chain to another; a counter of 0 stands for no
/// entry. The digest of the empty clock is 0.
///
/// It is a sum, so that it does not depend on the order, of SipHash-2-4 (keys zero) over the 16 bytes of the id, the 8
/// bytes of the counter, lowest first, and where the link is known its 4 bytes, for every entry.
pub fn advance_digest(digest: u64, replica: ReplicaId, from: ChainEnd, to: ChainEnd) -> u64 {
    digest.wrapping_sub(entry_digest(replica, from)).wrapping_add(entry_digest(replica, to))
}

fn entry_digest(replica: ReplicaId, end: ChainEnd) -> u64 {
    if end.counter == 0 {
        return 0;
    }
    let mut hasher = SipHasher24::new();
    let [high, low] = replica.to_halves();
    hasher.write([high, low, end.counter.to_le_bytes()].as_flattened());
    if end.link != 0 {
        hasher.write(&end.link.to_le_bytes());
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

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
        assert_eq!(clock.changed_since(Seq(3), Some(z)), vector("b:4"));
        assert_eq!(clock.changed_since(Seq(3), Some(b)), vector(""));
        assert_eq!(clock.changed_since(Seq(2), Some(z)), vector("a:5 b:4"));
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
            clock.join(&dots.into(), seq, origin);
            let since = Seq(numbers.u64(0..=seq.0));
            let expected: VersionVector = model
                .iter()
                .filter(|(_, (_, changed, told))| *changed > since && *told != Some(LogEpoch(2)))
                .map(|(replica, (counter, _, _))| Dot::new(*replica, *counter))
                .collect();
            assert_eq!(
                *clock.changed_since(since, Some(LogEpoch(2))),
                expected,
                "at {seq:?} since {since:?}"
            );
        }
        let expected = model.iter().map(|(replica, (counter, _, _))| Dot::new(*replica, *counter)).collect();
        assert_eq!(clock.to_vector(), expected);
    }
}
