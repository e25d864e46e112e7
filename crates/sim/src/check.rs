//! What must hold whenever somebody looks: at a tab, at a relay, at a context that was handed out.

use std::collections::BTreeSet;

use eyot_core::{Context, Dot, Record, RecordKey, Seq, VersionVector};

use crate::Violation;
use crate::device::{HandedOut, TabId};
use crate::model::{WriteId, Writes};
use crate::world::World;

impl World {
    /// The writes that a tab shows of a record: by what they hold, or where they hold nothing, by their names.
    pub(crate) fn shown(&self, id: TabId, key: &RecordKey) -> Result<Writes, Violation> {
        let Some(tab) = self.tab(id) else { return Ok(Writes::new()) };
        let record = tab.engine.record(key.as_str());
        let versions = record.into_iter().flat_map(|record| record.versions());
        versions
            .map(|version| {
                if version.dot.replica != tab.engine.identity().tab {
                    return self.model.named(version.dot);
                }
                let place = usize::try_from(version.dot.counter / 2).unwrap_or(0).wrapping_sub(1);
                let unknown = || Violation(format!("{id:?} shows {}, which it has not written", version.dot));
                tab.written.get(place).copied().ok_or_else(unknown)
            })
            .collect()
    }

    /// Law 7 and law 3, as a tab sees them.
    pub fn check_tab(&self, id: TabId) -> Result<(), Violation> {
        let Some(tab) = self.tab(id) else { return Ok(()) };
        let own = tab.engine.identity().tab;
        let clock = tab.engine.replica().clock().to_vector();
        let committed = |dot: Dot| dot.replica != own;
        self.check_view(|key| tab.engine.record(key), &clock, committed)
            .map_err(|Violation(what)| Violation(format!("{id:?}: {what}")))
    }

    /// Law 7 and law 3, as a relay's readers see them.
    pub fn check_relay(&self, relay: usize) -> Result<(), Violation> {
        let Some(host) = self.relays.get(relay) else { return Ok(()) };
        let clock = host.replica.clock().to_vector();
        self.check_view(|key| host.replica.get(key), &clock, |_| true)
            .map_err(|Violation(what)| Violation(format!("relay {relay}: {what}")))
    }

    fn check_view<'a>(
        &self,
        record: impl Fn(&str) -> Option<&'a Record>,
        clock: &VersionVector,
        is_committed: impl Fn(Dot) -> bool,
    ) -> Result<(), Violation> {
        let accounts = |key: &RecordKey, dot: Dot| {
            record(key.as_str()).is_some_and(|record| record.context().covers(dot))
        };
        let mut seen = Writes::new();
        for key in &self.keys {
            let versions = record(key.as_str()).into_iter().flat_map(|record| record.versions());
            for version in versions.filter(|version| is_committed(version.dot)) {
                let id = self.check_version(key, version)?;
                seen.extend(&self.model.get(id)?.seen);
            }
        }
        for id in seen {
            let write = self.model.get(id)?;
            if let Some((dot, _)) = write.place.filter(|(dot, _)| !accounts(&write.key, *dot)) {
                return Err(Violation(format!(
                    "{dot} of {} is not here, but what has seen it is",
                    write.key
                )));
            }
        }
        self.check_whole(accounts, clock)
    }

    // One dot, one content; and the past that it bears is the one that its writer had seen.
    fn check_version(&self, key: &RecordKey, version: &eyot_core::Version) -> Result<WriteId, Violation> {
        let id = self.model.named(version.dot)?;
        let write = self.model.get(id)?;
        let named =
            version.content.as_deref().map(|content| content.starts_with(format!("{id} ").as_bytes()));
        if write.key != *key || named != (!write.deletes).then_some(true) {
            return Err(Violation(format!("{} in {key} is not the write {id}", version.dot)));
        }
        self.check_seen(key, &version.past, &write.past)
            .map_err(|Violation(what)| Violation(format!("the past of {}: {what}", version.dot)))?;
        Ok(id)
    }

    // A context names nothing that was not seen; and what was seen it names, or something that had seen it.
    fn check_seen(&self, key: &RecordKey, context: &Context, seen: &Writes) -> Result<(), Violation> {
        let mut named = Writes::new();
        for (dot, _) in
            self.model.committed().filter(|(dot, write)| write.key == *key && context.covers(*dot))
        {
            named.insert(self.model.named(dot)?);
        }
        let stored = |id: &&WriteId| self.model.get(**id).is_ok_and(|write| write.place.is_some());
        let (covered, seen) =
            (self.model.with_pasts(&named), seen.iter().filter(stored).copied().collect::<Writes>());
        let covered: Writes = covered.iter().filter(stored).copied().collect();
        if covered == seen {
            return Ok(());
        }
        Err(Violation(format!("[{context}] of {key} stands for {covered:?}, but seen were {seen:?}")))
    }

    // A batch is seen whole or not at all, and the clock claims no more than the records account for.
    fn check_whole(
        &self,
        accounts: impl Fn(&RecordKey, Dot) -> bool,
        clock: &VersionVector,
    ) -> Result<(), Violation> {
        let (mut there, mut missing) = (BTreeSet::new(), BTreeSet::new());
        for (dot, write) in self.model.committed() {
            let is_here = accounts(&write.key, dot);
            if is_here != clock.covers(dot) {
                return Err(Violation(format!(
                    "{dot} of {}: here is {is_here}, the clock is [{clock}]",
                    write.key
                )));
            }
            if is_here {
                there.insert(write.batch)
            } else {
                missing.insert(write.batch)
            };
        }
        match there.intersection(&missing).next() {
            Some(batch) => Err(Violation(format!("of the batch {batch} only a part is here"))),
            None => Ok(()),
        }
    }

    /// A context covers nothing that whoever has it has not seen.
    pub(crate) fn check_context(&self, handed_out: &HandedOut) -> Result<(), Violation> {
        let HandedOut { key, context, seen } = handed_out;
        self.check_seen(key, context, seen)
    }

    /// What is said to be saved is at a relay, unless one was set back meanwhile.
    pub(crate) fn check_saved(&self, saved: &Writes) -> Result<(), Violation> {
        for id in saved.iter().filter(|_| !self.was_set_back) {
            let write = self.model.get(*id)?;
            let at_relay = |dot: Dot| {
                let mut records =
                    self.relays.iter().filter_map(|relay| relay.replica.get(write.key.as_str()));
                records.any(|record| record.context().covers(dot))
            };
            if let Some((dot, _)) = write.place.filter(|(dot, _)| !at_relay(*dot)) {
                return Err(Violation(format!(
                    "{dot} of {} is said to be saved and is at no relay",
                    write.key
                )));
            }
        }
        Ok(())
    }

    /// Law 5: a tab that is opened finds every write that was acknowledged and all that its cursors claim.
    pub(crate) fn check_opened(&self, id: TabId) -> Result<(), Violation> {
        self.check_tab(id)?;
        let Some(tab) = self.tab(id) else { return Ok(()) };
        let replica = tab.engine.replica();
        for (dot, write) in self.model.committed() {
            if write.device == id.device
                && !replica.get(write.key.as_str()).is_some_and(|r| r.context().covers(dot))
            {
                return Err(Violation(format!("{id:?} does not find its own {dot} of {}", write.key)));
            }
        }
        for relay in &self.relays {
            if let Some(cursor) = replica.cursor(relay.replica.id(), relay.replica.epoch()) {
                self.check_cursor(cursor.seq, &relay.replica, |key| replica.get(key))?;
            }
        }
        Ok(())
    }

    /// Everything in a log up to a cursor is in the records of who has the cursor.
    pub(crate) fn check_cursor<'a>(
        &self,
        cursor: Seq,
        log: &eyot_core::Replica,
        record: impl Fn(&str) -> Option<&'a Record>,
    ) -> Result<(), Violation> {
        let mut after = Seq::ZERO;
        loop {
            let page = log.page(&eyot_core::session::PageRequest {
                after,
                clock_since: log.head(),
                exclude: eyot_core::LogEpoch(0),
                covered_by: None,
                among: None,
                is_first: false,
                budget_bytes: 1,
            });
            let Some((key, there)) = page.entries.first() else { return Ok(()) };
            let is_last = page.clock.is_some();
            if page.up_to > cursor && !is_last {
                return Ok(());
            }
            let is_here = record(key.as_str()).is_some_and(|here| here.context().covers_all(there.context()));
            if !is_here && (!is_last || cursor >= log.head()) {
                return Err(Violation(format!("a cursor at {cursor} is ahead of {key}")));
            }
            if is_last {
                return Ok(());
            }
            after = page.up_to;
        }
    }
}
