//! Whole conversations: what two replicas say to each other, and what each does before it says the next.

use std::collections::{BTreeMap, VecDeque};

use eyot_core::session::SessionInput;
use serde::{Deserialize, Serialize};

use crate::file::{Form, check_names, is_updating, load, store};
use crate::side::{Side, SideForm, Step};
use crate::storage::SegmentForm;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    about: String,
    conversations: Vec<Conversation>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Conversation {
    name: String,
    shows: String,
    /// How many bytes of records a delta carries, by the sender's estimate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chunk_bytes: Option<usize>,
    initiator: SideForm,
    acceptor: SideForm,
    /// What happens when neither has anything more to say, one after the other.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    then: Vec<Happening>,
    #[serde(default)]
    steps: Vec<Step>,
    /// The siblings of every record that is not deleted at the end, on both sides.
    #[serde(default)]
    siblings: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Happening {
    Waits { wait_ms: u64 },
    Commits { by: String, commits: SegmentForm },
}

pub(crate) fn check(name: &str) {
    let mut file: File = load(name);
    if is_updating() {
        for case in &mut file.conversations {
            (case.steps, case.siblings) = hold(case);
        }
        store(name, &file);
    }
    check_names(file.conversations.iter().map(|case| &case.name));
    for case in &file.conversations {
        let (steps, siblings) = hold(case);
        for (step, expected) in steps.iter().zip(&case.steps) {
            assert_eq!(step, expected, "{}", case.name);
        }
        assert_eq!((steps.len(), siblings), (case.steps.len(), case.siblings.clone()), "{}", case.name);
    }
}

// Messages are delivered in the order in which they were sent, until nobody has anything more to say.
fn hold(case: &Conversation) -> (Vec<Step>, BTreeMap<String, String>) {
    let side = |name, form| {
        Side::new(name, form, |config| config.chunk_bytes = case.chunk_bytes.unwrap_or(config.chunk_bytes))
    };
    let mut sides = [side("initiator", &case.initiator), side("acceptor", &case.acceptor)];
    let (mut steps, mut now_ms) = (Vec::new(), 0);
    let mut inputs = VecDeque::from([(0, SessionInput::Start), (1, SessionInput::Start)]);
    for happening in case.then.iter().map(Some).chain([None]) {
        while let Some((to, input)) = inputs.pop_front() {
            let sent = sides[to].take(input, now_ms, &mut steps);
            inputs.extend(sent.into_iter().map(|bytes| (1 - to, SessionInput::Frame(bytes))));
        }
        match happening {
            Some(Happening::Waits { wait_ms }) => {
                now_ms += wait_ms;
                steps.push(Step::Waits { wait_ms: *wait_ms });
                inputs.extend([(0, SessionInput::Tick), (1, SessionInput::Tick)]);
            }
            Some(Happening::Commits { by, commits }) => {
                let of = usize::from(by != "initiator");
                inputs.push_back((of, sides[of].commit(commits.value(), &mut steps)));
            }
            None => {}
        }
    }
    let [initiator, acceptor] = sides;
    assert_eq!(initiator.siblings(), acceptor.siblings(), "{}: both have the same", case.name);
    (steps, initiator.siblings())
}
