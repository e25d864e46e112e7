//! The world: devices with their tabs, relays, the network between them, the time, and the model of what should be.

use eyot_core::engine::{EngineInput, Link, LinkFailure};
use eyot_core::session::SessionInput;
use eyot_core::{LogEpoch, RecordKey, ReplicaId};

use crate::Violation;
use crate::device::{Device, Tab, TabId};
use crate::model::Model;
use crate::network::{ConnectionId, Network};
use crate::relay::{RelayHost, Work};
use crate::schedule::Schedule;

/// When a world begins, in milliseconds since 1970.
const BEGIN_MS: u64 = 1_700_000_000_000;

/// How large a world is, and how its parts behave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setting {
    /// Decides everything that the actions leave open.
    pub seed: u64,
    /// How many devices there are.
    pub devices: usize,
    /// How many relays there are; they do not talk to each other.
    pub relays: usize,
    /// How many records there are.
    pub records: usize,
    /// How many bytes of records a relay puts into one message.
    pub relay_chunk_bytes: usize,
    /// How many unacknowledged deltas a relay takes.
    pub relay_credits: u32,
    /// How far ahead of the world's a device's clock may be, in milliseconds.
    pub skew_ms: u64,
}

impl Setting {
    /// A small world in which much happens.
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            devices: 3,
            relays: 1,
            records: 4,
            relay_chunk_bytes: 200,
            relay_credits: 2,
            skew_ms: 1_000,
        }
    }
}

/// What is planned.
#[derive(Debug)]
pub(crate) enum Event {
    // A device's disk does its next request.
    Disk(usize),
    Feed(TabId, Vec<EngineInput>),
    Wake(TabId),
    // Another tab says that the log has grown.
    Hint(TabId),
    // Another tab has taken the sync over.
    LoseSync(TabId),
    Connect(TabId, Link),
    Arrive(ConnectionId, Vec<u8>),
    HangUp(ConnectionId),
    Serve(ConnectionId, Vec<u8>),
    RelayHangUp(ConnectionId),
    Relay { relay: usize, life: u64, connection: ConnectionId, work: Work },
}

/// Everything there is.
pub struct World {
    /// The devices.
    pub devices: Vec<Device>,
    /// The relays.
    pub relays: Vec<RelayHost>,
    /// What should be.
    pub model: Model,
    /// The records that are written.
    pub keys: Vec<RecordKey>,
    pub(crate) network: Network,
    pub(crate) setting: Setting,
    pub(crate) schedule: Schedule<Event>,
    pub(crate) random: fastrand::Rng,
    pub(crate) events: u64,
    pub(crate) batches: usize,
    // A relay has lost what it had.
    pub(crate) was_set_back: bool,
}

impl World {
    /// A world in which nothing has happened: all devices have a network and no tab.
    pub fn new(setting: Setting) -> Result<Self, Violation> {
        let mut random = fastrand::Rng::with_seed(setting.seed);
        let mut devices = Vec::new();
        for letter in (b'a'..).take(setting.devices) {
            let ahead_ms = random.u64(0..=setting.skew_ms);
            devices.push(Device::new(ReplicaId::letter(letter), LogEpoch(random.u64(..)), ahead_ms));
        }
        let relays = (b'r'..)
            .take(setting.relays)
            .map(|letter| RelayHost::new(ReplicaId::letter(letter), LogEpoch(random.u64(..))))
            .collect();
        let keys = (0..setting.records)
            .map(|id| RecordKey::new("notes", &format!("n{id}")))
            .collect::<Result<_, _>>()
            .map_err(|error| Violation(error.to_string()))?;
        Ok(Self {
            devices,
            relays,
            model: Model::default(),
            network: Network::default(),
            keys,
            setting,
            schedule: Schedule::new(BEGIN_MS),
            random,
            events: 0,
            batches: 0,
            was_set_back: false,
        })
    }

    /// A device.
    pub fn device(&self, device: usize) -> Result<&Device, Violation> {
        self.devices.get(device).ok_or_else(|| Violation(format!("there is no device {device}")))
    }

    pub(crate) fn device_mut(&mut self, device: usize) -> Result<&mut Device, Violation> {
        self.devices.get_mut(device).ok_or_else(|| Violation(format!("there is no device {device}")))
    }

    /// An open tab.
    pub fn tab(&self, id: TabId) -> Option<&Tab> {
        self.devices.get(id.device)?.tabs.get(&id.serial)
    }

    pub(crate) fn tab_mut(&mut self, id: TabId) -> Option<&mut Tab> {
        self.devices.get_mut(id.device)?.tabs.get_mut(&id.serial)
    }

    /// The open tabs of a device.
    pub fn tabs_of(&self, device: usize) -> Vec<TabId> {
        let tabs = self.devices.get(device).map(|device| &device.tabs);
        tabs.into_iter()
            .flat_map(|tabs| tabs.keys())
            .map(|serial| TabId { device, serial: *serial })
            .collect()
    }

    /// All open tabs.
    pub fn tabs(&self) -> Vec<TabId> {
        (0..self.devices.len()).flat_map(|device| self.tabs_of(device)).collect()
    }

    /// How many events there were: a world in which nothing is done must become quiet.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// How many bytes have crossed the network.
    pub fn bytes_sent(&self) -> u64 {
        self.network.bytes
    }

    /// Lets time pass, and happen what is due.
    pub fn run_ms(&mut self, duration_ms: u64) -> Result<(), Violation> {
        let until_ms = self.schedule.now_ms() + duration_ms;
        while let Some(event) = self.schedule.next(until_ms) {
            self.events += 1;
            self.happen(event)?;
        }
        Ok(())
    }

    /// The time by a device's own clock.
    pub(crate) fn time_of(&self, device: usize) -> u64 {
        self.schedule.now_ms() + self.devices.get(device).map_or(0, |device| device.ahead_ms)
    }

    fn happen(&mut self, event: Event) -> Result<(), Violation> {
        if let Some(until_ms) = self.frozen_until(&event) {
            // The tab hears of it when it goes on, and of one thing after the other as they came.
            self.schedule.at(until_ms, event);
            return Ok(());
        }
        match event {
            Event::Disk(device) => self.disk_works(device),
            Event::Feed(tab, inputs) => inputs.into_iter().try_for_each(|input| self.feed(tab, input)),
            Event::Wake(tab) => self.wake(tab),
            Event::Hint(tab) => self.read_news(tab),
            // Unless it has taken it back meanwhile.
            Event::LoseSync(tab) if self.device(tab.device)?.holder == Some(tab.serial) => Ok(()),
            Event::LoseSync(tab) => self.feed(tab, EngineInput::Sync(false)),
            Event::Connect(tab, link) => self.connect(tab, link),
            Event::Arrive(id, bytes) => self.arrive(id, bytes),
            Event::HangUp(id) => self.hang_up(id, "connection-lost"),
            Event::Serve(id, bytes) => {
                if self.network.is_alive(id) {
                    self.serve(id, SessionInput::Frame(bytes))
                } else {
                    Ok(())
                }
            }
            Event::RelayHangUp(id) => {
                self.forget_session(id);
                Ok(())
            }
            Event::Relay { relay, life, connection, work } => self.relay_works(relay, life, connection, work),
        }
    }

    fn frozen_until(&self, event: &Event) -> Option<u64> {
        let tab = match event {
            Event::Feed(tab, _) | Event::Connect(tab, _) => *tab,
            Event::Wake(tab) | Event::Hint(tab) | Event::LoseSync(tab) => *tab,
            Event::Arrive(id, _) | Event::HangUp(id) => self.network.get(*id)?.tab,
            _ => return None,
        };
        let until_ms = self.tab(tab)?.frozen_until_ms;
        (until_ms > self.schedule.now_ms()).then_some(until_ms)
    }

    /// The connection has ended for the tab.
    pub(crate) fn hang_up(&mut self, id: ConnectionId, code: &str) -> Result<(), Violation> {
        let Some(connection) = self.network.end(id) else { return Ok(()) };
        self.forget_session(id);
        let failure = LinkFailure { code: code.to_owned(), message: String::new() };
        self.feed(connection.tab, EngineInput::LinkClosed(connection.link, failure))
    }
}
