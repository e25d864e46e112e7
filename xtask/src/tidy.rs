//! The rules that no compiler and no linter checks, each in a module of its own: `cargo xtask tidy`.
//!
//! Must not know what any rule looks for. A rule reads the tree and returns problems; it changes nothing.

mod directions;
mod function_length;
mod header;
mod length;
mod links;
mod tree;
mod wasm_imports;
mod words;

use std::process::ExitCode;

use anyhow::Result;

use crate::project::Project;
use crate::tidy::tree::Tree;

/// One breach of a rule, as `path: what is wrong`, with the line where there is one.
type Problem = String;

/// A rule: what it claims, and what finds the breaches.
struct Rule {
    claim: &'static str,
    check: fn(&Project, &Tree) -> Result<Vec<Problem>>,
}

const RULES: [Rule; 7] = [
    Rule { claim: "files are short", check: |_, tree| Ok(length::check(tree)) },
    Rule { claim: "linters keep functions short", check: |_, tree| Ok(function_length::check(tree)) },
    Rule { claim: "files say what they are for", check: |_, tree| Ok(header::check(tree)) },
    Rule { claim: "no words that do not belong", check: |_, tree| Ok(words::check(tree)) },
    Rule { claim: "links in Markdown resolve", check: |_, tree| Ok(links::check(tree)) },
    Rule { claim: "packages depend in the right directions", check: |project, _| directions::check(project) },
    Rule {
        claim: "the WebAssembly asks for nothing unknown",
        check: |project, _| wasm_imports::check(project),
    },
];

/// Checks every rule; the last line counts them.
pub(crate) fn run(project: &Project) -> Result<ExitCode> {
    let tree = Tree::of(&project.root)?;
    let mut failed = 0;
    for rule in &RULES {
        let problems = (rule.check)(project, &tree).unwrap_or_else(|error| vec![format!("{error:#}")]);
        println!("{}: {}", rule.claim, if problems.is_empty() { "ok" } else { "FAILED" });
        for problem in &problems {
            println!("  {problem}");
        }
        failed += usize::from(!problems.is_empty());
    }
    println!("{} passed, {failed} failed", RULES.len() - failed);
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
