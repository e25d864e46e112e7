//! The ledger: what was written and what was acknowledged, kept outside of the relay. Knows contents, dots and pasts, and
//! nothing of how the relay keeps anything.

use std::collections::{BTreeMap, HashMap};

use eyot_core::segment::Entries;
use eyot_core::{Context, Dot, Record, Replica};

/// One write.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) dot: Dot,
    past: Context,
    text: String,
    is_acknowledged: bool,
}

/// Every write, by its record's key.
#[derive(Default)]
pub(crate) struct Ledger {
    // Writes that an acknowledged one has replaced are not kept: whoever has that one has seen them.
    writes: BTreeMap<String, Vec<Write>>,
    // What each dot has ever stood for.
    texts: HashMap<Dot, String>,
    pub(crate) written: usize,
    pub(crate) acknowledged: usize,
}

impl Ledger {
    /// Notes what a replica has just written: it stands in its records under new dots.
    pub(crate) fn note_written(&mut self, replica: &Replica, key: &str, text: &str) -> Dot {
        let record = replica.get(key).expect("what was written is there");
        let mut versions = record.versions().iter();
        let version = versions.find(|version| version.content.as_deref() == Some(text.as_bytes())).unwrap();
        let other = self.texts.insert(version.dot, text.to_owned());
        assert_eq!(other, None, "the dot {} was used before", version.dot);
        let (dot, past) = (version.dot, version.past.clone());
        let write = Write { dot, past, text: text.to_owned(), is_acknowledged: false };
        self.writes.entry(key.to_owned()).or_default().push(write);
        self.written += 1;
        dot
    }

    /// Notes that the relay has acknowledged a write.
    pub(crate) fn note_acknowledged(&mut self, key: &str, dot: Dot) {
        self.acknowledged += 1;
        let writes = self.writes.get_mut(key).expect("only what was written is acknowledged");
        let place = writes.iter().position(|write| write.dot == dot);
        // It may be gone already: replaced by a write that was acknowledged earlier.
        if let Some(place) = place {
            let mut write = writes.swap_remove(place);
            write.is_acknowledged = true;
            writes.retain(|other| !write.past.covers(other.dot));
            writes.push(write);
        }
    }

    /// Notes that the relay has acknowledged everything that was written to the records of which this is true.
    pub(crate) fn note_all_acknowledged(&mut self, is_acknowledged: impl Fn(&str) -> bool) {
        let new = self.writes.iter().filter(|(key, _)| is_acknowledged(key));
        let new = new.flat_map(|(key, writes)| {
            let writes = writes.iter().filter(|write| !write.is_acknowledged);
            writes.map(|write| (key.clone(), write.dot))
        });
        for (key, dot) in new.collect::<Vec<_>>() {
            self.note_acknowledged(&key, dot);
        }
    }

    /// What is wrong with these records as a whole copy of the database at one moment: sentences, none if every
    /// acknowledged write is there or replaced by one that had seen it, and nothing is there that was not written.
    pub(crate) fn breaches(&self, entries: &Entries) -> Vec<String> {
        let mut found: BTreeMap<&str, &Record> = entries.iter().map(|(key, it)| (key.as_str(), it)).collect();
        let mut breaches = Vec::new();
        for (key, writes) in &self.writes {
            let record = found.remove(key.as_str()).cloned().unwrap_or_default();
            let lost = writes.iter().filter(|it| it.is_acknowledged && !record.context().covers(it.dot));
            breaches.extend(lost.map(|it| format!("{key}: {} was acknowledged and is lost", it.dot)));
            breaches.extend(self.misfits(key, writes, &record));
        }
        breaches.extend(found.keys().map(|key| format!("{key} was never written")));
        breaches
    }

    // The siblings must be those of the writes that the record accounts for of which none has seen another.
    fn misfits(&self, key: &str, writes: &[Write], record: &Record) -> Vec<String> {
        let known: Vec<&Write> = writes.iter().filter(|it| record.context().covers(it.dot)).collect();
        let is_replaced = |dot: Dot| known.iter().any(|it| it.past.covers(dot));
        let mut missing: Vec<&Write> = known.iter().copied().filter(|it| !is_replaced(it.dot)).collect();
        let mut breaches = Vec::new();
        for version in record.versions() {
            missing.retain(|write| write.dot != version.dot);
            let text = version.content.as_deref().map(String::from_utf8_lossy);
            if self.texts.get(&version.dot).map(String::as_str) != text.as_deref() {
                breaches.push(format!("{key}: {} stands for two contents", version.dot));
            }
            if is_replaced(version.dot) {
                breaches.push(format!("{key}: {} stands and was replaced", version.dot));
            }
        }
        breaches.extend(missing.iter().map(|it| format!("{key}: {} ({}) does not stand", it.dot, it.text)));
        breaches
    }

    /// True if these records account for every write, also those that nobody has acknowledged.
    pub(crate) fn is_complete(&self, entries: &Entries) -> bool {
        let contexts: BTreeMap<&str, _> =
            entries.iter().map(|(key, it)| (key.as_str(), it.context())).collect();
        self.writes.iter().all(|(key, writes)| {
            let context = contexts.get(key.as_str());
            writes.iter().all(|write| context.is_some_and(|it| it.covers(write.dot)))
        })
    }
}
