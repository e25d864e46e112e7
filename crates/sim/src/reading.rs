//! Reads the text notation of what happens in a step; `notation` writes it.
//!
//! Knows nothing of what the words mean. A thing has one text, and no other is read.

use std::fmt;
use std::str::FromStr;

use crate::action::{Action, Change, ClockChange, ContextChoice, Cutting};
use crate::copies::Imaging;
use crate::device::Fault;
use crate::network::{Place, Weather};
use crate::notation::nodes;

/// Reads what a step does, as [`Action`] is written.
pub(crate) fn read_action(text: &str) -> Option<Action> {
    if let Some((tab, rest)) = text.split_once(" writes ") {
        return read_write(tab, rest);
    }
    let words: Vec<&str> = text.split(' ').collect();
    read_tab_action(&words)
        .or_else(|| read_device_action(&words))
        .or_else(|| read_relay_action(&words))
        .or_else(|| read_link_action(&words))
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
        ["disk", "of", at, "is", "full"] => Action::Fail { device: named(at)?, fault: Fault::Full },
        ["disk", "of", at, "has", "room"] => Action::Room { device: named(at)? },
        ["evict", at] => Action::Evict { device: named(at)? },
        ["clock", "of", at, change @ ..] => Action::Clock { device: named(at)?, change: read_clock(change)? },
        ["copy", at, "to", to] => Action::Image { device: named(at)?, imaging: Imaging::CopyTo(named(to)?) },
        ["back", "up", at, "without", lost] => {
            Action::Image { device: named(at)?, imaging: Imaging::BackUp { lost: number(lost)? } }
        }
        ["restore", at, "to", "backup", backup] => {
            Action::Image { device: named(at)?, imaging: Imaging::Restore(number(backup)?) }
        }
        [at, "joins", other] => Action::Join { device: named(at)?, other: named(other)? },
        ["garble", "a", "delta", "to", at] => Action::Garble { device: named(at)? },
        ["sleep", days, "days"] => Action::Sleep { days: number(days)? },
        [at, "is", "online"] => Action::Online { device: named(at)?, is_online: true },
        [at, "is", "offline"] => Action::Online { device: named(at)?, is_online: false },
        [at, "roams", "to", relay] => Action::Roam { device: named(at)?, relay: relay_named(relay)? },
        _ => return None,
    })
}

fn read_relay_action(words: &[&str]) -> Option<Action> {
    Some(match words {
        ["disk", "of", at, "is", "full"] => Action::FillRelay { relay: relay_named(at)? },
        [at, "forgets"] => Action::Forget { relay: relay_named(at)? },
        ["restart", at] => Action::RestartRelay { relay: relay_named(at)? },
        ["restore", at, "to", percent, "percent"] => {
            Action::RestoreRelay { relay: relay_named(at)?, percent: number(percent)? }
        }
        ["run", duration_ms, "ms"] => Action::Run { duration_ms: number(duration_ms)? },
        _ => return None,
    })
}

fn read_link_action(words: &[&str]) -> Option<Action> {
    Some(match words {
        ["cut", place] => Action::Cut { place: place_named(place)?, cutting: Cutting::Told },
        ["cut", place, "silently"] => Action::Cut { place: place_named(place)?, cutting: Cutting::Silent },
        ["cut", place, "in", "mid-message"] => {
            Action::Cut { place: place_named(place)?, cutting: Cutting::Torn }
        }
        ["link", place, "loses", lost, "repeats", repeated, "reorders", reordered, rest @ ..] => {
            let weather = Weather {
                lost: number(lost)?,
                repeated: number(repeated)?,
                reordered: number(reordered)?,
                is_one_way: match rest {
                    [] => false,
                    ["one", "way"] => true,
                    _ => return None,
                },
            };
            Action::Weather { place: place_named(place)?, weather }
        }
        ["rejoin"] => Action::Part { sides: 0 },
        ["part", names @ ..] if !names.is_empty() => {
            let bit = |name: &&str| nodes().find(|(_, node)| node.to_string() == **name).map(|(bit, _)| bit);
            let bits: Vec<usize> = names.iter().map(bit).collect::<Option<_>>()?;
            let sides = bits.iter().fold(0, |sides, bit| sides | 1 << bit);
            bits.is_sorted_by(|one, two| one < two).then_some(Action::Part { sides })?
        }
        _ => return None,
    })
}

fn read_clock(words: &[&str]) -> Option<ClockChange> {
    Some(match words {
        ["is", "ahead", ms, "ms"] => ClockChange::Ahead(number(ms)?),
        ["is", "behind", ms, "ms"] => ClockChange::Behind(number(ms)?),
        ["stops"] => ClockChange::Stop,
        ["goes", "on"] => ClockChange::GoOn,
        _ => return None,
    })
}

fn place_named(word: &str) -> Option<Place> {
    match word.split_once('-') {
        Some((one, two)) => match (place(one, b'a', b'h'), place(two, b'a', b'h')) {
            (Some(one), Some(two)) => Some(Place::Devices(one, two)),
            _ => Some(Place::Relays(relay_named(one)?, relay_named(two)?)),
        },
        None => Some(Place::Device(place(word, b'a', b'h')?)),
    }
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

/// Reads a number in its one text.
pub(crate) fn number<N: FromStr + fmt::Display>(digits: &str) -> Option<N> {
    digits.parse().ok().filter(|number: &N| number.to_string() == digits)
}
