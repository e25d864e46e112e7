//! The fingerprints of all records, for a search: it takes all pages, which are read first.

use super::Engine;
use crate::reconcile::FingerprintKey;
use crate::session::SessionInput;
use crate::vector::VersionVector;

/// The fingerprints that a session waits for.
#[derive(Clone)]
pub(super) struct SurveyRequest {
    pub(super) own: bool,
    pub(super) key: FingerprintKey,
    pub(super) peer_clock: Option<VersionVector>,
}

impl Engine {
    // None where it takes pages that are not here.
    pub(super) fn survey(&mut self, request: &SurveyRequest) -> Option<SessionInput> {
        let SurveyRequest { own, key, peer_clock } = request;
        if self.replica.must_survey(peer_clock.as_ref()) {
            let away = self.replica.records.away(|_| true).collect();
            if !self.has_all(away) {
                return None;
            }
        }
        let (snapshot, head) = (self.replica.survey(*key, peer_clock.as_ref()), self.replica.head());
        Some(SessionInput::Surveyed { own: *own, snapshot, head })
    }

    /// Goes on with the searches that have waited for pages.
    pub(super) fn answer_surveys(&mut self) {
        for link in self.links.all() {
            let Some(request) = self.links.survey(link).and_then(Option::take) else { continue };
            if let Some(surveyed) = self.survey(&request) {
                self.feed_link(link, surveyed);
            } else {
                self.links.survey(link).into_iter().for_each(|open| *open = Some(request.clone()));
            }
        }
    }
}
