//! When to connect: reconnects with growing, jittered pauses, and at once when there is a reason for hope.

use super::io::{EngineEffect, Link, LinkFailure};
use super::status::SyncError;
use super::{Engine, STOPPED, STOPPED_MESSAGE};
use crate::session::SessionInput;

const FIRST_PAUSE_MS: u64 = 500;
const LONGEST_PAUSE_MS: u64 = 30_000;
/// A refusal that another try alone does not cure is not repeated sooner than that.
const REFUSED_PAUSE_MS: u64 = 5_000;
/// No peer can send a device away for longer.
const LONGEST_REFUSED_PAUSE_MS: u64 = 3_600_000;
/// A connection that stood for so long ends the series of failures.
const STABLE_AFTER_MS: u64 = 10_000;

pub(super) struct Connector {
    random: fastrand::Rng,
    wanted: bool,
    online: bool,
    offline_since_ms: Option<u64>,
    state: State,
    last_link: Link,
    failures: u32,
    succeeded_at_ms: Option<u64>,
    error: Option<SyncError>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Waiting { retry_at_ms: u64 },
    Connecting(Link),
    Connected(Link),
}

impl Connector {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed),
            wanted: false,
            online: true,
            offline_since_ms: None,
            state: State::Waiting { retry_at_ms: 0 },
            last_link: 0,
            failures: 0,
            succeeded_at_ms: None,
            error: None,
        }
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.wanted
    }

    pub(super) fn is_online(&self) -> bool {
        self.online
    }

    /// True when the device has no network, and nothing was heard since it said so.
    pub(super) fn is_cut_off(&self, last_heard_ms: Option<u64>) -> bool {
        self.offline_since_ms.is_some_and(|since_ms| last_heard_ms.is_none_or(|heard_ms| heard_ms < since_ms))
    }

    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting { .. })
    }

    /// Why there is no connection, while there is none.
    pub(super) fn error(&self) -> Option<&SyncError> {
        self.error.as_ref()
    }

    pub(super) fn next_wake_ms(&self) -> Option<u64> {
        match self.state {
            State::Waiting { retry_at_ms } if self.wanted && self.online => Some(retry_at_ms),
            _ => None,
        }
    }

    /// The clock was set back by so much.
    pub(super) fn set_back(&mut self, back_ms: u64) {
        if let State::Waiting { retry_at_ms } = &mut self.state {
            *retry_at_ms = retry_at_ms.saturating_sub(back_ms);
        }
        let told = self.error.as_mut().map(|error| &mut error.retry_at_ms);
        let times = [self.succeeded_at_ms.as_mut(), self.offline_since_ms.as_mut(), told];
        times.into_iter().flatten().for_each(|time_ms| *time_ms = time_ms.saturating_sub(back_ms));
    }

    /// A good moment to try at once.
    pub(super) fn nudge(&mut self) {
        if self.is_waiting() {
            self.state = State::Waiting { retry_at_ms: 0 };
        }
    }

    /// The host has connected; false when that is no longer wanted.
    pub(super) fn opened(&mut self, link: Link) -> bool {
        let expected = self.state == State::Connecting(link);
        if expected {
            self.state = State::Connected(link);
        }
        expected
    }

    /// The other side has answered as it should.
    pub(super) fn succeeded(&mut self, now_ms: u64) {
        self.succeeded_at_ms = Some(now_ms);
        self.error = None;
    }

    pub(super) fn closed(
        &mut self,
        link: Link,
        failure: LinkFailure,
        retry_after_ms: Option<u64>,
        now_ms: u64,
    ) {
        if self.state != State::Connecting(link) && self.state != State::Connected(link) {
            return;
        }
        let stood_ms = self.succeeded_at_ms.take().map_or(0, |at| now_ms.saturating_sub(at));
        self.failures = if stood_ms >= STABLE_AFTER_MS { 1 } else { self.failures.saturating_add(1) };
        let refused = !matches!(failure.code.as_str(), "connection-lost" | "connection-failed" | "silent");
        let least_ms = retry_after_ms.unwrap_or(if refused { REFUSED_PAUSE_MS } else { 0 });
        let pause_ms = self.pause_ms().max(least_ms.min(LONGEST_REFUSED_PAUSE_MS));
        let retry_at_ms = now_ms.saturating_add(pause_ms);
        self.state = State::Waiting { retry_at_ms };
        let LinkFailure { code, message } = failure;
        self.error = Some(SyncError { code, message, retry_at_ms });
    }

    // Doubles from try to try; the jitter keeps devices that lost the same relay from coming back all at once.
    fn pause_ms(&mut self) -> u64 {
        let doublings = self.failures.saturating_sub(1).min(16);
        let pause_ms = (FIRST_PAUSE_MS << doublings).min(LONGEST_PAUSE_MS);
        self.random.u64(pause_ms / 2..=pause_ms)
    }
}

impl Engine {
    pub(super) fn sync(&mut self, on: bool) {
        if self.connector.wanted == on {
            return;
        }
        self.connector.wanted = on;
        self.connector.failures = 0;
        self.connector.error = None;
        if !on {
            if let Some(link) = self.links.relay() {
                self.hang_up(link, STOPPED, STOPPED_MESSAGE);
            }
            self.leave_stages();
        }
        self.connector.state = State::Waiting { retry_at_ms: 0 };
        self.effects.push(EngineEffect::StatusChanged);
    }

    /// A good moment to try again, or to see whether the connection still stands.
    pub(super) fn nudge(&mut self) {
        self.save_peers();
        self.connector.nudge();
        self.feed_links(&SessionInput::Probe);
    }

    pub(super) fn online(&mut self, online: bool) {
        if self.connector.online != online {
            self.connector.online = online;
            self.connector.offline_since_ms = (!online).then_some(self.now_ms);
            self.nudge();
            self.effects.push(EngineEffect::StatusChanged);
        }
    }

    pub(super) fn pump_connector(&mut self) {
        let Connector { wanted: true, online: true, state: State::Waiting { retry_at_ms }, .. } =
            self.connector
        else {
            return;
        };
        if retry_at_ms <= self.now_ms && !self.corrupt {
            self.connector.last_link += 1;
            let link = self.connector.last_link;
            self.connector.state = State::Connecting(link);
            self.effects.push(EngineEffect::Connect(link));
            self.effects.push(EngineEffect::StatusChanged);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost() -> LinkFailure {
        LinkFailure { code: "connection-lost".into(), message: String::new() }
    }

    #[test]
    fn pauses_grow_up_to_a_bound_and_never_vanish() {
        let mut connector = Connector::new(1);
        for failure in 0..20 {
            connector.state = State::Connecting(failure);
            connector.closed(failure, lost(), None, 1_000);
            let State::Waiting { retry_at_ms } = connector.state else { panic!("it waits after a failure") };
            let longest = (FIRST_PAUSE_MS << failure.min(16)).min(LONGEST_PAUSE_MS);
            assert!((longest / 2..=longest).contains(&(retry_at_ms - 1_000)), "failure {failure}");
        }
    }

    #[test]
    fn a_peer_that_says_when_to_come_back_is_obeyed() {
        let mut connector = Connector::new(1);
        connector.state = State::Connected(3);
        let failure = LinkFailure { code: "shutting-down".into(), message: String::new() };
        connector.closed(3, failure, Some(60_000), 1_000);
        assert_eq!(connector.error.map(|error| error.retry_at_ms), Some(61_000));
    }

    #[test]
    fn no_peer_sends_a_device_away_for_ever() {
        let mut connector = Connector::new(1);
        connector.state = State::Connecting(1);
        connector.closed(1, lost(), Some(u64::MAX), 1_000);
        assert_eq!(connector.state, State::Waiting { retry_at_ms: 1_000 + LONGEST_REFUSED_PAUSE_MS });
    }

    #[test]
    fn the_end_of_an_old_connection_does_not_disturb_a_new_one() {
        let mut connector = Connector::new(1);
        connector.state = State::Connecting(2);
        connector.closed(1, lost(), None, 0);
        assert_eq!(connector.state, State::Connecting(2));
    }
}
