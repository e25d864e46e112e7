//! One replica: its record, its clock with links, its log positions, and the chain of its own writes.
//!
//! There is one record, and a commit is one write. A write's number stands for its content, and for the link of the chain that
//! ends with it. It must not know of other replicas but by what they send.

/// How many names replicas can have: those of the devices, and those that they take later.
pub const NAMES: usize = 5;
/// How many relays there can be.
pub const RELAYS: usize = 2;
/// Devices by their names, then relays.
const PEERS: usize = NAMES + RELAYS;

/// A counter for each name.
pub type Context = [u8; NAMES];

/// A version that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    /// Whose write it is.
    pub name: u8,
    /// Which of its writes.
    pub counter: u8,
    /// The number of the write.
    pub write: u8,
}

/// What is known of the record.
#[derive(Clone, Default, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// Every write that is accounted for.
    pub context: Context,
    /// In order.
    pub versions: Vec<Version>,
}

/// Where a chain ends: the counter, and the write there as its link, counted from 1; 0 for none.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct End {
    /// How many writes there are.
    pub counter: u8,
    /// What the last of them is.
    pub link: u8,
}

/// An entry of the clock.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The counter and the link there.
    pub end: End,
    /// Where it last changed.
    pub seq: u8,
    /// The log that it came from.
    pub origin: Option<u8>,
}

/// A place in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// The life of the log.
    pub epoch: u8,
    /// The position.
    pub seq: u8,
}

/// Where a commit of own writes ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Boundary {
    seq: u8,
    end: End,
}

/// What one replica lacks of another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Delta {
    /// The record, if it is told.
    pub record: Option<Record>,
    /// The entries that are told; 0 for those that are not.
    pub clock: [End; NAMES],
    /// Where the sender's log is reached with it.
    pub cursor: Cursor,
}

/// A replica.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Replica {
    /// Its name; a relay's is not used.
    pub name: u8,
    /// The life of its log.
    pub epoch: u8,
    /// The last position of its log.
    pub head: u8,
    /// Its record.
    pub record: Record,
    seq: u8,
    origin: Option<u8>,
    /// Its clock.
    pub clock: [Entry; NAMES],
    /// How far it is in the logs of others, by the name of a device or the number of a relay.
    pub cursors: [Option<Cursor>; PEERS],
    chain: Vec<Boundary>,
    confirmed: u8,
}

/// Where a relay's cursor is kept.
pub fn place_of_relay(relay: usize) -> usize {
    NAMES + relay
}

impl Record {
    fn covers(&self, version: &Version) -> bool {
        self.context[version.name as usize] >= version.counter
    }

    fn keeps(&self, version: &Version, quarantine: bool) -> bool {
        let same_dot = |other: &Version| (other.name, other.counter) == (version.name, version.counter);
        self.versions.contains(version)
            || !self.covers(version)
            || (quarantine && self.versions.iter().any(same_dot))
    }

    /// The state of both sides as one.
    #[must_use]
    pub fn merge(&self, other: &Self, quarantine: bool) -> Self {
        let own = self.versions.iter().filter(|version| other.keeps(version, quarantine));
        let others = other.versions.iter().filter(|version| self.keeps(version, quarantine));
        let mut versions: Vec<Version> = own.chain(others).copied().collect();
        versions.sort_unstable();
        versions.dedup();
        let mut context = self.context;
        context.iter_mut().zip(other.context).for_each(|(own, other)| *own = (*own).max(other));
        Self { context, versions }
    }
}

impl Replica {
    /// An empty one.
    pub fn new(name: u8, epoch: u8) -> Self {
        Self {
            name,
            epoch,
            head: 0,
            record: Record::default(),
            seq: 0,
            origin: None,
            clock: [Entry::default(); NAMES],
            cursors: [None; PEERS],
            chain: Vec::new(),
            confirmed: 0,
        }
    }

    /// Where the chain of its own writes ends.
    pub fn chain_end(&self) -> End {
        self.chain.last().map_or(End::default(), |boundary| boundary.end)
    }

    /// Replaces all that stands.
    pub fn write(&mut self, write: u8) {
        let counter = self.clock[self.name as usize].end.counter + 1;
        let mut record = self.record.clone();
        record.context[self.name as usize] = counter;
        record.versions = vec![Version { name: self.name, counter, write }];
        self.place(record, None);
        let end = End { counter, link: write + 1 };
        self.clock[self.name as usize] = Entry { end, seq: self.head, origin: None };
        self.chain.push(Boundary { seq: self.head, end });
    }

    fn place(&mut self, record: Record, origin: Option<u8>) {
        self.head += 1;
        (self.record, self.seq, self.origin) = (record, self.head, origin);
    }

    /// True when what another has seen of it is of this log.
    pub fn admits(&self, seq: u8, end: End) -> bool {
        if seq > self.head || end.counter > self.chain_end().counter {
            return false;
        }
        let before = self.chain.iter().rev().find(|boundary| boundary.seq <= seq);
        let known = before.map_or(0, |boundary| boundary.end.counter);
        known <= end.counter && (end.counter == 0 || self.chain.iter().any(|boundary| boundary.end == end))
    }

    /// Others have its writes up to there.
    pub fn confirm(&mut self, counter: u8) {
        self.confirmed = self.confirmed.max(counter);
    }

    /// True when a delta tells of writes under its name that it has not made.
    pub fn doubts(&self, delta: &Delta) -> bool {
        let own = self.name as usize;
        let unknown = |record: &Record| record.context[own] > self.record.context[own];
        let is_other = |version: &Version| {
            let mut same = self
                .record
                .versions
                .iter()
                .filter(|it| (it.name, it.counter) == (version.name, version.counter));
            version.name == self.name
                && same.clone().next().is_some()
                && same.all(|it| it.write != version.write)
        };
        let told = delta.record.iter();
        !self.admits(0, delta.clock[own])
            || told.clone().any(unknown)
            || told.flat_map(|record| &record.versions).any(is_other)
    }

    /// The writes that nobody is known to have, by their numbers.
    pub fn unconfirmed(&self) -> u8 {
        let ends = self.chain.iter().map(|boundary| boundary.end).filter(|end| end.counter > self.confirmed);
        ends.fold(0, |set, end| set | (1 << (end.link - 1)))
    }

    /// Goes on under a new name and in a new life of its log. What others have keeps its name.
    pub fn be_reborn(&mut self, name: u8, falls_back: bool) {
        let known = self.chain.iter().rev().find(|boundary| boundary.end.counter <= self.confirmed);
        let confirmed = known.map_or(End::default(), |boundary| boundary.end);
        let (old, last) = (self.name as usize, self.chain_end());
        self.cursors = [None; PEERS];
        let before = self.head;
        if self.record.context[old] > confirmed.counter {
            let mut record = self.record.clone();
            record.context[name as usize] = record.context[old] - confirmed.counter;
            record.context[old] = confirmed.counter;
            for version in &mut record.versions {
                if version.name as usize == old && version.counter > confirmed.counter {
                    (version.name, version.counter) = (name, version.counter - confirmed.counter);
                }
            }
            record.versions.sort_unstable();
            self.place(record, None);
        }
        self.head = self.head.max(before + 1);
        if last.counter > confirmed.counter && falls_back {
            self.clock[old] = Entry { end: confirmed, seq: self.head, origin: None };
        }
        self.chain.clear();
        let end = End { counter: last.counter - confirmed.counter, link: last.link };
        if end.counter > 0 {
            self.clock[name as usize] = Entry { end, seq: self.head, origin: None };
            self.chain.push(Boundary { seq: self.head, end });
        }
        (self.name, self.epoch, self.confirmed) = (name, name, 0);
    }

    /// What it has to tell somebody with that epoch, who is there in its log or else has that clock.
    pub fn delta(&self, receiver: u8, cursor: Option<Cursor>, clock: &[Entry; NAMES]) -> Delta {
        let ends = |clock: &[Entry; NAMES]| clock.map(|entry| entry.end);
        let valid = cursor.filter(|cursor| cursor.epoch == self.epoch && cursor.seq <= self.head);
        let level = ends(clock) == ends(&self.clock);
        let after = if level && valid.is_none() { self.head } else { valid.map_or(0, |cursor| cursor.seq) };
        let covered = self.record.context.iter().zip(clock).all(|(own, entry)| *own <= entry.end.counter);
        let is_told = self.seq > after && self.origin != Some(receiver) && (valid.is_some() || !covered);
        let told = |entry: Entry| entry.seq > after && entry.origin != Some(receiver);
        let entries = self.clock.map(|entry| if told(entry) { entry.end } else { End::default() });
        let record = is_told.then(|| self.record.clone());
        Delta { record, clock: entries, cursor: Cursor { epoch: self.epoch, seq: self.head } }
    }

    /// True when the record is just as that log had it.
    pub fn is_from(&self, epoch: u8) -> bool {
        self.origin == Some(epoch)
    }

    /// Takes a delta in: merges, joins the clock, moves the cursor.
    pub fn take(&mut self, peer: usize, delta: &Delta, quarantine: bool) {
        let (before, origin) = (self.head, Some(delta.cursor.epoch));
        if let Some(record) = &delta.record {
            let merged = self.record.merge(record, quarantine);
            if merged != self.record {
                let origin = origin.filter(|_| merged == *record);
                self.place(merged, origin);
            }
        }
        let is_news = |(own, told): (&Entry, &End)| *told > own.end;
        if self.head == before && self.clock.iter().zip(&delta.clock).any(is_news) {
            self.head += 1;
        }
        for (own, told) in self.clock.iter_mut().zip(delta.clock) {
            if told > own.end {
                *own = Entry { end: told, seq: self.head, origin };
            }
        }
        let cursor = &mut self.cursors[peer];
        let is_behind = |old: &Cursor| old.epoch != delta.cursor.epoch || old.seq < delta.cursor.seq;
        if cursor.as_ref().is_none_or(is_behind) {
            *cursor = Some(delta.cursor);
        }
    }
}
