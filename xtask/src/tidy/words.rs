//! Nothing speaks of the machine on which it was written, and nothing is left for later in a comment.

use crate::tidy::Problem;
use crate::tidy::tree::Tree;

/// Folders of particular machines. Written in two parts, because this file is checked too.
const FOLDERS: [&str; 5] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/tm", "p/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
];

/// Hosts of package registries: which one is used is the machine's setting, not the project's.
const HOSTS: [&str; 6] = [
    concat!("artifact", "ory"),
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("registry.", "npmjs.org"),
    concat!("registry.", "yarnpkg.com"),
    concat!("deb.", "debian.org"),
];

/// Marks of unfinished work: finish it, or write it where work is planned.
const MARKS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.texts() {
        for (number, line) in (1..).zip(text.lines()) {
            let found = word_in(line, is_generated(path));
            problems.extend(found.map(|word| format!("{path}:{number}: contains {word}")));
        }
    }
    problems
}

/// Checksums of lock files may contain any letters.
fn is_generated(path: &str) -> bool {
    path.ends_with(".lock") || path.ends_with("package-lock.json")
}

fn word_in(line: &str, is_generated: bool) -> Option<&'static str> {
    let folder = FOLDERS.iter().find(|folder| begins_a_path(line, folder));
    let host = HOSTS.iter().find(|host| line.contains(*host));
    let mark = MARKS.iter().find(|mark| !is_generated && stands_alone(line, mark));
    folder.or(host).or(mark).copied()
}

/// True if the folder begins a path and is not within one: `a/b/` has no `/b/` of the machine.
fn begins_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || "_-.~})]*".contains(c))
    })
}

fn stands_alone(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_a_machine_hosts_of_registries_and_marks_do_not_belong() {
        let [work, root, temporary, ..] = FOLDERS;
        let [host, ..] = HOSTS;
        let [to_do, fix_me, _] = MARKS;
        for (line, is_generated, expected) in [
            (format!("see {work}main"), false, Some(work)),
            (format!("\"{root}.cargo\""), false, Some(root)),
            (format!("{temporary}x"), true, Some(temporary)),
            (format!("target{work}x"), false, None),
            (format!("https://example.org{work}x"), false, None),
            (format!("https://{host}/x"), true, Some(host)),
            (format!("// {to_do}: later"), false, Some(to_do)),
            (format!("// {fix_me}(me)"), false, Some(fix_me)),
            (format!("sha512-a/{to_do}+b"), true, None),
            (format!("{to_do}S_LIMIT"), false, None),
        ] {
            assert_eq!(word_in(&line, is_generated), expected, "{line}");
        }
    }

    #[test]
    fn a_problem_names_the_file_and_the_line() {
        let [to_do, ..] = MARKS;
        let text = format!("//! A noun.\n// {to_do}\n");
        let tree = Tree::with(&[("a.rs", &text)]);
        assert_eq!(check(&tree), [format!("a.rs:2: contains {to_do}")]);
    }
}
