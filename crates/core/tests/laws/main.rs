//! The laws, as far as the core can be asked about them without a world around it; the simulator asks for the rest.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

mod bytes;
mod engine;
mod history;
mod memory;
mod record;
mod session;
mod stages;
