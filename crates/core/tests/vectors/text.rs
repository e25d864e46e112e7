//! The text notation of names, dots, vectors and contexts: one text for one thing.

use std::fmt::Display;
use std::str::FromStr;

use eyot_core::{Context, DatabaseName, Dot, RecordKey, ReplicaId, TextError, VersionVector};
use serde::{Deserialize, Serialize};

use crate::file::{hex, is_updating, load, store};
use crate::forms::Text;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    about: String,
    replicas: Vec<ReplicaForm>,
    kinds: Vec<KindForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplicaForm {
    text: Text<ReplicaId>,
    hex: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KindForm {
    kind: Kind,
    accepted: Vec<String>,
    rejected: Vec<RejectedForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RejectedForm {
    text: String,
    shows: String,
    #[serde(default)]
    reason: String,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Replica,
    Database,
    Key,
    Dot,
    Vector,
    Context,
}

impl Kind {
    // Reads a text and writes it again.
    fn again(self, text: &str) -> Result<String, TextError> {
        match self {
            Self::Replica => again::<ReplicaId>(text),
            Self::Database => again::<DatabaseName>(text),
            Self::Key => again::<RecordKey>(text),
            Self::Dot => again::<Dot>(text),
            Self::Vector => again::<VersionVector>(text),
            Self::Context => again::<Context>(text),
        }
    }
}

fn again<T: FromStr<Err = TextError> + Display>(text: &str) -> Result<String, TextError> {
    text.parse::<T>().map(|value| value.to_string())
}

pub(crate) fn check(name: &str) {
    let mut file: File = load(name);
    if is_updating() {
        for (kind, case) in
            file.kinds.iter_mut().flat_map(|form| form.rejected.iter_mut().map(|case| (form.kind, case)))
        {
            case.reason = kind.again(&case.text).expect_err(&case.text).to_string();
        }
        store(name, &file);
    }
    for ReplicaForm { text, hex: bytes } in &file.replicas {
        assert_eq!(hex(&text.0.to_bytes()), *bytes);
    }
    for KindForm { kind, accepted, rejected } in &file.kinds {
        for text in accepted {
            assert_eq!(kind.again(text).as_ref(), Ok(text));
        }
        for RejectedForm { text, reason, .. } in rejected {
            assert_eq!(kind.again(text).map_err(|error| error.to_string()).as_ref(), Err(reason), "{text}");
        }
    }
}
