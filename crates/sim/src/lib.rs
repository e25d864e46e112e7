//! The simulator of Eyot: the real core under a fake network, disk and time, against a model that is obviously right.
//!
//! Deterministic: a list of actions and one seed decide everything. Nothing here knows how the core does what it does.
#![forbid(unsafe_code)]

mod action;
mod application;
mod check;
mod device;
mod disk;
mod heal;
mod host;
mod model;
mod network;
mod relay;
mod schedule;
mod world;

use std::fmt;

pub use action::{Action, ContextChoice};
pub use device::{Device, Fault, Tab, TabId};
pub use disk::Disk;
pub use model::{Model, Write, WriteId, Writes};
pub use relay::RelayHost;
pub use world::{Setting, World};

/// What is not as it must be, in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation(pub String);

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Violation {}
