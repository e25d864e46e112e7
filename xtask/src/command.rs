//! Running other programs: shown, captured, or logged with a limit on the time.
//!
//! Must not know which programs there are, except for cargo, node and npm, which everything needs.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The cargo that runs us, or the one on the path.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"))
}

/// An npm command in a folder. On Windows npm is a script, which needs its full name.
pub(crate) fn npm(folder: &Path) -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.current_dir(folder);
    command
}

/// Runs a command with its output shown, and fails if it fails.
pub(crate) fn shown(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    ended_well(command, status)
}

/// Runs a command and returns what it wrote to its standard output.
pub(crate) fn captured(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| cannot_start(command))?;
    if !output.status.success() {
        bail!("{}\n{}", failed(command, output.status), String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command with all of its output in a file; `Err` says how it failed.
///
/// A file and not a pipe: a process that outlives the command would hold a pipe open for ever.
pub(crate) fn logged(command: &mut Command, log: &Path, limit: Duration) -> Result<()> {
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let errors = file.try_clone().context("cannot share the log between the two outputs")?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(errors)
        .spawn()
        .with_context(|| cannot_start(command))?;
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for the command")? {
            return ended_well(command, status);
        }
        if started.elapsed() > limit {
            end(&mut child);
            bail!("`{}` was ended after {} s", line_of(command), limit.as_secs());
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// True if the program can be started at all and ends well.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn ended_well(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() { Ok(()) } else { bail!(failed(command, status)) }
}

fn failed(command: &Command, status: ExitStatus) -> String {
    format!("`{}` failed ({status})", line_of(command))
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start `{}`", line_of(command))
}

fn line_of(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect();
    words.join(" ")
}

/// Ends a command and what it started: npm, for one, does not pass a signal on.
fn end(child: &mut Child) {
    let processes = descendants_of(child.id());
    let _ = child.kill();
    if !processes.is_empty() {
        succeeds(Command::new("kill").arg("-KILL").args(&processes));
    }
    let _ = child.wait();
}

fn descendants_of(ancestor: u32) -> Vec<String> {
    let listing = captured(Command::new("ps").args(["-A", "-o", "pid=,ppid="]));
    let pairs: Vec<(String, String)> = listing
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.trim().split_once(char::is_whitespace))
        .map(|(process, parent)| (process.to_owned(), parent.trim().to_owned()))
        .collect();
    let mut family = vec![ancestor.to_string()];
    let mut next = 0;
    while let Some(parent) = family.get(next).cloned() {
        family.extend(pairs.iter().filter(|pair| pair.1 == parent).map(|pair| pair.0.clone()));
        next += 1;
    }
    family.split_off(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(name: &str) -> std::path::PathBuf {
        std::env::temp_dir().join(format!("eyot-xtask-{}-{name}.log", std::process::id()))
    }

    #[test]
    #[cfg(unix)]
    fn both_outputs_of_a_logged_command_are_in_its_log() {
        let log = log("outputs");
        let ended = logged(
            Command::new("sh").args(["-c", "echo one; echo two >&2; exit 3"]),
            &log,
            Duration::from_secs(30),
        );
        assert!(ended.unwrap_err().to_string().contains("failed"));
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "one\ntwo\n");
        std::fs::remove_file(log).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn a_command_that_takes_too_long_is_ended_with_what_it_started() {
        let log = log("limit");
        let ended = logged(
            Command::new("sh").args(["-c", "sh -c 'echo $$; sleep 600; true'; true"]),
            &log,
            Duration::from_millis(500),
        );
        assert!(ended.unwrap_err().to_string().contains("was ended after"));
        let process = std::fs::read_to_string(&log).unwrap();
        let still_there = std::fs::read_to_string(format!("/proc/{}/cmdline", process.trim()));
        assert!(still_there.is_err() || still_there.unwrap().is_empty());
        std::fs::remove_file(log).unwrap();
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error_that_names_it() {
        let error = shown(&mut Command::new("eyot-no-such-program")).unwrap_err();
        assert!(error.to_string().contains("eyot-no-such-program"));
    }
}
