//! Which steps run, and in which order.
//!
//! Must not run them.

use anyhow::{Result, bail};

use crate::test::steps::Step;

/// The named steps and those they come after, in the order of the list; all steps if none is named.
pub(crate) fn chosen<'a>(steps: &'a [Step], only: Option<&str>) -> Result<Vec<&'a Step>> {
    let Some(only) = only else {
        return Ok(steps.iter().collect());
    };
    let mut wanted: Vec<&str> = only.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let mut next = 0;
    while let Some(name) = wanted.get(next).copied() {
        match steps.iter().find(|step| step.name == name) {
            Some(step) => wanted.extend(step.after),
            None => bail!("no step is named {name}; `cargo xtask test --list` names them"),
        }
        next += 1;
    }
    Ok(steps.iter().filter(|step| wanted.contains(&step.name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::steps::STEPS;

    fn names(only: &str) -> Vec<&'static str> {
        chosen(STEPS, Some(only)).unwrap().iter().map(|step| step.name).collect()
    }

    #[test]
    fn the_builds_that_a_step_needs_run_before_it() {
        assert_eq!(names("demo-types"), ["wasm", "js", "demo-types"]);
        assert_eq!(names("tidy,format"), ["format", "wasm", "tidy"]);
    }

    #[test]
    fn a_step_that_does_not_exist_is_an_error() {
        assert!(chosen(STEPS, Some("format,no-such-step")).is_err());
    }

    #[test]
    fn every_step_comes_after_those_that_it_names() {
        for (place, step) in STEPS.iter().enumerate() {
            for before in step.after {
                let found = STEPS.iter().position(|other| other.name == *before);
                assert!(found.is_some_and(|found| found < place), "{before} before {}", step.name);
            }
        }
    }
}
