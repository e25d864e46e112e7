//! The version vector: `replica -> highest counter`, and the comparison with four outcomes.
//!
//! After D. S. Parker et al., "Detection of Mutual Inconsistency in Distributed Systems" (1983). There is no `<` here on
//! purpose: two vectors may be neither before nor after each other, and an operator with two outcomes hides that.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::dot::Dot;
use crate::id::{ReplicaId, TextError};

/// Up to so many entries are included one by one.
const FEW: usize = 4;

/// What comparing two vectors can say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Causality {
    /// Both have seen the same writes.
    Equal,
    /// The left one has seen only writes that the right one has seen, and fewer.
    Before,
    /// The left one has seen all that the right one has seen, and more.
    After,
    /// Each has seen something that the other has not.
    Concurrent,
}

/// For every replica the highest counter of its writes that is accounted for. A replica that is not there counts as zero.
///
/// Nearly all vectors name one to three replicas, and there is one in every record: a sorted list is the smallest.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct VersionVector(Vec<Dot>);

impl VersionVector {
    /// The vector that has seen nothing.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// True when it has seen nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many replicas it names.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The highest counter of that replica's writes, 0 for none.
    pub fn get(&self, replica: ReplicaId) -> u64 {
        self.place(replica).ok().and_then(|place| self.0.get(place)).map_or(0, |dot| dot.counter)
    }

    /// True when the write is accounted for.
    pub fn covers(&self, dot: Dot) -> bool {
        dot.counter <= self.get(dot.replica)
    }

    /// True when every write that `other` accounts for is accounted for here.
    pub fn covers_all(&self, other: &Self) -> bool {
        matches!(self.compare(other), Causality::Equal | Causality::After)
    }

    /// Accounts for this write, and with it for all earlier ones of that replica.
    pub fn include(&mut self, dot: Dot) {
        if self.append(dot) {
            return;
        }
        match self.place(dot.replica) {
            Ok(place) => {
                if let Some(entry) = self.0.get_mut(place) {
                    entry.counter = entry.counter.max(dot.counter);
                }
            }
            Err(place) if dot.counter > 0 => self.0.insert(place, dot),
            Err(_) => {}
        }
    }

    /// Where that replica's entry is among all; where it would be if there is none.
    pub(crate) fn place(&self, replica: ReplicaId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&replica, |dot| dot.replica)
    }

    /// Appends the entry of a replica that comes after all that are named; false where it does not, or counts nothing.
    pub(crate) fn append(&mut self, dot: Dot) -> bool {
        let is_next = dot.counter > 0 && self.0.last().is_none_or(|last| last.replica < dot.replica);
        if is_next {
            // Most have one entry only, and would get room for four.
            if self.0.is_empty() {
                self.0.reserve_exact(1);
            }
            self.0.push(dot);
        }
        is_next
    }

    /// A vector without entries that has room for so many.
    pub(crate) fn with_capacity(entries: usize) -> Self {
        Self(Vec::with_capacity(entries))
    }

    /// The same with another entry for one replica: a counter of 0 stands for none.
    pub(crate) fn with(&self, dot: Dot) -> Self {
        let mut entries = Vec::with_capacity(self.len() + 1);
        let place = self.0.partition_point(|entry| entry.replica < dot.replica);
        let (before, after) = self.0.split_at(place);
        entries.extend_from_slice(before);
        entries.extend((dot.counter > 0).then_some(dot));
        entries.extend(after.iter().filter(|entry| entry.replica != dot.replica));
        Self(entries)
    }

    /// Accounts for all that `other` accounts for: the least vector that covers both.
    pub fn join(&mut self, other: &Self) {
        if self.is_empty() {
            self.0.clone_from(&other.0);
        } else if other.len() <= FEW {
            other.iter().for_each(|dot| self.include(dot));
        } else {
            self.0 = self.joined(other);
        }
    }

    // Both in one pass: to include one entry after the other would move the rest of a long list for each.
    fn joined(&self, other: &Self) -> Vec<Dot> {
        let mut joined = Vec::with_capacity(self.len().max(other.len()));
        let (mut left, mut right) = (self.iter().peekable(), other.iter().peekable());
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            let order = a.replica.cmp(&b.replica);
            let mine = left.next_if(|_| order.is_le());
            let theirs = right.next_if(|_| order.is_ge());
            joined.extend(mine.into_iter().chain(theirs).max_by_key(|dot| dot.counter));
        }
        joined.extend(left.chain(right));
        joined
    }

    /// What both account for: the greatest vector that both cover.
    pub fn meet(&self, other: &Self) -> Self {
        let meet = self.iter().map(|dot| Dot::new(dot.replica, dot.counter.min(other.get(dot.replica))));
        Self(meet.filter(|dot| dot.counter > 0).collect())
    }

    /// The vector without that replica.
    pub fn without(&self, replica: ReplicaId) -> Self {
        Self(self.iter().filter(|dot| dot.replica != replica).collect())
    }

    /// The entries in the order of the replicas, each as the highest dot.
    pub fn iter(&self) -> impl Iterator<Item = Dot> + '_ {
        self.0.iter().copied()
    }

    /// Compares what two vectors have seen; `self` is the left one.
    pub fn compare(&self, other: &Self) -> Causality {
        let (mut fewer, mut more) = (false, false);
        let mut left = self.iter().peekable();
        let mut right = other.iter().peekable();
        loop {
            let order = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(a), Some(b)) => a.replica.cmp(&b.replica),
            };
            // The smaller replica is missing on the other side, where it counts as zero.
            let mine = if order.is_le() { left.next().map_or(0, |dot| dot.counter) } else { 0 };
            let theirs = if order.is_ge() { right.next().map_or(0, |dot| dot.counter) } else { 0 };
            fewer |= mine < theirs;
            more |= mine > theirs;
            if fewer && more {
                return Causality::Concurrent;
            }
        }
        match (fewer, more) {
            (false, false) => Causality::Equal,
            (true, _) => Causality::Before,
            (false, true) => Causality::After,
        }
    }
}

impl FromIterator<Dot> for VersionVector {
    fn from_iter<I: IntoIterator<Item = Dot>>(dots: I) -> Self {
        let dots = dots.into_iter();
        let mut vector = Self::with_capacity(dots.size_hint().0);
        dots.for_each(|dot| vector.include(dot));
        vector
    }
}

impl fmt::Display for VersionVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, dot) in self.iter().enumerate() {
            f.write_str(if i > 0 { " " } else { "" })?;
            fmt::Display::fmt(&dot, f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for VersionVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{self}]")
    }
}

impl FromStr for VersionVector {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let mut vector = Self::new();
        if text.is_empty() {
            return Ok(vector);
        }
        let mut previous = None;
        for word in text.split(' ') {
            let dot: Dot = word.parse()?;
            if previous.replace(dot.replica).is_some_and(|replica| replica >= dot.replica) {
                return Err(TextError::Vector);
            }
            vector.include(dot);
        }
        Ok(vector)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(text: &str) -> VersionVector {
        text.parse().unwrap()
    }

    #[test]
    fn comparison_has_four_outcomes() {
        use Causality::{After, Before, Concurrent, Equal};
        for (left, right, outcome) in [
            ("", "", Equal),
            ("a:5 b:3", "a:5 b:3", Equal),
            ("a:4 b:3", "a:5 b:3", Before),
            ("a:5 b:3", "a:5 b:2", After),
            ("a:5 b:3", "a:4 b:4", Concurrent),
            ("", "a:1", Before),
            ("b:1", "", After),
            ("a:1", "a:1 b:1", Before),
            ("a:1 b:1", "b:1", After),
            ("a:1", "b:1", Concurrent),
            ("a:2 c:1", "a:1 b:1 c:1", Concurrent),
        ] {
            assert_eq!(vector(left).compare(&vector(right)), outcome, "[{left}] against [{right}]");
        }
    }

    #[test]
    fn a_vector_has_one_text() {
        for good in ["", "a:1", "a:3 b:1"] {
            assert_eq!(vector(good).to_string(), good);
        }
        for bad in [" ", "a:1 ", "b:1 a:1", "a:1 a:2", "a:1  b:1", "a:0"] {
            assert!(bad.parse::<VersionVector>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_meet_is_what_both_cover_and_the_join_covers_both() {
        let (left, right) = (vector("a:5 b:3"), vector("a:4 b:4 c:1"));
        assert_eq!(left.meet(&right), vector("a:4 b:3"));
        let mut join = left.clone();
        join.join(&right);
        assert_eq!(join, vector("a:5 b:4 c:1"));
    }

    #[test]
    fn a_long_join_is_that_of_its_entries() {
        let long = vector("b:1 c:9 d:4 f:1 h:2 i:3");
        for text in ["a:1", "a:1 c:3 d:8", "c:9 e:1 z:1", "b:1 c:9 d:4 f:1 h:2 i:3"] {
            let (mut one_by_one, mut at_once) = (vector(text), vector(text));
            long.iter().for_each(|dot| one_by_one.include(dot));
            at_once.join(&long);
            assert_eq!(at_once, one_by_one, "{text}");
        }
    }
}
