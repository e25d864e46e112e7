//! What must hold whenever somebody looks: at a tab, at a relay, at a context that was handed out.
//!
//! Knows nothing of how the core comes to what it shows. Only what has changed since the last look is looked at again.

use eyot_core::{Clock, Context, Dot, Record, Replica, ReplicaId, Version, VersionVector};

use crate::device::{HandedOut, Tab, TabId};
use crate::violation::Violation;
use crate::world::World;
use crate::writes::{WriteId, Writes};

/// What a replica was found to show when it was looked at last.
#[derive(Clone, Default, Debug)]
pub(crate) struct View {
    // The digest of the clock; none before the first look.
    digest: Option<u64>,
    // The writes that are accounted for.
    pub(crate) here: Writes,
    records: Vec<Shown>,
    // The writes whose versions were found to be as they were written.
    checked: Writes,
}

#[derive(Clone, Default, Debug)]
struct Shown {
    context: VersionVector,
    known: Writes,
    dots: Vec<Dot>,
}

static NOTHING: VersionVector = VersionVector::new();

// Who is looked at.
struct Viewer<'a> {
    replica: &'a Replica,
    tab: Option<&'a Tab>,
}

impl<'a> Viewer<'a> {
    fn record(&self, key: &str) -> Option<&'a Record> {
        self.tab.map_or_else(|| self.replica.get(key), |tab| tab.engine.record(key))
    }

    fn clock(&self) -> &'a Clock {
        self.replica.clock()
    }

    fn provisional(&self) -> Option<ReplicaId> {
        self.tab.map(|tab| tab.engine.identity().tab)
    }
}

impl World {
    /// Whether what a tab shows is what the laws say.
    pub fn check_tab(&mut self, id: TabId) -> Result<(), Violation> {
        if let Some(tab) = self.tab(id) {
            let forgotten = self.ledger.covered(tab.engine.replica().forgotten())?;
            self.ledger.forget(&forgotten);
        }
        let Some(tab) = self.tab_mut(id) else { return Ok(()) };
        let mut view = std::mem::take(&mut tab.view);
        let mut outcome = Ok(());
        if let Some(tab) = self.tab(id) {
            let viewer = Viewer { replica: tab.engine.replica(), tab: Some(tab) };
            outcome =
                self.look(&viewer, &mut view).map_err(|violation| violation.at(format_args!("tab {id}")));
        }
        let Some(tab) = self.tab_mut(id) else { return outcome };
        let (epoch, head) = (tab.engine.replica().epoch(), tab.engine.replica().head());
        // While it folds, the log has grown and its clock has not.
        let is_whole = !tab.engine.is_folding();
        let here = view.here;
        tab.view = view;
        outcome?;
        if is_whole { self.ledger.note(epoch, head, &here) } else { Ok(()) }
    }

    /// Whether what a relay's readers see is what the laws say.
    pub fn check_relay(&mut self, relay: usize) -> Result<(), Violation> {
        if let Some(host) = self.relays.get(relay) {
            let forgotten = self.ledger.covered(host.replica.forgotten())?;
            self.ledger.forget(&forgotten);
        }
        let Some(host) = self.relays.get_mut(relay) else { return Ok(()) };
        let mut view = std::mem::take(&mut host.view);
        let mut outcome = Ok(());
        if let Some(host) = self.relays.get(relay) {
            let viewer = Viewer { replica: &host.replica, tab: None };
            outcome = self
                .look(&viewer, &mut view)
                .map_err(|violation| violation.at(format_args!("relay {relay}")));
        }
        let Some(host) = self.relays.get_mut(relay) else { return outcome };
        let (epoch, head, here) = (host.replica.epoch(), host.replica.head(), view.here);
        host.view = view;
        outcome?;
        self.ledger.note(epoch, head, &here)
    }

    fn look(&self, viewer: &Viewer<'_>, view: &mut View) -> Result<(), Violation> {
        self.look_at_clock(viewer, view)?;
        let outstanding = viewer.tab.map(Tab::outstanding_writes).unwrap_or_default();
        for key in 0..self.keys.len() {
            self.look_at_record(viewer, view, key, &outstanding)?;
        }
        // Of what is remembered of peers a tab hears sooner than of the segments that it is about; those are on disk.
        let on_disk = self.ledger.latest(viewer.replica.epoch()).unwrap_or(&view.here);
        self.check_cursors(viewer.replica, if on_disk.covers(&view.here) { on_disk } else { &view.here })
    }

    // Nothing is forgotten that was there; what is seen is causally closed, and batches are whole.
    fn look_at_clock(&self, viewer: &Viewer<'_>, view: &mut View) -> Result<(), Violation> {
        let digest = viewer.clock().digest();
        if view.digest == Some(digest) {
            return Ok(());
        }
        let here = self.ledger.covered(&viewer.clock().to_vector())?;
        if !here.covers(&view.here) {
            let gone = self.ledger.dots(&view.here.without(&here));
            return Err(Violation::new(5, format!("{gone:?} are gone")));
        }
        let stored = self.ledger.stored();
        for id in here.without(&view.here).iter() {
            let Some(write) = self.model.get(id) else { continue };
            let lacking = write.seen.both(stored).without(&here);
            if !lacking.is_empty() {
                let (name, lacking) =
                    (self.ledger.dots(&Writes::from_iter([id])), self.ledger.dots(&lacking));
                return Err(Violation::new(
                    7,
                    format!("{name:?} is here, but not {lacking:?}, which it has seen"),
                ));
            }
            let parted = write.batch.both(stored).without(&here);
            if !parted.is_empty() {
                let (name, parted) = (self.ledger.dots(&Writes::from_iter([id])), self.ledger.dots(&parted));
                return Err(Violation::new(7, format!("{name:?} is here, but not {parted:?} of its batch")));
            }
        }
        (view.here, view.digest) = (here, Some(digest));
        Ok(())
    }

    // The record accounts for just the writes that the clock does, and shows just what the model says of those.
    fn look_at_record(
        &self,
        viewer: &Viewer<'_>,
        view: &mut View,
        key: usize,
        outstanding: &Writes,
    ) -> Result<(), Violation> {
        let (Some(name), View { here, records, checked, .. }) = (self.keys.get(key), view) else {
            return Ok(());
        };
        let of_key = self.ledger.of_key(key);
        let here = here.both(&of_key);
        let mut known = outstanding.both(&of_key);
        known.join(&here);
        let record = viewer.record(name.as_str());
        let (context, versions) =
            record.map_or((&NOTHING, &[][..]), |record| (record.context(), record.versions()));
        records.resize(records.len().max(self.keys.len()), Shown::default());
        let Some(shown) = records.get_mut(key) else { return Ok(()) };
        let dots = versions.iter().map(|version| version.dot);
        if shown.known == known && shown.context == *context && dots.clone().eq(shown.dots.iter().copied()) {
            return Ok(());
        }
        let gone = self.ledger.covered(viewer.replica.forgotten())?.both(&of_key);
        self.check_accounted(viewer, context, &here, (&of_key, &gone))
            .map_err(|violation| violation.at(name))?;
        let standing = self.standing(viewer, versions)?;
        self.check_siblings(&known, &standing).map_err(|violation| violation.at(name))?;
        for version in versions.iter().filter(|version| Some(version.dot.replica) != viewer.provisional()) {
            let id = self.ledger.named(version.dot)?;
            if !checked.contains(id) {
                self.check_version(key, id, version).map_err(|violation| violation.at(name))?;
                checked.insert(id);
            }
        }
        *shown = Shown { context: context.clone(), known, dots: dots.collect() };
        Ok(())
    }

    // The writes that the versions stand for: by their names, or where those are provisional, by their order.
    fn standing(&self, viewer: &Viewer<'_>, versions: &[Version]) -> Result<Writes, Violation> {
        versions
            .iter()
            .map(|version| {
                let Some(tab) = viewer.tab.filter(|tab| tab.engine.identity().tab == version.dot.replica)
                else {
                    return self.ledger.named(version.dot);
                };
                let place = usize::try_from(version.dot.counter / 2).unwrap_or(0).wrapping_sub(1);
                let unknown = || Violation::new(3, format!("{} was never written", version.dot));
                tab.written.get(place).copied().ok_or_else(unknown)
            })
            .collect()
    }

    fn check_accounted(
        &self,
        viewer: &Viewer<'_>,
        context: &VersionVector,
        here: &Writes,
        (of_key, gone): (&Writes, &Writes),
    ) -> Result<(), Violation> {
        let context = viewer.provisional().map_or_else(|| context.clone(), |tab| context.without(tab));
        let accounted = self.ledger.covered(&context)?.both(of_key);
        // Of what is forgotten the record knows nothing any more.
        if here.covers(&accounted) && gone.covers(&here.without(&accounted)) {
            return Ok(());
        }
        let what = format!("[{context}] accounts for {accounted:?}, and the clock for {here:?}");
        Err(Violation::new(7, what))
    }

    // Law 2 at every step: what a record shows is what the model says of the writes that are known here.
    fn check_siblings(&self, known: &Writes, standing: &Writes) -> Result<(), Violation> {
        let expected = self.model.siblings(known);
        // A deletion that somebody has forgotten shows in one place and not in another: who has forgotten one cannot say that
        // what is written then has seen it, and leaves it out of what comes from elsewhere. What it has deleted never shows.
        let is_deletion = |id: WriteId| self.model.get(id).is_some_and(|write| write.deletes);
        let mut may_differ = expected.without(standing);
        may_differ.join(&standing.without(&expected));
        may_differ = may_differ.both(self.ledger.forgotten());
        let differing: Writes = may_differ.iter().filter(|id| is_deletion(*id)).collect();
        if expected.without(&differing) == standing.without(&differing) {
            return Ok(());
        }
        let risen = standing.without(&expected);
        let is_deleted = |id: WriteId| {
            let mut later = known.iter().filter_map(|other| self.model.get(other));
            later.any(|other| other.deletes && other.past.contains(id))
        };
        let law = if risen.iter().any(is_deleted) { 6 } else { 2 };
        let what = format!("it shows {standing:?} and should show {expected:?}");
        Err(Violation::new(law, what))
    }

    // One dot, one content; the past that it bears is the one that its writer had seen; its time is its writer's.
    fn check_version(&self, key: usize, id: WriteId, version: &Version) -> Result<(), Violation> {
        let Some(write) = self.model.get(id) else { return Ok(()) };
        let named = version.content.as_deref().map(|content| names(content) == Some(id));
        if write.key != key || named != (!write.deletes).then_some(true) {
            return Err(Violation::new(3, format!("{} is not the write {id}", version.dot)));
        }
        if version.at.ms > write.latest_ms {
            let what = format!("{} is of {}, which is beyond {}", version.dot, version.at, write.latest_ms);
            return Err(Violation::new(9, what));
        }
        self.check_seen(key, &version.past, &write.past, None)
            .map_err(|violation| violation.at(format_args!("the past of {}", version.dot)))
    }

    // A context names nothing that was not seen; and what was seen it names, or something that had seen it.
    fn check_seen(
        &self,
        key: usize,
        context: &Context,
        seen: &Writes,
        provisional: Option<ReplicaId>,
    ) -> Result<(), Violation> {
        let mut named = self.ledger.covered(context.vector())?;
        for dot in context.dots().filter(|dot| Some(dot.replica) != provisional) {
            named.insert(self.ledger.named(dot)?);
        }
        let named = named.both(&self.ledger.of_key(key));
        let (covered, seen) = (self.model.with_pasts(&named), seen.both(self.ledger.stored()));
        let covered_here = covered.both(self.ledger.stored());
        let unnamed = seen.without(&covered_here);
        if seen.covers(&covered_here) && self.ledger.forgotten().covers(&unnamed) {
            return Ok(());
        }
        Err(Violation::new(2, format!("[{context}] stands for {covered:?}, but seen were {seen:?}")))
    }

    /// A context covers nothing that whoever has it has not seen.
    pub(crate) fn check_context(&self, id: TabId, handed_out: &HandedOut) -> Result<(), Violation> {
        let HandedOut { key, context, seen } = handed_out;
        let provisional = self.tab(id).map(|tab| tab.engine.identity().tab);
        self.check_seen(*key, context, seen, provisional)
    }

    // Law 5: everything in a log up to a cursor is accounted for by who has the cursor.
    fn check_cursors(&self, replica: &Replica, here: &Writes) -> Result<(), Violation> {
        let relays = self.relays.iter().map(|relay| relay.replica.id());
        let peers = self.devices.iter().map(|device| device.replica).chain(relays);
        for cursor in peers.filter_map(|peer| replica.peers().cursor(peer)) {
            let claimed = self.ledger.known_at(cursor.epoch, cursor.seq);
            if let Some(claimed) = claimed.filter(|claimed| !here.covers(claimed)) {
                let lacking = self.ledger.dots(&claimed.without(here));
                return Err(Violation::new(5, format!("a cursor at {} is ahead of {lacking:?}", cursor.seq)));
            }
        }
        Ok(())
    }

    /// What is said to be saved is at a relay, unless one was set back meanwhile.
    pub(crate) fn check_saved(&self, saved: &Writes) -> Result<(), Violation> {
        let mut at_relays = Writes::new();
        self.relays.iter().for_each(|relay| at_relays.join(&relay.view.here));
        let lacking = saved.both(self.ledger.stored()).without(&at_relays);
        if lacking.is_empty() || self.has_losses {
            return Ok(());
        }
        let lacking = self.ledger.dots(&lacking);
        Err(Violation::new(5, format!("{lacking:?} are said to be saved and are at no relay")))
    }

    /// Law 5: a tab that is opened finds every write of its device, and all that its cursors claim.
    pub(crate) fn check_opened(&mut self, id: TabId) -> Result<(), Violation> {
        self.check_tab(id)?;
        let own = self.ledger.of_replica(self.device(id.device)?.replica);
        let here = self.tab(id).map(|tab| tab.view.here).unwrap_or_default();
        if here.covers(&own) {
            return Ok(());
        }
        let lacking = self.ledger.dots(&own.without(&here));
        Err(Violation::new(5, format!("tab {id} does not find its own {lacking:?}")))
    }
}

// A content begins with the number of its write.
fn names(content: &[u8]) -> Option<WriteId> {
    let digits = content.split(|byte| *byte == b' ').next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
