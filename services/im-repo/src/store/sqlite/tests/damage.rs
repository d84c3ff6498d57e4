//! A disk that spoils a page.

use super::{super::check::check_and_mend, *};
use sqlx::SqliteConnection;
use std::{
    fs::OpenOptions,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

const PAGE_BYTES: u64 = 4096;
const MESSAGES: u64 = 4_000;
const GROUPS: usize = 1_000;

/// A closed database with one group, and its file.
async fn written(folder: &Path) -> (UserId, ConversationId, PathBuf) {
    let world = World::new(open(folder).await, 1_000, ());
    let ada = world.user().await;
    let group = world.group(ada, &[]).await;
    for batch in 0..MESSAGES / 100 {
        let messages = (0..100).map(|_| world.message(group, ada, NOW + batch)).collect();
        world.store.store_messages(messages, NOW + batch).await.unwrap();
    }
    // enough conversations for an index of more than one page
    futures::future::join_all((1..GROUPS).map(|_| world.group(ada, &[]))).await;
    world.store.close().await;
    (ada, group, folder.join("repo/repo.sqlite"))
}

/// Overwrites the first page below the root of a table or an index.
async fn spoil(file: &Path, name: &str) {
    let mut db: SqliteConnection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let root: i64 = sqlx::query_scalar("SELECT rootpage FROM sqlite_schema WHERE name = ?")
        .bind(name)
        .fetch_one(&mut db)
        .await
        .unwrap();
    db.close().await.unwrap();
    let file = OpenOptions::new().read(true).write(true).open(file).unwrap();
    let mut page = [0; PAGE_BYTES as usize];
    let root = (root as u64 - 1) * PAGE_BYTES;
    file.read_exact_at(&mut page, root).unwrap();
    assert!(matches!(page[0], 2 | 5), "{name} has pages below its root");
    let first_cell = usize::from(u16::from_be_bytes([page[12], page[13]]));
    let child = u32::from_be_bytes(page[first_cell..first_cell + 4].try_into().unwrap());
    file.write_all_at(&[0; PAGE_BYTES as usize], (u64::from(child) - 1) * PAGE_BYTES)
        .unwrap();
}

#[tokio::test]
async fn a_spoilt_page_of_what_follows_from_other_tables_costs_nothing() {
    for name in ["places", "members_by_user"] {
        let folder = tempfile::tempdir().unwrap();
        let (ada, group, file) = written(folder.path()).await;
        spoil(&file, name).await;

        let store = open(folder.path()).await;
        let whole = |store: Arc<SqliteStore>| async move {
            let (messages, last) = store.read_messages(group, 0, true, MESSAGES as u32).await?;
            assert_eq!(last, MESSAGES);
            let lists = store.page_conversations(ada, None, 2_000).await?;
            Ok::<_, StoreError>((messages.len() as u64, lists.items.len()))
        };
        assert!(
            !matches!(whole(Arc::clone(&store)).await, Ok((MESSAGES, GROUPS))),
            "{name}: it is spoilt"
        );
        let left = check_and_mend(&store.readers, &store.writer).await.unwrap();
        assert_eq!(left, Vec::<String>::new(), "{name}");
        assert_eq!(whole(Arc::clone(&store)).await.unwrap(), (MESSAGES, GROUPS), "{name}");

        let world = World::new(Arc::clone(&store) as Arc<dyn Store>, 1_000_000, ());
        assert_eq!(world.say(group, ada, NOW + 1_000).await.sequence, MESSAGES + 1);
        world.store.close().await;
        let store = open(folder.path()).await;
        assert_eq!(
            check_and_mend(&store.readers, &store.writer).await.unwrap(),
            Vec::<String>::new()
        );
        assert_eq!(
            store.read_messages(group, 0, true, 9_999).await.unwrap().0.len() as u64,
            MESSAGES + 1
        );
        store.close().await;
    }
}

#[tokio::test]
async fn a_spoilt_page_of_messages_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (_, group, file) = written(folder.path()).await;
    spoil(&file, "message_rows").await;

    let store = open(folder.path()).await;
    let left = check_and_mend(&store.readers, &store.writer).await.unwrap();
    assert_ne!(left, Vec::<String>::new());
    // what can be read is served on
    let (newest, _) = store.read_messages(group, 0, false, 50).await.unwrap();
    assert_eq!(newest.len(), 50);
    store.close().await;
}
