//! The context of a write: the writes to the record that its writer has seen.
//!
//! A vector alone cannot say "a:6 but not a:5", and that is just what a form has seen that saved itself (a:6) while
//! another form of the same device, or another tab, had saved in between (a:5). Said as `a:6`, the next save would
//! swallow a:5 unseen; said as `a:4`, it would leave its own a:6 standing as a sibling. So a context is a vector and the
//! dots beside it, as in dotted version vectors (Preguiça, Baquero, Almeida, Fonte, Gonçalves, 2010).

use std::fmt;
use std::str::FromStr;

use crate::dot::Dot;
use crate::id::TextError;
use crate::vector::VersionVector;

/// The writes to one record that somebody has seen. Handed out by a read, handed back by a write.
///
/// Canonical: no dot beside the vector is covered by it or follows it without a gap.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Context {
    vector: VersionVector,
    // In order, each once; hardly ever there.
    dots: Vec<Dot>,
}

impl Context {
    /// The context of somebody who has seen nothing.
    pub const fn new() -> Self {
        Self { vector: VersionVector::new(), dots: Vec::new() }
    }

    /// A context from its parts, if they are canonical: the dots in order, each once, and none that the vector covers or
    /// that follows it without a gap.
    pub fn from_parts(vector: VersionVector, dots: Vec<Dot>) -> Option<Self> {
        let in_order = dots.is_sorted_by(|a, b| a < b);
        let beside = dots.iter().all(|dot| dot.counter.saturating_sub(1) > vector.get(dot.replica));
        (in_order && beside).then_some(Self { vector, dots })
    }

    /// The writes that were seen without a gap.
    pub fn vector(&self) -> &VersionVector {
        &self.vector
    }

    /// The writes that were seen beside the vector, in order.
    pub fn dots(&self) -> impl Iterator<Item = Dot> + '_ {
        self.dots.iter().copied()
    }

    /// True when all that was seen is in the vector.
    pub fn is_plain(&self) -> bool {
        self.dots.is_empty()
    }

    /// True when this write was seen.
    pub fn covers(&self, dot: Dot) -> bool {
        self.vector.covers(dot) || self.dots.binary_search(&dot).is_ok()
    }

    /// Adds one seen write, and none of those before it.
    pub fn add(&mut self, dot: Dot) {
        if let Err(place) = self.dots.binary_search(&dot)
            && !self.vector.covers(dot)
        {
            if self.dots.is_empty() {
                self.dots.reserve_exact(1);
            }
            self.dots.insert(place, dot);
            self.absorb();
        }
    }

    /// Adds all that another context has seen.
    pub fn join(&mut self, other: &Self) {
        self.vector.join(&other.vector);
        if !other.dots.is_empty() {
            let ours = std::mem::take(&mut self.dots);
            let (mut ours, mut theirs) = (ours.into_iter().peekable(), other.dots().peekable());
            let mut next = || match (ours.peek(), theirs.peek()) {
                (Some(our), Some(their)) if their < our => theirs.next(),
                (Some(_), _) => ours.next(),
                (None, _) => theirs.next(),
            };
            while let Some(dot) = next() {
                if self.dots.last() != Some(&dot) {
                    self.dots.push(dot);
                }
            }
        }
        self.absorb();
    }

    /// What of this context is also covered by a vector. A context from elsewhere that claims writes which this replica
    /// has not got yet would make them vanish on arrival; what is cut off here comes back as a sibling instead.
    pub fn meet(&self, vector: &VersionVector) -> Self {
        let dots = self.dots.iter().copied().filter(|dot| vector.covers(*dot)).collect();
        Self { vector: self.vector.meet(vector), dots }
    }

    // A dot that follows the vector's entry without a gap says no more than a higher entry does.
    fn absorb(&mut self) {
        let vector = &mut self.vector;
        self.dots.retain(|dot| {
            let has_gap = dot.counter.checked_sub(1).is_none_or(|before| before > vector.get(dot.replica));
            if !has_gap {
                vector.include(*dot);
            }
            has_gap
        });
    }
}

impl From<VersionVector> for Context {
    fn from(vector: VersionVector) -> Self {
        Self { vector, dots: Vec::new() }
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.vector)?;
        for (i, dot) in self.dots.iter().enumerate() {
            let space = if i > 0 || !self.vector.is_empty() { " " } else { "" };
            write!(f, "{space}+{dot}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{self}]")
    }
}

impl FromStr for Context {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let split = if text.starts_with('+') { Some(0) } else { text.find(" +") };
        let (vector, dots) = text.split_at(split.unwrap_or(text.len()));
        let words = dots.split(' ').filter(|word| !word.is_empty());
        let dots = words.map(|word| word.strip_prefix('+').ok_or(TextError::Context)?.parse());
        let context = Self::from_parts(vector.parse()?, dots.collect::<Result<_, TextError>>()?);
        context.filter(|context| context.to_string() == text).ok_or(TextError::Context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_has_one_text() {
        for good in ["", "a:4", "a:4 +a:6", "+a:2", "a:4 b:1 +a:6 +b:9"] {
            assert_eq!(good.parse::<Context>().unwrap().to_string(), good);
        }
        for bad in [
            "a:4 +a:5",
            "a:4 +a:3",
            "+a:1",
            "a:4 +a:8 +a:6",
            "+a:2 b:1",
            "a:4 a:6",
            "+",
            " +a:2",
            "a:4  +a:6",
        ] {
            assert!(bad.parse::<Context>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_dot_beside_the_vector_covers_only_itself() {
        let context: Context = "a:4 +a:6".parse().unwrap();
        for (dot, covered) in [("a:4", true), ("a:5", false), ("a:6", true), ("a:7", false), ("b:1", false)] {
            assert_eq!(context.covers(dot.parse().unwrap()), covered, "{dot}");
        }
    }

    #[test]
    fn a_dot_without_a_gap_joins_the_vector() {
        let mut context: Context = "a:4 +a:6".parse().unwrap();
        context.add("a:5".parse().unwrap());
        assert_eq!(context.to_string(), "a:6");
    }
}
