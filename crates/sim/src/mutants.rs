//! Mutants: the core with one of its guards taken away. The simulator must find the law that the guard holds broken.
//!
//! Compiled only with the feature `mutants`. Knows nothing of what the guards do.

use eyot_core::guard::{Guard, without};

use crate::explore::Exploration;
use crate::generate::generate;
use crate::run::run;
use crate::violation::Violation;

/// What came of looking for a mutant.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// The guard that was taken away.
    pub guard: Guard,
    /// How many schedules were run.
    pub tried: u64,
    /// The seed of the schedule that broke a law, and how.
    pub found: Option<(u64, Violation)>,
}

/// Runs the schedules without a guard, on this thread, until one breaks a law.
pub fn search(guard: Guard, exploration: &Exploration) -> Mutant {
    let seed = |place: u64| exploration.seed.wrapping_add(place.wrapping_mul(exploration.stride));
    let seeds = (0..exploration.schedules).map(seed);
    let mut tried = 0;
    for seed in seeds {
        tried += 1;
        let schedule = generate(seed, &exploration.parameters);
        if let Err(violation) = without(guard, || run(&schedule)) {
            return Mutant { guard, tried, found: Some((seed, violation)) };
        }
    }
    Mutant { guard, tried, found: None }
}
