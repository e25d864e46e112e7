//! A socket to the relay: messages, compressed and decompressed on their way.

use std::io::{Read, Write};
use std::net::SocketAddr;

use eyot_core::Limits;
use eyot_core::message::{COMPRESS_FROM_BYTES, Compressed, Message, Refuse};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::program::PATIENCE;

/// A socket to the relay, without a session.
pub(crate) struct Wire {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) sent_bytes: usize,
    pub(crate) received_bytes: usize,
}

impl Wire {
    pub(crate) async fn connect(address: SocketAddr, database: &str) -> Self {
        let (socket, _) = connect_async(format!("ws://{address}/v1/sync/{database}")).await.unwrap();
        Self { socket, sent_bytes: 0, received_bytes: 0 }
    }

    /// The HTTP status of an upgrade that is refused to a page of this origin.
    pub(crate) async fn refused_to_page(address: SocketAddr, origin: &str) -> Option<u16> {
        let mut request = format!("ws://{address}/v1/sync/notes").into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        match connect_async(request).await {
            Ok(_) => None,
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Some(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn send(&mut self, bytes: Vec<u8>) {
        // The relay may have closed already; then what it said is still to be read.
        self.sent_bytes += bytes.len();
        let _ = self.socket.send(Frame::binary(bytes)).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.socket.send(Frame::text(text)).await.unwrap();
    }

    pub(crate) async fn send_token(&mut self, token: &str) {
        self.send(Message::Auth { token: token.to_owned() }.to_bytes()).await;
    }

    /// The next binary message; none when the relay has closed.
    pub(crate) async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            match timeout(PATIENCE, self.socket.next())
                .await
                .expect("the relay says nothing and does not close")
            {
                Some(Ok(Frame::Binary(bytes))) => {
                    self.received_bytes += bytes.len();
                    return Some(decompress(bytes.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// Reads on until the relay refuses, and then until it closes.
    pub(crate) async fn refusal(&mut self) -> Refuse {
        while let Some(bytes) = self.next().await {
            if let Ok(Message::Refuse(refuse)) = Message::from_bytes(&bytes, &Limits::default()) {
                assert_eq!(self.next().await, None, "a refusal is the last word");
                return refuse;
            }
        }
        panic!("closed without a refusal");
    }
}

/// The bytes to send for a message.
pub(crate) fn compress(message: Vec<u8>) -> Vec<u8> {
    if message.len() < COMPRESS_FROM_BYTES {
        return message;
    }
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&message).unwrap();
    Compressed::write(message.len(), &encoder.finish().unwrap()).unwrap_or(message)
}

// The message that came as these bytes.
fn decompress(bytes: Vec<u8>) -> Vec<u8> {
    let Some(compressed) = Compressed::read(&bytes, &Limits::default()).unwrap() else { return bytes };
    let mut message = Vec::new();
    DeflateDecoder::new(compressed.deflated).read_to_end(&mut message).unwrap();
    assert_eq!(message.len(), compressed.length);
    message
}
