//! News of a replica that is faster than what it says itself: it is no copy, and is not told that it is one.

use crate::claims::before;
use crate::host::{Device, Disk, Net, Relay, meet};

#[test]
fn a_hello_that_news_of_its_sender_has_overtaken_is_not_refused() {
    for (has_read, is_carried) in [(true, false), (false, false), (true, true), (false, true)] {
        let (mut slow, mut relay, disk) = before();
        let (mut carrier, mut second) = (Device::open(b'b', Disk::default(), 7), Relay::new(b's'));
        // Its hello is on a slow way. Meanwhile another tab of the same profile writes and syncs.
        slow.connect();
        let mut fast = Device::open(b'a', disk, 2);
        fast.write("n1", "grey heron");
        fast.write("n3", "bittern");
        meet(&mut fast, &mut relay);
        if is_carried {
            meet(&mut carrier, &mut relay);
            meet(&mut carrier, &mut second);
        }
        let there = if is_carried { &mut second } else { &mut relay };
        slow.disk.log.clone_from(&fast.disk.log);
        if has_read {
            slow.read_on();
        }
        slow.write("n4", "stork");
        Net::default().run(&mut [&mut slow], there);
        assert_eq!(
            (there.refused.as_slice(), slow.is_reborn()),
            ([].as_slice(), false),
            "{has_read} {is_carried}"
        );
        assert_eq!((slow.notices.len(), slow.shown("n3")), (0, vec!["bittern".into()]));
        assert_eq!((there.shown("n1"), there.shown("n4")), (vec!["grey heron".into()], vec!["stork".into()]));
    }
}

#[test]
fn a_delta_that_news_of_its_sender_has_overtaken_is_taken_in() {
    for (has_read, goes_on) in [(true, false), (false, false), (true, true), (false, true)] {
        let (mut slow, mut relay, _) = before();
        let mut net = Net::default();
        slow.connect();
        net.run(&mut [&mut slow], &mut relay);
        // Its delta is on a slow way. Another tab of the same profile tells the relay of that and more.
        slow.write("n1", "grey heron");
        let mut fast = Device::open(b'a', slow.disk.clone(), 2);
        fast.write("n3", "bittern");
        meet(&mut fast, &mut relay);
        slow.disk.log.clone_from(&fast.disk.log);
        if has_read {
            slow.read_on();
        }
        if goes_on {
            slow.write("n4", "stork");
        }
        net.run(&mut [&mut slow], &mut relay);
        assert_eq!(
            (relay.refused.as_slice(), slow.is_reborn()),
            ([].as_slice(), false),
            "{has_read} {goes_on}"
        );
        assert_eq!((slow.engine.sync_status().unsent, slow.shown("n3")), (0, vec!["bittern".into()]));
        assert_eq!(relay.shown("n1"), ["grey heron"]);
        assert_eq!(relay.shown("n4").len(), usize::from(goes_on));
    }
}
