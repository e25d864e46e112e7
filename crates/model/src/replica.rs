//! One replica: its log, its clock, its floors and its cursors. What it does alone.
//!
//! It must not know of other replicas but by what they send.

use crate::vector::{REPLICAS, Vector};

/// How many records a model can have.
pub const KEYS: usize = 2;

/// A set of writes, by their places in the list of all writes.
pub type WriteSet = u8;

/// What is known of a record.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// Every write to it that is accounted for.
    pub context: Vector,
    /// The versions that stand.
    pub versions: WriteSet,
}

/// A record in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    /// Its state.
    pub record: Record,
    /// Where it last changed.
    pub seq: u8,
    /// The epoch of the log that it came from just as it is.
    pub origin: Option<u8>,
}

/// An entry of the clock.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq, Hash)]
pub struct ClockEntry {
    /// The counter.
    pub counter: u8,
    /// Where it last grew.
    pub seq: u8,
    /// The epoch of the log that it came from.
    pub origin: Option<u8>,
}

/// How far one replica is in the log of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// Which life of the log.
    pub epoch: u8,
    /// Everything up to here is taken in.
    pub seq: u8,
}

/// The durable state of a replica.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Replica {
    /// The life of its log.
    pub epoch: u8,
    /// The last position of its log.
    pub head: u8,
    /// Up to here its log does not tell of all deletions.
    pub floor: u8,
    /// The writes whose traces may be gone.
    pub forgotten: Vector,
    /// What it accounts for.
    pub clock: [ClockEntry; REPLICAS],
    /// Its records.
    pub slots: [Option<Slot>; KEYS],
    /// How far it is in the logs of the others.
    pub cursors: [Option<Cursor>; REPLICAS],
}

/// What a merge came to.
pub enum Merged {
    /// Nothing new.
    Unchanged,
    /// Just what came in.
    AsSent(Record),
    /// Something else.
    Mixed(Record),
}

impl Replica {
    /// An empty one.
    pub fn new(epoch: u8) -> Self {
        Self {
            epoch,
            head: 0,
            floor: 0,
            forgotten: Vector::default(),
            clock: [ClockEntry::default(); REPLICAS],
            slots: [None; KEYS],
            cursors: [None; REPLICAS],
        }
    }

    /// Its clock as a vector.
    pub fn vector(&self) -> Vector {
        Vector(self.clock.map(|entry| entry.counter))
    }

    /// The state of a record; empty when there is none.
    pub fn record(&self, key: usize) -> Record {
        self.slots[key].map(|slot| slot.record).unwrap_or_default()
    }

    /// Its log goes on with that record.
    pub fn place(&mut self, key: usize, record: Record, origin: Option<u8>) {
        self.head += 1;
        self.slots[key] = Some(Slot { record, seq: self.head, origin });
    }

    /// Writes: mints the next dot and replaces what the context covers. `covered` are the writes that it covers.
    pub fn write(&mut self, own: usize, key: usize, write: WriteSet, covered: WriteSet) {
        let counter = self.clock[own].counter + 1;
        let mut record = self.record(key);
        record.versions = (record.versions & !covered) | write;
        record.context.0[own] = counter;
        self.place(key, record, None);
        self.clock[own] = ClockEntry { counter, seq: self.head, origin: None };
    }

    /// Removes a deleted record; its position is the floor then.
    pub fn forget(&mut self, key: usize) {
        if let Some(slot) = self.slots[key].take() {
            self.forgotten.join(&slot.record.context);
            self.floor = self.floor.max(slot.seq);
        }
    }

    /// True when a replica with that clock may hold what was deleted by writes that are forgotten here.
    pub fn must_compare(&self, clock: &Vector) -> bool {
        let heard_of_writer = self.forgotten.0.iter().zip(clock.0).any(|(own, other)| *own > 0 && other > 0);
        self.floor > 0 && !clock.covers_all(&self.forgotten) && heard_of_writer
    }

    /// Drops versions of a record after a search; `dropped` are their dots, `kept` is what is left.
    pub fn drop_versions(&mut self, key: usize, kept: Record, dropped: &Vector) {
        if kept.versions == 0 {
            self.forgotten.join(&kept.context);
            self.slots[key] = None;
        } else {
            self.forgotten.join(dropped);
            self.place(key, kept, None);
        }
    }

    /// With a delta from somebody who has forgotten these writes, this log does not tell all from here on.
    pub fn inherit(&mut self, forgotten: &Vector) {
        self.forgotten.join(&forgotten.meet(&self.vector()));
        self.floor = self.head;
    }

    /// Keeps what a merge came to; true when the record has changed.
    pub fn keep(&mut self, key: usize, merged: Merged, origin: u8) -> bool {
        match merged {
            Merged::Unchanged => return false,
            Merged::AsSent(record) => self.place(key, record, Some(origin)),
            Merged::Mixed(record) => self.place(key, record, None),
        }
        true
    }

    /// Joins the clock of a delta; `changed` says if records changed with it.
    pub fn join_clock(&mut self, clock: &Vector, origin: u8, changed: bool) {
        if self.vector().covers_all(clock) {
            return;
        }
        if !changed {
            self.head += 1;
        }
        for (entry, counter) in self.clock.iter_mut().zip(clock.0) {
            if counter > entry.counter {
                *entry = ClockEntry { counter, seq: self.head, origin: Some(origin) };
            }
        }
    }
}
