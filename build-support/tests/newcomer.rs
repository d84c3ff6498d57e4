//! What README.md tells a newcomer, done as it stands there: its diff applied to a copy of the schema, its edits that are stopped, and the
//! very words that it says they are stopped with.

use build_support::{
    Artefact, artefacts,
    compare::{baseline::baselines, judge},
    emit::EMITTERS,
    lint::lint,
    load,
    model::Schema,
};
use std::{fs, path::Path};
use tempfile::TempDir;

const README: &str = include_str!("../README.md");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The blocks of the page in one language.
fn blocks(language: &str) -> Vec<&'static str> {
    let opened = README.split(language).skip(1);
    opened.filter_map(|rest| Some(rest.split_once("\n```")?.0)).collect()
}

/// A change of the page's diff: the file, what stands there, what is to stand there.
struct Hunk {
    file: String,
    old: String,
    new: String,
}

fn hunks() -> Vec<Hunk> {
    let [diff] = blocks("```diff\n")[..] else {
        panic!("the page has one diff")
    };
    let mut file = String::new();
    let mut found = Vec::new();
    for part in diff.split("\n@@\n") {
        let (mut old, mut new) = (String::new(), String::new());
        let (body, next) = part.split_once("--- a/").unwrap_or((part, ""));
        for line in body.lines() {
            let (sign, text) = line.split_at(1);
            for side in [(sign != "+").then_some(&mut old), (sign != "-").then_some(&mut new)] {
                side.into_iter().for_each(|side| *side += &format!("{text}\n"));
            }
        }
        if !body.is_empty() {
            let file = file.clone();
            found.push(Hunk { file, old, new });
        }
        if let Some((_, name)) = next.split_once("+++ b/") {
            file = name.to_owned();
        }
    }
    found
}

/// A copy of the schema, with its releases.
struct Tree(TempDir);

impl Tree {
    fn new() -> Self {
        let tree = Self(tempfile::tempdir().expect("a folder"));
        copy(&Path::new(ROOT).join("schema"), &tree.0.path().join("schema"));
        tree
    }

    fn edit(&self, file: &str, old: &str, new: &str) {
        let path = self.0.path().join(file);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(text.matches(old).count(), 1, "{file} has this once: {old}");
        fs::write(path, text.replace(old, new)).expect("the copy can be written");
    }

    /// With the RPC of the page.
    fn with_the_rpc() -> Self {
        let tree = Self::new();
        for hunk in hunks().iter().filter(|hunk| hunk.file.starts_with("schema/")) {
            tree.edit(&hunk.file, &hunk.old, &hunk.new);
        }
        tree
    }

    /// Its schema, which neither gate nor lint have a word against.
    fn clean(&self) -> Schema {
        let schema = load(self.0.path().join("schema")).unwrap_or_else(|error| panic!("{error}"));
        let verdict = self.verdict(&schema);
        assert_eq!(verdict, "");
        let offences: String = lint(&schema).iter().map(|offence| format!("{offence}\n")).collect();
        assert_eq!(offences, "");
        schema
    }

    fn verdict(&self, schema: &Schema) -> String {
        let releases = baselines(self.0.path().join("schema")).unwrap_or_else(|error| panic!("{error}"));
        judge(schema, &releases).to_string()
    }

    /// The file that others read, as it would be written.
    fn artefact(&self, name: &str) -> String {
        let all = artefacts(self.0.path()).unwrap_or_else(|error| panic!("{error}"));
        let path = self.0.path().join(name);
        let found = all.into_iter().find(|Artefact { path: its, .. }| *its == path);
        found.unwrap_or_else(|| panic!("there is no {name}")).content
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the schema") {
        let path = entry.expect("the schema").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}

fn emitted(schema: &Schema, file: &str) -> String {
    let emitter = EMITTERS.iter().find(|emitter| emitter.file == file);
    let source = emitter.expect("an emitter of this name").source(schema);
    source.unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn says(text: &str, words: &str) {
    assert!(text.contains(words), "`{words}` is missing in:\n{text}");
}

#[test]
fn the_rpc_of_the_page_needs_the_schema_and_one_handler() {
    let hunks = hunks();
    let mut files: Vec<&str> = hunks.iter().map(|hunk| hunk.file.as_str()).collect();
    files.dedup();
    assert_eq!(
        files,
        ["schema/parlance/v1/user.proto", "services/im-logic/src/api/user.rs"]
    );
    for hunk in &hunks {
        let text = fs::read_to_string(Path::new(ROOT).join(&hunk.file)).expect("a file of the project");
        assert_eq!(
            text.matches(&hunk.old).count(),
            1,
            "{} has this once: {}",
            hunk.file,
            hunk.old
        );
    }
}

#[test]
fn the_rpc_of_the_page_arrives_on_every_surface() {
    let tree = Tree::with_the_rpc();
    let schema = tree.clean();
    says(
        &emitted(&schema, "messages.rs"),
        "\"/parlance.v1.UserService/GetUserByName\"",
    );
    says(&emitted(&schema, "rest.rs"), "\"/v1/user-names/{name}\"");
    let services = emitted(&schema, "services.rs");
    says(&services, "async fn get_user_by_name(");
    let policies = services.split("static METHODS").nth(1).expect("the table of policies");
    says(policies, "GET_USER_BY_NAME");
    let document = tree.artefact("openapi/openapi.json");
    let document: serde_json::Value = serde_json::from_str(&document).expect("it is JSON");
    assert_eq!(
        document["paths"]["/v1/user-names/{name}"]["get"]["operationId"],
        "getUserByName"
    );
    says(
        &tree.artefact("generated/typescript/src/gen/services.ts"),
        "getUserByName(",
    );
    let page = tree.artefact("openapi/reference/calls/GetUserByName.md");
    for sample in ["/v1/user-names/ada", "### curl", "### grpcurl", "### TypeScript"] {
        says(&page, sample);
    }
}

#[test]
fn a_frame_arrives_on_every_surface() {
    let tree = Tree::with_the_rpc();
    let frames = "schema/parlance/v1/frames.proto";
    let pair = |message: &str, option: &str| {
        format!("// A user by name.\n    {message} get_user_by_name = 60 [(frame) = {option}];\n    ")
    };
    let last = "// Looks users up.\n    ";
    tree.edit(
        frames,
        &format!("{last}LookUpUsersRequest"),
        &format!(
            "{}{last}LookUpUsersRequest",
            pair(
                "GetUserByNameRequest",
                "{rpc: \"parlance.v1.UserService.GetUserByName\", reply: \"get_user_by_name\"}"
            )
        ),
    );
    let text = fs::read_to_string(tree.0.path().join(frames)).expect("the copy");
    let (before, _) = text
        .split_once("LookUpUsersResponse look_up_users")
        .expect("the answer");
    let (_, comment) = before.rsplit_once("\n    // ").expect("its comment");
    let answer = format!("    // {comment}LookUpUsersResponse look_up_users");
    let more = pair("GetUserByNameResponse", "{}");
    tree.edit(frames, &answer, &format!("    {more}{}", answer.trim_start()));

    let schema = tree.clean();
    says(&emitted(&schema, "frames.rs"), "\"get_user_by_name\"");
    says(&tree.artefact("openapi/asyncapi.json"), "GetUserByNameRequest");
    says(
        &tree.artefact("openapi/reference/calls/GetUserByName.md"),
        "### WebSocket",
    );
    says(
        &tree.artefact("generated/typescript/src/gen/frames.ts"),
        "getUserByName",
    );
}

#[test]
fn a_topic_arrives_on_every_surface() {
    let tree = Tree::new();
    let last = "// A record that could not be processed, with its cause.\n";
    let topic = r#"// A message was pinned.
message Pinned {
  option (topic) = {
    name: "parlance.pinned"
    key: "conversation_id"
    partitions: 8
    retention: {seconds: 86400}
    dead_letter: "parlance.dead"
    durability: DISK
  };
  // In which conversation.
  uint64 conversation_id = 1 [(id) = "ConversationId"];
}

"#;
    let file = "schema/parlance/internal/v1/topics.proto";
    tree.edit(file, last, &format!("{topic}{last}"));
    let schema = tree.clean();
    says(&emitted(&schema, "topics.rs"), "\"parlance.pinned\"");
    says(&tree.artefact("openapi/asyncapi.json"), "\"parlance.pinned\"");
}

/// Fails unless the gate says to an edit what the page says that it does.
fn stopped(file: &str, old: &str, new: &str, change: &str) {
    let tree = Tree::new();
    tree.edit(file, old, new);
    let schema = load(tree.0.path().join("schema")).unwrap_or_else(|error| panic!("{error}"));
    let verdict = tree.verdict(&schema);
    let told = blocks("```text\n").into_iter().find(|block| block.contains(change));
    says(&verdict, told.unwrap_or_else(|| panic!("the page shows {change}")));
}

#[test]
fn who_renames_a_field_is_stopped_in_the_words_of_the_page() {
    stopped(
        "schema/parlance/v1/user.proto",
        "string about = 4",
        "string story = 4",
        "field-renamed",
    );
}

#[test]
fn who_loosens_a_policy_is_stopped_in_the_words_of_the_page() {
    let method = "rpc GetConversation(GetConversationRequest) returns (GetConversationResponse) {\n    option (google.api.http) = {get: \"/v1/conversations/{conversation_id}\"};\n    option (policy) = {\n      caller: ";
    stopped(
        "schema/parlance/v1/conversation.proto",
        &format!("{method}USER"),
        &format!("{method}PUBLIC"),
        "policy-loosened",
    );
}
