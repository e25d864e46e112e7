//! Compression: messages made shorter on their way, with the streams that browsers have built in.
//!
//! These work asynchronously, so messages wait in line here. Must not know what the messages say.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use eyot_core::Limits;
use eyot_core::message::{COMPRESS_FROM_BYTES, Compressed};
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{ReadableStream, ReadableStreamDefaultReader, WritableStream};

// web-sys has these only among what may still change.
#[wasm_bindgen]
extern "C" {
    type Transform;
    #[wasm_bindgen(method, getter)]
    fn readable(this: &Transform) -> ReadableStream;
    #[wasm_bindgen(method, getter)]
    fn writable(this: &Transform) -> WritableStream;

    #[wasm_bindgen(extends = Transform)]
    type CompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<CompressionStream, JsValue>;

    #[wasm_bindgen(extends = Transform)]
    type DecompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<DecompressionStream, JsValue>;
}

const FORMAT: &str = "deflate-raw";

/// True where the browser can decompress. All that Eyot runs in can, but for old ones.
pub(crate) fn is_supported() -> bool {
    let has = |name: &str| Reflect::has(&js_sys::global(), &name.into()).unwrap_or(false);
    has("CompressionStream") && has("DecompressionStream")
}

/// What is to be done with a message before it goes on.
pub(crate) enum Work {
    /// It goes as it is.
    Nothing,
    /// It is compressed, where that makes it shorter.
    Compress,
    /// It is decompressed, if it is compressed.
    Decompress,
}

impl Work {
    /// What is to be done with a message that is sent. `may_compress` says whether its receiver can decompress. A browser that cannot
    /// compress itself finds that out when it tries, and sends the message as it is.
    pub(crate) fn to_send(may_compress: bool) -> Self {
        if may_compress { Self::Compress } else { Self::Nothing }
    }

    fn takes_time(&self, message: &[u8]) -> bool {
        match self {
            Self::Nothing => false,
            Self::Compress => message.len() >= COMPRESS_FROM_BYTES,
            Self::Decompress => is_compressed(message),
        }
    }

    async fn finish(self, message: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Nothing => message,
            Self::Compress => compress(message).await,
            Self::Decompress => decompress(message).await,
        }
    }
}

enum Item {
    Message(Vec<u8>, Work),
    End(Box<dyn FnOnce()>),
}

/// Messages that wait for those before them to be compressed or decompressed.
pub(crate) struct Line {
    waiting: RefCell<VecDeque<Item>>,
    is_busy: Cell<bool>,
    next: Box<dyn Fn(Vec<u8>)>,
}

impl Line {
    /// A line whose messages go to `next`, in order.
    pub(crate) fn new(next: impl Fn(Vec<u8>) + 'static) -> Rc<Self> {
        Rc::new(Self { waiting: RefCell::default(), is_busy: Cell::new(false), next: Box::new(next) })
    }

    /// Puts a message at the end of the line. Goes on at once where nothing waits and nothing takes time.
    pub(crate) fn push(self: &Rc<Self>, message: Vec<u8>, work: Work) {
        if self.is_busy.get() || work.takes_time(&message) {
            self.enqueue(Item::Message(message, work));
        } else {
            (self.next)(message);
        }
    }

    /// Acts after all that is in the line.
    pub(crate) fn end(self: &Rc<Self>, act: impl FnOnce() + 'static) {
        if self.is_busy.get() {
            self.enqueue(Item::End(Box::new(act)));
        } else {
            act();
        }
    }

    fn enqueue(self: &Rc<Self>, item: Item) {
        self.waiting.borrow_mut().push_back(item);
        if self.is_busy.replace(true) {
            return;
        }
        let line = Rc::clone(self);
        spawn_local(async move {
            loop {
                let item = line.waiting.borrow_mut().pop_front();
                match item {
                    Some(Item::Message(message, work)) => (line.next)(work.finish(message).await),
                    Some(Item::End(act)) => act(),
                    None => break,
                }
            }
            line.is_busy.set(false);
        });
    }
}

fn is_compressed(message: &[u8]) -> bool {
    !matches!(Compressed::read(message, &Limits::default()), Ok(None))
}

/// The bytes to send for a message.
async fn compress(message: Vec<u8>) -> Vec<u8> {
    if message.len() < COMPRESS_FROM_BYTES {
        return message;
    }
    let Ok(stream) = CompressionStream::new(FORMAT) else { return message };
    let deflated = convert(&stream, &message, message.len()).await;
    deflated.and_then(|deflated| Compressed::write(message.len(), &deflated)).unwrap_or(message)
}

/// The message that these bytes carry. What cannot be decompressed stays as it is, for the session to refuse.
pub(crate) async fn decompress(bytes: Vec<u8>) -> Vec<u8> {
    let Ok(Some(compressed)) = Compressed::read(&bytes, &Limits::default()) else { return bytes };
    let Ok(stream) = DecompressionStream::new(FORMAT) else { return bytes };
    let message = convert(&stream, compressed.deflated, compressed.length).await;
    message.filter(|message| message.len() == compressed.length).unwrap_or(bytes)
}

// What the stream makes of the bytes; none where it fails, or makes more than `most` bytes of them.
async fn convert(transform: &Transform, bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    let writer = transform.writable().get_writer().ok()?;
    let reader: ReadableStreamDefaultReader = transform.readable().get_reader().dyn_into().ok()?;
    // What fails here fails in reading too, where it is heard.
    for promise in [writer.write_with_chunk(&Uint8Array::from(bytes)), writer.close()] {
        spawn_local(async move { drop(JsFuture::from(promise).await) });
    }
    let mut converted = Vec::with_capacity(most.min(bytes.len().saturating_mul(4)));
    loop {
        let read = JsFuture::from(reader.read()).await.ok()?;
        let field = |name: &str| Reflect::get(&read, &JsValue::from_str(name)).ok();
        if field("done")?.is_truthy() {
            return Some(converted);
        }
        let piece: Uint8Array = field("value")?.dyn_into().ok()?;
        let (start, length) = (converted.len(), piece.length() as usize);
        if length > most - start {
            drop(JsFuture::from(reader.cancel()).await);
            return None;
        }
        converted.resize(start + length, 0);
        piece.copy_to(converted.get_mut(start..)?);
    }
}
