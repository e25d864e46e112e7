//! Runs the simulator: many schedules with a progress bar, or one from a file. `cargo xtask sim` calls it.
//!
//! Knows the command line and nothing of what a schedule does.

use std::process::ExitCode;
use std::time::Instant;

use eyot_sim::{Exploration, Findings, Parameters, Schedule, Violation, explore, generate, run, shrink};
use indicatif::{ProgressBar, ProgressStyle};
use lexopt::prelude::*;

// Worlds are made and dropped all the time: a third of the run would be spent in the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "\
Runs the simulator.

  cargo xtask sim --schedules N --seed S   run N schedules, those of the seeds S, S + 1, ...
      [--every N]      of the seeds S, S + N, ... (1; with 16 and S = 5 all are of copied disks)
      [--replicas R]   with R devices (otherwise the seed decides; 1 to 8)
      [--topology T]   star, ring, mesh, chain, random or apart (otherwise the seed decides)
      [--steps K]      of K steps each (200)
      [--jobs J]       on J threads (1)
  cargo xtask sim --seed S --print         print the schedule of a seed
  cargo xtask sim --mutants                take each guard of the core away, and see what breaks within N schedules
      [--guard G]      only the one of that name
  cargo xtask sim --replay FILE            run the schedule in a file
";
const SHRINK_TRIES: usize = 20_000;

enum Task {
    Explore(Exploration),
    Print(Exploration),
    Replay(std::path::PathBuf),
    // All guards, or the one of that name.
    Mutants(Exploration, Option<String>),
    Help,
}

fn main() -> ExitCode {
    let done = task().map_err(|error| error.to_string()).and_then(|task| match task {
        Task::Help => {
            print!("{USAGE}");
            Ok(true)
        }
        Task::Print(Exploration { seed, parameters, .. }) => {
            print!("{}", generate(seed, &parameters));
            Ok(true)
        }
        Task::Explore(exploration) => Ok(try_all(&exploration)),
        Task::Mutants(exploration, guard) => mutants(&exploration, guard.as_deref()),
        Task::Replay(path) => replay(&path),
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}\n\n{USAGE}");
            ExitCode::FAILURE
        }
    }
}

fn task() -> Result<Task, lexopt::Error> {
    let parameters = Parameters::default();
    let mut exploration = Exploration { seed: 1, stride: 1, schedules: 1_000, parameters, jobs: 1 };
    let (mut replay, mut print, mut mutants, mut guard) = (None, false, false, None);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("schedules") => exploration.schedules = arguments.value()?.parse()?,
            Long("seed") => exploration.seed = arguments.value()?.parse()?,
            Long("every") => exploration.stride = arguments.value()?.parse()?,
            Long("replicas") => exploration.parameters.replicas = Some(arguments.value()?.parse()?),
            Long("topology") => exploration.parameters.topology = Some(arguments.value()?.parse()?),
            Long("steps") => exploration.parameters.steps = arguments.value()?.parse()?,
            Long("jobs") => exploration.jobs = arguments.value()?.parse()?,
            Long("mutants") => mutants = true,
            Long("guard") => guard = Some(arguments.value()?.string()?),
            Long("print") => print = true,
            Long("replay") => replay = Some(arguments.value()?.into()),
            Long("help") | Short('h') => return Ok(Task::Help),
            other => return Err(other.unexpected()),
        }
    }
    Ok(match replay {
        Some(path) => Task::Replay(path),
        None if mutants => Task::Mutants(exploration, guard),
        None if print => Task::Print(exploration),
        None => Task::Explore(exploration),
    })
}

fn try_all(exploration: &Exploration) -> bool {
    // A panic is a violation and is told as one.
    std::panic::set_hook(Box::new(|_| ()));
    let bar = ProgressBar::new(exploration.schedules);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} schedules, {per_sec}, {eta} left") {
        bar.set_style(style);
    }
    let started = Instant::now();
    let findings = explore(exploration, |done| bar.inc(done));
    let seconds = started.elapsed().as_secs_f64();
    bar.finish_and_clear();
    let Findings { passed, tally, processor_ns, violation } = findings;
    println!(
        "{passed} schedules of {} steps in {seconds:.1} s, with {} events and {} writes",
        exploration.parameters.steps, tally.events, tally.writes,
    );
    let (core_seconds, whose) = match processor_ns {
        Some(spent) => (spent as f64 / 1e9, "second of one core"),
        None => (seconds * exploration.jobs.max(1) as f64, "second of one thread"),
    };
    let rate = |count: u64| count as f64 / core_seconds;
    println!("{:.0} schedules and {:.0} events in a {whose}", rate(passed), rate(tally.events));
    match violation {
        Some((seed, violation)) => {
            report(seed, &violation, exploration);
            false
        }
        None => true,
    }
}

fn report(seed: u64, violation: &Violation, exploration: &Exploration) {
    println!("seed {seed} breaks {violation}");
    let schedule = generate(seed, &exploration.parameters);
    let (schedule, violation) = shrink(&schedule, violation, SHRINK_TRIES);
    println!("shrunken, it breaks {violation}\n\n# {violation}\n{schedule}");
}

fn replay(path: &std::path::Path) -> Result<bool, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let schedule: Schedule = text.parse().map_err(|error| format!("{}: {error}", path.display()))?;
    match run(&schedule) {
        Ok(tally) => {
            println!("all laws hold: {} events, {} writes", tally.events, tally.writes);
            Ok(true)
        }
        Err(violation) => {
            println!("it breaks {violation}");
            Ok(false)
        }
    }
}

#[cfg(not(feature = "mutants"))]
fn mutants(_exploration: &Exploration, _guard: Option<&str>) -> Result<bool, String> {
    Err("this program was built without the feature `mutants`; `cargo xtask sim --mutants` builds it"
        .to_owned())
}

// The table is Markdown, to be kept.
#[cfg(feature = "mutants")]
fn mutants(exploration: &Exploration, guard: Option<&str>) -> Result<bool, String> {
    std::panic::set_hook(Box::new(|_| ()));
    println!("| guard that was taken away | seed | schedules | what broke |\n| --- | --- | --- | --- |");
    let mut are_all_found = true;
    let is_meant = |name: String| guard.is_none_or(|guard| guard == name);
    for guard in eyot_core::guard::Guard::ALL.iter().filter(|guard| is_meant(format!("{guard:?}"))) {
        let eyot_sim::mutants::Mutant { tried, found, .. } = eyot_sim::mutants::search(*guard, exploration);
        are_all_found &= found.is_some();
        let (seed, what) = found.map_or(("-".to_owned(), "NOTHING".to_owned()), |(seed, violation)| {
            (seed.to_string(), violation.to_string())
        });
        println!("| {guard:?}: {} | {seed} | {tried} | {what} |", guard.words());
    }
    Ok(are_all_found)
}
