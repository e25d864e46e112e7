//! A relay that is given anything at all: tokens, and messages over a real socket.
//!
//! All is made up from a seed that a failure prints. `EYOT_FUZZ_SEED` begins with another one, and `EYOT_FUZZ_SECONDS`
//! goes on for as long as it says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

#[allow(dead_code, reason = "shared with the tests of the relay, which use the rest")]
#[path = "../relay/client.rs"]
mod client;
mod frames;
#[allow(dead_code, reason = "shared with the tests of the relay, which use the rest")]
#[path = "../relay/program.rs"]
mod program;
mod tokens;
#[allow(dead_code, reason = "shared with the tests of the relay, which use the rest")]
#[path = "../relay/wire.rs"]
mod wire;

use std::time::{Duration, Instant};

use fastrand::Rng;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// The seeds of a test: as many as it usually takes, or as many as there is time for.
fn seeds(usual: u64) -> impl Iterator<Item = u64> {
    let base = number("EYOT_FUZZ_SEED").unwrap_or(1);
    let limit = number("EYOT_FUZZ_SECONDS").map(Duration::from_secs);
    let started = Instant::now();
    (0..).take_while(move |run| limit.map_or(*run < usual, |limit| started.elapsed() < limit)).map(
        move |run: u64| {
            // Shown when the test fails.
            println!("EYOT_FUZZ_SEED={}", base.wrapping_add(run));
            base.wrapping_add(run)
        },
    )
}

/// Asks something of one seed after another.
fn repeat(usual: u64, check: impl Fn(&mut Rng)) {
    seeds(usual).for_each(|seed| check(&mut Rng::with_seed(seed)));
}

fn pick<T: Clone>(random: &mut Rng, choices: &[T]) -> T {
    choices[random.usize(..choices.len())].clone()
}
