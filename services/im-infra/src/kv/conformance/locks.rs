use super::{LONG, SHORT, SHORTER, Subject, TASKS, bytes};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

pub(super) async fn a_lock_excludes_others(subject: &Subject) {
    let (kv, key) = (&subject.kv, subject.key("lock"));
    let lock = kv.try_lock(&key, LONG).await.unwrap().expect("a free lock is taken");
    assert_eq!(lock.key, key);
    assert_eq!(kv.try_lock(&key, LONG).await.unwrap(), None, "a held lock is not");
    assert!(kv.try_lock(&subject.key("lock other"), LONG).await.unwrap().is_some());
    kv.set(&key, bytes("v"), None).await.unwrap();
    assert_eq!(kv.delete(&subject.keys(&["lock"])).await.unwrap(), 1);
    assert_eq!(
        kv.try_lock(&key, LONG).await.unwrap(),
        None,
        "values and locks have keys of their own"
    );

    assert!(kv.unlock(lock.clone()).await.unwrap());
    assert!(!kv.unlock(lock.clone()).await.unwrap());
    let next = kv
        .try_lock(&key, LONG)
        .await
        .unwrap()
        .expect("a lock that was given back is free");
    assert!(next.fence > lock.fence, "the fence grows with every holder");
    assert!(
        !kv.unlock(lock.clone()).await.unwrap(),
        "an earlier holder cannot give it back"
    );
    assert!(!kv.extend(&lock, LONG).await.unwrap());
    assert_eq!(kv.try_lock(&key, LONG).await.unwrap(), None);
    assert!(kv.unlock(next).await.unwrap());
}

pub(super) async fn a_lock_ends_with_its_time(subject: &Subject) {
    let (kv, key) = (&subject.kv, subject.key("lock expiring"));
    let lost = kv.try_lock(&key, SHORT).await.unwrap().unwrap();
    (subject.pass)(SHORTER).await;
    assert_eq!(kv.try_lock(&key, SHORT).await.unwrap(), None);
    subject.let_expire().await;
    assert!(
        !kv.extend(&lost, LONG).await.unwrap(),
        "what has expired cannot be extended"
    );
    let next = kv
        .try_lock(&key, SHORT)
        .await
        .unwrap()
        .expect("an expired lock is free");
    assert!(next.fence > lost.fence);
    assert!(!kv.unlock(lost).await.unwrap());
    assert!(kv.extend(&next, LONG).await.unwrap());
    subject.let_expire().await;
    assert_eq!(
        kv.try_lock(&key, SHORT).await.unwrap(),
        None,
        "an extended lock is held longer"
    );
    assert!(kv.unlock(next).await.unwrap());
}

pub(super) async fn many_tasks_hold_a_lock_one_at_a_time(subject: &Subject) {
    let (key, inside, highest) = (
        subject.key("lock contested"),
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicU64::new(0)),
    );
    let tasks = (0..TASKS).map(|_| {
        let (kv, key, inside, highest) = (
            Arc::clone(&subject.kv),
            key.clone(),
            Arc::clone(&inside),
            Arc::clone(&highest),
        );
        tokio::spawn(async move {
            let lock = loop {
                match kv.try_lock(&key, LONG).await.unwrap() {
                    Some(lock) => break lock,
                    None => tokio::task::yield_now().await,
                }
            };
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two hold the lock");
            assert!(
                highest.swap(lock.fence, Ordering::SeqCst) < lock.fence,
                "a later holder has a lower fence"
            );
            tokio::task::yield_now().await;
            inside.fetch_sub(1, Ordering::SeqCst);
            assert!(kv.unlock(lock).await.unwrap());
        })
    });
    futures::future::join_all(tasks)
        .await
        .into_iter()
        .for_each(Result::unwrap);
}
