//! What the idempotency layer remembers, in kv. An answer may hold tokens and a request a password, so nothing of them can be read there:
//! names and fingerprints are keyed hashes, answers are encrypted under a key that takes the client's idempotency key to derive.

use crate::kv::{Kv, KvError};
use bytes::Bytes;
use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit as _,
    aead::{Aead as _, Payload},
};
use hmac::{Hmac, Mac};
use im_schema::{
    failure::Failure,
    rpc::{Call, Decode, Encode, Identity, Method},
    v1::Problem,
};
use prost::Message as _;
use sha2::Sha256;
use std::{fmt::Write as _, sync::Arc, time::Duration};
use tokio::time::{Instant, timeout_at};

type Seal = Hmac<Sha256>;
type Hash = [u8; 32];

/// A call that is not answered after so long has lost its process: its key is free again.
pub(super) const LONGEST_WORK: Duration = Duration::from_secs(60);
/// Who waits for a call that is at work looks again after so long without a notice: one may get lost, and a process that dies gives none.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Keeps keys apart that are derived from one secret for several purposes.
const PURPOSE: &[u8] = b"parlance idempotency";
const AT_WORK: u8 = 0;
const ANSWERED: u8 = 1;
const NONCE: usize = 12;

/// Remembers the answers to calls by their idempotency keys. Cheap to clone.
#[derive(Clone)]
pub struct Memory {
    kv: Arc<dyn Kv>,
    seal: Seal,
    window: Duration,
}

/// The place of one call in the memory.
pub(super) struct Entry {
    method: &'static Method,
    /// Its name in kv.
    pub(super) name: String,
    key: Hash,
    pub(super) fingerprint: Hash,
}

/// What the memory knows of a call.
pub(super) enum Claim<A> {
    /// Nothing; now it knows that the call is at work.
    New,
    /// The answer that it got.
    Answered(Result<A, Failure>),
    /// It is at work and has no answer yet.
    AtWork,
    /// The key was used for another request.
    OfAnother,
    /// The memory is away; the call is made all the same, as one without a key would be.
    NoMemory,
}

impl Memory {
    /// Remembers in `kv` for the time of `window`. All processes of a deployment need the same `secret`, which may have other uses.
    #[must_use]
    pub fn new(kv: Arc<dyn Kv>, secret: &[u8], window: Duration) -> Self {
        let key = keyed(secret).chain_update(PURPOSE).finalize().into_bytes();
        Self {
            kv,
            seal: keyed(&key),
            window,
        }
    }

    /// The place of a call: that of its method, its caller and its key.
    pub(super) fn entry<R: Encode>(&self, call: &Call<R>, key: &str) -> Entry {
        let (kind, user) = match &call.context.identity {
            Identity::Anonymous => (1_u8, 0),
            Identity::User(caller) => (2, caller.user.into()),
            Identity::Service => (3, 0_u64),
        };
        let hash = |purpose: &[u8], parts: &[&[u8]]| -> Hash {
            let mut seal = self.seal.clone();
            // each with its length: no two lists of parts run together into the same bytes
            for part in [&[purpose], parts].concat() {
                seal.update(&(part.len() as u64).to_be_bytes());
                seal.update(part);
            }
            seal.finalize().into_bytes().into()
        };
        let place: [&[u8]; 4] = [
            call.method.path.as_bytes(),
            &[kind],
            &user.to_be_bytes(),
            key.as_bytes(),
        ];
        let mut name = String::from("idempotency:");
        for byte in hash(b"name", &place) {
            write!(name, "{byte:02x}").expect("a string takes all");
        }
        Entry {
            method: call.method,
            name,
            key: hash(b"answer", &place),
            fingerprint: hash(b"request", &[&call.request.encode()]),
        }
    }

    /// Claims a place, or says what stands there. While a call is at work there, waits for its end, which frees the place or puts an answer
    /// there; after `until` it is told as being at work.
    pub(super) async fn claim<A: Decode>(&self, entry: &Entry, until: Instant) -> Claim<A> {
        match self.try_claim(entry).await {
            // a memory that goes away now does not make the call a new one
            Ok(Claim::AtWork) => self.wait(entry, until).await.unwrap_or_else(|error| {
                error.log("not waited for the call that came first: the memory is away");
                Claim::AtWork
            }),
            Ok(claim) => claim,
            Err(error) => {
                error.log("idempotency key not heeded: the memory is away");
                Claim::NoMemory
            }
        }
    }

    async fn try_claim<A: Decode>(&self, entry: &Entry) -> Result<Claim<A>, KvError> {
        let mut bytes = vec![AT_WORK];
        bytes.extend(entry.fingerprint);
        let claim = [(entry.name.clone(), Bytes::from(bytes))];
        // what stood there may end between the two looks, so once more
        for _ in 0..2 {
            if self.kv.set_if_absent(&claim, Some(LONGEST_WORK)).await? == [true] {
                return Ok(Claim::New);
            }
            if let Some(found) = self.kv.get(&entry.name).await? {
                return Ok(entry.read(&found));
            }
        }
        Ok(Claim::AtWork)
    }

    async fn wait<A: Decode>(&self, entry: &Entry, until: Instant) -> Result<Claim<A>, KvError> {
        // before the next look: what ends between the two is told
        let mut notices = self.kv.subscribe(&entry.name).await?;
        loop {
            let claim = self.try_claim(entry).await?;
            let now = Instant::now();
            if now >= until || !matches!(claim, Claim::AtWork) {
                return Ok(claim);
            }
            // only this may be cut short: a claim that nobody hears of would block the place
            if let Ok(None) = timeout_at(until.min(now + LOOK_AGAIN), notices.next()).await {
                return Ok(Claim::AtWork);
            }
        }
    }

    /// Remembers an answer that [`Entry::write`] wrote. Without, the place becomes free by itself.
    pub(super) async fn keep(&self, entry: &Entry, bytes: Bytes) {
        if let Err(error) = self.kv.set(&entry.name, bytes, Some(self.window)).await {
            error.log("answer not remembered");
        }
        self.notify(entry).await;
    }

    /// Makes the place free.
    pub(super) async fn forget(&self, entry: &Entry) {
        if let Err(error) = self.kv.delete(std::slice::from_ref(&entry.name)).await {
            error.log("idempotency key not freed");
        }
        self.notify(entry).await;
    }

    /// Wakes those who wait for the end of a call, in whichever process; what it came to they read by themselves.
    async fn notify(&self, entry: &Entry) {
        if let Err(error) = self.kv.publish(&entry.name, Bytes::new()).await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "those who wait look again by themselves"
            );
        }
    }
}

impl Entry {
    /// An answer as the memory keeps it.
    pub(super) fn write<A: Encode>(&self, outcome: &Result<A, Failure>) -> Bytes {
        let plain = match outcome {
            Ok(answer) => [&[1], answer.encode().as_slice()].concat(),
            Err(failure) => [&[0], failure.problem().encode_to_vec().as_slice()].concat(),
        };
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload {
            msg: &plain,
            aad: &self.fingerprint,
        };
        let sealed = ChaCha20Poly1305::new(&self.key.into())
            .encrypt(&nonce.into(), payload)
            .expect("an answer is far below the 256 GiB that the cipher takes");
        [&[ANSWERED], &self.fingerprint[..], &nonce, &sealed].concat().into()
    }

    fn read<A: Decode>(&self, bytes: &[u8]) -> Claim<A> {
        let (kind, rest) = bytes.split_at_checked(1).unwrap_or_default();
        let (fingerprint, rest) = rest.split_at_checked(self.fingerprint.len()).unwrap_or_default();
        if fingerprint != self.fingerprint {
            return Claim::OfAnother;
        }
        if kind == [AT_WORK] {
            return Claim::AtWork;
        }
        Claim::Answered(
            self.open(rest)
                .unwrap_or_else(|| Err(Failure::internal("the remembered answer cannot be read"))),
        )
    }

    fn open<A: Decode>(&self, sealed: &[u8]) -> Option<Result<A, Failure>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let payload = Payload {
            msg: sealed,
            aad: &self.fingerprint,
        };
        let cipher = ChaCha20Poly1305::new(&self.key.into());
        let plain = cipher.decrypt(&(*nonce).into(), payload).ok()?;
        let (went_well, bytes) = plain.split_first()?;
        Some(if *went_well == 1 {
            A::decode(self.method, bytes)
        } else {
            Err(Failure::from_problem(&Problem::decode(bytes).ok()?))
        })
    }
}

fn keyed(key: &[u8]) -> Seal {
    <Seal as Mac>::new_from_slice(key).expect("HMAC takes a key of any length")
}
