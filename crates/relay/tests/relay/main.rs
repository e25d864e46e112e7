//! The relay as its clients meet it: the real program, real sockets, the core's session on the other side.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod client;
mod convergence;
mod durability;
mod forgetting;
mod full_disk;
mod program;
mod refusals;
mod serving;
mod tokens;
