//! Services: their methods, who may call them and how often, and the ways to them over HTTP.

/// A service.
#[derive(Debug, Clone)]
pub struct Service {
    /// Full name, e.g. `parlance.v1.MessageService`.
    pub full_name: String,
    /// Last part of the name.
    pub name: String,
    /// Package.
    pub package: String,
    /// File in which it stands.
    pub file: String,
    /// The comment before it.
    pub comment: String,
    /// Methods in order of declaration.
    pub methods: Vec<Method>,
}

/// A method; streaming ones stop the build.
#[derive(Debug, Clone)]
pub struct Method {
    /// Name, e.g. `SendMessage`.
    pub name: String,
    /// Name in Rust, e.g. `send_message`.
    pub rust: String,
    /// The comment before it.
    pub comment: String,
    /// Full name of the request.
    pub request: String,
    /// Full name of the response.
    pub response: String,
    /// Who may call.
    pub access: Access,
    /// How often.
    pub rate: Rate,
    /// Reasons that the handler may give, by name, in order of numbers.
    pub reasons: Vec<String>,
    /// What a repetition does, and how patient clients are.
    pub call: Call,
    /// How it is read in pages, if it is a list.
    pub page: Option<Page>,
    /// Ways to it over HTTP, the additional ones last; empty for methods that REST does not have.
    pub routes: Vec<Route>,
}

/// What a repetition of a call does, and how patient clients are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// What a repetition does.
    pub effect: Effect,
    /// How long a client waits for one attempt, in milliseconds; above 0.
    pub timeout_ms: u64,
    /// How often a client tries in all; 1 for never again.
    pub attempts: u32,
}

/// What the same request does when it comes twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it only reads.
    Read,
    /// It leaves what once leaves.
    Repeatable,
    /// Something else, unless both have the same idempotency key.
    Keyed,
}

/// How a list is read in pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Field of the request with the number of items wanted, a plain uint32.
    pub size: String,
    /// Field of the request with the cursor: a plain string or uint64.
    pub cursor: String,
    /// Field of the response with the next page's cursor, of the same type; its zero value on the last page.
    pub next: String,
    /// Field of the response with the items: repeated messages.
    pub items: String,
    /// How many items for a size of 0; at least 1 and at most `max_size`.
    pub default_size: u32,
    /// How many items at most.
    pub max_size: u32,
    /// Whether the cursor is a string: an opaque token, signed and bound to the request.
    pub signed: bool,
    /// Full name of the message inside a signed cursor; a uint64 if none.
    pub position: Option<String>,
}

/// Who may call a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// A user.
    User,
    /// A user whose token says admin.
    Admin,
    /// Another service.
    Internal,
}

/// Rate classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// Attempts to get in.
    Credentials,
    /// Reading.
    Read,
    /// Changing.
    Write,
    /// Sending messages.
    Send,
    /// Not limited.
    Unlimited,
}

/// A way to a method over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The verb.
    pub verb: Verb,
    /// The path as in the schema, e.g. `/v1/users/{user_id}`; axum takes it as it is.
    pub path: String,
    /// Fields that the path binds, as paths of field names (`conversation_id`, `profile.name`), in order.
    pub parameters: Vec<String>,
    /// What the body is.
    pub body: Body,
    /// Fields that the query may bind, as paths of field names: all scalar, enum, well-known and repeated-scalar leaves that neither path nor body bind.
    pub query: Vec<String>,
}

/// HTTP verbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of HTTP")]
pub enum Verb {
    Get,
    Put,
    Post,
    Delete,
    Patch,
}

/// What the body of a request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// There is none.
    None,
    /// The request, without the fields that the path binds.
    Whole,
    /// One field of the request, by name.
    Field(String),
}
