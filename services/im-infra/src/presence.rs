//! Where users are online: the names under which gateways and logic meet in the kv engine.

use bytes::Bytes;
use im_schema::ids::UserId;
use std::collections::HashMap;

/// Key of a user's hash: a field for each gateway instance that holds a connection of the user. Its time to live is renewed by the gateways.
#[must_use]
pub fn key(user: UserId) -> String {
    format!("presence:{user}")
}

/// Channel on which changes of a conversation's roster are told, so that copies elsewhere are dropped; the message is the conversation's id
/// in eight bytes, big endian.
pub const ROSTER_CHANNEL: &str = "roster";

/// Name under which gateways are in the registry: who cannot ask where users are tells all of them.
pub const GATEWAYS: &str = "gateway";

/// Key of a hash in which each gateway vouches that all its users are in presence: a gateway that does not is told everything.
///
/// The kv engine may lose what it holds without anybody being told. So a gateway first writes a new number under [`begun`], then the presence of all
/// its users, then the same number under [`done`]: both are there only if nothing was lost in between and since. Whoever reads the hash before and
/// after presence, and finds the same number, can tell that who is missing in presence is offline.
pub const VOUCHERS: &str = "presence:gateways";

/// Field of [`VOUCHERS`]: the number with which an instance began.
#[must_use]
pub fn begun(instance: &str) -> String {
    format!("{instance}/begun")
}

/// Field of [`VOUCHERS`], see [`vouch`].
#[must_use]
pub fn done(instance: &str) -> String {
    format!("{instance}/done")
}

/// What stands in the field [`done`]: the number, and until when it counts, in milliseconds since 1970.
#[must_use]
pub fn vouch(number: u64, until_ms: u64) -> Bytes {
    format!("{number} {until_ms}").into()
}

/// The gateways that vouch at a time for their users, with their numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Vouchers(HashMap<String, u64>);

impl Vouchers {
    /// Reads the fields of [`VOUCHERS`].
    #[must_use]
    pub fn read(fields: &[(String, Bytes)], now_ms: u64) -> Self {
        let text = |value: &Bytes| String::from_utf8_lossy(value).into_owned();
        let begun: HashMap<&str, String> = fields
            .iter()
            .filter_map(|(field, value)| Some((field.strip_suffix("/begun")?, text(value))))
            .collect();
        let vouches = |(field, value): &(String, Bytes)| {
            let instance = field.strip_suffix("/done")?;
            let value = text(value);
            let (number, until_ms) = value.split_once(' ')?;
            let counts = until_ms.parse::<u64>().ok()? > now_ms && begun.get(instance)? == number;
            counts.then_some((instance.to_owned(), number.parse().ok()?))
        };
        Self(fields.iter().filter_map(vouches).collect())
    }

    /// Whether a gateway vouched here and `later`, and nothing was lost in between.
    #[must_use]
    pub fn hold(&self, later: &Self, gateway: &str) -> bool {
        self.0
            .get(gateway)
            .is_some_and(|number| later.0.get(gateway) == Some(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(begun_with: Option<u64>, done_with: u64) -> Vouchers {
        let mut fields = vec![(done("a"), vouch(done_with, 1_000))];
        fields.extend(begun_with.map(|number| (begun("a"), number.to_string().into())));
        Vouchers::read(&fields, 500)
    }

    #[test]
    fn a_gateway_vouches_from_beginning_to_end_of_one_number() {
        let vouchers = read(Some(7), 7);
        assert!(vouchers.hold(&read(Some(7), 7), "a"));
        assert!(!vouchers.hold(&read(Some(7), 7), "b"));
        assert!(
            !vouchers.hold(&read(Some(8), 8), "a"),
            "lost and written again in between"
        );
        assert_eq!(read(Some(8), 7), Vouchers::default(), "begun anew");
        assert_eq!(read(None, 7), Vouchers::default(), "lost since it was begun");
    }

    #[test]
    fn a_voucher_ends() {
        let fields = [(begun("a"), "7".into()), (done("a"), vouch(7, 1_000))];
        assert_ne!(Vouchers::read(&fields, 999), Vouchers::default());
        assert_eq!(Vouchers::read(&fields, 1_000), Vouchers::default());
    }
}
