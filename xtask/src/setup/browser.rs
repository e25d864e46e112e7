//! A Chromium and its driver, for the tests that need a real browser.
//!
//! Must not know what the tests do with it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{captured, shown, succeeds};
use crate::setup::on_path;

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const DRIVERS: [&str; 2] = ["chromedriver", "chromium.chromedriver"];

/// A browser and the driver that goes with it.
#[derive(Clone)]
pub(crate) struct Browser {
    /// The program of the browser.
    pub(crate) chromium: PathBuf,
    /// The program that speaks WebDriver and starts the browser.
    pub(crate) chromedriver: PathBuf,
}

impl Browser {
    /// Finds them, or installs them where the system's packages have them and we may install.
    pub(crate) fn ensure() -> Result<Self> {
        if let Some(browser) = Self::find()? {
            return browser.checked();
        }
        let Some(packages) = packages_of_this_system() else { bail!(HOW_TO_GET) };
        println!("chromium and chromedriver: installing with apt-get (takes a minute)");
        install(packages).context(HOW_TO_GET)?;
        match Self::find()? {
            Some(browser) => browser.checked(),
            None => bail!(HOW_TO_GET),
        }
    }

    fn find() -> Result<Option<Self>> {
        let chromium = chosen("CHROMIUM", &BROWSERS)?;
        let chromedriver = chosen("CHROMEDRIVER", &DRIVERS)?;
        Ok(chromium.zip(chromedriver).map(|(chromium, chromedriver)| Self { chromium, chromedriver }))
    }

    /// A driver refuses a browser of another version, with a message that is hard to read: say it here.
    fn checked(self) -> Result<Self> {
        let browser = major_version(&self.chromium)?;
        let driver = major_version(&self.chromedriver)?;
        anyhow::ensure!(
            browser == driver,
            "{} is version {browser}, but {} is version {driver}: install both in one version, or name \
             others in CHROMIUM and CHROMEDRIVER",
            self.chromium.display(),
            self.chromedriver.display()
        );
        println!("chromium {browser} and chromedriver: present");
        Ok(self)
    }
}

const HOW_TO_GET: &str = "chromium and chromedriver: missing. Install both in one version (on Debian: \
    apt-get install chromium chromium-driver; elsewhere: a Chrome, and the chromedriver of its version), and \
    name them in CHROMIUM and CHROMEDRIVER if they are not on the PATH";

fn chosen(variable: &str, programs: &[&str]) -> Result<Option<PathBuf>> {
    if let Some(file) = std::env::var_os(variable).filter(|value| !value.is_empty()) {
        let file = PathBuf::from(file);
        anyhow::ensure!(file.is_file(), "{variable} names {}, which is not a file", file.display());
        return Ok(Some(file));
    }
    Ok(programs.iter().find_map(|program| on_path(program)))
}

fn major_version(program: &PathBuf) -> Result<u32> {
    let answer = captured(Command::new(program).arg("--version"))?;
    version_in(&answer).with_context(|| format!("{} does not say its version", program.display()))
}

fn version_in(answer: &str) -> Option<u32> {
    let version = answer.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    version.split('.').next()?.parse().ok()
}

fn packages_of_this_system() -> Option<&'static [&'static str]> {
    let release = std::fs::read_to_string("/etc/os-release").ok()?;
    packages_for(&release)
}

fn packages_for(release: &str) -> Option<&'static [&'static str]> {
    let ids = release.lines().filter_map(|line| {
        line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")).map(|id| id.trim_matches('"'))
    });
    let ids: Vec<&str> = ids.flat_map(str::split_whitespace).collect();
    if ids.contains(&"ubuntu") {
        Some(&["chromium-browser", "chromium-chromedriver"])
    } else if ids.contains(&"debian") {
        Some(&["chromium", "chromium-driver"])
    } else {
        None
    }
}

fn install(packages: &[&str]) -> Result<()> {
    let is_root = captured(Command::new("id").arg("-u")).is_ok_and(|answer| answer.trim() == "0");
    anyhow::ensure!(
        is_root || succeeds(Command::new("sudo").args(["-n", "true"])),
        "installing needs root, or sudo without a password"
    );
    let apt = |arguments: &[&str]| {
        let mut words = if is_root { vec![] } else { vec!["sudo", "-n"] };
        words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet"]);
        words.extend(arguments);
        let (program, rest) = words.split_first().context("no program to run")?;
        shown(Command::new(program).args(rest))
    };
    apt(&["update"])?;
    apt(&[&["install", "--yes"], packages].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_first_number_of_the_answer() {
        assert_eq!(version_in("Chromium 156.0.8078.79 built on Debian GNU/Linux 12"), Some(156));
        assert_eq!(version_in("ChromeDriver 156.0.8078.79 (a21c)"), Some(156));
        assert_eq!(version_in("no answer"), None);
    }

    #[test]
    fn the_packages_are_those_of_the_system_or_of_what_it_is_like() {
        assert_eq!(packages_for("ID=debian\n"), Some(&["chromium", "chromium-driver"][..]));
        assert_eq!(packages_for("ID=kali\nID_LIKE=debian\n"), Some(&["chromium", "chromium-driver"][..]));
        let ubuntu = Some(&["chromium-browser", "chromium-chromedriver"][..]);
        assert_eq!(packages_for("ID=mint\nID_LIKE=\"ubuntu debian\"\n"), ubuntu);
        assert_eq!(packages_for("ID=fedora\n"), None);
    }
}
