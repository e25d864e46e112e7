//! Checks every model as it is, and prints how large it was and what was found.

use std::time::Instant;

use eyot_model::setup::setups;
use stateright::{Checker, HasDiscoveries, Model};

fn main() {
    let limit: u64 = std::env::var("LIMIT").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for mut setup in setups() {
        if !arguments.is_empty() && arguments[0] != "all" && arguments[0] != setup.name {
            continue;
        }
        setup.off = arguments.get(1).and_then(|name| {
            eyot_model::guard::Guard::ALL.into_iter().find(|guard| format!("{guard:?}") == *name)
        });
        let start = Instant::now();
        let name = setup.name;
        let checker = setup
            .clone()
            .checker()
            .finish_when(HasDiscoveries::AnyFailures)
            .target_max_depth(limit as usize)
            .spawn_bfs()
            .join();
        println!(
            "{name}: {} states, {} generated, depth {}, {:.1} s",
            checker.unique_state_count(),
            checker.state_count(),
            checker.max_depth(),
            start.elapsed().as_secs_f64()
        );
        for (law, path) in checker.discoveries() {
            println!("  broken: {law}");
            for (world, step) in path.into_vec() {
                let shown: Vec<String> = (0..setup.replicas)
                    .map(|replica| {
                        let own = &world.replicas[replica];
                        let records: Vec<String> = (0..setup.keys)
                            .map(|key| format!("{{{}}}", world.dots(own.record(key).versions)))
                            .collect();
                        format!(
                            "{}: {} clock {} floor {}",
                            eyot_model::vector::letter(replica),
                            records.join(" "),
                            own.vector(),
                            own.floor
                        )
                    })
                    .collect();
                println!("    {}", shown.join(" | "));
                if let Some(step) = step {
                    println!("  -> {step}");
                }
            }
        }
    }
}
