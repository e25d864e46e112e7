//! The subjects: each with what it is given, and what is done with it.

use eyot_core::engine::{Engine, EngineEffect, EngineInput, Identity, Write};
use eyot_core::reconcile::{FingerprintKey, Reconciliation, Snapshot};
use eyot_core::segment::{Segment, written_segments};
use eyot_core::session::PageRequest;
use eyot_core::{
    Limits, LogEpoch, LogPlace, Merged, Record, RecordKey, Replica, ReplicaId, Seq, merge_incoming,
};

use crate::records::{Entries, changed_entries, entries, replica_of};

pub(crate) const NOW_MS: u64 = 1_700_000_100_000;

/// Records here, and what comes in for each.
pub struct Merges(Vec<(Record, Record)>);

impl Merges {
    /// What comes in has seen what is here, and replaces it.
    pub fn newer(count: usize) -> Self {
        let here = entries(count, b'a');
        Self::of(&here, &changed_entries(&here, b'b'))
    }

    /// What comes in was written beside what is here: two siblings each.
    pub fn concurrent(count: usize) -> Self {
        let before = entries(count, b'a');
        Self::of(&changed_entries(&before, b'b'), &changed_entries(&before, b'c'))
    }

    /// What comes in is here already.
    pub fn known(count: usize) -> Self {
        let here = entries(count, b'a');
        Self::of(&here, &here)
    }

    fn of(here: &Entries, incoming: &Entries) -> Self {
        let records =
            |entries: &Entries| entries.iter().map(|(_, record)| record.clone()).collect::<Vec<_>>();
        Self(records(here).into_iter().zip(records(incoming)).collect())
    }
}

/// Merges each. All is given back, here and below, so that freeing it is not measured.
pub fn merge(merges: Merges) -> Vec<(Record, Merged)> {
    let merged = merges.0.into_iter().map(|(here, incoming)| {
        let merged = merge_incoming(Some(&here), incoming);
        (here, merged)
    });
    merged.collect()
}

/// Records to the values of a log.
pub fn encode(entries: &Entries) -> Vec<Vec<u8>> {
    written_segments(entries)
}

/// The values of a log to segments; gives those that can be read.
pub fn decode(values: &[Vec<u8>]) -> Vec<Segment> {
    let limits = Limits::default();
    values.iter().filter_map(|value| Segment::from_bytes(value, &limits).ok()).collect()
}

/// Segments to a replica, as at opening.
pub fn fold(segments: Vec<Segment>) -> Replica {
    let mut replica = Replica::new(ReplicaId::letter(b'a'), LogEpoch(1));
    for segment in segments {
        replica.apply(segment, Vec::new());
    }
    replica
}

/// A replica of many records of which some have changed since a peer's cursor.
pub struct Deltas {
    replica: Replica,
    after: Seq,
}

impl Deltas {
    /// So many records, so many of them changed.
    pub fn of(count: usize, changed: usize) -> Self {
        let all = entries(count, b'a');
        let mut replica = replica_of(&all);
        let after = replica.head();
        let some: Entries = all.into_iter().take(changed).collect();
        replica.apply(Segment::Written(changed_entries(&some, b'b')), Vec::new());
        Self { replica, after }
    }
}

/// What a peer is sent that has all up to the cursor; gives how many records.
pub fn delta(deltas: &Deltas) -> usize {
    let request = PageRequest {
        after: deltas.after,
        clock_since: deltas.after,
        peer: ReplicaId::letter(b'r'),
        exclude: LogEpoch(2),
        judged: LogPlace::default(),
        told: LogPlace::default(),
        covered_by: None,
        among: None,
        is_first: false,
        budget_bytes: usize::MAX,
    };
    deltas.replica.page(&request).entries.len()
}

/// Two stores that hold nearly the same.
pub struct Searches {
    here: Snapshot,
    there: Snapshot,
}

impl Searches {
    /// So many records, so many of which differ.
    pub fn of(count: usize, different: usize) -> Self {
        let all = entries(count, b'a');
        let here = replica_of(&all);
        let mut there = replica_of(&all);
        let some: Entries = all.into_iter().take(different).collect();
        there.apply(Segment::Written(changed_entries(&some, b'b')), Vec::new());
        let survey = |replica: &Replica| replica.survey(FingerprintKey(1, 2), None).unwrap_or_default();
        Self { here: survey(&here), there: survey(&there) }
    }
}

/// Searches until all differences are known; gives how many.
pub fn search(searches: &Searches) -> usize {
    let mut leader = Reconciliation::new(searches.here.clone());
    let mut other = Reconciliation::new(searches.there.clone());
    let mut ranges = leader.begin();
    while let Ok(answer) = other.answer(&ranges)
        && !answer.is_empty()
    {
        match leader.answer(&answer) {
            Ok(next) if !next.is_empty() => ranges = next,
            _ => break,
        }
    }
    leader.differences().count()
}

#[expect(clippy::expect_used, reason = "a benchmark may end when its own name is refused")]
pub(crate) fn engine(letter: u8) -> Engine {
    let identity = Identity {
        database: "notes".parse().expect("a name that may be one"),
        replica: ReplicaId::letter(letter),
        epoch: LogEpoch(letter.into()),
        tab: ReplicaId::letter(letter + 10),
        seed: 1,
    };
    Engine::new(identity, Limits::default())
}

/// An engine with many records, and what is to be written.
pub struct Commits {
    engine: Engine,
    writes: Vec<Write>,
}

impl Commits {
    /// An engine with so many records, and so many new ones to write.
    pub fn of(count: usize, writes: usize) -> Self {
        let mut commits = Self { engine: engine(b'a'), writes: Vec::new() };
        if count > 0 {
            commits.write(writes_of(&entries(count, b'a')));
        }
        let fresh: Entries = entries(count + writes, b'a').split_off(count);
        commits.writes = writes_of(&fresh);
        commits
    }

    /// An engine with so many records, each of which is to be written once more.
    pub fn again(count: usize) -> Self {
        let all = entries(count, b'a');
        let mut commits = Self::of(count, 0);
        commits.writes = writes_of(&changed_entries(&all, b'a'));
        commits
    }

    pub(crate) fn into_engine(self) -> Engine {
        self.engine
    }

    pub(crate) fn write(&mut self, writes: Vec<Write>) {
        let mut effects = self.engine.handle(EngineInput::Write { ticket: 1, writes }, NOW_MS);
        while effects.iter().any(|effect| matches!(effect, EngineEffect::Commit { .. })) {
            effects = self.engine.handle(EngineInput::Committed, NOW_MS);
        }
    }
}

/// Writes one after the other, each durable before the next.
pub fn commit_one_by_one(mut commits: Commits) -> Commits {
    for write in std::mem::take(&mut commits.writes) {
        commits.write(vec![write]);
    }
    commits
}

/// Writes all in one batch.
pub fn commit_at_once(mut commits: Commits) -> Commits {
    let writes = std::mem::take(&mut commits.writes);
    commits.write(writes);
    commits
}

pub(crate) fn writes_of(entries: &Entries) -> Vec<Write> {
    let write = |(key, record): &(RecordKey, Record)| Write {
        key: key.clone(),
        context: None,
        content: record.versions().first().and_then(|version| version.content.clone()),
        references: eyot_core::References::NONE,
    };
    entries.iter().map(write).collect()
}
