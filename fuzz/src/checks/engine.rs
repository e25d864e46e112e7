//! A tab that is attacked from both sides: by the relay that it syncs with, and by the page that it belongs to.
//!
//! What JavaScript hands over is read here as the shell reads it, which cannot run natively.

use eyot_core::engine::{Condition, EngineInput, LinkFailure, Write};
use eyot_core::{Context, Dot, RecordKey, References, Seq};

use super::budget::within_budget;
use super::script::{delta, hello, steps};
use super::tab::{Disk, Tab};

/// What an input may cost beside what came in: a page of the log that is sent on.
const PAGE_BYTES: usize = 4_096;

/// How many things the engine may want done because of one message.
const MOST_EFFECTS: usize = 64;

/// Plays a script to a tab that syncs: `F` a message from the relay, `D` a delta that goes on where the tab stands, `W`
/// writes of the page (collection, id, text and context of each between zero bytes; an empty text deletes, an empty
/// context is none), `U` a token that it waits for, `I` an export, `R` what it looks up, `T` time, `L` the end of the
/// connection, `O` the tab's end and another one, `K` a failure of the disk, `N` a network that comes or goes, `H` a hello
/// of what the tab has; `J` joins another device, which says `f`, `d` and `h`, and `l` dismisses it.
pub fn check(bytes: &[u8]) {
    let mut tab = Tab::open(Disk::default());
    begin(&mut tab);
    let mut length = PAGE_BYTES;
    for (kind, bytes) in steps(bytes) {
        length += bytes.len();
        match kind {
            b'F' | b'D' | b'H' | b'f' | b'd' | b'h' => {
                let frame = frame(&tab, kind, bytes);
                length += frame.len();
                receive(&mut tab, is_joined(kind), frame, length);
            }
            b'J' => tab.join(!bytes.is_empty()),
            b'l' => tab.dismiss(),
            b'W' => write(&mut tab, bytes),
            b'U' => wait(&mut tab, bytes),
            b'I' => {
                let ticket = tab.ticket();
                tab.take(EngineInput::Import { ticket, bytes: bytes.to_vec() });
            }
            b'R' => look_up(&tab, bytes),
            b'T' => {
                let pause_ms =
                    bytes.iter().fold(1, |ms: u64, byte| ms.saturating_mul(u64::from(*byte).max(1)));
                tab.now_ms = tab.now_ms.saturating_add(pause_ms);
                tab.take(EngineInput::Tick);
            }
            b'L' => {
                let failure = LinkFailure { code: "connection-lost".into(), message: String::new() };
                let link = tab.link.take();
                link.into_iter().for_each(|link| tab.take(EngineInput::LinkClosed(link, failure.clone())));
            }
            b'O' => {
                tab = tab.reopened();
                begin(&mut tab);
            }
            b'K' => tab.disk_fails = true,
            b'N' => tab.take(EngineInput::Online(bytes.is_empty())),
            _ => tab.take(EngineInput::Nudge),
        }
    }
    tab.disk_fails = false;
    tab.check();
}

fn begin(tab: &mut Tab) {
    tab.take(EngineInput::Sync(true));
    tab.take(EngineInput::Online(true));
}

fn is_joined(kind: u8) -> bool {
    kind.is_ascii_lowercase()
}

fn frame(tab: &Tab, kind: u8, bytes: &[u8]) -> Vec<u8> {
    match kind.to_ascii_uppercase() {
        b'D' if is_joined(kind) => {
            let status = tab.joined.and_then(|link| tab.engine.peer_status(link));
            delta(Seq(status.map_or(0, |status| status.received)), bytes)
        }
        b'D' => delta(Seq(tab.engine.sync_status().received), bytes),
        b'H' => hello(bytes, tab.engine.replica()),
        _ => bytes.to_vec(),
    }
}

fn receive(tab: &mut Tab, is_joined: bool, frame: Vec<u8>, length: usize) {
    let link = if is_joined { tab.joined } else { tab.link };
    let Some(link) = link else { return tab.take(EngineInput::Nudge) };
    let now_ms = tab.now_ms;
    let effects = within_budget(length, || tab.engine.handle(EngineInput::LinkReceived(link, frame), now_ms));
    assert!(effects.len() <= MOST_EFFECTS, "one message wants {} things done", effects.len());
    tab.perform(effects);
}

// As `src/writes.rs` reads what JavaScript hands over.
fn write(tab: &mut Tab, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let items: Vec<&str> = text.split('\0').collect();
    let writes: Option<Vec<Write>> = items.chunks(4).map(read_write).collect();
    if let Some(writes) = writes {
        tab.write(writes);
    }
}

fn read_write(items: &[&str]) -> Option<Write> {
    let item = |place: usize| items.get(place).copied().filter(|item| !item.is_empty());
    let key = RecordKey::new(item(0).unwrap_or_default(), item(1).unwrap_or_default()).ok()?;
    let (context, references) = item(3).map_or((None, ""), |context| {
        let (context, references) = context.split_once('\u{2}').unwrap_or((context, ""));
        (Some(context), references)
    });
    let context = match context {
        Some(context) => Some(context.parse::<Context>().ok()?),
        None => None,
    };
    let references: Result<Vec<Dot>, _> =
        references.split(' ').filter(|dot| !dot.is_empty()).map(str::parse).collect();
    Some(Write {
        key,
        context,
        content: item(2).map(|text| text.as_bytes().into()),
        references: References::new(references.ok()?),
    })
}

fn wait(tab: &mut Tab, bytes: &[u8]) {
    let condition = match String::from_utf8_lossy(bytes).parse() {
        Ok(clock) => Condition::Clock(clock),
        Err(_) => Condition::Saved,
    };
    let ticket = tab.ticket();
    tab.take(EngineInput::Await { ticket, condition });
}

// What the page asks for can be anything, and an answer holds only what is shown.
fn look_up(tab: &Tab, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (collection, after) = text.split_once('\0').map_or((&*text, None), |(name, id)| (name, Some(id)));
    let found: Vec<_> = tab.engine.collection(collection, None).map(|(key, _)| key.clone()).collect();
    assert!(found.is_sorted_by(|left, right| left < right), "records come in the order of their keys");
    let shown =
        found.iter().filter(|key| tab.engine.record(key.as_str()).is_some_and(|record| !record.is_deleted()));
    assert_eq!(shown.count(), tab.engine.count(collection));
    if let Some(after) = after {
        let later = found.iter().filter(|key| key.id() > after);
        assert!(tab.engine.collection(collection, Some(after)).map(|(key, _)| key).eq(later));
    }
    for key in tab.engine.conflicts() {
        assert!(tab.engine.record(key.as_str()).is_some());
        assert!(!tab.engine.context_of(key.as_str()).to_string().is_empty());
    }
}
