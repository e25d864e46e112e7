//! Counts of instructions by the name of a benchmark: as text, and compared with others.
//!
//! Must not know how they are counted.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

/// Up to so many parts in a hundred more are no change: the allocator and the standard library have their part.
const TOLERATED_PERCENT: u64 = 3;

const HEAD: &str = "# Instructions of the core's benchmarks; written by `cargo xtask bench core --accept`.\n";

/// Instructions by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts(BTreeMap<String, u64>);

impl Counts {
    pub(crate) fn note(&mut self, name: String, instructions: u64) {
        self.0.insert(name, instructions);
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let counts = lines.map(|line| {
            let (name, number) = line.split_once(' ').with_context(|| format!("no count: {line}"))?;
            let number = number.trim().parse().with_context(|| format!("no number: {line}"))?;
            Ok((name.to_owned(), number))
        });
        counts.collect::<Result<_>>().map(Self)
    }

    pub(crate) fn to_text(&self) -> String {
        let width = self.0.keys().map(String::len).max().unwrap_or(0);
        let lines = self.0.iter().map(|(name, number)| format!("{name:width$} {number:>12}\n"));
        HEAD.to_owned() + &lines.collect::<String>()
    }

    /// Prints each beside what was noted; gives those that are clearly more.
    pub(crate) fn compare(&self, now: &Self) -> Vec<String> {
        let mut more = Vec::new();
        for (name, number) in &now.0 {
            let Some(noted) = self.0.get(name) else {
                println!("{name}: {number}, not noted before");
                continue;
            };
            let percent = *number as f64 * 100.0 / (*noted).max(1) as f64;
            println!("{name}: {number}, {percent:.1} % of what was noted");
            if *number > noted.saturating_mul(100 + TOLERATED_PERCENT) / 100 {
                more.push(format!("{name}: {number}, and {noted} were noted"));
            }
        }
        more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counts: &[(&str, u64)]) -> Counts {
        Counts(counts.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect())
    }

    #[test]
    fn what_is_written_is_read_again() {
        let some = counts(&[("a.b", 1_000), ("long_name.c", 22)]);
        assert_eq!(Counts::parse(&some.to_text()).unwrap(), some);
        assert!(Counts::parse("a\n").is_err());
    }

    #[test]
    fn only_what_is_clearly_more_is_told() {
        let noted = counts(&[("same", 1_000), ("less", 1_000), ("little", 1_000), ("more", 1_000)]);
        let now = counts(&[("same", 1_000), ("less", 10), ("little", 1_030), ("more", 1_031), ("new", 5)]);
        assert_eq!(noted.compare(&now), ["more: 1031, and 1000 were noted"]);
    }
}
