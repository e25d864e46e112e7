//! The models as they are meant keep every law, in every state that can be reached.
#![allow(missing_docs)]

use eyot_model::check::check;
use eyot_model::setup::SMALL;

const README: &str = include_str!("../README.md");

#[test]
fn the_laws_hold_in_every_state_of_the_small_models() {
    let mut rows = Vec::new();
    for setup in SMALL {
        let outcome = check(setup);
        if let Some(counterexample) = &outcome.broken {
            panic!("{}:\n{counterexample}", setup.name);
        }
        assert!(outcome.exhausted, "{} was not walked through to its end", setup.name);
        let row = format!("| {} | {} | {} |", setup.name, outcome.states, outcome.depth);
        rows.push(row);
    }
    println!("{}", rows.join("\n"));
    assert!(rows.iter().all(|row| README.contains(row)), "the table in README.md is not of these models");
}
