//! The steps that can be taken, and how they read.
//!
//! It must not know what a step does.

use std::fmt;

use crate::vector::letter;

/// One replica takes in what it lacks of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Direction {
    /// Who receives.
    pub to: usize,
    /// Who sends.
    pub from: usize,
}

/// A write that an application asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wish {
    /// At which replica.
    pub by: usize,
    /// Which record.
    pub key: usize,
    /// It deletes the record.
    pub deletion: bool,
    /// The context is empty: the application has not looked.
    pub blind: bool,
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A write.
    Write(Wish),
    /// Everything on the disk of a replica is safe from a loss of power.
    Flush(usize),
    /// A replica loses power.
    Crash(usize),
    /// A replica forgets the deletion of a record.
    Forget(usize, usize),
    /// A whole exchange.
    Pull(Direction),
    /// The receiver of an exchange says where it stands; others may take place before it ends.
    Ask(Direction),
    /// The sender sends the first part of its answer.
    Page,
    /// The sender answers to the end, and the receiver takes it in.
    Answer,
    /// Only the cursor is moved: possible where its guard is away.
    TearCursor(Direction),
    /// Only one record of a delta is taken in: possible where its guard is away.
    TearDelta(Direction, usize),
    /// A copy of a replica is made.
    Copy(usize),
    /// The copy is put back.
    Restore,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let l = letter;
        match *self {
            Self::Write(Wish { by, key, deletion, blind }) => {
                let verb = if deletion { "deletes" } else { "writes" };
                write!(f, "{} {verb} n{key}{}", l(by), if blind { " without having looked" } else { "" })
            }
            Self::Flush(of) => write!(f, "{} has all on disk", l(of)),
            Self::Crash(of) => write!(f, "{} loses power", l(of)),
            Self::Forget(by, key) => write!(f, "{} forgets the deletion of n{key}", l(by)),
            Self::Pull(Direction { to, from }) => {
                write!(f, "{} takes in what it lacks of {}", l(to), l(from))
            }
            Self::Ask(Direction { to, from }) => write!(f, "{} tells {} where it stands", l(to), l(from)),
            Self::Page => write!(f, "the first part of the answer is sent"),
            Self::Answer => write!(f, "the answer is sent to its end, and arrives"),
            Self::TearCursor(Direction { to, from }) => {
                write!(f, "{} moves its cursor in the log of {}, and crashes", l(to), l(from))
            }
            Self::TearDelta(Direction { to, from }, key) => {
                write!(f, "{} shows n{key} of a delta of {}", l(to), l(from))
            }
            Self::Copy(of) => write!(f, "a copy of {} is made", l(of)),
            Self::Restore => write!(f, "the copy is put back"),
        }
    }
}
