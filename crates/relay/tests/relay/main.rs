//! The relay as its clients meet it: the real program, real sockets, the core's session on the other side.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

#[allow(dead_code, reason = "shared with the tests of crashes, which use the rest")]
mod backup;
mod client;
mod compression;
mod convergence;
mod durability;
mod forgetting;
mod full_disk;
#[allow(dead_code, reason = "shared with the tests of crashes, which use the rest")]
mod program;
mod refusals;
mod serving;
mod tokens;
#[allow(dead_code, reason = "shared with the tests of crashes, which use the rest")]
mod wire;
