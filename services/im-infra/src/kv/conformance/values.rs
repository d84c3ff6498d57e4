use super::{LONG, ROUNDS, SHORT, SHORTER, Subject, TASKS, bytes, fields, refused};
use std::sync::Arc;

pub(super) async fn values_are_kept_replaced_and_removed(subject: &Subject) {
    let (kv, key) = (&subject.kv, subject.key("value"));
    assert_eq!(kv.get(&key).await.unwrap(), None);
    kv.set(&key, bytes("one"), None).await.unwrap();
    kv.set(&key, bytes("two"), None).await.unwrap();
    assert_eq!(kv.get(&key).await.unwrap(), Some(bytes("two")));
    kv.set(&key, bytes(""), None).await.unwrap();
    assert_eq!(
        kv.get(&key).await.unwrap(),
        Some(bytes("")),
        "an empty value is a value"
    );

    kv.hash_set(&subject.key("value hash"), &fields(&[("f", "v")]), None)
        .await
        .unwrap();
    let asked = subject.keys(&["value", "value missing", "value hash", "value"]);
    assert_eq!(
        kv.get_many(&asked).await.unwrap(),
        [Some(bytes("")), None, None, Some(bytes(""))],
        "in the order of the keys"
    );
    assert!(kv.get_many(&[]).await.unwrap().is_empty());

    let all = subject.keys(&["value", "value missing", "value hash"]);
    assert_eq!(
        kv.delete(&all).await.unwrap(),
        2,
        "those that were there are counted, of any kind"
    );
    assert_eq!(kv.delete(&all).await.unwrap(), 0);
    assert_eq!(kv.delete(&[]).await.unwrap(), 0);
    assert_eq!(kv.get(&key).await.unwrap(), None);
}

pub(super) async fn only_the_first_sets_what_is_absent(subject: &Subject) {
    let (kv, key) = (&subject.kv, subject.key("absent"));
    let entries = vec![
        (key.clone(), bytes("first")),
        (subject.key("absent too"), bytes("other")),
        (key.clone(), bytes("second")),
    ];
    assert_eq!(
        kv.set_if_absent(&entries, Some(LONG)).await.unwrap(),
        [true, true, false]
    );
    assert_eq!(
        kv.set_if_absent(&entries, Some(LONG)).await.unwrap(),
        [false, false, false]
    );
    assert_eq!(kv.get(&key).await.unwrap(), Some(bytes("first")));
    assert!(kv.set_if_absent(&[], None).await.unwrap().is_empty());

    let contested = subject.key("absent contested");
    let tasks = (0..TASKS).map(|task| {
        let (kv, entry) = (Arc::clone(&subject.kv), [(contested.clone(), bytes(&task.to_string()))]);
        tokio::spawn(async move { kv.set_if_absent(&entry, Some(LONG)).await.unwrap()[0] })
    });
    let winners = futures::future::join_all(tasks)
        .await
        .into_iter()
        .filter(|won| *won.as_ref().unwrap())
        .count();
    assert_eq!(winners, 1, "of many tasks that set the same absent key one wins");
}

pub(super) async fn counters_count(subject: &Subject) {
    let (kv, key) = (&subject.kv, subject.key("counter"));
    assert_eq!(kv.increment(&key, 5).await.unwrap(), 5);
    assert_eq!(kv.increment(&key, -7).await.unwrap(), -2);
    assert_eq!(
        kv.get(&key).await.unwrap(),
        Some(bytes("-2")),
        "a counter reads as its decimal"
    );
    kv.set(&key, bytes("40"), None).await.unwrap();
    assert_eq!(kv.increment(&key, 2).await.unwrap(), 42, "and goes on from one");

    kv.set(&key, bytes("forty"), None).await.unwrap();
    refused(kv.increment(&key, 1).await, &key);
    assert_eq!(kv.get(&key).await.unwrap(), Some(bytes("forty")));
    kv.set(&key, bytes(&i64::MAX.to_string()), None).await.unwrap();
    refused(kv.increment(&key, 1).await, &key);
    assert_eq!(
        kv.increment(&key, 0).await.unwrap(),
        i64::MAX,
        "what would overflow changes nothing"
    );
}

pub(super) async fn counters_lose_nothing_among_many_tasks(subject: &Subject) {
    let (key, hash) = (subject.key("counter shared"), subject.key("counter hash"));
    let tasks = (0..TASKS).map(|_| {
        let (kv, key, hash) = (Arc::clone(&subject.kv), key.clone(), hash.clone());
        tokio::spawn(async move {
            for _ in 0..ROUNDS {
                kv.increment(&key, 1).await.unwrap();
                kv.hash_increment(&hash, "field", 2).await.unwrap();
            }
        })
    });
    futures::future::join_all(tasks)
        .await
        .into_iter()
        .for_each(Result::unwrap);
    let sum = (TASKS * ROUNDS) as i64;
    assert_eq!(subject.kv.increment(&key, 0).await.unwrap(), sum);
    assert_eq!(subject.kv.hash_increment(&hash, "field", 0).await.unwrap(), 2 * sum);
}

pub(super) async fn keys_expire(subject: &Subject) {
    let kv = &subject.kv;
    let [set, absent, counter, kept, renewed, dropped] =
        ["set", "absent", "counter", "kept", "renewed", "dropped"].map(|name| subject.key(&format!("expiring {name}")));
    kv.set(&set, bytes("v"), Some(SHORT)).await.unwrap();
    kv.set_if_absent(&[(absent.clone(), bytes("v"))], Some(SHORT))
        .await
        .unwrap();
    kv.set(&counter, bytes("7"), Some(SHORT)).await.unwrap();
    kv.set(&kept, bytes("v"), None).await.unwrap();
    kv.set(&renewed, bytes("v"), Some(SHORT)).await.unwrap();
    kv.set(&dropped, bytes("v"), Some(SHORT)).await.unwrap();

    (subject.pass)(SHORTER).await;
    assert_eq!(kv.get(&set).await.unwrap(), Some(bytes("v")), "not before its time");
    assert_eq!(kv.increment(&counter, 1).await.unwrap(), 8);
    assert!(kv.expire(&renewed, LONG).await.unwrap());
    kv.set(&dropped, bytes("w"), None).await.unwrap();
    assert!(!kv.expire(&subject.key("expiring missing"), LONG).await.unwrap());

    subject.let_expire().await;
    assert_eq!(kv.get(&set).await.unwrap(), None);
    assert_eq!(
        kv.get_many(&[set.clone(), kept.clone()]).await.unwrap(),
        [None, Some(bytes("v"))]
    );
    assert!(
        !kv.expire(&set, LONG).await.unwrap(),
        "an expired key is as good as missing"
    );
    assert_eq!(kv.delete(&[set]).await.unwrap(), 0);
    assert_eq!(
        kv.set_if_absent(&[(absent, bytes("w"))], Some(SHORT)).await.unwrap(),
        [true]
    );
    assert_eq!(
        kv.increment(&counter, 1).await.unwrap(),
        1,
        "counting kept the time to live, so it began anew"
    );
    assert_eq!(kv.get(&kept).await.unwrap(), Some(bytes("v")));
    assert_eq!(kv.get(&renewed).await.unwrap(), Some(bytes("v")));
    assert_eq!(
        kv.get(&dropped).await.unwrap(),
        Some(bytes("w")),
        "set without a time to live drops the older one"
    );
}
