//! One WebSocket to a relay, with gloo-net. Carries binary messages; knows nothing of what they mean but the token.
//!
//! Sending goes beneath gloo-net, which wraps every message in a Blob that the browser must read back asynchronously.

use std::future::pending;
use std::pin::pin;
use std::rc::Rc;

use eyot_core::engine::LinkFailure;
use eyot_core::message::Message as Wire;
use futures_util::StreamExt;
use futures_util::future::{Either, poll_fn, select};
use gloo_net::websocket::futures::WebSocket;
use gloo_net::websocket::{Message, WebSocketError};
use js_sys::Function;

use crate::compression::{Line, Work, decompress};
use crate::renewal::{fetch_token, keep_renewing};

/// Where to connect, and how to get a token.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) url: String,
    pub(crate) token: Option<Function>,
}

/// The sending half.
#[derive(Clone)]
pub(crate) struct Sender {
    socket: web_sys::WebSocket,
    line: Rc<Line>,
}

impl Sender {
    fn new(socket: web_sys::WebSocket) -> Self {
        let sending = socket.clone();
        // A socket that cannot send is about to report its end.
        let line = Line::new(move |message| drop(sending.send_with_u8_array(&message)));
        Self { socket, line }
    }

    /// Sends a message. `may_compress` says whether the relay can decompress.
    pub(crate) fn send(&self, bytes: Vec<u8>, may_compress: bool) {
        self.line.push(bytes, Work::to_send(may_compress));
    }

    /// Closes the socket after what was sent.
    pub(crate) fn close(&self) {
        let socket = self.socket.clone();
        self.line.end(move || drop(socket.close()));
    }
}

/// Connects, shows the token if there is one, and reports: the open connection, every message, and the end.
pub(crate) async fn run(
    endpoint: Endpoint,
    on_open: impl FnOnce(Sender),
    mut on_message: impl FnMut(Vec<u8>),
) -> LinkFailure {
    match converse(endpoint, on_open, &mut on_message).await {
        Ok(()) => failure("connection-lost", "The connection to the relay has ended."),
        Err(failure) => failure,
    }
}

async fn converse(
    endpoint: Endpoint,
    on_open: impl FnOnce(Sender),
    on_message: &mut impl FnMut(Vec<u8>),
) -> Result<(), LinkFailure> {
    let token = match &endpoint.token {
        Some(provider) => Some(fetch_token(provider).await?),
        None => None,
    };
    let raw = web_sys::WebSocket::new(&endpoint.url)
        .map_err(|_| failure("invalid-address", "The address of the relay is not valid."))?;
    let mut socket = WebSocket::try_from(raw.clone())
        .map_err(|_| failure("connection-failed", "The connection could not be made."))?;
    // Ready means no longer connecting; whether it is open is told by the state.
    let ready =
        poll_fn(|task| futures_util::Sink::<Message>::poll_ready(std::pin::Pin::new(&mut socket), task));
    if ready.await.is_err() || raw.ready_state() != web_sys::WebSocket::OPEN {
        return Err(failure("connection-failed", "The relay cannot be reached."));
    }
    let sender = Sender::new(raw);
    // A secret is never compressed: how short it becomes would tell of what is in it.
    let show = |token: String| sender.send(Wire::Auth { token }.to_bytes(), false);
    if let Some(token) = &token {
        show(token.clone());
    }
    on_open(sender.clone());
    let renewing = async {
        if let (Some(provider), Some(token)) = (&endpoint.token, &token) {
            keep_renewing(provider, token, show).await;
        }
        pending().await
    };
    // Whoever renews stops when the connection ends.
    match select(pin!(listen(socket, on_message)), pin!(renewing)).await {
        Either::Left((end, _)) | Either::Right((end, _)) => end,
    }
}

async fn listen(mut socket: WebSocket, on_message: &mut impl FnMut(Vec<u8>)) -> Result<(), LinkFailure> {
    while let Some(message) = socket.next().await {
        match message {
            Ok(Message::Bytes(bytes)) => on_message(decompress(bytes).await),
            Ok(Message::Text(_)) => return Err(failure("bad-message", "The relay has sent text.")),
            Err(WebSocketError::ConnectionClose(_)) => return Ok(()),
            Err(_) => return Err(failure("connection-lost", "The connection to the relay was lost.")),
        }
    }
    Ok(())
}

pub(crate) fn failure(code: &str, message: &str) -> LinkFailure {
    LinkFailure { code: code.to_owned(), message: message.to_owned() }
}
