//! What a model consists of: who is linked to whom, and how much of everything may happen.
//!
//! It must not know what happens then.

use crate::guard::Guard;
use crate::step::{Direction, Step, Wish};

/// The bounds of a model. Replicas are numbered; `a` is 0.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What it is called.
    pub name: &'static str,
    /// How many replicas there are.
    pub replicas: usize,
    /// Which of them write.
    pub writers: &'static [usize],
    /// Which of them forget deletions.
    pub forgetters: &'static [usize],
    /// Who can talk to whom.
    pub links: &'static [(usize, usize)],
    /// How many records there are.
    pub keys: usize,
    /// How many writes there may be, deletions included.
    pub writes: usize,
    /// How many deletions may be forgotten.
    pub forgets: u8,
    /// How many losses of power there may be.
    pub crashes: u8,
    /// A replica that may be put back to a copy, with a new epoch.
    pub restores: Option<usize>,
    /// Whether other exchanges may take place while one is under way.
    pub interleaves: bool,
    /// Whether the answer of such an exchange comes in parts.
    pub pages: bool,
    /// Whether writers may write without having looked.
    pub blind: bool,
    /// The steps that were taken before.
    pub begin: &'static [Step],
    /// How many steps are taken at most; none when all states are looked at.
    pub depth: Option<usize>,
    /// The guard that is taken away.
    pub off: Option<Guard>,
}

impl Setup {
    /// Links between those who are there.
    pub fn links_among(&self, there: u8) -> Vec<(usize, usize)> {
        let is_there = |one: usize| there & (1 << one) != 0;
        self.links.iter().copied().filter(|(one, other)| is_there(*one) && is_there(*other)).collect()
    }

    /// True when those who are there can all reach each other.
    pub fn connects(&self, there: u8) -> bool {
        let mut reached = there & there.wrapping_neg();
        for _ in 0..self.replicas {
            for (one, other) in self.links_among(there) {
                let pair = (1 << one) | (1 << other);
                if reached & pair != 0 {
                    reached |= pair;
                }
            }
        }
        reached == there
    }
}

const A: usize = 0;
const B: usize = 1;
const C: usize = 2;
const D: usize = 3;

const MESH: &[(usize, usize)] = &[(A, B), (A, C), (B, C)];

const PLAIN: Setup = Setup {
    name: "star",
    replicas: 3,
    writers: &[A, B],
    forgetters: &[C],
    links: &[(A, C), (B, C)],
    keys: 1,
    writes: 3,
    forgets: 1,
    crashes: 0,
    restores: None,
    interleaves: false,
    pages: false,
    blind: false,
    begin: &[],
    depth: None,
    off: None,
};

const fn write(by: usize) -> Step {
    Step::Write(Wish { by, key: 0, deletion: false, blind: false })
}

const fn delete(by: usize) -> Step {
    Step::Write(Wish { by, key: 0, deletion: true, blind: false })
}

const fn pull(to: usize, from: usize) -> Step {
    Step::Pull(Direction { to, from })
}

/// B holds what A has deleted and forgotten.
const B_IS_LATE: &[Step] = &[write(A), pull(B, A), delete(A), Step::Forget(A, 0)];

/// B searches, and A has sent it a part of what differs.
const HALF_OF_A_SEARCH: &[Step] = &[
    write(A),
    pull(B, A),
    delete(A),
    Step::Forget(A, 0),
    write(C),
    pull(A, C),
    Step::Ask(Direction { to: B, from: A }),
    Step::Page,
];

/// The models that are small enough to be checked whenever the tests run: all of their states.
pub const SMALL: &[Setup] = &[
    Setup { keys: 2, blind: true, ..PLAIN },
    Setup { name: "direct peers", links: MESH, forgetters: &[A, B, C], writes: 2, ..PLAIN },
    Setup { name: "direct peers that lose power", links: MESH, crashes: 1, writes: 2, blind: true, ..PLAIN },
    Setup {
        name: "chain of two relays",
        replicas: 4,
        links: &[(A, C), (C, D), (B, D)],
        forgetters: &[C, D],
        ..PLAIN
    },
    Setup {
        name: "two relays and one who moves",
        replicas: 4,
        writers: &[A],
        writes: 2,
        links: &[(A, C), (C, D), (B, C), (B, D)],
        ..PLAIN
    },
    Setup { name: "restored relay", forgetters: &[A, C], writes: 2, restores: Some(C), ..PLAIN },
    Setup {
        name: "search among others",
        writers: &[C],
        forgetters: &[],
        interleaves: true,
        pages: true,
        begin: B_IS_LATE,
        ..PLAIN
    },
];

/// The models that are too large for that.
pub const LARGE: &[Setup] = &[
    Setup { name: "direct peers, three writes", links: MESH, ..PLAIN },
    Setup { name: "direct peers that lose power, three writes", links: MESH, crashes: 1, ..PLAIN },
    Setup {
        name: "two relays and one who moves, three writes",
        replicas: 4,
        writers: &[A],
        links: &[(A, C), (C, D), (B, C), (B, D)],
        ..PLAIN
    },
    Setup {
        name: "two relays and two who move",
        replicas: 4,
        writers: &[A],
        links: &[(A, C), (A, D), (B, C), (B, D), (C, D)],
        forgetters: &[C, D],
        writes: 2,
        ..PLAIN
    },
    Setup { name: "restored relay, three writes", restores: Some(C), ..PLAIN },
    Setup {
        name: "restored relay and direct peers",
        links: MESH,
        forgetters: &[A, C],
        writes: 2,
        restores: Some(C),
        ..PLAIN
    },
    Setup {
        name: "second part of a search",
        writers: &[B],
        links: MESH,
        writes: 4,
        interleaves: true,
        pages: true,
        begin: HALF_OF_A_SEARCH,
        ..PLAIN
    },
    Setup {
        name: "search among others who are all peers",
        writers: &[C],
        links: MESH,
        interleaves: true,
        pages: true,
        begin: B_IS_LATE,
        ..PLAIN
    },
    Setup {
        name: "search among others who all write",
        writers: &[A, B, C],
        links: MESH,
        writes: 4,
        interleaves: true,
        pages: true,
        begin: B_IS_LATE,
        depth: Some(5),
        ..PLAIN
    },
    Setup {
        name: "interleaved",
        links: MESH,
        forgetters: &[A],
        interleaves: true,
        pages: true,
        depth: Some(7),
        ..PLAIN
    },
];

impl Setup {
    /// The model in which the lack of a guard shows, without that guard.
    pub fn without(guard: Guard) -> Self {
        let name = match guard {
            Guard::ContextCheck | Guard::CursorWithData => "direct peers",
            Guard::WholeDelta => "star",
            Guard::Barrier => "direct peers that lose power",
            Guard::Floor | Guard::InheritedFloor => "two relays and one who moves",
            Guard::NewEpoch => "restored relay",
            Guard::TellAllAfterSearch => "second part of a search",
            Guard::Cut
            | Guard::AbsentKeys
            | Guard::FloorInSession
            | Guard::ComparedSinceAsked
            | Guard::SearchedRecordsAreWhole => "search among others",
        };
        let model = SMALL.iter().chain(LARGE).find(|setup| setup.name == name).unwrap_or(&PLAIN);
        Self { off: Some(guard), ..model.clone() }
    }
}
