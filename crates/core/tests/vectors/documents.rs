//! The examples of the documents: their bytes, line by line, are those of the vectors that they name.

use std::path::PathBuf;

use serde_json::Value;

use crate::file::{hex, load, unhex};

/// Checks every fenced block of a document that begins with `vector FILE: CASE`. In each line the bytes come first, and
/// what follows two spaces is for people.
pub(crate) fn check(name: &str) {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../docs", name].iter().collect();
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let mut examples = 0;
    while let Some(line) = lines.next() {
        if let Some(source) = line.strip_prefix("```vector ") {
            let (file, case) = source.split_once(": ").expect(source);
            let body = lines.by_ref().take_while(|line| *line != "```");
            let bytes: Vec<u8> = body.flat_map(|line| unhex(line.split("  ").next().unwrap())).collect();
            assert_eq!(hex(&bytes), hex(&bytes_of(file, case)), "{name}: {source}");
            examples += 1;
        }
    }
    assert!(examples > 0, "{name} has no examples");
}

fn bytes_of(file: &str, name: &str) -> Vec<u8> {
    let cases: Value = load(file);
    let case = cases["accepted"].as_array().into_iter().flatten().find(|case| case["name"] == name);
    unhex(case.unwrap_or_else(|| panic!("{file} has no case {name}"))["hex"].as_str().unwrap())
}
