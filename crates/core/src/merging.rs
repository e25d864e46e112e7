//! Records that change: what comes in is merged with what is here, and stands at the head of the log then.
//!
//! Every write and every record of a delta comes through here, so a record is looked up once, and then put.

use crate::checkpoint::Placed;
use crate::forgetting::merge_after_forgetting;
use crate::id::{LogEpoch, Seq};
use crate::key::RecordKey;
use crate::peers::Peers;
use crate::record::{Merged, Record, merge_incoming};
use crate::replica::Replica;
use crate::segment::Entries;
use crate::tally;
use crate::veil::Veil;

// What has to be known of a record that is about to change.
#[derive(Clone, Copy)]
struct Before {
    seq: Option<Seq>,
    is_unsent: bool,
    tally: tally::Before,
}

/// Where a record stands in the log, and from where it came.
#[derive(Clone, Copy)]
pub(crate) struct Standing {
    seq: Seq,
    origin: Option<LogEpoch>,
}

impl Standing {
    /// True when no peer is known to have the record just so.
    pub(crate) fn is_unsent(self, peers: &Peers) -> bool {
        self.seq > peers.saved() && !self.origin.is_some_and(|epoch| peers.knows_log(epoch))
    }
}

impl Placed {
    pub(crate) fn standing(&self) -> Standing {
        Standing { seq: self.seq, origin: self.origin }
    }
}

impl Replica {
    /// Merges records, which may have been forgotten here if that is said. Returns the keys of those that changed.
    pub(crate) fn merge_all(
        &mut self,
        entries: Entries,
        origin: Option<LogEpoch>,
        forgets: bool,
        mut veil: Option<&mut Veil>,
    ) -> Vec<RecordKey> {
        let mut changed = Vec::with_capacity(entries.len());
        for (key, incoming) in entries {
            let placed = self.records.get(key.as_str());
            let record = placed.map(|placed| &placed.record);
            let merged = match forgets {
                true => merge_after_forgetting(record, incoming, |dot| self.clock.covers(dot)),
                false => merge_incoming(record, incoming),
            };
            let before = self.before(placed);
            let (record, origin, mixture) = match merged {
                Merged::Unchanged => continue,
                Merged::AsSent(record) => (record, origin, None),
                // What was forgotten here is no part of what the other side makes of it.
                Merged::Mixed(record) if forgets => (record, None, None),
                Merged::Mixed(record) => {
                    let parts = placed.zip(origin);
                    (record, None, parts.map(|(placed, epoch)| self.mixtures.with(placed, epoch)))
                }
            };
            if let (Some(veil), Some(placed)) = (&mut veil, placed) {
                veil.keep(&key, placed);
            }
            self.replace(&key, before, record, origin);
            if let Some(mixture) = mixture {
                self.mixtures.note(self.head, mixture);
            }
            changed.push(key);
        }
        changed
    }

    // The record has changed: it stands at the head of the log now.
    pub(crate) fn place(&mut self, key: &RecordKey, record: Record, origin: Option<LogEpoch>) {
        let before = self.before(self.records.get(key.as_str()));
        self.replace(key, before, record, origin);
    }

    fn before(&self, placed: Option<&Placed>) -> Before {
        Before {
            seq: placed.map(|placed| placed.seq),
            is_unsent: placed.is_some_and(|placed| placed.standing().is_unsent(&self.peers)),
            tally: placed.map(|placed| (&placed.record).into()).unwrap_or_default(),
        }
    }

    fn replace(&mut self, key: &RecordKey, before: Before, record: Record, origin: Option<LogEpoch>) {
        self.tally.note(key, before.tally, &record);
        self.head = self.head.next();
        let new = Placed { record, seq: self.head, origin };
        self.unsent = (self.unsent + usize::from(new.standing().is_unsent(&self.peers)))
            .saturating_sub(before.is_unsent.into());
        self.records.insert(key, before.seq, new);
    }

    /// Takes a record out altogether. What it accounted for is to be kept among what is forgotten.
    pub(crate) fn remove(&mut self, key: &RecordKey) -> Option<Record> {
        let placed = self.records.remove(key)?;
        self.tally.note(key, (&placed.record).into(), &Record::new());
        self.unsent = self.unsent.saturating_sub(placed.standing().is_unsent(&self.peers).into());
        Some(placed.record)
    }
}
