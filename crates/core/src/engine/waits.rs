//! What the application waits for: that all is saved at a peer, or that the clock has come to some point.

use super::Engine;
use super::io::{Condition, EngineEffect, Ticket};
use crate::id::Seq;
use crate::vector::VersionVector;

#[derive(Default)]
pub(super) struct Waits {
    waits: Vec<Wait>,
}

struct Wait {
    ticket: Ticket,
    kind: Kind,
}

enum Kind {
    // The write with this ticket is not committed yet; from its commit on the position is known.
    After(Ticket),
    Position(Seq),
    Clock(VersionVector),
}

impl Waits {
    /// A write has left the queue, committed or not.
    pub(super) fn committed(&mut self, ticket: Ticket, head: Seq) {
        for wait in &mut self.waits {
            if matches!(wait.kind, Kind::After(last) if last == ticket) {
                wait.kind = Kind::Position(head);
            }
        }
    }
}

impl Engine {
    pub(super) fn take_await(&mut self, ticket: Ticket, condition: Condition) {
        let kind = match condition {
            Condition::Clock(clock) => Kind::Clock(clock),
            Condition::Saved => {
                let last = self.paging.last_ticket().or(self.pending.last_ticket());
                last.map_or(Kind::Position(self.replica.head()), Kind::After)
            }
        };
        self.waits.waits.push(Wait { ticket, kind });
    }

    pub(super) fn pump_waits(&mut self) {
        let waits = std::mem::take(&mut self.waits.waits);
        let (done, waiting) = waits.into_iter().partition(|wait| self.has_come(&wait.kind));
        self.waits.waits = waiting;
        let done: Vec<Wait> = done;
        self.effects.extend(done.into_iter().map(|wait| EngineEffect::Awaited(wait.ticket)));
    }

    fn has_come(&self, kind: &Kind) -> bool {
        match kind {
            Kind::After(_) => false,
            // A record that has changed since stands further on in the log, so that looking for unsent ones up to there
            // would miss it. Who has no peer has saved nothing, also when it has nothing left: it may have forgotten it.
            Kind::Position(seq) => {
                let peers = self.replica.peers();
                let has_none_unsent = self.replica.has_none_unsent() && self.replica.has_told_forgotten();
                peers.saved() >= *seq || (has_none_unsent && !peers.is_empty())
            }
            Kind::Clock(clock) => clock.iter().all(|dot| self.has_taken_in(dot)),
        }
    }
}
