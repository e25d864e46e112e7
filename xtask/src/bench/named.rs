//! The engine's WebAssembly with the names of its functions, for profiles. Otherwise it is what users get.
//!
//! Must not know what is profiled.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::build::wasm;
use crate::command::{cargo, shown};
use crate::project::Project;
use crate::setup::WasmTools;
use crate::setup::wasm_target::TARGET;

/// Builds it and returns the file. `pkg/` must have been built: its JavaScript goes with this file too.
pub(crate) fn ensure(project: &Project) -> Result<PathBuf> {
    let tools = WasmTools::ensure(project)?;
    let folder = project.own_folder("named")?;
    let mut build = Command::new(cargo());
    build.args([
        "build",
        "--quiet",
        "--profile",
        wasm::PROFILE,
        "--lib",
        "--package",
        "eyot",
        "--target",
        TARGET,
    ]);
    build.env(wasm::FLAGS_VARIABLE, wasm::same_paths_everywhere(project));
    shown(build.current_dir(&project.root))?;
    let made = project.target.join(TARGET).join(wasm::PROFILE).join("eyot.wasm");
    let mut bind = tools.wasm_bindgen();
    bind.args(["--target", "web", "--out-name", "eyot", "--out-dir"]).arg(&folder).arg(made);
    shown(&mut bind)?;
    let file = folder.join("eyot_bg.wasm");
    wasm::optimise(project, &file, &["-g"])?;
    Ok(file)
}
