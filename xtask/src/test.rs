//! Runs every test of the project and counts them: `cargo xtask test`.
//!
//! Must not know what a step does: `steps` names them. All steps run even when one has failed, a step that
//! cannot run is a failure, and the last line printed is exactly `N passed, N failed`.

mod counts;
mod needs;
mod plan;
mod steps;

use std::fs;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::command::logged;
use crate::project::Project;
use crate::test::counts::Counts;
use crate::test::needs::Prepared;
use crate::test::steps::{STEPS, Step};

/// Names the steps, in the order in which they run.
pub(crate) fn list() {
    for step in STEPS {
        println!("{:<14} {}", step.name, step.what);
    }
}

/// Runs all steps, or those named in a comma-separated list with the builds before them.
pub(crate) fn run(project: &Project, only: Option<&str>) -> Result<ExitCode> {
    let steps = plan::chosen(STEPS, only)?;
    let started = Instant::now();
    let prepared = Prepared::for_steps(project, &steps);
    let mut outcomes: Vec<(&Step, Counts)> = Vec::new();
    for step in steps {
        let counts = match obstacle(step, &prepared, &outcomes) {
            Some(reason) => {
                println!("{:<14} FAILED: {reason}", step.name);
                Counts::FAILURE
            }
            None => run_step(step, project, &prepared)?,
        };
        outcomes.push((step, counts));
    }
    let total = outcomes.iter().map(|(_, counts)| *counts).sum::<Counts>();
    println!("\n{} steps in {}", outcomes.len(), seconds(started.elapsed()));
    for (step, counts) in outcomes.iter().filter(|(_, counts)| counts.failed > 0) {
        println!("failed: {} ({counts})", step.name);
    }
    println!("{total}");
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn obstacle(step: &Step, prepared: &Prepared, outcomes: &[(&Step, Counts)]) -> Option<String> {
    let failed_before =
        outcomes.iter().find(|(before, counts)| step.after.contains(&before.name) && counts.failed > 0);
    match failed_before {
        Some((before, _)) => Some(format!("the step {} before it failed", before.name)),
        None => prepared.obstacle(step),
    }
}

fn run_step(step: &Step, project: &Project, prepared: &Prepared) -> Result<Counts> {
    let log = project.own_folder("logs")?.join(format!("{}.log", step.name));
    let started = Instant::now();
    let ended = (step.command)(project, prepared)
        .and_then(|mut command| logged(quiet(&mut command), &log, step.limit));
    let output = fs::read(&log).unwrap_or_default();
    let output = String::from_utf8_lossy(&output);
    let counted = step.counter.count(&output);
    let counts = counts::judged(counted, ended.is_ok());
    let time = seconds(started.elapsed());
    if counts.failed == 0 {
        println!("{:<14} ok       {time:>8}  {} passed", step.name, counts.passed);
        return Ok(counts);
    }
    println!("{:<14} FAILED   {time:>8}  {counts}", step.name);
    println!("---- output of {} ----\n{}", step.name, output.trim_end());
    if counted.is_some_and(Counts::is_empty) {
        println!("The step counted no test.");
    }
    if let Err(error) = ended {
        println!("{error:#}");
    }
    println!("---- end of {} ----", step.name);
    Ok(counts)
}

/// Plain text: colours would be in the way of those who read the log, and of the counting.
fn quiet(command: &mut std::process::Command) -> &mut std::process::Command {
    command
        .env("NO_COLOR", "1")
        .env("CARGO_TERM_COLOR", "never")
        .env("CARGO_TERM_PROGRESS_WHEN", "never")
        .env_remove("FORCE_COLOR")
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// The folder for what a step leaves for people to look at.
pub(crate) fn screenshots(project: &Project) -> Result<std::path::PathBuf> {
    let folder = project.target.join("demo").join("screenshots");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}
