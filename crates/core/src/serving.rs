//! What a replica hands to a session: pages of its log, and its fingerprints.

use std::ops::Bound;

use crate::forgetting::must_compare;
use crate::id::LogEpoch;
use crate::message::DeltaClock;
use crate::reconcile::{FingerprintKey, Snapshot};
use crate::record::Record;
use crate::replica::Replica;
use crate::segment::entry_size;
use crate::session::{LogPage, PageRequest};
use crate::vector::VersionVector;

impl Replica {
    /// Reads a part of the log for a peer. Only what is committed is here, so all of it is at least handed to the disk.
    pub fn page(&self, request: &PageRequest) -> LogPage {
        let (mut page, mut size) = (LogPage { floor: self.floor(), ..LogPage::default() }, 0);
        let left_out = request.left_out(self.seen_of(request.peer, request.exclude).log);
        for (seq, key, record, origin) in self.log_after(request.after) {
            let mixed = self.mixtures.known_at(seq, request.clock_since);
            if !request.is_wanted((key.as_str(), seq, origin.or(mixed)), left_out, record.is_deleted()) {
                page.leaves_mixtures |= mixed.is_some();
                continue;
            }
            if request.is_covered(key.as_str(), record) {
                continue;
            }
            size += entry_size(key, record);
            if size > request.budget_bytes && !page.entries.is_empty() {
                return page;
            }
            page.entries.push((key.clone(), record.clone()));
            page.up_to = seq;
        }
        page.up_to = self.head();
        for key in request.keys_to_tell().filter(|key| self.get(key).is_none()) {
            let Ok(key) = key.parse() else { continue };
            let absent = Record::new();
            size += entry_size(&key, &absent);
            if size > request.budget_bytes && !page.entries.is_empty() {
                return page;
            }
            page.absent_up_to = Some(key.as_str().into());
            page.entries.push((key, absent));
        }
        page.clock = Some(self.delta_clock(request, left_out));
        page
    }

    fn delta_clock(&self, request: &PageRequest, left_out: Option<LogEpoch>) -> DeltaClock {
        let searched = request.among.is_some();
        let changed = match searched {
            // What stands at the receiver and not here is judged by the whole clock.
            true => self.clock().to_linked(),
            false => self.clock().changed_since(request.clock_since, left_out),
        };
        let forgotten = request.told_forgotten(self.forgotten());
        DeltaClock { link: self.link(), changed, forgotten, searched }
    }

    /// True when a replica with that clock has to search here.
    pub(crate) fn must_survey(&self, peer_clock: Option<&VersionVector>) -> bool {
        peer_clock.is_none_or(|clock| must_compare(self.forgotten(), clock))
    }

    /// The fingerprints of all records that are not deleted, for a search; none where a replica with that clock need not
    /// search.
    pub fn survey(&self, key: FingerprintKey, peer_clock: Option<&VersionVector>) -> Option<Snapshot> {
        if !self.must_survey(peer_clock) {
            return None;
        }
        let records = self.range_after(Bound::Unbounded).filter(|(_, record)| !record.is_deleted());
        Some(Snapshot::new(
            records.map(|(name, record)| (name.as_str().into(), key.of(name.as_str(), record))),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Context;
    use crate::dot::Dot;
    use crate::hlc::Hlc;
    use crate::id::{Cursor, ReplicaId, Seq};
    use crate::key::RecordKey;
    use crate::seen::LogPlace;
    use crate::segment::{Received, Segment};

    const A: ReplicaId = ReplicaId::letter(b'a');
    const R: ReplicaId = ReplicaId::letter(b'r');

    fn written(replica: &Replica, id: &str, dot: &str) -> Segment {
        let key = RecordKey::new("notes", id).unwrap();
        let mut record = replica.get(key.as_str()).cloned().unwrap_or_default();
        let context = Context::from(record.context().clone());
        let dot: Dot = dot.parse().unwrap();
        record.write(dot, &context, Hlc::from_ms(1), Some(dot.to_string().as_bytes().into()));
        Segment::Written(vec![(key, record)])
    }

    fn request(after: u64) -> PageRequest {
        let exclude = LogEpoch(99);
        PageRequest {
            after: Seq(after),
            clock_since: Seq(after),
            peer: R,
            exclude,
            judged: LogPlace::default(),
            told: LogPlace::default(),
            covered_by: None,
            among: None,
            is_first: false,
            budget_bytes: 1 << 20,
        }
    }

    fn keys(page: &LogPage) -> Vec<&str> {
        page.entries.iter().map(|(key, _)| key.as_str()).collect()
    }

    #[test]
    fn the_log_has_every_record_once_where_it_last_changed() {
        let mut replica = Replica::new(A, LogEpoch(1));
        for (id, dot) in [("x", "a:1"), ("y", "a:2"), ("x", "a:3")] {
            replica.apply(written(&replica, id, dot), Vec::new());
        }
        let page = replica.page(&request(0));
        assert_eq!((keys(&page), page.up_to), (vec!["notes/y", "notes/x"], Seq(3)));
        assert_eq!(page.clock.map(|clock| clock.changed.vector().to_string()), Some("a:3".to_owned()));
        assert_eq!(keys(&replica.page(&request(2))), ["notes/x"]);
        assert!(replica.page(&request(3)).entries.is_empty());
    }

    #[test]
    fn what_came_from_a_log_is_not_sent_back_to_it() {
        let mut source = Replica::new(R, LogEpoch(7));
        source.apply(written(&source, "x", "b:1"), Vec::new());
        let page = source.page(&request(0));
        let mut replica = Replica::new(A, LogEpoch(1));
        let cursor = Cursor { epoch: LogEpoch(7), seq: page.up_to };
        let clock = page.clock.unwrap();
        let received = Received { peer: R, cursor, clock, stage: None, entries: page.entries };
        replica.apply(Segment::Received(received), Vec::new());
        let judged = replica.seen_of(R, LogEpoch(7)).log;
        let back = replica.page(&PageRequest { exclude: LogEpoch(7), judged, ..request(0) });
        let nothing = DeltaClock { link: replica.link(), ..DeltaClock::default() };
        assert_eq!((back.entries.len(), back.clock), (0, Some(nothing)));
        // Unless somebody else has brought it under that name, as far as its owner knows.
        let to_another = replica.page(&PageRequest { exclude: LogEpoch(7), ..request(0) });
        assert_eq!(keys(&to_another), ["notes/x"]);
        assert_eq!(to_another.clock.map(|clock| clock.changed.vector().to_string()), Some("b:1".to_owned()));
        assert_eq!(keys(&replica.page(&request(0))), ["notes/x"]);
        assert_eq!(replica.unsent_up_to(replica.head()).count(), 0);
        assert_eq!(replica.cursor(R, LogEpoch(7)), Some(cursor));
        assert_eq!(replica.cursor(R, LogEpoch(8)), None);
    }

    #[test]
    fn a_mixture_is_not_sent_to_whoever_was_told_one_part_and_told_the_other() {
        let mut source = Replica::new(R, LogEpoch(7));
        source.apply(written(&source, "x", "b:1"), Vec::new());
        let page = source.page(&request(0));
        let mut replica = Replica::new(A, LogEpoch(1));
        replica.apply(written(&replica, "x", "a:1"), Vec::new());
        let cursor = Cursor { epoch: LogEpoch(7), seq: page.up_to };
        let (clock, entries) = (page.clock.unwrap(), page.entries);
        replica
            .apply(Segment::Received(Received { peer: R, cursor, clock, stage: None, entries }), Vec::new());
        let judged = replica.seen_of(R, LogEpoch(7)).log;
        let to_source = |after, told| PageRequest {
            exclude: LogEpoch(7),
            judged,
            clock_since: Seq(told),
            ..request(after)
        };
        let left_out = replica.page(&to_source(1, 1));
        assert_eq!((left_out.entries.len(), left_out.leaves_mixtures), (0, true));
        // Told up to there in the middle of a delta is not told: the record may have gone from its place before.
        let sent = replica.page(&to_source(1, 0));
        assert_eq!((keys(&sent), sent.leaves_mixtures), (vec!["notes/x"], false));
        assert_eq!(keys(&replica.page(&request(1))), ["notes/x"], "others get it");
        assert_eq!(replica.unsent_up_to(replica.head()).count(), 1, "nobody has said to have it");
    }

    #[test]
    fn a_page_stops_at_its_budget_and_goes_on_there() {
        let mut replica = Replica::new(A, LogEpoch(1));
        for counter in 1..=5 {
            replica.apply(written(&replica, &format!("n{counter}"), &format!("a:{counter}")), Vec::new());
        }
        let (mut after, mut seen) = (0, Vec::new());
        loop {
            let page = replica.page(&PageRequest { budget_bytes: 100, ..request(after) });
            seen.extend(page.entries.iter().map(|(key, _)| key.id().to_owned()));
            after = page.up_to.0;
            if page.clock.is_some() {
                break;
            }
            assert!(!page.entries.is_empty());
        }
        assert_eq!((seen.join(" "), after), ("n1 n2 n3 n4 n5".to_owned(), 5));
    }
}
