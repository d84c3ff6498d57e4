use super::*;
use crate::files::{
    conformance::{World, new},
    whole,
};
use im_infra::clock::{ManualClock, SystemClock};

async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let files = LocalFiles::open(&folder.path().join("files"), &SystemClock::shared())
        .await
        .unwrap();
    World::new(Arc::new(files), "room", folder)
}

mod conformance {
    use super::*;

    crate::files_conformance_tests!(world().await);
}

/// How many files stand in the folder, whatever they are.
fn count(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 })
        .sum()
}

#[tokio::test]
async fn what_stays_unfinished_is_removed_when_it_is_a_day_old() {
    let folder = tempfile::tempdir().unwrap();
    let clock = SystemClock::shared();
    let files = LocalFiles::open(folder.path(), &clock).await.unwrap();
    let key: Key = "a/b/c".parse().unwrap();
    files.put(new(&key, "a/b", 10), whole("whole")).await.unwrap();
    // as a process leaves it that dies while it writes
    fs::write(folder.path().join("a/b/c#1"), "unfin").unwrap();
    fs::write(folder.path().join("#77"), "").unwrap();
    let later = |hours: u64| ManualClock::at(clock.now_ms() + hours * 3_600_000) as SharedClock;
    for (hours, left) in [(23, 3), (25, 1)] {
        LocalFiles::open(folder.path(), &later(hours)).await.unwrap();
        assert_eq!(count(folder.path()), left, "after {hours} hours");
    }
    assert_eq!(files.head(&key).await.unwrap().unwrap().size, 5);
}

#[tokio::test]
async fn a_file_that_is_not_whole_is_damaged_and_never_served() {
    let folder = tempfile::tempdir().unwrap();
    let files = LocalFiles::open(folder.path(), &SystemClock::shared()).await.unwrap();
    let key: Key = "file".parse().unwrap();
    let path = folder.path().join("file");
    files.put(new(&key, "a/b", 10), whole("whole")).await.unwrap();
    let bytes = fs::read(&path).unwrap();
    for damaged in [&bytes[..bytes.len() - 1], &bytes[..10], b"of somebody else"] {
        fs::write(&path, damaged).unwrap();
        assert!(matches!(files.head(&key).await, Err(FilesError::Damaged { key: told }) if told == key));
        assert!(matches!(files.get(&key, None).await, Err(FilesError::Damaged { .. })));
    }
    // it can be replaced all the same
    files.put(new(&key, "a/b", 10), whole("again")).await.unwrap();
    assert_eq!(files.head(&key).await.unwrap().unwrap().size, 5);
}

#[tokio::test]
async fn a_folder_that_is_gone_or_cannot_be_made_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let files = LocalFiles::open(&folder.path().join("files"), &SystemClock::shared())
        .await
        .unwrap();
    files.health().await.unwrap();
    assert_eq!(count(folder.path()), 0);
    fs::remove_dir_all(folder.path().join("files")).unwrap();
    assert!(matches!(files.health().await, Err(FilesError::Unavailable(_))));
    fs::write(folder.path().join("taken"), "").unwrap();
    let taken = LocalFiles::open(&folder.path().join("taken"), &SystemClock::shared()).await;
    assert!(matches!(taken, Err(OpenError::Folder { .. })), "{taken:?}");
}
