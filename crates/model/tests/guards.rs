//! Without any one of its guards the design breaks a law, and the checker finds how.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use eyot_model::check::{check, replay};
use eyot_model::guard::Guard;
use eyot_model::setup::Setup;
use eyot_model::step::{Direction, Step, Wish};

const README: &str = include_str!("../README.md");
const A: usize = 0;
const B: usize = 1;
const C: usize = 2;

const fn write(by: usize) -> Step {
    Step::Write(Wish { by, key: 0, deletion: false, blind: false })
}

const fn pull(to: usize, from: usize) -> Step {
    Step::Pull(Direction { to, from })
}

const fn ask(to: usize, from: usize) -> Step {
    Step::Ask(Direction { to, from })
}

#[test]
fn every_guard_is_needed() {
    let mut rows = Vec::new();
    for guard in Guard::ALL {
        let setup = Setup::without(guard);
        let outcome = check(&setup);
        let Some(counterexample) = outcome.broken else {
            panic!("{guard:?} is not missed in {}", setup.name);
        };
        println!("Without {guard:?}, {}:\n{counterexample}", setup.name);
        let row = format!(
            "| `{guard:?}` | {} | {} | {} |",
            setup.name,
            counterexample.law,
            counterexample.path.len()
        );
        rows.push(row);
    }
    println!("{}", rows.join("\n"));
    assert!(rows.iter().all(|row| README.contains(row)), "the table in README.md is not of these guards");
}

// Breaks what must not break without the guard; with it, the same steps do no harm.
fn breaks_only_without(guard: Guard, steps: &[Step], law: &str) {
    let without = Setup::without(guard);
    let counterexample = replay(&without, steps).unwrap();
    println!("{counterexample}");
    assert!(counterexample.law.starts_with(law), "{}", counterexample.law);
    let with = Setup { off: None, ..without };
    assert!(replay(&with, steps).is_none());
}

#[test]
fn what_comes_in_while_a_search_is_answered_does_not_stay_for_ever() {
    let steps = [write(C), ask(C, A), pull(C, B), Step::Answer];
    breaks_only_without(Guard::ComparedSinceAsked, &steps, "laws 2 and 6");
}

#[test]
fn a_write_upon_what_came_in_meanwhile_survives_a_search_in_parts() {
    let steps = [pull(B, C), write(B), pull(A, B), Step::Answer];
    breaks_only_without(Guard::TellAllAfterSearch, &steps, "laws 2 and 6");
}

#[test]
fn a_dot_is_not_used_again_after_a_loss_of_power() {
    let steps = [write(B), pull(C, B), Step::Crash(B), write(B)];
    breaks_only_without(Guard::Barrier, &steps, "law 3");
}
