//! The model: what should be, in a few obvious lines. The set of all writes, each with all the writes that it had seen.
//!
//! Knows no contexts, vectors or logs. The core is right when it agrees with this.

use crate::writes::{WriteId, Writes};

/// One write.
#[derive(Clone, Debug)]
pub struct Write {
    /// Which record was written.
    pub key: usize,
    /// Which device wrote.
    pub device: usize,
    /// True when it deletes.
    pub deletes: bool,
    /// The writes to the same record that its writer had seen in the context that it wrote with.
    pub past: Writes,
    /// The writes to all records that its writer had seen.
    pub seen: Writes,
    /// The writes that are to be seen together with it.
    pub batch: Writes,
    /// The latest time that it may claim: no other's clock may have moved its writer's beyond.
    pub latest_ms: u64,
}

/// All writes.
#[derive(Default, Debug)]
pub struct Model {
    writes: Vec<Write>,
}

impl Model {
    /// Takes in a write.
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
    pub fn get(&self, id: WriteId) -> Option<&Write> {
        self.writes.get(id)
    }

    /// These writes are one batch.
    pub(crate) fn bind(&mut self, batch: &Writes) {
        for id in batch.iter() {
            if let Some(write) = self.writes.get_mut(id) {
                write.batch = *batch;
            }
        }
    }

    /// These writes and all that each had seen of its record.
    pub fn with_pasts(&self, ids: &Writes) -> Writes {
        let mut all = *ids;
        ids.iter().filter_map(|id| self.get(id)).for_each(|write| all.join(&write.past));
        all
    }

    /// These writes and all that each had seen.
    pub fn with_seen(&self, ids: &Writes) -> Writes {
        let mut all = *ids;
        ids.iter().filter_map(|id| self.get(id)).for_each(|write| all.join(&write.seen));
        all
    }

    /// What a record shows to somebody who knows just these writes to it: those that no other of them has seen.
    pub fn siblings(&self, known: &Writes) -> Writes {
        let mut replaced = Writes::new();
        known.iter().filter_map(|id| self.get(id)).for_each(|write| replaced.join(&write.past));
        known.without(&replaced)
    }

    /// A write that another tab has made just so, to the last bit, is that write.
    pub(crate) fn unite(&mut self, twin: WriteId, write: WriteId) {
        for other in &mut self.writes {
            replace(&mut other.past, twin, write);
            replace(&mut other.seen, twin, write);
        }
    }
}

/// Puts one write in the place of another.
pub(crate) fn replace(writes: &mut Writes, old: WriteId, new: WriteId) {
    if writes.remove(old) {
        writes.insert(new);
    }
}
