//! The first lines of a file say what it is for.

use crate::tidy::Problem;
use crate::tidy::tree::{Tree, ending_of};

pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let endings = ["rs", "ts", "tsx", "mts", "js", "mjs", "cjs", "css", "html"];
    tree.texts_ending(&endings)
        .filter(|(path, text)| !has_header(path, text))
        .map(|(path, _)| format!("{path}: the first lines do not say what the file is for"))
        .collect()
}

fn has_header(path: &str, text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !is_prologue(line));
    let Some(first) = lines.next() else {
        return false;
    };
    openings(path).iter().any(|opening| first.starts_with(opening))
}

/// What must stand before any comment.
fn is_prologue(line: &str) -> bool {
    line.starts_with("#!/") || line.to_ascii_lowercase().starts_with("<!doctype")
}

fn openings(path: &str) -> &'static [&'static str] {
    match ending_of(path) {
        "rs" => &["//!"],
        "css" => &["/*"],
        "html" => &["<!--"],
        _ => &["//", "/*"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_begins_with_a_comment_of_its_language() {
        for (path, text, expected) in [
            ("a.rs", "//! The noun.\n", true),
            ("a.rs", "// The noun.\n", false),
            ("a.rs", "use std::fmt;\n//! The noun.\n", false),
            ("a.rs", "", false),
            ("a.ts", "// The noun.\n", true),
            ("a.ts", "/** The noun. */\n", true),
            ("a.ts", "import x from 'y'\n", false),
            ("a.mjs", "#!/usr/bin/env node\n// The noun.\n", true),
            ("a.css", "/* The noun. */\n", true),
            ("a.html", "<!doctype html>\n<!-- The noun. -->\n", true),
            ("a.html", "<!doctype html>\n<html>\n", false),
        ] {
            assert_eq!(has_header(path, text), expected, "{path}: {text}");
        }
    }
}
