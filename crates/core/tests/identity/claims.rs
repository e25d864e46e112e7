//! One claim each.

use eyot_core::engine::{Condition, EngineInput};
use eyot_core::segment::Segment;
use eyot_core::{Context, Dot, Export, Hlc, Record, ReplicaId};

use crate::host::{Device, Disk, Net, Relay, key, meet};

// A device that has written n1 and n2 and met the relay, and the copy of its disk from then.
pub(crate) fn before() -> (Device, Relay, Disk) {
    let (mut device, mut relay) = (Device::open(b'a', Disk::default(), 1), Relay::new(b'r'));
    device.write("n1", "heron");
    device.write("n2", "egret");
    meet(&mut device, &mut relay);
    let copy = device.disk.clone();
    (device, relay, copy)
}

fn converge(devices: &mut [&mut Device], relay: &mut Relay) {
    for _ in 0..3 {
        devices.iter_mut().for_each(|device| meet(device, relay));
    }
}

#[test]
fn a_restored_backup_goes_on_under_a_new_name_and_nothing_is_lost() {
    let (mut device, mut relay, backup) = before();
    device.write("n1", "grey heron");
    device.write("n3", "bittern");
    meet(&mut device, &mut relay);
    drop(device);
    let mut restored = Device::open(b'a', backup, 2);
    restored.write("n4", "stork");
    restored.write("n2", "little egret");
    assert_eq!(restored.shown("n1"), ["heron"]);
    meet(&mut restored, &mut relay);
    assert!(restored.is_reborn());
    assert_eq!(restored.notices, ["replica-forked"]);
    for (id, content) in [("n1", "grey heron"), ("n2", "little egret"), ("n3", "bittern"), ("n4", "stork")] {
        assert_eq!(
            (restored.shown(id), relay.shown(id)),
            (vec![content.into()], vec![content.into()]),
            "{id}"
        );
    }
    assert_eq!(restored.engine.sync_status().unsent, 0);
    // The new name is in the log: it stays when the tab is opened again.
    let name = restored.engine.replica().id();
    let again = Device::open(b'a', restored.disk.clone(), 3);
    assert_eq!(again.engine.replica().id(), name);
    assert_ne!(name, ReplicaId::letter(b'a'));
}

#[test]
fn two_copies_that_write_the_same_record_become_siblings() {
    let (mut one, mut relay, copy) = before();
    let mut two = Device::open(b'a', copy, 2);
    one.write("n1", "grey heron");
    two.write("n1", "night heron");
    // Both have the dot a:3.
    converge(&mut [&mut one, &mut two], &mut relay);
    assert_eq!((one.is_reborn(), two.is_reborn()), (false, true));
    for shown in [one.shown("n1"), two.shown("n1"), relay.shown("n1")] {
        assert_eq!(shown, ["grey heron", "night heron"]);
    }
    // Whoever sees both replaces both.
    two.write("n1", "both herons");
    converge(&mut [&mut two, &mut one], &mut relay);
    assert_eq!(
        (one.shown("n1"), relay.shown("n1")),
        (vec!["both herons".into()], vec!["both herons".into()])
    );
}

#[test]
fn a_copy_that_has_written_more_than_the_other_is_found_too() {
    let (mut one, mut relay, copy) = before();
    let mut two = Device::open(b'a', copy, 2);
    one.write("n1", "grey heron");
    meet(&mut one, &mut relay);
    // Its counter is above what the relay has seen.
    (0..5).for_each(|n| two.write(&format!("m{n}"), "of the copy"));
    two.write("n1", "night heron");
    converge(&mut [&mut two, &mut one], &mut relay);
    assert_eq!((one.is_reborn(), two.is_reborn()), (false, true));
    assert_eq!(one.shown("n1"), ["grey heron", "night heron"]);
    assert_eq!(
        (one.shown("m4"), relay.shown("m4")),
        (vec!["of the copy".into()], vec!["of the copy".into()])
    );
}

#[test]
fn a_log_that_was_set_back_without_own_writes_gets_a_new_life() {
    let (mut device, mut relay, backup) = before();
    let mut other = Device::open(b'b', Disk::default(), 7);
    other.write("n5", "crane");
    meet(&mut other, &mut relay);
    // Its log grows by what it takes in, and the relay follows it.
    meet(&mut device, &mut relay);
    let mut restored = Device::open(b'a', backup, 2);
    meet(&mut restored, &mut relay);
    assert!(restored.is_reborn());
    restored.write("n6", "ibis");
    meet(&mut restored, &mut relay);
    assert_eq!((restored.shown("n5"), relay.shown("n6")), (vec!["crane".into()], vec!["ibis".into()]));
}

#[test]
fn a_tab_that_was_frozen_is_not_taken_for_a_copy() {
    let (mut frozen, mut relay, disk) = before();
    // Another tab of the same profile writes and syncs meanwhile.
    let mut awake = Device::open(b'a', disk, 2);
    awake.write("n1", "grey heron");
    awake.write("n3", "bittern");
    meet(&mut awake, &mut relay);
    frozen.disk = awake.disk.clone();
    meet(&mut frozen, &mut relay);
    assert!(!frozen.is_reborn() && frozen.notices.is_empty());
    assert_eq!((frozen.shown("n1"), frozen.shown("n3")), (vec!["grey heron".into()], vec!["bittern".into()]));
    assert_eq!(frozen.disk.log, awake.disk.log, "nothing was appended");
}

#[test]
fn all_tabs_take_the_new_name_from_the_log() {
    let (mut device, mut relay, backup) = before();
    device.write("n1", "grey heron");
    meet(&mut device, &mut relay);
    let mut restored = Device::open(b'a', backup, 2);
    let mut other_tab = Device::open(b'a', restored.disk.clone(), 3);
    restored.write("n1", "night heron");
    meet(&mut restored, &mut relay);
    // The other tab writes without having heard of it: its commit finds the log longer.
    other_tab.disk = restored.disk.clone();
    other_tab.write("n7", "spoonbill");
    let (one, two) = (other_tab.engine.replica(), Device::open(b'a', other_tab.disk.clone(), 4));
    assert_eq!(one.id(), restored.engine.replica().id());
    assert_eq!(one.clock().to_linked(), two.engine.replica().clock().to_linked());
    assert_eq!(other_tab.shown("n7"), ["spoonbill"]);
    assert_eq!(Export::of(one), Export::of(two.engine.replica()));
}

#[test]
fn contexts_from_before_mean_the_same_after() {
    let (mut device, mut relay, backup) = before();
    device.write("n1", "grey heron");
    device.write("n9", "of the other copy");
    meet(&mut device, &mut relay);
    let mut restored = Device::open(b'a', backup, 2);
    restored.write("n8", "one");
    let opened = restored.engine.context_of("notes/n8");
    restored.write_with("n8", "two", Some(Context::new()));
    meet(&mut restored, &mut relay);
    assert!(restored.is_reborn());
    // The form had seen the first and not the second.
    restored.write_with("n8", "three", Some(opened));
    assert_eq!(restored.shown("n8"), ["three", "two"]);
    // One that is opened now has seen all there is, also what the other copy wrote under the old name.
    for id in ["n1", "n8", "n9"] {
        let opened = restored.engine.context_of(key(id).as_str());
        restored.write_with(id, "four", Some(opened));
        assert_eq!(restored.shown(id), ["four"], "{id}");
        let written = restored.contexts[0].clone();
        restored.write_with(id, "five", Some(written));
        assert_eq!(restored.shown(id), ["five"], "{id}");
    }
}

#[test]
fn a_context_of_which_nobody_knows_the_time_swallows_nothing() {
    let (mut device, mut relay, backup) = before();
    device.write("n8", "of the other copy");
    meet(&mut device, &mut relay);
    let mut restored = Device::open(b'a', backup, 2);
    restored.write("n8", "one");
    // Kept by the page, which is loaded again.
    let opened = restored.engine.context_of("notes/n8");
    meet(&mut restored, &mut relay);
    let mut again = Device::open(b'a', restored.disk, 3);
    again.take(EngineInput::Online(true));
    again.write_with("n8", "two", Some(opened));
    assert!(again.shown("n8").contains(&"of the other copy".to_owned()), "{:?}", again.shown("n8"));
}

#[test]
fn a_token_from_before_is_met_at_once() {
    let (mut device, mut relay, backup) = before();
    device.write("n1", "grey heron");
    meet(&mut device, &mut relay);
    let mut restored = Device::open(b'a', backup, 2);
    restored.write("n8", "one");
    restored.write("n8", "two");
    let token = restored.engine.replica().clock().to_vector();
    meet(&mut restored, &mut relay);
    assert!(restored.is_reborn());
    restored.take(EngineInput::Await { ticket: 70, condition: Condition::Clock(token) });
    let ahead = "a:99".parse().unwrap();
    restored.take(EngineInput::Await { ticket: 71, condition: Condition::Clock(ahead) });
    assert_eq!(restored.awaited, [70]);
}

#[test]
fn one_dot_with_two_contents_is_shown_as_both_and_said() {
    let mut device = Device::open(b'c', Disk::default(), 1);
    let record = |content: &str| {
        let mut record = Record::new();
        let content = Some(content.as_bytes().into());
        record.write("a:1".parse().unwrap(), &Context::new(), Hlc::from_ms(5), content);
        Export {
            clock: "a:1".parse().unwrap(),
            forgotten: Default::default(),
            entries: vec![(key("n1"), record)],
        }
    };
    for content in ["heron", "egret", "heron"] {
        device.take(EngineInput::Import { ticket: 2, bytes: record(content).to_bytes() });
    }
    assert_eq!(
        (device.shown("n1"), device.notices.clone()),
        (vec!["egret".into(), "heron".into()], vec!["dot-collision"])
    );
    // It is kept, and a write that has seen both replaces both.
    let mut again = Device::open(b'c', device.disk, 2);
    assert_eq!(again.shown("n1"), ["egret", "heron"]);
    again.write("n1", "bittern");
    assert_eq!(again.shown("n1"), ["bittern"]);
}

#[test]
fn an_import_of_what_was_lost_is_taken_in_under_the_name_that_it_had() {
    let (mut device, mut relay, backup) = before();
    device.write("n1", "grey heron");
    device.write("n3", "bittern");
    let export = Export::of(device.engine.replica()).to_bytes();
    let mut restored = Device::open(b'a', backup, 2);
    restored.write("n4", "stork");
    restored.take(EngineInput::Import { ticket: 5, bytes: export });
    assert!(restored.is_reborn());
    assert_eq!(
        (restored.shown("n1"), restored.shown("n4")),
        (vec!["grey heron".into()], vec!["stork".into()])
    );
    converge(&mut [&mut restored, &mut device], &mut relay);
    assert_eq!((device.is_reborn(), device.shown("n4")), (false, vec!["stork".into()]));
}

#[test]
fn a_relay_that_was_set_back_makes_nobody_a_copy_and_gets_back_what_it_lost() {
    let (mut device, mut relay, _) = before();
    let mut other = Device::open(b'b', Disk::default(), 7);
    meet(&mut other, &mut relay);
    let backup = relay.deltas();
    for n in 0..4 {
        device.write("n1", &format!("heron {n}"));
        other.write("n5", &format!("crane {n}"));
        converge(&mut [&mut device, &mut other], &mut relay);
    }
    for deltas in 0..=backup {
        let mut restored = relay.restored(deltas, 1_000 + deltas as u64);
        let (mut one, mut two) =
            (Device::open(b'a', device.disk.clone(), 20), Device::open(b'b', other.disk.clone(), 21));
        converge(&mut [&mut one, &mut two], &mut restored);
        assert!(!one.is_reborn() && !two.is_reborn());
        assert_eq!(
            (restored.shown("n1"), restored.shown("n5")),
            (vec!["heron 3".into()], vec!["crane 3".into()])
        );
    }
}

#[test]
fn a_copy_that_the_relay_knows_only_from_others_is_found() {
    let (mut device, mut relay, copy) = before();
    device.write("n1", "grey heron");
    meet(&mut device, &mut relay);
    // Somebody carries it to another relay.
    let (mut carrier, mut second) = (Device::open(b'b', Disk::default(), 7), Relay::new(b's'));
    meet(&mut carrier, &mut relay);
    meet(&mut carrier, &mut second);
    let mut two = Device::open(b'a', copy, 2);
    (0..9).for_each(|n| two.write("n1", &format!("night heron {n}")));
    meet(&mut two, &mut second);
    assert!(two.is_reborn());
    assert_eq!(second.shown("n1"), ["grey heron", "night heron 8"]);
}

#[test]
fn a_relay_that_lies_costs_one_name_a_minute_at_most() {
    let (mut device, _, _) = before();
    let began_ms = device.now_ms;
    let mut liar = Relay::new(b'l');
    for _ in 0..4 {
        // It says that the replica has written a hundred times more, whatever its name is by now.
        let dot = Dot::new(device.engine.replica().id(), 100);
        let mut record = Record::new();
        record.write(dot, &Context::new(), Hlc::from_ms(1), None);
        let (clock, forgotten) = ([(dot, 7)].into_iter().collect(), Default::default());
        let entries = vec![(key("n9"), record)];
        liar.replica.apply(Segment::Imported { clock, forgotten, entries }, Vec::new());
        meet(&mut device, &mut liar);
    }
    let minutes = (device.now_ms - began_ms) / 60_000;
    let names = device.engine.replica().rebirths().len() as u64;
    assert!((1..=minutes + 1).contains(&names), "{names} names in {minutes} minutes");
    assert_eq!(device.shown("n1"), ["heron"]);
}

#[test]
fn two_copies_that_are_connected_at_the_same_time_hear_of_each_others_writes() {
    for (is_told_first, of_n1) in [(false, vec!["grey heron", "night heron"]), (true, vec!["night heron"])] {
        let (mut one, mut relay, copy) = before();
        let (mut two, mut net) = (Device::open(b'a', copy, 2), Net::default());
        one.connect();
        two.connect();
        net.run(&mut [&mut one, &mut two], &mut relay);
        one.write("n1", "grey heron");
        one.write("n3", "bittern");
        // It came from the log that the other copy has as well, as far as its epoch tells.
        if is_told_first {
            net.run(&mut [&mut one, &mut two], &mut relay);
            assert_eq!((two.shown("n1"), two.is_reborn()), (vec!["grey heron".into()], true));
        }
        two.write("n1", "night heron");
        two.write("n4", "stork");
        two.write("n4", "white stork");
        net.run(&mut [&mut one, &mut two], &mut relay);
        assert_eq!((one.is_reborn(), two.is_reborn()), (false, true));
        assert_eq!(
            (relay.refused.as_slice(), two.notices.as_slice()),
            ([].as_slice(), ["replica-forked"].as_slice())
        );
        for (id, contents) in [("n1", of_n1), ("n3", vec!["bittern"]), ("n4", vec!["white stork"])] {
            for shown in [one.shown(id), two.shown(id), relay.shown(id)] {
                assert_eq!(shown, contents, "{id}, told first: {is_told_first}");
            }
        }
    }
}

#[test]
fn what_one_copy_has_taken_in_is_told_to_the_other_although_none_has_written() {
    for are_connected_at_once in [false, true] {
        let (mut one, mut relay, copy) = before();
        let (mut two, mut net) = (Device::open(b'a', copy, 2), Net::default());
        let mut other = Device::open(b'b', Disk::default(), 7);
        other.write("n5", "egret");
        let file = Export::of(other.engine.replica()).to_bytes();
        if are_connected_at_once {
            one.connect();
            two.connect();
            net.run(&mut [&mut one, &mut two], &mut relay);
        }
        one.take(EngineInput::Import { ticket: 9, bytes: file });
        if are_connected_at_once {
            net.run(&mut [&mut one, &mut two], &mut relay);
        } else {
            meet(&mut one, &mut relay);
            meet(&mut two, &mut relay);
        }
        assert_eq!((one.shown("n5"), relay.shown("n5")), (vec!["egret".into()], vec!["egret".into()]));
        assert_eq!(two.shown("n5"), ["egret"], "connected at once: {are_connected_at_once}");
        assert!(!one.is_reborn() && relay.refused.is_empty());
        // It finds out as soon as it is compared again, or brings anything itself.
        two.write("n6", "crake");
        meet(&mut two, &mut relay);
        assert_eq!((two.is_reborn(), relay.shown("n6")), (true, vec!["crake".into()]));
    }
}

#[test]
fn references_go_by_the_names_of_now() {
    let (mut device, mut relay, backup) = before();
    device.write("n1", "grey heron");
    meet(&mut device, &mut relay);
    let mut restored = Device::open(b'a', backup, 2);
    restored.write("n2", "egret");
    let dot = |device: &Device| device.engine.record("notes/n2").unwrap().versions()[0].dot;
    let (own, context) = (dot(&restored), restored.engine.context_of("notes/n2"));
    let known: Dot = "a:2".parse().unwrap();
    restored.write_referring("n2", "little egret", Some(context.clone()), &[own, known, own]);
    meet(&mut restored, &mut relay);
    assert!(restored.is_reborn());
    let named = |device: &Device| device.engine.record("notes/n2").unwrap().versions()[0].references.clone();
    let name = restored.engine.replica().id();
    assert_eq!(named(&restored).as_slice(), [Dot::new(name, 1), known, Dot::new(name, 1)]);
    // Whoever hands back what was read under the former name means the same writes.
    restored.write_referring("n2", "great egret", Some(context), &[own, known]);
    let versions = restored.engine.record("notes/n2").unwrap().versions();
    assert_eq!(versions.last().unwrap().references.as_slice(), [Dot::new(name, 1), known]);
}
