//! Checks the models and prints how large they were, and what was found: `eyot-model [small|large|guards|identity|NAME] [GUARD]`.

use eyot_model::check::check;
use eyot_model::guard::Guard;
use eyot_model::identity::{self, SMALL as SMALL_IDENTITY};
use eyot_model::setup::{LARGE, SMALL, Setup};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let which = arguments.first().map_or("small", String::as_str);
    let off = arguments.get(1).and_then(|name| Guard::ALL.into_iter().find(|guard| guard.name() == *name));
    if which == "guards" {
        Guard::ALL.into_iter().for_each(|guard| show(&Setup::without(guard)));
        return;
    }
    if which == "identity" {
        std::iter::once(&SMALL_IDENTITY)
            .chain(identity::LARGE)
            .chain(identity::LIMITS)
            .for_each(show_identity);
        identity::world::Guard::ALL
            .into_iter()
            .for_each(|guard| show_identity(&identity::setup::Setup::without(guard)));
        return;
    }
    let wanted = |setup: &&Setup| match which {
        "small" => SMALL.iter().any(|small| small.name == setup.name),
        "large" => LARGE.iter().any(|large| large.name == setup.name),
        name => setup.name == name,
    };
    SMALL.iter().chain(LARGE).filter(wanted).for_each(|setup| show(&Setup { off, ..setup.clone() }));
}

fn show(setup: &Setup) {
    let outcome = check(setup);
    let without = setup.off.map(|guard| format!(" without {}", guard.name())).unwrap_or_default();
    let all = if outcome.exhausted { "all " } else { "" };
    let (states, depth, seconds) = (outcome.states, outcome.depth, outcome.took.as_secs_f64());
    println!("{}{without}: {all}{states} states, depth {depth}, {seconds:.1} s", setup.name);
    if let Some(counterexample) = outcome.broken {
        println!("{counterexample}");
    }
}

fn show_identity(setup: &identity::setup::Setup) {
    let outcome = setup.check();
    let without = setup.off.map(|guard| format!(" without {guard:?}")).unwrap_or_default();
    let (states, depth, seconds) = (outcome.states, outcome.depth, outcome.took.as_secs_f64());
    match outcome.broken {
        None => println!("{}{without}: all {states} states, depth {depth}, {seconds:.1} s", setup.name),
        Some((law, steps)) => println!("{}{without}:\n{}broken: {law}\n", setup.name, setup.told(&steps)),
    }
}
