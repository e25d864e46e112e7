//! Who takes in a clock from below another's floor covers deletions of which it has no trace, and hands that on.

use eyot_core::Seq;

use crate::net::Net;

// A relay r has forgotten that o deleted x, which the device l still has.
fn with_a_late_device() -> Net {
    let mut net = Net::default();
    net.write('l', "x", Some("1"));
    net.meet('l', 'r');
    net.meet('o', 'r');
    net.write('o', "x", None);
    net.meet('o', 'r');
    net.forget('r');
    net
}

#[test]
fn what_was_forgotten_before_a_replica_heard_of_it_is_deleted_for_those_who_meet_only_that_replica() {
    let mut net = with_a_late_device();
    net.meet('n', 'r');
    assert!(net.side('n').replica.floor() > Seq::ZERO);
    net.meet('l', 'n');
    assert_eq!((net.shown('l'), net.shown('n')), (String::new(), String::new()));
    assert_eq!(net.meet('l', 'r').searches, 0, "it has heard of all by now");
    assert_eq!((net.shown('l'), net.shown('r')), (String::new(), String::new()));
}

#[test]
fn what_is_forgotten_is_handed_on_through_any_number_of_replicas() {
    let mut net = with_a_late_device();
    for (new, from) in [('a', 'r'), ('b', 'a'), ('c', 'b')] {
        assert_eq!(net.meet(new, from).searches, 0);
    }
    net.meet('l', 'c');
    assert_eq!((net.shown('l'), net.shown('c')), (String::new(), String::new()));
}

#[test]
fn what_a_search_has_told_is_handed_on_too() {
    let mut net = with_a_late_device();
    // A friend of the late device has the record from it.
    net.meet('f', 'l');
    net.meet('g', 'l');
    assert_eq!(net.meet('f', 'r').searches, 1);
    assert_eq!(net.meet('g', 'f').searches, 1);
    assert_eq!(net.meet('l', 'g').searches, 1);
    for name in ['l', 'f', 'g'] {
        assert_eq!((net.shown(name), net.side(name).record("x")), (String::new(), None), "{name}");
    }
}

#[test]
fn a_recent_deletion_is_handed_on_after_a_search() {
    let mut net = with_a_late_device();
    // The search is over what stands; this deletion is not forgotten, and l has never heard of the record.
    net.write('o', "y", Some("1"));
    net.meet('o', 'r');
    net.meet('z', 'r');
    net.write('o', "y", None);
    net.meet('o', 'r');
    let mut late = Net::default();
    std::mem::swap(net.side('z'), late.side('z'));
    assert_eq!(net.meet('l', 'r').searches, 1);
    std::mem::swap(net.side('z'), late.side('z'));
    assert_eq!(net.shown('z'), "y=o:2");
    net.meet('z', 'l');
    assert_eq!((net.shown('z'), net.shown('l')), (String::new(), String::new()));
}

#[test]
fn a_restored_relay_hears_from_a_device_what_it_has_forgotten() {
    let mut net = with_a_late_device();
    net.meet('n', 'r');
    // The backup is of the time before the deletion.
    let mut before = Net::default();
    before.write('l', "x", Some("1"));
    let backup = net.side('l').replica.get("notes/x").cloned().unwrap();
    let key = "notes/x".parse().unwrap();
    net.restore('r', vec![eyot_core::segment::Segment::Written(vec![(key, backup)])]);
    assert_eq!(net.shown('r'), "x=l:1");
    net.meet('n', 'r');
    assert_eq!((net.shown('r'), net.shown('n')), (String::new(), String::new()));
    net.meet('l', 'r');
    assert_eq!((net.shown('r'), net.shown('l')), (String::new(), String::new()));
}

#[test]
fn who_is_connected_when_a_floor_rises_comes_again_once() {
    let mut net = with_a_late_device();
    net.meet('n', 'r');
    // A second relay has never heard of the deletion, and three devices are connected with it.
    for name in ['d', 'e', 'f'] {
        net.meet(name, 'l');
        net.connect(name, 's');
    }
    net.settle();
    assert_eq!(net.shown('s'), "x=l:1");
    let before = net.count;
    net.connect('n', 's');
    net.settle();
    let count = net.count - before;
    assert_eq!((count.below_floor, count.searches), (3, 4), "each once, and the relay itself");
    for name in ['s', 'n', 'd', 'e', 'f'] {
        assert_eq!(net.shown(name), "", "{name}");
    }
    let before = net.count;
    net.settle();
    assert_eq!(net.count, before);
}

#[test]
fn a_device_that_goes_from_relay_to_relay_makes_nobody_search() {
    let mut net = with_a_late_device();
    net.write_as('r', 'w', "kept", Some("1"));
    net.meet('s', 'r');
    for name in ['d', 'e', 'f'] {
        net.meet(name, 'r');
        net.connect(name, 's');
    }
    net.settle();
    // It has taken over what r has forgotten, has news of its own, and s has no cursor into its log.
    net.meet('n', 'r');
    net.write('n', "new", Some("1"));
    net.write('n', "gone", Some("1"));
    net.write('n', "gone", None);
    let before = net.count;
    net.connect('n', 's');
    net.settle();
    assert_eq!(((net.count - before).searches, (net.count - before).below_floor), (0, 0));
    assert_eq!(net.shown('f'), "kept=w:1 new=n:1");
}

#[test]
fn relays_in_a_ring_that_hand_on_to_each_other_become_quiet() {
    let mut net = with_a_late_device();
    net.meet('l', 's');
    net.meet('f', 'l');
    // Each relay of the ring has forgotten something that the others have not heard of, and has what others deleted.
    for (relay, id) in [('r', "one"), ('s', "two"), ('t', "three")] {
        net.write_as(relay, 'w', id, Some("1"));
        net.meet('l', relay);
        net.write_as(relay, relay, id, None);
        net.write_as(relay, relay, "kept", Some("1"));
        net.forget(relay);
    }
    for (one, other) in [('r', 's'), ('s', 't'), ('t', 'r')] {
        net.connect(one, other);
    }
    net.settle();
    let quiet = net.count;
    net.settle();
    assert_eq!(net.count, quiet, "nobody has anything more to say");
    for relay in ['s', 't'] {
        let [one, other] = [relay, 'r'].map(|name| net.side(name).replica.clock().digest());
        assert_eq!(one, other);
        assert_eq!(net.shown(relay), net.shown('r'));
    }
    net.meet('l', 't');
    net.meet('f', 's');
    assert_eq!((net.shown('l'), net.shown('f')), (net.shown('r'), net.shown('r')));
}

// Found by the checked model. While c waits for the answer of a, which omits the deletion, it takes in the record from b.
#[test]
fn what_arrives_between_the_question_and_the_answer_is_compared_too() {
    let mut net = Net::default();
    net.write('a', "x", Some("1"));
    net.meet('a', 'b');
    net.write('a', "x", None);
    net.forget_untold('a');
    net.connect('c', 'a');
    // Hello, hello, resume: a answers, and the answer is on its way.
    assert!(net.deliver_to('a', 'c') && net.deliver_to('c', 'a') && net.deliver_to('a', 'c'));
    net.connect('c', 'b');
    net.settle_between('c', 'b');
    assert_eq!(net.shown('c'), "x=a:1");
    net.settle();
    assert_eq!(net.shown('c'), "");
    net.meet('b', 'c');
    assert_eq!((net.shown('b'), net.shown('a')), (String::new(), String::new()));
}

// The same with a search: the record is in nobody's snapshot.
#[test]
fn what_arrives_during_a_search_is_compared_too() {
    let mut net = Net::default();
    net.write('a', "kept", Some("1"));
    net.meet('c', 'a');
    net.write('a', "x", Some("1"));
    net.meet('a', 'b');
    net.write('a', "x", None);
    net.forget_untold('a');
    net.connect('c', 'a');
    assert!(net.deliver_to('a', 'c') && net.deliver_to('c', 'a') && net.deliver_to('a', 'c'));
    assert!(net.deliver_to('c', 'a'));
    net.connect('c', 'b');
    net.settle_between('c', 'b');
    assert_eq!(net.shown('c'), "kept=a:1 x=a:2");
    net.settle();
    assert_eq!((net.shown('c'), net.shown('b')), ("kept=a:1".into(), "kept=a:1".into()));
}

// Found by the checked model. While a tells b in two pages what a search has found, b's next write of it comes to a.
#[test]
fn what_the_receiver_writes_during_a_delta_after_a_search_is_not_lost() {
    let mut net = Net::default();
    (net.credits, net.chunk_bytes) = (Some(1), Some(60));
    net.write('a', "old", Some("1"));
    net.meet('b', 'a');
    net.write('c', "x", Some("1"));
    net.meet('c', 'a');
    (1..=9).for_each(|number| net.write('a', &format!("y{number}"), Some("1")));
    net.write('a', "old", None);
    net.forget_untold('a');
    net.connect('b', 'a');
    // Up to the first page: it is staged at b.
    while net.side('b').staged_chunks() == 0 {
        assert!(net.deliver_to('a', 'b') || net.deliver_to('b', 'a'));
    }
    net.connect('b', 'c');
    net.settle_between('b', 'c');
    net.write('b', "x", Some("2"));
    // a hears of it before it has told the rest.
    while !net.shown('a').contains("x=b:1") {
        assert!(net.deliver_to('a', 'b') | net.deliver_to('b', 'a'));
    }
    assert!(net.side('b').record("old").is_some(), "the delta is not complete yet");
    net.settle();
    assert!(net.shown('b').starts_with("x=b:1 y1=a:2"), "{}", net.shown('b'));
    assert_eq!(net.shown('b'), net.shown('a'));
}

#[test]
fn a_ring_in_which_everybody_writes_and_forgets_does_not_search_for_ever() {
    let mut net = with_a_late_device();
    for (one, other) in [('r', 's'), ('s', 't'), ('t', 'r')] {
        net.connect(one, other);
    }
    net.settle();
    let before = net.count;
    for round in 0..20 {
        for relay in ['r', 's', 't'] {
            let id = format!("{relay}{round}");
            net.write(relay, &id, Some("1"));
            net.write(relay, &id, None);
            net.write(relay, &format!("kept{round}"), Some("1"));
            net.settle();
            net.forget(relay);
        }
    }
    let count = net.count - before;
    assert_eq!(
        (count.searches, count.below_floor),
        (0, 0),
        "nobody forgets what the others have not heard of"
    );
    assert_eq!((net.shown('s'), net.shown('t')), (net.shown('r'), net.shown('r')));
}
