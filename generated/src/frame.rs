//! WebSocket frames: several in one message. Binary: protobuf, each frame after its length. Text: ProtoJSON, one frame a line.

use crate::{failure::Failure, json, rpc};
use bytes::BufMut;
use prost::Message;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// More frames than this in one message are refused with `TOO_LARGE`.
pub const MAX_FRAMES: usize = 4096;

/// Who sends a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// A client.
    Client,
    /// The server.
    Server,
}

/// What the schema says of a frame.
#[derive(Debug, PartialEq, Eq)]
pub struct FrameInfo {
    /// Its name in the schema, e.g. `mark_read`.
    pub name: &'static str,
    /// Its name in JSON, e.g. `markRead`.
    pub json_name: &'static str,
    /// Who sends it.
    pub direction: Direction,
    /// Full name of the message that it carries.
    pub payload: &'static str,
    /// Whether it carries the request of a method, which other surfaces take without a frame around it.
    pub request: bool,
    /// The method that handles it; none if it is the connection's own.
    pub method: Option<&'static rpc::Method>,
    /// Name of the server's frame that answers it.
    pub reply: Option<&'static str>,
}

/// What is wrong with a client's frame, in the words of the other surfaces: paths that lead into a method's request begin there, not at
/// the frame around it. `frames` is the schema's table.
#[must_use]
pub fn as_request(frames: &[FrameInfo], failure: Failure) -> Failure {
    let within = |path: &str| {
        let (frame, within) = path.split_once('.')?;
        let carries =
            |info: &&FrameInfo| info.request && info.direction == Direction::Client && info.json_name == frame;
        frames.iter().find(carries).map(|_| within.to_owned())
    };
    let mut violations = failure.broken_rules().to_vec();
    let mut moved = false;
    for violation in &mut violations {
        if let Some(path) = within(&violation.field) {
            violation.field = path;
            moved = true;
        }
    }
    if moved {
        Failure::violations(violations)
    } else {
        failure
    }
}

/// Appends a frame to the frames of a binary message.
pub fn encode_binary<F: Message>(frame: &F, out: &mut impl BufMut) {
    let length = frame.encoded_len();
    prost::encode_length_delimiter(length, out).expect("the buffer grows as needed");
    frame.encode_raw(out);
}

/// Appends a frame to the frames of a text message.
pub fn encode_text<F: Serialize>(frame: &F, out: &mut Vec<u8>) {
    if !out.is_empty() {
        out.push(b'\n');
    }
    json::to_writer(out, frame).expect("a Vec takes everything");
}

/// The frames of a binary message, in order. A frame that is not of this type does not hide those after it; a length that is none does.
///
/// Errors: `MALFORMED`, and `TOO_LARGE` in the place of frame number [`MAX_FRAMES`] + 1, after which nothing comes.
pub fn decode_binary<F: Message + Default>(message: &[u8]) -> impl Iterator<Item = Result<F, Failure>> {
    let mut rest = message;
    let mut frames = std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let frame = cut(&mut rest);
        if frame.is_err() {
            rest = &[];
        }
        Some(frame.and_then(|frame| {
            F::decode(frame)
                .map_err(|error| Failure::malformed("a frame is no protobuf of the expected message").because(error))
        }))
    });
    bounded(move || frames.next())
}

/// Takes the bytes of the next frame.
fn cut<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Failure> {
    let length = prost::decode_length_delimiter(&mut *rest)
        .map_err(|error| Failure::malformed("the length of a frame is none").because(error))?;
    if length > rest.len() {
        return Err(Failure::malformed(format!(
            "a frame of {length} bytes is cut off after {}",
            rest.len()
        )));
    }
    let (frame, after) = rest.split_at(length);
    *rest = after;
    Ok(frame)
}

/// The frames of a text message, in order, strictly: for what clients send. Blank lines are skipped.
///
/// Errors: those of [`json::from_slice`] in the place of the frame, and `TOO_LARGE` as in [`decode_binary`].
pub fn decode_text<F: DeserializeOwned>(message: &str) -> impl Iterator<Item = Result<F, Failure>> {
    let mut lines = lines(message);
    bounded(move || lines.next().map(|line| json::from_slice(line.as_bytes())))
}

/// As [`decode_text`], but what this side's schema does not know is ignored: for what a newer server sends.
pub fn decode_text_lenient<F: DeserializeOwned>(message: &str) -> impl Iterator<Item = Result<F, Failure>> {
    let mut lines = lines(message);
    bounded(move || lines.next().map(|line| json::from_slice_lenient(line.as_bytes())))
}

/// The frames of a text message, not yet read.
pub fn lines(message: &str) -> impl Iterator<Item = &str> {
    message.split('\n').filter(|line| !line.trim_ascii().is_empty())
}

/// The request id of a frame in text that could not be read as a whole, so that the answer can name it; 0 if there is none.
#[must_use]
pub fn request_id(line: &str) -> u64 {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Number(u64),
        Text(String),
    }
    #[derive(Deserialize)]
    struct Frame {
        #[serde(alias = "request_id", rename = "requestId")]
        id: Id,
    }
    match serde_json::from_str::<Frame>(line) {
        Ok(Frame { id: Id::Number(id) }) => id,
        Ok(Frame { id: Id::Text(id) }) => id.parse().unwrap_or_default(),
        Err(_) => 0,
    }
}

/// Ends with `TOO_LARGE` after [`MAX_FRAMES`].
fn bounded<F>(mut next: impl FnMut() -> Option<Result<F, Failure>>) -> impl Iterator<Item = Result<F, Failure>> {
    let mut count = 0;
    std::iter::from_fn(move || {
        if count > MAX_FRAMES {
            return None;
        }
        let frame = next()?;
        count += 1;
        if count > MAX_FRAMES {
            return Some(Err(Failure::too_large(format!(
                "a message holds at most {MAX_FRAMES} frames"
            ))));
        }
        Some(frame)
    })
}
