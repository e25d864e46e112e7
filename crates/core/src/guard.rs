//! The guards that hold the laws, by name, so that the simulator can take one away and must then see a law broken.
//!
//! A check that guards a law asks [`holds`] first. In every build but the simulator's own that is the constant `true` and
//! costs nothing; with the feature `mutants` it is a switch of the thread. Knows nothing of what the guards do.

macro_rules! guards {
    ($($(#[doc = $words:literal])+ $name:ident,)+) => {
        /// What is checked so that a law holds.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Guard {
            $($(#[doc = $words])+ $name,)+
        }

        impl Guard {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// What it does, in a sentence.
            pub const fn words(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($words),+).trim_ascii(),)+
                }
            }
        }
    };
}

guards! {
    /// A merge drops what the other side's context has replaced.
    ContextCheck,
    /// A write's context is cut to what has arrived here.
    ContextCut,
    /// Deltas are taken in order, each from where the one before ended.
    InOrder,
    /// A delta accounts for all that its records have seen.
    Accounted,
    /// Chunks of a delta are kept without gaps.
    StagedWithoutGaps,
    /// A delta becomes visible as a whole.
    AtomicDelta,
    /// Nothing is acknowledged before it is committed.
    DurableFirst,
    /// A cursor moves with the data that it has passed, in one commit.
    CursorWithData,
    /// A write that is not committed has no name that another may get.
    ProvisionalDots,
    /// Nothing leaves the device before a strict barrier.
    Barrier,
    /// What a log told is not told back to it.
    EchoSuppression,
    /// What a log told is left out where it was mixed with something only if that was told before.
    ToldBefore,
    /// A time from far ahead does not move the clock beyond the bound.
    ClockBound,
    /// A commit at a position that is taken is made anew with new dots.
    LogArbitrates,
    /// A checkpoint replaces only the one that it was built upon.
    CheckpointArbitrates,
    /// A commit before something that stands in the log already is void.
    NothingAfter,
    /// Whoever is below the floor searches for what differs.
    Floor,
    /// A floor is inherited with a clock that deletions were left out of.
    InheritedFloor,
    /// What the clock covers and does not stand is not taken up again.
    CoveredStaysGone,
    /// After a search, what the other side's clock covers and it has not got is dropped.
    AbsentIsDropped,
    /// A key of its own for the fingerprints of every search.
    FingerprintKey,
    /// A cursor is good for one life of a log.
    Epoch,
    /// A replica checks what its peers have seen of its own chain before data flows.
    Chain,
    /// A replica checks where its peers have been in its log as well.
    Places,
    /// What was heard of a sender since it has judged is judged by it before its delta is taken in.
    Judgement,
    /// What another connection has brought under a peer's name is told to that peer.
    OthersBrought,
    /// A replica that is born again takes back its claims to the other copy's writes.
    FallBack,
    /// Of two contents under one dot neither is dropped.
    Quarantine,
}

/// True where the guard is in place: everywhere but in a simulation that has taken it away.
#[cfg(not(feature = "mutants"))]
#[inline(always)]
pub const fn holds(_guard: Guard) -> bool {
    true
}

#[cfg(feature = "mutants")]
pub use switch::{holds, without};

#[cfg(feature = "mutants")]
mod switch {
    use std::cell::Cell;

    use super::Guard;

    thread_local! {
        static AWAY: Cell<Option<Guard>> = const { Cell::new(None) };
    }

    /// True where the guard is in place.
    pub fn holds(guard: Guard) -> bool {
        AWAY.get() != Some(guard)
    }

    /// Does something without that guard, on this thread.
    pub fn without<T>(guard: Guard, act: impl FnOnce() -> T) -> T {
        struct Back;
        impl Drop for Back {
            fn drop(&mut self) {
                AWAY.set(None);
            }
        }
        AWAY.set(Some(guard));
        let _back = Back;
        act()
    }
}
