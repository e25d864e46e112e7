//! The last records that became a mixture: of what stood here, and of what a peer's log told. That peer has the same mixture as
//! soon as it has been told what stood here, so it need not be sent back.
//!
//! This is remembered in memory only, and only of the newest: whoever has forgotten it sends a record once more, which changes
//! nothing.

use std::collections::VecDeque;

use crate::checkpoint::Placed;
use crate::guard::{Guard, holds};
use crate::id::{LogEpoch, Seq};

/// So many are remembered.
const REMEMBERED: usize = 4_096;

/// What a mixture was made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mixture {
    // The log that told the one part.
    epoch: LogEpoch,
    // The position of the other part, which stood here until then; zero where that log has it too.
    since: Seq,
}

/// The mixtures by the position where they stand.
#[derive(Default, Debug)]
pub(crate) struct Mixtures {
    newest: VecDeque<(Seq, Mixture)>,
}

impl Mixtures {
    /// What a record becomes a mixture of when that log tells of it.
    pub(crate) fn with(&self, before: &Placed, epoch: LogEpoch) -> Mixture {
        let known = self.at(before.seq).filter(|mixture| mixture.epoch == epoch);
        let since = match before.origin {
            Some(origin) if origin == epoch => Seq::ZERO,
            _ => known.map_or(before.seq, |mixture| mixture.since),
        };
        Mixture { epoch, since }
    }

    /// Notes what stands at a position, which is beyond all that were noted.
    pub(crate) fn note(&mut self, seq: Seq, mixture: Mixture) {
        if self.newest.len() == REMEMBERED {
            self.newest.pop_front();
        }
        self.newest.push_back((seq, mixture));
    }

    /// The log whose owner has the mixture at that position, or will have it before it is told anything else, once it has been
    /// told all that stood up to the other position when that was the head.
    ///
    /// What stood there before the mixture was told then, for it stood there until the mixture came, beyond that head. A place in
    /// the middle of what is being told does not say so much: the record may have left its position before it was looked at.
    pub(crate) fn known_at(&self, seq: Seq, told: Seq) -> Option<LogEpoch> {
        let mixture = self.at(seq)?;
        (mixture.since <= told || !holds(Guard::ToldBefore)).then_some(mixture.epoch)
    }

    /// Forgets all of them.
    pub(crate) fn clear(&mut self) {
        self.newest.clear();
    }

    fn at(&self, seq: Seq) -> Option<Mixture> {
        let place = self.newest.binary_search_by_key(&seq, |(at, _)| *at).ok()?;
        self.newest.get(place).map(|(_, mixture)| *mixture)
    }
}
