//! A copied profile, a restored backup, a relay that was set back: the same names in two places, and what becomes of the
//! writes under them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]
#![allow(clippy::disallowed_methods, reason = "the environment may ask for more cases")]

mod claims;
mod host;
mod laws;
mod overtaken;
