//! What happens to a world: the actions of people, and the faults.
//!
//! Numbers name things modulo how many there are, so that every list of actions makes sense and any part of it does.

use eyot_core::engine::EngineInput;

use crate::device::{Fault, TabId};
use crate::violation::Violation;
use crate::world::{Event, World};
use crate::writes::Writes;

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
    /// The connections of a device end.
    Cut {
        /// Where.
        device: usize,
        /// True when neither side is told.
        is_silent: bool,
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
    /// Time passes.
    Run {
        /// How much.
        duration_ms: u64,
    },
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
            Action::Fail { device, fault } => {
                let device = device % self.devices.len();
                self.device_mut(device)?.fault = Some(fault);
                Ok(())
            }
            Action::Cut { device, is_silent } => self.cut(device % self.devices.len(), is_silent),
            Action::Online { device, is_online } => self.set_online(device % self.devices.len(), is_online),
            Action::Roam { device, relay } => {
                self.roam(device % self.devices.len(), relay % self.relays.len())
            }
            Action::RestartRelay { relay } => self.restart_relay(relay % self.relays.len()),
            Action::RestoreRelay { relay, percent } => self.restore_relay(relay % self.relays.len(), percent),
            Action::Run { duration_ms } => self.run_ms(duration_ms),
        }
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

    fn take_over(&mut self, id: TabId) -> Result<(), Violation> {
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

    fn cut_power(&mut self, device: usize, lost: usize) -> Result<(), Violation> {
        self.device_mut(device)?.holder = None;
        for tab in self.tabs_of(device) {
            self.device_mut(device)?.requests.retain(|(asked, _)| *asked != tab);
            self.kill(tab)?;
        }
        let home = self.device_mut(device)?;
        home.holder = None;
        home.requests.clear();
        home.fault = None;
        home.disk.cut_power(lost);
        let (next_position, replica) = (home.disk.next_position(), home.replica);
        let undone = self.ledger.undo(replica, next_position);
        self.check_unknown(&undone)
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

    fn cut(&mut self, device: usize, is_silent: bool) -> Result<(), Violation> {
        for id in self.network.of(|connection| connection.tab.device == device) {
            self.network.kill(id);
            if !is_silent {
                self.agenda.after(self.random.u64(0..20), Event::HangUp(id));
            }
        }
        Ok(())
    }

    pub(crate) fn set_online(&mut self, device: usize, is_online: bool) -> Result<(), Violation> {
        self.device_mut(device)?.is_online = is_online;
        if !is_online {
            self.cut(device, false)?;
        }
        self.tabs_of(device).into_iter().try_for_each(|tab| self.feed(tab, EngineInput::Online(is_online)))
    }
}
