//! The simulator of Eyot: the real core under a fake network, disk and time, against a model that is obviously right.
//!
//! Deterministic: a schedule and its seed decide everything. Nothing here knows how the core does what it does.
//!
//! What is looked at, and when: every time a tab or a relay has changed, that its clock and its records account for the
//! same writes, that those are causally closed and have their batches whole (law 7), that every record shows just the
//! siblings that the model knows among them (laws 2 and 6), that a dot has one content, with the past that its writer had
//! seen (law 3), that no time is beyond the bound (law 9), that nothing acknowledged is gone and no cursor is ahead of the
//! data (law 5). When all faults are over, that everybody comes to hold the same, and falls silent (laws 2, 4 and 8). A
//! panic is a violation of law 10. Laws 1 and 10 have tests of their own in the core.
//!
//! Deletions are forgotten by relays when the schedule says so, and by tabs a minute after they were opened. One that is
//! forgotten may be missing where it would stand beside a write that had not seen it, and may stand beside a later write
//! whose writer had forgotten it; nothing else may differ.
//!
//! Where disks are copied and set back, a name may stand for two writes for a while. There a write is known by what it
//! wrote, and judged are laws 2, 3, 5, 6, 7, 8 and 9 as far as that can be said without names (`contents`).
//!
//! Links lose, repeat and reorder messages only where the schedule says so, as a transport of datagrams would; a session may
//! end by that, and must not be misled. When the storm is over those connections end, because what a session has said once it
//! never says again. Devices that were joined without a relay stay joined, and must fall silent too.
#![forbid(unsafe_code)]

mod action;
mod agenda;
mod application;
mod check;
mod committing;
mod contents;
mod copies;
mod device;
mod disk;
mod explore;
mod families;
mod faults;
mod generate;
mod heal;
mod history;
mod host;
mod joining;
mod ledger;
mod model;
#[cfg(feature = "mutants")]
pub mod mutants;
mod network;
mod notation;
mod reading;
mod relay;
mod run;
mod schedule;
mod serving;
mod shrink;
mod storing;
mod transport;
mod violation;
mod world;
mod writes;

pub use action::{Action, Change, ClockChange, ContextChoice, Cutting};
pub use copies::Imaging;
pub use device::{Device, Fault, Tab, TabId};
pub use disk::Disk;
pub use explore::{Exploration, Findings, explore};
pub use generate::{Parameters, generate};
pub use ledger::Ledger;
pub use model::{Model, Write};
pub use network::{Place, Weather};
pub use notation::NotationError;
pub use relay::RelayHost;
pub use run::{Tally, run};
pub use schedule::{Schedule, Setting, Step, Topology};
pub use shrink::shrink;
pub use violation::Violation;
pub use world::World;
pub use writes::{WriteId, Writes};
