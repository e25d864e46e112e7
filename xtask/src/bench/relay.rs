//! The relay, as it is delivered, under the load of clients in Rust.
//!
//! Must not know what is measured: `crates/relay/benches/load` does, and reads the options.

use std::process::Command;

use anyhow::Result;

use crate::command::{cargo, shown};
use crate::project::Project;

/// Measures with these options.
pub(crate) fn run(project: &Project, options: &[&str]) -> Result<()> {
    println!("bench: building the relay and its load (takes some minutes the first time)");
    let mut command = Command::new(cargo());
    command.args(["bench", "--quiet", "--package", "eyot-relay", "--bench", "load", "--"]).args(options);
    shown(command.current_dir(&project.root))
}
