//! The laws hold in many worlds, and in those that once broke them. `cargo xtask sim` runs more, and faster.
#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::path::Path;

use eyot_sim::{Exploration, Parameters, Schedule, Violation, explore, run};

/// Few enough for a build that is not optimized.
const SCHEDULES: u64 = 60;

#[test]
fn the_laws_hold_at_every_step_and_all_replicas_come_to_hold_the_maximal_writes() {
    let exploration =
        Exploration { seed: 1, stride: 1, schedules: SCHEDULES, parameters: Parameters::default(), jobs: 1 };
    let findings = explore(&exploration, |_| ());
    assert_eq!((findings.violation, findings.passed), (None, SCHEDULES));
}

/// The regressions that break a law, with what they break.
fn broken() -> Vec<(String, Violation)> {
    let outcomes = regressions().into_iter().map(|(name, schedule)| (name, run(&schedule)));
    outcomes.filter_map(|(name, outcome)| Some((name, outcome.err()?))).collect()
}

fn regressions() -> Vec<(String, Schedule)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|extension| extension == "schedule"));
    let named = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    paths.map(|path| (named(&path), std::fs::read_to_string(&path).unwrap().parse().unwrap())).collect()
}

#[test]
fn what_once_broke_a_law_breaks_none_now() {
    assert_eq!(broken(), []);
}

#[test]
fn a_seed_decides_everything() {
    let exploration =
        Exploration { seed: 77, stride: 1, schedules: 8, parameters: Parameters::default(), jobs: 1 };
    assert_eq!(explore(&exploration, |_| ()).tally, explore(&exploration, |_| ()).tally);
}
