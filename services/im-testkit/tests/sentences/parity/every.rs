//! Every method of the table on every transport that has it: a new one is compared without a line here.

use super::super::{
    policies::{Place, Who, body},
    refusals::grpc::Raw,
};
use im_schema::{
    catalogue::Entry,
    failure::Failure,
    frame::{Direction, FrameInfo},
    frames::FRAMES,
    json,
    rest::{ROUTES, Route},
    rpc::{Effect, Method},
    v1::{self, ServerFrame, server_frame},
};
use im_testkit::{Device, Protocol};
use prost::Message as _;
use prost_reflect::{DynamicMessage, Kind, ReflectMessage as _};
use serde_json::{Value, json};
use snapshots::{descriptor, rest_request_of};

/// What a caller gets: an answer or a problem, as JSON.
type Outcome = Result<Value, Value>;

/// A way to a method.
#[derive(Debug, Clone, Copy)]
enum Way {
    Rest(&'static Route),
    Grpc(&'static Method),
    Frame(&'static FrameInfo, Protocol),
}

/// All ways to the method of a route.
fn ways(route: &'static Route) -> Vec<Way> {
    let method = route.method;
    let leads = |frame: &&FrameInfo| {
        frame.direction == Direction::Client && frame.method.is_some_and(|its| its.path == method.path)
    };
    let frames = FRAMES
        .iter()
        .filter(leads)
        .flat_map(|frame| [Protocol::Text, Protocol::Binary].map(|protocol| Way::Frame(frame, protocol)));
    [Way::Rest(route), Way::Grpc(method)]
        .into_iter()
        .chain(frames)
        .collect()
}

/// How much of the sample is sent. A text that stands in the path of the route always is: no path can leave it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    /// Which conversation it is about.
    Place,
    Nothing,
}

fn part_of(route: &Route, request: &DynamicMessage, part: Part) -> DynamicMessage {
    let mut kept = DynamicMessage::new(request.descriptor());
    for field in request.descriptor().fields() {
        let in_path = field.kind() == Kind::String && route.path.contains(&format!("{{{}}}", field.name()));
        let wanted = match part {
            Part::All => true,
            Part::Place => field.name() == "conversation_id",
            Part::Nothing => false,
        };
        if (wanted || in_path) && request.has_field(&field) {
            kept.set_field(&field, request.get_field(&field).into_owned());
        }
    }
    kept
}

impl Place {
    /// Asks in a session of its own.
    async fn ask(&mut self, way: Way, request: &DynamicMessage) -> Outcome {
        let token = self.token(Who::Member).await.expect("a member has a token");
        match way {
            Way::Rest(route) => self.by_rest(route, &token, request).await,
            Way::Grpc(method) => self.by_grpc(method, &token, request).await,
            Way::Frame(frame, protocol) => {
                let mut device = Device::connect(&self.url(), &token, protocol).await;
                match device.ask(body(frame.json_name, request)).await {
                    server_frame::Body::Error(problem) => Err(problem_of(&problem)),
                    body => Ok(within(body)),
                }
            }
        }
    }

    async fn by_rest(&self, route: &Route, token: &str, request: &DynamicMessage) -> Outcome {
        let (path, body) = rest_request_of(route, request);
        let verb = route.verb.parse().expect("a verb");
        let mut sent = reqwest::Client::new()
            .request(verb, format!("{}{path}", self.url()))
            .bearer_auth(token);
        if let Some(body) = body {
            sent = sent.header("content-type", "application/json").body(body.to_string());
        }
        let answer = sent.send().await.expect("the server answers");
        let done = answer.status().is_success();
        let said = answer.bytes().await.expect("a body");
        if done {
            return Ok(serde_json::from_slice(&said).expect("an answer is JSON"));
        }
        Err(problem_of(&json::from_slice(&said).expect("an error is a Problem")))
    }

    async fn by_grpc(&self, method: &'static Method, token: &str, request: &DynamicMessage) -> Outcome {
        let mut sent = tonic::Request::new(request.encode_to_vec());
        let bearer = format!("Bearer {token}").parse().expect("a token is a header's value");
        sent.metadata_mut().insert("authorization", bearer);
        let mut client = tonic::client::Grpc::new(self.channel());
        client.ready().await.expect("the server listens");
        let path = http::uri::PathAndQuery::from_static(method.path);
        match client.unary(sent, path, Raw).await {
            Err(status) => Err(problem_of(&Failure::from_status(&status).problem())),
            Ok(answer) => {
                let entry = Entry::named(descriptor(method).output().full_name()).expect("the schema has the message");
                let said = entry.to_json(answer.get_ref()).expect("it is of the schema");
                Ok(serde_json::from_str(&said).expect("it is JSON"))
            }
        }
    }
}

fn problem_of(problem: &v1::Problem) -> Value {
    serde_json::from_slice(&json::to_vec(problem)).expect("it is JSON")
}

/// What is in a frame, without the frame.
fn within(body: server_frame::Body) -> Value {
    let frame = ServerFrame {
        body: Some(body),
        ..Default::default()
    };
    let frame: Value = serde_json::from_slice(&json::to_vec(&frame)).expect("it is JSON");
    let Value::Object(members) = frame else {
        panic!("a frame is an object: {frame}")
    };
    members.into_iter().next().expect("it has a body").1
}

/// What has to be the same although it was done to another group, or another time: that it was done, or why not.
fn verdict(outcome: Outcome) -> Outcome {
    match outcome {
        Ok(_) => Ok(Value::Null),
        Err(problem) => Err(json!([problem["reason"], problem["violations"]])),
    }
}

#[tokio::test]
async fn every_method_answers_alike_on_every_way() {
    let mut place = Place::new().await;
    let (mut done, mut refused) = (0, 0);
    for route in ROUTES {
        let method = route.method;
        for part in [Part::All, Part::Place, Part::Nothing] {
            let reads = method.effect == Effect::Read;
            let (mut request, _) = place.request(method).await;
            if !reads {
                // Once unseen: what can be done only once is refused on all ways from here on.
                let _first = place.ask(Way::Rest(route), &part_of(route, &request, part)).await;
            }
            let mut outcomes = Vec::new();
            for way in ways(route) {
                if !reads {
                    request = place.request(method).await.0;
                }
                let outcome = place.ask(way, &part_of(route, &request, part)).await;
                outcomes.push((way, if reads { outcome } else { verdict(outcome) }));
            }
            let (_, first) = &outcomes[0];
            *if first.is_ok() { &mut done } else { &mut refused } += 1;
            eprintln!("{} with {part:?} of its sample on {} ways", method.path, outcomes.len());
            for (way, outcome) in &outcomes {
                assert_eq!(
                    outcome, first,
                    "{} with {part:?} of its sample, by {way:?} and by REST",
                    method.path
                );
            }
        }
    }
    assert!(done > 20 && refused > 20, "{done} were done, {refused} were refused");
}
