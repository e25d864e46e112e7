//! Work that the store does for a conversation meanwhile, and what it comes to. Knows neither sessions nor sockets.

use std::collections::VecDeque;
use std::pin::Pin;

use eyot_core::session::SessionInput;

use crate::searching::Slot;
use crate::store::{PeerKnown, StoreError};

/// Something that the store does meanwhile.
pub(crate) type Work = Pin<Box<dyn Future<Output = Done> + Send>>;

/// What it comes to.
pub(crate) enum Done {
    Peer(PeerKnown),
    Input(SessionInput),
    Surveyed(Option<Slot>, SessionInput),
    Failed(StoreError),
}

/// What the session is told, or that it failed.
pub(crate) fn done(result: Result<SessionInput, StoreError>) -> Done {
    result.map_or_else(Done::Failed, Done::Input)
}

/// Waits for it, or for ever where there is none.
pub(crate) async fn finished(work: &mut Option<Work>) -> Done {
    match work {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}

/// Waits for the first of them; the others have not begun.
pub(crate) async fn first_finished(works: &mut VecDeque<Work>) -> Done {
    match works.front_mut() {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}
