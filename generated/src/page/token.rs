//! Page tokens: `base64url(version, position, tag)`. The tag is an HMAC over method, caller, the rest of the request and the position.

use super::Signed;
use crate::{failure::Failure, parlance::Reason, rpc};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use prost::Message as _;
use sha2::Sha256;
use std::{fmt, marker::PhantomData};

type Seal = Hmac<Sha256>;

/// Changes with the form of tokens: one of another form is refused, and the client begins again.
const VERSION: u8 = 1;
/// Half of the hash: 128 bits are not guessed.
const TAG: usize = 16;
/// Keeps keys apart that are derived from one secret for several purposes.
const PURPOSE: &[u8] = b"parlance page tokens";

/// Signs and opens page tokens. Cheap to clone. Every server of a deployment needs the same secret.
#[derive(Clone)]
pub struct Keys(Seal);

/// Whose list it is; a token of one is nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// A user's.
    User(u64),
    /// Everybody's.
    Anybody,
    /// A service's.
    Service,
}

/// A page that is asked for.
pub struct Page<L: Signed> {
    /// How many items it has at most; never 0.
    pub size: u32,
    /// Where it begins; none for the first page.
    pub from: Option<L::Position>,
    seal: Seal,
    list: PhantomData<fn(L)>,
}

impl Keys {
    /// Keys that are derived from a secret, which may have other uses.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        let key = keyed(secret).chain_update(PURPOSE).finalize().into_bytes();
        Self(keyed(&key))
    }

    /// The page that a request asks for.
    ///
    /// # Errors
    /// `PAGE_TOKEN_INVALID` if its token was not given to the same caller, by the same list, for a request that is the same but for size
    /// and token.
    pub fn open<L: Signed>(&self, whom: impl Into<Whom>, request: &L) -> Result<Page<L>, Failure> {
        let mut seal = self.0.clone();
        let (kind, id) = match whom.into() {
            Whom::User(user) => (1_u8, user),
            Whom::Anybody => (2, 0),
            Whom::Service => (3, 0),
        };
        let (path, rest) = (L::METHOD.path, request.bare().encode_to_vec());
        seal.update(&[VERSION, kind]);
        seal.update(&id.to_be_bytes());
        // each with its length: no two requests run together into the same bytes
        for part in [path.as_bytes(), &rest] {
            seal.update(&(part.len() as u64).to_be_bytes());
            seal.update(part);
        }
        let from = match request.cursor().as_str() {
            "" => None,
            token => Some(position(&seal, token).ok_or_else(|| Failure::new(Reason::PageTokenInvalid, ""))?),
        };
        Ok(Page {
            size: request.size(),
            from,
            seal,
            list: PhantomData,
        })
    }
}

impl<L: Signed> Page<L> {
    /// The token of the page that begins at `position`; empty if there is none, as the last page says it.
    #[must_use]
    pub fn next(&self, position: Option<&L::Position>) -> String {
        let Some(position) = position else {
            return String::new();
        };
        let mut bytes = vec![VERSION];
        bytes.extend(position.encode_to_vec());
        let tag = self.seal.clone().chain_update(&bytes[1..]).finalize().into_bytes();
        bytes.extend(&tag[..TAG]);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// What a token says, if its tag is right.
fn position<P: prost::Message + Default>(seal: &Seal, token: &str) -> Option<P> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let (&version, signed) = bytes.split_first()?;
    let (position, tag) = signed.split_at_checked(signed.len().checked_sub(TAG)?)?;
    if version != VERSION {
        return None;
    }
    let right = seal.clone().chain_update(position).verify_truncated_left(tag);
    right.ok()?;
    P::decode(position).ok()
}

fn keyed(key: &[u8]) -> Seal {
    Seal::new_from_slice(key).expect("HMAC takes a key of any length")
}

impl From<&rpc::Caller> for Whom {
    fn from(caller: &rpc::Caller) -> Self {
        Self::User(caller.user.into())
    }
}

impl From<&rpc::Visitor> for Whom {
    fn from(_: &rpc::Visitor) -> Self {
        Self::Anybody
    }
}

impl From<&rpc::Peer> for Whom {
    fn from(_: &rpc::Peer) -> Self {
        Self::Service
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

impl<L: Signed> fmt::Debug for Page<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("size", &self.size).finish_non_exhaustive()
    }
}
