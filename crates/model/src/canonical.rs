//! Makes states equal that differ in nothing that can ever matter, so that there are fewer of them.
//!
//! Log positions matter only by their order among what stands in the log; writes may be numbered in any order; an epoch
//! that has ended is like none. It must not know what can happen to a state.

use crate::replica::{Cursor, Replica, WriteSet};
use crate::syncing::Place;
use crate::world::{Session, World};

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

    // A position matters only by what is before and behind where somebody stands. So what stands in the log becomes numbered
    // in blocks, between which somebody stands.
    fn number_positions(&mut self, own: usize) {
        let epoch = self.replicas[own].epoch;
        let mut places: Vec<u8> = self.cursors_into(own, epoch).map(|cursor| cursor.seq).collect();
        if let Some(session) = self.session_from(own) {
            places.extend(session.positions().into_iter().map(|seq| *seq));
        }
        let lives = self.lives_of(own).filter(|replica| replica.epoch == epoch);
        let mut marks: Vec<u8> = lives.flat_map(|replica| replica.marks()).collect();
        marks.sort_unstable();
        marks.dedup();
        let (mut blocks, mut last) = (Vec::new(), 0);
        for mark in marks {
            if blocks.is_empty() || places.iter().any(|place| (last..mark).contains(place)) {
                blocks.push(mark);
            }
            last = mark;
        }
        let number = |seq: u8| blocks.iter().filter(|block| **block <= seq).count() as u8;
        self.lives_of(own)
            .filter(|replica| replica.epoch == epoch)
            .for_each(|replica| replica.number_own(number));
        self.cursors_into(own, epoch).for_each(|cursor| cursor.seq = number(cursor.seq));
        if let Some(session) = self.session_from(own) {
            session.positions().into_iter().for_each(|seq| *seq = number(*seq));
        }
    }

    // What a replica holds, what its disk holds, and a copy of it.
    fn lives_of(&mut self, own: usize) -> impl Iterator<Item = &mut Replica> {
        let disk = self.disks[own].iter_mut().map(|disk| &mut **disk);
        let copy = self.backup.iter_mut().filter(move |(of, _)| *of == own).map(|(_, copy)| &mut **copy);
        std::iter::once(&mut self.replicas[own]).chain(disk).chain(copy)
    }

    // Where the others are in a log.
    fn cursors_into(&mut self, own: usize, epoch: u8) -> impl Iterator<Item = &mut Cursor> {
        let disks = self.disks.iter_mut().flatten().map(|disk| &mut **disk);
        let copy = self.backup.iter_mut().map(|(_, copy)| &mut **copy);
        let all = self.replicas.iter_mut().chain(disks).chain(copy);
        let cursors = all.filter_map(move |replica| replica.cursors[own].as_mut());
        cursors.filter(move |cursor| cursor.epoch == epoch)
    }

    fn session_from(&mut self, own: usize) -> Option<&mut Session> {
        self.session.as_mut().filter(|session| session.from == own)
    }
}

impl Session {
    // All positions in the sender's log that it holds.
    fn positions(&mut self) -> Vec<&mut u8> {
        let place = match &mut self.place {
            Place::Cursor { seq } => Some(seq),
            Place::Search { until, .. } => Some(until),
            Place::Clock => None,
        };
        let page = self.page.iter_mut().map(|page| &mut page.up_to);
        std::iter::once(&mut self.floor).chain(place).chain(page).collect()
    }
}

impl Replica {
    fn marks(&self) -> Vec<u8> {
        let clock = self.clock.iter().map(|entry| entry.seq);
        let slots = self.slots.iter().flatten().map(|slot| slot.seq);
        clock.chain(slots).chain([self.floor]).filter(|mark| *mark > 0).collect()
    }

    fn number_own(&mut self, number: impl Fn(u8) -> u8) {
        self.head = number(self.head);
        self.floor = number(self.floor);
        self.clock.iter_mut().for_each(|entry| entry.seq = number(entry.seq));
        self.slots.iter_mut().flatten().for_each(|slot| slot.seq = number(slot.seq));
    }
}
