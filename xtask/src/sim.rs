//! Runs the simulator in release mode: `cargo xtask sim`.
//!
//! Must not know what it simulates: what stands behind the command is handed on as it is.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::command::cargo;
use crate::project::Project;

/// Builds the simulator and runs it with these arguments. Its exit code is the command's.
pub(crate) fn run(project: &Project, arguments: &[&str]) -> Result<ExitCode> {
    // Only where it is asked for can guards be taken away at all.
    let features: &[&str] = if arguments.contains(&"--mutants") { &["--features", "mutants"] } else { &[] };
    let status = Command::new(cargo())
        .args(["run", "--quiet", "--release", "--package", "eyot-sim", "--bin", "eyot-sim"])
        .args(features)
        .arg("--")
        .args(arguments)
        .current_dir(&project.root)
        .status()
        .context("cannot start cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
