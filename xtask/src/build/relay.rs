//! The relay's program. Cargo itself knows when it need not be built.
//!
//! Must not know how the relay is started.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::command::{cargo, shown};
use crate::project::Project;
use crate::setup::program_in;

/// How the relay is compiled.
#[derive(Clone, Copy)]
pub(crate) enum Profile {
    /// Soon built, with the checks that tests profit from.
    Debug,
    /// As it is delivered.
    Release,
}

/// Builds the relay and returns its program.
pub(crate) fn ensure(project: &Project, profile: Profile) -> Result<PathBuf> {
    println!("relay: building where needed (takes some minutes the first time)");
    let mut command = Command::new(cargo());
    command.current_dir(&project.root).args(["build", "--quiet", "--package", "eyot-relay", "--bins"]);
    if let Profile::Release = profile {
        command.arg("--release");
    }
    shown(&mut command)?;
    Ok(program(project, profile))
}

/// Where the program is once it is built.
pub(crate) fn program(project: &Project, profile: Profile) -> PathBuf {
    let folder = match profile {
        Profile::Debug => "debug",
        Profile::Release => "release",
    };
    program_in(&project.target.join(folder), "eyot-relay")
}
