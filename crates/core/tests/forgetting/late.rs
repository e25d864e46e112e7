//! One replica has forgotten deletions, another comes back after.

use eyot_core::Seq;

use crate::net::Net;

#[test]
fn a_forgotten_deletion_does_not_come_back_with_a_late_device() {
    let mut net = Net::default();
    for id in ["kept", "deleted", "edited"] {
        net.write('l', id, Some("1"));
    }
    net.meet('l', 'r');
    net.meet('o', 'r');
    net.write('o', "deleted", None);
    net.write('o', "edited", None);
    net.meet('o', 'r');
    // The late device edits one of them meanwhile, and writes another.
    net.write('l', "edited", Some("2"));
    net.write('l', "new", Some("1"));
    net.forget('r');
    net.forget('o');
    assert!(net.side('r').replica.floor() > Seq::ZERO);
    assert_eq!(net.side('r').record("deleted"), None);
    net.meet('l', 'r');
    net.meet('o', 'r');
    for name in ['l', 'r', 'o'] {
        assert_eq!(net.shown(name), "edited=l:4 kept=l:1 new=l:5", "{name}");
    }
}

#[test]
fn what_is_deleted_for_a_late_device_leaves_nothing_behind() {
    let mut net = Net::default();
    net.write('l', "x", Some("1"));
    net.meet('l', 'r');
    net.write_as('r', 'o', "x", None);
    net.meet('l', 'r');
    let mut late = Net::default();
    late.write('l', "x", Some("1"));
    assert_eq!(net.forget('r'), 0);
    // The same device as it was before it heard of the deletion.
    std::mem::swap(net.side('l'), late.side('l'));
    assert_eq!(net.shown('l'), "x=l:1");
    net.meet('l', 'r');
    assert_eq!(net.side('l').record("x"), None);
}

#[test]
fn what_was_deleted_for_a_late_device_is_deleted_for_those_who_know_only_it() {
    let mut net = Net::default();
    net.write('l', "x", Some("1"));
    net.meet('l', 'r');
    net.meet('f', 'l');
    net.meet('o', 'r');
    net.write('o', "x", None);
    net.meet('o', 'r');
    net.forget('r');
    net.meet('l', 'r');
    net.meet('f', 'l');
    assert_eq!((net.shown('l'), net.shown('f')), (String::new(), String::new()));
}

#[test]
fn a_record_made_anew_under_a_forgotten_name_is_the_new_one_everywhere_at_once() {
    let mut net = Net::default();
    net.write('l', "x", Some("old"));
    net.meet('l', 'r');
    net.meet('o', 'r');
    net.write('o', "x", None);
    net.meet('o', 'r');
    net.forget('r');
    net.forget('o');
    net.write('o', "x", Some("new"));
    net.meet('o', 'r');
    // Not even for a moment does the old one stand beside it.
    net.connect('l', 'r');
    while net.deliver_one() {
        assert!(["x=l:1", "x=o:2"].contains(&net.shown('l').as_str()));
        assert_eq!(net.shown('r'), "x=o:2");
    }
    for name in ['l', 'r', 'o'] {
        assert_eq!(net.shown(name), "x=o:2", "{name}");
    }
}

#[test]
fn a_new_device_gets_everything_from_a_replica_that_has_forgotten_without_a_search() {
    let mut net = Net::default();
    net.write('a', "x", Some("1"));
    net.write('a', "y", Some("1"));
    net.write('a', "y", None);
    net.meet('a', 'r');
    net.forget('r');
    net.write('n', "z", Some("1"));
    let count = net.meet('n', 'r');
    assert_eq!((net.shown('n'), net.shown('r')), ("x=a:1 z=n:1".into(), "x=a:1 z=n:1".into()));
    assert_eq!((count.searches, count.below_floor), (0, 0));
}

#[test]
fn a_month_late_device_costs_its_differences_and_not_the_database() {
    let mut net = Net::default();
    for id in 0..5_000u64 {
        let id = format!("{:08x}", id.wrapping_mul(0x9e37_79b9) as u32);
        net.write('o', &id, Some("the same everywhere"));
    }
    net.meet('o', 'r');
    net.meet('l', 'r');
    let shown = net.shown('r');
    shown.split(' ').step_by(500).for_each(|text| net.write('o', &text[..8], None));
    net.meet('o', 'r');
    net.forget('r');
    let count = net.meet('l', 'r');
    assert_eq!(net.shown('l'), net.shown('r'));
    assert_eq!(count.searches, 1);
    assert!(count.bytes < 15_000, "{} bytes", count.bytes);
    assert!(count.messages < 24, "{} messages", count.messages);
}

#[test]
fn no_number_of_differences_makes_a_message_too_large() {
    let mut net = Net::default();
    for id in 0..8_000u64 {
        net.write('o', &format!("{id:0120}"), Some(""));
    }
    net.meet('o', 'r');
    net.meet('l', 'r');
    for id in 0..8_000u64 {
        net.write('o', &format!("{id:0120}"), None);
    }
    net.meet('o', 'r');
    assert_eq!(net.forget('r'), 0);
    net.count.largest_message_bytes = 0;
    let count = net.meet('l', 'r');
    assert_eq!((count.searches, net.shown('l')), (1, String::new()));
    assert!(count.largest_message_bytes < 300_000, "{} bytes in one message", count.largest_message_bytes);
}
