//! What the application does in a tab: it writes, reads, waits and imports. The model is told what it has seen.

use eyot_core::Export;
use eyot_core::engine::{Condition, EngineInput, Ticket, Write};

use crate::action::{Change, ContextChoice};
use crate::device::{HandedOut, Tab, TabId};
use crate::model;
use crate::violation::Violation;
use crate::world::World;
use crate::writes::{MAXIMUM_WRITES, WriteId, Writes};

impl World {
    /// The application writes a batch. Returns the writes in the model.
    pub fn write(&mut self, id: TabId, changes: &[Change], bytes: usize) -> Result<Vec<WriteId>, Violation> {
        if self.model.len() + changes.len() > MAXIMUM_WRITES {
            return Ok(Vec::new());
        }
        if self.copies.are_made {
            let shows_all = |tab: &Tab| (0..self.keys.len()).all(|key| tab.shows(&self.keys, key));
            if !self.tab(id).is_some_and(shows_all) {
                return Ok(Vec::new());
            }
            self.check_tab(id)?;
        }
        let latest_ms = self.latest_time_of(id.device);
        let (mut asked, mut ids, mut known) = (Vec::new(), Vec::new(), self.known(id));
        for change in changes {
            let number = change.key % self.keys.len();
            let Some(key) = self.keys.get(number).cloned() else { continue };
            let given = self.given(id, number, change.context);
            let past = match &given {
                Some(given) => given.seen,
                None => known.both(&self.ledger.of_key(number)),
            };
            let (device, deletes, batch) = (id.device, change.deletes, Writes::new());
            let seen = known;
            let write =
                self.model.add(model::Write { key: number, device, deletes, past, seen, batch, latest_ms });
            self.ledger.expect(write, number);
            known.insert(write);
            ids.push(write);
            let content = (!deletes).then(|| content(write, bytes).into());
            asked.push(Write {
                key,
                context: given.map(|given| given.context),
                content,
                references: eyot_core::References::NONE,
            });
        }
        self.model.bind(&ids.iter().copied().collect());
        let ticket = self.next_ticket(id);
        if let Some(tab) = self.tab_mut(id) {
            tab.outstanding.push_back((ticket, ids.clone()));
            tab.written.extend(&ids);
        }
        self.feed(id, EngineInput::Write { ticket, writes: asked })?;
        Ok(ids)
    }

    /// The application writes one record, with what it sees.
    pub(crate) fn write_plainly(&mut self, id: TabId, key: usize) -> Result<Vec<WriteId>, Violation> {
        let change = Change { key, context: ContextChoice::Latest, deletes: false };
        self.write(id, &[change], 0)
    }

    // The context that a write is given, if it is given one.
    fn given(&self, id: TabId, key: usize, choice: ContextChoice) -> Option<HandedOut> {
        match choice {
            ContextChoice::Latest => None,
            ContextChoice::Empty => Some(HandedOut { key, context: Default::default(), seen: Writes::new() }),
            ContextChoice::Earlier(which) => {
                let contexts = &self.tab(id)?.contexts;
                let count = contexts.iter().filter(|context| context.key == key).count();
                contexts.iter().filter(|context| context.key == key).nth(which % count.max(1)).cloned()
            }
        }
    }

    // The writes that a tab accounts for, those included that are not committed yet.
    fn known(&self, id: TabId) -> Writes {
        let Some(tab) = self.tab(id) else { return Writes::new() };
        let mut known = tab.outstanding_writes();
        known.join(&tab.view.here);
        known
    }

    fn next_ticket(&mut self, id: TabId) -> Ticket {
        self.tab_mut(id).map_or(0, |tab| {
            tab.last_ticket += 1;
            tab.last_ticket
        })
    }

    /// The application reads a record. What it has seen is kept with the context, as the last of the tab's contexts.
    pub fn read(&mut self, id: TabId, key: usize) -> Result<(), Violation> {
        let number = key % self.keys.len();
        let (Some(key), Some(tab)) = (self.keys.get(number), self.tab(id)) else { return Ok(()) };
        // It would have to be waited for.
        if !tab.shows(&self.keys, number) {
            return Ok(());
        }
        let context = tab.engine.context_of(key.as_str());
        let seen = self.known(id).both(&self.ledger.of_key(number));
        // Of writes that have no name yet, the context knows them by others; they are checked when it is used.
        let is_checkable = tab.outstanding.is_empty();
        let handed_out = HandedOut { key: number, context, seen };
        if is_checkable && !self.copies.are_made {
            self.check_context(id, &handed_out)?;
        }
        if let Some(tab) = self.tab_mut(id) {
            tab.contexts.push(handed_out);
        }
        Ok(())
    }

    /// The application waits until all is saved.
    pub fn await_saved(&mut self, id: TabId) -> Result<Ticket, Violation> {
        let ticket = self.next_ticket(id);
        let own = self.own_writes(id.device)?;
        if let Some(tab) = self.tab(id) {
            let mut awaited = tab.view.here.both(&own);
            awaited.join(&tab.outstanding_writes());
            self.tab_mut(id).map(|tab| tab.awaited.insert(ticket, awaited));
        }
        self.feed(id, EngineInput::Await { ticket, condition: Condition::Saved })?;
        Ok(ticket)
    }

    /// Two tabs have deleted the same record in the same millisecond, and their commits are the same to the last bit.
    pub(crate) fn unite(
        &mut self,
        device: usize,
        position: u64,
        writes: &[WriteId],
    ) -> Result<(), Violation> {
        for (twin, write) in writes.iter().zip(self.committed_at(device, position)?) {
            self.model.unite(*twin, write);
            self.devices
                .iter_mut()
                .flat_map(|device| device.tabs.values_mut())
                .for_each(|tab| tab.unite(*twin, write));
        }
        Ok(())
    }

    pub(crate) fn import(&mut self, id: TabId, relay: usize) -> Result<(), Violation> {
        let relay = relay % self.relays.len();
        let Some(host) = self.relays.get(relay) else { return Ok(()) };
        let bytes = Export::of(&host.replica).to_bytes();
        let ticket = self.next_ticket(id);
        self.feed(id, EngineInput::Import { ticket, bytes })
    }
}

impl Tab {
    /// The writes that the application has made and that are not answered yet.
    pub(crate) fn outstanding_writes(&self) -> Writes {
        self.outstanding.iter().flat_map(|(_, writes)| writes).copied().collect()
    }

    fn unite(&mut self, twin: WriteId, write: WriteId) {
        let outstanding = self.outstanding.iter_mut().flat_map(|(_, writes)| writes);
        outstanding.chain(&mut self.written).filter(|id| **id == twin).for_each(|id| *id = write);
        self.contexts.iter_mut().for_each(|context| model::replace(&mut context.seen, twin, write));
        self.awaited.values_mut().for_each(|awaited| model::replace(awaited, twin, write));
    }
}

// A content names its write.
fn content(id: WriteId, bytes: usize) -> Vec<u8> {
    let mut content = format!("{id} ").into_bytes();
    content.resize(content.len().max(bytes), b'.');
    content
}
