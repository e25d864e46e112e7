//! Skips a build whose inputs and outputs are what they were after the last one.
//!
//! Must not know how anything is built. Contents are compared, not times: a checkout changes times.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::project::Project;

/// Folders that are never an input, and of which one never wants to read all.
const SKIPPED: [&str; 4] = ["node_modules", "target", "dist", ".git"];

/// One build: what it reads and what it makes, relative to the repository's root.
pub(crate) struct Build<'a> {
    /// What the build is called in what is printed.
    pub(crate) name: &'a str,
    /// Files and folders that the build reads.
    pub(crate) inputs: &'a [&'a str],
    /// Files and folders that the build makes.
    pub(crate) outputs: &'a [&'a str],
    /// Anything else that changes the outcome, such as the flags.
    pub(crate) settings: &'a str,
}

impl Build<'_> {
    /// Runs `make` unless nothing has changed since it last succeeded.
    pub(crate) fn ensure(&self, project: &Project, make: impl FnOnce() -> Result<()>) -> Result<()> {
        let stamp = project.own_folder("stamps")?.join(self.name);
        // Taken before the build: what is edited while it runs must be built again.
        let inputs = fingerprint(&project.root, self.inputs)?;
        let written = fs::read_to_string(&stamp).unwrap_or_default();
        if written == self.text(inputs, fingerprint(&project.root, self.outputs)?) {
            println!("{}: up to date", self.name);
            return Ok(());
        }
        println!("{}: building", self.name);
        make()?;
        let text = self.text(inputs, fingerprint(&project.root, self.outputs)?);
        fs::write(&stamp, text).with_context(|| format!("cannot write {}", stamp.display()))
    }

    fn text(&self, inputs: u64, outputs: u64) -> String {
        format!("{inputs:016x} {outputs:016x} {}\n", self.settings)
    }
}

/// A fingerprint of the contents of files and folders, for comparison on this machine only.
pub(crate) fn fingerprint(root: &Path, names: &[&str]) -> Result<u64> {
    let mut files = BTreeMap::new();
    for name in names {
        collect(&root.join(name), &mut files)?;
    }
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    Ok(hasher.finish())
}

fn collect(path: &Path, files: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) -> Result<()> {
    if !path.is_dir() {
        // A file that is not there is a state too: making it must start a build.
        files.insert(path.to_owned(), fs::read(path).ok());
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))? {
        let entry = entry.with_context(|| format!("cannot list {}", path.display()))?;
        if !SKIPPED.iter().any(|skipped| entry.file_name() == *skipped) {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("eyot-stamp-{}-{name}", std::process::id()));
            fs::create_dir_all(folder.join("src")).unwrap();
            fs::write(folder.join("src/a"), "one").unwrap();
            Self(folder)
        }

        fn project(&self) -> Project {
            Project { root: self.0.clone(), target: self.0.join("target"), metadata: serde_json::Value::Null }
        }

        /// Ensures a build that copies `src/a` to `out`, and says whether it ran.
        fn ensure(&self, settings: &str) -> bool {
            let mut ran = false;
            let build = Build { name: "copy", inputs: &["src"], outputs: &["out"], settings };
            build
                .ensure(&self.project(), || {
                    ran = true;
                    fs::copy(self.0.join("src/a"), self.0.join("out")).unwrap();
                    Ok(())
                })
                .unwrap();
            ran
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_build_runs_again_only_if_an_input_an_output_or_a_setting_changed() {
        let scratch = Scratch::new("again");
        assert!(scratch.ensure("x"), "the first time");
        assert!(!scratch.ensure("x"), "nothing changed");
        assert!(scratch.ensure("y"), "a setting changed");
        fs::write(scratch.0.join("src/a"), "two").unwrap();
        assert!(scratch.ensure("y"), "an input changed");
        fs::write(scratch.0.join("src/b"), "").unwrap();
        assert!(scratch.ensure("y"), "an input came");
        fs::remove_file(scratch.0.join("out")).unwrap();
        assert!(scratch.ensure("y"), "an output went");
        fs::write(scratch.0.join("out"), "by hand").unwrap();
        assert!(scratch.ensure("y"), "an output changed");
        assert!(!scratch.ensure("y"), "nothing changed since");
    }

    #[test]
    fn a_build_that_failed_runs_again() {
        let scratch = Scratch::new("failed");
        let build = Build { name: "copy", inputs: &["src"], outputs: &["out"], settings: "" };
        assert!(build.ensure(&scratch.project(), || anyhow::bail!("no")).is_err());
        assert!(scratch.ensure(""));
    }
}
