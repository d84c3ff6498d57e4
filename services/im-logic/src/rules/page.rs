//! Page tokens: where the next page of a list begins. Opaque to clients, and good only for the list that gave them.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use im_schema::{failure::Failure, parlance::Reason};
use sha2::{Digest as _, Sha256};

/// What a token is for. The number is what the list is of: the user, or the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// The conversations of a user.
    Conversations(u64),
    /// The members of a conversation.
    Members(u64),
}

/// Where a page begins; what the two numbers mean is the list's business.
pub type Position = (u64, u64);

const LENGTH: usize = 20;

/// A token for the page that begins at `position`.
#[must_use]
pub fn token(list: List, position: Position) -> String {
    let mut bytes = [0; LENGTH];
    bytes[..8].copy_from_slice(&position.0.to_be_bytes());
    bytes[8..16].copy_from_slice(&position.1.to_be_bytes());
    let checksum = checksum(list, &bytes[..16]);
    bytes[16..].copy_from_slice(&checksum);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Where the page of this token begins; zeros for an empty token, which asks for the first page.
///
/// # Errors
/// `PAGE_TOKEN_INVALID` for anything that [`token`] did not make for the same list.
pub fn position(list: List, token: &str) -> Result<Position, Failure> {
    if token.is_empty() {
        return Ok((0, 0));
    }
    let invalid = || Failure::new(Reason::PageTokenInvalid, "");
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
    let bytes: [u8; LENGTH] = bytes.try_into().map_err(|_| invalid())?;
    let (numbers, sum) = bytes.split_at(16);
    if sum != checksum(list, numbers) {
        return Err(invalid());
    }
    let number = |at: usize| {
        numbers[at..at + 8]
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    };
    Ok((number(0), number(8)))
}

/// Not a secret: it finds mistakes, and nothing is gained by a made-up token that a made-up position would not give.
fn checksum(list: List, numbers: &[u8]) -> [u8; 4] {
    let (kind, owner) = match list {
        List::Conversations(user) => (1_u8, user),
        List::Members(conversation) => (2, conversation),
    };
    let digest = Sha256::new()
        .chain_update([kind])
        .chain_update(owner.to_be_bytes())
        .chain_update(numbers)
        .finalize();
    [digest[0], digest[1], digest[2], digest[3]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_token_is_read_back_by_its_own_list_only(owner: u64, other: u64, position_: (u64, u64)) {
            let list = List::Conversations(owner);
            let token = token(list, position_);
            prop_assert!(token.len() <= 256);
            prop_assert_eq!(position(list, &token).ok(), Some(position_));
            prop_assert!(position(List::Members(owner), &token).is_err());
            prop_assert!(owner == other || position(List::Conversations(other), &token).is_err());
        }

        #[test]
        fn garbage_is_refused(garbage in ".{1,64}") {
            let refused = position(List::Members(1), &garbage).unwrap_err();
            prop_assert_eq!(refused.reason(), Reason::PageTokenInvalid);
        }

        #[test]
        fn a_changed_token_is_refused(position_: (u64, u64), at in 0_usize..26, letter in "[A-Za-z0-9_-]") {
            let list = List::Members(7);
            let token = token(list, position_);
            let mut changed = token.clone();
            changed.replace_range(at..=at, &letter);
            prop_assert!(changed == token || position(list, &changed).is_err());
        }
    }

    #[test]
    fn no_token_is_the_first_page() {
        assert_eq!(position(List::Members(1), "").ok(), Some((0, 0)));
    }
}
