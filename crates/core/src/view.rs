//! What a person is shown of a record: equal contents as one value, the displayed one first.
//!
//! Computed when it is read and never written back: automatic write-backs of two replicas would conflict again, for ever.

use std::cmp::Reverse;

use crate::dot::Dot;
use crate::hlc::Hlc;
use crate::record::{Content, Record, Version};
use crate::references::References;

// More judgements than this are not made for one record.
const MOST_JUDGEMENTS: usize = 1 << 20;

/// One value as a person sees it: what was written, by whom and when. Equal contents with equal references that were written
/// concurrently are one sight with several dots. With other references the content says something else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sibling {
    /// What was written; none is a deletion.
    pub content: Option<Content>,
    /// The time of the latest of the writes.
    pub at: Hlc,
    /// The writes, the latest first. Never empty.
    pub dots: Vec<Dot>,
    /// What the content names by place.
    pub references: References,
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
        match siblings.iter_mut().find(|sibling| is_same(sibling, version)) {
            // Two copies of one replica may have written the same under the same dot.
            Some(sibling) if sibling.dots.contains(&version.dot) => {}
            Some(sibling) => sibling.dots.push(version.dot),
            None => siblings.push(Sibling {
                content: version.content.clone(),
                at: version.at,
                dots: vec![version.dot],
                references: version.references.clone(),
            }),
        }
    }
    siblings
}

/// For every sibling and each of its references: which writes have seen that one, by the places that they have where the dots
/// of all siblings stand one after the other. That is all there is to judge about references; a version's own dot was seen by
/// none of the others, or it would not stand.
///
/// Nothing where there is too much to judge: the versions and references of others must not keep this replica busy.
pub fn witnesses(record: &Record, siblings: &[Sibling]) -> Option<Vec<Vec<Vec<usize>>>> {
    let dots = siblings.iter().flat_map(|sibling| sibling.dots.iter().map(move |dot| (sibling, dot)));
    let pasts: Vec<_> = dots
        .filter_map(|(sibling, dot)| {
            let mut versions = record.versions().iter();
            versions.find(|version| version.dot == *dot && is_same(sibling, version))
        })
        .map(|version| &version.past)
        .collect();
    let references: usize = siblings.iter().map(|sibling| sibling.references.as_slice().len()).sum();
    if references.saturating_mul(pasts.len()) > MOST_JUDGEMENTS {
        return None;
    }
    let seen_by = |dot: &Dot| {
        let seen = pasts.iter().enumerate().filter(|(_, past)| past.covers(*dot));
        seen.map(|(place, _)| place).collect()
    };
    Some(siblings.iter().map(|sibling| sibling.references.as_slice().iter().map(seen_by).collect()).collect())
}

fn is_same(sibling: &Sibling, version: &Version) -> bool {
    sibling.content == version.content && sibling.references == version.references
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
