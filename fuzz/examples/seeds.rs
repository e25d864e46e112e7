//! Writes the seeds into the folders where the fuzzer looks for its corpus.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use eyot_fuzz::schedule;
use eyot_fuzz::seeds::{from_fixtures, from_vectors};

fn main() -> std::io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seeds = from_vectors(&here.join("../tests/vectors"))?;
    seeds.extend(from_fixtures(&here.join("fixtures"))?.into_iter().map(|(seed, _)| seed));
    let schedules = schedule::seeds(&here.join("../crates/sim/tests/regressions"))?;
    seeds.extend(schedules.into_iter().map(|bytes| ("schedule", bytes)));
    let mut counts = BTreeMap::new();
    for (target, bytes) in seeds {
        let folder = here.join("corpus").join(target);
        fs::create_dir_all(&folder)?;
        let count: &mut usize = counts.entry(target).or_default();
        fs::write(folder.join(format!("seed-{count:04}")), bytes)?;
        *count += 1;
    }
    for (target, count) in counts {
        println!("{target}: {count} seeds");
    }
    Ok(())
}
