//! Deletions that are forgotten, and devices that come back after. The law behind all of it: a deleted record does not come
//! back, and an unsent edit does not vanish, however long a replica was away and whatever was forgotten meanwhile.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

mod clocks;
mod handing_on;
mod imports;
mod late;
mod net;
mod schedules;
