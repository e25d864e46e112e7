//! The npm packages of one folder, in the versions of its lock file.
//!
//! Must not know what the packages are for.

use anyhow::{Context, Result};

use crate::command::{npm, shown};
use crate::project::Project;
use crate::stamp::fingerprint;

/// Runs `npm ci` in a folder unless its packages are those of its lock file.
pub(crate) fn ensure(project: &Project, name: &str) -> Result<()> {
    let folder = project.root.join(name);
    for file in ["package.json", "package-lock.json"] {
        anyhow::ensure!(folder.join(file).is_file(), "npm packages of {name}: {name}/{file} is missing");
    }
    // The stamp lies among the packages: who deletes them, deletes it too.
    let stamp = folder.join("node_modules").join(".eyot-stamp");
    let wanted = format!("{:016x}\n", fingerprint(&folder, &["package-lock.json"])?);
    if std::fs::read_to_string(&stamp).is_ok_and(|written| written == wanted) {
        println!("npm packages of {name}: present");
        return Ok(());
    }
    println!("npm packages of {name}: installing with npm ci");
    shown(npm(&folder).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])).with_context(|| {
        format!("npm packages of {name}: could not be installed. When you are online: npm ci in {name}/")
    })?;
    std::fs::create_dir_all(folder.join("node_modules"))
        .and_then(|()| std::fs::write(&stamp, wanted))
        .with_context(|| format!("cannot write {}", stamp.display()))
}
