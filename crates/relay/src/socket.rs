//! The socket: one WebSocket, with bounds on what waits in it and for how long.
//!
//! Carries messages and knows nothing of what they say.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::{Sink, Stream};
use hyper_tungstenite::HyperWebsocketStream;
use hyper_tungstenite::tungstenite::error::ProtocolError;
use hyper_tungstenite::tungstenite::protocol::WebSocketConfig;
use hyper_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use hyper_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame};
use hyper_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout};

// The library keeps its write buffer as large as the largest frame that it ever wrote, for every socket. Messages
// therefore leave in pieces, and ten thousand sockets that once carried a large one do not keep its memory.
const PIECE_BYTES: usize = 16 * 1024;

// The default of 128 KiB would be most of what an idle connection takes.
const BUFFER_BYTES: usize = 4 * 1024;

// What a waiting message takes besides its content: many small ones must count too.
const ENVELOPE_BYTES: usize = 64;

// A client that was refused may still be sending. Its bytes are read and forgotten for a while: closing over unread
// bytes resets the connection, and the refusal may be lost with it.
const FAREWELL: Duration = Duration::from_secs(3);
const FAREWELL_BYTES: usize = 4 << 20;

/// What came out of a socket.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A binary message.
    Message(Bytes),
    /// A text message, which the protocol has none of.
    Text,
    /// A sign of life without content.
    Alive,
    /// A message over the limit. Nothing more can be read.
    TooLarge,
    /// What came is no WebSocket. Nothing more can be read.
    Malformed,
    /// The other side has closed, or is gone.
    Closed,
}

/// A WebSocket and what waits to be written to it.
pub(crate) struct Socket {
    stream: HyperWebsocketStream,
    waiting: VecDeque<Message>,
    waiting_bytes: usize,
    unflushed: bool,
    // When the writing last got on, or began to have something to do.
    progress_at: Instant,
}

impl Socket {
    /// The settings of the library beneath: no message over `message_bytes`, small buffers.
    pub(crate) fn settings(message_bytes: usize) -> WebSocketConfig {
        WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(BUFFER_BYTES)
            .max_write_buffer_size(4 * PIECE_BYTES)
            .max_message_size(Some(message_bytes))
            .max_frame_size(Some(message_bytes))
    }

    /// A socket over a stream that has been upgraded with these settings.
    pub(crate) fn new(stream: HyperWebsocketStream) -> Self {
        Self {
            stream,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            unflushed: false,
            progress_at: Instant::now(),
        }
    }

    /// Puts a binary message at the end of what waits to be written.
    pub(crate) fn send(&mut self, message: impl Into<Bytes>) {
        let mut rest: Bytes = message.into();
        let mut kind = Data::Binary;
        while rest.len() > PIECE_BYTES {
            let piece = rest.split_to(PIECE_BYTES);
            self.enqueue(Message::Frame(Frame::message(piece, OpCode::Data(kind), false)));
            kind = Data::Continue;
        }
        self.enqueue(Message::Frame(Frame::message(rest, OpCode::Data(kind), true)));
    }

    /// About how many bytes wait to be written.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// When the writing last got on, if something waits to be written; the limit of one piece counts from here.
    pub(crate) fn waiting_since(&self) -> Option<Instant> {
        (self.unflushed || !self.waiting.is_empty()).then_some(self.progress_at)
    }

    /// Writes what waits, and reads the next that comes if `read` is set; without it only returns when the socket is
    /// at its end. May be dropped while waiting; nothing is lost then.
    pub(crate) async fn drive(&mut self, read: bool) -> Incoming {
        std::future::poll_fn(|cx| {
            if let Poll::Ready(Err(_)) = self.poll_write(cx) {
                return Poll::Ready(Incoming::Closed);
            }
            if read { self.poll_read(cx) } else { Poll::Pending }
        })
        .await
    }

    /// Writes what waits, closes with this number and reason (123 bytes at most), and sees the other side off: for a few seconds at most,
    /// whatever it does.
    pub(crate) async fn close(mut self, number: u16, reason: &str) {
        let close = CloseFrame { code: number.into(), reason: reason.into() };
        self.enqueue(Message::Close(Some(close)));
        // Whoever does not take the farewell in this time goes without it.
        let _ = timeout(FAREWELL, self.see_off()).await;
    }

    async fn see_off(&mut self) {
        if std::future::poll_fn(|cx| self.poll_write(cx)).await.is_err() {
            return;
        }
        loop {
            match self.drive(true).await {
                Incoming::Closed => return,
                Incoming::TooLarge | Incoming::Malformed => break,
                Incoming::Message(_) | Incoming::Text | Incoming::Alive => {}
            }
        }
        // On the heap: in the future itself every idle connection would keep room for it.
        let mut scratch = vec![0; BUFFER_BYTES];
        let mut left = FAREWELL_BYTES;
        while let Ok(read @ 1..) = self.stream.get_mut().read(&mut scratch).await {
            left = left.saturating_sub(read);
            if left == 0 {
                return;
            }
        }
    }

    fn enqueue(&mut self, message: Message) {
        if self.waiting_since().is_none() {
            self.progress_at = Instant::now();
        }
        self.waiting_bytes += message.len() + ENVELOPE_BYTES;
        self.waiting.push_back(message);
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.waiting.is_empty() {
            ready!(Pin::new(&mut self.stream).poll_ready(cx))?;
            let Some(message) = self.waiting.pop_front() else { break };
            self.waiting_bytes = self.waiting_bytes.saturating_sub(message.len() + ENVELOPE_BYTES);
            Pin::new(&mut self.stream).start_send(message)?;
            self.unflushed = true;
            self.progress_at = Instant::now();
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        Poll::Ready(match ready!(Pin::new(&mut self.stream).poll_next(cx)) {
            Some(Ok(Message::Binary(bytes))) => Incoming::Message(bytes),
            Some(Ok(Message::Text(_))) => Incoming::Text,
            // After a close the next read answers it, and then says that the connection is at its end.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_) | Message::Close(_))) => {
                Incoming::Alive
            }
            Some(Err(Error::Capacity(_))) => Incoming::TooLarge,
            Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => Incoming::Closed,
            Some(Err(Error::Protocol(_) | Error::Utf8(_))) => Incoming::Malformed,
            Some(Err(_)) | None => Incoming::Closed,
        })
    }
}
