//! What a model of identity consists of, its steps, and how a checker walks through it.
//!
//! It must not know what the steps do.

use std::fmt;
use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Model, Property};

use super::replica::NAMES;
use super::world::{Guard, World};

/// The bounds of a model.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What it is called.
    pub name: &'static str,
    /// How many devices there are at first.
    pub devices: u8,
    /// How many relays.
    pub relays: u8,
    /// True when the relays exchange what they have, not only by devices.
    pub relays_talk: bool,
    /// Which device can reach which relay; all where there is none.
    pub reaches: &'static [(usize, usize)],
    /// How many writes there may be.
    pub writes: usize,
    /// How many disks may be copied to another device or put back in an older state.
    pub copies: u8,
    /// How many losses of power there may be.
    pub cuts: u8,
    /// False where it is known that not all devices come to hear of what two copies have told. Then only the relays are asked,
    /// who have cursors into each other's logs.
    pub converges: bool,
    /// The guard that is taken away.
    pub off: Option<Guard>,
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A device writes.
    Write(usize),
    /// Power is lost.
    Cut(usize),
    /// A device's disk is copied to another one.
    Copy(usize),
    /// A device's disk is laid aside.
    BackUp(usize),
    /// A device goes on with what was laid aside.
    Restore(usize),
    /// A device connects with a relay.
    Connect(usize, usize),
    /// It sends.
    Push(usize, usize),
    /// It receives.
    Pull(usize, usize),
    /// A relay takes in what it lacks of another.
    Carry(usize, usize),
}

/// What was found.
#[derive(Debug)]
pub struct Outcome {
    /// How many different states were looked at.
    pub states: usize,
    /// The most steps that lead to one, by the shortest way.
    pub depth: usize,
    /// How long it took.
    pub took: Duration,
    /// A law that does not hold, and a shortest way to where it does not.
    pub broken: Option<(&'static str, Vec<Step>)>,
}

impl Setup {
    fn begin(&self) -> World {
        let world = World::new(self.devices, self.relays);
        if self.relays_talk { world.acquainted() } else { world }
    }

    fn change(&self, world: &World, step: Step) -> World {
        let mut next = world.clone();
        match step {
            Step::Write(device) => next.write(device),
            Step::Cut(device) => next.cut(device),
            Step::Copy(device) => next.copy(device),
            Step::BackUp(device) => next.backup = Some(next.devices[device].disk.clone()),
            Step::Restore(device) => next.restore(device),
            Step::Connect(device, relay) => next.connect(device, relay, self.off),
            Step::Push(device, relay) => next.push(device, relay, self.off),
            Step::Pull(device, relay) => next.pull(device, relay, self.off),
            Step::Carry(to, from) => next.carry(to, from, self.off),
        }
        next
    }

    fn disk_steps(&self, world: &World, device: usize, steps: &mut Vec<Step>) {
        let it = &world.devices[device];
        if world.cuts < self.cuts && it.live != it.disk {
            steps.push(Step::Cut(device));
        }
        if world.copied < self.copies {
            steps.push(if world.backup.is_some() { Step::Restore(device) } else { Step::BackUp(device) });
            steps.push(Step::Copy(device));
        }
    }

    /// Has a checker look at every state, or at all up to the first in which a law does not hold.
    pub fn check(&self) -> Outcome {
        let start = Instant::now();
        let checker = self.clone().checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
        let found = checker.discoveries().into_values().map(|path| path.into_actions());
        let found = found.min_by_key(Vec::len).map(|steps| self.without_idle_steps(steps));
        Outcome {
            states: checker.unique_state_count(),
            depth: checker.max_depth().saturating_sub(1),
            took: start.elapsed(),
            broken: found.and_then(|steps| self.replay(&steps).map(|law| (law, steps))),
        }
    }

    // The checker may go on for a while when it has found something. So every step is left out without which a law does not
    // hold either.
    fn without_idle_steps(&self, mut steps: Vec<Step>) -> Vec<Step> {
        while let Some(fewer) = (0..steps.len()).rev().find_map(|idle| {
            let fewer = [&steps[..idle], &steps[idle + 1..]].concat();
            self.replay(&fewer).is_some().then_some(fewer)
        }) {
            steps = fewer;
        }
        steps
    }

    // Takes those steps, and tells the first law that does not hold then; none as well if one of them cannot be taken.
    fn replay(&self, steps: &[Step]) -> Option<&'static str> {
        let mut world = self.begin();
        for step in steps {
            let mut possible = Vec::new();
            self.actions(&world, &mut possible);
            world = self.next_state(&world, *possible.iter().find(|other| *other == step)?)?;
        }
        self.properties().into_iter().find(|law| !(law.condition)(self, &world)).map(|law| law.name)
    }

    /// The steps and what has changed by each, as lines.
    pub fn told(&self, steps: &[Step]) -> String {
        let (mut world, mut text) = (self.begin(), String::new());
        for step in steps {
            let next = self.change(&world, *step);
            text.push_str(&format!("{step}\n"));
            for (place, node) in next.nodes().enumerate() {
                let (now, before) = (node.to_string(), world.nodes().nth(place).map(ToString::to_string));
                if before.as_ref() != Some(&now) {
                    text.push_str(&format!("    {}: {now}\n", next.label(place)));
                }
            }
            world = next;
        }
        text
    }
}

impl World {
    fn label(&self, place: usize) -> String {
        match place.checked_sub(self.devices.len()) {
            Some(relay) => format!("relay {}", relay + 1),
            None => format!("device {}", place + 1),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(device) => write!(f, "device {} writes", device + 1),
            Self::Cut(device) => write!(f, "device {} loses power", device + 1),
            Self::Copy(device) => write!(f, "the disk of device {} is copied to another device", device + 1),
            Self::BackUp(device) => write!(f, "the disk of device {} is laid aside", device + 1),
            Self::Restore(device) => write!(f, "device {} goes on with what was laid aside", device + 1),
            Self::Connect(device, relay) => {
                write!(f, "device {} connects with relay {}", device + 1, relay + 1)
            }
            Self::Push(device, relay) => write!(f, "device {} sends to relay {}", device + 1, relay + 1),
            Self::Pull(device, relay) => write!(f, "device {} receives from relay {}", device + 1, relay + 1),
            Self::Carry(to, from) => {
                write!(f, "relay {} takes in what it lacks of relay {}", to + 1, from + 1)
            }
        }
    }
}

impl Model for Setup {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![self.begin()]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        for device in 0..world.devices.len() {
            if world.pasts.len() < self.writes {
                steps.push(Step::Write(device));
            }
            self.disk_steps(world, device, steps);
        }
        if (world.names as usize) < NAMES {
            for (device, relay) in world.pairs(self) {
                steps.push(Step::Connect(device, relay));
                if world.devices[device].links[relay].is_some() {
                    steps.extend([Step::Push(device, relay), Step::Pull(device, relay)]);
                }
            }
        }
        if self.relays_talk {
            steps.extend([Step::Carry(0, 1), Step::Carry(1, 0)]);
        }
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let next = self.change(world, step);
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("laws 2 and 3: nothing heard of is lost", |setup: &Setup, world: &World| {
                world.nothing_heard_of_is_lost(setup)
            }),
            Property::always("laws 2 and 4: all converge", |setup: &Setup, world: &World| {
                !setup.converges || world.all_converge(setup)
            }),
        ]
    }
}
