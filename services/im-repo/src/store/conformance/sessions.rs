//! Sessions and refresh tokens.

use super::{NOW, World, hash};
use crate::store::{EndedSession, NewSession, Rotated, Rotation, SessionRecord};

fn rotation(old: [u8; 32], new: [u8; 32]) -> Rotation {
    Rotation {
        old_hash: old,
        new_hash: new,
        now_ms: NOW,
        expires_at_ms: NOW + 1_000,
    }
}

fn record(session: &NewSession) -> SessionRecord {
    SessionRecord {
        id: session.id,
        user: session.user,
        device: session.device.clone(),
    }
}

/// Logging in again on a device ends what it had; other devices and users are left alone.
pub async fn a_device_has_one_open_session(world: &World) {
    let store = &world.store;
    let (ada, bob) = (world.user().await, world.user().await);
    let first = world.session(ada, "laptop");
    let others = [world.session(ada, "phone"), world.session(bob, "laptop")];
    assert_eq!(store.open_session(first.clone(), NOW).await.unwrap(), None);
    for other in &others {
        assert_eq!(store.open_session(other.clone(), NOW).await.unwrap(), None);
    }
    let second = world.session(ada, "laptop");
    assert_eq!(store.open_session(second.clone(), NOW).await.unwrap(), Some(first.id));
    assert!(!store.session_open(first.id).await.unwrap());
    for open in [second.id, others[0].id, others[1].id] {
        assert!(store.session_open(open).await.unwrap());
    }
    assert!(!store.session_open(1.into()).await.unwrap());
    let ended = store
        .rotate_session(rotation(first.refresh_hash, hash(world.id())))
        .await
        .unwrap();
    assert_eq!(ended, Rotated::Invalid);
}

/// Its successor works instead.
pub async fn a_refresh_token_works_once(world: &World) {
    let store = &world.store;
    let session = world.session(world.user().await, "laptop");
    store.open_session(session.clone(), NOW).await.unwrap();
    let mut token = session.refresh_hash;
    for _ in 0..3 {
        let next = hash(world.id());
        assert_eq!(
            store.rotate_session(rotation(token, next)).await.unwrap(),
            Rotated::Done(record(&session))
        );
        token = next;
    }
    assert_eq!(
        store.rotate_session(rotation(hash(1), hash(2))).await.unwrap(),
        Rotated::Invalid
    );
    assert!(store.session_open(session.id).await.unwrap());
}

/// However long ago it was replaced; nothing of the family works afterwards.
pub async fn an_old_token_ends_the_session(world: &World) {
    let store = &world.store;
    let session = world.session(world.user().await, "laptop");
    store.open_session(session.clone(), NOW).await.unwrap();
    let tokens = [
        session.refresh_hash,
        hash(world.id()),
        hash(world.id()),
        hash(world.id()),
    ];
    for pair in tokens.windows(2) {
        store.rotate_session(rotation(pair[0], pair[1])).await.unwrap();
    }
    let reuse = rotation(tokens[0], hash(world.id()));
    assert_eq!(
        store.rotate_session(reuse.clone()).await.unwrap(),
        Rotated::Reused(record(&session))
    );
    assert!(!store.session_open(session.id).await.unwrap());
    let newest = rotation(tokens[3], hash(world.id()));
    assert_eq!(store.rotate_session(newest).await.unwrap(), Rotated::Invalid);
    assert_eq!(
        store.rotate_session(reuse).await.unwrap(),
        Rotated::Reused(record(&session))
    );
}

/// At its end, not a moment later.
pub async fn an_expired_token_is_invalid(world: &World) {
    let store = &world.store;
    let session = world.session(world.user().await, "laptop");
    store.open_session(session.clone(), NOW).await.unwrap();
    let mut late = rotation(session.refresh_hash, hash(world.id()));
    late.now_ms = session.expires_at_ms;
    assert_eq!(store.rotate_session(late.clone()).await.unwrap(), Rotated::Invalid);
    late.now_ms -= 1;
    assert_eq!(
        store.rotate_session(late).await.unwrap(),
        Rotated::Done(record(&session))
    );
}

/// Twice is as good as once, and nobody ends what belongs to others.
pub async fn sessions_end_one_or_all(world: &World) {
    let store = &world.store;
    let (ada, bob) = (world.user().await, world.user().await);
    let sessions = [
        world.session(ada, "a"),
        world.session(ada, "b"),
        world.session(ada, "c"),
        world.session(bob, "d"),
    ];
    for session in &sessions {
        store.open_session(session.clone(), NOW).await.unwrap();
    }
    let [a, b, c, d] = sessions.map(|session| session.id);
    assert_eq!(store.end_sessions(ada, Some(d), NOW).await.unwrap(), []);
    assert_eq!(store.end_sessions(ada, Some(b), NOW).await.unwrap(), [b]);
    assert_eq!(store.end_sessions(ada, Some(b), NOW).await.unwrap(), []);
    assert_eq!(store.end_sessions(ada, None, NOW).await.unwrap(), [a, c]);
    assert_eq!(store.end_sessions(ada, None, NOW).await.unwrap(), []);
    assert!(store.session_open(d).await.unwrap());
}

/// With the time of its first end, whichever way it ended; in pages that neither repeat nor leave out.
pub async fn what_ended_is_listed_with_its_time(world: &World) {
    let store = &world.store;
    // a time that other tests on the same store do not use
    let from = NOW + 1_000_000_000;
    let user = world.user().await;
    let opened = |device| {
        let mut session = world.session(user, device);
        session.expires_at_ms = from + 1_000_000;
        session
    };
    let (out, replaced, stolen, kept) = (opened("out"), opened("same"), opened("stolen"), opened("kept"));
    for session in [&out, &replaced, &stolen, &kept] {
        store.open_session(session.clone(), from).await.unwrap();
    }
    store.end_sessions(user, Some(out.id), from + 5).await.unwrap();
    store.open_session(opened("same"), from + 5).await.unwrap();
    let at = |now_ms, old, new| Rotation {
        now_ms,
        expires_at_ms: from + 1_000_000,
        ..rotation(old, new)
    };
    for (now_ms, next) in [(from + 6, 1), (from + 7, 2), (from + 9, 3)] {
        let next = hash(world.id() + next);
        store
            .rotate_session(at(now_ms, stolen.refresh_hash, next))
            .await
            .unwrap();
    }
    store.end_sessions(user, Some(out.id), from + 8).await.unwrap();
    let expected = [(from + 5, out.id), (from + 5, replaced.id), (from + 7, stolen.id)];
    let mut after = EndedSession {
        at_ms: from + 5,
        id: 0.into(),
    };
    for (index, (at_ms, id)) in expected.into_iter().enumerate() {
        let page = store.ended_sessions(after, 1).await.unwrap();
        after = EndedSession { at_ms, id };
        assert_eq!((page.items.as_slice(), page.more), ([after].as_slice(), index < 2));
    }
    assert_eq!(store.ended_sessions(after, 9).await.unwrap().items, []);
    let later = EndedSession {
        at_ms: from + 6,
        id: 0.into(),
    };
    assert_eq!(store.ended_sessions(later, 9).await.unwrap().items, [after]);
}
