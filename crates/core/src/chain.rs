//! The chain over a replica's own writes: what tells its log from another copy's that bears the same name.
//!
//! A copied profile or a restored backup comes back with the same replica id and an older state, and goes on from there.
//! Its counters and positions then mean something else than those that others have seen. So every commit of own writes
//! extends a chain of hashes, and whoever knows a counter of this replica knows the link at it. Law: where a counter is
//! told, the writes behind it are this replica's own, or it finds that out before anything is sent or taken in.

use std::collections::VecDeque;
use std::hash::Hasher;

use siphasher::sip::SipHasher24;

use crate::id::{ReplicaId, Seq};
use crate::segment::Entries;

/// How many boundaries are kept below what others are known to have. A relay that was restored from an older backup
/// tells of one that is older still; it is believed.
const KEPT: usize = 1_024;

/// Where a replica's chain ends, or stood at some time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ChainEnd {
    /// How many writes the replica has made.
    pub counter: u64,
    /// The link there; 0 where it is not known, and where there is no write.
    pub link: u32,
}

impl ChainEnd {
    /// True when more was heard of a sender since it has judged what was seen of it: its chain ends at `now` by now, and not
    /// where its delta tells. Only the sender can say whether both are of its log. A delta that tells of no writes of its
    /// sender is of any log.
    pub fn is_overtaken(self, now: Self, told: Self) -> bool {
        told.counter > 0 && now != told && now.is_beyond(self)
    }

    /// True when a log of which this was seen cannot end there: it does not grow shorter, and no write becomes another one.
    pub(crate) fn is_beyond(self, other: Self) -> bool {
        let is_other = self.link != other.link && self.link != 0 && other.link != 0;
        self.counter > other.counter || (self.counter == other.counter && is_other)
    }
}

/// What one replica has seen of another: how far it is in its log, and what it knows of its chain, wherever from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    /// The position in the log, in the life that it has now; 0 for none.
    pub seq: Seq,
    /// What the clock has of the replica's own writes.
    pub end: ChainEnd,
}

/// The chain of a replica's own writes, as far back as it is needed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chain {
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
    /// The chain of a replica that begins with these writes.
    pub(crate) fn starting_at(seq: Seq, end: ChainEnd) -> Self {
        let mut chain = Self::default();
        chain.extend((seq, seq), end);
        chain
    }

    /// Where it ends.
    pub(crate) fn end(&self) -> ChainEnd {
        self.boundaries.back().map_or(ChainEnd::default(), |boundary| boundary.end)
    }

    /// Own writes were committed: the log ended there before and ends here now. Parts of one commit count as one boundary.
    pub(crate) fn extend(&mut self, (before, seq): (Seq, Seq), end: ChainEnd) {
        if end.counter == 0 {
            return;
        }
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
        if seen.seq > head || seen.end.counter > self.end().counter {
            return false;
        }
        // Who has the log up to a position knows the writes up to there.
        let known = self.at_position(seen.seq).is_none_or(|end| end.counter <= seen.end.counter);
        known && !self.is_within_commit(seen.seq) && self.has(seen.end)
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
    pub(crate) fn next_link(&self, replica: ReplicaId, entries: &Entries) -> u32 {
        let mut hasher = SipHasher24::new();
        hasher.write(&self.end().link.to_le_bytes());
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
            }
        }
        link_of(&hasher)
    }

    /// The link of a chain that goes on under a new name.
    pub(crate) fn renamed_link(&self, replica: ReplicaId) -> u32 {
        let mut hasher = SipHasher24::new();
        hasher.write(&self.end().link.to_le_bytes());
        hasher.write(&replica.to_bytes());
        link_of(&hasher)
    }
}

// The lower half of the hash; 0 stands for a link that is not known.
fn link_of(hasher: &SipHasher24) -> u32 {
    (hasher.finish() as u32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(counter: u64) -> ChainEnd {
        ChainEnd { counter, link: 1_000 + counter as u32 }
    }

    fn seen(seq: u64, end: ChainEnd) -> Seen {
        Seen { seq: Seq(seq), end }
    }

    fn chain() -> Chain {
        let mut chain = Chain::default();
        for (before, seq, counter) in [(1, 3, 2), (4, 5, 4), (8, 9, 6)] {
            chain.extend((Seq(before), Seq(seq)), end(counter));
        }
        chain
    }

    #[test]
    fn only_what_is_of_this_log_is_admitted() {
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
        ] {
            assert_eq!(chain().admits(told, Seq(10)), admitted, "{why}");
        }
    }

    #[test]
    fn what_was_heard_of_a_sender_since_it_has_judged_is_for_it_to_judge() {
        let other = |counter| ChainEnd { counter, link: 7 };
        let none = ChainEnd::default();
        for (judged, now, told, overtaken, why) in [
            (end(3), end(3), end(4), false, "it goes on"),
            (end(3), end(3), end(3), false, "it tells the same again"),
            (end(3), end(4), end(4), false, "somebody else was faster to tell the same"),
            (end(3), end(4), none, false, "it tells of no writes"),
            (none, none, end(1), false, "nothing was seen before"),
            (ChainEnd { counter: 3, link: 0 }, end(3), end(4), false, "the link was not known"),
            (end(5), end(5), end(4), false, "it was judged that it is older"),
            (end(3), end(4), other(4), true, "another copy has written meanwhile"),
            (end(3), end(4), end(5), true, "it goes on from there, perhaps"),
            (end(3), end(5), end(4), true, "it is older, perhaps"),
            (end(3), other(3), end(4), true, "of another copy was heard meanwhile"),
        ] {
            assert_eq!(judged.is_overtaken(now, told), overtaken, "{why}");
        }
        assert!(end(5).is_beyond(end(4)) && end(5).is_beyond(other(5)));
        assert!(!end(5).is_beyond(end(5)) && !end(5).is_beyond(ChainEnd { counter: 5, link: 0 }));
    }

    #[test]
    fn what_is_older_than_what_is_remembered_is_believed() {
        let mut chain = Chain::default();
        (1..=3 * KEPT as u64)
            .for_each(|counter| chain.extend((Seq(counter - 1), Seq(counter)), end(counter)));
        chain.confirm(2 * KEPT as u64);
        assert_eq!(chain.boundaries.len(), 2 * KEPT, "all that is unconfirmed, and some more");
        let other = |counter| seen(counter, ChainEnd { counter, link: 7 });
        assert!(chain.admits(other(5), Seq(9_999)) && !chain.admits(other(KEPT as u64 + 1), Seq(9_999)));
        assert_eq!(chain.confirmed(), end(2 * KEPT as u64));
    }

    #[test]
    fn the_parts_of_one_commit_are_one_boundary() {
        let mut chain = Chain::default();
        chain.extend((Seq(0), Seq(1)), ChainEnd { counter: 2, link: 5 });
        chain.extend((Seq(1), Seq(2)), ChainEnd { counter: 2, link: 6 });
        assert!(!chain.admits(seen(1, ChainEnd { counter: 2, link: 5 }), Seq(2)));
        assert!(chain.admits(seen(2, ChainEnd { counter: 2, link: 6 }), Seq(2)));
    }
}
