//! The world: devices with their tabs, relays, the network between them, the time, and the model of what should be.

use eyot_core::engine::{EngineInput, Link};
use eyot_core::{DatabaseName, LogEpoch, MAXIMUM_SKEW_MS, RecordKey, ReplicaId};

use crate::agenda::Agenda;
use crate::copies::Copies;
use crate::device::{Device, Tab, TabId};
use crate::families::COLLIDING;
use crate::ledger::Ledger;
use crate::model::Model;
use crate::network::{ConnectionId, End, Network};
use crate::relay::{RelayHost, Work};
use crate::schedule::Setting;
use crate::violation::{CONTRACT, Violation};

/// When a world begins, in milliseconds since 1970.
const BEGIN_MS: u64 = 1_700_000_000_000;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

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
    Call(usize, usize),
    Arrive(ConnectionId, End, Vec<u8>),
    HangUp(ConnectionId),
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
    /// The names of what was written.
    pub ledger: Ledger,
    /// The records that are written.
    pub keys: Vec<RecordKey>,
    pub(crate) network: Network,
    pub(crate) setting: Setting,
    pub(crate) database: DatabaseName,
    pub(crate) agenda: Agenda<Event>,
    // How many relays call another.
    pub(crate) calls: usize,
    pub(crate) random: fastrand::Rng,
    pub(crate) events: u64,
    // Somebody has lost what others may take for safe.
    pub(crate) has_losses: bool,
    // How many replicas have begun anew.
    pub(crate) reborn: u8,
    // How long all have slept: nothing happened meanwhile, so the agenda knows nothing of it.
    pub(crate) slept_ms: u64,
    pub(crate) copies: Copies,
    // How many ends of connections applications have named.
    pub(crate) joined: u64,
}

impl World {
    /// A world in which nothing has happened: all devices have a network and no tab.
    pub fn new(setting: Setting) -> Result<Self, Violation> {
        let mut random = fastrand::Rng::with_seed(setting.seed);
        let mut devices = Vec::new();
        for (device, letter) in (b'a'..).take(setting.devices).enumerate() {
            let ahead_ms = i64::try_from(random.u64(0..=setting.skew_ms)).unwrap_or(0);
            let (epoch, home) = (LogEpoch(random.u64(..)), device % setting.relays.max(1));
            devices.push(Device::new(ReplicaId::letter(letter), epoch, home, ahead_ms));
        }
        let relays = (b'r'..)
            .take(setting.relays)
            .map(|letter| RelayHost::new(ReplicaId::letter(letter), LogEpoch(random.u64(..))))
            .collect();
        let mut agenda = Agenda::new(BEGIN_MS);
        let calls = setting.topology.edges(setting.relays, &mut random);
        for (relay, other) in &calls {
            let (relay, other) = (*relay, *other);
            agenda.after(random.u64(0..100), Event::Call(relay, other));
        }
        let name = |id: usize| match COLLIDING.get(id).filter(|_| setting.collide) {
            Some(name) => (*name).to_owned(),
            None => format!("n{id}"),
        };
        let keys = (0..setting.records)
            .map(|id| RecordKey::new("notes", &name(id)))
            .collect::<Result<_, _>>()
            .map_err(|error| Violation::new(CONTRACT, error.to_string()))?;
        let database = "notes".parse().map_err(|_| Violation::new(CONTRACT, "a database has a name"))?;
        Ok(Self {
            devices,
            relays,
            model: Model::default(),
            ledger: Ledger::new(setting.records),
            network: Network::default(),
            keys,
            setting,
            database,
            agenda,
            calls: calls.len(),
            random,
            events: 0,
            has_losses: false,
            reborn: 0,
            slept_ms: 0,
            copies: Copies::default(),
            joined: 0,
        })
    }

    /// A device.
    pub fn device(&self, device: usize) -> Result<&Device, Violation> {
        self.devices
            .get(device)
            .ok_or_else(|| Violation::new(CONTRACT, format!("there is no device {device}")))
    }

    pub(crate) fn device_mut(&mut self, device: usize) -> Result<&mut Device, Violation> {
        self.devices
            .get_mut(device)
            .ok_or_else(|| Violation::new(CONTRACT, format!("there is no device {device}")))
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
        let until_ms = self.agenda.now_ms() + duration_ms;
        while let Some(event) = self.agenda.next(until_ms) {
            self.events += 1;
            self.happen(event)?;
        }
        Ok(())
    }

    /// The time by a device's own clock.
    pub(crate) fn time_of(&self, device: usize) -> u64 {
        let now_ms = self.agenda.now_ms();
        self.devices.get(device).map_or(now_ms, |device| device.clock.time(now_ms))
    }

    /// The time by the relays' clocks.
    pub(crate) fn relay_time(&self) -> u64 {
        self.agenda.now_ms() + self.slept_ms
    }

    /// Days pass in which nothing happens anywhere.
    pub(crate) fn sleep(&mut self, days: u64) {
        let (slept_ms, now_ms) = (days * DAY_MS, self.agenda.now_ms());
        self.slept_ms += slept_ms;
        self.devices.iter_mut().for_each(|device| device.clock.sleep(now_ms, slept_ms));
    }

    /// The latest time that a write of a device may claim: what its own clock has said, and the bound on others'.
    pub(crate) fn latest_time_of(&mut self, device: usize) -> u64 {
        let now_ms = self.agenda.now_ms();
        let latest_ms = self.devices.get_mut(device).map_or(now_ms, |device| device.clock.latest(now_ms));
        latest_ms + MAXIMUM_SKEW_MS + 1_000
    }

    /// What happens from now on is decided by the seed and this number alone.
    pub(crate) fn begin_step(&mut self, number: u32) {
        let salt = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.random = fastrand::Rng::with_seed(self.setting.seed ^ salt);
    }

    fn happen(&mut self, event: Event) -> Result<(), Violation> {
        if let Some(until_ms) = self.frozen_until(&event) {
            // The tab hears of it when it goes on, and of one thing after the other as they came.
            self.agenda.at(until_ms, event);
            return Ok(());
        }
        match event {
            Event::Disk(device) => self.disk_works(device),
            Event::Feed(tab, inputs) => self.feed_all(tab, inputs),
            Event::Wake(tab) => self.wake(tab),
            Event::Hint(tab) => self.read_news(tab),
            Event::LoseSync(tab) => self.lose_sync(tab),
            Event::Connect(tab, link) => self.connect(tab, link),
            Event::Call(relay, other) => self.call(relay, other),
            Event::Arrive(id, end, bytes) => self.arrive(id, end, bytes),
            Event::HangUp(id) => self.hang_up(id),
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
            Event::Arrive(id, end, _) => self.network.get(*id)?.party(*end).tab()?,
            Event::HangUp(id) => {
                let connection = self.network.get(*id)?;
                let tabs = [End::Initiator, End::Acceptor].map(|end| connection.party(end).tab());
                return tabs.into_iter().flatten().filter_map(|tab| self.frozen_tab_until(tab)).max();
            }
            _ => return None,
        };
        self.frozen_tab_until(tab)
    }

    fn frozen_tab_until(&self, tab: TabId) -> Option<u64> {
        let until_ms = self.tab(tab)?.frozen_until_ms;
        (until_ms > self.agenda.now_ms()).then_some(until_ms)
    }
}
