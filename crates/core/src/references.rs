//! The references of a version: writes that its content names, by their place in a list, since it cannot know their dots.
//!
//! Contents are opaque here. What a content has to say of earlier writes ("this field was last set by that one") it says as
//! "the first of my references", and what the first one is called is core's business: a dot is provisional until its write is
//! committed, and another one after a rebirth. Must not know what the content says of them.

use crate::dot::Dot;

/// The most references that a version may have.
pub const MAXIMUM_REFERENCES: usize = 1_000;

/// Dots that a content names by their places. Nearly always none, which takes nothing on the wire or on disk.
///
/// Law: each is a write that the version's past covers, or the version's own. The order is the writer's, and a dot may be
/// there twice: places have a meaning, dots are only their names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct References(Option<Box<[Dot]>>);

impl References {
    /// No references.
    pub const NONE: Self = Self(None);

    /// These, in their order.
    pub fn new(dots: Vec<Dot>) -> Self {
        Self((!dots.is_empty()).then(|| dots.into_boxed_slice()))
    }

    /// In their order.
    pub fn as_slice(&self) -> &[Dot] {
        self.0.as_deref().unwrap_or_default()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The same places under other names.
    #[must_use]
    pub fn renamed(&self, rename: impl Fn(Dot) -> Dot) -> Self {
        Self(self.0.as_ref().map(|dots| dots.iter().copied().map(rename).collect()))
    }
}
