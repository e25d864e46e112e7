//! Long runs of the crash tests: the relay or the browser is killed as often as asked for.
//!
//! Must not know what is claimed after a kill. Short runs are among the steps of the tests.

use std::process::Command;

use anyhow::{Context, Result};

use crate::build::relay::Profile;
use crate::build::{demo_app, relay};
use crate::command::{cargo, shown};
use crate::project::Project;
use crate::setup::browser::Browser;
use crate::setup::{node, packages};

/// How the crash tests are told the number of kills.
const KILLS: &str = "EYOT_CRASH_KILLS";

/// Kills the relay, as it is delivered, under the load of clients in Rust.
pub(crate) fn relay(project: &Project, kills: &str) -> Result<()> {
    let kills = number(kills)?;
    println!("crash: building the relay and its tests (takes some minutes the first time)");
    let mut command = Command::new(cargo());
    command
        .args(["test", "--quiet", "--release", "--package", "eyot-relay", "--test", "crash"])
        .args(["--", "a_relay_that_is_killed"])
        .current_dir(&project.root)
        .env(KILLS, kills.to_string());
    shown(&mut command)
}

/// Kills a browser that syncs with a relay, as it is delivered.
pub(crate) fn browser(project: &Project, kills: &str) -> Result<()> {
    let kills = number(kills)?;
    let browser = Browser::ensure()?;
    node::ensure()?;
    packages::ensure(project, "tests/e2e")?;
    demo_app::ensure(project)?;
    let program = relay::ensure(project, Profile::Release)?;
    let mut command = Command::new("node");
    command
        .args(["--test", "--test-reporter=spec", "tests/crash/browser.test.mjs"])
        .current_dir(&project.root)
        .env("EYOT_RELAY_BIN", program)
        .env("EYOT_DEMO_DIST", project.root.join(demo_app::DIST))
        .env("CHROMIUM", browser.chromium)
        .env(KILLS, kills.to_string());
    shown(&mut command)
}

fn number(text: &str) -> Result<u32> {
    text.parse().with_context(|| format!("--kills takes a number, not {text}"))
}
