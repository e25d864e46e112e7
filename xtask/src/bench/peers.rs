//! Eyot beside its peers and beside plain IndexedDB, in Chromium: builds the npm package as users get it, and runs the
//! harness in `benches/peers`.
//!
//! Must not know what the harness measures, nor its options but for those that it needs a build for.

use std::process::Command;

use anyhow::Result;

use crate::bench::named;
use crate::build::js;
use crate::command::shown;
use crate::project::Project;
use crate::setup::browser::Browser;
use crate::setup::packages;

/// Where the harness is, relative to the repository's root.
pub(crate) const FOLDER: &str = "benches/peers";

/// Options that leave something out, or measure something else than users get: the documentation keeps what it has.
const PARTIAL: [&str; 6] = ["--only", "--peers", "--docs", "--large", "--profile", "--report"];

/// Eyot and plain IndexedDB once, with few documents: what is checked besides the times.
pub(crate) const ONCE: [&str; 9] = [
    "--rounds",
    "1",
    "--docs",
    "200",
    "--large",
    "400",
    "--peers=",
    "--only",
    "W1,W2,W3,W4,W5,W6,W7,W8,W9,W10",
];

/// Runs the harness with these options. The documentation is written when nothing is left out.
pub(crate) fn run(project: &Project, options: &[&str]) -> Result<()> {
    let browser = Browser::ensure()?;
    js::ensure(project)?;
    packages::ensure(project, FOLDER)?;
    let mut command = Command::new("node");
    command.arg("run.mjs").args(options).current_dir(project.root.join(FOLDER));
    command.arg("--out").arg(project.own_folder("bench")?.join("peers.json"));
    command.env("CHROMIUM", browser.chromium);
    if options.contains(&"--profile") {
        command.arg("--wasm").arg(named::ensure(project)?);
    }
    let is_partial = |option: &&str| PARTIAL.iter().any(|partial| option.starts_with(partial));
    if !options.iter().any(is_partial) {
        command.arg("--write");
    }
    shown(&mut command)
}

/// Measures queries beside the peers. Without options the documentation is written.
pub(crate) fn queries(project: &Project, options: &[&str]) -> Result<()> {
    let browser = Browser::ensure()?;
    js::ensure(project)?;
    packages::ensure(project, FOLDER)?;
    let mut command = Command::new("node");
    command.arg("queries.mjs").args(options).current_dir(project.root.join(FOLDER));
    command.env("CHROMIUM", browser.chromium);
    if options.is_empty() {
        command.arg("--out").arg(project.root.join("docs/queries.md"));
    }
    shown(&mut command)
}
