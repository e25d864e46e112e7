//! The relay of Eyot: an always-on replica that stores and forwards, and writes nothing itself.
//!
//! A library so that tests, and other programs, can run a relay within themselves; the program `eyot-relay` is a few
//! lines around it. Merges by causal metadata alone: contents are opaque here.
#![forbid(unsafe_code)]

mod admission;
pub mod auth;
mod compression;
pub mod config;
mod connection;
mod conversation;
mod forgetting;
mod health;
pub mod hub;
mod life;
pub mod limits;
pub mod logging;
pub mod origin;
pub mod pattern;
mod reader;
pub mod refusal;
mod searching;
mod server;
mod socket;
pub mod store;
mod upgrade;
mod work;

pub use config::{AccessMode, BackupFlags, Config, ConfigError, RestoreFlags, ServeFlags};
pub use limits::Limits;
pub use server::{Relay, RelayError};
