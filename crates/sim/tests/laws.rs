//! The laws hold in many worlds, and in those that once broke them. `cargo xtask sim` runs more, and faster.

use std::path::Path;

use eyot_sim::{Exploration, Parameters, Schedule, Violation, explore, run};

/// Few enough for a build that is not optimized.
const SCHEDULES: u64 = 60;

#[test]
fn the_laws_hold_at_every_step_and_all_replicas_come_to_hold_the_maximal_writes() {
    let exploration =
        Exploration { seed: 1, schedules: SCHEDULES, parameters: Parameters::default(), jobs: 1 };
    let findings = explore(&exploration, |_| ());
    assert_eq!((findings.violation, findings.passed), (None, SCHEDULES));
}

#[test]
fn what_once_broke_a_law_breaks_none_now() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    let mut broken: Vec<(String, Violation)> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "schedule") {
            continue;
        }
        let schedule: Schedule = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        if let Err(violation) = run(&schedule) {
            broken.push((path.file_stem().unwrap().to_string_lossy().into_owned(), violation));
        }
    }
    assert_eq!(broken, []);
}

#[test]
fn a_seed_decides_everything() {
    let exploration = Exploration { seed: 77, schedules: 8, parameters: Parameters::default(), jobs: 1 };
    assert_eq!(explore(&exploration, |_| ()).tally, explore(&exploration, |_| ()).tally);
}
