//! Fuzzing: builds the targets in `fuzz/` and lets each run for a while; likewise the tests of JavaScript that make up
//! their inputs.
//!
//! Must not know what the targets check. What it needs beside cargo: `cargo-fuzz`, which it installs, a C++ compiler for
//! the fuzzer's own engine, and Node.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::command::{cargo, shown};
use crate::project::Project;
use crate::setup::cargo_tool::cargo_fuzz;
use crate::setup::{node, on_path, packages, program_in};

const USUAL_SECONDS: u32 = 60;

/// The target that is tests of the npm package.
const JAVASCRIPT: &str = "javascript";

/// How the fuzzer runs. An input that takes ten seconds hangs for all that anybody knows.
const SETTINGS: [&str; 4] = ["-timeout=10", "-rss_limit_mb=1024", "-max_len=8192", "-print_final_stats=1"];

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
struct Wish<'a> {
    target: Option<&'a str>,
    seconds: u32,
}

/// Runs one target, or all of them one after another.
pub(crate) fn run(project: &Project, arguments: &[&str]) -> Result<()> {
    let Wish { target, seconds } = parse(arguments)?;
    let mut names = targets(project)?;
    names.push(JAVASCRIPT.to_owned());
    let is_wanted = |name: &&String| target.is_none_or(|target| target == *name);
    let wanted: Vec<&String> = names.iter().filter(is_wanted).collect();
    ensure!(!wanted.is_empty(), "there is no such target, but {}", names.join(", "));
    let fuzzer = if target == Some(JAVASCRIPT) { None } else { Some(prepare(project)?) };
    for name in wanted {
        println!("fuzz: {name} for {seconds} s");
        match &fuzzer {
            Some(fuzzer) if name != JAVASCRIPT => native_target(project, fuzzer, name, seconds)?,
            _ => javascript(project, seconds)?,
        }
    }
    Ok(())
}

/// What breaks is left in `fuzz/artifacts`.
fn native_target(project: &Project, fuzzer: &Path, name: &str, seconds: u32) -> Result<()> {
    let mut command = Command::new(fuzzer);
    // No sanitizer is asked for: there is no unsafe code to watch, and it would need a nightly compiler.
    command.args(["run", "--sanitizer", "none", name, "--"]).args(SETTINGS);
    command.arg(format!("-max_total_time={seconds}")).current_dir(&project.root);
    shown(&mut command)
}

fn javascript(project: &Project, seconds: u32) -> Result<()> {
    node::ensure()?;
    packages::ensure(project, "js")?;
    let folder = project.root.join("js");
    let compiler = folder.join("node_modules").join("typescript").join("bin").join("tsc");
    shown(Command::new("node").arg(compiler).args(["-p", "test/tsconfig.json"]).current_dir(&folder))?;
    let mut command = Command::new("node");
    command.args(["--test", "--test-reporter=spec", "test/dist/test/hostile.test.js"]);
    shown(command.current_dir(&folder).env("EYOT_FUZZ_SECONDS", seconds.to_string()))
}

/// Has what the native targets need, and writes what the fuzzer begins with. Returns the fuzzer.
fn prepare(project: &Project) -> Result<PathBuf> {
    ensure!(
        std::env::var_os("CXX").is_some() || on_path("c++").is_some(),
        "a C++ compiler is missing (c++, or what CXX names): the fuzzer's engine is written in C++"
    );
    let fuzzer = program_in(&cargo_fuzz().ensure()?, "cargo-fuzz");
    println!("fuzz: writing the seeds");
    let manifest = project.root.join("fuzz").join("Cargo.toml");
    let mut seeds = Command::new(cargo());
    seeds.args(["run", "--quiet", "--example", "seeds", "--manifest-path"]).arg(manifest);
    shown(seeds.current_dir(&project.root))?;
    Ok(fuzzer)
}

/// The names of the targets: those of the files in their folder.
fn targets(project: &Project) -> Result<Vec<String>> {
    let folder: PathBuf = project.root.join("fuzz").join("fuzz_targets");
    let files = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names = Vec::new();
    for file in files {
        let path = file?.path();
        names.extend(path.file_stem().and_then(|name| name.to_str()).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

fn parse<'a>(arguments: &[&'a str]) -> Result<Wish<'a>> {
    let (target, rest) = match arguments.split_first() {
        Some((first, rest)) if !first.starts_with('-') => (Some(*first), rest),
        _ => (None, arguments),
    };
    let seconds = match rest {
        [] => USUAL_SECONDS,
        ["--seconds", number] => {
            number.parse().with_context(|| format!("--seconds takes a number, not {number}"))?
        }
        _ => anyhow::bail!("fuzz takes a target and --seconds N, not {}", rest.join(" ")),
    };
    Ok(Wish { target, seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_and_a_time_may_be_given() {
        for (arguments, target, seconds) in [
            (&[][..], None, USUAL_SECONDS),
            (&["wire"], Some("wire"), USUAL_SECONDS),
            (&["--seconds", "5"], None, 5),
            (&["wire", "--seconds", "5"], Some("wire"), 5),
        ] {
            assert_eq!(parse(arguments).unwrap(), Wish { target, seconds }, "{arguments:?}");
        }
        for bad in [&["--seconds"][..], &["wire", "text"], &["--seconds", "x"], &["--second", "5"]] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
