//! The text notation of schedules: one step a line, to be read by people and read back.
//!
//! Devices are `a`, `b`, ...; relays `r`, `s`, ...; `a.1` is a tab of `a`; records are `n0`, `n1`, .... A step begins with
//! its number. Empty lines, and what comes after a `#`, mean nothing. A thing has one text.

use std::fmt;
use std::str::FromStr;

use crate::action::{Action, Change, ClockChange, ContextChoice, Cutting};
use crate::copies::Imaging;
use crate::device::Fault;
use crate::network::{Place, Weather};
use crate::reading::{number, read_action};
use crate::schedule::{FOR_EVER_MS, Schedule, Setting, Step, Topology};

/// Which line of a text is no part of a schedule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotationError {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

impl fmt::Display for NotationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} cannot be read: {}", self.line, self.text)
    }
}

impl std::error::Error for NotationError {}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.setting)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

impl FromStr for Schedule {
    type Err = NotationError;

    fn from_str(text: &str) -> Result<Self, NotationError> {
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        let mut lines = lines.enumerate().filter(|(_, line)| !line.is_empty());
        let wrong = |(number, text): (usize, &str)| NotationError { line: number + 1, text: text.to_owned() };
        let first = lines.next().unwrap_or((0, ""));
        let setting = read_setting(first.1).ok_or_else(|| wrong(first))?;
        let steps = lines.map(|line| read_step(line.1).ok_or_else(|| wrong(line)));
        Ok(Self { setting, steps: steps.collect::<Result<_, _>>()? })
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            devices,
            relays,
            topology,
            records,
            relay_chunk_bytes,
            relay_credits,
            skew_ms,
            keep_ms,
            compact_after,
            collide,
        } = self;
        write!(f, "world {seed} devices {devices} relays {relays} {topology} records {records} ")?;
        write!(f, "chunk {relay_chunk_bytes} credits {relay_credits} skew {skew_ms}")?;
        if *keep_ms != FOR_EVER_MS {
            write!(f, " keep {keep_ms}")?;
        }
        if let Some(segments) = compact_after {
            write!(f, " compact {segments}")?;
        }
        if *collide { write!(f, " collide") } else { Ok(()) }
    }
}

fn read_setting(text: &str) -> Option<Setting> {
    let words: Vec<&str> = text.split(' ').collect();
    let ["world", seed, "devices", devices, "relays", relays, topology, rest @ ..] = &words[..] else {
        return None;
    };
    let ["records", records, "chunk", chunk, "credits", credits, "skew", skew, keep @ ..] = rest else {
        return None;
    };
    let (keep_ms, rest) = match keep {
        ["keep", keep, rest @ ..] => (number(keep)?, rest),
        rest => (FOR_EVER_MS, rest),
    };
    let (compact_after, rest) = match rest {
        ["compact", segments, rest @ ..] => (Some(number(segments)?), rest),
        rest => (None, rest),
    };
    let collide = match rest {
        [] => false,
        ["collide"] => true,
        _ => return None,
    };
    Some(Setting {
        seed: number(seed)?,
        devices: number(devices)?,
        relays: number(relays)?,
        topology: topology.parse().ok()?,
        records: number(records)?,
        relay_chunk_bytes: number(chunk)?,
        relay_credits: number(credits)?,
        skew_ms: number(skew)?,
        keep_ms,
        compact_after,
        collide,
    })
}

impl fmt::Display for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = Self::ALL.iter().find(|(topology, _)| topology == self);
        f.write_str(named.map_or("", |(_, name)| name))
    }
}

impl FromStr for Topology {
    type Err = NotationError;

    fn from_str(text: &str) -> Result<Self, NotationError> {
        let named = Self::ALL.iter().find(|(_, name)| *name == text);
        named.map(|(topology, _)| *topology).ok_or_else(|| NotationError { line: 1, text: text.to_owned() })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.number, self.action)
    }
}

fn read_step(text: &str) -> Option<Step> {
    let (digits, action) = text.split_once(": ")?;
    Some(Step { number: number(digits)?, action: read_action(action)? })
}

fn device(number: usize) -> char {
    letter(b'a', number)
}

fn relay(number: usize) -> char {
    letter(b'r', number)
}

fn letter(first: u8, number: usize) -> char {
    u8::try_from(number).map_or('?', |number| char::from(first.saturating_add(number)))
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { device: at } => write!(f, "open {}", device(*at)),
            Self::Kill { device: at, tab } => write!(f, "kill {}.{tab}", device(*at)),
            Self::Write { device: at, tab, changes, bytes } => {
                write!(f, "{}.{tab} writes ", device(*at))?;
                for (place, change) in changes.iter().enumerate() {
                    write!(f, "{}{change}", if place > 0 { ", " } else { "" })?;
                }
                if *bytes > 0 { write!(f, " in {bytes} bytes") } else { Ok(()) }
            }
            Self::Read { device: at, tab, key } => write!(f, "{}.{tab} reads n{key}", device(*at)),
            Self::AwaitSaved { device: at, tab } => write!(f, "{}.{tab} awaits saved", device(*at)),
            Self::Import { device: at, tab, relay: of } => {
                write!(f, "{}.{tab} imports {}", device(*at), relay(*of))
            }
            Self::Freeze { device: at, tab, duration_ms } => {
                write!(f, "freeze {}.{tab} for {duration_ms} ms", device(*at))
            }
            Self::TakeOver { device: at, tab } => write!(f, "{}.{tab} takes over", device(*at)),
            Self::CutPower { device: at, lost } => write!(f, "power cut on {} loses {lost}", device(*at)),
            Self::Fail { device: at, fault: Fault::Refused } => write!(f, "disk of {} refuses", device(*at)),
            Self::Fail { device: at, fault: Fault::Unheard } => {
                write!(f, "disk of {} answers unheard", device(*at))
            }
            Self::Fail { device: at, fault: Fault::Full } => write!(f, "disk of {} is full", device(*at)),
            Self::Room { device: at } => write!(f, "disk of {} has room", device(*at)),
            Self::Evict { device: at } => write!(f, "evict {}", device(*at)),
            Self::Clock { device: at, change } => write!(f, "clock of {} {change}", device(*at)),
            Self::Cut { place, cutting: Cutting::Told } => write!(f, "cut {place}"),
            Self::Cut { place, cutting: Cutting::Silent } => write!(f, "cut {place} silently"),
            Self::Cut { place, cutting: Cutting::Torn } => write!(f, "cut {place} in mid-message"),
            Self::Weather { place, weather } => write!(f, "link {place} {weather}"),
            Self::Part { sides: 0 } => write!(f, "rejoin"),
            Self::Part { sides } => {
                write!(f, "part")?;
                nodes()
                    .filter(|(bit, _)| sides >> bit & 1 == 1)
                    .try_for_each(|(_, name)| write!(f, " {name}"))
            }
            Self::Join { device: at, other } => write!(f, "{} joins {}", device(*at), device(*other)),
            Self::Online { device: at, is_online: true } => write!(f, "{} is online", device(*at)),
            Self::Online { device: at, is_online: false } => write!(f, "{} is offline", device(*at)),
            Self::Roam { device: at, relay: to } => write!(f, "{} roams to {}", device(*at), relay(*to)),
            Self::Forget { relay: at } => write!(f, "{} forgets", relay(*at)),
            Self::FillRelay { relay: at } => write!(f, "disk of {} is full", relay(*at)),
            Self::RestartRelay { relay: at } => write!(f, "restart {}", relay(*at)),
            Self::RestoreRelay { relay: at, percent } => {
                write!(f, "restore {} to {percent} percent", relay(*at))
            }
            Self::Image { device: at, imaging } => match imaging {
                Imaging::CopyTo(to) => write!(f, "copy {} to {}", device(*at), device(*to)),
                Imaging::BackUp { lost } => write!(f, "back up {} without {lost}", device(*at)),
                Imaging::Restore(backup) => write!(f, "restore {} to backup {backup}", device(*at)),
            },
            Self::Garble { device: at } => write!(f, "garble a delta to {}", device(*at)),
            Self::Sleep { days } => write!(f, "sleep {days} days"),
            Self::Run { duration_ms } => write!(f, "run {duration_ms} ms"),
        }
    }
}

// The nodes that may be parted: their bits and their names.
pub(crate) fn nodes() -> impl Iterator<Item = (usize, char)> {
    (0..8).map(|bit| (bit, device(bit))).chain((0..6).map(|number| (number + 8, relay(number))))
}

impl fmt::Display for ClockChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ahead(ms) => write!(f, "is ahead {ms} ms"),
            Self::Behind(ms) => write!(f, "is behind {ms} ms"),
            Self::Stop => write!(f, "stops"),
            Self::GoOn => write!(f, "goes on"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(at) => write!(f, "{}", device(*at)),
            Self::Relays(one, two) => write!(f, "{}-{}", relay(*one), relay(*two)),
            Self::Devices(one, two) => write!(f, "{}-{}", device(*one), device(*two)),
        }
    }
}

impl fmt::Display for Weather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lost, repeated, reordered, is_one_way } = self;
        write!(f, "loses {lost} repeats {repeated} reorders {reordered}")?;
        if *is_one_way { write!(f, " one way") } else { Ok(()) }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}{}", self.key, if self.deletes { " deleted" } else { "" })?;
        match self.context {
            ContextChoice::Latest => Ok(()),
            ContextChoice::Earlier(which) => write!(f, " seeing context {which}"),
            ContextChoice::Empty => write!(f, " seeing nothing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::generate::{Parameters, generate};

    proptest! {
        #[test]
        fn a_schedule_is_read_back_as_it_was_written(seed: u64, steps in 0u32..300) {
            let schedule = generate(seed, &Parameters { steps, ..Parameters::default() });
            prop_assert_eq!(schedule.to_string().parse(), Ok(schedule));
        }
    }

    #[test]
    fn what_is_no_step_is_refused_with_its_line() {
        let head = generate(1, &Parameters { steps: 0, ..Parameters::default() }).to_string();
        for bad in ["1: sing", "x: run 3 ms", "1: run 03 ms", "1: a.0 writes n1 in 0 bytes", "1: open z"] {
            let text = format!("# a comment\n{head}\n{bad}\n");
            assert_eq!(text.parse::<Schedule>().map_err(|error| error.line), Err(4), "{bad}");
        }
    }
}
