//! Worlds in which disks are copied and set back: two replicas have one name there, until one of them is born again.
//!
//! A name may stand for two writes meanwhile, and a rebirth gives writes other names. So here a write is known by what it
//! wrote: an edit by its content, a deletion by its time. What is lost by right: writes that were only on a disk that was
//! overwritten. What a rebirth has renamed may stand again beside what had replaced it under its former name.

use std::collections::BTreeMap;

use eyot_core::segment::Segment;
use eyot_core::{Dot, Hlc, Limits, LogEpoch, RecordKey, ReplicaId};

use crate::device::TabId;
use crate::disk::{Content, Disk};
use crate::violation::Violation;
use crate::world::World;
use crate::writes::{WriteId, Writes};

/// What becomes of a disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Imaging {
    /// Another device goes on with a copy of it, as the same replica; what that one had is gone.
    CopyTo(usize),
    /// It is kept aside, as a power cut would leave it.
    BackUp {
        /// How many transactions that were not taken to safety are missing in it, at most.
        lost: usize,
    },
    /// It is set back to one that was kept aside, also of another device.
    Restore(usize),
}

/// A write in a device's own log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnWrite {
    pub(crate) id: WriteId,
    position: u64,
    // Of the name that the replica has now; 0 where the write has kept a former one.
    counter: u64,
}

#[derive(Clone, Debug)]
struct Image {
    disk: Disk,
    replica: ReplicaId,
    epoch: LogEpoch,
    own: Vec<OwnWrite>,
}

/// What is known of copies.
#[derive(Default, Debug)]
pub(crate) struct Copies {
    /// True in a world with copies.
    pub(crate) are_made: bool,
    images: Vec<Image>,
    // The deletions by their records and times.
    pub(crate) deletions: BTreeMap<(usize, Hlc), WriteId>,
    // Two deletions have both in common, so nobody can tell them apart: nothing more is judged.
    pub(crate) are_alike: bool,
    // The writes that have got another name by a rebirth.
    pub(crate) renamed: Writes,
    // The writes that were on a disk when it was copied.
    copied: Writes,
    // The writes that were on some disk when all faults were over.
    pub(crate) held: Writes,
}

impl World {
    /// A disk is copied or set back. Where it goes all tabs die.
    pub(crate) fn image(&mut self, device: usize, imaging: Imaging) -> Result<(), Violation> {
        match imaging {
            Imaging::CopyTo(to) => {
                let (to, image) = (to % self.devices.len(), self.image_of(device)?);
                if to == device { Ok(()) } else { self.go_on_with(to, image) }
            }
            Imaging::BackUp { lost } => {
                let mut image = self.image_of(device)?;
                image.disk.cut_power(lost);
                image.own.retain(|write| write.position < image.disk.next_position());
                self.copies.images.push(image);
                Ok(())
            }
            Imaging::Restore(backup) => {
                let count = self.copies.images.len().max(1);
                match self.copies.images.get(backup % count).cloned() {
                    Some(image) => self.go_on_with(device, image),
                    None => Ok(()),
                }
            }
        }
    }

    fn image_of(&mut self, device: usize) -> Result<Image, Violation> {
        let home = self.device(device)?;
        let (disk, own) = (home.disk.clone(), home.own.clone());
        let image = Image { disk, replica: home.replica, epoch: home.epoch, own };
        self.copies.copied.join(&image.own.iter().map(|write| write.id).collect());
        Ok(image)
    }

    fn go_on_with(&mut self, device: usize, mut image: Image) -> Result<(), Violation> {
        self.kill_all(device)?;
        // It was copied as a whole, so it is on that disk for good.
        image.disk.barrier();
        let home = self.device_mut(device)?;
        (home.disk, home.own, home.fault) = (image.disk, image.own, None);
        (home.replica, home.epoch) = (image.replica, image.epoch);
        Ok(())
    }

    /// The writes in a device's own log.
    pub(crate) fn own_writes(&self, device: usize) -> Result<Writes, Violation> {
        let home = self.device(device)?;
        Ok(match self.copies.are_made {
            true => home.own.iter().map(|write| write.id).collect(),
            false => self.ledger.of_replica(home.replica),
        })
    }

    /// The writes of a commit, in their order.
    pub(crate) fn committed_at(&self, device: usize, position: u64) -> Result<Vec<WriteId>, Violation> {
        let home = self.device(device)?;
        let own = home.own.iter().filter(|write| write.position == position);
        Ok(match self.copies.are_made {
            true => own.map(|write| write.id).collect(),
            false => self.ledger.committed_at(home.replica, position),
        })
    }

    /// A commit is on a device's disk.
    pub(crate) fn note_own(
        &mut self,
        device: usize,
        (position, values): (u64, &[Vec<u8>]),
        content: Content,
        (replica, writes): (ReplicaId, &[WriteId]),
    ) -> Result<(), Violation> {
        if let Some(confirmed) = content.confirmed {
            for write in &mut self.device_mut(device)?.own {
                write.counter = write.counter.saturating_sub(confirmed);
            }
            let own = &self.device(device)?.own;
            let renamed: Writes =
                own.iter().filter(|write| write.counter > 0).map(|write| write.id).collect();
            self.copies.renamed.join(&renamed);
        }
        let Some(last) = content.last_counter else { return Ok(()) };
        let first = (last + 1).saturating_sub(writes.len() as u64);
        for (id, counter) in writes.iter().zip(first..) {
            self.ledger.keep(*id, Dot::new(replica, counter), position);
            self.device_mut(device)?.own.push(OwnWrite { id: *id, position, counter });
        }
        for value in values {
            self.note_deletions(value, (replica, first), writes)?;
        }
        Ok(())
    }

    // A deletion has no content that would tell which it is.
    fn note_deletions(
        &mut self,
        value: &[u8],
        (replica, first): (ReplicaId, u64),
        writes: &[WriteId],
    ) -> Result<(), Violation> {
        let segment = Segment::from_bytes(value, &Limits::AT_REST);
        let Ok(Segment::Written(entries)) = segment else { return Ok(()) };
        for version in entries.iter().flat_map(|(_, record)| record.versions()) {
            let place = version.dot.counter.checked_sub(first).filter(|_| version.dot.replica == replica);
            let id = place.and_then(|place| writes.get(usize::try_from(place).ok()?));
            let Some((id, write)) = id.and_then(|id| Some((*id, self.model.get(*id)?))) else { continue };
            if write.deletes {
                let known = *self.copies.deletions.entry((write.key, version.at)).or_insert(id);
                self.copies.are_alike |= known != id;
            }
        }
        Ok(())
    }

    /// A power cut has undone a device's log from there on. Returns the writes that never were.
    pub(crate) fn undo_own(&mut self, device: usize, next_position: u64) -> Result<Writes, Violation> {
        let own = &mut self.device_mut(device)?.own;
        let undone: Writes =
            own.iter().filter(|own| own.position >= next_position).map(|own| own.id).collect();
        own.retain(|write| write.position < next_position);
        let undone = undone.without(&self.copies.copied);
        undone.iter().for_each(|id| self.ledger.unmake(id));
        Ok(undone)
    }

    /// The engine has said that something of its names is wrong.
    pub(crate) fn noticed(
        &mut self,
        id: TabId,
        code: &'static str,
        keys: Vec<RecordKey>,
    ) -> Result<(), Violation> {
        // Nobody is copied or set back in other worlds.
        if !self.copies.are_made {
            return Err(Violation::new(3, format!("tab {id} says {code}")));
        }
        if let Some(tab) = self.tab_mut(id) {
            tab.reported.extend(keys);
        }
        Ok(())
    }
}
