//! The relay under load: a program of its own with its data on a real disk, and many clients on the same machine, so that
//! half of the processor's time is theirs. It measures, and judges nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark fails loudly, and says what it did"
)]

mod durable;
mod fan_out;
mod figures;
mod idle;
mod people;

#[allow(dead_code, reason = "shared with the tests of the relay, which use the rest")]
#[path = "../../tests/relay/client.rs"]
mod client;
#[allow(dead_code, reason = "shared with the tests of the relay, which use the rest")]
#[path = "../../tests/relay/program.rs"]
mod program;
#[allow(dead_code, reason = "shared with the tests of the relay, which use the rest")]
#[path = "../../tests/relay/wire.rs"]
mod wire;

use std::time::Duration;

use clap::Parser;

/// How much load.
#[derive(Parser)]
struct Options {
    /// How many connections that say nothing, in a hundred databases.
    #[arg(long, default_value_t = 10_000)]
    connections: usize,

    /// How many clients write at the same time, each into a database of its own, and wait for each acknowledgement.
    #[arg(long, default_value_t = 100)]
    writers: usize,

    /// How many clients read what one of them writes.
    #[arg(long, default_value_t = 100)]
    readers: usize,

    /// For how many seconds there is writing, each time.
    #[arg(long, default_value_t = 10)]
    seconds: u64,

    /// Cargo tells every benchmark that it is one.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let time = Duration::from_secs(options.seconds);
        for records in [1, 10, 100] {
            durable::measure(options.writers, records, time).await;
        }
        fan_out::measure(options.readers, time).await;
        idle::measure(options.connections).await;
    });
}
