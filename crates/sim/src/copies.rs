//! Worlds in which disks are copied and set back: two replicas have one name there, until one of them is born again.
//!
//! A name may stand for two writes meanwhile, and a rebirth gives writes other names. So here a write is known by what it
//! wrote: an edit by its content, a deletion by its time. What is lost by right: writes that were only on a disk that was
//! overwritten. What a rebirth has renamed may stand again beside what had replaced it under its former name.

use std::collections::BTreeMap;

use eyot_core::segment::Segment;
use eyot_core::{Dot, Hlc, Limits, LogEpoch, Record, RecordKey, Replica, ReplicaId, Version};

use crate::check::names;
use crate::device::{Tab, TabId};
use crate::disk::{Content, Disk};
use crate::faults::fold;
use crate::model::Write;
use crate::violation::{CONTRACT, Violation};
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
    id: WriteId,
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
    deletions: BTreeMap<(usize, Hlc), WriteId>,
    // Two deletions have both in common, so nobody can tell them apart: nothing more is judged.
    pub(crate) are_alike: bool,
    // The writes that have got another name by a rebirth.
    renamed: Writes,
    // The writes that were on a disk when it was copied.
    copied: Writes,
    // The writes that were on some disk when all faults were over.
    held: Writes,
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

    pub(crate) fn check_copied_tab(&mut self, id: TabId) -> Result<(), Violation> {
        let Some(tab) = self.tab(id) else { return Ok(()) };
        // While it folds, what is committed is not to be seen yet.
        if tab.engine.is_folding() {
            return Ok(());
        }
        let here = self
            .look_at_contents(tab.engine.replica(), &tab.view.here, Some(tab))
            .map_err(|violation| violation.at(format_args!("tab {id}")))?;
        if let Some(tab) = self.tab_mut(id) {
            tab.view.here = here;
        }
        Ok(())
    }

    pub(crate) fn check_copied_relay(&mut self, relay: usize) -> Result<(), Violation> {
        let Some(host) = self.relays.get(relay) else { return Ok(()) };
        let here = self
            .look_at_contents(&host.replica, &host.view.here, None)
            .map_err(|violation| violation.at(format_args!("relay {relay}")))?;
        self.relay_mut(relay)?.view.here = here;
        Ok(())
    }

    // What has stood here once is known here: it stands, or something does that has seen it. Returns what is known now.
    fn look_at_contents(
        &self,
        committed: &Replica,
        before: &Writes,
        tab: Option<&Tab>,
    ) -> Result<Writes, Violation> {
        if self.copies.are_alike {
            return Ok(*before);
        }
        let mut here = *before;
        here.join(&self.known_of(committed)?);
        self.check_closed(before, &here, tab)?;
        let mut known = tab.map(Tab::outstanding_writes).unwrap_or_default();
        known.join(&here);
        for (number, key) in self.keys.iter().enumerate() {
            let record = match tab {
                Some(tab) => tab.engine.record(key.as_str()),
                None => committed.get(key.as_str()),
            };
            let known = known.both(&self.ledger.of_key(number));
            self.check_shown((number, record), &known, tab).map_err(|violation| violation.at(key))?;
        }
        Ok(here)
    }

    // What stands, and all that it has seen.
    fn known_of(&self, replica: &Replica) -> Result<Writes, Violation> {
        let mut standing = Writes::new();
        for (number, key) in self.keys.iter().enumerate() {
            let versions = replica.get(key.as_str()).map(Record::versions).unwrap_or_default();
            for version in versions {
                standing.insert(self.identify(number, version).map_err(|violation| violation.at(key))?);
            }
        }
        Ok(self.model.with_pasts(&standing).both(self.ledger.stored()))
    }

    fn check_shown(
        &self,
        (number, record): (usize, Option<&Record>),
        known: &Writes,
        tab: Option<&Tab>,
    ) -> Result<(), Violation> {
        let mut standing = Writes::new();
        for version in record.map(Record::versions).unwrap_or_default() {
            let pending = tab.filter(|tab| tab.engine.identity().tab == version.dot.replica);
            standing.insert(match pending {
                Some(tab) => pending_name(tab, version)?,
                None => self.identify(number, version)?,
            });
        }
        let collides = record.is_some_and(|record| record.collisions().next().is_some());
        let key = self.keys.get(number);
        if collides && tab.zip(key).is_some_and(|(tab, key)| !tab.reported.contains(key)) {
            return Err(Violation::new(3, "two writes stand under one dot, and nobody is told"));
        }
        let expected = self.model.siblings(known);
        let (missing, risen) = (expected.without(&standing), standing.without(&expected));
        if missing.is_empty() && self.copies.renamed.covers(&risen) {
            return Ok(());
        }
        let law = if missing.is_empty() { 6 } else { 2 };
        Err(Violation::new(law, format!("it shows {standing:?} and should show {expected:?}")))
    }

    fn identify(&self, key: usize, version: &Version) -> Result<WriteId, Violation> {
        let id = match version.content.as_deref() {
            Some(content) => names(content),
            None => self.copies.deletions.get(&(key, version.at)).copied(),
        };
        let write = id.and_then(|id| Some((id, self.model.get(id)?)));
        let is_it = |write: &Write| write.key == key && write.deletes == version.content.is_none();
        let Some((id, write)) = write.filter(|(_, write)| is_it(write)) else {
            return Err(Violation::new(3, format!("nobody has written {} so", version.dot)));
        };
        if version.at.ms > write.latest_ms {
            let what = format!("{} is of {}, which is beyond {}", version.dot, version.at, write.latest_ms);
            return Err(Violation::new(9, what));
        }
        Ok(id)
    }

    // A copy that stays connected is not told what another copy has written under their common name, until it connects
    // again or that is replaced: it is taken for its own.
    fn check_closed(&self, before: &Writes, here: &Writes, tab: Option<&Tab>) -> Result<(), Violation> {
        let own = tab.map(|tab| tab.engine.replica().id());
        let is_told = |id: &WriteId| own.is_none() || self.ledger.dot(*id).map(|dot| dot.replica) != own;
        for id in here.without(before).iter() {
            let Some(write) = self.model.get(id) else { continue };
            let mut needed = write.seen;
            needed.join(&write.batch);
            let lacking = needed.both(self.ledger.stored()).without(here);
            let lacking: Writes = lacking.iter().filter(is_told).collect();
            if !lacking.is_empty() {
                let what = format!("the write {id} is here, but not {lacking:?}, which it has seen");
                return Err(Violation::new(7, what));
            }
        }
        Ok(())
    }

    /// The writes that must be everywhere in the end.
    pub(crate) fn expected_of_copies(&self, here: &Writes) -> Writes {
        let mut expected = *here;
        expected.join(&self.copies.held);
        self.devices.iter().flat_map(|device| &device.own).for_each(|own| expected.insert(own.id));
        expected
    }

    /// Everybody meets the relay several times; then all hold the same, and can tell themselves apart.
    pub(crate) fn heal_copies(&mut self) -> Result<(), Violation> {
        if self.copies.are_alike {
            return Ok(());
        }
        self.copies.held = self.held_by_disks()?;
        self.meet_again()?;
        if self.relays.len() > 1 {
            // What copies have delivered to relays that had not heard of each other under one name, clocks do not tell
            // apart: it is lost nowhere, but does not come everywhere.
            self.check_held_somewhere()?;
            return self.check_quiet();
        }
        self.check_converged()?;
        // Copies that have done nothing else than each other find out when they do.
        for device in 0..self.devices.len() {
            let tab = self.tabs_of(device).first().copied();
            let tab = tab.ok_or_else(|| Violation::new(CONTRACT, "a device has no tab"))?;
            self.write_plainly(tab, device)?;
        }
        self.meet_again()?;
        self.check_converged()?;
        self.check_named_apart()?;
        self.check_quiet()
    }

    fn meet_again(&mut self) -> Result<(), Violation> {
        for round in 0..3 * self.relays.len() {
            let home = round % self.relays.len();
            for id in self.network.of(|_| true) {
                self.network.kill(id);
                self.hang_up(id)?;
            }
            (0..self.devices.len()).try_for_each(|device| self.roam(device, home))?;
            self.settle(Some(home))?;
        }
        Ok(())
    }

    fn held_by_disks(&self) -> Result<Writes, Violation> {
        let mut held = Writes::new();
        for home in &self.devices {
            held.join(&self.known_of(&fold(&home.disk, home.replica, home.epoch)?)?);
        }
        Ok(held)
    }

    fn check_held_somewhere(&self) -> Result<(), Violation> {
        let tabs = self.devices.iter().flat_map(|device| device.tabs.values()).map(|tab| &tab.view.here);
        let mut here = Writes::new();
        self.relays.iter().map(|relay| &relay.view.here).chain(tabs).for_each(|known| here.join(known));
        let lacking = self.copies.held.without(&here);
        match lacking.is_empty() {
            true => Ok(()),
            false => Err(Violation::new(2, format!("the writes {lacking:?} are nowhere any more"))),
        }
    }

    fn check_named_apart(&self) -> Result<(), Violation> {
        let tabs = (0..self.devices.len()).filter_map(|device| self.tab(*self.tabs_of(device).first()?));
        let mut names: Vec<ReplicaId> = tabs.map(|tab| tab.engine.replica().id()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| matches!(pair, [one, two] if one == two)) {
            Some(pair) => Err(Violation::new(3, format!("two devices go on under one name: {pair:?}"))),
            None => Ok(()),
        }
    }
}

fn pending_name(tab: &Tab, version: &Version) -> Result<WriteId, Violation> {
    let place = usize::try_from(version.dot.counter / 2).unwrap_or(0).wrapping_sub(1);
    let unknown = || Violation::new(3, format!("{} was never written", version.dot));
    tab.written.get(place).copied().ok_or_else(unknown)
}
