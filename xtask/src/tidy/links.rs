//! Relative links in Markdown lead to files of the repository.
//!
//! Must not follow links to the web.

use pulldown_cmark::{Event, Parser, Tag};

use crate::tidy::Problem;
use crate::tidy::tree::Tree;

pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.texts_ending(&["md"]) {
        for (event, range) in Parser::new(text).into_offset_iter() {
            let (Event::Start(Tag::Link { dest_url, .. }) | Event::Start(Tag::Image { dest_url, .. })) =
                event
            else {
                continue;
            };
            if !resolves(tree, path, &dest_url) {
                let line = text.get(..range.start).unwrap_or_default().matches('\n').count() + 1;
                problems.push(format!("{path}:{line}: {dest_url} leads nowhere"));
            }
        }
    }
    problems
}

fn resolves(tree: &Tree, page: &str, link: &str) -> bool {
    let target = link.split(['#', '?']).next().unwrap_or_default();
    if target.is_empty() || link.contains("://") || link.starts_with("mailto:") {
        return true;
    }
    // A link from the root of a site means nothing in a repository.
    !target.starts_with('/') && joined(page, target).is_some_and(|path| tree.contains(&path))
}

/// The path that a link from a page means, unless it leaves the repository.
fn joined(page: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_link_leads_to_a_file_or_folder_of_the_repository() {
        let page = "[a](adr/1.md) [b](../README.md#x) [c](./adr/) [d](https://example.org/none)\n\
                    `[e](none.md)` ![f](none.png) [g](#here) [h](../../outside.md) [i](/README.md) [j][k]\n\n\
                    ```\n[l](none.md)\n```\n\n[k]: none.md\n";
        let tree = Tree::with(&[("docs/page.md", page), ("docs/adr/1.md", ""), ("README.md", "[a](.)")]);
        assert_eq!(
            check(&tree),
            [
                "docs/page.md:2: none.png leads nowhere",
                "docs/page.md:2: ../../outside.md leads nowhere",
                "docs/page.md:2: /README.md leads nowhere",
                "docs/page.md:2: none.md leads nowhere",
            ]
        );
    }
}
