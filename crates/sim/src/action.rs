//! What happens to a world: the actions of people, and the faults.
//!
//! Numbers name things modulo how many there are, so that every list of actions makes sense and any part of it does.

use eyot_core::Export;
use eyot_core::engine::{Condition, EngineInput, Ticket, Write};

use crate::Violation;
use crate::device::{Fault, HandedOut, TabId};
use crate::model::{self, WriteId, Writes};
use crate::world::{Event, World};

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
        /// What is written, in order, as one batch: which record, with what context, and whether it is deleted.
        writes: Vec<(usize, ContextChoice, bool)>,
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
            Action::Write { device, tab, ref writes, bytes } => {
                let tab = self.find_or_open(device, tab)?;
                self.write(tab, writes, bytes).map(drop)
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
                let until_ms = self.schedule.now_ms() + duration_ms;
                if let Some(tab) = self.find(device, tab).and_then(|id| self.tab_mut(id)) {
                    tab.frozen_until_ms = until_ms;
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

    /// The application writes a batch. Returns the writes in the model.
    pub fn write(
        &mut self,
        id: TabId,
        writes: &[(usize, ContextChoice, bool)],
        bytes: usize,
    ) -> Result<Vec<WriteId>, Violation> {
        self.batches += 1;
        let mut asked = Vec::new();
        let mut ids: Vec<WriteId> = Vec::new();
        for (key, choice, deletes) in writes {
            let number = key % self.keys.len();
            let Some(key) = self.keys.get(number).cloned() else { continue };
            let given = self.given(id, number, *choice);
            let past = match &given {
                Some(given) => given.seen.clone(),
                None => self.latest(id, &key, &ids)?,
            };
            let mut seen = self.seen(id)?;
            seen.extend(&ids);
            let (device, batch) = (id.device, self.batches);
            let write = self.model.add(model::Write {
                key: key.clone(),
                device,
                batch,
                deletes: *deletes,
                past,
                seen,
                place: None,
                acknowledged: false,
            });
            ids.push(write);
            let content = (!deletes).then(|| content(write, bytes).into());
            asked.push(Write { key, context: given.map(|given| given.context), content });
        }
        let ticket = self.next_ticket(id);
        if let Some(tab) = self.tab_mut(id) {
            tab.outstanding.push_back((ticket, ids.clone()));
            tab.written.extend(&ids);
        }
        self.feed(id, EngineInput::Write { ticket, writes: asked })?;
        Ok(ids)
    }

    // The context that a write is given, if it is given one.
    fn given(&self, id: TabId, key: usize, choice: ContextChoice) -> Option<HandedOut> {
        let key = self.keys.get(key)?;
        let nothing = HandedOut { key: key.clone(), context: Default::default(), seen: Writes::new() };
        match choice {
            ContextChoice::Latest => None,
            ContextChoice::Empty => Some(nothing),
            ContextChoice::Earlier(which) => {
                let contexts = self.tab(id)?.contexts.iter().filter(|context| context.key == *key);
                let contexts: Vec<&HandedOut> = contexts.collect();
                contexts.get(which % contexts.len().max(1)).map(|context| (*context).clone())
            }
        }
    }

    // What somebody has seen who looks at a record, after the writes of a batch that is being made.
    fn latest(&self, id: TabId, key: &eyot_core::RecordKey, batch: &[WriteId]) -> Result<Writes, Violation> {
        let mut shown = self.shown(id, key)?;
        for write in batch {
            if self.model.get(*write)?.key == *key {
                shown.insert(*write);
            }
        }
        Ok(self.model.with_pasts(&shown))
    }

    fn seen(&self, id: TabId) -> Result<Writes, Violation> {
        let mut shown = Writes::new();
        for key in &self.keys {
            shown.extend(self.shown(id, key)?);
        }
        Ok(self.model.with_seen(&shown))
    }

    fn next_ticket(&mut self, id: TabId) -> Ticket {
        self.tab_mut(id).map_or(0, |tab| {
            tab.last_ticket += 1;
            tab.last_ticket
        })
    }

    /// The application reads a record. What it has seen is kept with the context, as the last of the tab's contexts.
    pub fn read(&mut self, id: TabId, key: usize) -> Result<(), Violation> {
        let Some(key) = self.keys.get(key % self.keys.len()).cloned() else { return Ok(()) };
        let seen = self.latest(id, &key, &[])?;
        let Some(context) = self.tab(id).map(|tab| tab.engine.context_of(key.as_str())) else {
            return Ok(());
        };
        // Of writes that have no name yet, the context knows them by others; they are checked when it is used.
        let named = HandedOut { key, context, seen };
        let has_all_names =
            named.seen.iter().all(|id| self.model.get(*id).is_ok_and(|write| write.place.is_some()));
        if has_all_names && self.is_up_to_date(id) {
            self.check_context(&named)?;
        }
        if let Some(tab) = self.tab_mut(id) {
            tab.contexts.push(named);
        }
        Ok(())
    }

    // Nothing of the tab is outstanding, so that it knows all its writes by the names that they have.
    fn is_up_to_date(&self, id: TabId) -> bool {
        self.tab(id).is_some_and(|tab| tab.outstanding.is_empty())
    }

    /// The application waits until all is saved.
    pub fn await_saved(&mut self, id: TabId) -> Result<Ticket, Violation> {
        let ticket = self.next_ticket(id);
        let known = self.known(id);
        self.tab_mut(id).map(|tab| tab.awaited.insert(ticket, known));
        self.feed(id, EngineInput::Await { ticket, condition: Condition::Saved })?;
        Ok(ticket)
    }

    // The writes of its device that a tab knows of, those included that are not committed yet.
    fn known(&self, id: TabId) -> Writes {
        let Some(tab) = self.tab(id) else { return Writes::new() };
        let clock = tab.engine.replica().clock().to_vector();
        let own =
            self.model.committed().filter(|(dot, write)| write.device == id.device && clock.covers(*dot));
        let committed = own.filter_map(|(dot, _)| self.model.named(dot).ok());
        committed.chain(tab.outstanding.iter().flat_map(|(_, writes)| writes).copied()).collect()
    }

    fn import(&mut self, id: TabId, relay: usize) -> Result<(), Violation> {
        let relay = relay % self.relays.len();
        let Some(host) = self.relays.get(relay) else { return Ok(()) };
        let bytes = Export::of(&host.replica).to_bytes();
        let ticket = self.next_ticket(id);
        self.feed(id, EngineInput::Import { ticket, bytes })
    }

    fn take_over(&mut self, id: TabId) -> Result<(), Violation> {
        let holder = self.device(id.device)?.holder.map(|serial| TabId { serial, ..id });
        if holder == Some(id) {
            return Ok(());
        }
        if let Some(holder) = holder {
            let heard_ms = self.random.u64(0..2_000);
            self.schedule.after(heard_ms, Event::LoseSync(holder));
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
        let next_position = home.disk.next_position();
        self.model.undo(device, next_position);
        Ok(())
    }

    fn cut(&mut self, device: usize, is_silent: bool) -> Result<(), Violation> {
        for id in self.network.of(|connection| connection.tab.device == device) {
            self.network.kill(id);
            if !is_silent {
                self.schedule.after(self.random.u64(0..20), Event::HangUp(id));
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

// A content names its write.
fn content(id: WriteId, bytes: usize) -> Vec<u8> {
    let mut content = format!("{id} ").into_bytes();
    content.resize(content.len().max(bytes), b'.');
    content
}
