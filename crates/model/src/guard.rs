//! The guards of the design, each of which can be taken away to see what breaks.
//!
//! It must not know how a guard works, only its name.

/// What the design does so that a law holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Guard {
    /// A merge looks at the other side's context before it keeps a version.
    ContextCheck,
    /// The cursor moves in the commit of the data, not before it.
    CursorWithData,
    /// A delta becomes visible as a whole.
    WholeDelta,
    /// A replica sends nothing before a strict barrier.
    Barrier,
    /// A cursor below the floor leads to a search.
    Floor,
    /// Whoever takes in a clock without its forgotten deletions raises its own floor.
    InheritedFloor,
    /// Where deletions were forgotten, a covered version that does not stand is not taken up.
    Cut,
    /// The search tells what its leader has not got.
    AbsentKeys,
    /// A session ends when its sender's floor rises.
    FloorInSession,
    /// What came in while a delta that omits deletions was under way is compared with it as well.
    ComparedSinceAsked,
    /// After a search the receiver drops what the leader's clock covers, also beside versions that stand.
    SearchedRecordsAreWhole,
    /// After a search nothing is left out because it came from the receiver meanwhile.
    TellAllAfterSearch,
    /// A restored log has a new epoch.
    NewEpoch,
}

impl Guard {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::ContextCheck,
        Self::CursorWithData,
        Self::WholeDelta,
        Self::Barrier,
        Self::Floor,
        Self::InheritedFloor,
        Self::Cut,
        Self::AbsentKeys,
        Self::FloorInSession,
        Self::ComparedSinceAsked,
        Self::SearchedRecordsAreWhole,
        Self::TellAllAfterSearch,
        Self::NewEpoch,
    ];

    /// What it is called.
    pub fn name(self) -> String {
        format!("{self:?}")
    }
}
