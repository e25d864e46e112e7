//! A function does one thing: the linters hold it under 70 lines. Here we look that they are told to.

use crate::tidy::Problem;
use crate::tidy::tree::Tree;

/// Where the limit is set, and how each linter writes it, without white space.
const SETTINGS: [(&str, &[&str]); 7] = [
    ("clippy.toml", &["too-many-lines-threshold=70"]),
    ("crates/core/clippy.toml", &["too-many-lines-threshold=70"]),
    ("js/eslint.config.js", &ESLINT),
    ("demo/eslint.config.js", &ESLINT),
    ("tests/e2e/eslint.config.js", &ESLINT),
    ("tests/crash/eslint.config.js", &ESLINT),
    ("benches/peers/eslint.config.js", &ESLINT),
];
const ESLINT: [&str; 2] =
    ["'max-lines-per-function':['error',70]", "'max-lines-per-function':['error',{max:70"];

pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    SETTINGS.iter().filter_map(|(path, forms)| problem(tree, path, forms)).collect()
}

fn problem(tree: &Tree, path: &str, forms: &[&str]) -> Option<Problem> {
    let Some(text) = tree.text(path) else {
        return Some(format!("{path}: missing"));
    };
    let text: String = text.replace('"', "'").split_whitespace().collect();
    let is_set = forms.iter().any(|form| has(&text, form));
    (!is_set).then(|| format!("{path}: does not limit functions to 70 lines"))
}

/// True if the setting is there and its number ends where the form ends: 700 is not 70.
fn has(text: &str, form: &str) -> bool {
    text.split(form).skip(1).any(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_linter_must_be_told_the_limit() {
        let tree = Tree::with(&[
            ("clippy.toml", "too-many-lines-threshold = 70\n"),
            ("crates/core/clippy.toml", "too-many-lines-threshold = 700\n# = 70"),
            ("tests/e2e/eslint.config.js", "rules: {}"),
            ("benches/peers/eslint.config.js", "'max-lines-per-function': ['error', { max: 70 }]"),
            ("tests/crash/eslint.config.js", "// 'max-lines-per-function': ['error', { max: 70 }]"),
            ("js/eslint.config.js", "\"max-lines-per-function\": [\n\"error\", { max: 70 }]"),
        ]);
        assert_eq!(
            check(&tree),
            [
                "crates/core/clippy.toml: does not limit functions to 70 lines",
                "demo/eslint.config.js: missing",
                "tests/e2e/eslint.config.js: does not limit functions to 70 lines",
            ]
        );
    }
}
