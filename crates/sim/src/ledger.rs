//! The ledger: which write has which dot, who has written what, and what every log had at which position.
//!
//! Kept by looking at what is committed on disks, never by asking the core. Law 3 is checked here: a dot has one write.

use eyot_core::{Context, Dot, LogEpoch, ReplicaId, Seq, VersionVector};

use crate::history::History;
use crate::violation::Violation;
use crate::writes::{WriteId, Writes};

/// The names of all writes that are on a disk.
#[derive(Default, Debug)]
pub struct Ledger {
    replicas: Vec<Author>,
    places: Vec<Option<Place>>,
    stored: Writes,
    // Those that were on a disk once, and then on none any more.
    at_risk: Writes,
    // Deletions among these may be forgotten somewhere.
    forgotten: Writes,
    of_key: Vec<Writes>,
    // What the replica knew at which position of its log.
    histories: Vec<(LogEpoch, History)>,
}

/// The name of a write, and its place in the log of its device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) dot: Dot,
    pub(crate) position: u64,
}

#[derive(Debug)]
struct Author {
    replica: ReplicaId,
    // By counter, from 1: the write, and all writes up to it.
    dots: Vec<(Option<WriteId>, Writes)>,
}

impl Ledger {
    pub(crate) fn new(records: usize) -> Self {
        Self { of_key: vec![Writes::new(); records], ..Self::default() }
    }

    /// A write of a record is about to be made.
    pub(crate) fn expect(&mut self, id: WriteId, key: usize) {
        if let Some(writes) = self.of_key.get_mut(key) {
            writes.insert(id);
        }
    }

    /// All writes that are on a disk.
    pub fn stored(&self) -> &Writes {
        &self.stored
    }

    /// The writes to a record, also those that are on no disk.
    pub fn of_key(&self, key: usize) -> Writes {
        self.of_key.get(key).copied().unwrap_or_default()
    }

    /// The writes of a replica.
    pub fn of_replica(&self, replica: ReplicaId) -> Writes {
        let last = self.author(replica).and_then(|author| author.dots.last());
        last.map(|(_, all)| *all).unwrap_or_default()
    }

    pub(crate) fn place(&self, id: WriteId) -> Option<Place> {
        self.places.get(id).copied().flatten()
    }

    /// The name of a write, if it is on a disk.
    pub fn dot(&self, id: WriteId) -> Option<Dot> {
        self.place(id).map(|place| place.dot)
    }

    /// The names of writes, in their order.
    pub fn dots(&self, ids: &Writes) -> Vec<Dot> {
        let mut dots: Vec<Dot> = ids.iter().filter_map(|id| self.dot(id)).collect();
        dots.sort();
        dots
    }

    /// The write of that name.
    pub fn named(&self, dot: Dot) -> Result<WriteId, Violation> {
        let found = self.author(dot.replica).and_then(|author| author.at(dot.counter)?.0);
        found.ok_or_else(|| Violation::new(3, format!("nobody has written {dot}")))
    }

    /// The writes that a vector accounts for.
    pub fn covered(&self, vector: &VersionVector) -> Result<Writes, Violation> {
        self.accounted(vector.iter()).map_err(|violation| violation.at(format_args!("[{vector}]")))
    }

    /// The writes that the entries of a vector account for.
    pub(crate) fn accounted(&self, entries: impl Iterator<Item = Dot>) -> Result<Writes, Violation> {
        let mut covered = Writes::new();
        for dot in entries {
            let known = self.author(dot.replica).and_then(|author| author.at(dot.counter));
            let (_, up_to) = known.ok_or_else(|| {
                Violation::new(3, format!("{dot} is accounted for, and nobody has written it"))
            })?;
            covered.join(up_to);
        }
        Ok(covered)
    }

    /// The writes that a context names.
    pub fn named_in(&self, context: &Context) -> Result<Writes, Violation> {
        let mut named = self.covered(context.vector())?;
        for dot in context.dots() {
            named.insert(self.named(dot)?);
        }
        Ok(named)
    }

    /// The writes are in the device's log: the last of them has that counter, the others those before it.
    pub(crate) fn commit(
        &mut self,
        ids: &[WriteId],
        replica: ReplicaId,
        last: u64,
        position: u64,
    ) -> Result<(), Violation> {
        let first = (last + 1).saturating_sub(ids.len() as u64);
        for (id, counter) in ids.iter().zip(first..) {
            let dot = Dot::new(replica, counter);
            if self.places.len() <= *id {
                self.places.resize(*id + 1, None);
            }
            self.author_mut(replica).name(counter, *id).map_err(|other| {
                Violation::new(3, format!("{dot} is the name of the writes {other} and {id}"))
            })?;
            self.stored.insert(*id);
            if let Some(other) = self.places.get_mut(*id).and_then(|at| at.replace(Place { dot, position })) {
                return Err(Violation::new(
                    3,
                    format!("the write {id} has the names {} and {dot}", other.dot),
                ));
            }
        }
        Ok(())
    }

    /// The same where disks are copied: one name may stand for several writes.
    pub(crate) fn keep(&mut self, id: WriteId, dot: Dot, position: u64) {
        if self.places.len() <= id {
            self.places.resize(id + 1, None);
        }
        self.stored.insert(id);
        if let Some(place) = self.places.get_mut(id) {
            *place = Some(Place { dot, position });
        }
    }

    /// A write was never made, where disks are copied.
    pub(crate) fn unmake(&mut self, id: WriteId) {
        self.stored.remove(id);
        self.places.get_mut(id).into_iter().for_each(|place| *place = None);
    }

    /// The writes of a commit, in the order of their names.
    pub(crate) fn committed_at(&self, replica: ReplicaId, position: u64) -> Vec<WriteId> {
        let writes = self.author(replica).into_iter().flat_map(|author| &author.dots);
        let here = |id: &WriteId| self.place(*id).is_some_and(|place| place.position == position);
        writes.filter_map(|(id, _)| *id).filter(here).collect()
    }

    /// A power cut has undone a device's log from there on: its writes never were. Returns them.
    pub(crate) fn undo(&mut self, replica: ReplicaId, next_position: u64) -> Writes {
        let mut undone = Writes::new();
        let Self { replicas, places, stored, .. } = self;
        let Some(author) = replicas.iter_mut().find(|author| author.replica == replica) else {
            return undone;
        };
        let is_undone = |id: &Option<WriteId>| {
            id.and_then(|id| places.get(id).copied().flatten())
                .is_some_and(|place| place.position >= next_position)
        };
        while author.dots.last().is_some_and(|(id, _)| is_undone(id)) {
            let Some((Some(id), _)) = author.dots.pop() else { break };
            stored.remove(id);
            undone.insert(id);
        }
        undone.iter().for_each(|id| places.get_mut(id).into_iter().for_each(|place| *place = None));
        undone
    }

    /// Of all writes just these are on a disk.
    pub(crate) fn risk(&mut self, held: &Writes) {
        self.at_risk.join(&self.stored.without(held));
    }

    /// The writes that everybody must have in the end, when somebody has these.
    pub(crate) fn expected(&self, here: &Writes) -> Writes {
        self.stored.without(&self.at_risk.without(here))
    }

    /// Deletions among these may be forgotten somewhere.
    pub(crate) fn forget(&mut self, forgotten: &Writes) {
        self.forgotten.join(forgotten);
    }

    /// The writes that may have left no trace somewhere but in clocks.
    pub(crate) fn forgotten(&self) -> &Writes {
        &self.forgotten
    }

    /// A log has come to a position, at which its replica knows these writes.
    pub(crate) fn note(&mut self, epoch: LogEpoch, head: Seq, here: &Writes) -> Result<(), Violation> {
        let place = self.histories.iter().position(|(known, _)| *known == epoch);
        let place = place.unwrap_or_else(|| {
            self.histories.push((epoch, History::default()));
            self.histories.len() - 1
        });
        let noted = self.histories.get_mut(place).map_or(Ok(()), |(_, history)| history.note(head, here));
        noted.map_err(|known| {
            Violation::new(3, format!("position {head} stands for {known:?} and for {here:?}"))
        })
    }

    /// A log ends there, whatever it had before.
    pub(crate) fn set_back(&mut self, epoch: LogEpoch, head: Seq) {
        if let Some((_, history)) = self.histories.iter_mut().find(|(known, _)| *known == epoch) {
            history.set_back(head);
        }
    }

    /// What the replica knew when its log had come to a position.
    pub(crate) fn known_at(&self, epoch: LogEpoch, head: Seq) -> Option<&Writes> {
        self.history(epoch)?.known_at(head)
    }

    /// What the replica knows at the end of its log, as far as anybody has looked.
    pub(crate) fn latest(&self, epoch: LogEpoch) -> Option<&Writes> {
        self.history(epoch)?.latest()
    }

    fn history(&self, epoch: LogEpoch) -> Option<&History> {
        self.histories.iter().find(|(known, _)| *known == epoch).map(|(_, history)| history)
    }

    fn author(&self, replica: ReplicaId) -> Option<&Author> {
        self.replicas.iter().find(|author| author.replica == replica)
    }

    fn author_mut(&mut self, replica: ReplicaId) -> &mut Author {
        let place = self.replicas.iter().position(|author| author.replica == replica);
        let place = place.unwrap_or_else(|| {
            self.replicas.push(Author { replica, dots: Vec::new() });
            self.replicas.len() - 1
        });
        #[allow(clippy::indexing_slicing, reason = "the place was found or made just now")]
        &mut self.replicas[place]
    }
}

impl Author {
    fn at(&self, counter: u64) -> Option<&(Option<WriteId>, Writes)> {
        self.dots.get(usize::try_from(counter).ok()?.checked_sub(1)?)
    }

    // Err with the write that has the name already.
    fn name(&mut self, counter: u64, id: WriteId) -> Result<(), WriteId> {
        let place = usize::try_from(counter).unwrap_or(0).saturating_sub(1);
        while self.dots.len() <= place {
            let up_to = self.dots.last().map(|(_, all)| *all).unwrap_or_default();
            self.dots.push((None, up_to));
        }
        let Some((named, _)) = self.dots.get_mut(place) else { return Ok(()) };
        if let Some(other) = named.replace(id) {
            return Err(other);
        }
        self.dots.iter_mut().skip(place).for_each(|(_, up_to)| up_to.insert(id));
        Ok(())
    }
}
