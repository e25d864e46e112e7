//! Makes schedules out of seeds.
//!
//! Knows nothing of what comes of them. The same parameters give the same schedule.

use fastrand::Rng;

use crate::action::{Action, Change, ContextChoice};
use crate::device::Fault;
use crate::schedule::{Schedule, Setting, Step};

/// What a schedule is to be like, as far as its seed does not decide.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parameters {
    /// How many devices there are; none: the seed decides.
    pub replicas: Option<usize>,
    /// How many steps there are.
    pub steps: u32,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { replicas: None, steps: 200 }
    }
}

/// The schedule of a seed.
pub fn generate(seed: u64, parameters: &Parameters) -> Schedule {
    let mut random = Rng::with_seed(seed);
    let setting = setting(seed, parameters, &mut random);
    let mut generator = Generator { setting, random, profile: Profile::Daily };
    generator.profile = generator.pick(&[(3, Profile::Daily), (2, Profile::Faulty), (1, Profile::Crowd)]);
    let steps = (1..=parameters.steps).map(|number| Step { number, action: generator.action() }).collect();
    Schedule { setting, steps }
}

fn setting(seed: u64, parameters: &Parameters, random: &mut Rng) -> Setting {
    Setting {
        seed,
        devices: parameters.replicas.unwrap_or_else(|| random.usize(1..5)).clamp(1, 8),
        relays: random.usize(1..3),
        records: random.usize(2..12),
        relay_chunk_bytes: if random.bool() { 200 } else { 56 * 1024 },
        relay_credits: random.u32(1..5),
        skew_ms: 1_000,
    }
}

// What a schedule is mostly about.
#[derive(Clone, Copy)]
enum Profile {
    // What people do, and what networks do to them.
    Daily,
    // The same with faults of disks and relays.
    Faulty,
    // Tabs of one device write the same records and take the sync from each other.
    Crowd,
}

#[derive(Clone, Copy)]
enum Kind {
    Write,
    Run,
    Read,
    AwaitSaved,
    Open,
    Kill,
    Cut,
    Online,
    CutPower,
    Fail,
    Freeze,
    TakeOver,
    RestartRelay,
    RestoreRelay,
    Roam,
    Import,
}

struct Generator {
    setting: Setting,
    random: Rng,
    profile: Profile,
}

impl Generator {
    fn action(&mut self) -> Action {
        use Kind::*;
        let mut kinds = vec![(24, Write), (40, Run), (8, Read), (2, AwaitSaved), (2, Open), (2, Kill)];
        kinds.extend([(3, Cut), (4, Online)]);
        match self.profile {
            Profile::Daily => {}
            Profile::Faulty => kinds.extend([
                (3, CutPower),
                (3, Fail),
                (2, Freeze),
                (2, TakeOver),
                (1, RestartRelay),
                (1, RestoreRelay),
                (2, Roam),
                (1, Import),
            ]),
            Profile::Crowd => kinds.extend([(12, TakeOver), (5, Freeze), (4, Open), (4, Fail), (20, Run)]),
        }
        let kind = self.pick(&kinds);
        self.action_of(kind)
    }

    fn action_of(&mut self, kind: Kind) -> Action {
        let (device, tab) = (self.random.usize(0..self.setting.devices), self.random.usize(0..3));
        let relay = self.random.usize(0..self.setting.relays);
        let key = self.random.usize(0..self.setting.records);
        match kind {
            Kind::Write => self.write(device, tab),
            Kind::Run => Action::Run { duration_ms: self.duration_ms() },
            Kind::Read => Action::Read { device, tab, key },
            Kind::AwaitSaved => Action::AwaitSaved { device, tab },
            Kind::Open => Action::Open { device },
            Kind::Kill => Action::Kill { device, tab },
            Kind::Cut => Action::Cut { device, is_silent: self.random.bool() },
            Kind::Online => Action::Online { device, is_online: self.random.bool() },
            Kind::CutPower => Action::CutPower { device, lost: self.random.usize(0..6) },
            Kind::Fail => {
                Action::Fail { device, fault: self.pick(&[(1, Fault::Refused), (1, Fault::Unheard)]) }
            }
            Kind::Freeze => Action::Freeze { device, tab, duration_ms: self.random.u64(1..1_000) },
            Kind::TakeOver => Action::TakeOver { device, tab },
            Kind::RestartRelay => Action::RestartRelay { relay },
            Kind::RestoreRelay => Action::RestoreRelay { relay, percent: self.random.usize(0..100) },
            Kind::Roam => Action::Roam { device, relay },
            Kind::Import => Action::Import { device, tab, relay },
        }
    }

    fn write(&mut self, device: usize, tab: usize) -> Action {
        let count = self.pick(&[(12, 1), (3, 2), (1, 5)]);
        let changes = (0..count).map(|_| self.change()).collect();
        let bytes = self.pick(&[(12, 0), (4, 60), (1, 2_000)]);
        Action::Write { device, tab, changes, bytes }
    }

    fn change(&mut self) -> Change {
        let earlier = ContextChoice::Earlier(self.random.usize(0..8));
        Change {
            key: self.random.usize(0..self.setting.records),
            context: self.pick(&[(4, ContextChoice::Latest), (3, earlier), (1, ContextChoice::Empty)]),
            deletes: self.random.u8(0..5) == 0,
        }
    }

    // Mostly less than a request to a disk or a message takes; now and then long enough to notice that somebody is gone.
    fn duration_ms(&mut self) -> u64 {
        let (short, trip) = (self.random.u64(0..10), self.random.u64(10..100));
        let (pause, long) = (self.random.u64(500..5_000), self.random.u64(20_000..60_000));
        self.pick(&[(50, short), (40, trip), (8, pause), (1, long)])
    }

    fn pick<T: Copy>(&mut self, choices: &[(u32, T)]) -> T {
        let mut left = self.random.u32(0..choices.iter().map(|(weight, _)| weight).sum());
        for (weight, choice) in choices {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return *choice,
            }
        }
        unreachable!("the weights sum up to more than what was drawn")
    }
}
