//! What services say of the calls that they make to each other, in metadata.

use crate::{
    failure::Failure,
    ids::{SessionId, UserId},
    internal::v1::{Behalf, Platform, Principal, behalf::Who},
    rpc::{Caller, Identity, Voucher},
};
use prost::Message as _;
use tonic::metadata::{MetadataMap, MetadataValue};

/// The token that services of the platform know each other by.
const TOKEN: &str = "parlance-service-token";
/// Who is behind the call: a [`Behalf`].
const BEHALF: &str = "parlance-behalf-bin";

/// Adds the voucher to a request.
///
/// # Errors
/// `INTERNAL` if the token cannot stand in a header.
pub(super) fn write(voucher: &Voucher, metadata: &mut MetadataMap) -> Result<(), Failure> {
    let token = voucher.token.parse();
    let token = token.map_err(|_| Failure::internal("the service token cannot stand in a header"))?;
    metadata.insert(TOKEN, token);
    let behalf = Behalf {
        who: match &voucher.identity {
            Identity::Anonymous => None,
            Identity::Service => Some(Who::Service(Platform::default())),
            Identity::User(caller) => Some(Who::User(principal(caller))),
        },
        address: voucher.address.map(|address| address.to_string()).unwrap_or_default(),
        ..Default::default()
    };
    metadata.insert_bin(BEHALF, MetadataValue::from_bytes(&behalf.encode_to_vec()));
    Ok(())
}

/// The voucher of a request that came in; `None` if there is none, or one that no service of this platform writes.
pub(super) fn read(metadata: &MetadataMap) -> Option<Voucher> {
    let token = metadata.get(TOKEN)?.to_str().ok()?.into();
    let behalf = metadata.get_bin(BEHALF)?.to_bytes().ok()?;
    let behalf = Behalf::decode(behalf).ok()?;
    Some(Voucher {
        token,
        identity: match behalf.who {
            None => Identity::Anonymous,
            Some(Who::Service(_)) => Identity::Service,
            Some(Who::User(principal)) => Identity::User(caller(&principal)),
        },
        address: behalf.address.parse().ok(),
    })
}

fn principal(caller: &Caller) -> Principal {
    Principal {
        user_id: caller.user.0,
        session_id: caller.session.0,
        device_id: caller.device.to_string(),
        admin: caller.admin,
        expires_at_ms: caller.expires_at_ms,
        ..Default::default()
    }
}

fn caller(principal: &Principal) -> Caller {
    Caller {
        user: UserId(principal.user_id),
        session: SessionId(principal.session_id),
        device: principal.device_id.as_str().into(),
        admin: principal.admin,
        expires_at_ms: principal.expires_at_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    fn there_and_back(identity: Identity, address: Option<IpAddr>) -> Voucher {
        let mut metadata = MetadataMap::new();
        let token = "a token that services know each other by".into();
        write(
            &Voucher {
                token,
                identity,
                address,
            },
            &mut metadata,
        )
        .unwrap();
        read(&metadata).unwrap()
    }

    #[test]
    fn who_is_behind_a_call_arrives_as_it_was() {
        let user = Identity::User(Caller {
            user: UserId(u64::MAX),
            session: SessionId(7),
            device: "télé phone".into(),
            admin: true,
            expires_at_ms: 1_796_148_000_000,
        });
        for identity in [Identity::Anonymous, Identity::Service, user] {
            let address = Some("2001:db8::7".parse().unwrap());
            let arrived = there_and_back(identity.clone(), address);
            assert_eq!((arrived.identity, arrived.address), (identity, address));
            assert_eq!(&*arrived.token, "a token that services know each other by");
        }
        assert_eq!(there_and_back(Identity::Service, None).address, None);
    }

    #[test]
    fn what_no_service_writes_is_no_voucher() {
        let mut metadata = MetadataMap::new();
        assert!(read(&metadata).is_none());
        metadata.insert(TOKEN, "token".parse().unwrap());
        assert!(read(&metadata).is_none(), "a token alone says nothing");
        metadata.insert_bin(BEHALF, MetadataValue::from_bytes(b"\xff\xff"));
        assert!(read(&metadata).is_none());
    }
}
