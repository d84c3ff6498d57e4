//! What a call is, whichever transport it came by: a [`Method`], a [`Context`] and a request.

use crate::{
    failure::{Failure, Violation},
    ids::{SessionId, UserId},
    parlance::Reason,
    trace::TraceContext,
};
use std::{
    fmt,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tower::util::BoxCloneSyncService;

/// Who may call a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Everybody, without a token.
    Public,
    /// A user with a valid access token.
    User,
    /// A user whose token says admin.
    Admin,
    /// Another service of this platform.
    Internal,
}

/// How often a method may be called; the limits are configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rate {
    /// Attempts to get in, by address.
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

/// What the same request does when it comes twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing: it only reads.
    Read,
    /// It leaves what once leaves.
    Repeatable,
    /// Something else, unless both have the same idempotency key.
    Keyed,
}

/// What the schema says of a method.
#[derive(Debug, PartialEq, Eq)]
pub struct Method {
    /// Full name of the service, e.g. `parlance.v1.MessageService`.
    pub service: &'static str,
    /// The method's name, e.g. `SendMessage`.
    pub name: &'static str,
    /// Path on gRPC, e.g. `/parlance.v1.MessageService/SendMessage`.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// How often.
    pub rate: Rate,
    /// The reasons that its handler may give.
    pub reasons: &'static [Reason],
    /// What a repetition does.
    pub effect: Effect,
    /// How long a client waits for one attempt.
    pub timeout: Duration,
    /// How often a client tries in all; 1 for never again.
    pub attempts: u32,
}

/// A user on a device, as the access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub user: UserId,
    /// In which session.
    pub session: SessionId,
    /// On which device.
    pub device: Arc<str>,
    /// Whether the token says admin.
    pub admin: bool,
    /// When the token ends, in milliseconds since 1970.
    pub expires_at_ms: u64,
}

/// Who is behind a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Identity {
    /// Nobody has been made out.
    #[default]
    Anonymous,
    /// A user.
    User(Caller),
    /// A service of this platform.
    Service,
}

/// A caller of a public method: all that is known is the address.
#[derive(Debug, Clone, Default)]
pub struct Visitor {
    /// Where the call came from, if it came over a network.
    pub address: Option<IpAddr>,
}

/// A caller of an internal method.
#[derive(Debug, Clone, Copy)]
pub struct Peer;

/// What comes with a request. `Debug` does not show the token.
#[derive(Clone, Default)]
pub struct Context {
    /// Who is behind the call; set by the authentication layer from `token`, or by who has authenticated already.
    pub identity: Identity,
    /// The bearer token, not yet verified.
    pub token: Option<Arc<str>>,
    /// Where the call came from.
    pub address: Option<IpAddr>,
    /// When the caller stops waiting.
    pub deadline: Option<Instant>,
    /// Makes a repetition of the call recognisable as one. Chosen by the client, new for each call and the same for each attempt. Heeded for
    /// methods of [`Effect::Keyed`]; see [`idempotency_key`] for its form.
    pub idempotency_key: Option<Arc<str>>,
    /// What another service of the platform says of a call that it makes or hands on; not yet verified on the side that is called.
    pub voucher: Option<Arc<Voucher>>,
    /// The trace that the call belongs to, if it came over a network and that is recorded; within a process the task knows, see
    /// [`TraceContext::current`]. Only to be believed of a service of this platform.
    pub trace: Option<TraceContext>,
}

/// What a service of the platform says of who is behind a call. To be believed if the token is the platform's own. Has no `Debug`: the token is a
/// secret.
pub struct Voucher {
    /// The token that services of the platform know each other by.
    pub token: Arc<str>,
    /// Who is behind the call.
    pub identity: Identity,
    /// Where the call came from at first.
    pub address: Option<IpAddr>,
}

/// An idempotency key as a client sent it: 1 to 128 visible characters of ASCII. It is best a random UUID.
///
/// # Errors
/// `INVALID_ARGUMENT` for anything else; `field` is the name of the header that it came in.
pub fn idempotency_key(field: &str, text: &[u8]) -> Result<Arc<str>, Failure> {
    let visible = std::str::from_utf8(text)
        .ok()
        .filter(|key| (1..=128).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()));
    visible.map(Into::into).ok_or_else(|| {
        Failure::violations(vec![Violation {
            field: field.to_owned(),
            rule: "idempotency_key",
            message: "must be 1 to 128 visible characters of ASCII".into(),
        }])
    })
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("identity", &self.identity)
            .field("token", &self.token.as_ref().map(|_| format_args!("…")))
            .field("address", &self.address)
            .field("deadline", &self.deadline)
            .field("trace", &self.trace)
            // whoever knows it gets the answer that is remembered under it
            .field(
                "idempotency_key",
                &self.idempotency_key.as_ref().map(|_| format_args!("…")),
            )
            .field("voucher", &self.voucher.as_ref().map(|_| format_args!("…")))
            .finish()
    }
}

impl Context {
    /// A call from one service to another in this process.
    #[must_use]
    pub fn internal() -> Self {
        Self {
            identity: Identity::Service,
            ..Self::default()
        }
    }

    /// A call of a user who has been authenticated.
    #[must_use]
    pub fn user(caller: Caller) -> Self {
        Self {
            identity: Identity::User(caller),
            ..Self::default()
        }
    }

    /// A call with a bearer token that has yet to be verified.
    #[must_use]
    pub fn bearer(token: impl Into<Arc<str>>) -> Self {
        Self {
            token: Some(token.into()),
            ..Self::default()
        }
    }

    /// The caller, for a method of [`Access::User`] or [`Access::Admin`].
    ///
    /// # Errors
    /// `UNAUTHENTICATED` if no user stands behind the call.
    pub fn caller(&self) -> Result<Caller, Failure> {
        match &self.identity {
            Identity::User(caller) => Ok(caller.clone()),
            _ => Err(Failure::new(Reason::Unauthenticated, "this call needs an access token")),
        }
    }

    /// The peer, for a method of [`Access::Internal`].
    ///
    /// # Errors
    /// `PERMISSION_DENIED` if no service stands behind the call.
    pub fn peer(&self) -> Result<Peer, Failure> {
        match &self.identity {
            Identity::Service => Ok(Peer),
            _ => Err(Failure::new(
                Reason::PermissionDenied,
                "this call is for services of the platform",
            )),
        }
    }

    /// The caller of a public method.
    #[must_use]
    pub fn visitor(&self) -> Visitor {
        Visitor { address: self.address }
    }
}

/// A request on its way through the layers. `R` is the generated enum of all requests of a service.
#[derive(Debug, Clone)]
pub struct Call<R> {
    /// What is called.
    pub method: &'static Method,
    /// What comes with it.
    pub context: Context,
    /// What is asked.
    pub request: R,
}

/// A service behind its layers.
pub type Stack<R, A> = BoxCloneSyncService<Call<R>, A, Failure>;

/// Waits until a service is ready, then calls it.
///
/// # Errors
/// Those of the service.
pub async fn send<R, A>(stack: &Stack<R, A>, call: Call<R>) -> Result<A, Failure> {
    tower::ServiceExt::oneshot(stack.clone(), call).await
}

/// What a client says if a layer answered with the response of another method.
#[must_use]
pub fn answer_of_another(method: &Method) -> Failure {
    Failure::new(
        Reason::Internal,
        format!("the answer to {} is that of another method", method.name),
    )
}

/// Any request or answer of a service as the bytes of its message; generated. The same message is the same bytes.
pub trait Encode {
    /// The bytes.
    fn encode(&self) -> Vec<u8>;
}

/// Any answer of a service, from the bytes of its message; generated.
pub trait Decode: Sized {
    /// The answer to `method`.
    ///
    /// # Errors
    /// `INTERNAL` for bytes that are none.
    fn decode(method: &Method, bytes: &[u8]) -> Result<Self, Failure>;
}

/// Rules of the schema, compiled.
pub trait Validate {
    /// Appends every rule that `self` breaks, with field paths relative to `self`.
    fn check(&self, out: &mut Vec<Violation>);

    /// All broken rules at once.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with a violation for each broken rule.
    fn validate(&self) -> Result<(), Failure> {
        let mut out = Vec::new();
        self.check(&mut out);
        if out.is_empty() {
            Ok(())
        } else {
            Err(Failure::violations(out))
        }
    }
}
