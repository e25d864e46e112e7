//! The browser shell of Eyot: performs the effects that the engine decides, and decides nothing.
//!
//! The only Rust that touches IndexedDB, sockets, locks and timers. It never compares vectors. What crosses to JavaScript
//! takes `&self` only: a `&mut` there panics when a callback re-enters.

mod clock;
mod compacting;
mod compression;
mod doc;
mod driver;
mod election;
mod errors;
mod exporting;
mod joined;
mod loading;
mod locks;
mod page;
mod perform;
mod renewal;
mod shell;
mod socket;
mod status;
mod storage;
mod syncing;
mod tabs;
mod writes;

pub use shell::Shell;
