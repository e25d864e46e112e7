//! The laws, as conditions on a state that an observer can judge who knows all writes.
//!
//! It must not know of guards, or how a replica comes to its state.

use crate::replica::{KEYS, WriteSet};
use crate::setup::Setup;
use crate::world::World;

/// After so many rounds everybody must be quiet.
const ROUNDS: usize = 12;

impl World {
    /// What must be visible of a record to somebody who accounts for those writes: those that no other of them replaces.
    pub fn maximal(&self, key: usize, covered: WriteSet) -> WriteSet {
        let own = covered & self.writes_to(key);
        let of_own = self.numbered().filter(|(number, _)| own & (1 << number) != 0);
        let replaced = of_own.fold(0, |set, (_, write)| set | write.past);
        own & !replaced & !self.deletions()
    }

    /// Laws 2 and 6: nothing that the clock accounts for is lost, and nothing deleted stands.
    pub fn what_stands_is_what_the_clock_says(&self) -> bool {
        (0..self.replicas.len()).all(|replica| {
            let covered = self.covered_by(&self.replicas[replica].vector());
            (0..KEYS).all(|key| self.visible(replica, key) == self.maximal(key, covered))
        })
    }

    /// Law 7: whatever is visible has everything visible that it depends on.
    pub fn what_is_visible_is_causally_closed(&self) -> bool {
        self.replicas.iter().all(|replica| {
            let clock = replica.vector();
            let covered = self.covered_by(&clock);
            let visible = replica.slots.iter().flatten().fold(0, |set, slot| set | slot.record.versions);
            let closed = |(number, write): (usize, &crate::world::Write)| {
                covered & (1 << number) == 0 || clock.covers_all(&write.seen)
            };
            visible & !covered == 0 && self.numbered().all(closed)
        })
    }

    /// Law 5: no cursor is ahead of the data.
    pub fn no_cursor_is_ahead(&self) -> bool {
        self.replicas.iter().all(|receiver| {
            receiver.cursors.iter().zip(&self.replicas).all(|(cursor, sender)| {
                let Some(cursor) = cursor.filter(|cursor| cursor.epoch == sender.epoch) else { return true };
                let told = |(own, entry): (&crate::replica::ClockEntry, &crate::replica::ClockEntry)| {
                    entry.seq > cursor.seq || own.counter >= entry.counter
                };
                receiver.clock.iter().zip(&sender.clock).all(told)
            })
        })
    }

    /// Law 3: no dot denotes two contents.
    pub fn no_dot_denotes_two_writes(&self) -> bool {
        self.numbered().all(|(number, write)| {
            let same = |other: &crate::world::Write| {
                (other.replica, other.counter) == (write.replica, write.counter) && !other.lost
            };
            write.lost || !self.writes[..number].iter().any(same)
        })
    }

    /// Laws 2, 4 and 8: when everybody who is there has talked to everybody, all see the same and go quiet, whoever is
    /// away for ever.
    pub fn all_converge(&self, setup: &Setup) -> bool {
        let all = (1 << self.replicas.len()) - 1;
        let away = (0..self.replicas.len()).map(|replica| all & !(1 << replica));
        std::iter::once(all).chain(away).all(|there| self.some_converge(setup, there))
    }

    fn some_converge(&self, setup: &Setup, there: u8) -> bool {
        let links = setup.links_among(there);
        if !setup.connects(there) {
            return true;
        }
        let mut world = self.clone();
        world.session = None;
        for _ in 0..ROUNDS {
            let before = world.clone();
            for (one, other) in &links {
                world.pull(*one, *other, setup.off);
                world.pull(*other, *one, setup.off);
            }
            if world == before {
                return world.agrees(there);
            }
        }
        false
    }

    fn agrees(&self, there: u8) -> bool {
        let mut present = self.replicas.iter().enumerate().filter(|(own, _)| there & (1 << own) != 0);
        let Some((_, first)) = present.next() else { return true };
        present.all(|(_, replica)| replica.vector() == first.vector())
            && self.what_stands_is_what_the_clock_says()
    }

    fn pull(&mut self, to: usize, from: usize, off: crate::syncing::Off) {
        let session = self.ask(to, from, off);
        let delta = self.delta(&session, off);
        self.take(&session, &delta, off);
    }
}
