//! Makes states equal that differ in nothing that can ever matter, so that there are fewer of them.
//!
//! Log positions matter only by their order among what stands in the log; writes may be numbered in any order; an epoch
//! that has ended is like none. It must not know what can happen to a state.

use crate::replica::{KEYS, Replica, WriteSet};
use crate::syncing::Place;
use crate::world::World;

impl World {
    /// The same state, written in the one way.
    #[must_use]
    pub fn canonical(mut self) -> Self {
        self.number_writes();
        self.drop_ended_epochs();
        for own in 0..self.replicas.len() {
            self.number_positions(own);
        }
        self
    }

    // In the order of their dots.
    fn number_writes(&mut self) {
        let mut order: Vec<usize> = (0..self.writes.len()).collect();
        order.sort_by_key(|number| {
            let write = self.writes[*number];
            (write.replica, write.counter, write.lost)
        });
        if order.is_sorted() {
            return;
        }
        let renumber = |set: WriteSet| {
            let moved = order.iter().enumerate().filter(|(_, old)| set & (1 << **old) != 0);
            moved.fold(0, |set, (new, _)| set | (1 << new))
        };
        self.writes = order.iter().map(|old| self.writes[*old]).collect();
        self.writes.iter_mut().for_each(|write| write.past = renumber(write.past));
        let disks = self.disks.iter_mut().flatten().map(|disk| &mut **disk);
        let backup = self.backup.iter_mut().map(|(_, copy)| &mut **copy);
        for replica in self.replicas.iter_mut().chain(disks).chain(backup) {
            for slot in replica.slots.iter_mut().flatten() {
                slot.record.versions = renumber(slot.record.versions);
            }
        }
        let page = self.session.iter_mut().filter_map(|session| session.page.as_mut());
        for record in page.flat_map(|page| page.records.iter_mut().flatten()) {
            record.versions = renumber(record.versions);
        }
    }

    fn drop_ended_epochs(&mut self) {
        let epochs: Vec<u8> = self.replicas.iter().map(|replica| replica.epoch).collect();
        for replica in &mut self.replicas {
            let lives = |origin: &u8| epochs.contains(origin);
            for entry in &mut replica.clock {
                entry.origin = entry.origin.filter(lives);
            }
            for slot in replica.slots.iter_mut().flatten() {
                slot.origin = slot.origin.filter(lives);
            }
            for (cursor, epoch) in replica.cursors.iter_mut().zip(&epochs) {
                *cursor = cursor.filter(|cursor| cursor.epoch == *epoch);
            }
        }
    }

    // A position becomes the number of marks up to it.
    fn number_positions(&mut self, own: usize) {
        let mut marks = self.replicas[own].marks();
        let epoch = self.replicas[own].epoch;
        if let Some(disk) = &self.disks[own] {
            marks.extend(disk.marks());
        }
        // The copy is of an earlier moment of the same log, and may be put back as it is.
        if let Some((_, copy)) = self.backup.as_ref().filter(|(of, _)| *of == own) {
            marks.extend(copy.marks());
        }
        marks.sort_unstable();
        marks.dedup();
        let rank = |seq: u8| marks.iter().filter(|mark| **mark <= seq).count() as u8;
        self.replicas[own].number_own(rank);
        if let Some(disk) = &mut self.disks[own] {
            disk.number_own(rank);
        }
        if let Some((_, copy)) = self.backup.as_mut().filter(|(of, _)| *of == own) {
            copy.number_own(rank);
        }
        let disks = self.disks.iter_mut().flatten().map(|disk| &mut **disk);
        let backup = self.backup.iter_mut().map(|(_, copy)| &mut **copy);
        for replica in self.replicas.iter_mut().chain(disks).chain(backup) {
            if let Some(cursor) = replica.cursors[own].as_mut().filter(|cursor| cursor.epoch == epoch) {
                cursor.seq = rank(cursor.seq);
            }
        }
        if let Some(session) = self.session.as_mut().filter(|session| session.from == own) {
            session.floor = rank(session.floor);
            match &mut session.place {
                Place::Cursor { seq } => *seq = rank(*seq),
                Place::Search { until, .. } => *until = rank(*until),
                Place::Clock => {}
            }
            if let Some(page) = &mut session.page {
                page.up_to = rank(page.up_to);
            }
        }
    }
}

impl Replica {
    fn marks(&self) -> Vec<u8> {
        let mut marks: Vec<u8> = self.clock.iter().map(|entry| entry.seq).collect();
        marks.extend((0..KEYS).filter_map(|key| self.slots[key]).map(|slot| slot.seq));
        marks.push(self.floor);
        marks.retain(|mark| *mark > 0);
        marks
    }

    fn number_own(&mut self, rank: impl Fn(u8) -> u8) {
        self.head = rank(self.head);
        self.floor = rank(self.floor);
        self.clock.iter_mut().for_each(|entry| entry.seq = rank(entry.seq));
        self.slots.iter_mut().flatten().for_each(|slot| slot.seq = rank(slot.seq));
    }
}
