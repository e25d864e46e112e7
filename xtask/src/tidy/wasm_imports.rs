//! The WebAssembly asks its host for nothing but what wasm-bindgen's own JavaScript gives: whoever loads the
//! npm package needs no other module.

use anyhow::{Context, Result};
use wasmparser::{Parser, Payload};

use crate::project::Project;
use crate::tidy::Problem;

const FILE: &str = "pkg/eyot_bg.wasm";
const MODULES: [&str; 2] = ["./eyot_bg.js", "wbg"];

pub(crate) fn check(project: &Project) -> Result<Vec<Problem>> {
    let wasm = std::fs::read(project.root.join(FILE))
        .with_context(|| format!("{FILE}: missing; `cargo xtask wasm` builds it"))?;
    let modules = imported_modules(&wasm).with_context(|| format!("{FILE}: not WebAssembly"))?;
    Ok(modules
        .iter()
        .filter(|module| !MODULES.contains(&module.as_str()))
        .map(|module| format!("{FILE}: imports from {module}"))
        .collect())
}

fn imported_modules(wasm: &[u8]) -> Result<Vec<String>> {
    let mut modules = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::ImportSection(imports) = payload? {
            for import in imports.into_imports() {
                modules.push(import?.module.to_owned());
            }
        }
    }
    modules.sort();
    modules.dedup();
    Ok(modules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_that_is_imported_from_is_found_once() {
        // (module (type (func)) (import "a" "f" (func)) (import "b" "g" (func)) (import "a" "h" (func)))
        let wasm =
            b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x13\x03\x01a\x01f\0\0\x01b\x01g\0\0\x01a\x01h\0\0";
        assert_eq!(imported_modules(wasm).unwrap(), ["a", "b"]);
    }

    #[test]
    fn what_is_no_web_assembly_is_an_error() {
        assert!(imported_modules(b"<!doctype html>").is_err());
    }
}
