//! Has a checker walk through the states of a model, and tells what it has found.
//!
//! It must not know what is modelled.

use std::fmt;
use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Model};

use crate::setup::Setup;
use crate::step::Step;
use crate::vector::letter;
use crate::world::World;

/// What was found.
#[derive(Debug)]
pub struct Outcome {
    /// How many different states were looked at.
    pub states: usize,
    /// The most steps that lead to one, by the shortest way.
    pub depth: usize,
    /// How long it took.
    pub took: Duration,
    /// True when no state was left to look at.
    pub exhausted: bool,
    /// A law that does not hold.
    pub broken: Option<Counterexample>,
}

/// The shortest way to a state in which a law does not hold.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// The law.
    pub law: &'static str,
    /// The way, with what has changed by each step.
    pub path: Vec<(Step, Vec<String>)>,
}

/// One line for each step, and below it what the replicas that it has changed hold then.
impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (step, changed) in &self.path {
            writeln!(f, "{step}")?;
            for replica in changed {
                writeln!(f, "    {replica}")?;
            }
        }
        writeln!(f, "broken: {}", self.law)
    }
}

/// Looks at every state within the bounds of a model, or at all up to the first in which a law does not hold.
pub fn check(setup: &Setup) -> Outcome {
    let start = Instant::now();
    let mut builder = setup.clone().checker().finish_when(HasDiscoveries::AnyFailures);
    if let Some(depth) = setup.depth {
        // The checker counts states, not the steps between them, and does not look at the last.
        builder = builder.target_max_depth(depth + 2);
    }
    let checker = builder.spawn_bfs().join();
    let found = checker.discoveries().into_iter().map(|(law, path)| (path.into_actions(), law));
    let found = found.min_by_key(|(steps, law)| (steps.len(), *law)).map(|(steps, _)| steps);
    let deepest = checker.max_depth().saturating_sub(1);
    Outcome {
        states: checker.unique_state_count(),
        depth: setup.depth.map_or(deepest, |depth| depth.min(deepest)),
        took: start.elapsed(),
        exhausted: found.is_none() && setup.depth.is_none() && checker.is_done(),
        broken: found.and_then(|steps| replay(setup, &without_idle_steps(setup, steps))),
    }
}

// The checker may go on for a while when it has found something. So every step is left out without which a law does not
// hold either.
fn without_idle_steps(setup: &Setup, mut steps: Vec<Step>) -> Vec<Step> {
    while let Some(fewer) = (0..steps.len()).rev().find_map(|idle| {
        let fewer = [&steps[..idle], &steps[idle + 1..]].concat();
        replay(setup, &fewer).is_some().then_some(fewer)
    }) {
        steps = fewer;
    }
    steps
}

/// Takes those steps after those that the model begins with, and tells the first law that does not hold then; none as
/// well if one of the steps cannot be taken.
pub fn replay(setup: &Setup, steps: &[Step]) -> Option<Counterexample> {
    let mut world = setup.init_states().pop()?;
    for step in steps {
        let mut possible = Vec::new();
        setup.actions(&world, &mut possible);
        world = setup.next_state(&world, *possible.iter().find(|other| *other == step)?)?;
    }
    let broken = setup.properties().into_iter().find(|law| !(law.condition)(setup, &world))?;
    Some(Counterexample { law: broken.name, path: told(setup, setup.begin.iter().chain(steps)) })
}

fn after(setup: &Setup, world: World, step: Step) -> World {
    setup.next_state(&world, step).unwrap_or(world)
}

fn told<'a>(setup: &Setup, steps: impl Iterator<Item = &'a Step>) -> Vec<(Step, Vec<String>)> {
    let mut world = World::new(setup.replicas);
    let tell = |step: &Step| {
        let next = after(setup, world.clone(), *step);
        let texts = |world: &World| -> Vec<String> {
            (0..setup.replicas).map(|replica| world.text(replica, setup.keys)).collect()
        };
        let changed = texts(&next).into_iter().zip(texts(&world)).filter(|(new, old)| new != old);
        let changed = changed.map(|(new, _)| new).collect();
        world = next;
        (*step, changed)
    };
    steps.map(tell).collect()
}

impl World {
    // What a replica holds: `a: n0 = {a:1}, clock a:1, forgotten b:2`.
    fn text(&self, replica: usize, keys: usize) -> String {
        let held = &self.replicas[replica];
        let mut parts: Vec<String> = (0..keys).map(|key| self.text_of_record(replica, key)).collect();
        parts.push(format!("clock {}", held.vector()));
        if held.floor > 0 {
            parts.push(format!("forgotten {}", held.forgotten));
        }
        format!("{}: {}", letter(replica), parts.join(", "))
    }

    fn text_of_record(&self, replica: usize, key: usize) -> String {
        let held = self.replicas[replica].slots[key];
        let Some(slot) = held else { return format!("no n{key}") };
        let (all, shown) = (slot.record.versions, self.visible(replica, key));
        match (self.dots(shown), self.dots(all & !shown)) {
            (shown, deletions) if deletions.is_empty() => format!("n{key} = {{{shown}}}"),
            (shown, deletions) if shown.is_empty() => format!("n{key} deleted by {deletions}"),
            (shown, deletions) => format!("n{key} = {{{shown}}} and deleted by {deletions}"),
        }
    }
}
