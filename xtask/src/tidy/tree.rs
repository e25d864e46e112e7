//! The files of the repository that people write: those that git tracks or would track.
//!
//! Must not know the rules.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::command::captured;

/// Paths, relative to the root and with `/` between their parts, and their text. A file that is not UTF-8 has
/// no text.
pub(crate) struct Tree {
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// Reads the files of a checkout.
    pub(crate) fn of(root: &Path) -> Result<Self> {
        let listing = captured(
            Command::new("git")
                .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
                .current_dir(root),
        )?;
        let paths = listing.split('\0').filter(|path| !path.is_empty());
        let files = paths
            // What is tracked may have been deleted, and a link to a folder is no file.
            .filter(|path| root.join(path).is_file())
            .map(|path| (path.to_owned(), fs::read_to_string(root.join(path)).ok()))
            .collect();
        Ok(Self { files })
    }

    /// A tree for the tests of the rules.
    #[cfg(test)]
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned())));
        Self { files: files.collect() }
    }

    /// Every file that has text.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// Every file that has text and one of these endings.
    pub(crate) fn texts_ending(&self, endings: &[&str]) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(|(path, _)| endings.contains(&ending_of(path)))
    }

    /// The text of one file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// True if there is such a file, or a folder with files in it. The root has an empty path.
    pub(crate) fn contains(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty()
            || self.files.contains_key(path)
            || self.files.keys().any(|file| file.starts_with(&folder))
    }
}

/// What follows the last dot of a path.
pub(crate) fn ending_of(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, ending)| ending)
}
