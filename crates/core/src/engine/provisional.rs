//! The provisional names of a tab's writes, and what became of them: contexts that were handed out bear them.
//!
//! Counters are even, so that no provisional dot follows another without a gap and is merged into a vector: that would
//! cover writes of the same tab that were not seen. Knows neither records nor the disk.

use crate::context::Context;
use crate::dot::Dot;
use crate::id::ReplicaId;
use crate::rebirth::Rebirth;

/// What became of the writes of a tab.
#[derive(Debug)]
pub(super) struct Provisional {
    tab: ReplicaId,
    // By the counters of the dots.
    fates: Vec<Fate>,
}

#[derive(Debug)]
enum Fate {
    Pending,
    Stored(Dot),
    // Not stored; this is what its writer had seen, in names that are final.
    Lost(Context),
}

impl Provisional {
    pub(super) fn new(tab: ReplicaId) -> Self {
        Self { tab, fates: Vec::new() }
    }

    /// A name for a new write.
    pub(super) fn mint(&mut self) -> Dot {
        self.fates.push(Fate::Pending);
        Dot::new(self.tab, 2 * self.fates.len() as u64)
    }

    /// The write has its final name.
    pub(super) fn settle(&mut self, provisional: Dot, dot: Dot) {
        self.decide(provisional, Fate::Stored(dot));
    }

    /// The write was not stored. Law: whoever has seen it has still seen what its writer had seen.
    pub(super) fn lose(&mut self, provisional: Dot, seen: &Context) {
        let seen = self.translate(seen, |_| None);
        self.decide(provisional, Fate::Lost(seen));
    }

    /// A context in final names. `pending` says what stands for a write that has none yet.
    pub(super) fn translate(&self, context: &Context, pending: impl Fn(Dot) -> Option<Dot>) -> Context {
        let mut translated = Context::from(context.vector().clone());
        for dot in context.dots() {
            let fate = index_of(dot).and_then(|index| self.fates.get(index));
            match fate.filter(|_| dot.replica == self.tab) {
                Some(Fate::Stored(dot)) => translated.add(*dot),
                Some(Fate::Lost(seen)) => translated.join(seen),
                Some(Fate::Pending) => pending(dot).into_iter().for_each(|dot| translated.add(dot)),
                None if dot.replica == self.tab => {}
                None => translated.add(dot),
            }
        }
        translated
    }

    /// A reference in final names; none where that write is not stored, or is not one of this tab's.
    pub(super) fn reference(&self, dot: Dot, pending: impl Fn(Dot) -> Option<Dot>) -> Option<Dot> {
        if dot.replica != self.tab {
            return Some(dot);
        }
        match index_of(dot).and_then(|index| self.fates.get(index))? {
            Fate::Stored(dot) => Some(*dot),
            // Whoever repeats what was not stored says it first.
            Fate::Lost(_) => None,
            Fate::Pending => pending(dot),
        }
    }

    /// The replica has another name.
    pub(super) fn rename(&mut self, rebirth: &Rebirth) {
        for fate in &mut self.fates {
            match fate {
                Fate::Pending => {}
                Fate::Stored(dot) => *dot = rebirth.dot(*dot),
                Fate::Lost(seen) => *seen = rebirth.context(seen),
            }
        }
    }

    fn decide(&mut self, provisional: Dot, fate: Fate) {
        if let Some(place) = index_of(provisional).and_then(|index| self.fates.get_mut(index)) {
            *place = fate;
        }
    }
}

fn index_of(provisional: Dot) -> Option<usize> {
    usize::try_from((provisional.counter / 2).checked_sub(1)?).ok()
}
