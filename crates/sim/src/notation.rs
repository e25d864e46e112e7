//! The text notation of schedules: one step a line, to be read by people and read back.
//!
//! Devices are `a`, `b`, ...; relays `r`, `s`, ...; `a.1` is a tab of `a`; records are `n0`, `n1`, .... A step begins with
//! its number. Empty lines, and what comes after a `#`, mean nothing. A thing has one text.

use std::fmt;
use std::str::FromStr;

use crate::action::{Action, Change, ContextChoice};
use crate::device::Fault;
use crate::schedule::{Schedule, Setting, Step};

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
        let Self { seed, devices, relays, records, relay_chunk_bytes, relay_credits, skew_ms } = self;
        write!(f, "world {seed} devices {devices} relays {relays} records {records} ")?;
        write!(f, "chunk {relay_chunk_bytes} credits {relay_credits} skew {skew_ms}")
    }
}

fn read_setting(text: &str) -> Option<Setting> {
    let words: Vec<&str> = text.split(' ').collect();
    let ["world", seed, "devices", devices, "relays", relays, rest @ ..] = &words[..] else { return None };
    let ["records", records, "chunk", chunk, "credits", credits, "skew", skew] = rest else { return None };
    Some(Setting {
        seed: number(seed)?,
        devices: number(devices)?,
        relays: number(relays)?,
        records: number(records)?,
        relay_chunk_bytes: number(chunk)?,
        relay_credits: number(credits)?,
        skew_ms: number(skew)?,
    })
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
            Self::Cut { device: at, is_silent: false } => write!(f, "cut {}", device(*at)),
            Self::Cut { device: at, is_silent: true } => write!(f, "cut {} silently", device(*at)),
            Self::Online { device: at, is_online: true } => write!(f, "{} is online", device(*at)),
            Self::Online { device: at, is_online: false } => write!(f, "{} is offline", device(*at)),
            Self::Roam { device: at, relay: to } => write!(f, "{} roams to {}", device(*at), relay(*to)),
            Self::RestartRelay { relay: at } => write!(f, "restart {}", relay(*at)),
            Self::RestoreRelay { relay: at, percent } => {
                write!(f, "restore {} to {percent} percent", relay(*at))
            }
            Self::Run { duration_ms } => write!(f, "run {duration_ms} ms"),
        }
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

fn read_action(text: &str) -> Option<Action> {
    if let Some((tab, rest)) = text.split_once(" writes ") {
        return read_write(tab, rest);
    }
    let words: Vec<&str> = text.split(' ').collect();
    read_tab_action(&words).or_else(|| read_device_action(&words)).or_else(|| read_relay_action(&words))
}

fn read_tab_action(words: &[&str]) -> Option<Action> {
    let (device, tab) = words.iter().find_map(|word| tab_named(word))?;
    Some(match words {
        ["kill", _] => Action::Kill { device, tab },
        [_, "reads", key] => Action::Read { device, tab, key: key_named(key)? },
        [_, "awaits", "saved"] => Action::AwaitSaved { device, tab },
        [_, "imports", relay] => Action::Import { device, tab, relay: relay_named(relay)? },
        ["freeze", _, "for", duration_ms, "ms"] => {
            Action::Freeze { device, tab, duration_ms: number(duration_ms)? }
        }
        [_, "takes", "over"] => Action::TakeOver { device, tab },
        _ => return None,
    })
}

fn read_device_action(words: &[&str]) -> Option<Action> {
    let named = |word: &str| place(word, b'a', b'h');
    Some(match words {
        ["open", at] => Action::Open { device: named(at)? },
        ["power", "cut", "on", at, "loses", lost] => {
            Action::CutPower { device: named(at)?, lost: number(lost)? }
        }
        ["disk", "of", at, "refuses"] => Action::Fail { device: named(at)?, fault: Fault::Refused },
        ["disk", "of", at, "answers", "unheard"] => {
            Action::Fail { device: named(at)?, fault: Fault::Unheard }
        }
        ["cut", at] => Action::Cut { device: named(at)?, is_silent: false },
        ["cut", at, "silently"] => Action::Cut { device: named(at)?, is_silent: true },
        [at, "is", "online"] => Action::Online { device: named(at)?, is_online: true },
        [at, "is", "offline"] => Action::Online { device: named(at)?, is_online: false },
        [at, "roams", "to", relay] => Action::Roam { device: named(at)?, relay: relay_named(relay)? },
        _ => return None,
    })
}

fn read_relay_action(words: &[&str]) -> Option<Action> {
    Some(match words {
        ["restart", at] => Action::RestartRelay { relay: relay_named(at)? },
        ["restore", at, "to", percent, "percent"] => {
            Action::RestoreRelay { relay: relay_named(at)?, percent: number(percent)? }
        }
        ["run", duration_ms, "ms"] => Action::Run { duration_ms: number(duration_ms)? },
        _ => return None,
    })
}

fn read_write(tab: &str, rest: &str) -> Option<Action> {
    let (device, tab) = tab_named(tab)?;
    let (changes, bytes) = match rest.split_once(" in ") {
        Some((changes, bytes)) => {
            (changes, number(bytes.strip_suffix(" bytes")?).filter(|bytes| *bytes > 0)?)
        }
        None => (rest, 0),
    };
    let changes = changes.split(", ").map(read_change).collect::<Option<_>>()?;
    Some(Action::Write { device, tab, changes, bytes })
}

fn read_change(text: &str) -> Option<Change> {
    let words: Vec<&str> = text.split(' ').collect();
    let (key, rest) = words.split_first()?;
    let (deletes, rest) = match rest {
        ["deleted", rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let context = match rest {
        [] => ContextChoice::Latest,
        ["seeing", "nothing"] => ContextChoice::Empty,
        ["seeing", "context", which] => ContextChoice::Earlier(number(which)?),
        _ => return None,
    };
    Some(Change { key: key_named(key)?, context, deletes })
}

fn tab_named(word: &str) -> Option<(usize, usize)> {
    let (device, tab) = word.split_once('.')?;
    Some((place(device, b'a', b'h')?, number(tab)?))
}

fn relay_named(word: &str) -> Option<usize> {
    place(word, b'r', b'w')
}

fn key_named(word: &str) -> Option<usize> {
    number(word.strip_prefix('n')?)
}

fn place(word: &str, first: u8, last: u8) -> Option<usize> {
    match word.as_bytes() {
        [letter] if (first..=last).contains(letter) => Some(usize::from(letter - first)),
        _ => None,
    }
}

fn number<N: FromStr + fmt::Display>(digits: &str) -> Option<N> {
    digits.parse().ok().filter(|number: &N| number.to_string() == digits)
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
