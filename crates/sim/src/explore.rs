//! Explores: runs the schedules of many seeds, on several threads if it is asked to, until one breaks a law.
//!
//! Knows nothing of how progress is shown.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crate::generate::{Parameters, generate};
use crate::run::{Tally, run};
use crate::violation::Violation;

/// What is to be explored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exploration {
    /// The seed of the first schedule.
    pub seed: u64,
    /// By how much the seed of each other is greater than that of the one before. A sixteenth of the seeds are of one family:
    /// with 16 all are of that of the first.
    pub stride: u64,
    /// How many schedules are run.
    pub schedules: u64,
    /// What the schedules are like.
    pub parameters: Parameters,
    /// On how many threads.
    pub jobs: usize,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Findings {
    /// How many schedules were run to their end without a violation.
    pub passed: u64,
    /// How much happened in them.
    pub tally: Tally,
    /// How long the threads have run, all together; none where the system does not tell.
    pub processor_ns: Option<u64>,
    /// The lowest seed that was found to break a law, and how.
    pub violation: Option<(u64, Violation)>,
}

/// Runs the schedules. `progress` is told now and then how many more are done, from any thread.
pub fn explore(exploration: &Exploration, progress: impl Fn(u64) + Sync) -> Findings {
    let (next, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let findings = Mutex::new(Findings::default());
    let work = || {
        let (mut own, began_ns) = (Findings::default(), processor_ns());
        while !is_over.load(Ordering::Relaxed) {
            let place = next.fetch_add(1, Ordering::Relaxed);
            if place >= exploration.schedules {
                break;
            }
            let seed = exploration.seed.wrapping_add(place.wrapping_mul(exploration.stride));
            match run(&generate(seed, &exploration.parameters)) {
                Ok(tally) => {
                    own.passed += 1;
                    own.tally.events += tally.events;
                    own.tally.writes += tally.writes;
                    progress(1);
                }
                Err(violation) => {
                    own.violation = Some((seed, violation));
                    is_over.store(true, Ordering::Relaxed);
                }
            }
        }
        own.processor_ns = began_ns.zip(processor_ns()).map(|(began, ended)| ended.saturating_sub(began));
        if let Ok(mut findings) = findings.lock() {
            findings.join(own);
        }
    };
    thread::scope(|scope| {
        (0..exploration.jobs.max(1)).for_each(|_| drop(scope.spawn(work)));
    });
    findings.into_inner().unwrap_or_default()
}

impl Findings {
    fn join(&mut self, other: Self) {
        self.passed += other.passed;
        self.tally.events += other.tally.events;
        self.tally.writes += other.tally.writes;
        self.processor_ns =
            [self.processor_ns, other.processor_ns].into_iter().flatten().reduce(|a, b| a + b);
        let both = self.violation.take().into_iter().chain(other.violation);
        self.violation = both.min_by_key(|(seed, _)| *seed);
    }
}

// How long this thread has run, so that what else the machine does makes no difference. Only Linux tells.
fn processor_ns() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split(' ').next()?.parse().ok()
}
