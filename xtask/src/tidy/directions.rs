//! Which package may depend on which: the shell, the relay and the simulator on the core, the core on nothing
//! of ours and on few others, nothing on the commands.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::project::Project;
use crate::tidy::Problem;

/// Our packages, and those of ours that each may depend on, be it only in its tests.
const DIRECTIONS: [(&str, &[&str]); 7] = [
    ("eyot-core", &[]),
    ("eyot", &["eyot-core"]),
    ("eyot-bench", &["eyot-core"]),
    ("eyot-relay", &["eyot-core"]),
    ("eyot-sim", &["eyot-core"]),
    ("eyot-model", &[]),
    ("xtask", &[]),
];

/// The packages of others that the core may depend on, not counting its tests.
const OTHERS_IN_CORE: [&str; 3] = ["fastrand", "litemap", "siphasher"];

pub(crate) fn check(project: &Project) -> Result<Vec<Problem>> {
    let packages = array(&project.metadata, "packages")?;
    let mut problems = Vec::new();
    for package in packages {
        let name = text(package, "name")?;
        let Some((_, allowed)) = DIRECTIONS.iter().find(|(ours, _)| *ours == name) else {
            problems.push(format!("{name}: its directions are not laid down in tidy/directions.rs"));
            continue;
        };
        for dependency in array(package, "dependencies")? {
            problems.extend(problem(name, allowed, dependency)?);
        }
    }
    Ok(problems)
}

fn problem(name: &str, allowed: &[&str], dependency: &Value) -> Result<Option<Problem>> {
    let other = text(dependency, "name")?;
    let is_ours = dependency.get("path").is_some_and(Value::is_string);
    let is_for_tests = dependency.get("kind").and_then(Value::as_str) == Some("dev");
    if is_ours && !allowed.contains(&other) {
        return Ok(Some(format!("{name}: must not depend on {other}")));
    }
    let is_free = is_ours || is_for_tests || name != "eyot-core";
    let is_new = !is_free && !OTHERS_IN_CORE.contains(&other);
    Ok(is_new.then(|| format!("{name}: {other} is not on its list of dependencies in tidy/directions.rs")))
}

fn array<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    value.get(key).and_then(Value::as_array).with_context(|| format!("cargo metadata has no {key}"))
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value.get(key).and_then(Value::as_str).with_context(|| format!("cargo metadata has no {key}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(name: &str, dependencies: Value) -> Vec<Problem> {
        let metadata = json!({ "packages": [{ "name": name, "dependencies": dependencies }] });
        check(&Project { root: "".into(), target: "".into(), metadata }).unwrap()
    }

    #[test]
    fn the_core_depends_on_nothing_of_ours_and_on_few_others() {
        let dependencies = json!([
            { "name": "siphasher", "kind": null, "path": null },
            { "name": "proptest", "kind": "dev", "path": null },
            { "name": "tokio", "kind": null, "path": null },
            { "name": "eyot-sim", "kind": "dev", "path": "crates/sim" },
        ]);
        assert_eq!(
            problems("eyot-core", dependencies),
            [
                "eyot-core: tokio is not on its list of dependencies in tidy/directions.rs",
                "eyot-core: must not depend on eyot-sim",
            ]
        );
    }

    #[test]
    fn the_relay_depends_on_the_core_and_not_on_the_shell() {
        let dependencies = json!([
            { "name": "tokio", "kind": null, "path": null },
            { "name": "eyot-core", "kind": null, "path": "crates/core" },
            { "name": "eyot", "kind": null, "path": "." },
            { "name": "xtask", "kind": "build", "path": "xtask" },
        ]);
        assert_eq!(
            problems("eyot-relay", dependencies),
            ["eyot-relay: must not depend on eyot", "eyot-relay: must not depend on xtask"]
        );
    }

    #[test]
    fn a_new_package_must_be_given_its_directions() {
        assert_eq!(problems("eyot-new", json!([])).len(), 1);
    }
}
