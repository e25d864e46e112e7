//! Shrinks a schedule that breaks a law to one that a person can read: fewer steps, smaller steps, a smaller world.
//!
//! By delta debugging (Zeller, Hildebrandt, 2002) over the list of steps. A property-testing library would draw the steps
//! from its own source of randomness, and so need one case in memory with its whole tree of choices; here any schedule can
//! be shrunk, also one that was read from a file. Knows nothing of why a schedule fails.

use crate::action::{Action, ContextChoice};
use crate::run::run;
use crate::schedule::{Schedule, Setting, Step, Topology};
use crate::violation::Violation;

/// A smaller schedule that breaks the same law, with its violation. `tries` bounds how many are run.
pub fn shrink(schedule: &Schedule, violation: &Violation, tries: usize) -> (Schedule, Violation) {
    let mut shrinker = Shrinker { best: schedule.clone(), violation: violation.clone(), tries };
    loop {
        let before = shrinker.best.clone();
        shrinker.drop_steps();
        shrinker.join_runs();
        shrinker.simplify_steps();
        shrinker.simplify_world();
        if shrinker.best == before || shrinker.tries == 0 {
            let Schedule { setting, steps } = shrinker.best;
            let named = |step: Step| Step { action: step.action.within(&setting), ..step };
            let steps = steps.into_iter().map(named).collect();
            return (Schedule { setting, steps }, shrinker.violation);
        }
    }
}

struct Shrinker {
    best: Schedule,
    violation: Violation,
    tries: usize,
}

impl Shrinker {
    // True when the candidate breaks the same law; then it is the best.
    fn try_out(&mut self, candidate: Schedule) -> bool {
        if self.tries == 0 || candidate == self.best {
            return false;
        }
        self.tries -= 1;
        match run(&candidate) {
            Err(violation) if violation.law == self.violation.law => {
                (self.best, self.violation) = (candidate, violation);
                true
            }
            _ => false,
        }
    }

    fn try_steps(&mut self, steps: Vec<Step>) -> bool {
        let setting = self.best.setting;
        self.try_out(Schedule { setting, steps })
    }

    fn drop_steps(&mut self) {
        let mut size = self.best.steps.len().div_ceil(2);
        while size > 0 {
            let mut start = 0;
            while start < self.best.steps.len() {
                let rest = self.best.steps.iter().enumerate();
                let rest = rest.filter(|(place, _)| !(start..start + size).contains(place));
                let rest = rest.map(|(_, step)| step.clone()).collect();
                if !self.try_steps(rest) {
                    start += size;
                }
            }
            size /= 2;
        }
    }

    // Time that passes in several steps passes in one.
    fn join_runs(&mut self) {
        let mut place = 0;
        while let (Some(one), Some(two)) = (self.best.steps.get(place), self.best.steps.get(place + 1)) {
            let joined = match (&one.action, &two.action) {
                (Action::Run { duration_ms: first }, Action::Run { duration_ms: second }) => {
                    Some(Action::Run { duration_ms: first + second })
                }
                _ => None,
            };
            let joins = joined.is_some_and(|action| {
                let mut steps = self.best.steps.clone();
                steps.remove(place + 1);
                steps.iter_mut().skip(place).take(1).for_each(|step| step.action = action.clone());
                self.try_steps(steps)
            });
            place += usize::from(!joins);
        }
    }

    fn simplify_steps(&mut self) {
        for place in 0..self.best.steps.len() {
            while let Some(step) = self.best.steps.get(place).cloned() {
                let simpler = simpler(&step.action).into_iter();
                let found = simpler.map(|action| Step { number: step.number, action }).any(|step| {
                    let mut steps = self.best.steps.clone();
                    if let Some(at) = steps.get_mut(place) {
                        *at = step;
                    }
                    self.try_steps(steps)
                });
                if !found {
                    break;
                }
            }
        }
    }

    fn simplify_world(&mut self) {
        while self.best.setting.devices > 1 && self.try_world(|setting| setting.devices -= 1) {}
        while self.best.setting.relays > 1 && self.try_world(|setting| setting.relays -= 1) {}
        while self.best.setting.records > 1 && self.try_world(|setting| setting.records -= 1) {}
        self.try_world(|setting| setting.topology = Topology::Chain);
        self.try_world(|setting| setting.skew_ms = 0);
        self.try_world(|setting| setting.relay_chunk_bytes = 56 * 1024);
        self.try_world(|setting| setting.relay_credits = 16);
    }

    fn try_world(&mut self, change: impl Fn(&mut Setting)) -> bool {
        let mut candidate = self.best.clone();
        change(&mut candidate.setting);
        self.try_out(candidate)
    }
}

// Actions that do less; the boldest first. None is as complex as the one before, so that this ends.
fn simpler(action: &Action) -> Vec<Action> {
    match action {
        Action::Run { duration_ms } => {
            fewer(*duration_ms).map(|duration_ms| Action::Run { duration_ms }).collect()
        }
        Action::Freeze { device, tab, duration_ms } => fewer(*duration_ms)
            .map(|duration_ms| Action::Freeze { device: *device, tab: *tab, duration_ms })
            .collect(),
        Action::Write { device, tab, changes, bytes } => {
            let (device, tab) = (*device, *tab);
            let write = |changes, bytes| Action::Write { device, tab, changes, bytes };
            let mut simpler = Vec::new();
            for place in 0..changes.len() {
                if changes.len() > 1 {
                    let mut fewer = changes.clone();
                    fewer.remove(place);
                    simpler.push(write(fewer, *bytes));
                }
            }
            if *bytes > 0 {
                simpler.push(write(changes.clone(), 0));
            }
            for (place, change) in changes.iter().enumerate() {
                let plain = |context, deletes| {
                    let mut changes = changes.clone();
                    changes.iter_mut().skip(place).take(1).for_each(|change| {
                        (change.context, change.deletes) = (context, deletes);
                    });
                    write(changes, *bytes)
                };
                if change.deletes {
                    simpler.push(plain(change.context, false));
                }
                if change.context != ContextChoice::Latest {
                    simpler.push(plain(ContextChoice::Latest, change.deletes));
                }
            }
            if tab > 0 {
                simpler.push(Action::Write { device, tab: 0, changes: changes.clone(), bytes: *bytes });
            }
            simpler
        }
        _ => Vec::new(),
    }
}

fn fewer(number: u64) -> impl Iterator<Item = u64> {
    [0, number / 10, number / 2, number.saturating_sub(1)].into_iter().filter(move |fewer| *fewer < number)
}
