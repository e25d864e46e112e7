//! What happens to a world: the actions of people, and the faults.
//!
//! Numbers name things modulo how many there are, so that every list of actions makes sense and any part of it does.

use crate::copies::Imaging;
use crate::device::{Fault, TabId};
use crate::network::{Place, Weather};
use crate::schedule::Setting;
use crate::violation::Violation;
use crate::world::World;

/// With what context a write is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContextChoice {
    /// None is given: what the tab shows.
    Latest,
    /// One that was handed out earlier.
    Earlier(usize),
    /// One that has seen nothing.
    Empty,
}

/// One write of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// Which record.
    pub key: usize,
    /// With what context.
    pub context: ContextChoice,
    /// True when it deletes.
    pub deletes: bool,
}

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cutting {
    /// Both sides are told.
    Told,
    /// Neither side is told.
    Silent,
    /// In the middle of the next message.
    Torn,
}

/// What becomes of a clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClockChange {
    /// It is so many milliseconds ahead of the world's.
    Ahead(u64),
    /// It is so many milliseconds behind.
    Behind(u64),
    /// It stops.
    Stop,
    /// It goes on.
    GoOn,
}

/// One thing that happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// A tab is opened.
    Open {
        /// Where.
        device: usize,
    },
    /// A tab goes away without a word.
    Kill {
        /// Where.
        device: usize,
        /// Which.
        tab: usize,
    },
    /// The application writes; opens a tab where there is none.
    Write {
        /// Where.
        device: usize,
        /// In which tab.
        tab: usize,
        /// What is written, in order, as one batch.
        changes: Vec<Change>,
        /// How long the contents are, in bytes.
        bytes: usize,
    },
    /// The application reads a record and keeps the context.
    Read {
        /// Where.
        device: usize,
        /// In which tab.
        tab: usize,
        /// What.
        key: usize,
    },
    /// The application waits until all is saved.
    AwaitSaved {
        /// Where.
        device: usize,
        /// In which tab.
        tab: usize,
    },
    /// The application merges an export of a relay.
    Import {
        /// Where.
        device: usize,
        /// In which tab.
        tab: usize,
        /// Whose export.
        relay: usize,
    },
    /// A tab does nothing for some milliseconds.
    Freeze {
        /// Where.
        device: usize,
        /// Which.
        tab: usize,
        /// How long.
        duration_ms: u64,
    },
    /// Another tab takes the sync over; the one that has it hears of that later.
    TakeOver {
        /// Where.
        device: usize,
        /// Which takes it.
        tab: usize,
    },
    /// The power of a device goes: all tabs die, and some of the last commits with them.
    CutPower {
        /// Where.
        device: usize,
        /// How many transactions are undone at most.
        lost: usize,
    },
    /// Something goes wrong with one of the next requests to the disk.
    Fail {
        /// Where.
        device: usize,
        /// What.
        fault: Fault,
    },
    /// The disk of a device has room again.
    Room {
        /// Where.
        device: usize,
    },
    /// All that a device has stored is thrown away, and it begins anew.
    Evict {
        /// Where.
        device: usize,
    },
    /// The clock of a device goes wrong, or right again.
    Clock {
        /// Where.
        device: usize,
        /// How.
        change: ClockChange,
    },
    /// The connections of a link end.
    Cut {
        /// Of which.
        place: Place,
        /// How.
        cutting: Cutting,
    },
    /// The weather of a link changes.
    Weather {
        /// Of which.
        place: Place,
        /// What is lost, repeated and reordered.
        weather: Weather,
    },
    /// Some nodes and the rest do not reach each other from now on. None: everybody reaches everybody.
    Part {
        /// A bit for every one of the nodes: first the devices, then the relays from bit 8 on.
        sides: u64,
    },
    /// Tabs of two devices are joined without a relay.
    Join {
        /// Who calls.
        device: usize,
        /// Whom.
        other: usize,
    },
    /// A device loses its network, or gets it back.
    Online {
        /// Which.
        device: usize,
        /// Whether it has one.
        is_online: bool,
    },
    /// A device talks to another relay from now on.
    Roam {
        /// Which.
        device: usize,
        /// To which.
        relay: usize,
    },
    /// A relay forgets the deletions that are old enough.
    Forget {
        /// Which.
        relay: usize,
    },
    /// The next request to a relay's disk finds it full.
    FillRelay {
        /// Which.
        relay: usize,
    },
    /// A relay is killed and started again.
    RestartRelay {
        /// Which.
        relay: usize,
    },
    /// A relay is set back to a backup, under a new epoch.
    RestoreRelay {
        /// Which.
        relay: usize,
        /// How much of its log the backup has.
        percent: usize,
    },
    /// The disk of a device is copied or set back.
    Image {
        /// Whose.
        device: usize,
        /// What becomes of it.
        imaging: Imaging,
    },
    /// The next delta that brings records to a device comes without its clock.
    Garble {
        /// To which.
        device: usize,
    },
    /// Everything and everybody sleeps for some days.
    Sleep {
        /// How many.
        days: u64,
    },
    /// Time passes.
    Run {
        /// How much.
        duration_ms: u64,
    },
}

impl Action {
    /// The same in a world of that size, with the names that things have there.
    pub(crate) fn within(mut self, setting: &Setting) -> Self {
        let Setting { devices, relays, records, .. } = *setting;
        match &mut self {
            Self::Import { device, relay, .. } | Self::Roam { device, relay } => {
                (*device, *relay) = (*device % devices, *relay % relays);
            }
            Self::Open { device }
            | Self::Kill { device, .. }
            | Self::AwaitSaved { device, .. }
            | Self::Freeze { device, .. }
            | Self::TakeOver { device, .. }
            | Self::CutPower { device, .. }
            | Self::Fail { device, .. }
            | Self::Room { device }
            | Self::Evict { device }
            | Self::Clock { device, .. }
            | Self::Image { device, .. }
            | Self::Garble { device }
            | Self::Online { device, .. } => *device %= devices,
            Self::Join { device, other } => (*device, *other) = (*device % devices, *other % devices),
            Self::Read { device, key, .. } => (*device, *key) = (*device % devices, *key % records),
            Self::Write { device, changes, .. } => {
                *device %= devices;
                changes.iter_mut().for_each(|change| change.key %= records);
            }
            Self::Forget { relay }
            | Self::RestartRelay { relay }
            | Self::RestoreRelay { relay, .. }
            | Self::FillRelay { relay } => {
                *relay %= relays;
            }
            Self::Cut { .. }
            | Self::Weather { .. }
            | Self::Part { .. }
            | Self::Sleep { .. }
            | Self::Run { .. } => {}
        }
        self
    }
}

impl World {
    /// Lets one thing happen.
    pub fn act(&mut self, action: &Action) -> Result<(), Violation> {
        match *action {
            Action::Open { device } => self.open(device % self.devices.len()).map(drop),
            Action::Kill { device, tab } => self.find(device, tab).map_or(Ok(()), |tab| self.kill(tab)),
            Action::Write { device, tab, ref changes, bytes } => {
                let tab = self.find_or_open(device, tab)?;
                self.write(tab, changes, bytes).map(drop)
            }
            Action::Read { device, tab, key } => {
                self.find(device, tab).map_or(Ok(()), |tab| self.read(tab, key).map(drop))
            }
            Action::AwaitSaved { device, tab } => {
                let tab = self.find_or_open(device, tab)?;
                self.await_saved(tab).map(drop)
            }
            Action::Import { device, tab, relay } => {
                let tab = self.find_or_open(device, tab)?;
                self.import(tab, relay)
            }
            Action::Freeze { device, tab, duration_ms } => {
                let until_ms = self.agenda.now_ms() + duration_ms;
                if let Some(tab) = self.find(device, tab).and_then(|id| self.tab_mut(id)) {
                    tab.frozen_until_ms = tab.frozen_until_ms.max(until_ms);
                }
                Ok(())
            }
            Action::TakeOver { device, tab } => {
                self.find(device, tab).map_or(Ok(()), |tab| self.take_over(tab))
            }
            Action::CutPower { device, lost } => self.cut_power(device % self.devices.len(), lost),
            Action::Evict { device } => self.evict(device % self.devices.len()),
            Action::Clock { device, change } => self.set_clock(device % self.devices.len(), change),
            Action::Cut { place, cutting } => {
                self.cut(place, cutting);
                Ok(())
            }
            Action::Weather { place, weather } => {
                self.network.set_weather(place, weather);
                Ok(())
            }
            Action::Part { sides } => {
                self.part(sides);
                Ok(())
            }
            Action::Forget { relay } => self.forget_at(relay % self.relays.len()),
            Action::FillRelay { relay } => {
                let relay = relay % self.relays.len();
                self.relay_mut(relay)?.is_full = true;
                Ok(())
            }
            Action::Join { device, other } => {
                self.join(device % self.devices.len(), other % self.devices.len())
            }
            Action::Online { device, is_online } => self.set_online(device % self.devices.len(), is_online),
            Action::Roam { device, relay } => {
                self.roam(device % self.devices.len(), relay % self.relays.len())
            }
            Action::RestartRelay { relay } => self.restart_relay(relay % self.relays.len()),
            Action::RestoreRelay { relay, percent } => self.restore_relay(relay % self.relays.len(), percent),
            Action::Run { duration_ms } => self.run_ms(duration_ms),
            Action::Fail { device, .. }
            | Action::Room { device }
            | Action::Image { device, .. }
            | Action::Garble { device } => self.act_on_device(device % self.devices.len(), action),
            Action::Sleep { days } => {
                self.sleep(days);
                Ok(())
            }
        }
    }

    fn act_on_device(&mut self, device: usize, action: &Action) -> Result<(), Violation> {
        match *action {
            Action::Image { imaging, .. } => self.image(device, imaging)?,
            Action::Fail { fault, .. } => self.device_mut(device)?.fault = Some(fault),
            Action::Room { .. } => self.device_mut(device)?.fault = None,
            Action::Garble { .. } => self.device_mut(device)?.garbles = true,
            _ => {}
        }
        Ok(())
    }

    fn find(&self, device: usize, tab: usize) -> Option<TabId> {
        let tabs = self.tabs_of(device % self.devices.len());
        tabs.get(tab % tabs.len().max(1)).copied()
    }

    fn find_or_open(&mut self, device: usize, tab: usize) -> Result<TabId, Violation> {
        match self.find(device, tab) {
            Some(tab) => Ok(tab),
            None => self.open(device % self.devices.len()),
        }
    }
}
