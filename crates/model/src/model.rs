//! What can happen, step by step, for the checker to try in every order.
//!
//! It must not know what is right: the laws judge.

use std::fmt;

use stateright::{Model, Property};

use crate::guard::Guard;
use crate::replica::{KEYS, Replica, WriteSet};
use crate::setup::Setup;
use crate::syncing::Page;
use crate::vector::letter;
use crate::world::{World, Write};

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A write; `deletion` or not, `blind` when the writer has not looked.
    Write { by: usize, key: usize, deletion: bool, blind: bool },
    /// Everything on its disk is safe from a loss of power.
    Flush { of: usize },
    /// A loss of power.
    Crash { of: usize },
    /// A deletion is forgotten.
    Forget { by: usize, key: usize },
    /// A whole exchange in one direction.
    Pull { to: usize, from: usize },
    /// The receiver of an exchange says where it stands.
    Ask { to: usize, from: usize },
    /// The sender sends the first part of its answer.
    Page,
    /// The sender answers to the end, and the receiver takes it in.
    Answer,
    /// Only the cursor is moved.
    TearCursor { to: usize, from: usize },
    /// Only one record of a delta is taken in.
    TearDelta { to: usize, from: usize, key: usize },
    /// A copy of a disk is made.
    Copy { of: usize },
    /// The copy is put back.
    Restore,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let l = letter;
        match *self {
            Self::Write { by, key, deletion, blind } => {
                let verb = if deletion { "deletes" } else { "writes" };
                write!(f, "{} {verb} n{key}{}", l(by), if blind { " without having looked" } else { "" })
            }
            Self::Flush { of } => write!(f, "{} has all on disk", l(of)),
            Self::Crash { of } => write!(f, "{} loses power", l(of)),
            Self::Forget { by, key } => write!(f, "{} forgets the deletion of n{key}", l(by)),
            Self::Pull { to, from } => write!(f, "{} takes in what it lacks of {}", l(to), l(from)),
            Self::Ask { to, from } => write!(f, "{} tells {} where it stands", l(to), l(from)),
            Self::Page => write!(f, "the first part of the answer is sent"),
            Self::Answer => write!(f, "the answer arrives"),
            Self::TearCursor { to, from } => {
                write!(f, "{} moves its cursor into {}, and crashes", l(to), l(from))
            }
            Self::TearDelta { to, from, key } => {
                write!(f, "{} shows n{key} of a delta of {}", l(to), l(from))
            }
            Self::Copy { of } => write!(f, "a copy of {} is made", l(of)),
            Self::Restore => write!(f, "the copy is put back"),
        }
    }
}

impl Setup {
    fn directions(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.links.iter().flat_map(|(one, other)| [(*one, *other), (*other, *one)])
    }

    fn local_steps(&self, world: &World, steps: &mut Vec<Step>) {
        for key in 0..self.keys {
            for by in self.writers.iter().copied().filter(|_| world.writes.len() < self.writes) {
                steps.push(Step::Write { by, key, deletion: false, blind: false });
                let seen = world.visible(by, key) != 0;
                if seen {
                    steps.push(Step::Write { by, key, deletion: true, blind: false });
                }
                if self.blind && seen {
                    steps.push(Step::Write { by, key, deletion: false, blind: true });
                }
            }
            for by in self.forgetters.iter().copied().filter(|_| world.forgotten < self.forgets) {
                if world.replicas[by].slots[key].is_some() && world.visible(by, key) == 0 {
                    steps.push(Step::Forget { by, key });
                }
            }
        }
    }

    fn disk_steps(&self, world: &World, steps: &mut Vec<Step>) {
        if world.crashes < self.crashes {
            for of in 0..self.replicas {
                if world.disks[of].is_some() {
                    steps.extend([Step::Flush { of }, Step::Crash { of }]);
                }
            }
        }
        if let Some(of) = self.restores.filter(|_| world.restored == 0) {
            steps.push(if world.backup.is_some() { Step::Restore } else { Step::Copy { of } });
        }
    }

    fn write(&self, world: &mut World, by: usize, key: usize, deletion: bool, blind: bool) {
        if self.crashes > world.crashes && world.disks[by].is_none() {
            world.disks[by] = Some(Box::new(world.replicas[by].clone()));
        }
        let seen = world.replicas[by].vector();
        let known = world.covered_by(&seen) & world.writes_to(key);
        let number = world.writes.len();
        let past: WriteSet = if blind { 0 } else { known };
        let covered = if blind { 0 } else { world.covered_by(&world.replicas[by].record(key).context) };
        world.replicas[by].write(by, key, 1 << number, covered);
        let counter = world.replicas[by].clock[by].counter;
        world.writes.push(Write { replica: by, counter, key, deletion, past, seen, lost: false });
    }

    fn crash(&self, world: &mut World, of: usize) {
        let Some(disk) = world.disks[of].take() else { return };
        world.replicas[of] = *disk;
        world.crashes += 1;
        world.session = None;
        for number in 0..world.writes.len() {
            let Write { replica, counter, .. } = world.writes[number];
            let known = |other: &Replica| other.vector().covers(replica, counter);
            world.writes[number].lost |= replica == of && !world.replicas.iter().any(known);
        }
    }

    fn restore(&self, world: &mut World) {
        let Some((of, copy)) = world.backup.take() else { return };
        world.replicas[of] = *copy;
        if self.off != Some(Guard::NewEpoch) {
            world.replicas[of].epoch = self.replicas as u8;
        }
        world.restored += 1;
        world.session = None;
    }

    fn page(&self, world: &mut World) {
        let Some(session) = &world.session else { return };
        let (records, up_to) = (world.delta(session, self.off).records, world.replicas[session.from].head);
        world.disks[session.from] = None;
        if let Some(session) = &mut world.session {
            session.page = Some(Page { records, up_to });
        }
    }

    fn answer(&self, world: &mut World) {
        let Some(session) = world.session.take() else { return };
        let delta = world.delta(&session, self.off);
        if world.goes_on(&session, &delta, self.off) {
            world.disks[session.from] = None;
            world.take(&session, &delta, self.off);
        }
    }

    fn tear(&self, world: &mut World, to: usize, from: usize, key: Option<usize>) {
        let session = world.ask(to, from, self.off);
        let delta = world.delta(&session, self.off);
        let whole = world.replicas[to].clone();
        match key {
            Some(key) => {
                let clock = whole.vector();
                world.take_record(to, key, &delta, &clock, self.off);
            }
            None => {
                world.take(&session, &delta, self.off);
                let cursors = world.replicas[to].cursors;
                world.replicas[to] = Replica { cursors, ..whole };
            }
        }
    }
}

impl Model for Setup {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(self.replicas)]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        self.local_steps(world, steps);
        self.disk_steps(world, steps);
        for (to, from) in self.directions() {
            steps.push(Step::Pull { to, from });
            if self.interleaves && world.session.is_none() {
                steps.push(Step::Ask { to, from });
            }
            if self.off == Some(Guard::CursorWithData) {
                steps.push(Step::TearCursor { to, from });
            }
            if self.off == Some(Guard::WholeDelta) {
                steps.extend((0..KEYS).map(|key| Step::TearDelta { to, from, key }));
            }
        }
        if let Some(session) = &world.session {
            if session.page.is_none() && self.pages {
                steps.push(Step::Page);
            }
            steps.push(Step::Answer);
        }
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = world.clone();
        match step {
            Step::Write { by, key, deletion, blind } => self.write(&mut next, by, key, deletion, blind),
            Step::Flush { of } => next.disks[of] = None,
            Step::Crash { of } => self.crash(&mut next, of),
            Step::Forget { by, key } => {
                next.replicas[by].forget(key);
                next.forgotten += 1;
            }
            Step::Pull { to, from } => {
                let session = next.ask(to, from, self.off);
                let delta = next.delta(&session, self.off);
                next.take(&session, &delta, self.off);
            }
            Step::Ask { to, from } => next.session = Some(next.ask(to, from, self.off)),
            Step::Page => self.page(&mut next),
            Step::Answer => self.answer(&mut next),
            Step::TearCursor { to, from } => self.tear(&mut next, to, from, None),
            Step::TearDelta { to, from, key } => self.tear(&mut next, to, from, Some(key)),
            Step::Copy { of } => next.backup = Some((of, Box::new(next.replicas[of].clone()))),
            Step::Restore => self.restore(&mut next),
        }
        let next = next.canonical();
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("what stands is what the clock says", |_, world: &World| {
                world.what_stands_is_what_the_clock_says()
            }),
            Property::always("what is visible is causally closed", |_, world: &World| {
                world.what_is_visible_is_causally_closed()
            }),
            Property::always("no cursor is ahead of the data", |_, world: &World| world.no_cursor_is_ahead()),
            Property::always("no dot denotes two writes", |_, world: &World| {
                world.no_dot_denotes_two_writes()
            }),
            Property::always("all converge and go quiet", |setup: &Setup, world: &World| {
                world.writes.len() < setup.writes || world.all_converge(setup)
            }),
        ]
    }
}
