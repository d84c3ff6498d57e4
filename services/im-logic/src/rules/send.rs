//! Whether a message may be stored.

use im_schema::{failure::Failure, parlance::Reason, v1::MemberRole};

/// How far a client's message id may be ahead of the server's clock, in milliseconds.
pub const MAX_AHEAD_MS: u64 = 60_000;
/// How old a client's message id may be, in milliseconds: 30 days.
pub const MAX_AGE_MS: u64 = 30 * 24 * 60 * 60 * 1_000;

/// What a user is to a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A member in this role.
    Member(MemberRole),
    /// Not a member, or there is no such conversation: nobody but its members is told which.
    Stranger,
}

impl Standing {
    /// The role, for a member.
    #[must_use]
    pub fn role(self) -> Option<MemberRole> {
        match self {
            Self::Member(role) => Some(role),
            Self::Stranger => None,
        }
    }
}

/// Why a message is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The sender is not a member.
    NotAMember,
    /// The id is no version 7 UUID, or its time is too far from the server's.
    OutOfTime,
}

impl Refusal {
    /// The same for a client.
    #[must_use]
    pub fn failure(self) -> Failure {
        match self {
            Self::NotAMember => Failure::new(Reason::NotAMember, ""),
            Self::OutOfTime => Failure::new(Reason::MessageIdOutOfTime, ""),
        }
    }
}

/// When the client made this id, in milliseconds since 1970; `None` if it is no version 7 UUID of 16 bytes.
#[must_use]
pub fn made_at_ms(client_message_id: &[u8]) -> Option<u64> {
    let id: &[u8; 16] = client_message_id.try_into().ok()?;
    let is_version_7 = id[6] >> 4 == 7 && id[8] >> 6 == 0b10;
    is_version_7.then(|| id[..6].iter().fold(0, |time, byte| time << 8 | u64::from(*byte)))
}

/// Whether the id's time fits the time at which the message was accepted. The bounds themselves fit.
///
/// # Errors
/// [`Refusal::OutOfTime`].
pub fn in_time(client_message_id: &[u8], accepted_at_ms: u64) -> Result<(), Refusal> {
    let made_at_ms = made_at_ms(client_message_id).ok_or(Refusal::OutOfTime)?;
    let ahead = made_at_ms > accepted_at_ms.saturating_add(MAX_AHEAD_MS);
    let old = made_at_ms < accepted_at_ms.saturating_sub(MAX_AGE_MS);
    if ahead || old { Err(Refusal::OutOfTime) } else { Ok(()) }
}

/// Whether a message may be stored. `accepted_at_ms` is when the platform took it, not now: what is judged again after a crash is judged the
/// same.
///
/// # Errors
/// The first reason against it.
pub fn decide(standing: Standing, client_message_id: &[u8], accepted_at_ms: u64) -> Result<(), Refusal> {
    if standing == Standing::Stranger {
        return Err(Refusal::NotAMember);
    }
    in_time(client_message_id, accepted_at_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: u64 = 1_764_000_000_000;

    fn id(made_at_ms: u64) -> [u8; 16] {
        let mut id = [0x55; 16];
        id[..6].copy_from_slice(&made_at_ms.to_be_bytes()[2..]);
        id[6] = 0x7A;
        id[8] = 0x9B;
        id
    }

    #[test]
    fn the_bounds_of_time_are_exact() {
        let verdict = |made_at_ms| in_time(&id(made_at_ms), NOW).is_ok();
        assert!(verdict(NOW + MAX_AHEAD_MS) && !verdict(NOW + MAX_AHEAD_MS + 1));
        assert!(verdict(NOW - MAX_AGE_MS) && !verdict(NOW - MAX_AGE_MS - 1));
    }

    #[test]
    fn a_stranger_is_refused_before_anything_else() {
        assert_eq!(decide(Standing::Stranger, &id(NOW), NOW), Err(Refusal::NotAMember));
        assert_eq!(decide(Standing::Stranger, &[], NOW), Err(Refusal::NotAMember));
        assert_eq!(
            decide(Standing::Member(MemberRole::Member), &[], NOW),
            Err(Refusal::OutOfTime)
        );
    }

    proptest! {
        #[test]
        fn the_time_of_an_id_is_read_back(made_at_ms in 0_u64..1 << 48) {
            prop_assert_eq!(made_at_ms_of(&id(made_at_ms)), Some(made_at_ms));
        }

        #[test]
        fn anything_that_is_no_version_7_uuid_has_no_time(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let is_one = bytes.len() == 16 && bytes[6] >> 4 == 7 && bytes[8] >> 6 == 2;
            prop_assert_eq!(made_at_ms_of(&bytes).is_some(), is_one);
        }

        #[test]
        fn every_role_may_send_within_the_bounds(role in 1..=3, offset in 0..=MAX_AGE_MS + MAX_AHEAD_MS) {
            let role = MemberRole::try_from(role).expect("1 to 3 are roles");
            prop_assert_eq!(decide(Standing::Member(role), &id(NOW - MAX_AGE_MS + offset), NOW), Ok(()));
        }
    }

    fn made_at_ms_of(id: &[u8]) -> Option<u64> {
        made_at_ms(id)
    }
}
