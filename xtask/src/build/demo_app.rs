//! The demo's web app, in `demo/dist`.
//!
//! Must not know how it is compiled: that is the `build` script of `demo/package.json`.

use anyhow::Result;

use crate::build::js;
use crate::command::{npm, shown};
use crate::project::Project;
use crate::setup::packages;
use crate::stamp::Build;

/// Where the product is, relative to the repository's root.
pub(crate) const DIST: &str = "demo/dist";

/// Builds `demo/dist`, and the npm package before it.
pub(crate) fn ensure(project: &Project) -> Result<()> {
    js::ensure(project)?;
    packages::ensure(project, "demo")?;
    let build = Build { name: "demo", inputs: &["demo", js::DIST], outputs: &[DIST], settings: "" };
    build.ensure(project, || shown(npm(&project.root.join("demo")).args(["run", "build"])))
}
