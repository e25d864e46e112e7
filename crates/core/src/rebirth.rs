//! Rebirth: a replica that finds itself to be a copy goes on under a new name, with all that it has written.
//!
//! What others are known to have stays under the old name, where they have it too. Every later write of its own, which
//! nobody has seen, gets the new name: in dots, pasts, contexts and clock alike. Nothing else changes, so nothing is lost.

use crate::chain::{Chain, ChainEnd};
use crate::codec::{DecodeError, Reader, Writer};
use crate::context::Context;
use crate::dot::{Dot, MAXIMUM_COUNTER};
use crate::guard::{Guard, holds};
use crate::id::{LogEpoch, ReplicaId};
use crate::key::RecordKey;
use crate::linked::LinkedVector;
use crate::record::{Record, Version};
use crate::replica::Replica;
use crate::vector::VersionVector;

/// The new names, as the log tells them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reborn {
    /// The new name of the replica.
    pub replica: ReplicaId,
    /// The new life of its log.
    pub epoch: LogEpoch,
    /// Up to here writes keep the old name.
    pub confirmed: ChainEnd,
}

/// What a rebirth did to names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rebirth {
    from: ReplicaId,
    to: ReplicaId,
    confirmed: u64,
    // The last write under the old name.
    last: u64,
}

impl Rebirth {
    /// As a checkpoint keeps it.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.from.to_bytes());
        writer.raw(&self.to.to_bytes());
        writer.number(self.confirmed);
        writer.number(self.last);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (from, to) = (ReplicaId::from_bytes(reader.array()?), ReplicaId::from_bytes(reader.array()?));
        let mut counter = || reader.number_up_to(MAXIMUM_COUNTER, "a counter");
        Ok(Self { from, to, confirmed: counter()?, last: counter()? })
    }

    /// The new name.
    pub fn to(&self) -> ReplicaId {
        self.to
    }

    /// True when that was a write of the replica itself which has another name now.
    pub fn has_renamed(&self, dot: Dot) -> bool {
        dot.replica == self.from && dot.counter > self.confirmed && dot.counter <= self.last
    }

    /// The name that a write has now. Writes keep their order and follow each other without gaps.
    pub fn dot(&self, dot: Dot) -> Dot {
        match dot.counter.checked_sub(self.confirmed).filter(|_| dot.replica == self.from) {
            Some(counter) if counter > 0 => Dot::new(self.to, counter),
            _ => dot,
        }
    }

    /// What a vector from before covers, in the names of now.
    pub fn vector(&self, vector: &VersionVector) -> VersionVector {
        let seen = Dot::new(self.from, vector.get(self.from));
        if seen.counter <= self.confirmed {
            return vector.clone();
        }
        let mut renamed = self.cut(vector);
        renamed.include(self.dot(seen));
        renamed
    }

    /// What a context from before covers, in the names of now.
    pub fn context(&self, context: &Context) -> Context {
        let mut renamed = Context::from(self.vector(context.vector()));
        context.dots().for_each(|dot| renamed.add(self.dot(dot)));
        renamed
    }

    /// What a context certainly covers of which it is not known whether it is from before or after: what has been
    /// renamed, and what another copy has written under the old name, is left out.
    pub fn certain(&self, context: &Context) -> Context {
        let mut certain = Context::from(self.cut(context.vector()));
        let is_certain = |dot: &Dot| dot.replica != self.from || dot.counter <= self.confirmed;
        context.dots().filter(is_certain).for_each(|dot| certain.add(dot));
        certain
    }

    fn cut(&self, vector: &VersionVector) -> VersionVector {
        let mut cut = vector.without(self.from);
        cut.include(Dot::new(self.from, vector.get(self.from).min(self.confirmed)));
        cut
    }

    fn record(&self, record: &Record) -> Record {
        let versions = record.versions().iter().map(|version| Version {
            dot: self.dot(version.dot),
            past: self.context(&version.past),
            references: version.references.renamed(|dot| self.dot(dot)),
            ..version.clone()
        });
        record.renamed(self.vector(record.context()), versions.collect())
    }
}

impl Replica {
    /// What became of its names, in order.
    pub fn rebirths(&self) -> &[Rebirth] {
        &self.rebirths
    }

    /// Takes the new names. Returns the keys of the records that have changed by it.
    pub(crate) fn be_reborn(&mut self, reborn: Reborn) -> Vec<RecordKey> {
        let Reborn { replica, epoch, confirmed } = reborn;
        let last = self.chain.end().counter;
        let rebirth = Rebirth { from: self.id, to: replica, confirmed: confirmed.counter, last };
        // Where this replica was in others' logs, it was as somebody whose writes they know already: they have left out
        // what the other copy wrote. So it forgets that, and asks again.
        self.peers.begin_life(epoch);
        self.mixtures.clear();
        let is_renamed = |record: &Record| record.context().get(rebirth.from) > rebirth.confirmed;
        let renamed: Vec<(RecordKey, Record)> = self
            .log_after(crate::id::Seq::ZERO)
            .filter(|(_, _, record, _)| is_renamed(record))
            .map(|(_, key, record, _)| (key.clone(), rebirth.record(record)))
            .collect();
        let keys = renamed.iter().map(|(key, _)| key.clone()).collect();
        let head_before = self.head();
        renamed.into_iter().for_each(|(key, record)| self.place(&key, record, None));
        let seq = if self.head() > head_before { self.head() } else { head_before.next() };
        self.forgotten.vector = rebirth.vector(&self.forgotten.vector);
        if last > confirmed.counter && holds(Guard::FallBack) {
            self.clock.set_own(rebirth.from, confirmed, seq);
        }
        let counter = last.saturating_sub(confirmed.counter);
        let link = self.chain.renamed_link(replica);
        if counter > 0 {
            let entry: LinkedVector = [(Dot::new(replica, counter), link)].into_iter().collect();
            self.clock.join(&entry, seq, None);
        }
        self.chain = Chain::starting_at(seq, counter, link);
        (self.id, self.epoch, self.head) = (replica, epoch, seq);
        self.rebirths.push(rebirth);
        self.recount_unsent();
        keys
    }
}
