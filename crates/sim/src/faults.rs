//! Faults: of power, of disks, of clocks and of the network.
//!
//! Knows nothing of how the core lives through them.

use eyot_core::engine::{EngineInput, StoredSegment};
use eyot_core::segment::{Segment, StagedChunk};
use eyot_core::{Limits, LogEpoch, Replica, ReplicaId};

use crate::action::{ClockChange, Cutting};
use crate::device::TabId;
use crate::disk::Disk;
use crate::network::{Connection, End, Place};
use crate::violation::{CONTRACT, Violation};
use crate::world::{Event, World};
use crate::writes::Writes;

impl World {
    /// Another tab takes the sync over; the one that has it hears of that later.
    pub(crate) fn take_over(&mut self, id: TabId) -> Result<(), Violation> {
        let holder = self.device(id.device)?.holder.map(|serial| TabId { serial, ..id });
        if holder == Some(id) {
            return Ok(());
        }
        if let Some(holder) = holder {
            let heard_ms = self.random.u64(0..2_000);
            self.agenda.after(heard_ms, Event::LoseSync(holder));
        }
        self.hold(id)
    }

    /// All tabs die, and the last commits that were not strict with them.
    pub(crate) fn cut_power(&mut self, device: usize, lost: usize) -> Result<(), Violation> {
        self.kill_all(device)?;
        let home = self.device_mut(device)?;
        home.fault = None;
        let is_safe = home.disk.at_risk() == 0;
        home.disk.cut_power(lost);
        let (next_position, replica) = (home.disk.next_position(), home.replica);
        let undone = match self.copies.are_made {
            true => self.undo_own(device, next_position)?,
            false => self.ledger.undo(replica, next_position),
        };
        self.check_unknown(&undone)?;
        if is_safe { Ok(()) } else { self.note_losses() }
    }

    pub(crate) fn kill_all(&mut self, device: usize) -> Result<(), Violation> {
        // Nobody is to take the sync over meanwhile.
        self.device_mut(device)?.holder = None;
        for tab in self.tabs_of(device) {
            self.device_mut(device)?.requests.retain(|(asked, _)| *asked != tab);
            self.kill(tab)?;
        }
        let home = self.device_mut(device)?;
        home.holder = None;
        home.requests.clear();
        Ok(())
    }

    // What a power cut undoes has not left the device: its name is free to be used again.
    fn check_unknown(&self, undone: &Writes) -> Result<(), Violation> {
        let tabs = self.devices.iter().flat_map(|device| device.tabs.values()).map(|tab| &tab.view);
        let relays = self.relays.iter().map(|relay| &relay.view);
        match tabs.chain(relays).map(|view| view.here.both(undone)).find(|known| !known.is_empty()) {
            Some(known) => {
                let what = format!("the power cut undoes the writes {known:?}, which others have");
                Err(Violation::new(3, what))
            }
            None => Ok(()),
        }
    }

    /// The browser throws away all that the application has stored; it begins anew, as another replica.
    pub(crate) fn evict(&mut self, device: usize) -> Result<(), Violation> {
        self.kill_all(device)?;
        self.reborn += 1;
        let replica = match b'i'.checked_add(self.reborn).filter(|letter| *letter <= b'q') {
            Some(letter) => ReplicaId::letter(letter),
            None => ReplicaId::from_bytes(self.random.u128(..).to_le_bytes()),
        };
        let epoch = LogEpoch(self.random.u64(..));
        self.has_losses = true;
        let home = self.device_mut(device)?;
        home.disk = Disk::default();
        (home.replica, home.epoch, home.fault) = (replica, epoch, None);
        home.own.clear();
        self.note_losses()
    }

    /// Writes that were on a disk and are on none any more may be on their way to one, or gone for good.
    pub(crate) fn note_losses(&mut self) -> Result<(), Violation> {
        // Where disks are copied, the end is judged by what the disks hold then.
        if !self.has_losses || self.copies.are_made {
            return Ok(());
        }
        let mut held = Writes::new();
        self.relays.iter().for_each(|relay| held.join(&relay.view.here));
        for home in &self.devices {
            let replica = fold(&home.disk, home.replica, home.epoch)?;
            held.join(&self.ledger.covered(&replica.clock().to_vector())?);
        }
        self.ledger.risk(&held);
        Ok(())
    }

    /// A device's clock goes wrong, or right again.
    pub(crate) fn set_clock(&mut self, device: usize, change: ClockChange) -> Result<(), Violation> {
        let (world_ms, now_ms) = (self.agenda.now_ms(), self.time_of(device));
        let home = self.device_mut(device)?;
        // What it has shown so far, its device may have written.
        home.clock.latest(world_ms);
        match change {
            ClockChange::Ahead(ms) => home.clock.ahead_ms = i64::try_from(ms).unwrap_or(0),
            ClockChange::Behind(ms) => home.clock.ahead_ms = -i64::try_from(ms).unwrap_or(0),
            ClockChange::Stop => home.clock.stopped_at_ms = Some(now_ms),
            ClockChange::GoOn => home.clock.stopped_at_ms = None,
        }
        Ok(())
    }

    /// The connections of a link end.
    pub(crate) fn cut(&mut self, place: Place, cutting: Cutting) {
        self.cut_all(|connection| connection.place() == place, cutting);
    }

    fn cut_all(&mut self, is_meant: impl Fn(&Connection) -> bool, cutting: Cutting) {
        for id in self.network.of(is_meant) {
            match cutting {
                Cutting::Torn => self.network.tear(id),
                Cutting::Silent => self.network.kill(id),
                Cutting::Told => {
                    self.network.kill(id);
                    self.agenda.after(self.random.u64(0..20), Event::HangUp(id));
                }
            }
        }
    }

    /// The nodes with a bit do not reach those without one; what stands between them is dead.
    pub(crate) fn part(&mut self, sides: u64) {
        self.network.part(sides);
        let parted = self.network.of(|connection| {
            self.network.is_parted(connection.party(End::Initiator), connection.party(End::Acceptor))
        });
        parted.into_iter().for_each(|id| self.network.kill(id));
    }

    /// A device loses its network, or gets it back.
    pub(crate) fn set_online(&mut self, device: usize, is_online: bool) -> Result<(), Violation> {
        self.device_mut(device)?.is_online = is_online;
        if !is_online {
            self.cut(Place::Device(device), Cutting::Told);
        }
        self.tabs_of(device).into_iter().try_for_each(|tab| self.feed(tab, EngineInput::Online(is_online)))
    }

    /// The device talks to another relay from now on.
    pub(crate) fn roam(&mut self, device: usize, home: usize) -> Result<(), Violation> {
        if self.device(device)?.home == home {
            return Ok(());
        }
        self.device_mut(device)?.home = home;
        for id in self.network.of(|connection| connection.place() == Place::Device(device)) {
            self.network.kill(id);
            self.hang_up(id)?;
        }
        self.tabs_of(device).into_iter().try_for_each(|tab| self.feed(tab, EngineInput::Nudge))
    }
}

/// What a disk holds, read as a tab reads it when it is opened.
pub(crate) fn fold(disk: &Disk, replica: ReplicaId, epoch: LogEpoch) -> Result<Replica, Violation> {
    let limits = Limits::AT_REST;
    let broken = |error| Violation::new(CONTRACT, format!("a disk cannot be read: {error}"));
    let (mut replica, from) = match disk.checkpoint() {
        Some(stored) => Replica::from_checkpoint(&stored, |page| disk.page(page)).map_err(broken)?,
        None => (Replica::new(replica, epoch), 0),
    };
    for StoredSegment { value, chunks, .. } in disk.read(from + 1) {
        let chunks =
            chunks.iter().map(|chunk| StagedChunk::from_bytes(chunk, &limits).map(|chunk| chunk.entries));
        let chunks = chunks.collect::<Result<_, _>>().map_err(broken)?;
        replica.apply(Segment::from_bytes(&value, &limits).map_err(broken)?, chunks);
    }
    Ok(replica)
}
