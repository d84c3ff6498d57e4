use super::{LONG, SHORT, SHORTER, Subject, bytes, fields, refused, sorted};

pub(super) async fn hashes_hold_fields(subject: &Subject) {
    let (kv, key) = (&subject.kv, subject.key("hash"));
    assert_eq!(kv.hash_get(&key, "a").await.unwrap(), None);
    assert!(kv.hash_all(&key).await.unwrap().is_empty());
    kv.hash_set(&key, &[], Some(LONG)).await.unwrap();
    assert_eq!(
        kv.delete(&subject.keys(&["hash"])).await.unwrap(),
        0,
        "no fields make no hash"
    );

    kv.hash_set(&key, &fields(&[("a", "1"), ("b", "2")]), None)
        .await
        .unwrap();
    kv.hash_set(&key, &fields(&[("b", "3"), ("c", "")]), None)
        .await
        .unwrap();
    assert_eq!(kv.hash_get(&key, "b").await.unwrap(), Some(bytes("3")));
    assert_eq!(kv.hash_get(&key, "c").await.unwrap(), Some(bytes("")));
    assert_eq!(kv.hash_get(&key, "d").await.unwrap(), None);
    assert_eq!(
        sorted(kv.hash_all(&key).await.unwrap()),
        fields(&[("a", "1"), ("b", "3"), ("c", "")])
    );

    kv.hash_set(&subject.key("hash two"), &fields(&[("x", "y")]), None)
        .await
        .unwrap();
    let many = kv
        .hash_all_many(&subject.keys(&["hash two", "hash missing", "hash", "hash two"]))
        .await
        .unwrap();
    let many: Vec<_> = many.into_iter().map(sorted).collect();
    let (one, two) = (fields(&[("a", "1"), ("b", "3"), ("c", "")]), fields(&[("x", "y")]));
    assert_eq!(many, [two.clone(), Vec::new(), one, two], "in the order of the keys");
    assert!(kv.hash_all_many(&[]).await.unwrap().is_empty());

    let asked = ["a".into(), "z".into(), "b".into()];
    assert_eq!(kv.hash_delete(&key, &asked).await.unwrap(), 2);
    assert_eq!(kv.hash_delete(&key, &["c".into()]).await.unwrap(), 1);
    assert_eq!(kv.hash_delete(&key, &["c".into()]).await.unwrap(), 0);
    assert!(!kv.expire(&key, LONG).await.unwrap(), "a hash without fields is gone");
}

pub(super) async fn hash_fields_count(subject: &Subject) {
    let (kv, key) = (&subject.kv, subject.key("hash counting"));
    assert_eq!(kv.hash_increment(&key, "n", 3).await.unwrap(), 3);
    assert_eq!(kv.hash_increment(&key, "n", -4).await.unwrap(), -1);
    assert_eq!(kv.hash_get(&key, "n").await.unwrap(), Some(bytes("-1")));
    kv.hash_set(&key, &fields(&[("t", "text"), ("m", &i64::MIN.to_string())]), None)
        .await
        .unwrap();
    refused(kv.hash_increment(&key, "t", 1).await, &key);
    refused(kv.hash_increment(&key, "m", -1).await, &key);
    assert_eq!(kv.hash_get(&key, "t").await.unwrap(), Some(bytes("text")));
}

pub(super) async fn hashes_expire_as_a_whole(subject: &Subject) {
    let kv = &subject.kv;
    let [plain, renewed, kept] = ["plain", "renewed", "kept"].map(|name| subject.key(&format!("hash expiring {name}")));
    kv.hash_set(&plain, &fields(&[("a", "1")]), Some(SHORT)).await.unwrap();
    kv.hash_set(&renewed, &fields(&[("a", "1")]), Some(SHORT))
        .await
        .unwrap();
    kv.hash_set(&kept, &fields(&[("a", "1")]), Some(LONG)).await.unwrap();
    (subject.pass)(SHORTER).await;
    kv.hash_set(&plain, &fields(&[("b", "2")]), None).await.unwrap();
    kv.hash_increment(&plain, "n", 1).await.unwrap();
    kv.hash_set(&renewed, &fields(&[("b", "2")]), Some(LONG)).await.unwrap();
    subject.let_expire().await;
    assert!(
        kv.hash_all(&plain).await.unwrap().is_empty(),
        "a field that is set keeps the hash's time to live"
    );
    assert_eq!(kv.hash_get(&plain, "b").await.unwrap(), None);
    assert_eq!(kv.hash_all(&renewed).await.unwrap().len(), 2);
    assert_eq!(kv.hash_all(&kept).await.unwrap().len(), 1);
}

pub(super) async fn sorted_sets_are_ordered(subject: &Subject) {
    let (kv, key) = (&subject.kv, subject.key("sorted"));
    assert!(kv.sorted_top(&key, 0, 10).await.unwrap().is_empty());
    assert_eq!(kv.sorted_trim(&key, 1).await.unwrap(), 0);
    assert_eq!(kv.sorted_remove(&key, &[bytes("a")]).await.unwrap(), 0);

    let members = [
        (1.0, bytes("a")),
        (3.5, bytes("c")),
        (-2.0, bytes("z")),
        (3.5, bytes("b")),
        (f64::NAN, bytes("n")),
    ];
    kv.sorted_add(&key, &members).await.unwrap();
    let all = [
        (3.5, bytes("c")),
        (3.5, bytes("b")),
        (1.0, bytes("a")),
        (-2.0, bytes("z")),
        (f64::NEG_INFINITY, bytes("n")),
    ];
    assert_eq!(
        kv.sorted_top(&key, 0, usize::MAX).await.unwrap(),
        all,
        "from the highest score, then the highest bytes"
    );
    assert_eq!(kv.sorted_top(&key, 1, 2).await.unwrap(), all[1..3]);
    assert!(kv.sorted_top(&key, 5, 1).await.unwrap().is_empty());
    assert!(kv.sorted_top(&key, 0, 0).await.unwrap().is_empty());

    kv.sorted_add(&key, &[(9.0, bytes("z"))]).await.unwrap();
    assert_eq!(
        kv.sorted_top(&key, 0, 1).await.unwrap(),
        [(9.0, bytes("z"))],
        "a known member moves"
    );
    assert_eq!(
        kv.sorted_remove(&key, &[bytes("n"), bytes("unknown")]).await.unwrap(),
        1
    );
    assert_eq!(kv.sorted_trim(&key, 10).await.unwrap(), 0);
    assert_eq!(kv.sorted_trim(&key, 2).await.unwrap(), 2);
    assert_eq!(
        kv.sorted_top(&key, 0, 10).await.unwrap(),
        [(9.0, bytes("z")), (3.5, bytes("c"))],
        "the highest are kept"
    );

    assert!(kv.expire(&key, SHORT).await.unwrap());
    subject.let_expire().await;
    assert!(kv.sorted_top(&key, 0, 10).await.unwrap().is_empty());
    kv.sorted_add(&key, &[(0.0, bytes("a"))]).await.unwrap();
    assert_eq!(kv.sorted_trim(&key, 0).await.unwrap(), 1);
    assert!(
        !kv.expire(&key, LONG).await.unwrap(),
        "a sorted set without members is gone"
    );
}

pub(super) async fn another_kind_is_refused_and_left_alone(subject: &Subject) {
    let kv = &subject.kv;
    let [value, hash, set] = ["value", "hash", "set"].map(|name| subject.key(&format!("kind {name}")));
    kv.set(&value, bytes("5"), None).await.unwrap();
    kv.hash_set(&hash, &fields(&[("f", "v")]), None).await.unwrap();
    kv.sorted_add(&set, &[(1.0, bytes("m"))]).await.unwrap();

    for key in [&hash, &set] {
        refused(kv.get(key).await, key);
        refused(kv.increment(key, 1).await, key);
        assert_eq!(
            kv.set_if_absent(&[(key.clone(), bytes("v"))], None).await.unwrap(),
            [false]
        );
    }
    for key in [&value, &set] {
        refused(kv.hash_set(key, &fields(&[("f", "v")]), Some(SHORT)).await, key);
        refused(kv.hash_get(key, "f").await, key);
        refused(kv.hash_all(key).await, key);
        refused(kv.hash_all_many(&[hash.clone(), key.clone()]).await, key);
        refused(kv.hash_delete(key, &["f".into()]).await, key);
        refused(kv.hash_increment(key, "f", 1).await, key);
    }
    for key in [&value, &hash] {
        refused(kv.sorted_add(key, &[(1.0, bytes("m"))]).await, key);
        refused(kv.sorted_top(key, 0, 1).await, key);
        refused(kv.sorted_trim(key, 0).await, key);
        refused(kv.sorted_remove(key, &[bytes("m")]).await, key);
    }

    subject.let_expire().await;
    assert_eq!(
        kv.get(&value).await.unwrap(),
        Some(bytes("5")),
        "a refused call does not set the time to live either"
    );
    assert_eq!(kv.hash_all(&hash).await.unwrap(), fields(&[("f", "v")]));
    assert_eq!(kv.sorted_top(&set, 0, 9).await.unwrap(), [(1.0, bytes("m"))]);
    kv.set(&hash, bytes("v"), None).await.unwrap();
    assert_eq!(kv.get(&hash).await.unwrap(), Some(bytes("v")), "set replaces any kind");
}
