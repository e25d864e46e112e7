//! What the application does in a tab: it writes, reads, waits and imports. The model is told what it has seen.

use eyot_core::engine::{Condition, EngineInput, Ticket, Write};
use eyot_core::{Export, RecordKey};

use crate::Violation;
use crate::action::ContextChoice;
use crate::device::{HandedOut, TabId};
use crate::model::{self, WriteId, Writes};
use crate::world::World;

impl World {
    /// The application writes a batch. Returns the writes in the model.
    pub fn write(
        &mut self,
        id: TabId,
        writes: &[(usize, ContextChoice, bool)],
        bytes: usize,
    ) -> Result<Vec<WriteId>, Violation> {
        self.batches += 1;
        let mut asked = Vec::new();
        let mut ids: Vec<WriteId> = Vec::new();
        for (key, choice, deletes) in writes {
            let number = key % self.keys.len();
            let Some(key) = self.keys.get(number).cloned() else { continue };
            let given = self.given(id, number, *choice);
            let past = match &given {
                Some(given) => given.seen.clone(),
                None => self.latest(id, &key, &ids)?,
            };
            let mut seen = self.seen(id)?;
            seen.extend(&ids);
            let (device, batch) = (id.device, self.batches);
            let write = self.model.add(model::Write {
                key: key.clone(),
                device,
                batch,
                deletes: *deletes,
                past,
                seen,
                place: None,
                acknowledged: false,
            });
            ids.push(write);
            let content = (!deletes).then(|| content(write, bytes).into());
            asked.push(Write { key, context: given.map(|given| given.context), content });
        }
        let ticket = self.next_ticket(id);
        if let Some(tab) = self.tab_mut(id) {
            tab.outstanding.push_back((ticket, ids.clone()));
            tab.written.extend(&ids);
        }
        self.feed(id, EngineInput::Write { ticket, writes: asked })?;
        Ok(ids)
    }

    // The context that a write is given, if it is given one.
    fn given(&self, id: TabId, key: usize, choice: ContextChoice) -> Option<HandedOut> {
        let key = self.keys.get(key)?;
        let nothing = HandedOut { key: key.clone(), context: Default::default(), seen: Writes::new() };
        match choice {
            ContextChoice::Latest => None,
            ContextChoice::Empty => Some(nothing),
            ContextChoice::Earlier(which) => {
                let contexts = self.tab(id)?.contexts.iter().filter(|context| context.key == *key);
                let contexts: Vec<&HandedOut> = contexts.collect();
                contexts.get(which % contexts.len().max(1)).map(|context| (*context).clone())
            }
        }
    }

    // What somebody has seen who looks at a record, after the writes of a batch that is being made.
    fn latest(&self, id: TabId, key: &RecordKey, batch: &[WriteId]) -> Result<Writes, Violation> {
        let mut shown = self.shown(id, key)?;
        for write in batch {
            if self.model.get(*write)?.key == *key {
                shown.insert(*write);
            }
        }
        Ok(self.model.with_pasts(&shown))
    }

    fn seen(&self, id: TabId) -> Result<Writes, Violation> {
        let mut shown = Writes::new();
        for key in &self.keys {
            shown.extend(self.shown(id, key)?);
        }
        Ok(self.model.with_seen(&shown))
    }

    fn next_ticket(&mut self, id: TabId) -> Ticket {
        self.tab_mut(id).map_or(0, |tab| {
            tab.last_ticket += 1;
            tab.last_ticket
        })
    }

    /// The application reads a record. What it has seen is kept with the context, as the last of the tab's contexts.
    pub fn read(&mut self, id: TabId, key: usize) -> Result<(), Violation> {
        let Some(key) = self.keys.get(key % self.keys.len()).cloned() else { return Ok(()) };
        let seen = self.latest(id, &key, &[])?;
        let Some(context) = self.tab(id).map(|tab| tab.engine.context_of(key.as_str())) else {
            return Ok(());
        };
        // Of writes that have no name yet, the context knows them by others; they are checked when it is used.
        let named = HandedOut { key, context, seen };
        let has_all_names =
            named.seen.iter().all(|id| self.model.get(*id).is_ok_and(|write| write.place.is_some()));
        if has_all_names && self.is_up_to_date(id) {
            self.check_context(&named)?;
        }
        if let Some(tab) = self.tab_mut(id) {
            tab.contexts.push(named);
        }
        Ok(())
    }

    // Nothing of the tab is outstanding, so that it knows all its writes by the names that they have.
    fn is_up_to_date(&self, id: TabId) -> bool {
        self.tab(id).is_some_and(|tab| tab.outstanding.is_empty())
    }

    /// The application waits until all is saved.
    pub fn await_saved(&mut self, id: TabId) -> Result<Ticket, Violation> {
        let ticket = self.next_ticket(id);
        let known = self.known(id);
        self.tab_mut(id).map(|tab| tab.awaited.insert(ticket, known));
        self.feed(id, EngineInput::Await { ticket, condition: Condition::Saved })?;
        Ok(ticket)
    }

    // The writes of its device that a tab knows of, those included that are not committed yet.
    fn known(&self, id: TabId) -> Writes {
        let Some(tab) = self.tab(id) else { return Writes::new() };
        let clock = tab.engine.replica().clock().to_vector();
        let own =
            self.model.committed().filter(|(dot, write)| write.device == id.device && clock.covers(*dot));
        let committed = own.filter_map(|(dot, _)| self.model.named(dot).ok());
        committed.chain(tab.outstanding.iter().flat_map(|(_, writes)| writes).copied()).collect()
    }

    /// Two tabs have deleted the same record in the same millisecond, and their commits are the same to the last bit.
    pub(crate) fn unite(&mut self, device: usize, position: u64, writes: &[WriteId]) {
        for (twin, write) in writes.iter().zip(self.model.committed_at(device, position)) {
            self.model.unite(*twin, write);
            for tab in self.devices.iter_mut().flat_map(|device| device.tabs.values_mut()) {
                let outstanding = tab.outstanding.iter_mut().flat_map(|(_, writes)| writes);
                outstanding.chain(&mut tab.written).filter(|id| **id == *twin).for_each(|id| *id = write);
                tab.contexts.iter_mut().for_each(|context| model::replace(&mut context.seen, *twin, write));
                tab.awaited.values_mut().for_each(|awaited| model::replace(awaited, *twin, write));
            }
        }
    }

    pub(crate) fn import(&mut self, id: TabId, relay: usize) -> Result<(), Violation> {
        let relay = relay % self.relays.len();
        let Some(host) = self.relays.get(relay) else { return Ok(()) };
        let bytes = Export::of(&host.replica).to_bytes();
        let ticket = self.next_ticket(id);
        self.feed(id, EngineInput::Import { ticket, bytes })
    }
}

// A content names its write.
fn content(id: WriteId, bytes: usize) -> Vec<u8> {
    let mut content = format!("{id} ").into_bytes();
    content.resize(content.len().max(bytes), b'.');
    content
}
