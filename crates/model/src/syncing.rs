//! One replica takes in what it lacks from another: where it goes on, what is sent, and how that is taken in.
//!
//! It must not know the true pasts of writes; of a version it knows the dot, and whether it deletes.

use crate::guard::Guard;
use crate::replica::{Cursor, KEYS, Merged, Record, Replica, Slot};
use crate::step::Direction;
use crate::vector::Vector;
use crate::world::{Session, World};

/// Where a replica goes on in the log of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// After a position.
    Cursor {
        /// Everything up to here is taken in.
        seq: u8,
    },
    /// At the beginning, behind its clock.
    Clock,
    /// At the beginning, after a search for the records that differ.
    Search {
        /// A bit for each record that differs.
        keys: u8,
        /// The sender's head when they were compared.
        until: u8,
    },
}

/// The first part of a delta: the records up to a position, as they were then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Page {
    /// The records.
    pub records: [Option<Record>; KEYS],
    /// The sender's head then.
    pub up_to: u8,
}

/// What a replica lacks of another.
#[derive(Clone, Debug)]
pub struct Delta {
    epoch: u8,
    up_to: u8,
    /// The records.
    pub records: [Option<Record>; KEYS],
    // Records that were searched for and that the sender has not got.
    absent: u8,
    searched: bool,
    clock: Vector,
    // The writes whose traces may be gone at the sender, unless the receiver knew all of them when it asked.
    forgotten: Vector,
}

/// The guard that is taken away.
pub type Off = Option<Guard>;

impl World {
    /// The receiver says where it stands. Both have put everything on disk before.
    pub fn ask(&mut self, to: usize, from: usize, off: Off) -> Session {
        if off != Some(Guard::Barrier) {
            self.disks[to] = None;
            self.disks[from] = None;
        }
        let asked = self.replicas[to].vector();
        let floor = self.replicas[from].floor;
        Session { to, from, place: self.place(to, from, off), floor, asked, page: None }
    }

    /// A whole exchange, with nothing else meanwhile.
    pub fn pull(&mut self, Direction { to, from }: Direction, off: Off) {
        let session = self.ask(to, from, off);
        let delta = self.delta(&session, off);
        self.take(&session, &delta, off);
    }

    fn place(&self, to: usize, from: usize, off: Off) -> Place {
        let (receiver, sender) = (&self.replicas[to], &self.replicas[from]);
        let floor = if off == Some(Guard::Floor) { 0 } else { sender.floor };
        let holds = |cursor: &Cursor| {
            cursor.epoch == sender.epoch && cursor.seq <= sender.head && cursor.seq >= floor
        };
        if let Some(cursor) = receiver.cursors[from].filter(holds) {
            Place::Cursor { seq: cursor.seq }
        } else if receiver.vector() == sender.vector() {
            Place::Cursor { seq: sender.head }
        } else if sender.must_compare(&receiver.vector()) && off != Some(Guard::Floor) {
            let differs = |key: &usize| self.fingerprint(to, *key) != self.fingerprint(from, *key);
            let keys = (0..KEYS).filter(differs).fold(0, |keys, key| keys | (1 << key));
            Place::Search { keys, until: sender.head }
        } else {
            Place::Clock
        }
    }

    // What is compared of a record: nothing of a deleted one.
    fn fingerprint(&self, replica: usize, key: usize) -> Option<Record> {
        (self.visible(replica, key) != 0).then(|| self.replicas[replica].record(key))
    }

    /// What the sender has for a place in its log, in its state of now.
    pub fn delta(&self, session: &Session, off: Off) -> Delta {
        let (sender, peer) = (&self.replicas[session.from], self.replicas[session.to].epoch);
        let mut delta = Delta {
            epoch: sender.epoch,
            up_to: sender.head,
            records: [None; KEYS],
            absent: 0,
            searched: matches!(session.place, Place::Search { .. }),
            clock: sender.vector(),
            forgotten: Vector::default(),
        };
        let sent = session.page.map_or(0, |page| page.up_to);
        for key in 0..KEYS {
            let slot = sender.slots[key];
            let record = slot.filter(|slot| slot.seq > sent && self.is_wanted(session, key, slot, off));
            delta.records[key] =
                record.map(|slot| slot.record).or(session.page.and_then(|page| page.records[key]));
            if let Place::Search { keys, .. } = session.place
                && slot.is_none()
                && off != Some(Guard::AbsentKeys)
            {
                delta.absent |= keys & (1 << key);
            }
        }
        let base = if let Place::Cursor { seq } = session.place { seq } else { 0 };
        if !delta.searched {
            for (entry, counter) in sender.clock.iter().zip(&mut delta.clock.0) {
                *counter = if entry.seq > base && entry.origin != Some(peer) { entry.counter } else { 0 };
            }
        }
        if base == 0 && !session.asked.covers_all(&sender.forgotten) {
            delta.forgotten = sender.forgotten;
        }
        delta
    }

    fn is_wanted(&self, session: &Session, key: usize, slot: &Slot, off: Off) -> bool {
        let (receiver, sender) = (&self.replicas[session.to], &self.replicas[session.from]);
        let news = slot.origin != Some(receiver.epoch);
        let known = session.asked.covers_all(&slot.record.context);
        match session.place {
            Place::Cursor { seq } => slot.seq > seq && news,
            Place::Clock => news && !known,
            Place::Search { keys, until } => {
                let since = slot.seq > until && (news || off != Some(Guard::TellAllAfterSearch));
                let differs = keys & (1 << key) != 0;
                let deleted = self.visible(session.from, key) == 0;
                debug_assert!(sender.head >= until, "a log does not become shorter in a session");
                if differs { slot.seq <= until || since } else { (deleted || since) && !known }
            }
        }
    }

    /// The receiver takes the delta in, in one strict commit.
    pub fn take(&mut self, session: &Session, delta: &Delta, off: Off) {
        let before = self.replicas[session.to].vector();
        let (mut changed, mut dropped) = (false, false);
        for key in 0..KEYS {
            changed |= self.take_record(session.to, key, delta, &before, off);
        }
        for key in (0..KEYS).filter(|_| delta.searched && off != Some(Guard::SearchedRecordsAreWhole)) {
            dropped |= self.drop_untold(session.to, key, delta);
        }
        let receiver = &mut self.replicas[session.to];
        let is_news = !before.covers_all(&delta.forgotten.meet(&delta.clock));
        receiver.join_clock(&delta.clock, delta.epoch, changed);
        receiver.cursors[session.from] = Some(Cursor { epoch: delta.epoch, seq: delta.up_to });
        if (is_news || dropped) && off != Some(Guard::InheritedFloor) {
            receiver.inherit(&delta.forgotten);
        }
        self.disks[session.to] = None;
    }

    /// Merges one record of a delta.
    pub fn take_record(&mut self, to: usize, key: usize, delta: &Delta, before: &Vector, off: Off) -> bool {
        let Some(record) = delta.records[key] else { return false };
        let merged = self.merge(&self.replicas[to], key, record, before, off);
        self.replicas[to].keep(key, merged, delta.epoch)
    }

    fn merge(
        &self,
        receiver: &Replica,
        key: usize,
        mut incoming: Record,
        before: &Vector,
        off: Off,
    ) -> Merged {
        let existing = receiver.slots[key].map(|slot| slot.record);
        let sent = incoming.versions;
        if receiver.floor > 0 && off != Some(Guard::Cut) {
            let stands = existing.unwrap_or_default().versions;
            incoming.versions &= stands | !self.covered_by(before);
        }
        let cut = incoming.versions != sent;
        let Some(existing) = existing else {
            return match (cut, incoming.versions) {
                (true, 0) if before.covers_all(&incoming.context) => Merged::Unchanged,
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

    // Of a record that was told after a search, what the sender's clock covers and what does not stand there is gone there.
    fn drop_untold(&mut self, to: usize, key: usize, delta: &Delta) -> bool {
        let absent = delta.absent & (1 << key) != 0;
        let Some(slot) = self.replicas[to].slots[key].filter(|_| absent || delta.records[key].is_some())
        else {
            return false;
        };
        let stands = delta.records[key].filter(|_| !absent).map_or(0, |told| told.versions);
        let dropped = slot.record.versions & !stands & self.covered_by(&delta.clock);
        if dropped != 0 {
            let kept = Record { versions: slot.record.versions & !dropped, ..slot.record };
            let dots = self.vector_of(dropped);
            self.replicas[to].drop_versions(key, kept, &dots);
        }
        dropped != 0
    }

    /// True when the exchange can go on to its end.
    pub fn goes_on(&self, session: &Session, delta: &Delta, off: Off) -> bool {
        let sender = &self.replicas[session.from];
        let told = if let Place::Cursor { seq } = session.place { seq } else { 0 };
        let risen = sender.floor > session.floor && sender.floor > told;
        let now = self.replicas[session.to].vector();
        let heard = now.meet(&delta.forgotten) != session.asked.meet(&delta.forgotten);
        (!risen || off == Some(Guard::FloorInSession)) && (!heard || off == Some(Guard::ComparedSinceAsked))
    }
}
