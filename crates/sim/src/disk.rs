//! The disk: what a browser profile's IndexedDB holds, for all tabs of a device, and what a power cut takes from it.
//!
//! Every request is one transaction, done as a whole or not at all. Knows nothing of what the values mean, but for the
//! chunks that a segment names, as the browser shell does.

use std::collections::BTreeMap;

use eyot_core::checkpoint::PageId;
use eyot_core::engine::StoredSegment;
use eyot_core::guard::{Guard, holds};
use eyot_core::segment::{Segment, Stage as Named, stage_of};
use eyot_core::{DecodeError, Limits, ReplicaId};

/// Why a commit was not done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    /// There is a value at its position.
    Taken,
    /// It names staged chunks that are not all there.
    Unstaged,
    /// Something stands after it: the tab is behind what was deleted. It is there, and counts for nothing.
    Void,
}

/// What a host can tell of the values of a commit.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Content {
    /// For local writes, the counter of the last one.
    pub(crate) last_counter: Option<u64>,
    /// For a rebirth, up to which counter writes keep their names.
    pub(crate) confirmed: Option<u64>,
    staged: Option<Named>,
}

impl Content {
    /// Reads the values that a replica wants to commit.
    pub(crate) fn of(values: &[Vec<u8>], replica: ReplicaId) -> Result<Self, DecodeError> {
        let mut content = Self::default();
        for value in values {
            match Segment::from_bytes(value, &Limits::AT_REST)? {
                Segment::Written(entries) => {
                    let counters = entries.iter().map(|(_, record)| record.context().get(replica));
                    content.last_counter = content.last_counter.max(counters.max());
                }
                Segment::Reborn(reborn) => content.confirmed = Some(reborn.confirmed.counter),
                segment => content.staged = segment.stage(),
            }
        }
        Ok(content)
    }
}

/// A stage: its name and its chunks in order.
pub(crate) type Stage = (u64, Vec<Vec<u8>>);

/// What a browser profile holds of one database.
#[derive(Clone, Default, Debug)]
pub struct Disk {
    pub(crate) log: BTreeMap<u64, Vec<u8>>,
    pub(crate) staged: BTreeMap<(u64, u64), Vec<u8>>,
    pub(crate) pages: BTreeMap<PageId, Vec<u8>>,
    pub(crate) root: Option<Vec<u8>>,
    peers: Option<Vec<u8>>,
    // How to undo what a power cut would undo, the latest last.
    pub(crate) undo: Vec<Undo>,
}

#[derive(Clone, Debug)]
pub(crate) enum Undo {
    // The values from this position on were not there.
    Log(u64),
    Chunk(u64, u64),
    Stage(BTreeMap<(u64, u64), Vec<u8>>),
    Peers(Option<Vec<u8>>),
    // These values of the log were not there, others after them were.
    Void(u64, usize),
    // These were there.
    Segments(BTreeMap<u64, Vec<u8>>),
    Pages(BTreeMap<PageId, Vec<u8>>),
    // These were not.
    NoPages(Vec<PageId>),
    Root(Option<Vec<u8>>),
}

impl Disk {
    /// The position after the last value of the log.
    pub fn next_position(&self) -> u64 {
        self.log.last_key_value().map_or(1, |(last, _)| last + 1)
    }

    /// Appends values at a position and after. A strict commit takes all before it to safety.
    pub(crate) fn commit(
        &mut self,
        position: u64,
        values: &[Vec<u8>],
        content: Content,
        strict: bool,
    ) -> Result<(), Refusal> {
        if self.log.contains_key(&position) && holds(Guard::LogArbitrates) {
            return Err(Refusal::Taken);
        }
        if !self.has_staged(content) {
            return Err(Refusal::Unstaged);
        }
        let last = position + values.len() as u64;
        if self.log.range(last..).next().is_some() && holds(Guard::NothingAfter) {
            self.log.extend((position..).zip(values.iter().cloned()));
            self.undo.push(Undo::Void(position, values.len()));
            return Err(Refusal::Void);
        }
        self.log.extend((position..).zip(values.iter().cloned()));
        self.undo.push(Undo::Log(position));
        if strict {
            self.barrier();
        }
        Ok(())
    }

    /// True when just these values stand at a position and after.
    pub(crate) fn has(&self, position: u64, values: &[Vec<u8>]) -> bool {
        (position..).zip(values).all(|(position, value)| self.log.get(&position) == Some(value))
    }

    /// Takes everything so far to safety.
    pub fn barrier(&mut self) {
        if holds(Guard::Barrier) {
            self.undo.clear();
        }
    }

    /// Keeps a chunk; false where there is one already.
    pub fn add_chunk(&mut self, stage: u64, ordinal: u64, value: Vec<u8>) -> bool {
        if self.staged.contains_key(&(stage, ordinal)) {
            return false;
        }
        self.staged.insert((stage, ordinal), value);
        self.undo.push(Undo::Chunk(stage, ordinal));
        true
    }

    /// Drops the chunks of a stage, unless the log has grown beyond what the tab knew that asks for it: then a segment
    /// may name the stage.
    pub fn drop_stage(&mut self, stage: u64, next_position: u64) {
        if self.next_position() > next_position {
            return;
        }
        let dropped: BTreeMap<_, _> = self
            .staged
            .range((stage, 0)..=(stage, u64::MAX))
            .map(|(key, value)| (*key, value.clone()))
            .collect();
        self.staged.retain(|key, _| !dropped.contains_key(key));
        self.undo.push(Undo::Stage(dropped));
    }

    /// Keeps what is known of peers.
    pub fn save_peers(&mut self, bytes: Vec<u8>) {
        let before = self.peers.replace(bytes);
        self.undo.push(Undo::Peers(before));
    }

    /// What is known of peers.
    pub fn peers(&self) -> Option<&Vec<u8>> {
        self.peers.as_ref()
    }

    /// The log from a position on, each value with the chunks that it names.
    pub fn read(&self, position: u64) -> Vec<StoredSegment> {
        let segment = |(position, value): (&u64, &Vec<u8>)| StoredSegment {
            position: *position,
            value: value.clone(),
            chunks: self.stage_of(value).map(|stage| self.chunks(stage)).unwrap_or_default(),
        };
        // What is behind a gap is none of the log that begins there.
        let log = self.log.range(position..).zip(position..).take_while(|((at, _), next)| **at == *next);
        log.map(|(stored, _)| segment(stored)).collect()
    }

    /// All stages that have chunks.
    pub(crate) fn stages(&self) -> Vec<Stage> {
        let mut stages: BTreeMap<u64, Vec<Vec<u8>>> = BTreeMap::new();
        for ((stage, _), value) in &self.staged {
            stages.entry(*stage).or_default().push(value.clone());
        }
        stages.into_iter().collect()
    }

    /// How many transactions a power cut could undo.
    pub fn at_risk(&self) -> usize {
        self.undo.len()
    }

    /// The power goes: the last transactions that were not taken to safety are undone, at most so many. What is left is on
    /// disk for good.
    pub fn cut_power(&mut self, lost: usize) {
        for _ in 0..lost {
            match self.undo.pop() {
                Some(Undo::Log(position)) => drop(self.log.split_off(&position)),
                Some(Undo::Chunk(stage, ordinal)) => drop(self.staged.remove(&(stage, ordinal))),
                Some(Undo::Stage(chunks)) => self.staged.extend(chunks),
                Some(Undo::Peers(before)) => self.peers = before,
                Some(Undo::Void(position, count)) => self.remove_void(position, count),
                Some(Undo::Segments(segments)) => self.log.extend(segments),
                Some(Undo::Pages(pages)) => self.pages.extend(pages),
                Some(Undo::NoPages(pages)) => self.pages.retain(|page, _| !pages.contains(page)),
                Some(Undo::Root(before)) => self.root = before,
                None => break,
            }
        }
        self.barrier();
    }

    fn stage_of(&self, value: &[u8]) -> Option<u64> {
        stage_of(value, &Limits::default()).ok().flatten()
    }

    // Another tab may have dropped the stage, and this one have gone on with it.
    fn has_staged(&self, content: Content) -> bool {
        content.staged.is_none_or(|stage| {
            (0..stage.chunks).all(|ordinal| self.staged.contains_key(&(stage.name, ordinal)))
        })
    }

    fn chunks(&self, stage: u64) -> Vec<Vec<u8>> {
        self.staged.range((stage, 0)..=(stage, u64::MAX)).map(|(_, value)| value.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_cut_undoes_a_suffix_of_what_was_not_strict() {
        let mut disk = Disk::default();
        disk.commit(1, &[vec![1]], Content::default(), false).unwrap();
        disk.commit(2, &[vec![2], vec![3]], Content::default(), true).unwrap();
        disk.commit(4, &[vec![4]], Content::default(), false).unwrap();
        disk.save_peers(vec![9]);
        disk.commit(5, &[vec![5], vec![6]], Content::default(), false).unwrap();
        assert_eq!(disk.commit(6, &[vec![7]], Content::default(), false), Err(Refusal::Taken));
        assert_eq!((disk.at_risk(), disk.next_position()), (3, 7));
        let mut two = disk.clone();
        two.cut_power(2);
        assert_eq!((two.next_position(), two.peers()), (5, None));
        disk.cut_power(100);
        assert_eq!((disk.next_position(), disk.at_risk()), (4, 0));
    }
}
