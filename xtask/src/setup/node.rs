//! Node and npm, which build and test the JavaScript.
//!
//! Must not install them: how Node comes to a machine is its owner's choice.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{captured, npm};

const OLDEST_MAJOR_VERSION: u32 = 20;

/// Fails, and says what to do, unless Node and npm are there and new enough.
pub(crate) fn ensure() -> Result<()> {
    let how = format!("install Node {OLDEST_MAJOR_VERSION} or later, with npm, from https://nodejs.org");
    let version =
        captured(Command::new("node").arg("--version")).with_context(|| format!("node: missing; {how}"))?;
    let version = version.trim();
    let major = major_version(version)
        .with_context(|| format!("node: answers `{version}` when asked for its version; {how}"))?;
    anyhow::ensure!(major >= OLDEST_MAJOR_VERSION, "node {version}: too old; {how}");
    captured(npm(Path::new(".")).arg("--version")).with_context(|| format!("npm: missing; {how}"))?;
    println!("node {version}: present");
    Ok(())
}

fn major_version(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_node_answers() {
        assert_eq!(major_version("v20.20.2"), Some(20));
        assert_eq!(major_version("20.20.2"), None);
        assert_eq!(major_version(""), None);
    }
}
