//! Talk between the tabs that have the same database open. Every message is a hint: what counts is in the log.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BroadcastChannel, MessageEvent};

/// What one tab tells the others.
#[derive(Clone, Debug)]
pub(crate) enum TabMessage {
    /// The log has new segments.
    Committed,
    /// What is known of peers.
    Peers(Vec<u8>),
    /// The tab that holds the sync is alive, and this is how the sync stands.
    Status(JsValue),
    /// The database is about to be deleted: close it.
    Destroy,
}

/// The channel of one database.
pub(crate) struct Tabs {
    // None where the browser has no such channel: tabs then notice each other when they commit.
    channel: Option<BroadcastChannel>,
    _listener: Closure<dyn FnMut(MessageEvent)>,
}

impl Tabs {
    pub(crate) fn open(name: &str, mut on_message: impl FnMut(TabMessage) + 'static) -> Self {
        let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(message) = read(&event.data()) {
                on_message(message);
            }
        });
        let channel = BroadcastChannel::new(&super::storage::database_name(name)).ok();
        if let Some(channel) = &channel {
            channel.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        }
        Self { channel, _listener: listener }
    }

    pub(crate) fn tell(&self, message: &TabMessage) {
        let (kind, body) = match message {
            TabMessage::Committed => ("committed", JsValue::UNDEFINED),
            TabMessage::Peers(bytes) => ("peers", Uint8Array::from(bytes.as_slice()).into()),
            TabMessage::Status(status) => ("status", status.clone()),
            TabMessage::Destroy => ("destroy", JsValue::UNDEFINED),
        };
        if let Some(channel) = &self.channel {
            // A message that is not delivered is a hint that is not given.
            let _ = channel.post_message(&Array::of2(&kind.into(), &body));
        }
    }

    pub(crate) fn close(&self) {
        if let Some(channel) = &self.channel {
            channel.set_onmessage(None);
            channel.close();
        }
    }
}

fn read(data: &JsValue) -> Option<TabMessage> {
    let parts = data.dyn_ref::<Array>()?;
    match parts.get(0).as_string()?.as_str() {
        "committed" => Some(TabMessage::Committed),
        "peers" => parts.get(1).dyn_ref::<Uint8Array>().map(|bytes| TabMessage::Peers(bytes.to_vec())),
        "status" => Some(TabMessage::Status(parts.get(1))),
        "destroy" => Some(TabMessage::Destroy),
        _ => None,
    }
}

/// Asks all tabs to close a database.
pub(crate) fn announce_destruction(name: &str) {
    let tabs = Tabs::open(name, |_| {});
    tabs.tell(&TabMessage::Destroy);
    tabs.close();
}
