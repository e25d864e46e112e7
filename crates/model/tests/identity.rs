//! The model of identity keeps its laws, needs each of its guards, and has just the limits that are told.
#![allow(missing_docs, clippy::panic)]

use eyot_model::identity::world::Guard;
use eyot_model::identity::{LIMITS, SMALL, setup::Setup};

const README: &str = include_str!("../README.md");

#[test]
fn copies_over_one_relay_lose_nothing_in_any_state() {
    let outcome = SMALL.check();
    if let Some((law, steps)) = &outcome.broken {
        panic!("{}broken: {law}", SMALL.told(steps));
    }
    let row = format!("| {} | {} | {} |", SMALL.name, outcome.states, outcome.depth);
    assert!(README.contains(&row), "{row}");
}

// The checker may find another way of the same length each time, so only the ends are compared.
fn broken(setup: &Setup) -> (&'static str, usize) {
    let Some((law, steps)) = setup.check().broken else {
        panic!("{} {:?} keeps its laws", setup.name, setup.off)
    };
    println!("{} {:?}:\n{}broken: {law}\n", setup.name, setup.off, setup.told(&steps));
    (law, steps.len())
}

fn told(rows: &[String]) {
    println!("{}", rows.join("\n"));
    assert!(rows.iter().all(|row| README.contains(row)), "the tables in README.md are others");
}

#[test]
fn every_guard_of_identity_is_needed() {
    let row = |guard| {
        let setup = Setup::without(guard);
        let (law, steps) = broken(&setup);
        format!("| `{guard:?}` | {} | {law} | {steps} |", setup.name)
    };
    told(&Guard::ALL.map(row));
}

#[test]
fn what_is_told_as_a_limit_is_one() {
    let row = |setup: &Setup| {
        let (law, steps) = broken(setup);
        format!("| {} | {law} | {steps} |", setup.name)
    };
    told(&LIMITS.iter().map(row).collect::<Vec<_>>());
}
