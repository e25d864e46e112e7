//! The chain over a replica's commits: what tells its log from another copy's that bears the same name.
//!
//! A copied profile or a restored backup comes back with the same replica id and an older state, and goes on from there.
//! Its counters and positions then mean something else than those that others have seen. So every commit extends a chain of
//! hashes, and whoever knows a counter or a position of this replica knows the link there. Law: where a counter or a position
//! is told, what is behind it is of this replica's own log, or it finds that out before anything is sent or taken in.

mod stored;

use std::collections::VecDeque;
use std::hash::Hasher;

use siphasher::sip::SipHasher24;

use crate::dot::Dot;
use crate::guard::{Guard, holds};
use crate::id::{Cursor, ReplicaId, Seq};
use crate::linked::LinkedVector;
use crate::seen::{LogPlace, Seen};
use crate::segment::Entries;

/// How many boundaries are kept below what others are known to have. A relay that was restored from an older backup
/// tells of one that is older still; it is believed.
const KEPT: usize = 1_024;

/// Where a replica's own writes end in its chain, or ended at some time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ChainEnd {
    /// How many writes the replica has made.
    pub counter: u64,
    /// The link after the commit that made the last of them; 0 where it is not known, and where there is no write.
    pub link: u32,
}

impl ChainEnd {
    /// True when a log of which this was seen cannot end there: it does not grow shorter, and no write becomes another one.
    pub(crate) fn is_beyond(self, other: Self) -> bool {
        let is_other = self.link != other.link && self.link != 0 && other.link != 0;
        self.counter > other.counter || (self.counter == other.counter && is_other)
    }
}

/// The chain of a replica's commits, as far back as it is needed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chain {
    // The link after the last commit that moved the log on.
    link: u32,
    // Where such commits ended, the last ones in order. What is before them is believed.
    places: VecDeque<LogPlace>,
    forgets_places: bool,
    // Where commits of own writes ended, in order. What is before the first is not known when some were dropped.
    boundaries: VecDeque<Boundary>,
    dropped: bool,
    // Up to here the writes are known to somebody else.
    confirmed: u64,
}

#[derive(Clone, Copy, Debug)]
struct Boundary {
    // Where the log ended before the commit, and after it.
    before: Seq,
    seq: Seq,
    end: ChainEnd,
}

impl Chain {
    /// The chain of a replica that begins with these writes, and that link.
    pub(crate) fn starting_at(seq: Seq, counter: u64, link: u32) -> Self {
        let mut chain = Self::default();
        chain.go_on(seq, link);
        chain.extend((seq, seq), counter);
        chain
    }

    /// A commit has moved the log on: it ends there now, with that link.
    pub(crate) fn go_on(&mut self, seq: Seq, link: u32) {
        self.link = link;
        self.places.push_back(LogPlace { seq, link });
        if self.places.len() > KEPT {
            self.places.pop_front();
            self.forgets_places = true;
        }
    }

    /// The link after the last commit; 0 before the first.
    pub(crate) fn link(&self) -> u32 {
        self.link
    }

    /// Where the own writes end.
    pub(crate) fn end(&self) -> ChainEnd {
        self.boundaries.back().map_or(ChainEnd::default(), |boundary| boundary.end)
    }

    /// The commit that was added last was of own writes, up to that counter: the log ended there before and ends here now.
    /// Parts of one commit count as one boundary.
    pub(crate) fn extend(&mut self, (before, seq): (Seq, Seq), counter: u64) {
        if counter == 0 {
            return;
        }
        let end = ChainEnd { counter, link: self.link };
        let part = self.boundaries.back().filter(|last| last.end.counter == end.counter);
        let before = part.map_or(before, |part| part.before);
        self.boundaries.truncate(self.boundaries.len() - usize::from(part.is_some()));
        self.boundaries.push_back(Boundary { before, seq, end });
    }

    /// What the chain was when the log ended there; none where that is not known any more.
    pub(crate) fn at_position(&self, seq: Seq) -> Option<ChainEnd> {
        let after = self.boundaries.partition_point(|boundary| boundary.seq <= seq);
        match after.checked_sub(1).and_then(|place| self.boundaries.get(place)) {
            Some(boundary) => Some(boundary.end),
            None => (!self.dropped).then(ChainEnd::default),
        }
    }

    /// Judges what another replica says to have seen. Law: what is not of this log is never admitted, unless it is older
    /// than what is remembered.
    pub(crate) fn admits(&self, seen: Seen, head: Seq) -> bool {
        if seen.log.seq > head || seen.end.counter > self.end().counter || !self.has(seen.end) {
            return false;
        }
        self.has_place(seen.log).unwrap_or_else(|| self.may_have(seen))
    }

    // None where that cannot be known: nothing was seen, or without a link, or longer ago than is remembered.
    fn has_place(&self, place: LogPlace) -> Option<bool> {
        let oldest = self.places.front().map_or(Seq::ZERO, |place| place.seq);
        if place.link == 0 || (self.forgets_places && place.seq < oldest) {
            return None;
        }
        let found = self.places.binary_search_by_key(&place.seq, |place| place.seq).ok();
        let is_own = found.and_then(|found| self.places.get(found)) == Some(&place);
        Some(is_own || !holds(Guard::Places))
    }

    // Who has the log up to a position knows the writes up to there.
    fn may_have(&self, seen: Seen) -> bool {
        let known = self.at_position(seen.log.seq).is_none_or(|end| end.counter <= seen.end.counter);
        known && !self.is_within_commit(seen.log.seq)
    }

    // Nobody is told a part of a commit, so nobody's position in this log is there.
    fn is_within_commit(&self, seq: Seq) -> bool {
        let after = self.boundaries.partition_point(|boundary| boundary.seq <= seq);
        self.boundaries.get(after).is_some_and(|boundary| boundary.before < seq)
    }

    fn has(&self, end: ChainEnd) -> bool {
        let oldest = self.boundaries.front().map_or(0, |boundary| boundary.end.counter);
        if end.counter == 0 || (self.dropped && end.counter < oldest) {
            return true;
        }
        let place = self.boundaries.binary_search_by_key(&end.counter, |boundary| boundary.end.counter);
        let found = place.ok().and_then(|place| self.boundaries.get(place));
        found.is_some_and(|boundary| end.link == 0 || boundary.end.link == end.link)
    }

    /// The writes up to there are known to somebody else. Older boundaries are of little use.
    pub(crate) fn confirm(&mut self, counter: u64) {
        self.confirmed = self.confirmed.max(counter.min(self.end().counter));
        let known = self.boundaries.partition_point(|boundary| boundary.end.counter <= self.confirmed);
        if let Some(surplus) = known.checked_sub(KEPT).filter(|surplus| *surplus > 0) {
            self.boundaries.drain(..surplus);
            self.dropped = true;
        }
    }

    /// The last boundary up to which the writes are known to somebody else.
    pub(crate) fn confirmed(&self) -> ChainEnd {
        let known = self.boundaries.partition_point(|boundary| boundary.end.counter <= self.confirmed);
        let last = known.checked_sub(1).and_then(|place| self.boundaries.get(place));
        last.map_or(ChainEnd::default(), |boundary| boundary.end)
    }

    /// The link after these own writes: SipHash-2-4 over the link before, and of every record its key, the replica's
    /// counter in its context, and the replica's own versions.
    pub(crate) fn written_link(&self, replica: ReplicaId, entries: &Entries) -> u32 {
        let mut hasher = self.hasher();
        for (key, record) in entries {
            hasher.write(key.as_str().as_bytes());
            hasher.write(&[0xff]);
            hasher.write(&record.context().get(replica).to_le_bytes());
            for version in record.versions().iter().filter(|version| version.dot.replica == replica) {
                let content = version.content.as_deref();
                let length = content.map_or(0, |content| content.len() as u64 + 1);
                // At once: the hasher takes long for little.
                let numbers = [version.dot.counter, version.at.ms, version.at.count.into(), length];
                hasher.write(numbers.map(u64::to_le_bytes).as_flattened());
                hasher.write(content.unwrap_or_default());
                for dot in version.references.as_slice() {
                    hasher.write(&dot.replica.to_bytes());
                    hasher.write(&dot.counter.to_le_bytes());
                }
            }
        }
        link_of(&hasher)
    }

    /// The link after a delta that was taken in: over the link before, where this log ended, and the place that is reached in
    /// the peer's log. What stands there is the same for everybody, so its records need not be read.
    pub(crate) fn received_link(&self, head_before: Seq, cursor: Cursor, link: u32) -> u32 {
        let mut hasher = self.hasher();
        let numbers = [head_before.0, cursor.epoch.0, cursor.seq.0, link.into()];
        hasher.write(numbers.map(u64::to_le_bytes).as_flattened());
        link_of(&hasher)
    }

    /// The link after a part of an export: over the link before, where this log ended, of every record its key and its
    /// context, and the clock with its links.
    pub(crate) fn imported_link(&self, head_before: Seq, entries: &Entries, clock: &LinkedVector) -> u32 {
        let mut hasher = self.hasher();
        hasher.write(&head_before.0.to_le_bytes());
        for (key, record) in entries {
            hasher.write(key.as_str().as_bytes());
            hasher.write(&[0xff]);
            record.context().iter().for_each(|dot| write_entry(&mut hasher, dot, 0));
        }
        hasher.write(&[0xff]);
        clock.entries().for_each(|(dot, link)| write_entry(&mut hasher, dot, link));
        link_of(&hasher)
    }

    /// The link of a chain that goes on under a new name.
    pub(crate) fn renamed_link(&self, replica: ReplicaId) -> u32 {
        let mut hasher = self.hasher();
        hasher.write(&replica.to_bytes());
        link_of(&hasher)
    }

    fn hasher(&self) -> SipHasher24 {
        let mut hasher = SipHasher24::new();
        hasher.write(&self.link.to_le_bytes());
        hasher
    }
}

fn write_entry(hasher: &mut SipHasher24, dot: Dot, link: u32) {
    hasher.write(&dot.replica.to_bytes());
    hasher.write([dot.counter, link.into()].map(u64::to_le_bytes).as_flattened());
}

// The lower half of the hash; 0 stands for a link that is not known.
fn link_of(hasher: &SipHasher24) -> u32 {
    (hasher.finish() as u32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(counter: u64) -> ChainEnd {
        ChainEnd { counter, link: if counter > 0 { 1_000 + counter as u32 } else { 0 } }
    }

    fn place(seq: u64, link: u32) -> LogPlace {
        LogPlace { seq: Seq(seq), link }
    }

    fn seen(seq: u64, end: ChainEnd) -> Seen {
        Seen { log: place(seq, 0), end }
    }

    // Of own writes up to the counters 2, 4 and 6, and of two commits that came from others.
    fn chain() -> Chain {
        let mut chain = Chain::default();
        for (before, seq, counter, link) in
            [(0, 1, None, 7), (1, 3, Some(2), 1_002), (3, 4, None, 8), (4, 5, Some(4), 1_004)]
        {
            chain.go_on(Seq(seq), link);
            counter.into_iter().for_each(|counter| chain.extend((Seq(before), Seq(seq)), counter));
        }
        chain.go_on(Seq(9), 1_006);
        chain.extend((Seq(8), Seq(9)), 6);
        chain
    }

    #[test]
    fn only_what_is_of_this_log_is_admitted() {
        let at = |seq, link, end| Seen { log: place(seq, link), end };
        for (told, admitted, why) in [
            (seen(0, ChainEnd::default()), true, "nothing was seen"),
            (seen(9, end(6)), true, "all was seen"),
            (seen(10, end(6)), true, "and what came from others after it"),
            (seen(3, end(6)), true, "the writes were heard of from others"),
            (seen(4, end(2)), true, "an older state"),
            (seen(3, ChainEnd { counter: 6, link: 0 }), true, "the link is not known"),
            (seen(11, end(6)), false, "the log has been longer"),
            (seen(9, end(8)), false, "there were more writes"),
            (seen(9, ChainEnd { counter: 6, link: 7 }), false, "there were other writes"),
            (seen(3, ChainEnd { counter: 3, link: 7 }), false, "no commit ended there"),
            (seen(9, end(4)), false, "the log up to there was another one"),
            (seen(2, end(6)), false, "no commit ended there, but one went on"),
            (seen(1, end(6)), true, "a commit began there"),
            (at(4, 8, end(2)), true, "a commit of others ended there"),
            (at(4, 8, end(0)), true, "and no clock has told of the writes before it"),
            (at(4, 9, end(2)), false, "another commit ended there"),
            (at(2, 8, end(2)), false, "none ended there"),
            (at(4, 8, ChainEnd { counter: 4, link: 7 }), false, "but there were other writes since"),
        ] {
            assert_eq!(chain().admits(told, Seq(10)), admitted, "{why}");
        }
    }

    #[test]
    fn what_is_older_than_what_is_remembered_is_believed() {
        let mut chain = Chain::default();
        for counter in 1..=3 * KEPT as u64 {
            chain.go_on(Seq(counter), counter as u32);
            chain.extend((Seq(counter - 1), Seq(counter)), counter);
        }
        chain.confirm(2 * KEPT as u64);
        assert_eq!(chain.boundaries.len(), 2 * KEPT, "all that is unconfirmed, and some more");
        let other = |counter| seen(counter, ChainEnd { counter, link: 7 });
        assert!(chain.admits(other(5), Seq(9_999)) && !chain.admits(other(KEPT as u64 + 1), Seq(9_999)));
        let counter = 2 * KEPT as u64;
        assert_eq!(chain.confirmed(), ChainEnd { counter, link: counter as u32 });
        let elsewhere = |seq| Seen { log: place(seq, 9), end: ChainEnd { counter: seq, link: seq as u32 } };
        assert!(chain.admits(elsewhere(counter), Seq(9_999)));
        assert!(!chain.admits(elsewhere(counter + 1), Seq(9_999)));
    }

    #[test]
    fn the_parts_of_one_commit_are_one_boundary() {
        let mut chain = Chain::default();
        for (before, seq, link) in [(0, 1, 5), (1, 2, 6)] {
            chain.go_on(Seq(seq), link);
            chain.extend((Seq(before), Seq(seq)), 2);
        }
        assert!(!chain.admits(seen(1, ChainEnd { counter: 2, link: 5 }), Seq(2)));
        assert!(chain.admits(seen(2, ChainEnd { counter: 2, link: 6 }), Seq(2)));
    }
}
