//! Tools that come from crates.io in one exact version: wasm-bindgen, wasm-pack, cargo-fuzz and gungraun's runner.
//!
//! Must not know what is done with them. They live in a folder of our own, because another project on
//! this machine may need other versions of the same tools.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{captured, cargo, shown};
use crate::project::tools_folder;
use crate::setup::{path_folders, program_in};

const WASM_PACK_VERSION: &str = "0.15.1";
const CARGO_FUZZ_VERSION: &str = "0.13.2";

/// A package with programs. The first program answers `--version` with `name version`.
#[derive(Debug)]
pub(crate) struct CargoTool {
    package: &'static str,
    programs: &'static [&'static str],
    version: String,
}

/// The tool that drives cargo and wasm-bindgen.
pub(crate) fn wasm_pack() -> CargoTool {
    CargoTool { package: "wasm-pack", programs: &["wasm-pack"], version: WASM_PACK_VERSION.to_owned() }
}

/// The tool that builds and runs what is fuzzed.
pub(crate) fn cargo_fuzz() -> CargoTool {
    CargoTool { package: "cargo-fuzz", programs: &["cargo-fuzz"], version: CARGO_FUZZ_VERSION.to_owned() }
}

/// The tool that counts instructions. Only the version of the library of the same name understands that.
pub(crate) fn gungraun_runner(root: &Path) -> Result<CargoTool> {
    Ok(CargoTool {
        package: "gungraun-runner",
        programs: &["gungraun-runner"],
        version: locked(root, "gungraun")?,
    })
}

/// The tool that writes the JavaScript around the WebAssembly. What it reads is written by the library of
/// the same name, and only the very same version is sure to understand it.
pub(crate) fn wasm_bindgen(root: &Path) -> Result<CargoTool> {
    let version = locked(root, "wasm-bindgen")?;
    Ok(CargoTool {
        package: "wasm-bindgen-cli",
        programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
        version,
    })
}

impl CargoTool {
    /// Finds or installs the tool, and returns the folder of its programs.
    pub(crate) fn ensure(&self) -> Result<PathBuf> {
        let root = tools_folder()?;
        let folders = std::iter::once(root.join("bin")).chain(path_folders());
        for folder in folders {
            if self.is_in(&folder) {
                println!("{} {}: present", self.package, self.version);
                return Ok(folder);
            }
        }
        println!("{} {}: installing with cargo install (takes some minutes)", self.package, self.version);
        self.install(&root, true).or_else(|_| self.install(&root, false)).with_context(|| {
            format!(
                "{}: could not be installed. When you are online: cargo install {}@{}",
                self.package, self.package, self.version
            )
        })?;
        let folder = root.join("bin");
        anyhow::ensure!(
            self.is_in(&folder),
            "{} {}: was installed, but does not run from {}",
            self.package,
            self.version,
            folder.display()
        );
        Ok(folder)
    }

    fn is_in(&self, folder: &Path) -> bool {
        let Some(first) = self.programs.first() else {
            return false;
        };
        self.programs.iter().all(|program| program_in(folder, program).is_file())
            && captured(Command::new(program_in(folder, first)).arg("--version"))
                .is_ok_and(|answer| answer.split_whitespace().nth(1) == Some(self.version.as_str()))
    }

    fn install(&self, root: &Path, locked: bool) -> Result<()> {
        let mut command = Command::new(cargo());
        command.args(["install", "--force", "--root"]).arg(root);
        if locked {
            command.arg("--locked");
        }
        // Left alone, cargo builds in a folder that it removes: the tools' objects are of no further use.
        command.env_remove("CARGO_TARGET_DIR");
        shown(command.arg(format!("{}@{}", self.package, self.version)))
    }
}

fn locked(root: &Path, package: &str) -> Result<String> {
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let version = locked_version(&lock, package)
        .with_context(|| format!("{package}: no such package in Cargo.lock, so the version is unknown"))?;
    Ok(version.to_owned())
}

fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name).skip(1);
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_in_the_lock_file_is_that_of_the_package_with_exactly_this_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.2.1\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"x\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }
}
