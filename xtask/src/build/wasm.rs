//! The engine and its shell as WebAssembly, in `pkg/`.
//!
//! Must not know the JavaScript that wraps it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::shown;
use crate::project::Project;
use crate::setup::{WasmTools, node, packages};
use crate::stamp::Build;

/// The files of the product, relative to the repository's root.
pub(crate) const FILES: [&str; 4] =
    ["pkg/eyot.js", "pkg/eyot.d.ts", "pkg/eyot_bg.wasm", "pkg/eyot_bg.wasm.d.ts"];

const INPUTS: [&str; 9] = [
    "Cargo.toml",
    "Cargo.lock",
    ".cargo",
    "rust-toolchain.toml",
    "src",
    "crates/core/Cargo.toml",
    "crates/core/src",
    "js/package-lock.json",
    "xtask/src/build/wasm.rs",
];

/// The profile of Cargo.toml that the WebAssembly is built with.
pub(crate) const PROFILE: &str = "wasm";

/// Cargo gives what stands here to the compiler, for this target only.
pub(crate) const FLAGS_VARIABLE: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

/// wasm-opt's level, and the WebAssembly features that the compiler uses by default. All of them are in
/// every browser that has IndexedDB's `commit()`; wasm-opt may use these and no others.
const WASM_OPT: [&str; 10] = [
    "-Oz",
    "--strip-producers",
    "--strip-target-features",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Builds `pkg/` with wasm-pack and wasm-opt.
pub(crate) fn ensure(project: &Project) -> Result<()> {
    node::ensure()?;
    packages::ensure(project, "js")?;
    let tools = WasmTools::ensure(project)?;
    let settings = WASM_OPT.join(" ");
    let build = Build { name: "wasm", inputs: &INPUTS, outputs: &FILES, settings: &settings };
    build.ensure(project, || make(project, &tools))
}

fn make(project: &Project, tools: &WasmTools) -> Result<()> {
    // Made elsewhere and moved at the end, so that pkg/ is never half of one build and half of another.
    let made = project.own_folder("pkg")?;
    fs::remove_dir_all(&made).with_context(|| format!("cannot empty {}", made.display()))?;
    let mut command = tools.wasm_pack(&project.root)?;
    command.env(FLAGS_VARIABLE, same_paths_everywhere(project));
    command.args(["build", "--target", "web", "--profile", PROFILE, "--out-name", "eyot"]);
    command.args(["--mode", "no-install"]);
    command.args(["--no-pack", "--no-opt", "--no-gitignore", "--out-dir"]).arg(&made);
    shown(&mut command)?;
    anyhow::ensure!(
        !made.join("snippets").exists(),
        "wasm-bindgen made snippets, which the npm package has no place for"
    );
    optimise(project, &made.join("eyot_bg.wasm"), &[])?;
    for file in FILES {
        let name = Path::new(file).file_name().context("a product without a name")?;
        move_file(&made.join(name), &project.root.join(file))?;
    }
    Ok(())
}

/// The flags of the compiler. Panics name the files that they are in: the same ones on every machine make the same product,
/// and a shorter one.
pub(crate) fn same_paths_everywhere(project: &Project) -> String {
    let home = std::env::var("CARGO_HOME")
        .ok()
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo").display().to_string()));
    let places = [home.map(|home| (home, "cargo")), Some((project.root.display().to_string(), "eyot"))];
    let flags = places.into_iter().flatten().map(|(from, to)| format!("--remap-path-prefix={from}={to}"));
    flags.collect::<Vec<_>>().join(" ")
}

/// Runs wasm-opt over a file, with more of its options than those that are always used.
pub(crate) fn optimise(project: &Project, wasm: &Path, more: &[&str]) -> Result<()> {
    let script = project.root.join("js/node_modules/binaryen/bin/wasm-opt");
    anyhow::ensure!(
        script.is_file(),
        "js/node_modules has no wasm-opt: the package binaryen must be among the devDependencies of js/"
    );
    shown(Command::new("node").arg(script).args(WASM_OPT).args(more).arg(wasm).arg("-o").arg(wasm))
}

/// Moves a file, also to another file system.
fn move_file(from: &Path, to: &Path) -> Result<()> {
    let part = to.with_extension("part");
    fs::copy(from, &part)
        .and_then(|_| fs::rename(&part, to))
        .with_context(|| format!("cannot put {} in its place", to.display()))
}
