//! Where things are: the repository's root, the build folder, the cache of tools.
//!
//! Must not know what any command does with these places.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command;

/// The places of one checkout, and what cargo says of its packages.
pub(crate) struct Project {
    /// The repository's root.
    pub(crate) root: PathBuf,
    /// Cargo's build folder, also where the commands keep their logs, stamps and demo data.
    pub(crate) target: PathBuf,
    /// What `cargo metadata --no-deps` says.
    pub(crate) metadata: Value,
}

impl Project {
    /// Asks cargo where this checkout and its build folder are.
    pub(crate) fn find() -> Result<Self> {
        // Cargo sets the variable when it runs us; what was compiled in may be of a moved checkout.
        let here = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let text = command::captured(
            Command::new(command::cargo())
                .args(["metadata", "--no-deps", "--format-version", "1"])
                .current_dir(&here),
        )?;
        let metadata: Value =
            serde_json::from_str(&text).context("cargo metadata did not answer with JSON")?;
        Ok(Self {
            root: path_of(&metadata, "workspace_root")?,
            target: path_of(&metadata, "target_directory")?,
            metadata,
        })
    }

    /// A folder for what the commands themselves leave behind, made if it is not there.
    pub(crate) fn own_folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.target.join("xtask").join(name);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        Ok(folder)
    }
}

/// Where the tools are kept that several checkouts share.
pub(crate) fn tools_folder() -> Result<PathBuf> {
    let cache = match std::env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => std::env::home_dir()
            .context("there is no home folder to keep the tools in: set XDG_CACHE_HOME")?
            .join(".cache"),
    };
    Ok(cache.join("eyot").join("tools"))
}

fn path_of(metadata: &Value, key: &str) -> Result<PathBuf> {
    metadata
        .get(key)
        .and_then(Value::as_str)
        .map(PathBuf::from)
        .with_context(|| format!("cargo metadata does not name the {key}"))
}
