//! What writing, merging, comparing and displaying come to, in text notation; and the digests of clocks.

use eyot_core::{
    Causality, Clock, Content, Context, Dot, Hlc, LinkedVector, Merged, Record, Seq, Version, VersionVector,
    merge_incoming, siblings,
};
use serde::{Deserialize, Serialize};

use crate::file::{check_names, is_updating, load, store};
use crate::forms::{Bits, ContentForm, Text, Time};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about")]
    _about: String,
    comparisons: Vec<Comparison>,
    contexts: Vec<Covering>,
    writes: Vec<Writing>,
    merges: Vec<Merging>,
    displays: Vec<Displaying>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Comparison {
    left: Text<VersionVector>,
    right: Text<VersionVector>,
    outcome: Outcome,
}

#[derive(Clone, Copy, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Equal,
    Before,
    After,
    Concurrent,
}

impl Outcome {
    fn of(causality: Causality) -> Self {
        match causality {
            Causality::Equal => Self::Equal,
            Causality::Before => Self::Before,
            Causality::After => Self::After,
            Causality::Concurrent => Self::Concurrent,
        }
    }

    fn mirrored(self) -> Self {
        match self {
            Self::Before => Self::After,
            Self::After => Self::Before,
            same => same,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Covering {
    context: Text<Context>,
    covers: Vec<Text<Dot>>,
    not: Vec<Text<Dot>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Writing {
    name: String,
    #[serde(rename = "shows")]
    _shows: String,
    writes: Vec<Write>,
    record: State,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Write {
    dot: Text<Dot>,
    context: Text<Context>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Merging {
    name: String,
    #[serde(rename = "shows")]
    _shows: String,
    existing: State,
    incoming: State,
    merged: State,
    came_to: CameTo,
}

#[derive(PartialEq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum CameTo {
    Unchanged,
    AsSent,
    Mixed,
}

/// A record of which only the causality counts: the contents are the texts of the dots.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    context: Text<VersionVector>,
    siblings: Vec<SiblingForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SiblingForm {
    dot: Text<Dot>,
    past: Text<Context>,
    content: Option<String>,
}

impl State {
    fn record(&self) -> Record {
        let version = |form: &SiblingForm| {
            let content = form.content.clone().unwrap_or_else(|| form.dot.0.to_string());
            let (dot, past) = (form.dot.0, form.past.0.clone());
            let content = Some(content.as_bytes().into());
            Version { dot, past, at: Hlc::from_ms(1), content, references: eyot_core::References::NONE }
        };
        let versions = self.siblings.iter().map(version).collect();
        Record::from_parts(self.context.0.clone(), versions).unwrap()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Displaying {
    name: String,
    #[serde(rename = "shows")]
    _shows: String,
    versions: Vec<Shown>,
    displayed: Vec<Sight>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    dot: Text<Dot>,
    at: Time,
    content: Option<ContentForm>,
}

#[derive(PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sight {
    content: Option<ContentForm>,
    at: Time,
    dots: Vec<Text<Dot>>,
}

pub(crate) fn check(name: &str) {
    let file: File = load(name);
    file.comparisons.iter().for_each(check_comparison);
    file.contexts.iter().for_each(check_covering);
    file.writes.iter().for_each(check_writing);
    file.merges.iter().for_each(check_merging);
    file.displays.iter().for_each(check_displaying);
    let (writes, merges) =
        (file.writes.iter().map(|case| &case.name), file.merges.iter().map(|case| &case.name));
    check_names(writes.chain(merges).chain(file.displays.iter().map(|case| &case.name)));
}

fn check_comparison(case: &Comparison) {
    let (left, right) = (&case.left.0, &case.right.0);
    assert_eq!(Outcome::of(left.compare(right)), case.outcome, "{left} against {right}");
    assert_eq!(Outcome::of(right.compare(left)), case.outcome.mirrored(), "{right} against {left}");
}

fn check_covering(case: &Covering) {
    let context = &case.context.0;
    assert!(case.covers.iter().all(|dot| context.covers(dot.0)), "{context}");
    assert!(!case.not.iter().any(|dot| context.covers(dot.0)), "{context}");
}

fn check_writing(case: &Writing) {
    let mut record = Record::new();
    for Write { dot, context } in &case.writes {
        let content: Content = dot.0.to_string().as_bytes().into();
        record.write(dot.0, &context.0, Hlc::from_ms(1), Some(content));
    }
    assert_eq!(record, case.record.record(), "{}", case.name);
}

fn check_merging(case: &Merging) {
    let (existing, incoming) = (case.existing.record(), case.incoming.record());
    let merged = case.merged.record();
    assert_eq!(existing.merge(&incoming), merged, "{}", case.name);
    assert_eq!(incoming.merge(&existing), merged, "{} the other way round", case.name);
    assert_eq!(merged.merge(&incoming), merged, "{} twice", case.name);
    let came_to = match merge_incoming(Some(&existing), incoming) {
        Merged::Unchanged => CameTo::Unchanged,
        Merged::AsSent(_) => CameTo::AsSent,
        Merged::Mixed(_) => CameTo::Mixed,
    };
    assert_eq!(came_to, case.came_to, "{}", case.name);
}

fn check_displaying(case: &Displaying) {
    let mut record = Record::new();
    for Shown { dot, at, content } in &case.versions {
        record.write(dot.0, &Context::new(), at.0, content.as_ref().map(ContentForm::content));
    }
    let sights: Vec<Sight> = siblings(&record)
        .into_iter()
        .map(|sibling| Sight {
            content: sibling.content.as_deref().map(ContentForm::of),
            at: Time(sibling.at),
            dots: sibling.dots.into_iter().map(Text).collect(),
        })
        .collect();
    assert_eq!(sights, case.displayed, "{}", case.name);
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Digests {
    about: String,
    digests: Vec<DigestForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DigestForm {
    clock: Text<LinkedVector>,
    digest: Bits,
}

pub(crate) fn check_digests(name: &str) {
    let mut file: Digests = load(name);
    if is_updating() {
        file.digests.iter_mut().for_each(|case| case.digest = Bits(digest(&case.clock.0)));
        store(name, &file);
    }
    for case in &file.digests {
        assert_eq!(Bits(digest(&case.clock.0)), case.digest, "{}", case.clock.0);
    }
}

fn digest(vector: &LinkedVector) -> u64 {
    let mut clock = Clock::default();
    clock.join(vector, Seq(1), None);
    clock.digest()
}
