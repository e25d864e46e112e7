//! The steps of `cargo xtask test`: what each runs, what it needs and how its tests are counted.
//!
//! Must not know how steps are run or reported.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use crate::bench::peers;
use crate::build::{demo_app, relay};
use crate::command::{cargo, npm};
use crate::project::Project;
use crate::setup::browser::Browser;
use crate::setup::wasm_target::TARGET;
use crate::test::counts::Counter;
use crate::test::needs::{Need, Prepared};

/// One step. It is a command; what it prints is its log.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) needs: &'static [Need],
    /// Steps whose product this one uses. It fails if one of them has failed.
    pub(crate) after: &'static [&'static str],
    pub(crate) counter: Counter,
    /// Longer than the step ever takes on two cores: the limit is there to end what hangs.
    pub(crate) limit: Duration,
    pub(crate) command: fn(&Project, &Prepared) -> Result<Command>,
}

const JS: &[Need] = &[Need::Node, Need::Packages("js")];
const DEMO: &[Need] = &[Need::Node, Need::Packages("demo")];
const E2E: &[Need] = &[Need::Node, Need::Packages("tests/e2e")];
const PEERS: &[Need] = &[Need::Browser, Need::Node, Need::Packages(peers::FOLDER)];

/// A short step without needs that counts as one test; the others are named as differences from it.
const PLAIN: Step = Step {
    name: "",
    what: "",
    needs: &[],
    after: &[],
    counter: Counter::Whole,
    limit: Duration::from_secs(600),
    command: |_, _| anyhow::bail!("the step has no command"),
};

const BUILD_LIMIT: Duration = Duration::from_secs(1800);

/// About a minute's worth on two cores.
const SCHEDULES: &str = "20000";

/// Every step, in the order in which they run.
pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "format",
        what: "the formatting of all Rust code",
        command: |project, _| in_root(project, &["fmt", "--all", "--check"]),
        ..PLAIN
    },
    Step {
        name: "clippy",
        what: "the lints of all packages, natively",
        limit: BUILD_LIMIT,
        command: |project, _| {
            in_root(project, &["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"])
        },
        ..PLAIN
    },
    Step {
        name: "clippy-wasm",
        what: "the lints of the browser shell, for WebAssembly",
        needs: &[Need::WasmTarget],
        limit: BUILD_LIMIT,
        command: |project, _| {
            let package = ["clippy", "--quiet", "--package", "eyot", "--target", TARGET, "--all-targets"];
            in_root(project, &[&package[..], &["--", "-D", "warnings"]].concat())
        },
        ..PLAIN
    },
    Step {
        name: "docs",
        what: "the links within the documentation of all packages",
        limit: BUILD_LIMIT,
        command: |project, _| {
            let arguments = ["doc", "--quiet", "--workspace", "--no-deps", "--document-private-items"];
            let mut command = in_root(project, &arguments)?;
            command.env("RUSTDOCFLAGS", "-D warnings");
            Ok(command)
        },
        ..PLAIN
    },
    Step {
        name: "native",
        what: "the tests of the packages that run natively, with the examples in their documentation",
        counter: Counter::Cargo,
        limit: BUILD_LIMIT,
        // The root package only runs in a browser: the step `browser` tests it.
        command: |project, _| {
            in_root(project, &["test", "--workspace", "--exclude", "eyot", "--no-fail-fast"])
        },
        ..PLAIN
    },
    Step {
        name: "sim",
        what: "many schedules in the simulator, the same ones every time",
        limit: BUILD_LIMIT,
        command: |project, _| {
            xtask(project, &["sim", "--schedules", SCHEDULES, "--seed", "1", "--jobs", "2"])
        },
        ..PLAIN
    },
    Step {
        name: "mutants",
        what: "takes each guard of the core away in the simulator, which must miss it",
        counter: Counter::Cargo,
        limit: BUILD_LIMIT,
        command: |project, _| {
            let package = ["test", "--package", "eyot-sim", "--features", "mutants", "--test", "mutants"];
            in_root(project, &package)
        },
        ..PLAIN
    },
    Step {
        name: "browser",
        what: "the tests of the browser shell, in Chromium with its real IndexedDB",
        needs: &[Need::WasmTools, Need::Browser],
        counter: Counter::Cargo,
        limit: BUILD_LIMIT,
        command: browser,
        ..PLAIN
    },
    Step {
        name: "wasm",
        what: "builds pkg/ with wasm-pack and wasm-opt",
        needs: &[Need::WasmTools, Need::Node, Need::Packages("js")],
        limit: BUILD_LIMIT,
        command: |project, _| xtask(project, &["wasm"]),
        ..PLAIN
    },
    Step {
        name: "js",
        what: "builds js/dist, the npm package",
        needs: JS,
        after: &["wasm"],
        command: |project, _| xtask(project, &["js"]),
        ..PLAIN
    },
    Step {
        name: "js-types",
        what: "the types of the npm package",
        needs: JS,
        after: &["js"],
        command: |project, _| npm_run(project, "js", &["run", "typecheck"]),
        ..PLAIN
    },
    Step {
        name: "js-lint",
        what: "the lints of the npm package",
        needs: JS,
        after: &["js"],
        command: |project, _| npm_run(project, "js", &["run", "lint"]),
        ..PLAIN
    },
    Step {
        name: "js-test",
        what: "the unit tests of the npm package",
        needs: JS,
        after: &["js"],
        counter: Counter::Node,
        command: |project, _| npm_run(project, "js", &["test"]),
        ..PLAIN
    },
    Step {
        name: "demo-types",
        what: "the types of the demo",
        needs: DEMO,
        after: &["js"],
        command: |project, _| npm_run(project, "demo", &["run", "typecheck"]),
        ..PLAIN
    },
    Step {
        name: "demo-lint",
        what: "the lints of the demo",
        needs: DEMO,
        after: &["js"],
        command: |project, _| npm_run(project, "demo", &["run", "lint"]),
        ..PLAIN
    },
    Step {
        name: "demo-test",
        what: "the unit tests of the demo",
        needs: DEMO,
        after: &["js"],
        counter: Counter::Node,
        command: |project, _| npm_run(project, "demo", &["test"]),
        ..PLAIN
    },
    Step {
        name: "demo",
        what: "builds demo/dist, the demo's web app",
        needs: DEMO,
        after: &["js"],
        command: |project, _| xtask(project, &["demo", "--build"]),
        ..PLAIN
    },
    Step {
        name: "packaging",
        what: "installs the packed npm package into a plain Vite app, and opens that in Chromium",
        needs: &[Need::Browser, Need::Node, Need::Packages("js")],
        after: &["js"],
        command: |project, prepared| {
            let mut command = Command::new("node");
            command.arg("tests/packaging/check.mjs").current_dir(&project.root);
            command.env("CHROMIUM", &prepared.browser()?.chromium);
            Ok(command)
        },
        ..PLAIN
    },
    Step {
        name: "react",
        what: "the React hooks in Chromium, with two versions of React",
        needs: &[Need::Browser, Need::Node, Need::Packages("tests/react")],
        after: &["js"],
        counter: Counter::Node,
        command: |project, prepared| {
            let mut command = npm_run(project, "tests/react", &["test"])?;
            command.env("CHROMIUM", &prepared.browser()?.chromium);
            Ok(command)
        },
        ..PLAIN
    },
    Step {
        name: "react-lint",
        what: "the lints of the tests of the React hooks",
        needs: E2E,
        command: |project, _| lint(project, "tests/react"),
        ..PLAIN
    },
    Step {
        name: "size",
        what: "the size of the npm package in an application, which has a budget",
        needs: &[Need::Node, Need::Packages(peers::FOLDER)],
        after: &["js"],
        command: |project, _| xtask(project, &["size"]),
        ..PLAIN
    },
    Step {
        name: "relay",
        what: "builds the relay's program",
        limit: BUILD_LIMIT,
        command: |project, _| in_root(project, &["build", "--quiet", "--package", "eyot-relay", "--bins"]),
        ..PLAIN
    },
    Step {
        name: "e2e-lint",
        what: "the lints of the end-to-end tests",
        needs: E2E,
        command: |project, _| npm_run(project, "tests/e2e", &["run", "lint"]),
        ..PLAIN
    },
    Step {
        name: "e2e",
        what: "the demo in Chromium, with a real relay",
        needs: &[Need::Browser, Need::Node, Need::Packages("tests/e2e")],
        after: &["demo", "relay"],
        counter: Counter::Node,
        limit: BUILD_LIMIT,
        command: end_to_end,
    },
    Step {
        name: "crash-lint",
        what: "the lints of the crash tests",
        needs: E2E,
        command: |project, _| lint(project, "tests/crash"),
        ..PLAIN
    },
    Step {
        name: "bench-lint",
        what: "the lints of the benchmarks in the browser",
        needs: E2E,
        command: |project, _| lint(project, peers::FOLDER),
        ..PLAIN
    },
    Step {
        name: "bench",
        what: "what the benchmarks do and check, once and with few documents; no time is judged",
        needs: PEERS,
        after: &["js"],
        command: |project, _| xtask(project, &[&["bench"], &peers::ONCE[..]].concat()),
        ..PLAIN
    },
    Step {
        name: "crash-browser",
        what: "Chromium, killed again and again, with a real relay",
        needs: &[Need::Browser, Need::Node, Need::Packages("tests/e2e")],
        after: &["demo", "relay"],
        counter: Counter::Node,
        command: |project, prepared| {
            let mut command = Command::new("node");
            command.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]);
            command.current_dir(project.root.join("tests/crash"));
            end_to_end_settings(project, prepared, &mut command)?;
            Ok(command)
        },
        ..PLAIN
    },
    Step {
        name: "tidy",
        what: "the rules that no compiler checks",
        after: &["wasm"],
        counter: Counter::Plain,
        command: |project, _| xtask(project, &["tidy"]),
        ..PLAIN
    },
];

fn in_root(project: &Project, arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(cargo());
    command.args(arguments).current_dir(&project.root);
    Ok(command)
}

fn xtask(project: &Project, arguments: &[&str]) -> Result<Command> {
    in_root(project, &[&["run", "--quiet", "--package", "xtask", "--"], arguments].concat())
}

fn npm_run(project: &Project, folder: &str, arguments: &[&str]) -> Result<Command> {
    let mut command = npm(&project.root.join(folder));
    command.args(arguments);
    Ok(command)
}

/// Lints a folder that has no packages of its own, or not this one, with the linter of the end-to-end tests.
fn lint(project: &Project, folder: &str) -> Result<Command> {
    let linter = project.root.join("tests/e2e/node_modules/eslint/bin/eslint.js");
    let mut command = Command::new("node");
    command.arg(linter).args(["--max-warnings", "0", "."]).current_dir(project.root.join(folder));
    Ok(command)
}

fn browser(project: &Project, prepared: &Prepared) -> Result<Command> {
    let browser = prepared.browser()?;
    let settings = project.own_folder("browser")?.join("webdriver.json");
    fs::write(&settings, webdriver_settings(browser).to_string())
        .with_context(|| format!("cannot write {}", settings.display()))?;
    let mut command = prepared.wasm_tools()?.wasm_pack(&project.root)?;
    command
        .args(["test", "--headless", "--mode", "no-install", "--chrome", "--chromedriver"])
        .arg(&browser.chromedriver)
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", settings)
        .env("WASM_BINDGEN_TEST_TIMEOUT", "300");
    Ok(command)
}

/// Without a sandbox, because the tests may run as root in a container; without what calls out.
fn webdriver_settings(browser: &Browser) -> serde_json::Value {
    json!({
        "goog:chromeOptions": {
            "binary": browser.chromium,
            "args": [
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        },
    })
}

fn end_to_end(project: &Project, prepared: &Prepared) -> Result<Command> {
    let mut command = npm_run(project, "tests/e2e", &["test"])?;
    end_to_end_settings(project, prepared, &mut command)?;
    Ok(command)
}

fn end_to_end_settings(project: &Project, prepared: &Prepared, command: &mut Command) -> Result<()> {
    let browser = prepared.browser()?;
    command
        .env("EYOT_RELAY_BIN", relay::program(project, relay::Profile::Debug))
        .env("EYOT_DEMO_DIST", project.root.join(demo_app::DIST))
        .env("EYOT_SCREENSHOTS", super::screenshots(project)?)
        .env("CHROMIUM", &browser.chromium)
        .env("CHROMEDRIVER", &browser.chromedriver);
    Ok(())
}
