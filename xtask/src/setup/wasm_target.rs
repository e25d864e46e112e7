//! The compiler's target for WebAssembly.
//!
//! Must not know what is compiled for it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{captured, shown, succeeds};

/// The one target that runs in browsers.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Adds the target with rustup if the compiler does not have it.
pub(crate) fn ensure() -> Result<()> {
    if is_present()? {
        println!("wasm target: present");
        return Ok(());
    }
    anyhow::ensure!(
        succeeds(Command::new("rustup").arg("--version")),
        "wasm target: missing, and there is no rustup to add it. Install Rust with rustup \
         (https://rustup.rs), or the package of your system that holds the standard library for {TARGET}"
    );
    println!("wasm target: adding with rustup");
    shown(Command::new("rustup").args(["target", "add", TARGET])).with_context(|| {
        format!("wasm target: could not be added. When you are online: rustup target add {TARGET}")
    })
}

fn is_present() -> Result<bool> {
    let folder = captured(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]))?;
    let Ok(entries) = Path::new(folder.trim()).read_dir() else {
        return Ok(false);
    };
    Ok(entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libcore")))
}
