//! Measures, and never judges: `cargo xtask bench`. What must hold is in the tests; budgets on time are not tested, for
//! they would fail when the machine is busy.
//!
//! Must not know what is measured.

mod core;
mod counts;
mod named;
pub(crate) mod peers;
mod relay;

use anyhow::{Result, bail};

use crate::project::Project;

/// Runs one of the benchmarks; without a name, Eyot beside its peers.
pub(crate) fn run(project: &Project, arguments: &[&str]) -> Result<()> {
    match arguments {
        ["core"] => core::run(project),
        ["core", "--accept"] => core::accept(project),
        ["queries", options @ ..] => peers::queries(project, options),
        ["relay", options @ ..] => relay::run(project, options),
        [name, ..] if !name.starts_with('-') => bail!("no benchmark is named {name}"),
        options => peers::run(project, options),
    }
}
