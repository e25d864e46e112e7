//! What the steps need from `setup`, had once before the first of them runs.
//!
//! Must not know what the steps do with it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::project::Project;
use crate::setup::browser::Browser;
use crate::setup::{WasmTools, node, packages, wasm_target};
use crate::test::steps::Step;

/// One thing that a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// The compiler's target for WebAssembly.
    WasmTarget,
    /// wasm-bindgen and wasm-pack.
    WasmTools,
    /// Chromium and its driver.
    Browser,
    /// Node and npm.
    Node,
    /// The npm packages of a folder.
    Packages(&'static str),
}

/// What was had, and why the rest was not.
#[derive(Default)]
pub(crate) struct Prepared {
    wasm_tools: Option<WasmTools>,
    browser: Option<Browser>,
    missing: BTreeMap<Need, String>,
}

impl Prepared {
    /// Sets up what any of the steps needs.
    pub(crate) fn for_steps(project: &Project, steps: &[&Step]) -> Self {
        let mut needs: Vec<Need> = steps.iter().flat_map(|step| step.needs).copied().collect();
        needs.sort();
        needs.dedup();
        let mut prepared = Self::default();
        for need in needs {
            if let Err(error) = prepared.have(need, project) {
                println!("{error:#}");
                prepared.missing.insert(need, format!("{error:#}"));
            }
        }
        prepared
    }

    fn have(&mut self, need: Need, project: &Project) -> Result<()> {
        match need {
            Need::WasmTarget => wasm_target::ensure()?,
            Need::WasmTools => self.wasm_tools = Some(WasmTools::ensure(project)?),
            Need::Browser => self.browser = Some(Browser::ensure()?),
            Need::Node => node::ensure()?,
            Need::Packages(folder) => packages::ensure(project, folder)?,
        }
        Ok(())
    }

    /// Why a step cannot run, if it cannot.
    pub(crate) fn obstacle(&self, step: &Step) -> Option<String> {
        step.needs.iter().find_map(|need| self.missing.get(need)).cloned()
    }

    /// The tools that make WebAssembly.
    pub(crate) fn wasm_tools(&self) -> Result<&WasmTools> {
        self.wasm_tools.as_ref().context("the step does not name the wasm tools among its needs")
    }

    /// The browser and its driver.
    pub(crate) fn browser(&self) -> Result<&Browser> {
        self.browser.as_ref().context("the step does not name the browser among its needs")
    }
}
