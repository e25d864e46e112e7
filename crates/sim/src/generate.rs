//! Makes schedules out of seeds.
//!
//! Knows nothing of what comes of them. The same parameters give the same schedule.

use fastrand::Rng;

use crate::action::{Action, Change, ClockChange, ContextChoice, Cutting};
use crate::copies::Imaging;
use crate::device::Fault;
use crate::families::Family;
use crate::network::{Place, Weather};
use crate::schedule::{FOR_EVER_MS, Schedule, Setting, Step, Topology};

const YEAR_MS: u64 = 365 * 24 * 60 * 60 * 1_000;

/// What a schedule is to be like, as far as its seed does not decide.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parameters {
    /// How many devices there are; none: the seed decides.
    pub replicas: Option<usize>,
    /// Which relays call each other; none: the seed decides.
    pub topology: Option<Topology>,
    /// How many steps there are.
    pub steps: u32,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { replicas: None, topology: None, steps: 200 }
    }
}

/// The schedule of a seed.
pub fn generate(seed: u64, parameters: &Parameters) -> Schedule {
    let mut random = Rng::with_seed(seed);
    let family = Family::of(seed);
    let setting = family.setting(setting(seed, parameters, &mut random));
    let mut generator = Generator { setting, random, family, kinds: Vec::new() };
    let drawn = generator.pick(&[
        (3, Profile::Daily),
        (3, Profile::Faulty),
        (2, Profile::Stormy),
        (1, Profile::Timeless),
        (1, Profile::Crowd),
    ]);
    let profile = match family {
        Family::Copies => Profile::Copied,
        Family::Months => Profile::Months,
        Family::Garbled => Profile::Garbled,
        Family::Joined => Profile::Joined,
        _ => drawn,
    };
    generator.kinds = kinds(profile, &setting);
    let story = family.story(&mut generator.random);
    let actions: Vec<Action> =
        story.unwrap_or_else(|| (0..parameters.steps).map(|_| generator.action()).collect());
    let steps = (1..).zip(actions).map(|(number, action)| Step { number, action }).collect();
    Schedule { setting, steps }
}

fn setting(seed: u64, parameters: &Parameters, random: &mut Rng) -> Setting {
    let topologies = Topology::ALL.map(|(topology, _)| topology);
    let drawn = topologies.get(random.usize(0..topologies.len())).copied();
    let topology = parameters.topology.or(drawn).unwrap_or(Topology::Apart);
    let (few, many) = (random.usize(1..3), random.usize(2..5));
    Setting {
        seed,
        devices: parameters.replicas.unwrap_or_else(|| random.usize(1..5)).clamp(1, 8),
        relays: if topology == Topology::Apart { few } else { many },
        topology,
        records: random.usize(2..12),
        relay_chunk_bytes: if random.bool() { 200 } else { 56 * 1024 },
        relay_credits: random.u32(1..5),
        // One world in eight is one of clocks that are years apart.
        // Half of the worlds forget; months are a minute there.
        keep_ms: if random.bool() { FOR_EVER_MS } else { random.u64(0..60_000) },
        skew_ms: if random.u8(0..8) == 0 { 3 * YEAR_MS } else { 1_000 },
        // Drawn from nothing, so that all else stays what it was.
        compact_after: if seed % 3 == 1 { usize::try_from(1 + seed / 3 % 6).ok() } else { None },
        collide: false,
    }
}

// What a schedule is mostly about.
#[derive(Clone, Copy)]
enum Profile {
    // What people do, and what networks do to them.
    Daily,
    // The same with faults of disks and relays.
    Faulty,
    // Links lose, repeat and reorder what they carry, and the network falls apart.
    Stormy,
    // Clocks jump and stop.
    Timeless,
    // Tabs of one device write the same records and take the sync from each other.
    Crowd,
    // Disks are copied and set back.
    Copied,
    // Everybody sleeps for weeks, and some are away for longer.
    Months,
    // Devices are joined without a relay.
    Joined,
    // Peers account for less than they bring.
    Garbled,
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
    Room,
    Evict,
    Clock,
    Weather,
    Part,
    Forget,
    FillRelay,
    RestartRelay,
    RestoreRelay,
    Roam,
    Import,
    Copy,
    BackUp,
    Restore,
    Sleep,
    Garble,
    Join,
}

fn kinds(profile: Profile, setting: &Setting) -> Vec<(u32, Kind)> {
    use Kind::*;
    let mut kinds = vec![(24, Write), (40, Run), (8, Read), (2, AwaitSaved), (2, Open), (2, Kill)];
    kinds.extend([(3, Cut), (4, Online)]);
    if setting.keep_ms < FOR_EVER_MS {
        kinds.push((3, Forget));
    }
    match profile {
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
            (1, Room),
            (1, Evict),
            (1, FillRelay),
        ]),
        Profile::Stormy => {
            kinds.extend([(4, Weather), (3, Part), (4, Cut), (1, CutPower), (1, RestartRelay)])
        }
        Profile::Timeless => kinds.extend([(6, Clock), (1, CutPower), (2, Kill)]),
        Profile::Copied => kinds.extend([
            (2, Copy),
            (3, BackUp),
            (3, Restore),
            (2, Kill),
            (2, Import),
            (1, CutPower),
            (1, RestartRelay),
            (1, Fail),
        ]),
        Profile::Months => kinds.extend([(2, Sleep), (3, Forget), (4, Online), (2, Kill), (1, Roam)]),
        Profile::Joined => kinds.extend([
            (8, Join),
            (6, Cut),
            (3, Weather),
            (2, Part),
            (3, CutPower),
            (3, Kill),
            (2, Fail),
            (2, Freeze),
            (2, Roam),
            (1, TakeOver),
            (1, Evict),
            (1, Clock),
        ]),
        Profile::Garbled => kinds.extend([(8, Garble), (4, Cut), (3, Roam)]),
        Profile::Crowd => kinds.extend([(12, TakeOver), (5, Freeze), (4, Open), (4, Fail), (20, Run)]),
    }
    kinds
}

struct Generator {
    setting: Setting,
    random: Rng,
    family: Family,
    // What may happen, each with its weight.
    kinds: Vec<(u32, Kind)>,
}

impl Generator {
    fn action(&mut self) -> Action {
        let kind = pick(&mut self.random, &self.kinds);
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
            Kind::Cut => {
                let cutting = self.pick(&[(1, Cutting::Told), (1, Cutting::Silent), (1, Cutting::Torn)]);
                Action::Cut { place: self.place(), cutting }
            }
            Kind::Online => Action::Online { device, is_online: self.random.bool() },
            Kind::CutPower => Action::CutPower { device, lost: self.random.usize(0..6) },
            Kind::Fail => {
                let fault = self.pick(&[(2, Fault::Refused), (2, Fault::Unheard), (1, Fault::Full)]);
                Action::Fail { device, fault }
            }
            Kind::Room => Action::Room { device },
            Kind::Evict => Action::Evict { device },
            Kind::Clock => Action::Clock { device, change: self.clock_change() },
            Kind::Weather => Action::Weather { place: self.place(), weather: self.weather() },
            Kind::Part => Action::Part { sides: self.sides() },
            Kind::Forget => Action::Forget { relay },
            Kind::FillRelay => Action::FillRelay { relay },
            Kind::Freeze => Action::Freeze { device, tab, duration_ms: self.random.u64(1..1_000) },
            Kind::TakeOver => Action::TakeOver { device, tab },
            Kind::RestartRelay => Action::RestartRelay { relay },
            Kind::RestoreRelay => Action::RestoreRelay { relay, percent: self.random.usize(0..100) },
            Kind::Roam => Action::Roam { device, relay },
            Kind::Import => Action::Import { device, tab, relay },
            Kind::Copy => {
                let to = self.random.usize(0..self.setting.devices);
                Action::Image { device, imaging: Imaging::CopyTo(to) }
            }
            Kind::BackUp => {
                Action::Image { device, imaging: Imaging::BackUp { lost: self.random.usize(0..4) } }
            }
            Kind::Restore => Action::Image { device, imaging: Imaging::Restore(self.random.usize(0..16)) },
            Kind::Garble => Action::Garble { device },
            Kind::Join => Action::Join { device, other: self.random.usize(0..self.setting.devices) },
            Kind::Sleep => {
                let (weeks, months) = (self.random.u64(1..40), self.random.u64(90..400));
                Action::Sleep { days: self.pick(&[(3, weeks), (1, months)]) }
            }
        }
    }

    fn write(&mut self, device: usize, tab: usize) -> Action {
        let count = self.pick(&[(12, 1), (3, 2), (1, 5)]);
        let mut changes: Vec<Change> = (0..count).map(|_| self.change()).collect();
        if self.family == Family::Copies {
            // There deletions are told apart by their times, and those of one batch have one.
            changes.iter_mut().skip(1).for_each(|change| change.deletes = false);
        }
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

    fn clock_change(&mut self) -> ClockChange {
        let ms = self.random.u64(0..10_000);
        let years_ms = self.random.u64(0..3 * YEAR_MS);
        self.pick(&[
            (2, ClockChange::Ahead(ms)),
            (2, ClockChange::Behind(ms)),
            (2, ClockChange::Ahead(years_ms)),
            (2, ClockChange::Behind(years_ms)),
            (1, ClockChange::Stop),
            (2, ClockChange::GoOn),
        ])
    }

    fn place(&mut self) -> Place {
        let Setting { devices, relays, topology, .. } = self.setting;
        if self.family == Family::Joined && self.random.bool() {
            let two = self.random.usize(1..devices);
            return Place::Devices(self.random.usize(0..two), two);
        }
        let joins_relays = relays > 1 && topology != Topology::Apart && self.random.bool();
        if !joins_relays {
            return Place::Device(self.random.usize(0..devices));
        }
        let two = self.random.usize(1..relays);
        Place::Relays(self.random.usize(0..two), two)
    }

    fn weather(&mut self) -> Weather {
        let fine = Weather::default();
        let (lost, repeated) = (self.random.u32(1..40), self.random.u32(0..40));
        let bad = Weather { lost, repeated, reordered: self.random.u32(0..40), is_one_way: false };
        self.pick(&[(2, fine), (3, bad), (1, Weather { is_one_way: true, ..fine })])
    }

    fn sides(&mut self) -> u64 {
        let all = ((1 << self.setting.devices) - 1) | (((1 << self.setting.relays) - 1) << 8);
        if self.random.bool() { 0 } else { self.random.u64(..) & all }
    }

    // Mostly less than a request to a disk or a message takes; now and then long enough to notice that somebody is gone.
    fn duration_ms(&mut self) -> u64 {
        let (short, trip) = (self.random.u64(0..10), self.random.u64(10..100));
        let (pause, long) = (self.random.u64(500..5_000), self.random.u64(20_000..60_000));
        self.pick(&[(50, short), (40, trip), (8, pause), (1, long)])
    }

    fn pick<T: Copy>(&mut self, choices: &[(u32, T)]) -> T {
        pick(&mut self.random, choices)
    }
}

fn pick<T: Copy>(random: &mut Rng, choices: &[(u32, T)]) -> T {
    let mut left = random.u32(0..choices.iter().map(|(weight, _)| weight).sum());
    for (weight, choice) in choices {
        match left.checked_sub(*weight) {
            Some(rest) => left = rest,
            None => return *choice,
        }
    }
    unreachable!("the weights sum up to more than what was drawn")
}
