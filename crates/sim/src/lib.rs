//! The simulator of Eyot: the real core under a fake network, disk and time, against a model that is obviously right.
//!
//! Deterministic: a schedule and its seed decide everything. Nothing here knows how the core does what it does.
#![forbid(unsafe_code)]

mod action;
mod agenda;
mod application;
mod check;
mod device;
mod disk;
mod explore;
mod faults;
mod generate;
mod heal;
mod host;
mod ledger;
mod model;
mod network;
mod notation;
mod relay;
mod run;
mod schedule;
mod serving;
mod shrink;
mod transport;
mod violation;
mod world;
mod writes;

pub use action::{Action, Change, ClockChange, ContextChoice, Cutting};
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
