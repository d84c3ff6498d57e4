//! Refresh tokens: they name their session, so that the session of a token that was used twice can be closed at once.
//!
//! The names are worth nothing alone: only the hash of the whole token opens anything, and the names are looked at only once the store
//! has known that hash.

use im_schema::ids::{SessionId, UserId};

/// The whole token; `secret` is of 256 random bits, in base64url.
#[must_use]
pub fn compose(user: UserId, session: SessionId, secret: &str) -> String {
    format!("{:x}.{:x}.{secret}", user.0, session.0)
}

/// Whose token this is and of which session, if it has the form of one.
#[must_use]
pub fn names(token: &str) -> Option<(UserId, SessionId)> {
    let mut parts = token.splitn(3, '.');
    let mut number = || u64::from_str_radix(parts.next()?, 16).ok();
    let (user, session) = (number()?, number()?);
    parts.next()?;
    Some((UserId(user), SessionId(session)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_token_names_its_session(user: u64, session: u64, secret in "[A-Za-z0-9_-]{43}") {
            let token = compose(UserId(user), SessionId(session), &secret);
            prop_assert!(token.len() <= 128, "longer than the schema takes");
            prop_assert_eq!(names(&token), Some((UserId(user), SessionId(session))));
        }

        #[test]
        fn anything_can_be_looked_at(token in ".{0,128}") {
            let _ = names(&token);
        }
    }
}
