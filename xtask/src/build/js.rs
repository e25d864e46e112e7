//! The npm package, in `js/dist`.
//!
//! Must not know how it is compiled: that is the `build` script of `js/package.json`.

use anyhow::Result;

use crate::build::wasm;
use crate::command::{npm, shown};
use crate::project::Project;
use crate::stamp::Build;

/// Where the product is, relative to the repository's root.
pub(crate) const DIST: &str = "js/dist";

/// Builds `js/dist`, and `pkg/` before it.
pub(crate) fn ensure(project: &Project) -> Result<()> {
    wasm::ensure(project)?;
    let inputs = [&["js"], &wasm::FILES[..]].concat();
    let build = Build { name: "js", inputs: &inputs, outputs: &[DIST], settings: "" };
    build.ensure(project, || shown(npm(&project.root.join("js")).args(["run", "build"])))
}
