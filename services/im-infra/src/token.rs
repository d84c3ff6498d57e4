//! Access tokens (JWT, HS256), refresh tokens and the token by which services of one deployment know each other.
//!
//! The clock is the caller's: nothing here reads the time, and there is no leeway.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::ErrorKind};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// A secret must have at least so many bytes.
pub const MIN_SECRET_BYTES: usize = 32;
/// The bytes of a SHA-256 hash.
pub type Hash = [u8; 32];

/// What an access token says about its bearer. Times are in seconds since 1970, as JWT wants them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessClaims {
    /// The user (`sub`).
    pub user_id: u64,
    /// The device (`did`).
    pub device_id: String,
    /// The session, which log-out ends (`sid`).
    pub session_id: String,
    /// When it was issued (`iat`).
    pub issued_at: u64,
    /// From this second on it is no longer valid (`exp`).
    pub expires_at: u64,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token, or one without a needed claim.
    #[error("the token is malformed")]
    Malformed,
    /// It was valid once.
    #[error("the token has expired")]
    Expired,
    /// Signed with another secret or by another method.
    #[error("the token's signature is wrong")]
    WrongSignature,
    /// Made by somebody else, or for somebody else.
    #[error("the token was issued elsewhere or for another audience")]
    WrongAudience,
}

/// The secret has fewer than [`MIN_SECRET_BYTES`] bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret of {actual} bytes is too short, {MIN_SECRET_BYTES} are needed")]
pub struct WeakSecret {
    /// How many it has.
    pub actual: usize,
}

/// Signs and verifies access tokens.
#[derive(Clone)]
pub struct TokenKeys {
    issuer: String,
    audience: String,
    signing: EncodingKey,
    // The signing key's own first, then those that were used before it.
    verifying: Vec<DecodingKey>,
    validation: Validation,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    sub: String,
    did: String,
    sid: String,
    iat: u64,
    exp: u64,
    iss: String,
    aud: String,
}

impl TokenKeys {
    /// Keys that sign with `secret` in the name of `issuer` for `audience`.
    ///
    /// # Errors
    /// [`WeakSecret`] if the secret is shorter than [`MIN_SECRET_BYTES`].
    pub fn new(secret: &[u8], issuer: impl Into<String>, audience: impl Into<String>) -> Result<Self, WeakSecret> {
        let (issuer, audience) = (issuer.into(), audience.into());
        let mut validation = Validation::new(Algorithm::HS256);
        // Expiry is judged in `verify`, against the time that the caller gives.
        validation.validate_exp = false;
        validation.leeway = 0;
        validation.set_issuer(&[&issuer]);
        validation.set_audience(&[&audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let keys = Self {
            issuer,
            audience,
            signing: EncodingKey::from_secret(long_enough(secret)?),
            verifying: vec![DecodingKey::from_secret(secret)],
            validation,
        };
        Ok(keys)
    }

    /// Also accepts tokens that were signed with an older secret: for changing secrets without logging everybody out.
    ///
    /// # Errors
    /// [`WeakSecret`] if the secret is shorter than [`MIN_SECRET_BYTES`].
    pub fn with_previous(mut self, secret: &[u8]) -> Result<Self, WeakSecret> {
        self.verifying.push(DecodingKey::from_secret(long_enough(secret)?));
        Ok(self)
    }

    /// A signed token that says `claims`.
    #[must_use]
    pub fn issue(&self, claims: &AccessClaims) -> String {
        let wire = Wire {
            sub: claims.user_id.to_string(),
            did: claims.device_id.clone(),
            sid: claims.session_id.clone(),
            iat: claims.issued_at,
            exp: claims.expires_at,
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &wire, &self.signing)
            .expect("strings and numbers can be written as JSON, and HMAC takes a key of any length")
    }

    /// What a valid token says. It is expired when `now_ms` (milliseconds since 1970) has reached its `exp`, to the millisecond.
    ///
    /// # Errors
    /// [`TokenError`] says what is wrong with it; the signature is judged before anything that it signs.
    pub fn verify(&self, token: &str, now_ms: u64) -> Result<AccessClaims, TokenError> {
        let mut verdict = TokenError::Malformed;
        for key in &self.verifying {
            match jsonwebtoken::decode::<Wire>(token, key, &self.validation) {
                Ok(data) => return accept(data.claims, now_ms),
                Err(error) => verdict = TokenError::from(error.kind()),
            }
            if verdict != TokenError::WrongSignature {
                break;
            }
        }
        Err(verdict)
    }
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKeys")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

fn accept(wire: Wire, now_ms: u64) -> Result<AccessClaims, TokenError> {
    let user_id = wire.sub.parse().map_err(|_| TokenError::Malformed)?;
    if now_ms >= wire.exp.saturating_mul(1_000) {
        return Err(TokenError::Expired);
    }
    Ok(AccessClaims {
        user_id,
        device_id: wire.did,
        session_id: wire.sid,
        issued_at: wire.iat,
        expires_at: wire.exp,
    })
}

fn long_enough(secret: &[u8]) -> Result<&[u8], WeakSecret> {
    if secret.len() < MIN_SECRET_BYTES {
        Err(WeakSecret { actual: secret.len() })
    } else {
        Ok(secret)
    }
}

impl From<&ErrorKind> for TokenError {
    fn from(kind: &ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => Self::WrongSignature,
            ErrorKind::InvalidIssuer | ErrorKind::InvalidAudience => Self::WrongAudience,
            _ => Self::Malformed,
        }
    }
}

/// A fresh secret of 256 bits, for signing or as a service token's text in base64url.
#[must_use]
pub fn random_secret() -> Hash {
    rand::random()
}

/// A fresh refresh token: 256 random bits in base64url without padding (43 characters). Says nothing about its bearer.
#[must_use]
pub fn new_refresh_token() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(random_secret())
}

/// What is stored of a refresh token in its stead. No salt is needed: there is nothing to guess in 256 random bits.
#[must_use]
pub fn refresh_token_hash(token: &str) -> Hash {
    Sha256::digest(token).into()
}

/// The token by which services of one deployment know each other. Only its hash is kept.
#[derive(Clone)]
pub struct ServiceToken {
    hash: Hash,
}

impl ServiceToken {
    /// Accepts exactly `token`.
    ///
    /// # Errors
    /// [`WeakSecret`] if it is shorter than [`MIN_SECRET_BYTES`].
    pub fn new(token: &str) -> Result<Self, WeakSecret> {
        Ok(Self {
            hash: Sha256::digest(long_enough(token.as_bytes())?).into(),
        })
    }

    /// Whether this is the token. Takes the same time wherever the two differ.
    #[must_use]
    pub fn matches(&self, presented: &str) -> bool {
        let presented: Hash = Sha256::digest(presented).into();
        self.hash.ct_eq(&presented).into()
    }
}

impl fmt::Debug for ServiceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
    const OTHER: &[u8] = b"another secret of thirty-two bytes";

    fn keys() -> TokenKeys {
        TokenKeys::new(SECRET, "parlance", "clients").unwrap()
    }

    fn claims() -> AccessClaims {
        AccessClaims {
            user_id: u64::MAX,
            device_id: "laptop".into(),
            session_id: "s-1".into(),
            issued_at: 1_000,
            expires_at: 2_000,
        }
    }

    #[test]
    fn what_was_issued_is_verified() {
        assert_eq!(keys().verify(&keys().issue(&claims()), 1_500_000), Ok(claims()));
    }

    #[test]
    fn a_token_expires_to_the_millisecond() {
        let token = keys().issue(&claims());
        assert_eq!(keys().verify(&token, 1_999_999), Ok(claims()));
        assert_eq!(keys().verify(&token, 2_000_000), Err(TokenError::Expired));
    }

    #[test]
    fn another_secret_issuer_or_audience_is_refused() {
        let token = TokenKeys::new(OTHER, "parlance", "clients").unwrap().issue(&claims());
        assert_eq!(keys().verify(&token, 0), Err(TokenError::WrongSignature));
        for (issuer, audience) in [("mallory", "clients"), ("parlance", "admins")] {
            let token = TokenKeys::new(SECRET, issuer, audience).unwrap().issue(&claims());
            assert_eq!(keys().verify(&token, 0), Err(TokenError::WrongAudience));
        }
    }

    #[test]
    fn a_changed_secret_still_accepts_the_older_one() {
        let old = keys().issue(&claims());
        let rotated = TokenKeys::new(OTHER, "parlance", "clients").unwrap();
        assert_eq!(rotated.verify(&old, 0), Err(TokenError::WrongSignature));
        let rotated = rotated.with_previous(SECRET).unwrap();
        assert_eq!(rotated.verify(&old, 0), Ok(claims()));
        assert_eq!(rotated.verify(&old, 2_000_000), Err(TokenError::Expired));
        assert_eq!(rotated.verify(&rotated.issue(&claims()), 0), Ok(claims()));
    }

    #[test]
    fn rubbish_is_malformed_and_tampering_is_noticed() {
        for rubbish in ["", "a", "a.b.c", "....", "eyJhbGciOiJIUzI1NiJ9.e30."] {
            let verdict = keys().verify(rubbish, 0).unwrap_err();
            assert!(
                matches!(verdict, TokenError::Malformed | TokenError::WrongSignature),
                "{rubbish}: {verdict}"
            );
        }
        let unsigned = format!(
            "{}.{}.",
            BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
            BASE64_URL_SAFE_NO_PAD.encode("{}")
        );
        assert!(keys().verify(&unsigned, 0).is_err());
        let token = keys().issue(&claims());
        let mut parts: Vec<&str> = token.split('.').collect();
        let forged = BASE64_URL_SAFE_NO_PAD
            .encode(r#"{"sub":"1","did":"d","sid":"s","iat":0,"exp":9999,"iss":"parlance","aud":"clients"}"#);
        parts[1] = &forged;
        assert_eq!(keys().verify(&parts.join("."), 0), Err(TokenError::WrongSignature));
    }

    #[test]
    fn short_secrets_are_refused() {
        assert_eq!(
            TokenKeys::new(b"short", "i", "a").unwrap_err(),
            WeakSecret { actual: 5 }
        );
        assert!(ServiceToken::new("short").is_err());
    }

    #[test]
    fn refresh_tokens_are_long_distinct_and_hashed() {
        let (one, two) = (new_refresh_token(), new_refresh_token());
        assert_eq!(one.len(), 43);
        assert_ne!(one, two);
        assert_eq!(refresh_token_hash(&one), refresh_token_hash(&one));
        assert_ne!(refresh_token_hash(&one), refresh_token_hash(&two));
    }

    #[test]
    fn a_service_token_matches_only_itself() {
        let text = "a service token of thirty-two bytes or more";
        let token = ServiceToken::new(text).unwrap();
        assert!(token.matches(text));
        assert!(!token.matches(""));
        assert!(!token.matches("a service token of thirty-two bytes or morE"));
        assert_eq!(format!("{token:?}"), "ServiceToken(..)");
    }
}
