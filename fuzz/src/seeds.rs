//! What the fuzzer begins with: every golden vector and every fixture, as the bytes that a target takes.
//!
//! Must not know what the targets do with them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use eyot_core::segment::written_segments;
use eyot_core::{Context, Dot, Hlc, Record, RecordKey, ReplicaId};
use serde_json::Value;

use crate::checks::script::script;

/// A seed: the target that it is for, and its bytes.
pub type Seed = (&'static str, Vec<u8>);

/// The names of the targets.
pub const TARGETS: [&str; 5] = ["wire", "storage", "session", "engine", "text"];

/// Every seed, from the folder of the golden vectors.
pub fn from_vectors(folder: &Path) -> io::Result<Vec<Seed>> {
    let (mut seeds, written) = (Vec::new(), written());
    let load = |name: &str| -> io::Result<Value> {
        Ok(serde_json::from_str(&fs::read_to_string(folder.join(name))?)?)
    };
    for name in ["messages.json", "records.json", "blocks.json"] {
        let values = hexes(&load(name)?);
        if name == "blocks.json" {
            seeds.extend(values.iter().flat_map(|block| blocks(block)));
        }
        seeds.extend(values.into_iter().map(|bytes| ("wire", bytes)));
    }
    for (name, kind) in
        [("segments.json", b'S'), ("staged-chunks.json", b'G'), ("peers.json", b'P'), ("exports.json", b'I')]
    {
        for bytes in hexes(&load(name)?) {
            let named = if kind == b'G' { [&[1], &bytes[..]].concat() } else { bytes.clone() };
            // A value of the log before others, and after them: a new name is for what was written before.
            seeds.push(("storage", script([(kind, &named[..]), (b'S', &written)])));
            seeds.push(("storage", script([(b'S', &written[..]), (kind, &named), (b'S', &written)])));
            if kind == b'I' {
                seeds.push(("engine", script([(b'I', &bytes[..])])));
            }
            seeds.push(("storage", bytes));
        }
    }
    for name in ["pages.json", "checkpoints.json"] {
        seeds.extend(hexes(&load(name)?).into_iter().map(|bytes| ("storage", bytes)));
    }
    for name in ["conversations.json", "refusals.json"] {
        conversations(&load(name)?, &mut seeds);
    }
    texts(&load("text.json")?, &mut seeds);
    texts(&load("causality.json")?, &mut seeds);
    seeds.extend(pages());
    seeds.sort();
    seeds.dedup();
    Ok(seeds)
}

/// What broke something once: the files of a folder for each target.
pub fn from_fixtures(folder: &Path) -> io::Result<Vec<(Seed, PathBuf)>> {
    let mut seeds = Vec::new();
    for target in TARGETS {
        let Ok(files) = fs::read_dir(folder.join(target)) else { continue };
        for file in files {
            let path = file?.path();
            let text = fs::read_to_string(&path)?;
            let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
            seeds.push(((target, unhex(&lines.join(" "))), path));
        }
    }
    Ok(seeds)
}

/// A value of a log with the writes `a:1` and `a:2`.
fn written() -> Vec<u8> {
    let entries: Vec<(RecordKey, Record)> = (1..=2)
        .filter_map(|counter| {
            let mut record = Record::new();
            let dot = Dot::new(ReplicaId::letter(b'a'), counter);
            record.write(dot, &Context::new(), Hlc::from_ms(counter), Some((*b"text").into()));
            Some((RecordKey::new("notes", &format!("n{counter}")).ok()?, record))
        })
        .collect();
    written_segments(&entries).concat()
}

// A block within a delta that goes on where the receiver stands, after a meeting without a guess; in one chunk, in two, and
// of a sender that has forgotten deletions.
fn blocks(block: &[u8]) -> Vec<Seed> {
    let (whole, chunk, told) = ([&[3], block].concat(), [&[2], block].concat(), [&[0xc3], block].concat());
    let hello = (b'H', HELLO);
    let device = [hello, (b'D', &whole), (b'W', b"notes\0n1\0text"), (b'T', &[255, 255])];
    let staged = [hello, (b'D', &chunk), (b'D', &whole), (b'O', b""), (b'R', b"notes\0n")];
    let steps = [hello, (b'D', &whole), (b'W', b"n1x"), (b'D', &chunk), (b'Q', b"1")];
    let forgetting = [(b'W', &b"n1x"[..]), (b'W', b"n1"), (b'G', b""), hello, (b'D', &told), (b'W', b"n1")];
    let session = |setting: u8, steps: Vec<u8>| ("session", [&[setting], &steps[..]].concat());
    let between =
        [hello, (b'J', b""), (b'h', &[1, 0, 50]), (b'd', &whole), (b'W', b"notes\0n1\0a"), (b'D', &whole)];
    vec![
        ("engine", script(device)),
        ("engine", script(between)),
        ("engine", script(staged)),
        session(0x21, script(steps)),
        session(0x21, script(forgetting)),
        session(0, script(forgetting)),
    ]
}

/// What `H` makes a hello of: the relay `r` with a long log, which asks by clock.
const HELLO: &[u8] = &[0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 1, 0];

// Each side's messages as a script for the other.
fn conversations(file: &Value, seeds: &mut Vec<Seed>) {
    for conversation in list(file, "conversations") {
        for (role, other) in [(0u8, "initiator"), (1, "acceptor")] {
            let steps = list(conversation, "steps").iter().filter(|step| step["by"] == other);
            let frames: Vec<Vec<u8>> = steps.flat_map(hexes).collect();
            frames_for(role, &frames, seeds);
        }
    }
    for case in list(file, "cases") {
        let frames: Vec<Vec<u8>> = list(case, "frames").iter().flat_map(hexes).collect();
        frames_for(u8::from(case["to"] == "initiator"), &frames, seeds);
    }
}

fn frames_for(role: u8, frames: &[Vec<u8>], seeds: &mut Vec<Seed>) {
    let play = || script(frames.iter().flat_map(|frame| [(b'F', &frame[..]), (b'T', &[200, 10][..])]));
    for setting in [0, 2, 4, 8, 0x30] {
        seeds.push(("session", [&[setting | role], &play()[..]].concat()));
    }
    seeds.push(("engine", play()));
    let said = frames.iter().map(|frame| (b'f', &frame[..]));
    let calls = if role == 1 { &b"1"[..] } else { b"" };
    seeds.push(("engine", script(std::iter::once((b'J', calls)).chain(said))));
    seeds.extend(frames.iter().map(|frame| ("wire", frame.clone())));
}

fn texts(file: &Value, seeds: &mut Vec<Seed>) {
    let mut found = Vec::new();
    strings(file, &mut found);
    for pair in found.windows(2) {
        seeds.push(("text", pair.join("\n").into_bytes()));
        seeds.push((
            "engine",
            script([
                (b'W', format!("notes\0{}\0text\0{}", pair[0], pair[1]).as_bytes()),
                (b'U', pair[0].as_bytes()),
            ]),
        ));
    }
    seeds.extend(found.into_iter().map(|text| ("text", text.into_bytes())));
}

// What a page does: writes with and without contexts, deletions, batches, failures of the disk; a tab that is told to be a
// copy, and goes on; deletions that are forgotten.
fn pages() -> Vec<Seed> {
    let batch = b"notes\0n1\0one\0\0notes\0n1\0two\0\0tags\0x\0\0a:1";
    let (deletion, long) = (&b"tags\0x\0\0"[..], &[255, 255, 9][..]);
    // It has seen less than there is, just what there is, and what the tab has never written.
    let seen = |counter, link| [0, 0, 100, 0, 3, 9, 0, counter, link, 0, 1, 0];
    let (less, all, other) = (seen(1, 0), seen(0, 1), seen(9, 2));
    let told = [(b'W', &batch[..]), (b'H', &less), (b'L', b""), (b'T', long), (b'H', &all), (b'W', deletion)];
    let copy = [(b'W', &batch[..]), (b'H', &other), (b'T', long), (b'H', HELLO), (b'W', batch), (b'O', b"")];
    let forgotten = [(b'W', deletion), (b'H', HELLO), (b'T', long), (b'T', long), (b'W', batch), (b'O', b"")];
    let scripts = [
        script([(b'W', &batch[..]), (b'R', b"notes\0a"), (b'O', b""), (b'U', b"a:3")]),
        script([(b'K', &b""[..]), (b'W', batch), (b'W', b"notes\0n1\0three\0+a:2"), (b'L', b"")]),
        script([(b'N', &b"1"[..]), (b'W', batch), (b'N', b""), (b'T', long), (b'H', HELLO)]),
        script(told),
        script(copy),
        script(forgotten),
    ];
    scripts.into_iter().map(|script| ("engine", script)).collect()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| strings(field, found)),
        _ => {}
    }
}

// The bytes of every `hex` within a value.
fn hexes(value: &Value) -> Vec<Vec<u8>> {
    match value {
        Value::Array(items) => items.iter().flat_map(hexes).collect(),
        Value::Object(fields) => {
            let own = fields.get("hex").and_then(Value::as_str).map(unhex);
            own.into_iter().chain(fields.values().flat_map(hexes)).collect()
        }
        _ => Vec::new(),
    }
}

/// Bytes of hexadecimal digits. `61*500` is that byte 500 times.
pub fn unhex(text: &str) -> Vec<u8> {
    let word = |word: &str| {
        let (digits, times) = word.split_once('*').unwrap_or((word, "1"));
        let byte = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let bytes: Vec<u8> = (0..digits.len()).step_by(2).filter_map(byte).collect();
        bytes.repeat(times.parse().unwrap_or(1))
    };
    text.split_whitespace().flat_map(word).collect()
}

/// Hexadecimal digits of bytes.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
