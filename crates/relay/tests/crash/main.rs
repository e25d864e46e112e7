//! The relay where everything around it goes wrong: it is killed again and again, and its disk is full. An outside ledger
//! says what it had acknowledged.
//!
//! These tests have a harness of their own, because only a run can find out whether a small disk can be mounted here:
//! where it cannot, the tests that need one are listed as ignored and not as passed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests fail loudly, and say what they did"
)]

mod audit;
mod full_disk;
mod killer;
mod kills;
mod ledger;
mod small_disk;
mod writer;

#[allow(dead_code, reason = "shared with the tests of the relay, which use the rest")]
#[path = "../relay/client.rs"]
mod client;
#[allow(dead_code, reason = "shared with the tests of the relay, which use the rest")]
#[path = "../relay/program.rs"]
mod program;
#[allow(dead_code, reason = "shared with the tests of the relay, which use the rest")]
#[path = "../relay/wire.rs"]
mod wire;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = vec![Trial::test("a_relay_that_is_killed_again_and_again_loses_nothing", || {
        run(kills::a_relay_that_is_killed_again_and_again_loses_nothing())
    })];
    trials.extend(full_disk_trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn full_disk_trials() -> impl Iterator<Item = Trial> {
    let obstacle = small_disk::obstacle();
    if let Some(obstacle) = &obstacle {
        eprintln!("The tests of a full disk are not run: {obstacle}.");
    }
    full_disk::CLAIMS.into_iter().map(move |(name, claim)| {
        Trial::test(name, move || run(claim())).with_ignored_flag(obstacle.is_some())
    })
}

fn run(claim: impl Future<Output = ()>) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(claim);
    Ok(())
}
