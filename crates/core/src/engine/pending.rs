//! Writes that are visible in this tab and not committed yet.
//!
//! The log decides which tab commits first, so a pending write has no final dot. Until it has one it goes by a
//! provisional dot of a replica id that only this tab has; contexts that were handed out with provisional dots are
//! translated when they come back. A pending write therefore never names, and so never covers, a write of another tab.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;

use super::folding::Seen;
use super::io::{Ticket, Write};
use super::provisional::Provisional;
use crate::context::Context;
use crate::dot::Dot;
use crate::guard::{Guard, holds};
use crate::hlc::Hlc;
use crate::id::ReplicaId;
use crate::key::RecordKey;
use crate::rebirth::Rebirth;
use crate::record::{Content, Record};
use crate::references::References;
use crate::replica::Replica;
use crate::vector::VersionVector;

/// The writes of one ticket.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) ticket: Ticket,
    pub(super) writes: Vec<PendingWrite>,
}

/// One write with all that is fixed when it is made.
#[derive(Debug)]
pub(super) struct PendingWrite {
    pub(super) key: RecordKey,
    context: Context,
    content: Option<Content>,
    references: References,
    at: Hlc,
    provisional: Dot,
    // Which of the records that have pending writes it is.
    place: usize,
}

/// A record as this tab shows it: what is committed with the pending writes on top.
#[derive(Debug)]
struct Overlay {
    // How many others were there when it was made.
    place: usize,
    record: Record,
    // The provisional dots that stand.
    dots: Vec<Dot>,
}

#[derive(Debug)]
pub(super) struct Pending {
    tab: ReplicaId,
    batches: VecDeque<Batch>,
    // How many writes the batches have.
    length: usize,
    overlays: BTreeMap<RecordKey, Overlay>,
    provisional: Provisional,
}

/// What a commit of pending writes writes.
pub(super) struct Draft {
    /// How many batches go in.
    pub(super) batches: usize,
    /// The records as they are afterwards.
    pub(super) entries: Vec<(RecordKey, Record)>,
    /// For every batch and write what the writer has seen.
    pub(super) contexts: Vec<Vec<Context>>,
    // By provisional dot, in order: which final dot it got.
    finals: Vec<(Dot, Dot)>,
}

impl Pending {
    pub(super) fn new(tab: ReplicaId) -> Self {
        Self {
            tab,
            batches: VecDeque::new(),
            length: 0,
            overlays: BTreeMap::new(),
            provisional: Provisional::new(tab),
        }
    }

    /// How many writes there are.
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// True when there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    pub(super) fn last_ticket(&self) -> Option<Ticket> {
        self.batches.back().map(|batch| batch.ticket)
    }

    /// The record as this tab shows it, if it has pending writes.
    pub(super) fn record(&self, key: &str) -> Option<&Record> {
        self.overlays.get(key).map(|overlay| &overlay.record)
    }

    /// The keys after that one that have pending writes, in order.
    pub(super) fn keys_after<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a RecordKey> + use<'a> {
        self.overlays.range::<str, _>((Bound::Excluded(key), Bound::Unbounded)).map(|(key, _)| key)
    }

    /// How many records have pending writes that were all at a peer before.
    pub(super) fn newly_unsent(&self, replica: Seen<'_>) -> usize {
        self.overlays.keys().filter(|key| !replica.is_unsent(key.as_str())).count()
    }

    /// What somebody has seen who reads this record now.
    pub(super) fn context_of(&self, key: &str, replica: Seen<'_>) -> Context {
        match self.overlays.get(key) {
            Some(overlay) => overlay.context(self.tab, |dot| name(&self.batches, dot, replica)),
            None => replica.get(key).map_or_else(Context::new, |record| committed(record, self.tab)),
        }
    }

    /// What somebody has seen who reads this record, which has no pending writes.
    pub(super) fn committed_context(&self, record: &Record) -> Context {
        committed(record, self.tab)
    }

    /// Takes a batch of writes; they show at once. Where no context is given, it is what this tab shows, as far as the vector
    /// covers that, if there is one. Returns the keys.
    pub(super) fn push(
        &mut self,
        ticket: Ticket,
        writes: Vec<Write>,
        (at, most): (Hlc, Option<&VersionVector>),
        replica: Seen<'_>,
    ) -> Vec<RecordKey> {
        let is_first = self.overlays.is_empty();
        let mut batch = Batch { ticket, writes: Vec::with_capacity(writes.len()) };
        for Write { key, context, content, references } in writes {
            // Looked up once for all that is asked of it: a batch may be of many thousands.
            let overlay = overlay_of(&mut self.overlays, &key, self.tab, replica);
            let shown = || overlay.context(self.tab, |dot| name(&self.batches, dot, replica));
            let context = context.unwrap_or_else(|| most.map_or_else(shown, |most| shown().meet(most)));
            let write = PendingWrite {
                key,
                context,
                content,
                references,
                at,
                provisional: self.provisional.mint(),
                place: overlay.place,
            };
            overlay.put(self.tab, &self.provisional, &write);
            batch.writes.push(write);
        }
        // The map has put them in order already.
        let keys = match is_first {
            true => self.overlays.keys().cloned().collect(),
            false => batch.writes.iter().map(|write| write.key.clone()).collect(),
        };
        self.length += batch.writes.len();
        self.batches.push_back(batch);
        keys
    }

    /// What a commit of all pending writes would write on top of the replica: contexts stay what the writers had seen,
    /// dots are minted now.
    pub(super) fn draft(&self, replica: &Replica) -> Draft {
        // By their places.
        let mut records: Vec<Option<(RecordKey, Record)>> = Vec::new();
        records.resize_with(self.overlays.len(), || None);
        let mut draft =
            Draft { batches: self.batches.len(), entries: vec![], contexts: vec![], finals: vec![] };
        // Provisional dots are minted one after the other, so these are in their order.
        let mut drafted: Vec<(Dot, Dot)> = Vec::with_capacity(self.length);
        let drafted_as = |drafted: &[(Dot, Dot)], dot: Dot| {
            let place = drafted.binary_search_by_key(&dot, |(provisional, _)| *provisional).ok()?;
            drafted.get(place).map(|(_, dot)| *dot)
        };
        let mut counter = replica.clock().get(replica.id());
        for batch in &self.batches {
            let mut contexts = Vec::with_capacity(batch.writes.len());
            for write in &batch.writes {
                counter += 1;
                let dot = Dot::new(replica.id(), counter);
                let mut context = self.provisional.translate(&write.context, |dot| drafted_as(&drafted, dot));
                let Some(record) = records.get_mut(write.place) else { continue };
                let (_, record) = record.get_or_insert_with(|| {
                    (write.key.clone(), replica.get(write.key.as_str()).cloned().unwrap_or_default())
                });
                let named =
                    |reference| self.provisional.reference(reference, |dot| drafted_as(&drafted, dot));
                let references = write.references.renamed(|reference| named(reference).unwrap_or(dot));
                record.write_referring(dot, &context, write.at, write.content.clone(), &references);
                context.add(dot);
                contexts.push(context);
                drafted.push((write.provisional, dot));
            }
            draft.contexts.push(contexts);
        }
        draft.entries = records.into_iter().flatten().collect();
        // In the log they stand as they were written: neighbours have neighbouring dots, which are short to tell.
        draft.entries.sort_by_key(|(_, record)| record.context().get(replica.id()));
        draft.finals = drafted;
        draft
    }

    /// The keys of the records that the draft writes.
    pub(super) fn keys_of(&self, draft: &Draft) -> Vec<RecordKey> {
        // Of all that is pending the map has them in order already.
        let is_all = draft.batches == self.batches.len() && draft.entries.len() == self.overlays.len();
        match is_all {
            true => self.overlays.keys().cloned().collect(),
            false => draft.entries.iter().map(|(key, _)| key.clone()).collect(),
        }
    }

    /// The draft is committed: its batches leave, and their dots are final.
    pub(super) fn settle(&mut self, draft: &Draft) -> Vec<Ticket> {
        draft.finals.iter().for_each(|(provisional, dot)| self.provisional.settle(*provisional, *dot));
        self.take(draft).into_iter().map(|batch| batch.ticket).collect()
    }

    /// The draft could not be committed: its batches leave without a trace.
    pub(super) fn discard(&mut self, draft: &Draft) -> (Vec<Ticket>, Vec<RecordKey>) {
        let keys = self.keys_of(draft);
        let taken = self.take(draft);
        let writes = taken.iter().flat_map(|batch| &batch.writes);
        writes.for_each(|write| self.provisional.lose(write.provisional, &write.context));
        (taken.into_iter().map(|batch| batch.ticket).collect(), keys)
    }

    fn take(&mut self, draft: &Draft) -> Vec<Batch> {
        let count = draft.batches.min(self.batches.len());
        let taken: Vec<Batch> = self.batches.drain(..count).collect();
        let writes: usize = taken.iter().map(|batch| batch.writes.len()).sum();
        self.length = self.length.saturating_sub(writes);
        taken
    }

    /// The replica has another name: what names its writes is put into the names of now.
    pub(super) fn rename(&mut self, rebirth: &Rebirth) {
        for write in self.batches.iter_mut().flat_map(|batch| &mut batch.writes) {
            write.context = rebirth.context(&write.context);
            write.references = write.references.renamed(|dot| rebirth.dot(dot));
        }
        self.provisional.rename(rebirth);
    }

    /// What is committed of these records may have changed, and it is not time yet to put everything on top again: it is done
    /// with these.
    pub(super) fn refresh(&mut self, keys: &BTreeSet<RecordKey>, replica: Seen<'_>) {
        for key in keys {
            if let Some(overlay) = self.overlays.get_mut(key) {
                *overlay = Overlay::new(overlay.place, key, self.tab, replica);
            }
        }
        let writes = self.batches.iter().flat_map(|batch| &batch.writes);
        for write in writes.filter(|write| keys.contains(&write.key)) {
            if let Some(overlay) = self.overlays.get_mut(&write.key) {
                overlay.put(self.tab, &self.provisional, write);
            }
        }
    }

    /// What is committed has changed: puts the pending writes on top again.
    pub(super) fn rebase(&mut self, replica: Seen<'_>) {
        self.overlays.clear();
        for write in self.batches.iter_mut().flat_map(|batch| &mut batch.writes) {
            let overlay = overlay_of(&mut self.overlays, &write.key, self.tab, replica);
            write.place = overlay.place;
            overlay.put(self.tab, &self.provisional, write);
        }
    }
}

// What a reader of the committed record has seen.
fn committed(record: &Record, tab: ReplicaId) -> Context {
    Context::from(record.context().without(tab))
}

// The name under which a pending write is handed out. Without the guard it is the one that it will get if no other tab is
// faster.
fn name(batches: &VecDeque<Batch>, provisional: Dot, replica: Seen<'_>) -> Dot {
    if holds(Guard::ProvisionalDots) {
        return provisional;
    }
    let names = batches.iter().flat_map(|batch| &batch.writes).map(|write| write.provisional);
    let (own, before) = (replica.name(), names.take_while(|dot| *dot != provisional).count() as u64);
    Dot::new(own.replica, own.counter + before + 1)
}

// The record with what is pending on top of it; as it is committed, where nothing is.
fn overlay_of<'a>(
    overlays: &'a mut BTreeMap<RecordKey, Overlay>,
    key: &RecordKey,
    tab: ReplicaId,
    replica: Seen<'_>,
) -> &'a mut Overlay {
    let place = overlays.len();
    overlays.entry(key.clone()).or_insert_with(|| Overlay::new(place, key, tab, replica))
}

impl Overlay {
    fn new(place: usize, key: &RecordKey, tab: ReplicaId, replica: Seen<'_>) -> Self {
        let record = replica.get(key.as_str()).cloned().unwrap_or_default();
        // The tab's id is in contexts that its application gets, so a record that came from anywhere may bear it.
        let is_foreign = record.context().get(tab) == 0;
        let record = if is_foreign { record } else { record.without(tab) };
        Self { place, record, dots: Vec::new() }
    }

    // What somebody has seen who reads it.
    fn context(&self, tab: ReplicaId, name: impl Fn(Dot) -> Dot) -> Context {
        let mut context = committed(&self.record, tab);
        self.dots.iter().for_each(|dot| context.add(name(*dot)));
        context
    }

    fn put(&mut self, tab: ReplicaId, provisional: &Provisional, write: &PendingWrite) {
        // Dots that are final by now are in the committed record under their final names.
        let context = provisional.translate(&write.context, Some);
        let own = write.provisional;
        let references = write.references.renamed(|dot| provisional.reference(dot, Some).unwrap_or(own));
        self.record.write_referring(own, &context, write.at, write.content.clone(), &references);
        // Who sees the record now sees these; what they have replaced need not be named any more.
        let versions = self.record.versions();
        self.dots.clear();
        self.dots.extend(versions.iter().map(|version| version.dot).filter(|dot| dot.replica == tab));
    }
}
