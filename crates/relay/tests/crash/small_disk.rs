//! A small disk of its own, which can be filled to the last byte: a file system in memory, mounted for one test.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A mounted file system.
pub(crate) struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// A new one of that size.
    pub(crate) fn mount(kilobytes: u64) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let size = format!("size={kilobytes}k");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()))?;
        Ok(Self { folder })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes all space that is left.
    pub(crate) fn fill(&self) {
        let mut file = self.ballast_file();
        while file.write(&[0; 4096]).is_ok_and(|bytes| bytes > 0) {}
    }

    /// Takes all space that is left but for so much.
    pub(crate) fn leave_room(&self, kilobytes: u64) {
        self.fill();
        let file = self.ballast_file();
        file.set_len(file.metadata().unwrap().len() - kilobytes * 1024).unwrap();
    }

    /// Gives back all that was taken.
    pub(crate) fn make_room(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast_file(&self) -> File {
        File::options().create(true).append(true).open(self.ballast()).unwrap()
    }

    fn ballast(&self) -> PathBuf {
        self.folder.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A relay that has just been killed may still be letting go of its files: detached at once, gone soon.
        if let Err(error) = run(Command::new("umount").arg("--lazy").arg(self.folder.path())) {
            eprintln!("{} stays mounted: {error}", self.folder.path().display());
        }
    }
}

/// Why there can be no small disk here, if there can be none.
pub(crate) fn obstacle() -> Option<String> {
    SmallDisk::mount(64).err().map(|error| format!("a small file system cannot be mounted ({error})"))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(said.trim().to_owned()) }
}
