//! What a replica hands to a session: pages of its log, and its fingerprints.

use std::ops::Bound;

use crate::reconcile::{FingerprintKey, Snapshot};
use crate::replica::Replica;
use crate::segment::entry_size;
use crate::session::{LogPage, PageRequest};

impl Replica {
    /// Reads a part of the log for a peer. Only what is committed is here, so all of it is at least handed to the disk.
    pub fn page(&self, request: &PageRequest) -> LogPage {
        let (mut page, mut size) = (LogPage { floor: self.floor(), ..LogPage::default() }, 0);
        for (seq, key, record, origin) in self.log_after(request.after) {
            let searched = request.among.as_ref().filter(|among| seq <= among.until);
            let left_out = match searched {
                Some(among) => !among.keys.contains(key.as_str()),
                None => origin == Some(request.exclude),
            };
            let covered =
                || request.covered_by.as_ref().is_some_and(|clock| clock.covers_all(record.context()));
            if left_out || covered() {
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
        match &request.among {
            None => page.clock = Some(self.clock().changed_since(request.clock_since, request.exclude)),
            Some(among) => {
                // Judged by the whole clock, so all of it is told.
                page.clock = Some(self.clock().to_linked());
                let keys = among.keys.iter().filter(|key| self.get(key).is_none());
                page.absent = keys.filter_map(|key| key.parse().ok()).collect();
            }
        }
        page
    }

    /// The fingerprints of all records that are not deleted.
    pub fn survey(&self, key: FingerprintKey) -> Snapshot {
        let records = self.range_after(Bound::Unbounded).filter(|(_, record)| !record.is_deleted());
        Snapshot::new(records.map(|(name, record)| (name.as_str().into(), key.of(name.as_str(), record))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinkedVector;
    use crate::context::Context;
    use crate::dot::Dot;
    use crate::hlc::Hlc;
    use crate::id::{Cursor, LogEpoch, ReplicaId, Seq};
    use crate::key::RecordKey;
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
            exclude,
            covered_by: None,
            among: None,
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
        assert_eq!(page.clock.map(|clock| clock.vector().to_string()), Some("a:3".to_owned()));
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
        let received =
            Received { peer: R, cursor, clock, absent: Vec::new(), stage: None, entries: page.entries };
        replica.apply(Segment::Received(received), Vec::new());
        let back = replica.page(&PageRequest { exclude: LogEpoch(7), ..request(0) });
        assert_eq!((back.entries.len(), back.clock), (0, Some(LinkedVector::new())));
        assert_eq!(keys(&replica.page(&request(0))), ["notes/x"]);
        assert_eq!(replica.unsent_up_to(replica.head()).count(), 0);
        assert_eq!(replica.cursor(R, LogEpoch(7)), Some(cursor));
        assert_eq!(replica.cursor(R, LogEpoch(8)), None);
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
