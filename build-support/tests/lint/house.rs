//! A schema that follows all rules.

use crate::tiny::{Edit, Tiny};
use build_support::lint::{Offence, lint};

/// The catalogue.
const ERRORS: &str = r#"
// Why something was refused.
enum Reason {
  // Not a reason.
  REASON_UNSPECIFIED = 0;
  // There is no such pot.
  POT_NOT_FOUND = 1 [(error) = {code: NOT_FOUND, http: 404, advice: "Look the pot up."}];
  // It is away.
  UNAVAILABLE = 9 [(error) = {code: UNAVAILABLE, http: 503, close: 1013, retryable: true, advice: "Wait."}];
  // A fault.
  INTERNAL = 10 [(error) = {code: INTERNAL, http: 500, advice: "Report it."}];
}
"#;

/// Pots, as clients see them.
const POTS: &str = r#"// Pots and what is in them.
syntax = "proto3";

package tiny.v1;

import "buf/validate/validate.proto";
import "google/api/annotations.proto";
import "google/protobuf/timestamp.proto";
import "parlance/options.proto";

// Pots.
service PotService {
  // All pots.
  rpc ListPots(ListPotsRequest) returns (ListPotsResponse) {
    option (google.api.http) = {get: "/v1/pots"};
    option (parlance.policy) = {caller: USER, rate: READ};
    option (parlance.errors) = {};
    option (parlance.call) = {effect: READ, timeout: {seconds: 5}, attempts: 3};
    option (parlance.page) = {default_size: 10, max_size: 100};
  }
  // One pot.
  rpc GetPot(GetPotRequest) returns (GetPotResponse) {
    option (google.api.http) = {get: "/v1/pots/{pot_id}"};
    option (parlance.policy) = {caller: USER, rate: READ};
    option (parlance.errors) = {reasons: [POT_NOT_FOUND]};
    option (parlance.call) = {effect: READ, timeout: {seconds: 5}, attempts: 3};
  }
  // Some pots.
  rpc LookUpPots(LookUpPotsRequest) returns (LookUpPotsResponse) {
    option (google.api.http) = {get: "/v1/pots/by-name/pots"};
    option (parlance.policy) = {caller: USER, rate: READ};
    option (parlance.errors) = {};
    option (parlance.call) = {effect: READ, timeout: {seconds: 5}, attempts: 3};
  }
  // Fills a pot.
  rpc FillPot(FillPotRequest) returns (FillPotResponse) {
    option (google.api.http) = {post: "/v1/pots/{pot_id}/fill", body: "*"};
    option (parlance.policy) = {caller: USER, rate: WRITE};
    option (parlance.errors) = {reasons: [POT_NOT_FOUND]};
    option (parlance.call) = {effect: KEYED, timeout: {seconds: 5}, attempts: 3};
  }
}

// What a pot is made of.
enum PotKind {
  // Not known.
  POT_KIND_UNSPECIFIED = 0;
  // Iron.
  POT_KIND_IRON = 1;
}

// A pot.
message Pot {
  // Unique.
  uint64 pot_id = 1 [(parlance.id) = "PotId"];
  // Since when.
  google.protobuf.Timestamp made_at = 2;
}

// Asks for pots.
message ListPotsRequest {
  // How many.
  uint32 page_size = 1;
  // From where.
  string page_token = 2 [(buf.validate.field).string.max_len = 256];
}
// A page.
message ListPotsResponse {
  // In order.
  repeated Pot pots = 1;
  // For the next page.
  string next_page_token = 2;
}
// Asks for a pot.
message GetPotRequest {
  // Which one.
  uint64 pot_id = 1 [(parlance.id) = "PotId"];
}
// A pot.
message GetPotResponse {
  // The pot.
  Pot pot = 1;
}
// Asks for pots by name.
message LookUpPotsRequest {
  // Which.
  repeated string names = 1 [(buf.validate.field).repeated = {max_items: 9, items: {string: {max_len: 9}}}];
}
// Pots.
message LookUpPotsResponse {
  // Those that there are.
  repeated Pot pots = 1;
}
// Asks to fill a pot.
message FillPotRequest {
  // Which one.
  uint64 pot_id = 1 [(parlance.id) = "PotId"];
  // What to fill in.
  oneof content {
    // Water.
    string water = 2 [(buf.validate.field).string.pattern = "^[a-z]{1,8}$"];
    // Another pot.
    PotKind kind = 3 [(buf.validate.field).enum.defined_only = true];
  }
  // Who may.
  string password = 4 [(parlance.sensitive) = true, (buf.validate.field).string.max_len = 64];
}
// It is full.
message FillPotResponse {}
// A pot boiled over.
message Boiled {
  option (parlance.topic) = {name: "tiny.boiled", key: "pot_id", partitions: 4, retention: {seconds: 60}, dead_letter: "tiny.dead", durability: DISK};
  // Which one.
  uint64 pot_id = 1 [(parlance.id) = "PotId"];
}
// What nobody could clean up.
message Dead {
  option (parlance.topic) = {name: "tiny.dead", key: "pot_id", partitions: 1, retention: {seconds: 60}, durability: DISK};
  // Which one.
  uint64 pot_id = 1 [(parlance.id) = "PotId"];
}
"#;

/// What stands before the shelf.
const POT_REPO: &str = r#"// Keeping pots.
syntax = "proto3";

package tiny.v1;

import "parlance/options.proto";
import "tiny/v1/pots.proto";

// The shelf.
service PotRepo {
  // Keeps a pot.
  rpc KeepPot(KeepPotRequest) returns (KeepPotResponse) {
    option (parlance.policy) = {caller: INTERNAL, rate: UNLIMITED};
    option (parlance.errors) = {};
    option (parlance.call) = {effect: REPEATABLE, timeout: {seconds: 5}, attempts: 3};
  }
  // What stands on a shelf.
  rpc PagePots(PagePotsRequest) returns (PagePotsResponse) {
    option (parlance.policy) = {caller: INTERNAL, rate: UNLIMITED};
    option (parlance.errors) = {};
    option (parlance.call) = {effect: READ, timeout: {seconds: 5}, attempts: 3};
  }
}

// Asks to keep a pot.
message KeepPotRequest {
  // The pot.
  Pot pot = 1;
  // Where.
  string shelf = 2;
}
// It is kept.
message KeepPotResponse {}
// Asks for a page of a shelf.
message PagePotsRequest {
  // Only those behind this one.
  uint64 after_pot_id = 1 [(parlance.id) = "PotId"];
  // At most so many.
  uint32 limit = 2;
}
// A page.
message PagePotsResponse {
  // In order.
  repeated Pot pots = 1;
  // Whether there are more.
  bool more = 2;
}
"#;

/// Where the pots stand if they follow the rules.
pub(crate) const FILE: &str = "tiny/v1/pots.proto";

/// The schema, with the pots in another place if one is given.
pub(crate) fn house(file: &str) -> Tiny {
    let repo = POT_REPO.replace(FILE, file);
    Tiny::empty()
        .reasons(ERRORS)
        .file(file, POTS)
        .file("tiny/v1/pot_repo.proto", &repo)
}

/// What the rules say to the schema after some edits.
pub(crate) fn offences(edits: &[Edit<'_>], file: &str) -> Vec<Offence> {
    let schema = house(file).edited(edits).load();
    lint(&schema.unwrap_or_else(|error| panic!("{edits:?}: {error}")))
}
