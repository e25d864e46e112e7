//! Forgetting deletions, and how what is forgotten stays gone.
//!
//! A replica's clock accounts for every write that it has ever taken in. So a version that the clock covers and that does
//! not stand here was replaced or deleted here, also when nothing else remembers that. Law: a deleted record does not come
//! back, however long a replica was away and whatever was forgotten meanwhile.

use std::collections::BTreeMap;

use crate::codec::{DecodeError, Reader, Writer};
use crate::dot::{Dot, MAXIMUM_COUNTER};
use crate::guard::{Guard, holds};
use crate::id::{LogEpoch, ReplicaId, Seq};
use crate::key::RecordKey;
use crate::limits::Limits;
use crate::message::{read_vector, write_vector};
use crate::record::{Merged, Record, merge_incoming};
use crate::replica::Replica;
use crate::segment::Entries;
use crate::vector::VersionVector;
use crate::veil::Veil;

/// What a replica no longer remembers of what its clock covers.
///
/// Law: of every write that the clock covers and that does not stand, either its record still tells that it was replaced
/// and by what, or both it and what replaced it are in the vector. So whoever has heard of all of the vector holds nothing
/// that was deleted by a write which is forgotten here.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Forgotten {
    /// The writes whose traces may be gone. It grows when this replica forgets deletions, and with the first delta from a
    /// replica that has forgotten some.
    pub(crate) vector: VersionVector,
    /// The position in the log at which the clock covered all of the vector: who has taken in the log up to here has
    /// heard of it. 0 where nothing is forgotten.
    pub(crate) floor: Seq,
    // The position of the last deletion that this replica has forgotten itself.
    own: Seq,
}

impl Forgotten {
    /// As a checkpoint keeps it.
    pub(crate) fn write(&self, writer: &mut Writer) {
        write_vector(writer, &self.vector);
        writer.number(self.floor.0);
        writer.number(self.own.0);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let vector = read_vector(reader, &Limits::AT_REST)?;
        let mut position = || reader.number_up_to(MAXIMUM_COUNTER, "a position").map(Seq);
        Ok(Self { vector, floor: position()?, own: position()? })
    }

    fn add(&mut self, writes: &VersionVector, floor: Seq) {
        self.vector.join(writes);
        self.floor = self.floor.max(floor);
    }
}

impl Replica {
    /// The deletions that may be forgotten: known to a peer, if there is one, and older than that time.
    pub fn forgettable(&self, before_ms: u64) -> Option<Seq> {
        let up_to = if self.peers().is_empty() { self.head() } else { self.peers().saved() };
        self.deletions(up_to, before_ms).last().map(|(seq, _)| seq)
    }

    fn deletions(&self, up_to: Seq, before_ms: u64) -> impl Iterator<Item = (Seq, RecordKey)> + '_ {
        let old = move |record: &Record| deleted_at_ms(record).is_some_and(|time_ms| time_ms < before_ms);
        self.log_up_to(up_to)
            .filter(move |(_, _, record)| old(record))
            .map(|(seq, key, _)| (seq, key.clone()))
    }

    pub(crate) fn forget(&mut self, up_to: Seq, before_ms: u64) {
        let gone: Vec<(Seq, RecordKey)> = self.deletions(up_to, before_ms).collect();
        for (seq, key) in gone {
            if let Some(record) = self.remove(&key) {
                self.forgotten.add(record.context(), seq);
                self.forgotten.own = self.forgotten.own.max(seq);
            }
        }
    }

    /// True when some peer has heard of every deletion that this replica has forgotten itself. One that was forgotten
    /// before there was a peer is not unsent any more, and yet nobody has it until the clock is told.
    pub(crate) fn has_told_forgotten(&self) -> bool {
        self.peers().saved() >= self.forgotten.own
    }

    /// True when this replica has to ask again for a delta that tells what is forgotten: see [`has_heard_since`].
    pub fn has_heard_since(&self, forgotten: &VersionVector, asked: &VersionVector) -> bool {
        has_heard_since(forgotten, asked, |replica| self.clock().get(replica))
    }

    /// Merges records from elsewhere. Where deletions were forgotten, the clock tells what was deleted.
    pub(crate) fn merge_foreign(
        &mut self,
        entries: Entries,
        origin: Option<LogEpoch>,
        veil: Option<&mut Veil>,
    ) -> Vec<RecordKey> {
        let forgets = self.floor() > Seq::ZERO && holds(Guard::CoveredStaysGone);
        self.merge_all(entries, origin, forgets, veil)
    }

    /// Drops of the records that a delta has told, after they were merged, what the sender has not got any more.
    pub(crate) fn drop_untold(&mut self, told: Told, clock: &VersionVector) -> Vec<RecordKey> {
        let mut changed = Vec::new();
        for (key, dots) in told.into_records() {
            let Some(record) = self.get(key.as_str()) else { continue };
            let (dropped, merged) = match drop_untold(record, &dots, clock) {
                Untold::Nothing => continue,
                Untold::Some(dropped, kept) => (dropped, Some(kept)),
                Untold::All(dropped) => (dropped, None),
            };
            match merged {
                Some(kept) => self.place(&key, kept, None),
                None => drop(self.remove(&key)),
            }
            self.forgotten.vector.join(&dropped);
            changed.push(key);
        }
        changed
    }

    /// A first delta was taken in from a replica that has forgotten these writes, of which some were news: from here on
    /// the log does not tell all. All of them are taken over: of one that was no news, what replaced it may be.
    pub(crate) fn inherit(&mut self, forgotten: &VersionVector) {
        let known = forgotten.meet(&self.clock().to_vector());
        let head = self.head();
        self.forgotten.add(&known, head);
    }
}

/// The latest time that a record which is nothing but deleted claims, in milliseconds since 1970; none for any other. A
/// record that only its context is left of claims no time: 0.
pub fn deleted_at_ms(record: &Record) -> Option<u64> {
    record.is_deleted().then(|| record.largest_time().map_or(0, |time| time.ms))
}

/// True when a replica has heard of some of these forgotten writes since it asked for the delta that tells of them. What
/// it has taken in meanwhile was not compared and may be what they deleted, so it has to ask again. `asked` is the clock
/// that it told, `known` its clock as it is just before the delta.
pub fn has_heard_since(
    forgotten: &VersionVector,
    asked: &VersionVector,
    known: impl Fn(ReplicaId) -> u64,
) -> bool {
    forgotten.iter().any(|dot| {
        let of_these = |counter: u64| counter.min(dot.counter);
        of_these(known(dot.replica)) > of_these(asked.get(dot.replica))
    })
}

/// True when a delta tells of forgotten writes that were not heard of before it. `known` is this replica's clock as it was,
/// `changed` that of the delta; what neither covers is nothing that a sender may say.
pub fn is_news(forgotten: &VersionVector, known: impl Fn(ReplicaId) -> u64, changed: &VersionVector) -> bool {
    let is_unheard = |dot: Dot| dot.counter.min(changed.get(dot.replica)) > known(dot.replica);
    holds(Guard::InheritedFloor) && forgotten.iter().any(is_unheard)
}

/// True when a replica with that clock may hold what was deleted by writes which are forgotten, so that it has to compare
/// its records. One that has heard of all of them does not, nor one that has heard of nothing from their writers.
pub fn must_compare(forgotten: &VersionVector, clock: &VersionVector) -> bool {
    holds(Guard::Floor)
        && !clock.covers_all(forgotten)
        && forgotten.iter().any(|dot| clock.get(dot.replica) > 0)
}

/// Takes in another replica's state of a record where deletions were forgotten. `covers` is this replica's clock as it was
/// before the delta that the state came with.
///
/// Law: a version that the clock covers and that does not stand here is not taken up again, and of a record that is gone
/// nothing is.
pub fn merge_after_forgetting(
    existing: Option<&Record>,
    incoming: Record,
    covers: impl Fn(Dot) -> bool,
) -> Merged {
    let stands = |dot: Dot| existing.is_some_and(|record| record.has(dot));
    let kept = incoming.retaining(|version| !covers(version.dot) || stands(version.dot));
    let cut = kept.versions().len() < incoming.versions().len();
    // What it accounts for beyond the clock must leave a trace.
    if cut && kept.versions().is_empty() && existing.is_none() && kept.context().iter().all(&covers) {
        return Merged::Unchanged;
    }
    match merge_incoming(existing, kept) {
        // Whoever sent it has more of it, and is to hear that this is gone.
        Merged::AsSent(record) if cut => Merged::Mixed(record),
        merged => merged,
    }
}

/// The records of a delta after a search as the sender has them: what stands of each. A record that comes twice counts as
/// it came last, for that is how it was when the clock was read.
#[derive(Debug, Default)]
pub struct Told(Option<BTreeMap<RecordKey, Vec<Dot>>>);

impl Told {
    /// Nothing yet. Only after a search is anything noted.
    pub fn new(searched: bool) -> Self {
        Self(searched.then(BTreeMap::new))
    }

    /// Notes records, in the order in which they came.
    pub fn note(&mut self, entries: &[(RecordKey, Record)]) {
        if let Some(told) = &mut self.0 {
            for (key, record) in entries {
                let dots = record.versions().iter().map(|version| version.dot).collect();
                told.insert(key.clone(), dots);
            }
        }
    }

    /// The keys of the records.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &RecordKey> {
        self.0.iter().flat_map(BTreeMap::keys)
    }

    /// The records, each with the dots of what stands.
    pub fn into_records(self) -> impl Iterator<Item = (RecordKey, Vec<Dot>)> {
        self.0.into_iter().flatten()
    }
}

/// What of a record is to go after a search.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Untold {
    /// Nothing.
    Nothing,
    /// Some versions: these writes are gone, and this is left.
    Some(VersionVector, Record),
    /// All of it. The writes are those that the record accounted for.
    All(VersionVector),
}

/// Law: of a record that was told after a search, a version goes that the sender's clock covers and that does not stand
/// there: it was replaced or deleted there. `dots` are those that stand.
pub fn drop_untold(record: &Record, dots: &[Dot], clock: &VersionVector) -> Untold {
    let goes = |dot: Dot| clock.covers(dot) && !dots.contains(&dot);
    let dropped: VersionVector =
        record.versions().iter().map(|version| version.dot).filter(|dot| goes(*dot)).collect();
    if dropped.is_empty() || !holds(Guard::AbsentIsDropped) {
        return Untold::Nothing;
    }
    let kept = record.retaining(|version| !goes(version.dot));
    if kept.versions().is_empty() {
        Untold::All(record.context().clone())
    } else {
        Untold::Some(dropped, kept)
    }
}
