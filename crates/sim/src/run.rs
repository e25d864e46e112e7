//! Runs schedules: one by one, each in a world of its own.
//!
//! Knows nothing of where schedules come from.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::schedule::Schedule;
use crate::violation::Violation;
use crate::world::World;

/// How much happened in a world.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// How many things happened: messages arrived, requests to disks were done, timers were due.
    pub events: u64,
    /// How many writes were made.
    pub writes: u64,
}

/// The number of the healing among the steps; a schedule has none with it. (0 is that of the making of the world.)
const HEALING: u32 = u32::MAX;

/// Runs a schedule to its end. Err is the first violation; a panic of the core is one, too.
pub fn run(schedule: &Schedule) -> Result<Tally, Violation> {
    catch_unwind(AssertUnwindSafe(|| tell(schedule))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let what = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("something");
        Err(Violation::new(10, format!("panic: {what}")))
    })
}

fn tell(schedule: &Schedule) -> Result<Tally, Violation> {
    let mut world = World::new(schedule.setting)?;
    world.copies.are_made = schedule.has_copies();
    for step in &schedule.steps {
        world.begin_step(step.number);
        world.act(&step.action).map_err(|violation| violation.at(format_args!("step {}", step.number)))?;
    }
    world.begin_step(HEALING);
    world.heal().map_err(|violation| violation.at("after healing"))?;
    Ok(Tally { events: world.events(), writes: world.model.len() as u64 })
}
