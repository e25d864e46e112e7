//! The text notation of the simulator's schedules: what is read is written in a text that reads as the same.
//!
//! Not among the checks that the core's tests share: the simulator depends on the core.

use std::fs;
use std::path::Path;

use eyot_sim::Schedule;

/// Takes the bytes for a schedule.
pub fn check(bytes: &[u8]) {
    let Ok(schedule) = String::from_utf8_lossy(bytes).parse::<Schedule>() else { return };
    let text = schedule.to_string();
    let again = text.parse::<Schedule>();
    assert_eq!(again.as_ref().map(ToString::to_string), Ok(text));
    assert_eq!(again, Ok(schedule));
}

/// The schedules that broke something once.
pub fn seeds(folder: &Path) -> std::io::Result<Vec<Vec<u8>>> {
    let mut seeds = Vec::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|ending| ending == "schedule") {
            seeds.push(fs::read(path)?);
        }
    }
    Ok(seeds)
}
