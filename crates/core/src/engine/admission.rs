//! What the application may write: what is admitted can be stored, read again, and taken in by peers.
//!
//! Knows nothing of how it is stored. Law: what is refused leaves nothing behind.

use std::collections::BTreeMap;

use super::Engine;
use super::io::Write;
use crate::context::Context;
use crate::dot::MAXIMUM_COUNTER;
use crate::key::RecordKey;
use crate::record::Record;
use crate::references::MAXIMUM_REFERENCES;

pub(super) const COUNTERS_EXHAUSTED: &str = "counters-exhausted";

// The code and the words of a refusal.
type Refusal = (&'static str, String);

impl Engine {
    pub(super) fn check_writes(&self, writes: &[Write]) -> Result<(), Refusal> {
        if self.corrupt {
            let message = "The stored log cannot be read, so nothing is added to it.";
            return Err(("storage-corrupt", message.to_owned()));
        }
        let counters = self.pending.len().saturating_add(writes.len()) as u64;
        if self.counters_left() < counters {
            return Err((COUNTERS_EXHAUSTED, "There are no counters left for the write.".to_owned()));
        }
        let mut siblings = BTreeMap::new();
        for write in writes {
            self.check_size(write)?;
            self.check_writers(&write.key)?;
            // A write that has seen all leaves itself alone standing.
            match &write.context {
                None => siblings.remove(&write.key),
                Some(context) => {
                    let earlier = siblings.get(&write.key).copied().unwrap_or(0);
                    self.check_siblings(&write.key, context, earlier)?;
                    siblings.insert(&write.key, earlier + 1)
                }
            };
        }
        Ok(())
    }

    /// How many writes this replica can still make. There are enough for ever, unless somebody has claimed them.
    pub(super) fn counters_left(&self) -> u64 {
        MAXIMUM_COUNTER.saturating_sub(self.replica.clock().get(self.replica.id()))
    }

    fn check_size(&self, write: &Write) -> Result<(), Refusal> {
        let references = write.references.as_slice().len();
        if references > MAXIMUM_REFERENCES {
            let message =
                format!("{} names {references} writes; {MAXIMUM_REFERENCES} are allowed.", write.key);
            return Err(("too-many-references", message));
        }
        let limit = self.limits.content_bytes;
        match write.content.as_ref().map_or(0, |content| content.len()) {
            bytes if bytes > limit => {
                Err(("record-too-large", format!("{} takes {bytes} bytes; {limit} are allowed.", write.key)))
            }
            _ => Ok(()),
        }
    }

    // Refused at half of what is taken in from peers: what was written concurrently comes together, and must still pass.
    fn check_writers(&self, key: &RecordKey) -> Result<(), Refusal> {
        let context = self.record(key.as_str()).map(Record::context);
        let is_new = context.is_some_and(|context| context.get(self.replica.id()) == 0);
        let writers = context.map_or(0, |context| context.len());
        if !is_new || writers < self.limits.context_replicas / 2 {
            return Ok(());
        }
        let message = format!("{key} was written by {writers} replicas; go on with another record.");
        Err(("too-many-writers", message))
    }

    // Of one batch, all earlier writes of the record count.
    fn check_siblings(&self, key: &RecordKey, context: &Context, earlier: usize) -> Result<(), Refusal> {
        let versions = self.record(key.as_str()).into_iter().flat_map(|record| record.versions());
        let beside = versions.filter(|version| !context.covers(version.dot)).count() + earlier;
        if beside < self.limits.siblings {
            return Ok(());
        }
        let message = format!("{key} has {beside} concurrent versions; resolve them first.");
        Err(("too-many-siblings", message))
    }
}
