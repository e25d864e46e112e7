//! What is refused: the messages that lead to it, and the refusal that answers the last of them.

use eyot_core::message::Message;
use eyot_core::session::SessionInput;
use serde::{Deserialize, Serialize};

use crate::file::{check_names, is_updating, load, renew_hex, store, unhex};
use crate::message::MessageForm;
use crate::side::{Side, SideForm, Step};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    about: String,
    acceptor: SideForm,
    initiator: SideForm,
    cases: Vec<Case>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    shows: String,
    to: To,
    /// How many unacknowledged deltas the receiver takes, where that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credits: Option<u32>,
    frames: Vec<Frame>,
    /// How long nothing more comes, where that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wait_ms: Option<u64>,
    code: String,
    #[serde(default)]
    message: String,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum To {
    Acceptor,
    Initiator,
}

/// A message as bytes, and in its readable form if it has one.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Frame {
    #[serde(default)]
    hex: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<MessageForm>,
}

pub(crate) fn check(name: &str) {
    let mut file: File = load(name);
    if is_updating() {
        let frames = file.cases.iter_mut().flat_map(|case| &mut case.frames);
        for Frame { hex, message } in frames {
            message.iter().for_each(|message| renew_hex(hex, &message.message().to_bytes()));
        }
        let answers: Vec<_> = file.cases.iter().map(|case| answer(&file, case)).collect();
        for (case, (_, message)) in file.cases.iter_mut().zip(answers) {
            case.message = message;
        }
        store(name, &file);
    }
    check_names(file.cases.iter().map(|case| &case.name));
    for case in &file.cases {
        for Frame { hex, message } in &case.frames {
            message
                .iter()
                .for_each(|form| assert_eq!(form.message().to_bytes(), unhex(hex), "{}", case.name));
        }
        assert_eq!(answer(&file, case), (case.code.clone(), case.message.clone()), "{}", case.name);
    }
}

// The refusal that answers the last frame, or the silence after it.
fn answer(file: &File, case: &Case) -> (String, String) {
    let (name, form) = match case.to {
        To::Acceptor => ("acceptor", &file.acceptor),
        To::Initiator => ("initiator", &file.initiator),
    };
    let mut side = Side::new(name, form, |config| config.credits = case.credits.unwrap_or(config.credits));
    let frames = case.frames.iter().map(|frame| (SessionInput::Frame(unhex(&frame.hex)), 0));
    let silence = case.wait_ms.map(|wait_ms| (SessionInput::Tick, wait_ms));
    let mut answer = None;
    for (input, now_ms) in [(SessionInput::Start, 0)].into_iter().chain(frames).chain(silence) {
        assert_eq!(answer, None, "{}: only the last is refused", case.name);
        let mut steps: Vec<Step> = Vec::new();
        let sent = side.take(input, now_ms, &mut steps);
        answer = sent.iter().find_map(|bytes| match Message::from_bytes(bytes, &Default::default()) {
            Ok(Message::Refuse(refuse)) => Some((refuse.code, refuse.message)),
            _ => None,
        });
    }
    answer.unwrap_or_else(|| panic!("{}: nothing was refused", case.name))
}
