//! Fuzzing: builds the targets in `fuzz/` and lets each run for a while.
//!
//! Must not know what the targets check. What it needs beside cargo: `cargo-fuzz`, which it installs, and a C++ compiler
//! for the fuzzer's own engine.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::command::{cargo, shown};
use crate::project::Project;
use crate::setup::cargo_tool::cargo_fuzz;
use crate::setup::{on_path, program_in};

const USUAL_SECONDS: u32 = 60;

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
    let all = targets(project)?;
    if let Some(name) = target {
        ensure!(
            all.iter().any(|known| known == name),
            "no such target: {name}. There are {}",
            all.join(", ")
        );
    }
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
    for name in all.iter().filter(|name| target.is_none_or(|target| target == *name)) {
        println!("fuzz: {name} for {seconds} s (what breaks is left in fuzz/artifacts/{name})");
        let mut command = Command::new(&fuzzer);
        // No sanitizer is asked for: there is no unsafe code to watch, and it would need a nightly compiler.
        command.args(["run", "--sanitizer", "none", name, "--"]).args(SETTINGS);
        command.arg(format!("-max_total_time={seconds}")).current_dir(&project.root);
        shown(&mut command)?;
    }
    Ok(())
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
