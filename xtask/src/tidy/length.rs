//! A file is one noun: it stays under 400 lines.

use crate::tidy::Problem;
use crate::tidy::tree::Tree;

const LINES_LIMIT: usize = 400;
const ENDINGS: [&str; 9] = ["rs", "ts", "tsx", "mts", "js", "mjs", "cjs", "css", "html"];

pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    tree.texts_ending(&ENDINGS)
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines >= LINES_LIMIT)
        .map(|(path, lines)| format!("{path}: {lines} lines; stay under {LINES_LIMIT}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_file_of_400_lines_is_too_long() {
        let long = "a\n".repeat(400);
        let short = "a\n".repeat(399);
        let tree = Tree::with(&[
            ("src/long.rs", &long),
            ("src/short.rs", &short),
            ("js/long.ts", &long),
            ("data.json", &long),
        ]);
        assert_eq!(
            check(&tree),
            ["js/long.ts: 400 lines; stay under 400", "src/long.rs: 400 lines; stay under 400"]
        );
    }
}
