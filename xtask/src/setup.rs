//! What the commands need and how to get it, one module per tool.
//!
//! Must not know what is built with the tools. Every part says its state in one line and may be repeated.

pub(crate) mod browser;
pub(crate) mod cargo_tool;
pub(crate) mod node;
pub(crate) mod packages;
pub(crate) mod wasm_target;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::project::Project;

/// The folders with npm packages of their own.
pub(crate) const PACKAGE_FOLDERS: [&str; 4] = ["js", "demo", "tests/e2e", "benches/peers"];

/// The tools that make WebAssembly from Rust.
#[derive(Clone)]
pub(crate) struct WasmTools {
    wasm_bindgen_folder: PathBuf,
    wasm_pack: PathBuf,
}

impl WasmTools {
    /// Finds them, or installs them.
    pub(crate) fn ensure(project: &Project) -> Result<Self> {
        wasm_target::ensure()?;
        let wasm_bindgen_folder = cargo_tool::wasm_bindgen(&project.root)?.ensure()?;
        let wasm_pack = cargo_tool::wasm_pack().ensure()?.join("wasm-pack");
        Ok(Self { wasm_bindgen_folder, wasm_pack })
    }

    /// A wasm-bindgen command, of the version that goes with the library.
    pub(crate) fn wasm_bindgen(&self) -> Command {
        Command::new(program_in(&self.wasm_bindgen_folder, "wasm-bindgen"))
    }

    /// A wasm-pack command that finds the right wasm-bindgen first and downloads nothing.
    pub(crate) fn wasm_pack(&self, root: &Path) -> Result<Command> {
        let mut command = Command::new(&self.wasm_pack);
        command.current_dir(root).env("PATH", path_with(&self.wasm_bindgen_folder)?);
        Ok(command)
    }
}

/// Sets up everything, and fails at the end if any part could not be had.
pub(crate) fn everything(project: &Project) -> Result<()> {
    let mut missing = Vec::new();
    let mut note = |outcome: Result<()>| missing.extend(outcome.err());
    note(WasmTools::ensure(project).map(drop));
    note(browser::Browser::ensure().map(drop));
    note(node::ensure());
    for folder in PACKAGE_FOLDERS {
        note(packages::ensure(project, folder));
    }
    if missing.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = missing.iter().map(|error| format!("- {error:#}")).collect();
    anyhow::bail!("not everything could be set up:\n{}", lines.join("\n"))
}

/// Finds a program in the folders of the PATH.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    path_folders().into_iter().map(|folder| program_in(&folder, program)).find(|file| file.is_file())
}

/// The file of a program in a folder, with the ending that the system gives to programs.
pub(crate) fn program_in(folder: &Path, program: &str) -> PathBuf {
    folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX))
}

/// The folders of the PATH.
pub(crate) fn path_folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect()
}

fn path_with(first: &Path) -> Result<std::ffi::OsString> {
    let folders = std::iter::once(first.to_owned()).chain(path_folders());
    Ok(std::env::join_paths(folders)?)
}
