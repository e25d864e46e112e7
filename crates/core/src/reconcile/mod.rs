//! Finds where two sets of records differ, with few bytes: fingerprints of ranges of keys, narrowed down until what is
//! left is listed.
//!
//! After Aljoscha Meyer, "Range-Based Set Reconciliation" (2023). Knows nothing of connections: ranges go in, ranges come
//! out. Law: at the end the side that began knows every key on which both differ, and no other.

mod bytes;

pub use bytes::{read_ranges, write_ranges};

use std::collections::BTreeSet;

use litemap::LiteMap;

use crate::codec::DecodeError;
pub use crate::fingerprint::FingerprintKey;

/// Into how many parts a range is cut where both sides differ.
const PARTS: usize = 16;
/// Into how many parts all keys are cut at once, where there are many: it saves a round trip.
const FIRST_PARTS: usize = 64;
/// From how many records on.
const MANY: usize = 4_096;
/// A range with no more items than this is listed instead of cut.
const LISTED: usize = 12;
/// About how many bytes of keys and fingerprints an answer may have. What does not fit into one is said in the next.
const ANSWER_BYTES: usize = 256 * 1024;
/// From so many on all that is left is put off as one range: what is put off could not be said for ever otherwise.
const FULL_BYTES: usize = 2 * ANSWER_BYTES;
/// How many bytes of differing keys the side that began holds. The other side could make them up without end.
const DIFFERENCES_BYTES: usize = 64 << 20;
/// About how many bytes a key or a bound takes beside its text, with a fingerprint and a number.
const ITEM_BYTES: usize = 16;

/// The records of one side at one moment: keys in order, each with its fingerprint, and their running sums.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Snapshot {
    keys: Vec<Box<str>>,
    // The sum of the fingerprints before each key, and of all at the end. A sum, so that any range is one subtraction.
    sums: Vec<u64>,
}

impl Snapshot {
    /// A snapshot of items in the order of their keys.
    pub fn new(items: impl IntoIterator<Item = (Box<str>, u64)>) -> Self {
        let (mut keys, mut sums, mut sum) = (Vec::new(), vec![0], 0u64);
        for (key, fingerprint) in items {
            keys.push(key);
            sum = sum.wrapping_add(fingerprint);
            sums.push(sum);
        }
        Self { keys, sums }
    }

    fn place(&self, bound: Option<&str>) -> usize {
        bound.map_or(self.keys.len(), |bound| self.keys.partition_point(|key| **key < *bound))
    }

    fn sum(&self, from: usize, to: usize) -> u64 {
        let at = |place: usize| self.sums.get(place).copied().unwrap_or(0);
        at(to).wrapping_sub(at(from))
    }

    fn key(&self, place: usize) -> &str {
        self.keys.get(place).map_or("", |key| key)
    }

    fn items(&self, from: usize, to: usize) -> impl Iterator<Item = (&str, u64)> {
        (from..to).map(|place| (self.key(place), self.sum(place, place + 1)))
    }
}

/// What one side says of a range, which begins where the one before it ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Range {
    /// Where the range ends: the first key that is not in it; none is the end of all keys.
    pub end: Option<Box<str>>,
    /// What is in it.
    pub content: RangeContent,
}

/// What is in a range.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RangeContent {
    /// There is nothing more to say of it.
    Settled,
    /// The sum of the fingerprints, and how many items.
    Fingerprint(u64, u64),
    /// The keys with their fingerprints, in order.
    Items(Vec<(Box<str>, u64)>),
}

/// One side of the search.
#[derive(Debug)]
pub struct Reconciliation {
    snapshot: Snapshot,
    // The side that began looks for the differences; the other one only answers.
    leads: bool,
    differences: BTreeSet<Box<str>>,
    differences_bytes: usize,
    // How many of its own keys it has compared with lists: each once, for what was compared is settled.
    compared: usize,
}

impl Reconciliation {
    /// A search over a snapshot.
    pub fn new(snapshot: Snapshot) -> Self {
        Self { snapshot, leads: false, differences: BTreeSet::new(), differences_bytes: 0, compared: 0 }
    }

    /// What the side that begins says first: everything, in a few parts. Some of it will differ, or nobody would ask.
    pub fn begin(&mut self) -> Vec<Range> {
        self.leads = true;
        let (count, mut answer) = (self.snapshot.keys.len(), Answer::default());
        match count {
            0..=LISTED => answer.push(None, self.fingerprint(0, count)),
            _ => {
                let parts = if count < MANY { PARTS.min(count) } else { FIRST_PARTS };
                self.cut((0, count), parts, None, &mut answer);
            }
        }
        answer.ranges
    }

    /// Takes in what the other side says and answers. An empty answer, or an empty message, is the end.
    ///
    /// When the answer has become long, what follows is said in fingerprints: the other side asks about it again, when the
    /// first part is settled. A list of the side that began is answered with a list. One of the other side is not: it may
    /// hold next to nothing of a large range, and the side that began has all it needs.
    ///
    /// # Errors
    /// When the other side lists again what is settled, or more than a search can hold: it would never end.
    pub fn answer(&mut self, ranges: &[Range]) -> Result<Vec<Range>, DecodeError> {
        let mut answer = Answer::default();
        let mut from = 0;
        for range in ranges {
            if answer.bytes >= FULL_BYTES {
                answer.push(None, self.fingerprint(from, self.snapshot.keys.len()));
                break;
            }
            let to = self.snapshot.place(range.end.as_deref()).max(from);
            match &range.content {
                RangeContent::Settled => answer.push(range.end.clone(), RangeContent::Settled),
                RangeContent::Fingerprint(sum, count) => {
                    if *sum == self.snapshot.sum(from, to) && *count == (to - from) as u64 {
                        answer.push(range.end.clone(), RangeContent::Settled);
                    } else {
                        self.narrow(from, to, *count, range.end.clone(), &mut answer);
                    }
                }
                RangeContent::Items(items) if self.leads => {
                    self.compare(from, to, items)?;
                    answer.push(range.end.clone(), RangeContent::Settled);
                }
                RangeContent::Items(_) => self.list(from, to, range.end.clone(), &mut answer),
            }
            from = to;
        }
        let over = answer.ranges.iter().all(|range| range.content == RangeContent::Settled);
        Ok(if over { Vec::new() } else { answer.ranges })
    }

    /// The keys on which both sides differ, for the side that began, once the search is over.
    pub fn differences(&self) -> impl Iterator<Item = &str> {
        self.differences.iter().map(|key| &**key)
    }

    // Small ranges are listed; the other side's count tells whether its own answer will be small too.
    fn narrow(&self, from: usize, to: usize, count: u64, end: Option<Box<str>>, answer: &mut Answer) {
        let own = to - from;
        if own <= LISTED || count == 0 {
            return self.list(from, to, end, answer);
        }
        if answer.is_long() {
            return answer.push(end, self.fingerprint(from, to));
        }
        self.cut((from, to), PARTS.min(own), end, answer);
    }

    // The bounds are this side's own keys, cut as short as they can be.
    fn cut(&self, (from, to): (usize, usize), parts: usize, end: Option<Box<str>>, answer: &mut Answer) {
        let mut begin = from;
        for part in 1..=parts {
            let stop = from + (to - from) * part / parts;
            let bound = if part == parts { end.clone() } else { Some(self.bound(stop)) };
            answer.push(bound, self.fingerprint(begin, stop));
            begin = stop;
        }
    }

    fn bound(&self, place: usize) -> Box<str> {
        separator(self.snapshot.key(place.saturating_sub(1)), self.snapshot.key(place))
    }

    fn fingerprint(&self, from: usize, to: usize) -> RangeContent {
        RangeContent::Fingerprint(self.snapshot.sum(from, to), (to - from) as u64)
    }

    // As much as fits; the rest of the range is put off.
    fn list(&self, from: usize, to: usize, end: Option<Box<str>>, answer: &mut Answer) {
        let mut left = answer.left();
        let fits = |(key, _): &(&str, u64)| {
            let has_room = left > 0;
            left = left.saturating_sub(key.len() + ITEM_BYTES);
            has_room
        };
        let items = self.snapshot.items(from, to).take_while(fits);
        let items: Vec<(Box<str>, u64)> = items.map(|(key, fingerprint)| (key.into(), fingerprint)).collect();
        let stop = from + items.len();
        if stop == to {
            return answer.push(end, RangeContent::Items(items));
        }
        if stop > from {
            answer.push(Some(self.bound(stop)), RangeContent::Items(items));
        }
        answer.push(end, self.fingerprint(stop, to));
    }

    fn compare(&mut self, from: usize, to: usize, theirs: &[(Box<str>, u64)]) -> Result<(), DecodeError> {
        self.compared += to - from;
        if self.compared > self.snapshot.keys.len() {
            return Err(DecodeError::Invalid("a list of what is settled"));
        }
        // One by one: they come in the order of their keys.
        let (mut mine, mut others): (LiteMap<&str, u64>, LiteMap<&str, u64>) = Default::default();
        for (key, fingerprint) in self.snapshot.items(from, to) {
            mine.insert(key, fingerprint);
        }
        for (key, fingerprint) in theirs {
            others.insert(key, *fingerprint);
        }
        let unlike = mine.iter().filter(|(key, fingerprint)| others.get(*key) != Some(fingerprint));
        let unknown = others.iter().filter(|(key, _)| !mine.contains_key(*key));
        let differing: Vec<Box<str>> = unlike.chain(unknown).map(|(key, _)| (*key).into()).collect();
        for key in differing {
            let bytes = key.len() + ITEM_BYTES;
            self.differences_bytes += if self.differences.insert(key) { bytes } else { 0 };
        }
        let fits = self.differences_bytes <= DIFFERENCES_BYTES;
        fits.then_some(()).ok_or(DecodeError::TooLarge("what differs"))
    }
}

// The ranges of an answer, and about how many bytes they take.
#[derive(Default)]
struct Answer {
    ranges: Vec<Range>,
    bytes: usize,
}

impl Answer {
    fn left(&self) -> usize {
        ANSWER_BYTES.saturating_sub(self.bytes)
    }

    fn is_long(&self) -> bool {
        self.left() == 0
    }

    // Settled neighbours are one range, and so are fingerprints of what is put off.
    fn push(&mut self, end: Option<Box<str>>, content: RangeContent) {
        let is_long = self.is_long();
        match (self.ranges.last_mut(), &content) {
            (Some(last), RangeContent::Settled) if last.content == RangeContent::Settled => {
                last.end = end;
                return;
            }
            (
                Some(Range { end: last_end, content: RangeContent::Fingerprint(last_sum, last_count) }),
                RangeContent::Fingerprint(sum, count),
            ) if is_long => {
                *last_end = end;
                *last_sum = last_sum.wrapping_add(*sum);
                *last_count = last_count.saturating_add(*count);
                return;
            }
            _ => {}
        }
        let items = match &content {
            RangeContent::Items(items) => items.iter().map(|(key, _)| key.len() + ITEM_BYTES).sum(),
            RangeContent::Settled | RangeContent::Fingerprint(..) => 0,
        };
        self.bytes += items + end.as_ref().map_or(0, |end| end.len()) + ITEM_BYTES;
        self.ranges.push(Range { end, content });
    }
}

// The shortest text that is greater than `before` and not greater than `after`.
fn separator(before: &str, after: &str) -> Box<str> {
    let shared = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
    let end = (shared + 1..=after.len()).find(|end| after.is_char_boundary(*end));
    after.get(..end.unwrap_or(after.len())).unwrap_or(after).into()
}
