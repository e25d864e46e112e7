//! How large Eyot is in an application, part by part, and the budget that it must not exceed: `cargo xtask size`.
//!
//! Must not know what the parts are: `benches/peers/size.mjs` weighs them.

use std::process::Command;

use anyhow::Result;

use crate::bench::peers;
use crate::build::js;
use crate::command::shown;
use crate::project::Project;
use crate::setup::packages;

/// What JavaScript and WebAssembly may have together, in bytes, bundled, minified and compressed with brotli. Whoever
/// makes Eyot smaller lowers it to a little above what is measured then; what it was raised for stands in docs/size.md.
const BUDGET_BYTES: u32 = 287 * 1024;

/// Prints the sizes, and fails if they are over the budget.
pub(crate) fn run(project: &Project) -> Result<()> {
    js::ensure(project)?;
    packages::ensure(project, peers::FOLDER)?;
    let mut command = Command::new("node");
    command.arg("size.mjs").arg("--budget").arg(BUDGET_BYTES.to_string());
    shown(command.current_dir(project.root.join(peers::FOLDER)))
}
