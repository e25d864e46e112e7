//! The demo: everything built, and a relay that serves the app and syncs it.
//!
//! Must not know how anything is built.

use std::net::TcpListener;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::build::relay::Profile;
use crate::build::{demo_app, relay};
use crate::project::Project;
use crate::setup::browser::Browser;
use crate::setup::packages;
use crate::test::screenshots;

const FIRST_PORT: u16 = 4180;
const PORTS_TRIED: u16 = 20;

/// Builds the demo and runs its relay until Ctrl-C.
pub(crate) fn serve(project: &Project) -> Result<()> {
    demo_app::ensure(project)?;
    let program = relay::ensure(project, Profile::Release)?;
    let data = project.target.join("demo").join("relay");
    std::fs::create_dir_all(&data).with_context(|| format!("cannot make {}", data.display()))?;
    let port = free_port()?;
    println!("The relay keeps its data in {}; delete the folder to begin anew.", data.display());
    println!();
    println!("Open http://127.0.0.1:{port}/ in two browsers. Ctrl-C ends the demo.");
    println!();
    let mut command = Command::new(program);
    command
        .args(["serve", "--open", "--listen", &format!("127.0.0.1:{port}"), "--data"])
        .arg(data)
        .arg("--static")
        .arg(project.root.join(demo_app::DIST))
        .current_dir(&project.root);
    become_command(command)
}

/// Builds the demo and runs its script, which starts a relay and browsers of its own.
pub(crate) fn script(project: &Project) -> Result<ExitCode> {
    let browser = Browser::ensure()?;
    packages::ensure(project, "tests/e2e")?;
    demo_app::ensure(project)?;
    let program = relay::ensure(project, Profile::Release)?;
    let status = Command::new("node")
        .arg("tests/e2e/demo-script.mjs")
        .current_dir(&project.root)
        .env("EYOT_RELAY_BIN", program)
        .env("EYOT_DEMO_DIST", project.root.join(demo_app::DIST))
        .env("EYOT_SCREENSHOTS", screenshots(project)?)
        .env("CHROMIUM", browser.chromium)
        .env("CHROMEDRIVER", browser.chromedriver)
        .status()
        .context("cannot start node")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// The first port that nobody listens at, so that the address is the same every time if it can be: what the
/// browser keeps for the app belongs to the address.
fn free_port() -> Result<u16> {
    (FIRST_PORT..FIRST_PORT + PORTS_TRIED)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .with_context(|| format!("none of the {PORTS_TRIED} ports from {FIRST_PORT} on is free"))
}

/// Puts the relay in our place, so that Ctrl-C and any other signal reach it and nothing is left behind.
#[cfg(unix)]
fn become_command(mut command: Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(command.exec()).context("cannot start the relay")
}

#[cfg(not(unix))]
fn become_command(mut command: Command) -> Result<()> {
    crate::command::shown(&mut command)
}
