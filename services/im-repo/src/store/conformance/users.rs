//! Users.

use super::{World, person};
use crate::store::ProfileChange;

/// Case does not make a name another one, and the first spelling stays.
pub async fn names_are_unique_without_regard_to_case(world: &World) {
    let store = &world.store;
    let id = world.id();
    assert!(store.insert_user(person(id, "Ada.Case"), "one".into()).await.unwrap());
    assert!(
        !store
            .insert_user(person(world.id(), "aDA.cASE"), "two".into())
            .await
            .unwrap()
    );
    let (user, hash) = store.credentials("ada.case").await.unwrap().unwrap();
    assert_eq!((user, hash.as_str()), (person(id, "Ada.Case"), "one"));
    assert!(store.credentials("nobody").await.unwrap().is_none());
}

/// Each once, whichever way it was asked for.
pub async fn users_are_found_by_id_and_name(world: &World) {
    let store = &world.store;
    let (first, second) = (world.id(), world.id());
    store
        .insert_user(person(first, "Found.One"), String::new())
        .await
        .unwrap();
    store
        .insert_user(person(second, "found.two"), String::new())
        .await
        .unwrap();
    let ids = [first.into(), first.into(), 1.into()];
    let names = [
        "FOUND.ONE".to_owned(),
        "Found.Two".to_owned(),
        "found.\"none\"".to_owned(),
    ];
    let mut found = store.find_users(&ids, &names).await.unwrap();
    found.sort_by_key(|user| user.id);
    assert_eq!(found, [person(first, "Found.One"), person(second, "found.two")]);
    assert!(store.find_users(&[], &[]).await.unwrap().is_empty());
}

/// What is not named stays.
pub async fn profiles_change_in_part(world: &World) {
    let user = world.user().await;
    let name_only = ProfileChange {
        display_name: Some("Ada L.".into()),
        about: None,
    };
    let changed = world.store.update_user(user, name_only).await.unwrap().unwrap();
    assert_eq!(
        (changed.display_name.as_str(), changed.about.as_str()),
        ("Ada L.", "words")
    );
    let about_only = ProfileChange {
        display_name: None,
        about: Some(String::new()),
    };
    let changed = world.store.update_user(user, about_only).await.unwrap().unwrap();
    assert_eq!((changed.display_name.as_str(), changed.about.as_str()), ("Ada L.", ""));
    assert_eq!(world.store.find_users(&[user], &[]).await.unwrap(), [changed]);
    assert!(
        world
            .store
            .update_user(1.into(), ProfileChange::default())
            .await
            .unwrap()
            .is_none()
    );
}
