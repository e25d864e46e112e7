//! What a person is shown of a record: equal contents as one value, the displayed one first.
//!
//! Computed when it is read and never written back: automatic write-backs of two replicas would conflict again, for ever.

use std::cmp::Reverse;

use crate::dot::Dot;
use crate::hlc::Hlc;
use crate::record::{Content, Record, Version};

/// One value as a person sees it: what was written, by whom and when. Equal contents that were written concurrently are
/// one sight with several dots.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sibling {
    /// What was written; none is a deletion.
    pub content: Option<Content>,
    /// The time of the latest of the writes.
    pub at: Hlc,
    /// The writes, the latest first. Never empty.
    pub dots: Vec<Dot>,
}

/// Law: the same sibling set is displayed alike on every replica.
///
/// The first sibling is the displayed one: an edit before a deletion (a deletion concurrent with an edit stays visible
/// as a conflict until somebody resolves it), then the latest by time, then by dot. More than one sibling is a conflict.
pub fn siblings(record: &Record) -> Vec<Sibling> {
    let rank = |version: &Version| (version.content.is_none(), Reverse((version.at, version.dot)));
    let mut versions: Vec<&Version> = Vec::with_capacity(record.versions().len());
    for version in record.versions() {
        let place = versions.partition_point(|other| rank(other) <= rank(version));
        versions.insert(place, version);
    }
    let mut siblings: Vec<Sibling> = Vec::with_capacity(versions.len());
    for version in versions {
        match siblings.iter_mut().find(|sibling| sibling.content == version.content) {
            // Two copies of one replica may have written the same under the same dot.
            Some(sibling) if sibling.dots.contains(&version.dot) => {}
            Some(sibling) => sibling.dots.push(version.dot),
            None => siblings.push(Sibling {
                content: version.content.clone(),
                at: version.at,
                dots: vec![version.dot],
            }),
        }
    }
    siblings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Context;

    fn record(writes: &[(&str, u64, Option<&str>)]) -> Record {
        let mut record = Record::new();
        for (dot, ms, content) in writes {
            let content = content.map(|text| text.as_bytes().into());
            record.write(dot.parse().unwrap(), &Context::new(), Hlc::from_ms(*ms), content);
        }
        record
    }

    fn shown(record: &Record) -> Vec<String> {
        let text = |content: &Content| String::from_utf8_lossy(content).into_owned();
        siblings(record)
            .iter()
            .map(|sibling| {
                format!("{} {:?}", sibling.content.as_ref().map_or("-".into(), text), sibling.dots)
            })
            .collect()
    }

    #[test]
    fn equal_contents_are_shown_as_one_value_with_several_dots() {
        let record = record(&[("a:1", 1, Some("same")), ("b:1", 2, Some("same")), ("c:1", 1, Some("other"))]);
        assert_eq!(shown(&record), ["same [b:1, a:1]", "other [c:1]"]);
    }

    #[test]
    fn an_edit_is_displayed_before_a_later_deletion() {
        let record = record(&[("a:1", 1, Some("edit")), ("b:1", 9, None)]);
        assert_eq!(shown(&record), ["edit [a:1]", "- [b:1]"]);
    }

    #[test]
    fn the_latest_is_displayed_and_the_dot_decides_a_tie() {
        let tie = record(&[("a:1", 5, Some("x")), ("b:1", 5, Some("y")), ("c:1", 4, Some("z"))]);
        assert_eq!(shown(&tie), ["y [b:1]", "x [a:1]", "z [c:1]"]);
    }
}
