//! Each guard, taken away, is missed: the schedule of its seed breaks a law. The table in `docs/proof.md` is of these seeds;
//! `cargo xtask sim --mutants` looks for them anew, for instance after schedules of seeds have become others.
#![cfg(feature = "mutants")]

use eyot_core::guard::Guard;
use eyot_sim::mutants::{Mutant, search};
use eyot_sim::{Exploration, Parameters};

const SEEDS: [(Guard, u64); 28] = [
    (Guard::ContextCheck, 1),
    (Guard::ContextCut, 252),
    (Guard::InOrder, 16),
    (Guard::Accounted, 13),
    (Guard::StagedWithoutGaps, 125),
    (Guard::AtomicDelta, 1),
    (Guard::DurableFirst, 2),
    (Guard::CursorWithData, 1),
    (Guard::ProvisionalDots, 1),
    (Guard::Barrier, 3),
    (Guard::EchoSuppression, 16),
    (Guard::ToldBefore, 2),
    (Guard::ClockBound, 6),
    (Guard::LogArbitrates, 2),
    (Guard::CheckpointArbitrates, 1),
    (Guard::NothingAfter, 343),
    (Guard::Floor, 29),
    (Guard::InheritedFloor, 61),
    (Guard::CoveredStaysGone, 174),
    (Guard::AbsentIsDropped, 29),
    (Guard::FingerprintKey, 29),
    (Guard::Epoch, 56),
    (Guard::Chain, 5),
    (Guard::Places, 21),
    (Guard::Judgement, 149),
    (Guard::OthersBrought, 22_933),
    (Guard::FallBack, 5),
    (Guard::Quarantine, 93),
];

#[test]
fn the_simulator_misses_every_guard() {
    assert_eq!(SEEDS.map(|(guard, _)| guard), Guard::ALL, "every guard has a seed");
    let parameters = Parameters::default();
    let unseen: Vec<Guard> = SEEDS
        .into_iter()
        .filter(|(guard, seed)| {
            let Mutant { found, .. } =
                search(*guard, &Exploration { seed: *seed, stride: 1, schedules: 1, parameters, jobs: 1 });
            found.is_none()
        })
        .map(|(guard, _)| guard)
        .collect();
    assert_eq!(unseen, []);
}
