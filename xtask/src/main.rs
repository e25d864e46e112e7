//! The commands of the project: `cargo xtask help` lists them.
//!
//! This file reads the command line and hands over. It must not know how anything is built or tested.

mod bench;
mod build;
mod command;
mod crash;
mod demo;
mod fuzz;
mod project;
mod setup;
mod sim;
mod size;
mod stamp;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::project::Project;

const USAGE: &str = "\
The commands of Eyot. Each sets up what it needs, says what it does, and may be repeated.

  cargo xtask demo             build everything and run the demo until Ctrl-C
  cargo xtask demo --script    run the scripted demo in a headless browser
  cargo xtask demo --build     build demo/dist, the demo's web app, and stop
  cargo xtask test             run every test; the last line counts them
  cargo xtask test --list      name the steps of the tests
  cargo xtask test --only A,B  run these steps, and the builds that they need
  cargo xtask crash relay --kills N     kill the relay so many times under load, and look for what is lost
  cargo xtask crash browser --kills N   the same with Chromium
  cargo xtask bench [--only W2,W3] [--peers A,B] [--rounds N] [--profile]
                               measure Eyot beside its peers in Chromium
  cargo xtask bench core       measure the core, in time and in instructions; --accept notes the latter
  cargo xtask bench queries    measure queries beside the peers; --sizes 1000,50000 --peers A,B
  cargo xtask bench relay      measure the relay under load; --help says how much
  cargo xtask size             weigh the npm package part by part; fails when it is over its budget
  cargo xtask sim              run the simulator; --help says how much of it
  cargo xtask fuzz [TARGET] [--seconds N]
                               fuzz what reads bytes of others, each target for a minute
  cargo xtask tidy             check the rules that no compiler checks
  cargo xtask setup            install what the other commands need
  cargo xtask wasm             build pkg/ from src/ and crates/core
  cargo xtask js               build js/dist, the npm package
  cargo xtask help             show this text
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<ExitCode> {
    if matches!(arguments, [] | ["help" | "--help" | "-h"]) {
        print!("{USAGE}");
        return Ok(ExitCode::SUCCESS);
    }
    let project = Project::find()?;
    match arguments {
        ["demo"] => demo::serve(&project)?,
        ["demo", "--script"] => return demo::script(&project),
        ["demo", "--build"] => build::demo_app::ensure(&project)?,
        ["test"] => return test::run(&project, None),
        ["test", "--list"] => test::list(),
        ["test", "--only", names] => return test::run(&project, Some(names)),
        ["crash", "relay", "--kills", kills] => crash::relay(&project, kills)?,
        ["crash", "browser", "--kills", kills] => crash::browser(&project, kills)?,
        ["bench", rest @ ..] => bench::run(&project, rest)?,
        ["sim", rest @ ..] => return sim::run(&project, rest),
        ["fuzz", wishes @ ..] => fuzz::run(&project, wishes)?,
        ["size"] => size::run(&project)?,
        ["tidy"] => return tidy::run(&project),
        ["setup"] => setup::everything(&project)?,
        ["wasm"] => build::wasm::ensure(&project)?,
        ["js"] => build::js::ensure(&project)?,
        _ => bail!("no such command: {}\n\n{USAGE}", arguments.join(" ")),
    }
    Ok(ExitCode::SUCCESS)
}
