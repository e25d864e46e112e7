//! The text notation, as contexts and tokens come back from JavaScript and names come from anywhere.
//!
//! What is accepted is written again as it was read.

use std::fmt::Display;
use std::str::FromStr;

use eyot_core::{Causality, Context, DatabaseName, Dot, RecordKey, ReplicaId, VersionVector};

use super::budget::within_budget;

/// Takes the bytes for each kind of text, and compares what stands in two lines.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    parse::<ReplicaId>(&text);
    parse::<DatabaseName>(&text);
    parse::<RecordKey>(&text);
    parse::<Dot>(&text);
    let (left, right) = text.split_once('\n').unwrap_or((&text, &text));
    if let (Some(left), Some(right)) = (parse::<VersionVector>(left), parse::<VersionVector>(right)) {
        check_vectors(&left, &right);
    }
    if let (Some(left), Some(right)) = (parse::<Context>(left), parse::<Context>(right)) {
        check_contexts(&left, &right);
    }
    let (collection, id) = text.split_once('/').unwrap_or((&text, ""));
    if let Ok(key) = RecordKey::new(collection, id) {
        assert_eq!((key.collection(), key.id()), (collection, id));
        assert_eq!(parse::<RecordKey>(key.as_str()), Some(key));
    }
}

fn parse<T: FromStr + Display>(text: &str) -> Option<T> {
    let value = within_budget(text.len(), || text.parse::<T>()).ok()?;
    assert_eq!(value.to_string(), text, "there is a second text");
    Some(value)
}

fn check_vectors(left: &VersionVector, right: &VersionVector) {
    let opposite = match left.compare(right) {
        Causality::Equal => Causality::Equal,
        Causality::Before => Causality::After,
        Causality::After => Causality::Before,
        Causality::Concurrent => Causality::Concurrent,
    };
    assert_eq!(right.compare(left), opposite);
    let mut join = left.clone();
    join.join(right);
    let meet = left.meet(right);
    for side in [left, right] {
        assert!(join.covers_all(side) && side.covers_all(&meet));
    }
}

fn check_contexts(left: &Context, right: &Context) {
    let vector = left.vector().iter().chain(left.dots());
    for dot in vector.chain(right.dots()) {
        let mut with = left.clone();
        with.add(dot);
        assert!(with.covers(dot));
        assert_eq!(with.to_string().parse(), Ok(with), "a context stays canonical");
    }
    let meet = left.meet(right.vector());
    assert_eq!(meet.to_string().parse(), Ok(meet), "a context stays canonical");
}
