//! The two encodings of a connection, chosen by its subprotocol.

use im_schema::{frame, frames, v1::ServerFrame};

/// How frames look on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// ProtoJSON in text messages, one frame a line.
    Text,
    /// Protobuf in binary messages, each frame after its length.
    Binary,
}

impl Wire {
    /// Both, in the order in which they are preferred.
    pub(crate) const ALL: [Self; 2] = [Self::Binary, Self::Text];

    /// Name of the subprotocol.
    pub(crate) const fn subprotocol(self) -> &'static str {
        match self {
            Self::Text => frames::TEXT_PROTOCOL,
            Self::Binary => frames::BINARY_PROTOCOL,
        }
    }

    /// Appends a frame to frames that are of this encoding already.
    pub(crate) fn encode(self, frame: &ServerFrame, out: &mut Vec<u8>) {
        match self {
            Self::Text => frame::encode_text(frame, out),
            Self::Binary => frame::encode_binary(frame, out),
        }
    }

    /// Appends encoded frames to encoded frames.
    pub(crate) fn join(self, frames: &[u8], out: &mut Vec<u8>) {
        if self == Self::Text && !out.is_empty() {
            out.push(b'\n');
        }
        out.extend_from_slice(frames);
    }
}
