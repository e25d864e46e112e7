//! The state of a whole model: all writes with their true pasts, all replicas, what is under way.
//!
//! The list of writes is the reference: no replica may look into it, but for what a version carries with it.

use crate::replica::{KEYS, Replica, WriteSet};
use crate::syncing::{Page, Place};
use crate::vector::{Vector, dot};

/// A write, as an observer sees it who knows everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Write {
    /// Who wrote.
    pub replica: usize,
    /// Which of its writes it is.
    pub counter: u8,
    /// Which record.
    pub key: usize,
    /// It deletes.
    pub deletion: bool,
    /// The writes to the record that the writer had seen and so replaces.
    pub past: WriteSet,
    /// All that the writer had seen.
    pub seen: Vector,
    /// A crash has undone it before anybody else had it.
    pub lost: bool,
}

/// An exchange that has begun: the receiver has said where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    /// Who receives.
    pub to: usize,
    /// Who sends.
    pub from: usize,
    /// Where the receiver goes on.
    pub place: Place,
    /// The sender's floor for the receiver at that time.
    pub floor: u8,
    /// What the receiver accounted for at that time.
    pub asked: Vector,
    /// What was sent already.
    pub page: Option<Page>,
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// All writes ever.
    pub writes: Vec<Write>,
    /// What each replica holds.
    pub replicas: Vec<Replica>,
    /// What a loss of power takes a replica back to, where that is not what it holds.
    pub disks: Vec<Option<Box<Replica>>>,
    /// At most one exchange is under way; others may happen meanwhile in one step.
    pub session: Option<Session>,
    /// A copy of a replica's disk.
    pub backup: Option<(usize, Box<Replica>)>,
    /// How many deletions were forgotten.
    pub forgotten: u8,
    /// How many crashes there were.
    pub crashes: u8,
    /// How many copies were put back.
    pub restored: u8,
}

impl World {
    /// Empty replicas.
    pub fn new(replicas: usize) -> Self {
        Self {
            writes: Vec::new(),
            replicas: (0..replicas).map(|own| Replica::new(own as u8)).collect(),
            disks: vec![None; replicas],
            session: None,
            backup: None,
            forgotten: 0,
            crashes: 0,
            restored: 0,
        }
    }

    /// The writes that a vector covers.
    pub fn covered_by(&self, vector: &Vector) -> WriteSet {
        self.select(|write| !write.lost && vector.covers(write.replica, write.counter))
    }

    /// The dots of a set of writes as a vector.
    pub fn vector_of(&self, set: WriteSet) -> Vector {
        let mut vector = Vector::default();
        for (_, write) in self.numbered().filter(|(number, _)| set & (1 << number) != 0) {
            vector.0[write.replica] = vector.0[write.replica].max(write.counter);
        }
        vector
    }

    /// What a replica accounts for: by its clock, or by the context of a record that it shows.
    pub fn accounted(&self, replica: usize) -> WriteSet {
        let replica = &self.replicas[replica];
        let records = (0..KEYS).filter_map(|key| Some((key, replica.slots[key]?.record.context)));
        let by_records = records.map(|(key, context)| self.covered_by(&context) & self.writes_to(key));
        by_records.fold(self.covered_by(&replica.vector()), |set, more| set | more)
    }

    /// The writes that delete.
    pub fn deletions(&self) -> WriteSet {
        self.select(|write| write.deletion)
    }

    /// The writes to a record.
    pub fn writes_to(&self, key: usize) -> WriteSet {
        self.select(|write| write.key == key)
    }

    fn select(&self, wanted: impl Fn(&Write) -> bool) -> WriteSet {
        self.numbered().filter(|(_, write)| wanted(write)).fold(0, |set, (number, _)| set | (1 << number))
    }

    /// The writes with their numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, &Write)> {
        self.writes.iter().enumerate()
    }

    /// The values of a record that an application sees.
    pub fn visible(&self, replica: usize, key: usize) -> WriteSet {
        self.replicas[replica].record(key).versions & !self.deletions()
    }

    /// The dots of a set of writes in the text notation.
    pub fn dots(&self, set: WriteSet) -> String {
        let dots = self.numbered().filter(|(number, _)| set & (1 << number) != 0);
        dots.map(|(_, write)| dot(write.replica, write.counter)).collect::<Vec<_>>().join(" ")
    }
}
