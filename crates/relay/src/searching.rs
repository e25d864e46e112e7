//! Slots for searches for differences: a search holds the fingerprints of all records of a database, so only a few are
//! under way in the whole relay, and none for long. Knows nothing of what is searched for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// How many conversations search at once; others wait until it is their turn.
pub(crate) const SLOTS: usize = 4;

/// How long a search may take. It is a few round trips; who needs longer keeps others waiting.
const LIMIT: Duration = Duration::from_secs(60);

/// A place among those who search, until it is dropped.
pub(crate) struct Slot {
    _permit: OwnedSemaphorePermit,
    ends_at: Instant,
}

/// The slot of one conversation, which serves searches in both directions.
#[derive(Default)]
pub(crate) struct Searching {
    is_asked_for: bool,
    slot: Option<Slot>,
}

impl Searching {
    /// Asks for a slot, unless there is one or is one on its way.
    pub(crate) fn ask(
        &mut self,
        slots: &Arc<Semaphore>,
    ) -> impl Future<Output = Option<Slot>> + Send + use<> {
        let slots = (!self.is_asked_for).then(|| Arc::clone(slots));
        self.is_asked_for = true;
        async move {
            let permit = slots?.acquire_owned().await.ok()?;
            Some(Slot { _permit: permit, ends_at: Instant::now() + LIMIT })
        }
    }

    /// The slot is there.
    pub(crate) fn take(&mut self, slot: Option<Slot>) {
        self.slot = slot.or_else(|| self.slot.take());
    }

    /// The conversation does not search any more, or not yet.
    pub(crate) fn end(&mut self) {
        if self.slot.take().is_some() {
            self.is_asked_for = false;
        }
    }

    /// When the search must be over.
    pub(crate) fn limit(&self) -> Option<Instant> {
        self.slot.as_ref().map(|slot| slot.ends_at)
    }
}
