//! SQLite against the model: the same history leaves the same log, whatever the history.

use eyot_core::message::DeltaClock;
use eyot_core::reconcile::FingerprintKey;
use eyot_core::session::PageRequest;
use eyot_core::{Context, Dot, Hlc, LogEpoch, LogPlace, Record, RecordKey, ReplicaId, Seq};
use eyot_relay::store::StoreError;

use crate::fixture::{Entry, Fixture, absent, among, epoch, memory_store, request, sqlite_store};

// Numbers that look random and are the same every time (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (number ^ (number >> 31)) % bound
    }
}

// A peer that writes to its own copies of a few records, and sometimes takes in the relay's.
struct Peer {
    name: ReplicaId,
    counter: u64,
    position: u64,
    records: Vec<Entry>,
}

impl Peer {
    fn new(letter: u8) -> Self {
        let records = (0..4).map(|i| (RecordKey::new("notes", &i.to_string()).unwrap(), Record::new()));
        Self { name: ReplicaId::letter(letter), counter: 0, position: 0, records: records.collect() }
    }

    fn write(&mut self, numbers: &mut Numbers) -> Entry {
        self.counter += 1;
        self.position += 1;
        let (key, record) = &mut self.records[numbers.below(4) as usize];
        let seen = if numbers.below(4) == 0 { Context::new() } else { record.context().clone().into() };
        let content = (numbers.below(5) > 0).then(|| self.counter.to_be_bytes().to_vec().into());
        record.write(Dot::new(self.name, self.counter), &seen, Hlc::from_ms(1), content);
        (key.clone(), record.clone())
    }

    async fn take_in(&mut self, it: &Fixture) {
        for (key, incoming) in it.page(0).await.entries {
            let known = self.records.iter_mut().find(|(other, _)| *other == key).unwrap();
            known.1 = known.1.merge(&incoming);
        }
    }
}

async fn assert_same(one: &Fixture, other: &Fixture, numbers: &mut Numbers) {
    let (left, right) = (one.local().await, other.local().await);
    assert_eq!((left.head, left.floor, left.digest), (right.head, right.floor, right.digest));
    let key = FingerprintKey(numbers.below(9), 1);
    let surveys = (
        one.store.survey(&one.database, key, None).await,
        other.store.survey(&other.database, key, None).await,
    );
    assert_eq!(surveys.0, surveys.1);
    let excludes = [LogEpoch(0), epoch(ReplicaId::letter(b'a')), epoch(ReplicaId::letter(b'b'))];
    for exclude in excludes {
        let after = Seq(numbers.below(left.head.0 + 1));
        let covered_by =
            (numbers.below(2) == 0).then(|| format!("a:{}", numbers.below(9) + 1).parse().unwrap());
        let clock_since = Seq(numbers.below(left.head.0 + 1));
        let is_first = numbers.below(2) == 0;
        let budget_bytes = 1 + numbers.below(400) as usize;
        let ids: Vec<&str> = ["0", "1", "3", "9"].into_iter().filter(|_| numbers.below(2) == 0).collect();
        let among = among(&ids, numbers.below(left.head.0 + 1)).among.filter(|_| numbers.below(2) == 0);
        // Of the peers that are asked about, some are those whose log is left out, and have judged less than they told.
        let peer = ReplicaId::letter(b'a' + numbers.below(3) as u8);
        let judged = LogPlace { seq: Seq(numbers.below(20)), link: 1 };
        let mut request = PageRequest { after, peer, exclude, judged, clock_since, ..request(0) };
        (request.covered_by, request.among) = (covered_by, among);
        (request.is_first, request.budget_bytes) = (is_first, budget_bytes);
        assert_eq!(one.page_with(request.clone()).await, other.page_with(request).await);
    }
    assert_eq!(one.page_with(request(0)).await, other.page_with(request(0)).await);
}

#[tokio::test]
async fn sqlite_agrees_with_the_model() {
    for seed in 0..8 {
        let (model, sqlite) = (memory_store().await, sqlite_store().await);
        let mut numbers = Numbers(seed);
        let mut peers = [Peer::new(b'a'), Peer::new(b'b'), Peer::new(b'c')];
        for _ in 0..40 {
            let peer = &mut peers[numbers.below(3) as usize];
            let base = peer.position;
            let chunks = numbers.below(3);
            for _ in 0..chunks {
                let from = peer.position;
                let entry = peer.write(&mut numbers);
                let place = (base, from, peer.position);
                let (one, other) = (
                    model.stage(peer.name, place, std::slice::from_ref(&entry)).await,
                    sqlite.stage(peer.name, place, &[entry]).await,
                );
                assert_eq!(one, other);
            }
            let from = peer.position;
            let last = [peer.write(&mut numbers)];
            // Now and then after a search: with something forgotten, and a record of which the peer has nothing.
            let searched = numbers.below(6) == 0;
            let forgotten = numbers.below(peer.counter + 1) * u64::from(searched);
            let changed =
                [(Dot::new(peer.name, peer.counter), peer.counter as u32 * 7)].into_iter().collect();
            let forgotten = [Dot::new(peer.name, forgotten)].into_iter().collect();
            let link = (peer.position * 11) as u32;
            let clock = DeltaClock { link, changed, forgotten, searched };
            let last = if searched { [&[absent("2")], &last[..]].concat() } else { last.to_vec() };
            let place = ((base, from, peer.position), chunks);
            let one = model.apply_with(peer.name, place, clock.clone(), &last).await;
            let other = sqlite.apply_with(peer.name, place, clock, &last).await;
            assert_eq!(one, other, "seed {seed}");
            assert!(matches!(one, Ok(_) | Err(StoreError::RecordTooLarge)), "{one:?}");
            if numbers.below(12) == 0 {
                let before_ms = eyot_core::MAXIMUM_MS;
                let one = model.store.forget(&model.database, before_ms).await;
                assert_eq!(one, sqlite.store.forget(&sqlite.database, before_ms).await);
            }
            if numbers.below(3) == 0 {
                peer.take_in(&model).await;
            }
            assert_same(&model, &sqlite, &mut numbers).await;
        }
    }
}
