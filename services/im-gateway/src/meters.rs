//! Counters that are touched for every message of every connection: looked up once, not each time.

use metrics::{Counter, counter};

/// See the module. Made after the recorder has been installed, or nothing is counted.
pub(crate) struct Meters {
    pub(crate) frames_in: Counter,
    pub(crate) messages_out: Counter,
    pub(crate) bytes_out: Counter,
}

impl Meters {
    pub(crate) fn new() -> Self {
        Self {
            frames_in: counter!("gateway_frames_in_total"),
            messages_out: counter!("gateway_messages_out_total"),
            bytes_out: counter!("gateway_bytes_out_total"),
        }
    }
}
