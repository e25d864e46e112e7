//! What one replica has seen of another: how far it is in its log, and what it knows of its writes.
//!
//! Knows nothing of how a replica tells what is of its own log; that is the [`chain`](crate::chain)'s matter. Law: what somebody
//! else has brought under a replica's name is not taken for its own before the replica has judged that.

use crate::chain::ChainEnd;
use crate::guard::{Guard, holds};
use crate::id::{Cursor, LogEpoch, ReplicaId, Seq};
use crate::replica::Replica;
use crate::session::Passed;

/// A place in a replica's log, in the life that it has now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LogPlace {
    /// The position; 0 for none.
    pub seq: Seq,
    /// The link of the chain where the log ended there; 0 where it is not known, as with relays, which make no chain.
    pub link: u32,
}

impl LogPlace {
    /// The further one.
    pub fn max(self, other: Self) -> Self {
        if other.seq > self.seq { other } else { self }
    }

    pub(crate) fn is_beyond(self, other: Self) -> bool {
        let is_other = self.link != other.link && self.link != 0 && other.link != 0;
        self.seq > other.seq || (self.seq == other.seq && is_other)
    }
}

/// What one replica has seen of another: how far it is in its log, and what it knows of its writes, wherever from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    /// How far it is in the log.
    pub log: LogPlace,
    /// What the clock has of the replica's own writes.
    pub end: ChainEnd,
}

impl Seen {
    /// True when more was heard of a sender since it has judged that this is its own: `now` is what is known by now, and
    /// `told` what its delta tells. Only the sender can say whether both are of one log. What a delta does not tell is of any
    /// log.
    pub fn is_overtaken(self, now: Self, told: Self) -> bool {
        let is_log = told.log.link != 0 && now.log != told.log && now.log.is_beyond(self.log);
        let is_chain = told.end.counter > 0 && now.end != told.end && now.end.is_beyond(self.end);
        (is_log || is_chain) && holds(Guard::Judgement)
    }

    /// The greater of both in each part: what was judged, and what was taken in since.
    pub(crate) fn join(self, other: Self) -> Self {
        Self {
            log: self.log.max(other.log),
            end: if other.end.counter > self.end.counter { other.end } else { self.end },
        }
    }
}

impl Replica {
    /// What was seen is of this log: so much of it others have.
    pub(crate) fn confirm_seen(&mut self, seen: Seen) {
        if seen.end.link != 0 {
            self.chain.confirm(seen.end.counter);
        }
    }

    /// True when what another replica has seen is of this log. Otherwise this is a copy of the replica whose log that was,
    /// or has been set back.
    pub fn admits(&self, seen: Seen) -> bool {
        self.chain.admits(seen, self.head)
    }

    /// What this replica has seen of another: how far it is in its log, if it lives as it did, and what it knows of its
    /// chain.
    pub fn seen_of(&self, peer: ReplicaId, epoch: LogEpoch) -> Seen {
        let place = |cursor: Cursor| LogPlace { seq: cursor.seq, link: self.peers.link(peer) };
        let log = self.cursor(peer, epoch).map(place).unwrap_or_default();
        Seen { log, end: self.clock.end(peer) }
    }

    /// What is known by now of a peer that a delta is from, if that was heard of since the peer has judged what was seen of
    /// it: the delta is not to be taken in then. `told` is what it tells: see [`crate::message::DeltaClock::seen_of`].
    pub fn overtaken(&self, peer: ReplicaId, epoch: LogEpoch, judged: Seen, told: Seen) -> Option<Seen> {
        Some(self.seen_of(peer, epoch)).filter(|now| judged.is_overtaken(*now, told))
    }

    /// A part of a peer's log held nothing for this replica: its end is reached, unless more was heard of the peer meanwhile.
    pub fn pass(&mut self, passed: &Passed) {
        let Passed { peer, cursor, link, .. } = *passed;
        if !passed.is_overtaken(self.seen_of(peer, cursor.epoch)) {
            self.move_cursor(peer, cursor, link);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(counter: u64) -> ChainEnd {
        ChainEnd { counter, link: 1_000 + counter as u32 }
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
            let [judged, now, told] = [judged, now, told].map(|end| Seen { end, ..Seen::default() });
            assert_eq!(judged.is_overtaken(now, told), overtaken, "{why}");
        }
        assert!(end(5).is_beyond(end(4)) && end(5).is_beyond(other(5)));
        assert!(!end(5).is_beyond(end(5)) && !end(5).is_beyond(ChainEnd { counter: 5, link: 0 }));
    }

    #[test]
    fn how_far_somebody_else_came_in_a_log_of_the_same_name_is_for_its_owner_to_judge() {
        for (judged, now, told, overtaken, why) in [
            ((3, 3), (3, 3), (5, 5), false, "it goes on"),
            ((3, 3), (5, 5), (5, 5), false, "another connection was faster to tell the same"),
            ((3, 3), (5, 5), (6, 6), true, "it goes on from there, perhaps"),
            ((3, 3), (5, 5), (4, 4), true, "it is older, perhaps"),
            ((3, 3), (5, 5), (5, 9), true, "another copy was there"),
            ((3, 3), (3, 9), (5, 5), true, "another copy was there, and no further"),
            ((6, 6), (5, 5), (7, 7), false, "less than was judged is taken in"),
            ((3, 0), (5, 0), (6, 0), false, "it makes no chain"),
        ] {
            let [judged, now, told] = [judged, now, told]
                .map(|(seq, link)| Seen { log: LogPlace { seq: Seq(seq), link }, end: ChainEnd::default() });
            assert_eq!(judged.is_overtaken(now, told), overtaken, "{why}");
        }
    }
}
