//! The record: the unit of causality. A context and the versions of which none dominates another.
//!
//! Knows nothing of what contents mean, of storage or of the network. Domination is judged by dots (is this dot in that
//! past?), as in dotted version vector sets (Almeida, Baquero, Gonçalves, Preguiça, Fonte, 2014).

use std::cmp::Ordering;
use std::sync::Arc;

use crate::context::Context;
use crate::dot::Dot;
use crate::guard::{Guard, holds};
use crate::hlc::Hlc;
use crate::id::ReplicaId;
use crate::references::References;
use crate::vector::VersionVector;

/// Up to so many versions are compared each with each.
const FEW: usize = 8;

/// What a version holds; opaque here.
pub type Content = Arc<[u8]>;

/// One immutable write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Version {
    /// The name of the write.
    pub dot: Dot,
    /// The writes to the record that the writer had seen.
    pub past: Context,
    /// When, by the writer's clock.
    pub at: Hlc,
    /// What was written; none is a deletion, which is a write too.
    pub content: Option<Content>,
    /// What the content names of what was seen; of a deletion nothing.
    pub references: References,
}

impl Version {
    // Law: each reference is covered by the past, or is the version itself; a deletion has none.
    fn refers_to_what_it_saw(&self) -> bool {
        let mut references = self.references.as_slice().iter();
        (self.content.is_some() || self.references.is_empty())
            && references.all(|dot| *dot == self.dot || self.past.covers(*dot))
    }

    /// The order of versions: by their dots. One dot never stands for two writes, unless a replica was copied; then what
    /// else there is decides, so that all replicas have them in one order.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        self.dot
            .cmp(&other.dot)
            .then_with(|| self.at.cmp(&other.at))
            .then_with(|| self.content.cmp(&other.content))
            .then_with(|| self.past.vector().iter().cmp(other.past.vector().iter()))
            .then_with(|| self.past.dots().cmp(other.past.dots()))
            .then_with(|| self.references.cmp(&other.references))
    }
}

/// The state of one record on one replica.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Record {
    // Every write to the record that is accounted for: standing here, or replaced by one that had seen it.
    context: VersionVector,
    // In order, each once. Of two copies of one replica both writes under one dot may stand.
    versions: Vec<Version>,
}

/// What taking in another replica's state of a record came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Merged {
    /// Nothing was news.
    Unchanged,
    /// The result is just what came in: whoever sent it has it.
    AsSent(Record),
    /// The result is more than what came in: whoever sent it lacks something.
    Mixed(Record),
}

impl Record {
    /// The record that nobody has written yet.
    pub const fn new() -> Self {
        Self { context: VersionVector::new(), versions: Vec::new() }
    }

    /// A record from its parts, if they are one: something was written, and every version is there once, in the order of
    /// dots, accounted for in the context with all of its past, neither in its own past nor in another's, and refers to
    /// nothing but that and itself.
    ///
    /// No version may stand: two copies under one replica id can have replaced each other's writes without seeing them.
    pub fn from_parts(context: VersionVector, versions: Vec<Version>) -> Option<Self> {
        let in_order = versions.is_sorted_by(|a, b| a.order(b) == Ordering::Less);
        let accounted = versions.iter().all(|version| {
            let mut past = version.past.vector().iter().chain(version.past.dots());
            context.covers(version.dot)
                && past.all(|dot| context.covers(dot))
                && version.refers_to_what_it_saw()
        });
        let is_record = !context.is_empty() && in_order && accounted && !dominates_any(&versions);
        is_record.then_some(Self { context, versions })
    }

    /// Every write to the record that is accounted for here.
    pub fn context(&self) -> &VersionVector {
        &self.context
    }

    /// The siblings, in the order of their dots.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// True when nothing was ever written, as far as this tells. In a delta after a search it says that the sender has
    /// nothing of the record any more.
    pub fn is_absent(&self) -> bool {
        self.context.is_empty()
    }

    /// True when that write stands.
    pub(crate) fn has(&self, dot: Dot) -> bool {
        self.versions.binary_search_by_key(&dot, |version| version.dot).is_ok()
    }

    /// The writes under whose dots two different versions stand: their replica was copied.
    pub fn collisions(&self) -> impl Iterator<Item = Dot> + '_ {
        let pairs = self.versions.iter().zip(self.versions.iter().skip(1));
        pairs.filter(|(one, next)| one.dot == next.dot).map(|(one, _)| one.dot)
    }

    /// How many entries the pasts of its versions have in all when they are written out.
    pub fn past_entries(&self) -> usize {
        self.versions.iter().map(|version| version.past.vector().len()).sum()
    }

    /// True when every version is a deletion.
    pub fn is_deleted(&self) -> bool {
        self.versions.iter().all(|version| version.content.is_none())
    }

    /// Law: a write replaces exactly the versions that its writer had seen; all others stay beside it.
    ///
    /// What the context claims beyond this record is cut off: such a write would otherwise swallow, unseen, what has not
    /// arrived yet.
    ///
    /// # Panics
    /// When the dot was used before: the caller mints dots, and one that repeats would stand for two contents.
    pub fn write(&mut self, dot: Dot, context: &Context, at: Hlc, content: Option<Content>) {
        self.write_referring(dot, context, at, content, &References::NONE);
    }

    /// The same with references. One that the version's past does not cover becomes the version's own dot: what was not seen
    /// under any name that is known here is told by this write first.
    ///
    /// # Panics
    /// As [`Record::write`].
    pub fn write_referring(
        &mut self,
        dot: Dot,
        context: &Context,
        at: Hlc,
        content: Option<Content>,
        references: &References,
    ) {
        assert!(!self.context.covers(dot), "the dot {dot} is accounted for already in [{}]", self.context);
        let past = if holds(Guard::ContextCut) { context.meet(&self.context) } else { context.clone() };
        self.versions.retain(|version| !past.covers(version.dot));
        // Most records have one version only, and would get room for four.
        if self.versions.is_empty() {
            self.versions.reserve_exact(1);
        }
        let place = self.versions.partition_point(|version| version.dot < dot);
        let is_seen = |reference: Dot| if past.covers(reference) { reference } else { dot };
        let references = if content.is_some() { references.renamed(is_seen) } else { References::NONE };
        self.versions.insert(place, Version { dot, past, at, content, references });
        self.context.include(dot);
    }

    /// The same record with only those versions that pass; what is left out stays accounted for.
    #[must_use]
    pub(crate) fn retaining(&self, mut keep: impl FnMut(&Version) -> bool) -> Self {
        let versions = self.versions.iter().filter(|version| keep(version)).cloned().collect();
        Self { context: self.context.clone(), versions }
    }

    /// Law: merge is commutative, associative and idempotent. Kept are the versions that both sides have, and those of
    /// one side that the other's context does not account for. Where one dot stands on both sides for two versions, both
    /// are kept: it says that neither side has replaced what it stands for.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        let mut versions = Vec::with_capacity(self.versions.len().max(other.versions.len()));
        self.walk(other, |a, b| match (a, b) {
            (Some(version), Some(_)) => versions.push(version.clone()),
            (Some(version), None) if !other.has_replaced(version) => versions.push(version.clone()),
            (None, Some(version)) if !self.has_replaced(version) => versions.push(version.clone()),
            _ => {}
        });
        let mut context = self.context.clone();
        context.join(&other.context);
        Self { context, versions }
    }

    /// True when merging that state would change nothing here.
    fn has_all(&self, other: &Self) -> bool {
        let mut is_same = self.context.covers_all(&other.context);
        self.walk(other, |a, b| match (a, b) {
            (Some(version), None) => is_same &= !other.has_replaced(version),
            (None, Some(version)) => is_same &= self.has_replaced(version),
            _ => {}
        });
        is_same
    }

    // Goes through the versions of both in their order, those that both have at once.
    fn walk<'a>(&'a self, other: &'a Self, mut see: impl FnMut(Option<&'a Version>, Option<&'a Version>)) {
        let (mut left, mut right) = (self.versions.iter().peekable(), other.versions.iter().peekable());
        loop {
            let order = match (left.peek(), right.peek()) {
                (Some(a), Some(b)) => a.order(b),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return,
            };
            see(left.next_if(|_| order.is_le()), right.next_if(|_| order.is_ge()));
        }
    }

    // True when a version that does not stand here was replaced here.
    fn has_replaced(&self, version: &Version) -> bool {
        let stands = self.has(version.dot) && holds(Guard::Quarantine);
        self.context.covers(version.dot) && !stands && holds(Guard::ContextCheck)
    }

    /// The record as if that replica had never been heard of.
    pub(crate) fn without(&self, replica: ReplicaId) -> Self {
        let versions = self.versions.iter().filter(|version| version.dot.replica != replica);
        Self { context: self.context.without(replica), versions: versions.cloned().collect() }
    }

    /// The same record in other names.
    pub(crate) fn renamed(&self, context: VersionVector, mut versions: Vec<Version>) -> Self {
        versions.sort_by(Version::order);
        versions.dedup();
        Self { context, versions }
    }

    /// The latest time that any version claims.
    pub(crate) fn largest_time(&self) -> Option<Hlc> {
        self.versions.iter().map(|version| version.at).max()
    }
}

/// Takes in another replica's state of a record; `existing` is none where there is nothing of it here.
pub fn merge_incoming(existing: Option<&Record>, incoming: Record) -> Merged {
    let Some(existing) = existing else {
        return if incoming.is_absent() { Merged::Unchanged } else { Merged::AsSent(incoming) };
    };
    if existing.has_all(&incoming) {
        Merged::Unchanged
    } else if incoming.has_all(existing) {
        Merged::AsSent(incoming)
    } else {
        Merged::Mixed(existing.merge(&incoming))
    }
}

// True if a version is in a past.
fn dominates_any(versions: &[Version]) -> bool {
    if versions.len() <= FEW {
        return versions.iter().any(|version| versions.iter().any(|other| version.past.covers(other.dot)));
    }
    // They are in the order of their dots: a vector that covers any of a replica's covers its first.
    let firsts: Vec<Dot> =
        versions.chunk_by(|a, b| a.dot.replica == b.dot.replica).filter_map(first_dot).collect();
    let stands = |dot: Dot| versions.binary_search_by_key(&dot, |version| version.dot).is_ok();
    versions
        .iter()
        .any(|version| covers_any(version.past.vector(), &firsts) || version.past.dots().any(stands))
}

// Whether a vector covers one of the dots, of which each replica has one. The shorter of the two is walked through and the
// longer one searched: a thousand siblings that have seen nothing are as little work as one that has seen a thousand.
fn covers_any(vector: &VersionVector, dots: &[Dot]) -> bool {
    if vector.len() >= dots.len() {
        return dots.iter().any(|dot| vector.covers(*dot));
    }
    vector.iter().any(|highest| {
        let place = dots.binary_search_by_key(&highest.replica, |dot| dot.replica);
        place.ok().and_then(|place| dots.get(place)).is_some_and(|dot| dot.counter <= highest.counter)
    })
}

fn first_dot(versions: &[Version]) -> Option<Dot> {
    versions.first().map(|version| version.dot)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(text: &str) -> Dot {
        text.parse().unwrap()
    }

    fn write(record: &mut Record, name: &str, context: &str) {
        let context: Context = context.parse().unwrap();
        record.write(dot(name), &context, Hlc::from_ms(1), Some(name.as_bytes().into()));
    }

    fn standing(record: &Record) -> String {
        record.versions().iter().map(|version| version.dot.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_write_replaces_exactly_what_its_writer_had_seen() {
        for (writes, expected) in [
            (vec![("a:1", "")], "a:1"),
            (vec![("a:1", ""), ("a:2", "a:1")], "a:2"),
            (vec![("a:1", ""), ("b:1", ""), ("c:1", "a:1")], "b:1 c:1"),
            (vec![("a:1", ""), ("b:1", ""), ("c:1", "a:1 b:1")], "c:1"),
            // Two forms of one device, opened before either was saved: siblings of one replica.
            (vec![("a:1", ""), ("a:2", "")], "a:1 a:2"),
            // The second form goes on with its own context and does not swallow the first one's write.
            (vec![("a:1", ""), ("a:2", ""), ("a:3", "+a:2")], "a:1 a:3"),
            // A context from elsewhere claims b:9, which is not here: it covers nothing of it.
            (vec![("a:1", ""), ("a:2", "a:1 b:9"), ("b:1", "")], "a:2 b:1"),
        ] {
            let mut record = Record::new();
            writes.iter().for_each(|(name, context)| write(&mut record, name, context));
            assert_eq!(standing(&record), expected, "{writes:?}");
        }
    }

    #[test]
    fn a_writer_that_goes_on_with_its_own_context_adds_no_siblings() {
        let mut record = Record::new();
        let mut contexts = vec![Context::new(); 5];
        let mut counters = [0; 5];
        for round in 0..20 {
            for (writer, context) in contexts.iter_mut().enumerate() {
                let replica = crate::id::ReplicaId::letter(b'a' + (writer % 3) as u8);
                counters[writer % 3] += 1;
                let dot = Dot::new(replica, counters[writer % 3]);
                record.write(dot, context, Hlc::from_ms(round), None);
                context.add(dot);
            }
            assert_eq!(record.versions().len(), 5, "round {round}: one for each writer");
        }
    }

    #[test]
    fn a_deleted_and_created_record_is_not_taken_for_its_former_self() {
        let mut here = Record::new();
        write(&mut here, "a:1", "");
        let before = here.clone();
        here.write(dot("a:2"), &here.context.clone().into(), Hlc::from_ms(2), None);
        here.write(dot("a:3"), &here.context.clone().into(), Hlc::from_ms(3), Some((*b"new").into()));
        assert_eq!(standing(&before.merge(&here)), "a:3");
        assert_eq!(standing(&here.merge(&before)), "a:3");
    }

    #[test]
    fn merging_says_whether_the_sender_lacks_something() {
        let (mut here, mut there) = (Record::new(), Record::new());
        write(&mut here, "a:1", "");
        write(&mut there, "b:1", "");
        assert_eq!(merge_incoming(None, there.clone()), Merged::AsSent(there.clone()));
        assert_eq!(merge_incoming(Some(&here), here.clone()), Merged::Unchanged);
        let Merged::Mixed(both) = merge_incoming(Some(&here), there.clone()) else {
            panic!("both have news")
        };
        assert_eq!(merge_incoming(Some(&both), there), Merged::Unchanged);
        assert_eq!(merge_incoming(Some(&here), both.clone()), Merged::AsSent(both));
    }
}
