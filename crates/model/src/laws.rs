//! The laws, as conditions on a state that an observer can judge who knows all writes.
//!
//! It must not know of guards, or how a replica comes to its state.

use crate::replica::{KEYS, WriteSet};
use crate::setup::Setup;
use crate::step::Direction;
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

    /// Laws 2 and 6: nothing that a replica accounts for is lost, and nothing deleted stands.
    pub fn what_stands_is_what_was_written(&self) -> bool {
        (0..self.replicas.len()).all(|replica| {
            let accounted = self.accounted(replica);
            (0..KEYS).all(|key| self.visible(replica, key) == self.maximal(key, accounted))
        })
    }

    /// Law 7: whoever accounts for a write accounts for all that its writer had seen, so nothing is visible before what it
    /// depends on.
    pub fn what_is_visible_is_causally_closed(&self) -> bool {
        (0..self.replicas.len()).all(|replica| {
            let accounted = self.accounted(replica);
            let own = self.numbered().filter(|(number, _)| accounted & (1 << number) != 0);
            own.fold(0, |set, (_, write)| set | self.covered_by(&write.seen)) & !accounted == 0
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
                world.pull(Direction { to: *one, from: *other }, setup.off);
                world.pull(Direction { to: *other, from: *one }, setup.off);
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
            && self.what_stands_is_what_was_written()
    }
}
