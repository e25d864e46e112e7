//! The model: what should be, in a few obvious lines. The set of all writes, each with all the writes that it had seen.
//!
//! Knows no contexts, vectors or logs. The core is right when it agrees with this.

use std::collections::{BTreeMap, BTreeSet};

use eyot_core::{Dot, RecordKey, ReplicaId};

use crate::Violation;

/// Names a write in the model.
pub type WriteId = usize;

/// Some writes.
pub type Writes = BTreeSet<WriteId>;

/// One write.
#[derive(Clone, Debug)]
pub struct Write {
    /// The record that was written.
    pub key: RecordKey,
    /// The device that wrote.
    pub device: usize,
    /// The writes that are to be seen together have the same number here.
    pub batch: usize,
    /// True when it deletes.
    pub deletes: bool,
    /// The writes to the same record that its writer had seen in the context that it wrote with.
    pub past: Writes,
    /// The writes to all records that its writer had seen.
    pub seen: Writes,
    /// Its name and its place in the device's log, while it has them.
    pub place: Option<(Dot, u64)>,
    /// True once the application was told that it is durable.
    pub acknowledged: bool,
}

/// All writes.
#[derive(Default, Debug)]
pub struct Model {
    writes: Vec<Write>,
    by_dot: BTreeMap<Dot, WriteId>,
}

impl Model {
    /// Takes in a write that has no name yet.
    pub fn add(&mut self, write: Write) -> WriteId {
        self.writes.push(write);
        self.writes.len() - 1
    }

    /// How many writes there were.
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// True when there was none.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// A write.
    pub fn get(&self, id: WriteId) -> Result<&Write, Violation> {
        self.writes.get(id).ok_or_else(|| Violation(format!("there is no write {id}")))
    }

    /// The write of that name.
    pub fn named(&self, dot: Dot) -> Result<WriteId, Violation> {
        self.by_dot.get(&dot).copied().ok_or_else(|| Violation(format!("nobody has written {dot}")))
    }

    /// These writes and all that each had seen of its record.
    pub fn with_pasts(&self, ids: &Writes) -> Writes {
        let pasts = ids.iter().filter_map(|id| self.writes.get(*id)).flat_map(|write| &write.past);
        pasts.chain(ids).copied().collect()
    }

    /// These writes and all that each had seen.
    pub fn with_seen(&self, ids: &Writes) -> Writes {
        let seen = ids.iter().filter_map(|id| self.writes.get(*id)).flat_map(|write| &write.seen);
        seen.chain(ids).copied().collect()
    }

    /// The writes are in the device's log: the last of them has that counter, the others those before it.
    pub fn commit(
        &mut self,
        ids: &[WriteId],
        replica: ReplicaId,
        last: u64,
        position: u64,
    ) -> Result<(), Violation> {
        let first = (last + 1).saturating_sub(ids.len() as u64);
        for (id, counter) in ids.iter().zip(first..) {
            let dot = Dot::new(replica, counter);
            if let Some(other) = self.by_dot.insert(dot, *id) {
                return Err(Violation(format!("{dot} is the name of the writes {other} and {id}")));
            }
            if let Some(write) = self.writes.get_mut(*id)
                && let Some((other, _)) = write.place.replace((dot, position))
            {
                return Err(Violation(format!("the write {id} has the names {other} and {dot}")));
            }
        }
        Ok(())
    }

    /// The writes of a commit, in the order of their names.
    pub(crate) fn committed_at(&self, device: usize, position: u64) -> Vec<WriteId> {
        let here = |id: &&WriteId| self.writes.get(**id).is_some_and(|write| write.device == device);
        let at = |id: &&WriteId| {
            self.writes.get(**id).and_then(|write| write.place).is_some_and(|p| p.1 == position)
        };
        self.by_dot.values().filter(here).filter(at).copied().collect()
    }

    /// A write that another tab has made just so, to the last bit, is that write.
    pub(crate) fn unite(&mut self, twin: WriteId, write: WriteId) {
        for other in &mut self.writes {
            replace(&mut other.past, twin, write);
            replace(&mut other.seen, twin, write);
        }
    }

    /// The application was told that these are durable.
    pub fn acknowledge(&mut self, ids: &[WriteId]) -> Result<(), Violation> {
        for id in ids {
            match self.writes.get_mut(*id) {
                Some(write) if write.place.is_some() => write.acknowledged = true,
                _ => return Err(Violation(format!("the write {id} is acknowledged and not in the log"))),
            }
        }
        Ok(())
    }

    /// A power cut has undone a device's log from there on: its writes never were.
    pub fn undo(&mut self, device: usize, next_position: u64) {
        for write in self.writes.iter_mut().filter(|write| write.device == device) {
            if let Some((dot, _)) = write.place.take_if(|(_, position)| *position >= next_position) {
                self.by_dot.remove(&dot);
                write.acknowledged = false;
            }
        }
    }

    /// The writes that have names, in the order of their names.
    pub fn committed(&self) -> impl Iterator<Item = (Dot, &Write)> {
        self.by_dot.iter().filter_map(|(dot, id)| Some((*dot, self.writes.get(*id)?)))
    }

    /// What a record should show when everybody knows everything: the writes that no other has seen.
    pub fn siblings(&self, key: &RecordKey) -> BTreeSet<Dot> {
        let of_key = |(_, write): &(Dot, &Write)| write.key == *key;
        let replaced: Writes =
            self.committed().filter(of_key).flat_map(|(_, write)| &write.past).copied().collect();
        let stands = |dot: &Dot| self.by_dot.get(dot).is_some_and(|id| !replaced.contains(id));
        self.committed().filter(of_key).map(|(dot, _)| dot).filter(stands).collect()
    }
}

/// Puts one write in the place of another.
pub(crate) fn replace(writes: &mut Writes, old: WriteId, new: WriteId) {
    if writes.remove(&old) {
        writes.insert(new);
    }
}
