//! What messages are beside requests and answers: records of log topics, frames of a WebSocket.

/// A log topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name, or the prefix of its names.
    pub name: String,
    /// The field by whose value records are spread (an unsigned 64-bit one), if any.
    pub key: Option<String>,
    /// How many partitions, at least 1.
    pub partitions: u32,
    /// How long records are kept at least, in milliseconds.
    pub retention_ms: u64,
    /// Name of the topic for records that cannot be processed.
    pub dead_letter: Option<String>,
    /// Whether an append waits for the disk.
    pub durable: bool,
    /// Whether each instance has a topic of its own.
    pub per_instance: bool,
    /// How a message that fails for a reason that passes steps aside and is tried again; none if it is tried again in its place.
    pub retry: Option<Retry>,
}

impl Topic {
    /// Name of the topic in which its messages wait until they are tried again.
    #[must_use]
    pub fn retry_name(&self) -> Option<String> {
        self.retry.map(|_| format!("{}.retry", self.name))
    }
}

/// How often, and after which pauses, a message is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How often at most, at least 1.
    pub attempts: u32,
    /// The pause before the first attempt, in milliseconds; it doubles with each further one.
    pub first_pause_ms: u64,
    /// The longest pause, in milliseconds; not shorter than the first.
    pub longest_pause_ms: u64,
}

/// A WebSocket frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Full name of the method that handles it, e.g. `parlance.v1.MessageService.MarkRead`.
    pub rpc: Option<String>,
    /// The field of `ServerFrame` that answers it.
    pub reply: Option<String>,
    /// What brings it, if it comes from the server and is the reply of none.
    pub cause: Option<Cause>,
}

/// What makes the server send a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A connection begins.
    Connected,
    /// The server is told to end.
    Stopping,
    /// A frame of a client.
    Frame(FrameCause),
}

/// A frame of a client that brings a frame of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameCause {
    /// The field of `ClientFrame`.
    pub frame: String,
    /// Members of its request that differ from the example.
    pub with: serde_json::Map<String, serde_json::Value>,
    /// Whether another user sends it than the one who gets what it brings.
    pub by_another: bool,
    /// Whether its request id is repeated.
    pub answers: bool,
    /// Members of what it brings that differ from the example.
    pub gives: serde_json::Map<String, serde_json::Value>,
}

/// A WebSocket that carries frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// Where it is opened, e.g. `/v1/ws`.
    pub path: String,
    /// Subprotocol with ProtoJSON in text messages, one frame a line.
    pub text: String,
    /// Subprotocol with protobuf in binary messages, each frame after its length.
    pub binary: String,
}
