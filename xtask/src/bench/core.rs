//! The benchmarks of the core: times for people, and instructions, which are compared with those that are noted in
//! `benches/core/instructions.txt`.
//!
//! Must not know what is measured.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::bench::counts::Counts;
use crate::command::{cargo, shown, succeeds};
use crate::project::Project;
use crate::setup::cargo_tool::gungraun_runner;
use crate::setup::program_in;

const NOTED: &str = "benches/core/instructions.txt";

/// Measures both, and fails when something takes clearly more instructions than noted.
pub(crate) fn run(project: &Project) -> Result<()> {
    shown(&mut bench(project, "times"))?;
    let counts = count(project)?;
    let noted =
        fs::read_to_string(project.root.join(NOTED)).with_context(|| format!("cannot read {NOTED}"))?;
    let slower = Counts::parse(&noted)?.compare(&counts);
    ensure!(slower.is_empty(), "more instructions than noted in {NOTED}:\n{}", slower.join("\n"));
    Ok(())
}

/// Counts the instructions and notes them.
pub(crate) fn accept(project: &Project) -> Result<()> {
    let counts = count(project)?;
    let file = project.root.join(NOTED);
    fs::write(&file, counts.to_text()).with_context(|| format!("cannot write {NOTED}"))?;
    println!("{NOTED}: written");
    Ok(())
}

fn bench(project: &Project, name: &str) -> Command {
    let mut command = Command::new(cargo());
    command.args(["bench", "--quiet", "--package", "eyot-bench", "--bench", name]).current_dir(&project.root);
    command
}

fn count(project: &Project) -> Result<Counts> {
    ensure!(
        succeeds(Command::new("valgrind").arg("--version")),
        "valgrind: missing. It counts the instructions (on Debian: apt-get install valgrind)"
    );
    let runner = program_in(&gungraun_runner(&project.root)?.ensure()?, "gungraun-runner");
    let mut command = bench(project, "instructions");
    command.args(["--", "--save-summary=json"]).env("GUNGRAUN_RUNNER", runner);
    let folder = project.target.join("gungraun/eyot-bench/instructions/core");
    // What is left of earlier benchmarks is not to be taken for one of today's.
    let _ = fs::remove_dir_all(&folder);
    shown(&mut command)?;
    let mut counts = Counts::default();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let file = entry?.path().join("summary.json");
        if file.is_file() {
            let (name, instructions) = summary(&file)?;
            counts.note(name, instructions);
        }
    }
    Ok(counts)
}

/// The name of a benchmark, and its instructions.
fn summary(file: &PathBuf) -> Result<(String, u64)> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let summary: Value =
        serde_json::from_str(&text).with_context(|| format!("{}: not JSON", file.display()))?;
    let word = |key: &str| summary.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let name = format!("{}.{}", word("function_name"), word("id"));
    let instructions =
        find_instructions(&summary).with_context(|| format!("{}: no instructions", file.display()))?;
    Ok((name, instructions))
}

/// The first `Ir` in the summary, which is that of all of the benchmark.
fn find_instructions(value: &Value) -> Option<u64> {
    match value {
        Value::Object(fields) => match fields.get("Ir") {
            Some(metric) => first_number(metric),
            None => fields.values().find_map(find_instructions),
        },
        Value::Array(items) => items.iter().find_map(find_instructions),
        _ => None,
    }
}

fn first_number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::Object(fields) => fields.values().find_map(first_number),
        Value::Array(items) => items.iter().find_map(first_number),
        _ => None,
    }
}
