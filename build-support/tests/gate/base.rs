//! A release, and what is edited in it.

use crate::tiny::{Edit, Tiny};
use build_support::{compare::baseline::Baseline, model::Schema};

/// A kitchen that has everything of which the gate has an opinion.
pub(crate) const RELEASE: &str = r#"
service PotService {
  rpc ListPots(ListPotsRequest) returns (ListPotsResponse) {
    option (google.api.http) = {get: "/v1/pots"};
    option (parlance.policy) = {caller: USER, rate: READ};
    option (parlance.errors) = {};
    option (parlance.call) = {effect: READ, timeout: {seconds: 5}, attempts: 3};
    option (parlance.page) = {default_size: 10, max_size: 100};
  }
  rpc ListLids(ListLidsRequest) returns (ListLidsResponse) {
    option (google.api.http) = {get: "/v1/pots/{pot_id}/lids"};
    option (parlance.policy) = {caller: USER, rate: READ};
    option (parlance.errors) = {};
    option (parlance.call) = {effect: READ, timeout: {seconds: 5}, attempts: 3};
  }
  rpc FillPot(FillPotRequest) returns (FillPotResponse) {
    option (google.api.http) = {post: "/v1/pots/{pot_id}/fill", body: "*"};
    option (parlance.policy) = {caller: ADMIN, rate: WRITE};
    option (parlance.errors) = {reasons: [KETTLE_EMPTY]};
    option (parlance.call) = {effect: REPEATABLE, timeout: {seconds: 5}, attempts: 3};
  }
}
service PotRepo {
  rpc KeepPot(KeepPotRequest) returns (KeepPotResponse) {
    option (parlance.policy) = {caller: INTERNAL, rate: UNLIMITED};
    option (parlance.errors) = {};
    option (parlance.call) = {effect: REPEATABLE, timeout: {seconds: 5}, attempts: 3};
  }
}
message ListPotsRequest { uint32 page_size = 1; string page_token = 2; }
message ListPotsResponse { repeated Pot pots = 1; string next_page_token = 2; }
message ListLidsRequest { uint64 pot_id = 1; }
message ListLidsResponse { repeated Pot lids = 1; }
message Pot {
  reserved 9, 20 to 30;
  reserved "handle";
  uint64 pot_id = 1;
  string name = 2;
  Kind kind = 3;
  repeated uint32 sizes = 4;
  optional string note = 5;
  uint32 litres = 6;
  oneof content { Water water = 7; Tea tea = 8; }
}
message Water {}
message Tea { string sort = 1; }
message FillPotRequest {
  uint64 pot_id = 1 [(buf.validate.field).uint64.gt = 0];
  string with = 2 [(buf.validate.field).string = {min_len: 1, max_len: 64}];
  string key = 3 [(parlance.sensitive) = true, (buf.validate.field).string.pattern = "^[a-z]{1,8}$"];
  repeated string notes = 4 [(buf.validate.field).repeated = {max_items: 5, items: {string: {max_len: 9}}}];
  Kind kind = 5 [(buf.validate.field).enum = {defined_only: true}];
  Pot pot = 6;
}
message FillPotResponse { Pot pot = 1; }
message KeepPotRequest { uint64 id = 1; string label = 2; }
message KeepPotResponse {}
enum Kind { KIND_UNSPECIFIED = 0; KIND_IRON = 1; KIND_CLAY = 2; }
message Unused { string nothing = 1; }

message ClientFrame {
  uint64 request_id = 1;
  oneof body {
    FillPotRequest fill = 2 [(parlance.frame) = {rpc: "tiny.v1.PotService.FillPot", reply: "filled"}];
    Knock knock = 3 [(parlance.frame) = {reply: "who"}];
  }
}
message ServerFrame {
  uint64 request_id = 1;
  oneof body {
    FillPotResponse filled = 2 [(parlance.frame) = {}];
    Who who = 3 [(parlance.frame) = {}];
    Whistle whistle = 4 [(parlance.frame) = {}];
  }
}
message Knock {}
message Who {}
message Whistle {}

message Boiled {
  option (parlance.topic) = {name: "tiny.boiled", key: "pot_id", partitions: 4, retention: {seconds: 60}, dead_letter: "tiny.dead", durability: DISK};
  uint64 pot_id = 1;
  uint64 cook_id = 2;
  string how = 3;
}
message Fried {
  option (parlance.topic) = {name: "tiny.fried", key: "pan_id", partitions: 2, retention: {seconds: 60}, dead_letter:"tiny.dead", durability:DISK, retry: {attempts: 3, first_pause: {seconds: 1}, longest_pause: {seconds: 9}}};
  uint64 pan_id = 1;
}
message Dead {
  option (parlance.topic) = {name: "tiny.dead", partitions: 1, retention: {seconds: 60}, durability: DISK};
  bytes payload = 1;
}
message Dead2 {
  option (parlance.topic) = {name: "tiny.dead2", partitions: 1, retention: {seconds: 60}, durability: DISK};
  bytes payload = 1;
}
"#;

/// The release after some edits.
pub(crate) fn edited(edits: &[Edit<'_>]) -> Schema {
    let tiny = Tiny::of(RELEASE).edited(edits);
    tiny.load().unwrap_or_else(|error| panic!("{edits:?}: {error}"))
}

/// The release itself.
pub(crate) fn release() -> Schema {
    edited(&[])
}

/// A schema that was released under this name.
pub(crate) fn baseline(release: &str, schema: Schema) -> Baseline {
    Baseline {
        release: release.parse().expect("a release"),
        schema,
        corpus: String::new(),
    }
}
