//! What ProtoJSON costs, as this project writes and reads it and as pbjson does, on the same schema and the same data: a message on its way
//! to a client, and one that a client sends. Before anything is measured both have to agree on every sample.

mod pbjson;

use crate::pbjson::v1 as theirs;
use divan::{Bencher, counter::BytesCount};
use im_schema::{
    json,
    v1::{
        ClientFrame, Content, Custom, Message, SendMessageRequest, ServerFrame, Text, client_frame, content,
        server_frame,
    },
    wkt::Timestamp,
};
use prost::Message as _;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::fmt::{Debug, Display};

fn main() {
    for sample in SAMPLES {
        agree(&sample.server_frame(), &their_server_frame(sample));
        agree(&sample.client_frame(), &their_client_frame(sample));
    }
    divan::main();
}

/// What a message says.
#[derive(Debug, Clone, Copy)]
struct Sample {
    name: &'static str,
    content: fn() -> content::Kind,
}

const SAMPLES: &[Sample] = &[
    Sample {
        name: "5 characters",
        content: || text("hello"),
    },
    Sample {
        name: "200 characters",
        content: || text(&"Some words of a message, again. ".repeat(7)[..200]),
    },
    Sample {
        name: "200 characters, many escaped",
        content: || {
            text(
                &"\"So\\we\n\tdid\",\u{1}"
                    .repeat(20)
                    .chars()
                    .take(200)
                    .collect::<String>(),
            )
        },
    },
    Sample {
        name: "200 characters of 3 bytes",
        content: || text(&"文".repeat(200)),
    },
    Sample {
        name: "custom",
        content: || {
            content::Kind::Custom(Custom {
                kind: "poll.v1".into(),
                data: r#"{"question":"Tea?","answers":["Green","Black","None"]}"#.into(),
                ..Default::default()
            })
        },
    },
];

impl Display for Sample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

fn text(body: &str) -> content::Kind {
    content::Kind::Text(Text {
        body: body.into(),
        ..Default::default()
    })
}

impl Sample {
    fn content(&self) -> Option<Content> {
        Some(Content {
            kind: Some((self.content)()),
            ..Default::default()
        })
    }

    /// The message as a member of its conversation gets it.
    fn server_frame(&self) -> ServerFrame {
        let message = Message {
            message_id: 7_203_685_477_580_800_200,
            conversation_id: 7_203_685_477_580_800_100,
            sequence: 4711,
            sender_id: 7_203_685_477_580_800_001,
            client_message_id: CLIENT_MESSAGE_ID.into(),
            content: self.content(),
            sent_at: Some(Timestamp::from_millis(1_795_000_000_250)),
            ..Default::default()
        };
        ServerFrame {
            body: Some(server_frame::Body::Message(message)),
            ..Default::default()
        }
    }

    /// The message as its sender hands it in.
    fn client_frame(&self) -> ClientFrame {
        let send = SendMessageRequest {
            conversation_id: 7_203_685_477_580_800_100,
            client_message_id: CLIENT_MESSAGE_ID.into(),
            content: self.content(),
            ..Default::default()
        };
        ClientFrame {
            request_id: 12,
            body: Some(client_frame::Body::Send(send)),
            ..Default::default()
        }
    }
}

const CLIENT_MESSAGE_ID: &str = "0193b2a4-7c1e-7d3a-9a51-0c8f3d2e4b6a";

fn their_server_frame(sample: &Sample) -> theirs::ServerFrame {
    theirs::ServerFrame::decode(sample.server_frame().encode_to_vec().as_slice()).expect("one schema")
}

fn their_client_frame(sample: &Sample) -> theirs::ClientFrame {
    theirs::ClientFrame::decode(sample.client_frame().encode_to_vec().as_slice()).expect("one schema")
}

/// Fails unless both write the same JSON and each reads what the other wrote.
fn agree<O, T>(ours: &O, theirs: &T)
where
    O: Serialize + DeserializeOwned + PartialEq + Debug,
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let our_json = json::to_vec(ours);
    let their_json = serde_json::to_vec(theirs).expect("pbjson can write it");
    let parsed = |json: &[u8]| in_utc(serde_json::from_slice(json).expect("it is JSON"));
    assert_eq!(parsed(&our_json), parsed(&their_json), "both write the same");
    let read: O = json::from_slice(&their_json).expect("we read what pbjson wrote");
    assert_eq!(read, *ours);
    let read: T = serde_json::from_slice(&our_json).expect("pbjson reads what we wrote");
    assert_eq!(read, *theirs);
}

/// The one liberty that pbjson takes: `Z` is what ProtoJSON asks for at the end of a time.
fn in_utc(mut value: Value) -> Value {
    if let Some(Value::String(time)) = value.pointer_mut("/message/sentAt") {
        *time = time.replace("+00:00", "Z");
    }
    value
}

/// Writes a frame again and again, each time into the same buffer: that is how the gateway does it.
fn write<F: Serialize>(bencher: Bencher<'_, '_>, frame: &F) {
    let size = serde_json::to_vec(frame).expect("it can be written").len();
    let mut buffer = Vec::with_capacity(size);
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        buffer.clear();
        serde_json::to_writer(&mut buffer, divan::black_box(frame)).expect("a Vec takes everything");
        divan::black_box(buffer.len())
    });
}

#[divan::bench_group]
mod write_server_frame {
    use super::{SAMPLES, Sample, their_server_frame, write};
    use divan::Bencher;

    #[divan::bench(args = SAMPLES)]
    fn ours(bencher: Bencher<'_, '_>, sample: &Sample) {
        write(bencher, &sample.server_frame());
    }

    #[divan::bench(args = SAMPLES)]
    fn pbjson(bencher: Bencher<'_, '_>, sample: &Sample) {
        write(bencher, &their_server_frame(sample));
    }
}

#[divan::bench_group]
mod read_client_frame {
    use super::{SAMPLES, Sample, json, theirs};
    use divan::{Bencher, counter::BytesCount};
    use im_schema::v1::ClientFrame;

    #[divan::bench(args = SAMPLES)]
    fn ours(bencher: Bencher<'_, '_>, sample: &Sample) {
        let text = json::to_vec(&sample.client_frame());
        let bencher = bencher.counter(BytesCount::of_slice(&text));
        bencher.bench_local(|| json::from_slice::<ClientFrame>(divan::black_box(&text)));
    }

    #[divan::bench(args = SAMPLES)]
    fn pbjson(bencher: Bencher<'_, '_>, sample: &Sample) {
        let text = json::to_vec(&sample.client_frame());
        let bencher = bencher.counter(BytesCount::of_slice(&text));
        bencher.bench_local(|| serde_json::from_slice::<theirs::ClientFrame>(divan::black_box(&text)));
    }
}
