//! Families of schedules that are about one thing, and come about too seldom by chance. The seed chooses among them.
//!
//! Knows nothing of what comes of them.

use fastrand::Rng;

use crate::action::{Action, Change, ClockChange, ContextChoice};
use crate::copies::Imaging;
use crate::schedule::{FOR_EVER_MS, Setting, Topology};

/// The ids of four records whose fingerprints collide under the key 0, 0, when the first four writes to them are those of
/// [`prepared`]: the first two together are as much as the other two. `examples/colliding_records.rs` has found them.
pub(crate) const COLLIDING: [&str; 4] = ["a28cc86", "b347fbf", "c1294fb", "d0d43da"];

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// What a schedule is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Family {
    /// Whatever comes.
    Any,
    /// Disks are copied and set back.
    Copies,
    /// Devices leave for months, and deletions are kept for 30 days.
    Months,
    /// Devices are joined without a relay, beside their relays.
    Joined,
    /// Deltas come that account for less than they bring.
    Garbled,
    /// Somebody has prepared records whose fingerprints collide under a known key.
    Prepared,
    /// What was forgotten at one relay is handed on to another, where a device comes back that knows nothing of it.
    HandedOn,
    /// Two copies deliver to relays that have not heard of each other, and somebody brings both together.
    Collision,
    /// Two tabs send the same large backlog at the same time.
    Doubled,
}

impl Family {
    /// The family of a seed. Most belong to none.
    pub(crate) const fn of(seed: u64) -> Self {
        match seed % 16 {
            5 => Self::Copies,
            7 => Self::Joined,
            11 => Self::Months,
            13 => match seed / 16 % 8 {
                1 => Self::Prepared,
                3 => Self::HandedOn,
                5 => Self::Collision,
                7 => Self::Doubled,
                _ => Self::Garbled,
            },
            _ => Self::Any,
        }
    }

    /// The world that it needs.
    pub(crate) fn setting(self, setting: Setting) -> Setting {
        let alone = Setting { relays: 1, topology: Topology::Apart, ..setting };
        match self {
            Self::Any | Self::Garbled => setting,
            // What is lost when copies deliver to relays that have not heard of each other is a known limit.
            Self::Copies => Setting { devices: setting.devices.max(2), keep_ms: FOR_EVER_MS, ..alone },
            Self::Joined => Setting { devices: setting.devices.max(2), ..setting },
            Self::Months => Setting { keep_ms: 30 * DAY_MS, ..setting },
            Self::Prepared => Setting {
                devices: setting.devices.max(2),
                records: COLLIDING.len(),
                skew_ms: 0,
                keep_ms: 100,
                collide: true,
                ..alone
            },
            Self::HandedOn => {
                Setting { devices: 2, relays: 2, topology: Topology::Chain, keep_ms: 100, ..setting }
            }
            Self::Collision => {
                Setting { devices: 3, relays: 2, topology: Topology::Apart, keep_ms: FOR_EVER_MS, ..setting }
            }
            Self::Doubled => Setting { relay_credits: 4, records: 12, ..alone },
        }
    }

    /// What happens, where that is not left to chance.
    pub(crate) fn story(self, random: &mut Rng) -> Option<Vec<Action>> {
        match self {
            Self::Any | Self::Copies | Self::Months | Self::Joined | Self::Garbled => None,
            Self::Prepared => Some(prepared(random)),
            Self::HandedOn => Some(handed_on(random)),
            Self::Collision => Some(collision(random)),
            Self::Doubled => Some(doubled(random)),
        }
    }
}

fn run(random: &mut Rng) -> Action {
    Action::Run { duration_ms: random.u64(1_000..3_000) }
}

fn write(device: usize, keys: &[usize], deletes: bool) -> Action {
    let change = |key: &usize| Change { key: *key, context: ContextChoice::Latest, deletes };
    Action::Write { device, tab: 0, changes: keys.iter().map(change).collect(), bytes: 0 }
}

fn online(device: usize, is_online: bool) -> Action {
    Action::Online { device, is_online }
}

// Somebody brings it about that one who returns holds what was deleted, and lacks what is new, and both look alike: two
// records are deleted, and the deletions forgotten, while a device is away that holds them, and two others come. The
// times are the attacker's to choose, so its clock stands.
fn prepared(random: &mut Rng) -> Vec<Action> {
    vec![
        Action::Clock { device: 0, change: ClockChange::Stop },
        Action::Open { device: 1 },
        write(0, &[0, 1], false),
        run(random),
        online(1, false),
        write(0, &[0, 1], true),
        run(random),
        Action::Forget { relay: 0 },
        write(0, &[2, 3], false),
        run(random),
        online(1, true),
        run(random),
    ]
}

// The second relay hears of a deletion only when that is forgotten, and of the record never. Then a device comes to it that
// holds the record.
fn handed_on(random: &mut Rng) -> Vec<Action> {
    vec![
        Action::Part { sides: 1 << 9 },
        Action::Roam { device: 1, relay: 0 },
        Action::Open { device: 1 },
        write(0, &[0, 1], false),
        run(random),
        run(random),
        online(1, false),
        write(0, &[0], true),
        run(random),
        run(random),
        Action::Forget { relay: 0 },
        write(0, &[1], false),
        run(random),
        Action::Part { sides: 0 },
        // Until the relays have noticed.
        Action::Run { duration_ms: 60_000 },
        Action::Roam { device: 1, relay: 1 },
        online(1, true),
        run(random),
    ]
}

fn collision(random: &mut Rng) -> Vec<Action> {
    let imports = Action::Import { device: 1, tab: 0, relay: 0 };
    vec![
        Action::Image { device: 0, imaging: Imaging::CopyTo(2) },
        Action::Roam { device: 2, relay: 1 },
        Action::Open { device: 1 },
        write(0, &[0], false),
        write(2, &[0], false),
        run(random),
        imports,
        run(random),
    ]
}

fn doubled(random: &mut Rng) -> Vec<Action> {
    let backlog = (0..12).map(|key| match write(0, &[key], false) {
        Action::Write { device, tab, changes, .. } => Action::Write { device, tab, changes, bytes: 20_000 },
        other => other,
    });
    let mut actions = vec![Action::Open { device: 0 }, Action::Open { device: 0 }, online(0, false)];
    actions.extend(backlog);
    actions.extend([run(random), online(0, true)]);
    for _ in 0..30 {
        let tab = random.usize(0..2);
        actions.push(Action::TakeOver { device: 0, tab });
        actions.push(Action::Run { duration_ms: random.u64(0..40) });
    }
    actions
}
