//! What must hold whenever somebody looks: at a tab, at a relay, at a context that was handed out.
//!
//! Knows nothing of how the core comes to what it shows. Only what has changed since the last look is looked at again.

use eyot_core::{Clock, Context, Dot, Record, Replica, ReplicaId, Version, VersionVector};

use crate::device::{HandedOut, Tab, TabId};
use crate::faults::fold;
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
    // Of these, deletions may be forgotten.
    pub(crate) forgotten: Writes,
    records: Vec<Shown>,
    // The writes whose versions were found to be as they were written.
    checked: Writes,
}

#[derive(Clone, Default, Debug)]
struct Shown {
    context: Vec<Dot>,
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
        if self.copies.are_made {
            return self.check_copied_tab(id);
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
        let is_whole = !tab.engine.is_reading();
        let (here, forgotten) = (view.here, view.forgotten);
        tab.view = view;
        outcome?;
        self.ledger.forget(&forgotten);
        if is_whole { self.ledger.note(epoch, head, &here) } else { Ok(()) }
    }

    /// Whether what a relay's readers see is what the laws say.
    pub fn check_relay(&mut self, relay: usize) -> Result<(), Violation> {
        if self.copies.are_made {
            return self.check_copied_relay(relay);
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
        let (epoch, head) = (host.replica.epoch(), host.replica.head());
        let (here, forgotten) = (view.here, view.forgotten);
        host.view = view;
        outcome?;
        self.ledger.forget(&forgotten);
        self.ledger.note(epoch, head, &here)
    }

    fn look(&self, viewer: &Viewer<'_>, view: &mut View) -> Result<(), Violation> {
        self.look_at_clock(viewer, view)?;
        // What is forgotten here, or was elsewhere: there a conflict between a deletion and a write that had not seen it
        // comes to nothing, and so it does wherever that is heard of.
        view.forgotten = self.ledger.covered(viewer.replica.forgotten())?;
        view.forgotten.join(self.ledger.forgotten());
        let mut known = viewer.tab.map(Tab::outstanding_writes).unwrap_or_default();
        known.join(&view.here);
        view.records.resize(self.keys.len(), Shown::default());
        for key in 0..self.keys.len() {
            self.look_at_record(viewer, view, key, &known)?;
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
        known: &Writes,
    ) -> Result<(), Violation> {
        // What waits for pages does not show yet.
        if viewer.tab.is_some_and(|tab| !tab.shows(&self.keys, key)) {
            return Ok(());
        }
        let View { here, forgotten, records, checked, .. } = view;
        let (Some(name), Some(shown)) = (self.keys.get(key), records.get_mut(key)) else { return Ok(()) };
        let of_key = self.ledger.of_key(key);
        let known = known.both(&of_key);
        let record = viewer.record(name.as_str());
        let (context, versions) =
            record.map_or((&NOTHING, &[][..]), |record| (record.context(), record.versions()));
        let dots = versions.iter().map(|version| version.dot);
        let is_same = shown.known == known && shown.dots.iter().copied().eq(dots.clone());
        if is_same && shown.context.iter().copied().eq(context.iter()) {
            return Ok(());
        }
        self.check_accounted(viewer, context, (&here.both(&of_key), forgotten), &of_key)
            .map_err(|violation| violation.at(name))?;
        let standing = self.standing(viewer, versions)?;
        self.check_siblings(&known, &standing, forgotten).map_err(|violation| violation.at(name))?;
        for version in versions.iter().filter(|version| Some(version.dot.replica) != viewer.provisional()) {
            let id = self.ledger.named(version.dot)?;
            if !checked.contains(id) {
                self.check_version(key, id, version).map_err(|violation| violation.at(name))?;
                checked.insert(id);
            }
        }
        shown.known = known;
        shown.context.clear();
        shown.context.extend(context.iter());
        shown.dots.clear();
        shown.dots.extend(dots);
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

    // What was forgotten may have left no trace but in the clock.
    fn check_accounted(
        &self,
        viewer: &Viewer<'_>,
        context: &VersionVector,
        (here, forgotten): (&Writes, &Writes),
        of_key: &Writes,
    ) -> Result<(), Violation> {
        let is_final = |dot: &Dot| Some(dot.replica) != viewer.provisional();
        let accounted = self.ledger.accounted(context.iter().filter(is_final))?.both(of_key);
        if here.covers(&accounted) && forgotten.covers(&here.without(&accounted)) {
            return Ok(());
        }
        let what = format!("[{context}] accounts for {accounted:?}, and the clock for {here:?}");
        Err(Violation::new(7, what))
    }

    // Law 2 at every step: what a record shows is what the model says of the writes that are known here, but for deletions
    // that are forgotten. One of those may be missing; it may also stand beside a later write, whose writer had forgotten
    // that it had seen it.
    fn check_siblings(&self, known: &Writes, standing: &Writes, forgotten: &Writes) -> Result<(), Violation> {
        let expected = self.model.siblings(known);
        let deletes = |id: WriteId| self.model.get(id).is_some_and(|write| write.deletes);
        let (missing, risen) = (expected.without(standing), standing.without(&expected));
        let mut off = missing.iter().chain(risen.iter());
        if off.all(|id| deletes(id) && forgotten.contains(id)) {
            return Ok(());
        }
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
        let (known, lacking) = (covered.both(self.ledger.stored()), seen.without(&covered));
        if seen.covers(&known) && self.ledger.forgotten().covers(&lacking) {
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
    pub(crate) fn check_saved(&self, device: usize, saved: &Writes) -> Result<(), Violation> {
        let mut elsewhere = Writes::new();
        self.relays.iter().for_each(|relay| elsewhere.join(&relay.view.here));
        let mut lacking = saved.both(self.ledger.stored()).without(&elsewhere);
        // Nobody is joined where disks are copied, and clocks cannot be asked there.
        let others = self.devices.iter().enumerate().filter(|(place, _)| *place != device);
        for (_, home) in others.filter(|_| !self.copies.are_made) {
            if lacking.is_empty() {
                break;
            }
            // Another device may have it, if they were joined.
            let clock = fold(&home.disk, home.replica, home.epoch)?.clock().to_vector();
            lacking = lacking.without(&self.ledger.covered(&clock)?);
        }
        if lacking.is_empty() || self.has_losses || self.copies.are_alike {
            return Ok(());
        }
        let lacking = self.ledger.dots(&lacking);
        Err(Violation::new(5, format!("{lacking:?} are said to be saved and nobody else has them")))
    }

    /// Law 5: a tab that is opened finds every write of its device, and all that its cursors claim.
    pub(crate) fn check_opened(&mut self, id: TabId) -> Result<(), Violation> {
        self.check_tab(id)?;
        let own = self.own_writes(id.device)?;
        let here = self.tab(id).map(|tab| tab.view.here).unwrap_or_default();
        if here.covers(&own) || self.copies.are_alike {
            return Ok(());
        }
        let lacking = self.ledger.dots(&own.without(&here));
        Err(Violation::new(5, format!("tab {id} does not find its own {lacking:?}")))
    }
}

/// A content begins with the number of its write.
pub(crate) fn names(content: &[u8]) -> Option<WriteId> {
    let digits = content.split(|byte| *byte == b' ').next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
