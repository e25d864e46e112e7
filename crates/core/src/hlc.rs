//! The hybrid logical clock: orders writes for display and says "when". It never decides what is lost.
//!
//! After Kulkarni, Demirbas, Madappa, Avva and Leone, "Logical Physical Clocks" (2014). Knows no system clock: the time
//! comes in as an argument.

use std::fmt;

use crate::guard::{Guard, holds};

/// How far ahead of this device's clock a received time may move the local one.
pub const MAXIMUM_SKEW_MS: u64 = 5 * 60 * 1000;

/// The latest millisecond that a time can say: 48 bits, some 8,900 years.
pub const MAXIMUM_MS: u64 = (1 << 48) - 1;

/// A time: milliseconds since 1970 and a count that orders what fell into the same millisecond.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hlc {
    /// Milliseconds since 1970, at most [`MAXIMUM_MS`].
    pub ms: u64,
    /// Which within the millisecond.
    pub count: u16,
}

impl Hlc {
    /// The first time of that millisecond.
    pub const fn from_ms(ms: u64) -> Self {
        Self { ms, count: 0 }
    }

    fn next(self) -> Self {
        match self.count.checked_add(1) {
            Some(count) => Self { ms: self.ms, count },
            None => Self { ms: (self.ms + 1).min(MAXIMUM_MS), count: 0 },
        }
    }
}

impl fmt::Display for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.ms, self.count)
    }
}

impl fmt::Debug for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One replica's clock for times. A time that it gives is later than all that it gave and all that it took in, but one
/// bad clock elsewhere never moves it further than [`MAXIMUM_SKEW_MS`] ahead of this device's own time.
#[derive(Clone, Debug, Default)]
pub struct HybridClock {
    latest: Hlc,
}

impl HybridClock {
    /// The latest time that it gave, or took in within the bound.
    pub const fn latest(&self) -> Hlc {
        self.latest
    }

    /// A new time for a local write, at `now_ms` on this device.
    pub fn tick(&mut self, now_ms: u64) -> Hlc {
        let now = Hlc::from_ms(now_ms.min(MAXIMUM_MS));
        self.latest = if now > self.latest { now } else { self.latest.next() };
        self.latest
    }

    /// Takes in a time from elsewhere, as far as the bound allows.
    pub fn observe(&mut self, received: Hlc, now_ms: u64) {
        let is_near = received.ms <= now_ms.saturating_add(MAXIMUM_SKEW_MS) || !holds(Guard::ClockBound);
        if is_near && received > self.latest {
            self.latest = received;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_rise_also_when_the_device_clock_falls_or_stands() {
        let mut clock = HybridClock::default();
        let times: Vec<Hlc> = [5, 5, 3, 9, 0, 9].into_iter().map(|now| clock.tick(now)).collect();
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
    }

    #[test]
    fn a_received_time_is_overtaken_within_the_bound_only() {
        let now = 1_000_000;
        let mut clock = HybridClock::default();
        clock.observe(Hlc::from_ms(now + MAXIMUM_SKEW_MS), now);
        assert_eq!(clock.tick(now), Hlc { ms: now + MAXIMUM_SKEW_MS, count: 1 });
        clock.observe(Hlc::from_ms(now + 2 * MAXIMUM_SKEW_MS), now);
        assert_eq!(clock.tick(now), Hlc { ms: now + MAXIMUM_SKEW_MS, count: 2 });
    }

    #[test]
    fn the_count_carries_into_the_millisecond() {
        let mut clock = HybridClock { latest: Hlc { ms: 7, count: u16::MAX } };
        assert_eq!(clock.tick(7), Hlc { ms: 8, count: 0 });
    }
}
