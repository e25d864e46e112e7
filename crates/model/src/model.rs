//! What can happen, step by step, for the checker to try in every order.
//!
//! It must not know what is right: the laws judge.

use stateright::{Model, Property};

use crate::guard::Guard;
use crate::replica::{KEYS, Replica, WriteSet};
use crate::setup::Setup;
use crate::step::{Direction, Step, Wish};
use crate::syncing::Page;
use crate::world::{World, Write};

impl Setup {
    fn directions(&self) -> impl Iterator<Item = Direction> + '_ {
        let both = |(one, other)| [Direction { to: one, from: other }, Direction { to: other, from: one }];
        self.links.iter().copied().flat_map(both)
    }

    fn local_steps(&self, world: &World, steps: &mut Vec<Step>) {
        for key in 0..self.keys {
            for by in self.writers.iter().copied().filter(|_| world.writes.len() < self.writes) {
                let wish = Wish { by, key, deletion: false, blind: false };
                steps.push(Step::Write(wish));
                let seen = world.visible(by, key) != 0;
                if seen {
                    steps.push(Step::Write(Wish { deletion: true, ..wish }));
                }
                if self.blind && seen {
                    steps.push(Step::Write(Wish { blind: true, ..wish }));
                }
            }
            for by in self.forgetters.iter().copied().filter(|_| world.forgotten < self.forgets) {
                if world.replicas[by].slots[key].is_some() && world.visible(by, key) == 0 {
                    steps.push(Step::Forget(by, key));
                }
            }
        }
    }

    fn disk_steps(&self, world: &World, steps: &mut Vec<Step>) {
        if world.crashes < self.crashes {
            for of in 0..self.replicas {
                if world.disks[of].is_some() {
                    steps.extend([Step::Flush(of), Step::Crash(of)]);
                }
            }
        }
        if let Some(of) = self.restores.filter(|_| world.restored == 0) {
            steps.push(if world.backup.is_some() { Step::Restore } else { Step::Copy(of) });
        }
    }

    fn write(&self, world: &mut World, Wish { by, key, deletion, blind }: Wish) {
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

    fn tear(&self, world: &mut World, Direction { to, from }: Direction, key: Option<usize>) {
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
        let world = World::new(self.replicas);
        let begin = |world: World, step: &Step| self.next_state(&world, *step).unwrap_or(world);
        vec![self.begin.iter().fold(world, begin)]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        self.local_steps(world, steps);
        self.disk_steps(world, steps);
        for direction in self.directions() {
            steps.push(Step::Pull(direction));
            if self.interleaves && world.session.is_none() {
                steps.push(Step::Ask(direction));
            }
            if self.off == Some(Guard::CursorWithData) {
                steps.push(Step::TearCursor(direction));
            }
            if self.off == Some(Guard::WholeDelta) {
                steps.extend((0..KEYS).map(|key| Step::TearDelta(direction, key)));
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
            Step::Write(wish) => self.write(&mut next, wish),
            Step::Flush(of) => next.disks[of] = None,
            Step::Crash(of) => self.crash(&mut next, of),
            Step::Forget(by, key) => {
                next.replicas[by].forget(key);
                next.forgotten += 1;
            }
            Step::Pull(direction) => next.pull(direction, self.off),
            Step::Ask(Direction { to, from }) => next.session = Some(next.ask(to, from, self.off)),
            Step::Page => self.page(&mut next),
            Step::Answer => self.answer(&mut next),
            Step::TearCursor(direction) => self.tear(&mut next, direction, None),
            Step::TearDelta(direction, key) => self.tear(&mut next, direction, Some(key)),
            Step::Copy(of) => next.backup = Some((of, Box::new(next.replicas[of].clone()))),
            Step::Restore => self.restore(&mut next),
        }
        let next = next.canonical();
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("law 3: no dot denotes two writes", |_, world: &World| {
                world.no_dot_denotes_two_writes()
            }),
            Property::always("law 7: what is visible is causally closed", |_, world: &World| {
                world.what_is_visible_is_causally_closed()
            }),
            Property::always("law 5: no cursor is ahead of the data", |_, world: &World| {
                world.no_cursor_is_ahead()
            }),
            Property::always("laws 2 and 6: what stands is what was written", |_, world: &World| {
                world.what_stands_is_what_was_written()
            }),
            Property::always("laws 2, 4 and 8: all converge and go quiet", |setup: &Setup, world: &World| {
                world.all_converge(setup)
            }),
        ]
    }
}
