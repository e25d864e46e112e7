//! Devices that are joined in the simulator do exchange what they have, with no relay in reach.

use eyot_sim::{Action, Change, ContextChoice, Setting, World};

fn write(device: usize, key: usize) -> Action {
    let change = Change { key, context: ContextChoice::Latest, deletes: false };
    Action::Write { device, tab: 0, changes: vec![change], bytes: 0 }
}

#[test]
fn joined_devices_get_what_no_relay_has_seen() {
    let mut world = World::new(Setting { devices: 3, ..Setting::new(1) }).unwrap();
    for device in 0..3 {
        world.act(&Action::Online { device, is_online: false }).unwrap();
        world.act(&write(device, device)).unwrap();
    }
    world.act(&Action::Join { device: 0, other: 1 }).unwrap();
    world.act(&Action::Join { device: 1, other: 2 }).unwrap();
    world.run_ms(5_000).unwrap();
    for tab in world.tabs() {
        let engine = &world.tab(tab).unwrap().engine;
        assert_eq!(engine.count("notes"), 3, "{tab}");
    }
    assert_eq!(world.relays.first().map(|relay| relay.replica.head().0), Some(0));
}
