//! How many tests passed and failed, read from what the runners print.
//!
//! Must not know which step uses which runner.

use std::fmt;
use std::iter::Sum;

/// The tests of a step, or of all steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

/// Whose output is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counter {
    /// The step as a whole is one test.
    Whole,
    /// `test result: ok. 3 passed; 0 failed; ...`, once for each program: cargo and wasm-bindgen's runner.
    Cargo,
    /// `# pass 3` and `# fail 0`, or the same after an `ℹ`: node's runner.
    Node,
    /// A last line `3 passed, 0 failed`.
    Plain,
}

impl Counts {
    /// A step that failed without counting.
    pub(crate) const FAILURE: Self = Self { passed: 0, failed: 1 };

    /// True if no test was counted.
    pub(crate) fn is_empty(self) -> bool {
        self.passed == 0 && self.failed == 0
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, next| Self {
            passed: sum.passed + next.passed,
            failed: sum.failed + next.failed,
        })
    }
}

impl Counter {
    /// What the output counts, or `None` if this kind of step does not count.
    pub(crate) fn count(self, output: &str) -> Option<Counts> {
        match self {
            Self::Whole => None,
            Self::Cargo => Some(output.lines().filter_map(cargo_line).sum()),
            Self::Node => Some(output.lines().filter_map(node_line).sum()),
            Self::Plain => Some(output.lines().rev().find_map(plain_line).unwrap_or_default()),
        }
    }
}

/// Joins what was counted with how the step ended: a step that ended badly has at least one failure, and so
/// has one that was to count and counted nothing, because then its tests have not run.
pub(crate) fn judged(counted: Option<Counts>, ended_well: bool) -> Counts {
    let counts = counted.unwrap_or(Counts { passed: u64::from(ended_well), failed: 0 });
    let fails_uncounted = !ended_well || counts.is_empty();
    Counts { failed: counts.failed.max(u64::from(fails_uncounted)), ..counts }
}

fn cargo_line(line: &str) -> Option<Counts> {
    let (_, result) = line.trim().strip_prefix("test result: ")?.split_once(". ")?;
    let of = |word: &str| {
        result.split(';').find_map(|part| part.trim().strip_suffix(word)?.trim().parse::<u64>().ok())
    };
    Some(Counts { passed: of("passed")?, failed: of("failed")? })
}

fn node_line(line: &str) -> Option<Counts> {
    let (word, number) =
        line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ "))?.trim().split_once(' ')?;
    let number = number.parse().ok()?;
    match word {
        "pass" => Some(Counts { passed: number, failed: 0 }),
        // A cancelled test has not shown what it claims.
        "fail" | "cancelled" => Some(Counts { passed: 0, failed: number }),
        _ => None,
    }
}

fn plain_line(line: &str) -> Option<Counts> {
    let (passed, failed) = line.trim().strip_suffix(" failed")?.split_once(" passed, ")?;
    Some(Counts { passed: passed.parse().ok()?, failed: failed.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn counts(passed: u64, failed: u64) -> Counts {
        Counts { passed, failed }
    }

    #[test]
    fn every_runner_is_counted_from_its_own_lines() {
        let cargo = "running 2 tests\n\
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: FAILED. 3 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out\n";
        let node = "# tests 9\n# suites 0\n# pass 6\n# fail 2\n# cancelled 1\n# skipped 0\n# todo 0\n";
        let node_spec = "ℹ tests 2\nℹ pass 1\nℹ fail 1\nℹ cancelled 0\n";
        let plain = "1 passed, 0 failed\nmore\n12 passed, 3 failed\n";
        for (counter, output, expected) in [
            (Counter::Cargo, cargo, Some(counts(5, 1))),
            (Counter::Node, node, Some(counts(6, 3))),
            (Counter::Node, node_spec, Some(counts(1, 1))),
            (Counter::Plain, plain, Some(counts(12, 3))),
            (Counter::Whole, cargo, None),
            (Counter::Cargo, node, Some(counts(0, 0))),
            (Counter::Node, "", Some(counts(0, 0))),
        ] {
            assert_eq!(counter.count(output), expected, "{counter:?}");
        }
    }

    #[test]
    fn a_step_that_ended_badly_or_counted_nothing_has_failed() {
        for (counted, ended_well, expected) in [
            (None, true, counts(1, 0)),
            (None, false, counts(0, 1)),
            (Some(counts(5, 0)), true, counts(5, 0)),
            (Some(counts(5, 2)), false, counts(5, 2)),
            (Some(counts(5, 2)), true, counts(5, 2)),
            (Some(counts(5, 0)), false, counts(5, 1)),
            (Some(counts(0, 0)), true, counts(0, 1)),
        ] {
            assert_eq!(judged(counted, ended_well), expected, "{counted:?} {ended_well}");
        }
    }

    #[test]
    fn the_closing_line_names_both_counts() {
        assert_eq!(counts(12, 0).to_string(), "12 passed, 0 failed");
    }
}
