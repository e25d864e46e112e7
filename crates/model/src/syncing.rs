//! One replica takes in what it lacks from another: where it goes on, what is sent, and how that is taken in.
//!
//! It must not know the true pasts of writes; of a version it knows the dot, and whether it deletes.

use crate::guard::Guard;
use crate::replica::{Cursor, KEYS, Merged, Record, Replica};
use crate::vector::Vector;
use crate::world::{Session, World};

/// Where a replica goes on in the log of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// After a position; `level` when equal clocks say so.
    Cursor {
        /// Everything up to here is taken in.
        seq: u8,
    },
    /// Behind this clock.
    Clock(Vector),
    /// At the beginning, after a search for the records that differ.
    Search {
        /// A bit for each record that differs.
        keys: u8,
        /// The sender's head when they were compared.
        until: u8,
    },
}

/// What a replica lacks of another.
#[derive(Clone, Debug)]
pub struct Delta {
    epoch: u8,
    up_to: u8,
    records: [Option<Record>; KEYS],
    // Records that differ and that the sender has not got.
    absent: u8,
    // Records that are told as they are, not only as far as they changed.
    whole: u8,
    clock: Vector,
    // Deletions that the sender has forgotten are left out; and what the receiver accounted for when it asked.
    omits_deletions: bool,
    asked: Vector,
}

/// The switches that are off.
pub type Off = Option<Guard>;

impl World {
    /// The receiver says where it stands. Both have put everything on disk before.
    pub fn ask(&mut self, to: usize, from: usize, off: Off) -> Session {
        if off != Some(Guard::Barrier) {
            self.disks[to] = None;
            self.disks[from] = None;
        }
        let floor = if off == Some(Guard::Floor) {
            0
        } else {
            self.replicas[from].floor_for(self.replicas[to].epoch)
        };
        let asked = self.replicas[to].vector();
        Session { to, from, place: self.place(to, from, floor), floor, asked }
    }

    fn place(&self, to: usize, from: usize, floor: u8) -> Place {
        let (receiver, sender) = (&self.replicas[to], &self.replicas[from]);
        let holds = |cursor: &Cursor| {
            cursor.epoch == sender.epoch && cursor.seq <= sender.head && cursor.seq >= floor
        };
        if let Some(cursor) = receiver.cursors[from].filter(holds) {
            Place::Cursor { seq: cursor.seq }
        } else if receiver.vector() == sender.vector() {
            Place::Cursor { seq: sender.head }
        } else if floor > 0 && receiver.head > 0 {
            let differs = |key: &usize| self.fingerprint(to, *key) != self.fingerprint(from, *key);
            let keys = (0..KEYS).filter(differs).fold(0, |keys, key| keys | (1 << key));
            Place::Search { keys, until: sender.head }
        } else {
            Place::Clock(receiver.vector())
        }
    }

    // What is compared of a record: nothing of a deleted one.
    fn fingerprint(&self, replica: usize, key: usize) -> Option<Record> {
        (self.visible(replica, key) != 0).then(|| self.replicas[replica].record(key))
    }

    /// What the sender sends for a place in its log.
    pub fn delta(&self, session: &Session, off: Off) -> Delta {
        let (sender, peer) = (&self.replicas[session.from], self.replicas[session.to].epoch);
        let floor = sender.floor_for(peer);
        let mut delta = Delta {
            epoch: sender.epoch,
            up_to: sender.head,
            records: [None; KEYS],
            absent: 0,
            whole: 0,
            clock: Vector::default(),
            omits_deletions: false,
            asked: session.asked,
        };
        let (mut searched, mut until, mut after, mut known) = (0, 0, 0, Vector::default());
        match session.place {
            Place::Cursor { seq } => after = seq,
            Place::Clock(clock) => (known, delta.omits_deletions) = (clock, floor > 0),
            Place::Search { keys, until: head } => {
                (searched, until, delta.omits_deletions) = (keys, head, true);
            }
        }
        let is_search = matches!(session.place, Place::Search { .. });
        for key in 0..KEYS {
            let differs = searched & (1 << key) != 0;
            match sender.slots[key] {
                Some(slot) => {
                    let new = slot.seq > after.max(until)
                        && (slot.origin != Some(peer) || is_search)
                        && !known.covers_all(&slot.record.context);
                    delta.records[key] = (new || differs).then_some(slot.record);
                }
                None if differs && off != Some(Guard::AbsentKeys) => delta.absent |= 1 << key,
                None => {}
            }
        }
        if is_search {
            delta.clock = sender.vector();
            delta.whole = searched;
        } else {
            let told = sender.clock.map(|entry| entry.seq > after && entry.origin != Some(peer));
            let entries = sender.clock.iter().zip(told);
            for (entry, counter) in entries.zip(&mut delta.clock.0) {
                *counter = if entry.1 { entry.0.counter } else { 0 };
            }
        }
        delta
    }

    /// The receiver takes the delta in, in one strict commit; true when something but the cursor has changed.
    pub fn take(&mut self, session: &Session, delta: &Delta, off: Off) -> bool {
        let clock_before = self.replicas[session.to].vector();
        let mut changed = false;
        for key in 0..KEYS {
            changed |= self.take_record(session.to, key, delta, &clock_before, off);
        }
        let receiver = &mut self.replicas[session.to];
        receiver.join_clock(&delta.clock, delta.epoch, changed);
        receiver.cursors[session.from] = Some(Cursor { epoch: delta.epoch, seq: delta.up_to });
        if delta.omits_deletions && off != Some(Guard::InheritedFloor) {
            receiver.inherit_floor(delta.epoch);
        }
        let news = changed || receiver.vector() != clock_before;
        self.disks[session.to] = None;
        news
    }

    /// The same for one record.
    pub fn take_record(
        &mut self,
        to: usize,
        key: usize,
        delta: &Delta,
        clock_before: &Vector,
        off: Off,
    ) -> bool {
        let receiver = &self.replicas[to];
        let merged = match delta.records[key] {
            Some(record) => self.merge(receiver, key, record, clock_before, off),
            None => Merged::Unchanged,
        };
        let mut changed = self.replicas[to].keep(key, merged, delta.epoch);
        let whole = delta.whole & (1 << key) != 0 && off != Some(Guard::SearchedRecordsAreWhole);
        let compared = if delta.absent & (1 << key) != 0 || (whole && delta.records[key].is_some()) {
            Some(Vector::default())
        } else if delta.omits_deletions && off != Some(Guard::ComparedSinceAsked) {
            Some(delta.asked)
        } else {
            None
        };
        if let Some(known) = compared {
            let dropped = self.drop_covered(to, key, delta, &known);
            changed |= self.replicas[to].keep(key, dropped, delta.epoch);
        }
        changed
    }

    fn merge(
        &self,
        receiver: &Replica,
        key: usize,
        mut incoming: Record,
        clock_before: &Vector,
        off: Off,
    ) -> Merged {
        let existing = receiver.slots[key].map(|slot| slot.record);
        let sent = incoming.versions;
        if receiver.has_floor() && off != Some(Guard::Cut) {
            let stands = existing.unwrap_or_default().versions;
            incoming.versions &= stands | !self.covered_by(clock_before);
        }
        let cut = incoming.versions != sent;
        let Some(existing) = existing else {
            return match (cut, incoming.versions) {
                (true, 0) => Merged::Unchanged,
                (true, _) => Merged::Mixed(incoming),
                (false, _) => Merged::AsSent(incoming),
            };
        };
        let both = existing.versions & incoming.versions;
        let kept = existing.versions & !self.covered_by(&incoming.context);
        let new = incoming.versions & !self.covered_by(&existing.context);
        let mut merged = Record { context: existing.context, versions: both | kept | new };
        if off == Some(Guard::ContextCheck) {
            merged.versions = existing.versions | incoming.versions;
        }
        merged.context.join(&incoming.context);
        if merged == existing {
            Merged::Unchanged
        } else if merged == incoming && !cut {
            Merged::AsSent(merged)
        } else {
            Merged::Mixed(merged)
        }
    }

    // What the sender's clock covers and what does not stand there was deleted there; but for what was known before.
    fn drop_covered(&self, to: usize, key: usize, delta: &Delta, known: &Vector) -> Merged {
        let Some(slot) = self.replicas[to].slots[key] else { return Merged::Unchanged };
        let stands = delta.records[key].unwrap_or_default().versions;
        let mut record = slot.record;
        record.versions &= stands | !self.covered_by(&delta.clock) | self.covered_by(known);
        if record == slot.record {
            Merged::Unchanged
        } else if record.versions == 0 {
            Merged::AsSent(record)
        } else {
            Merged::Mixed(record)
        }
    }

    /// True when the exchange can go on to its end.
    pub fn goes_on(&self, session: &Session, off: Off) -> bool {
        let (receiver, sender) = (&self.replicas[session.to], &self.replicas[session.from]);
        let floor = sender.floor_for(receiver.epoch);
        let told = if let Place::Cursor { seq } = session.place { seq } else { 0 };
        !(floor > session.floor && floor > told && off != Some(Guard::FloorInSession))
    }
}
