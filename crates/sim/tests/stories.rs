//! Random stories: whatever happens to devices, tabs, disks, the network and relays, the laws hold at every step, and in
//! the end everybody has the same.

use eyot_sim::{Action, ContextChoice, Fault, Setting, Violation, World};
use proptest::prelude::*;

fn context() -> impl Strategy<Value = ContextChoice> {
    prop_oneof![
        4 => Just(ContextChoice::Latest),
        3 => (0usize..8).prop_map(ContextChoice::Earlier),
        1 => Just(ContextChoice::Empty),
    ]
}

fn write() -> impl Strategy<Value = Action> {
    let one = (0usize..12, context(), prop::bool::weighted(0.2));
    let bytes = prop_oneof![6 => Just(0usize), 2 => Just(60), 1 => Just(25_000)];
    (0usize..3, 0usize..3, prop::collection::vec(one, 1..8), bytes)
        .prop_map(|(device, tab, writes, bytes)| Action::Write { device, tab, writes, bytes })
}

fn run() -> impl Strategy<Value = Action> {
    prop_oneof![4 => 0u64..10, 3 => 10u64..200, 1 => 1_000u64..8_000, 1 => 20_000u64..60_000]
        .prop_map(|duration_ms| Action::Run { duration_ms })
}

// What people do, and what networks do to them.
fn daily() -> impl Strategy<Value = Action> {
    let (device, tab) = (0usize..3, 0usize..3);
    prop_oneof![
        6 => write(),
        6 => run(),
        2 => (device.clone(), tab.clone(), 0usize..12).prop_map(|(device, tab, key)| Action::Read { device, tab, key }),
        1 => (device.clone(), tab.clone()).prop_map(|(device, tab)| Action::AwaitSaved { device, tab }),
        1 => device.clone().prop_map(|device| Action::Open { device }),
        1 => (device.clone(), tab.clone()).prop_map(|(device, tab)| Action::Kill { device, tab }),
        1 => (device.clone(), any::<bool>()).prop_map(|(device, is_silent)| Action::Cut { device, is_silent }),
        2 => (device, any::<bool>()).prop_map(|(device, is_online)| Action::Online { device, is_online }),
    ]
}

fn fault() -> impl Strategy<Value = Action> {
    let (device, tab, relay) = (0usize..3, 0usize..3, 0usize..2);
    let faults = prop_oneof![Just(Fault::Refused), Just(Fault::Unheard)];
    prop_oneof![
        2 => (device.clone(), 0usize..6).prop_map(|(device, lost)| Action::CutPower { device, lost }),
        2 => (device.clone(), faults).prop_map(|(device, fault)| Action::Fail { device, fault }),
        2 => (device.clone(), tab.clone(), 1u64..3_000)
            .prop_map(|(device, tab, duration_ms)| Action::Freeze { device, tab, duration_ms }),
        2 => (device.clone(), tab.clone()).prop_map(|(device, tab)| Action::TakeOver { device, tab }),
        1 => relay.clone().prop_map(|relay| Action::RestartRelay { relay }),
        1 => (relay.clone(), 0usize..100).prop_map(|(relay, percent)| Action::RestoreRelay { relay, percent }),
        1 => (device.clone(), relay.clone()).prop_map(|(device, relay)| Action::Roam { device, relay }),
        1 => (device, tab, relay).prop_map(|(device, tab, relay)| Action::Import { device, tab, relay }),
    ]
}

// One device writes much, and the tabs of the other take the sync from each other while it comes in.
fn rivalry() -> impl Strategy<Value = Action> {
    let (one, tab) = ((0usize..12, context(), Just(false)), 0usize..3);
    prop_oneof![
        3 => prop::collection::vec(one, 4..10)
            .prop_map(|writes| Action::Write { device: 1, tab: 0, writes, bytes: 150 }),
        6 => (0u64..60).prop_map(|duration_ms| Action::Run { duration_ms }),
        3 => tab.clone().prop_map(|tab| Action::TakeOver { device: 0, tab }),
        2 => (tab.clone(), 1u64..500).prop_map(|(tab, duration_ms)| Action::Freeze { device: 0, tab, duration_ms }),
        1 => Just(Action::Open { device: 0 }),
        1 => tab.clone().prop_map(|tab| Action::Kill { device: 0, tab }),
        1 => any::<bool>().prop_map(|is_silent| Action::Cut { device: 0, is_silent }),
        1 => Just(Action::Fail { device: 0, fault: Fault::Refused }),
        1 => (tab, 0usize..12, context()).prop_map(|(tab, key, context)| Action::Write {
            device: 0, tab, writes: vec![(key, context, false)], bytes: 0,
        }),
    ]
}

// Tabs of one device write the same records, with contexts from before their own commits and those of others.
fn crowd() -> impl Strategy<Value = Action> {
    let (tab, key) = (0usize..3, 0usize..2);
    let one = (key.clone(), context(), prop::bool::weighted(0.1));
    prop_oneof![
        4 => (tab.clone(), prop::collection::vec(one, 1..4))
            .prop_map(|(tab, writes)| Action::Write { device: 0, tab, writes, bytes: 0 }),
        4 => (tab.clone(), key).prop_map(|(tab, key)| Action::Read { device: 0, tab, key }),
        4 => (0u64..8).prop_map(|duration_ms| Action::Run { duration_ms }),
        1 => prop_oneof![Just(Fault::Refused), Just(Fault::Unheard)]
            .prop_map(|fault| Action::Fail { device: 0, fault }),
        1 => (tab, 1u64..30).prop_map(|(tab, duration_ms)| Action::Freeze { device: 0, tab, duration_ms }),
    ]
}

fn tell(setting: Setting, actions: &[Action]) -> Result<World, Violation> {
    let mut world = World::new(setting)?;
    for action in actions {
        world.act(action)?;
    }
    world.heal()?;
    Ok(world)
}

// Few enough to be run often; PROPTEST_CASES asks for more.
fn config() -> ProptestConfig {
    let more = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { more.cases } else { 100 };
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 20_000, ..more }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn laws_2_and_8_all_replicas_come_to_hold_the_maximal_writes_and_fall_silent(
        seed: u64, records in 2usize..12, actions in prop::collection::vec(daily(), 1..40),
    ) {
        let outcome = tell(Setting { records, ..Setting::new(seed) }, &actions).map(drop);
        prop_assert_eq!(outcome, Ok(()));
    }

    #[test]
    fn law_2_contexts_from_before_a_commit_never_cover_what_their_tab_had_not_seen(
        seed: u64, actions in prop::collection::vec(crowd(), 1..60),
    ) {
        let begin = [Action::Open { device: 0 }, Action::Open { device: 0 }, Action::Open { device: 0 }];
        let actions: Vec<Action> = begin.into_iter().chain(actions).collect();
        let outcome = tell(Setting { records: 2, devices: 1, ..Setting::new(seed) }, &actions).map(drop);
        prop_assert_eq!(outcome, Ok(()));
    }

    #[test]
    fn law_4_two_tabs_that_sync_at_once_are_wasteful_and_not_wrong(
        seed: u64, actions in prop::collection::vec(rivalry(), 1..50),
    ) {
        let begin = [Action::Open { device: 0 }, Action::Open { device: 0 }, Action::Open { device: 1 }];
        let actions: Vec<Action> = begin.into_iter().chain(actions).collect();
        let outcome = tell(Setting { records: 12, devices: 2, ..Setting::new(seed) }, &actions).map(drop);
        prop_assert_eq!(outcome, Ok(()));
    }

    #[test]
    fn laws_3_4_5_and_7_hold_through_kills_power_cuts_two_syncing_tabs_and_restored_relays(
        seed: u64, records in 2usize..12,
        actions in prop::collection::vec(prop_oneof![4 => daily(), 1 => fault()], 1..50),
    ) {
        let outcome = tell(Setting { records, relays: 2, ..Setting::new(seed) }, &actions).map(drop);
        prop_assert_eq!(outcome, Ok(()));
    }
}
