//! Backups: copying the file while a relay runs, putting a copy in place, and the new life that a log needs then.
//!
//! Law: a log that was set back has another epoch than it had, so that no cursor from before is taken for one of now. A copy
//! that [`back_up`] has made is marked, and whoever opens it draws new epochs; so also who forgets to say that it is a copy.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use eyot_core::LogEpoch;
use rusqlite::{Connection, OpenFlags};

use super::{FILE, lock_folder, rows, schema};
use crate::store::{StoreError, now_ms};

/// Copies what a folder holds into a file that is not there yet. A relay may be at work there meanwhile; the copy is as of one
/// moment.
pub fn back_up(folder: &Path, file: &Path) -> Result<(), StoreError> {
    if file.exists() {
        return Err(StoreError::Failed(format!("{} is there already", file.display())));
    }
    // It gets its name when it is whole.
    let part = with_ending(file, "part");
    remove(&part)?;
    // What people write is nobody else's on this machine. SQLite takes an empty file for none.
    private(&part).map_err(|error| failed(&part, &error))?;
    let from = Connection::open_with_flags(folder.join(FILE), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    from.busy_timeout(std::time::Duration::from_secs(30))?;
    from.execute("VACUUM INTO ?", [part.to_string_lossy()])?;
    let mut copy = Connection::open(&part)?;
    copy.pragma_update(None, "synchronous", "full")?;
    schema::migrate(&mut copy)?;
    copy.execute("UPDATE relay SET is_copy = 1", ())?;
    copy.close().map_err(|(_, error)| error)?;
    sync(&part)?;
    fs::rename(&part, file).map_err(|error| failed(file, &error))
}

/// Puts that copy in the place of what a folder holds, which is moved aside; or makes nothing but a new life of what is there
/// already, where no file is given. No relay may be at work there. Says how many databases there are.
pub fn restore(folder: &Path, file: Option<&Path>) -> Result<u64, StoreError> {
    let _lock = lock_folder(folder)?;
    let Some(file) = file else { return open_as_copy(&folder.join(FILE)) };
    let part = folder.join(format!("{FILE}.part"));
    for path in with_companions(&part) {
        remove(&path)?;
    }
    private(&part).map_err(|error| failed(&part, &error))?;
    fs::copy(file, &part).map_err(|error| failed(file, &error))?;
    let databases = open_as_copy(&part)?;
    sync(&part)?;
    move_aside(folder)?;
    let name = folder.join(FILE);
    fs::rename(&part, &name).map_err(|error| failed(&name, &error))?;
    with_companions(&part).iter().try_for_each(|path| remove(path))?;
    Ok(databases)
}

/// Draws new epochs if the file is a copy; true when it did.
pub(super) fn begin_lives_of_copy(connection: &mut Connection) -> Result<bool, StoreError> {
    let is_copy = connection.query_row("SELECT is_copy FROM relay", (), |row| row.get(0))?;
    if is_copy {
        begin_lives(connection)?;
    }
    Ok(is_copy)
}

/// Draws a new epoch for a database, if its log ends before that position in that life. True when it did.
pub(super) fn begin_life(
    transaction: &Connection,
    database: i64,
    beyond: eyot_core::Cursor,
) -> Result<bool, StoreError> {
    let update = "UPDATE databases SET epoch = ? WHERE id = ? AND epoch = ? AND head < ?";
    let place = (rows::from_epoch(beyond.epoch), rows::from_seq(beyond.seq));
    Ok(transaction.execute(update, (rows::from_epoch(new_epoch()?), database, place.0, place.1))? > 0)
}

fn begin_lives(connection: &mut Connection) -> Result<u64, StoreError> {
    let transaction = connection.transaction()?;
    let databases = super::databases::all(&transaction)?;
    for database in &databases {
        let row = (rows::from_epoch(new_epoch()?), database.id);
        transaction.execute("UPDATE databases SET epoch = ? WHERE id = ?", row)?;
    }
    transaction.execute("UPDATE relay SET is_copy = 0", ())?;
    transaction.commit()?;
    Ok(databases.len() as u64)
}

// A copy that somebody else has made may be damaged: that is found out before it takes the place of anything.
fn open_as_copy(file: &Path) -> Result<u64, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let mut connection = Connection::open_with_flags(file, flags)?;
    let sound: String = connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
    if sound != "ok" {
        return Err(StoreError::Failed(format!("{} is damaged: {sound}", file.display())));
    }
    let has_tables = "SELECT count(*) FROM sqlite_schema WHERE name IN ('relay', 'databases')";
    if connection.query_row(has_tables, (), |row| row.get::<_, i64>(0))? != 2 {
        return Err(StoreError::Failed(format!("{} is not a relay's", file.display())));
    }
    schema::prepare(&connection)?;
    schema::migrate(&mut connection)?;
    let databases = begin_lives(&mut connection)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(databases)
}

// The file first: without it SQLite takes what is beside it for nothing.
fn move_aside(folder: &Path) -> Result<(), StoreError> {
    let aside = folder.join(format!("before-restore-{}", now_ms()));
    for path in with_companions(&folder.join(FILE)).iter().filter(|path| path.exists()) {
        fs::create_dir_all(&aside).map_err(|error| failed(&aside, &error))?;
        let name = path.file_name().unwrap_or_default();
        fs::rename(path, aside.join(name)).map_err(|error| failed(path, &error))?;
    }
    Ok(())
}

fn new_epoch() -> Result<LogEpoch, StoreError> {
    crate::store::new_names().map(|(_, epoch)| epoch)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{ending}"));
    name.into()
}

// The file, and what SQLite keeps beside it.
fn with_companions(file: &Path) -> [PathBuf; 3] {
    let beside = |ending: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        name.into()
    };
    [file.to_owned(), beside("-wal"), beside("-shm")]
}

fn private(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(path, &error)),
        _ => Ok(()),
    }
}

fn sync(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Failed(format!("{}: {error}", path.display()))
}
