//! Commits to a device's disk: what a tab asks for, what becomes of it, and how the ledger hears of it.
//!
//! Must not know what is done about a commit that did not find its place.

use std::sync::Arc;

use eyot_core::ReplicaId;
use eyot_core::engine::{EngineInput, StorageFailure};

use crate::device::{Commit, Fault, Request, TabId};
use crate::disk::{Content, Refusal};
use crate::host::REFUSED;
use crate::storing::Storing;
use crate::violation::{CONTRACT, Violation};
use crate::world::World;
use crate::writes::WriteId;

impl World {
    pub(crate) fn commit_asked(
        &mut self,
        id: TabId,
        position: u64,
        values: Arc<Vec<Vec<u8>>>,
        strict: bool,
    ) -> Result<(), Violation> {
        let Some(replica) = self.tab(id).map(|tab| tab.engine.replica().id()) else { return Ok(()) };
        let content = Content::of(&values, replica)
            .map_err(|error| Violation::new(CONTRACT, format!("a commit cannot be read: {error}")))?;
        // All that is outstanding is in a commit of local writes, and nothing of it in another.
        let outstanding = self.tab(id).filter(|_| content.last_counter.is_some()).map(|tab| &tab.outstanding);
        let writes = outstanding.into_iter().flatten().flat_map(|(_, writes)| writes).copied().collect();
        self.request(id, Request::Commit(Commit { position, values, strict, content, writes, replica }))
    }

    pub(crate) fn commit(&mut self, id: TabId, commit: Commit) -> Result<Vec<EngineInput>, Violation> {
        let Commit { position, values, strict, content, writes, replica } = commit;
        let home = self.device_mut(id.device)?;
        if home.refuses() {
            return Ok(vec![EngineInput::CommitFailed(REFUSED)]);
        }
        match home.disk.commit(position, &values, content, strict) {
            Ok(()) => {
                let is_unheard = home.fault.take_if(|fault| *fault == Fault::Unheard).is_some();
                self.note_commit(id.device, (position, &values), content, (replica, &writes))?;
                if !is_unheard {
                    return Ok(vec![EngineInput::Committed]);
                }
                // Tried again, the commit finds its position taken: by itself.
                self.device_mut(id.device)?.requests.push_front((id, Request::Collision(position)));
                Ok(Vec::new())
            }
            Err(Refusal::Taken) => {
                home.requests.push_front((id, Request::Collision(position)));
                if home.disk.has(position, &values) {
                    self.unite(id.device, position, &writes)?;
                }
                Ok(Vec::new())
            }
            Err(Refusal::Void) => {
                home.requests.push_front((id, Request::Collision(position)));
                let removal = Storing::RemoveVoid { position, count: values.len() };
                home.requests.push_front((id, Request::Storing(removal)));
                Ok(Vec::new())
            }
            Err(Refusal::Unstaged) => {
                Ok(vec![EngineInput::CommitFailed(StorageFailure { code: "storage-lost" })])
            }
        }
    }

    fn note_commit(
        &mut self,
        device: usize,
        (position, values): (u64, &[Vec<u8>]),
        content: Content,
        (replica, writes): (ReplicaId, &[WriteId]),
    ) -> Result<(), Violation> {
        match content.last_counter {
            _ if self.copies.are_made => {
                self.note_own(device, (position, values), content, (replica, writes))
            }
            Some(last) => self.ledger.commit(writes, replica, last, position),
            None => Ok(()),
        }
    }
}
