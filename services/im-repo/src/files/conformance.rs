//! What every [`Files`] must pass. Each function is a test on a place that is empty or shared with the other tests; keys are made by [`World`],
//! so that tests in one bucket do not meet.
//!
//! An adapter runs all of them with [`files_conformance_tests!`](crate::files_conformance_tests).

use super::{Files, FilesError, Key, NewFile, Result, whole};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use std::{any::Any, io, ops::Range, sync::Arc};

/// More than goes in one request.
const LARGE: usize = 20 << 20;

/// A place for files, and keys in it that nobody else has.
pub struct World {
    /// The place under test.
    pub files: Arc<dyn Files>,
    room: String,
    /// What must not go before the place, such as its folder.
    _kept: Box<dyn Any + Send + Sync>,
}

impl World {
    /// Keys below `room`, which no other test has; drops `kept` after the place.
    #[must_use]
    pub fn new(files: Arc<dyn Files>, room: impl Into<String>, kept: impl Any + Send + Sync) -> Self {
        Self {
            files,
            room: room.into(),
            _kept: Box::new(kept),
        }
    }

    /// The key of this name.
    #[must_use]
    pub fn key(&self, name: &str) -> Key {
        format!("{}/{name}", self.room).parse().unwrap()
    }

    /// Puts a file of type `image/png` that may have as many bytes as it has.
    pub async fn put(&self, key: &Key, bytes: &[u8]) -> Result<u64> {
        let content = whole(Bytes::copy_from_slice(bytes));
        self.files.put(new(key, "image/png", bytes.len() as u64), content).await
    }

    /// The bytes of a file, or of a part of it.
    pub async fn read(&self, key: &Key, range: Option<Range<u64>>) -> Result<Option<Vec<u8>>> {
        let Some(file) = self.files.get(key, range).await? else {
            return Ok(None);
        };
        let expected = file.range.end - file.range.start;
        let pieces: Vec<Bytes> = file.content.try_collect().await?;
        let bytes = pieces.concat();
        assert_eq!(bytes.len() as u64, expected);
        Ok(Some(bytes))
    }

    async fn listed(&self, prefix: &Key) -> Vec<String> {
        let listed = self.files.list(Some(prefix)).map_ok(|file| file.key.to_string());
        let mut keys: Vec<String> = listed.try_collect().await.unwrap();
        keys.sort();
        keys
    }
}

/// A file of this type and limit.
#[must_use]
pub fn new(key: &Key, content_type: &str, limit: u64) -> NewFile {
    NewFile {
        key: key.clone(),
        content_type: content_type.parse().unwrap(),
        limit,
    }
}

/// Bytes of which no two parts are equal.
fn bytes(length: usize) -> Vec<u8> {
    (0..length.div_ceil(4) as u32)
        .flat_map(u32::to_be_bytes)
        .take(length)
        .collect()
}

/// Bytes, size and type, whether they come in one piece, in many, or not at all.
pub async fn what_was_put_is_read_back(world: &World) {
    for (name, length, piece) in [
        ("empty", 0, 1),
        ("byte", 1, 1),
        ("small", 1_000, 7),
        ("large", LARGE, 1_234_567),
    ] {
        let (key, bytes) = (world.key(name), bytes(length));
        let pieces: Vec<io::Result<Bytes>> = bytes
            .chunks(piece)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        let content = futures::stream::iter(pieces).boxed();
        let file = new(&key, "text/plain; charset=utf-8", length as u64);
        assert_eq!(world.files.put(file, content).await.unwrap(), length as u64, "{name}");
        let info = world.files.head(&key).await.unwrap().unwrap();
        assert_eq!(
            (info.size, info.content_type.as_str()),
            (length as u64, "text/plain; charset=utf-8"),
            "{name}"
        );
        // in this century: an engine has a clock of its own
        assert!(info.stored_at_ms > 1_000_000_000_000, "{name}");
        let open = world.files.get(&key, None).await.unwrap().unwrap();
        assert_eq!((open.info, open.range), (info, 0..length as u64), "{name}");
        assert!(world.read(&key, None).await.unwrap().unwrap() == bytes, "{name}");
    }
}

/// Ranges are exact, end with the file, and are refused where the file has no byte.
pub async fn a_range_is_exactly_what_was_asked_for(world: &World) {
    let (key, bytes) = (world.key("file"), bytes(LARGE));
    world.put(&key, &bytes).await.unwrap();
    let size = LARGE as u64;
    for range in [0..1, 5..10, size - 1..size, 8_388_600..8_388_620, 10..size] {
        let read = world.read(&key, Some(range.clone())).await.unwrap().unwrap();
        assert!(read == bytes[range.start as usize..range.end as usize], "{range:?}");
    }
    for end in [size + 1, u64::MAX] {
        let read = world.read(&key, Some(size - 3..end)).await.unwrap().unwrap();
        assert_eq!(read, bytes[LARGE - 3..], "{end}");
    }
    for range in [5..5, size..size + 1, u64::MAX - 1..u64::MAX] {
        let refused = world.read(&key, Some(range.clone())).await;
        assert!(
            matches!(refused, Err(FilesError::OutOfRange { size: told }) if told == size),
            "{range:?}: {refused:?}"
        );
    }
    let open = world.files.get(&key, Some(3..7)).await.unwrap().unwrap();
    assert_eq!((open.info.size, open.range), (size, 3..7));
    for range in [0..1, 5..5] {
        assert!(
            world
                .files
                .get(&world.key("missing"), Some(range))
                .await
                .unwrap()
                .is_none()
        );
    }
}

/// A file that is not there is none; deleting it is no error.
pub async fn a_missing_file_is_none(world: &World) {
    let key = world.key("file");
    for _ in 0..2 {
        assert!(world.files.head(&key).await.unwrap().is_none());
        assert!(world.files.get(&key, None).await.unwrap().is_none());
        world.files.delete(&key).await.unwrap();
        world.put(&key, b"here").await.unwrap();
        world.files.delete(&key).await.unwrap();
    }
}

/// Who reads while files are replaced gets one of them, with its own size.
pub async fn a_file_is_replaced_at_a_stroke(world: &World) {
    let key = world.key("file");
    world.put(&key, &[b'a'; 1_000]).await.unwrap();
    let replace = async {
        for n in 0..20_u8 {
            let (byte, length) = if n % 2 == 0 { (b'b', 2_000) } else { (b'a', 1_000) };
            world.put(&key, &vec![byte; length]).await.unwrap();
        }
    };
    let look = async {
        for _ in 0..40 {
            let open = world.files.get(&key, None).await.unwrap().unwrap();
            let read: Vec<Bytes> = open.content.try_collect().await.unwrap();
            let read = read.concat();
            let expected = match open.info.size {
                2_000 => vec![b'b'; 2_000],
                _ => vec![b'a'; 1_000],
            };
            assert!(read == expected);
        }
    };
    tokio::join!(replace, look);
}

/// One byte more than allowed is too much, in one request or in parts, and what was there stays.
pub async fn a_file_over_the_limit_is_refused(world: &World) {
    for (name, limit) in [("small", 100), ("large", LARGE)] {
        let key = world.key(name);
        world.put(&key, b"before").await.unwrap();
        for known in [true, false] {
            let piece = if known { limit + 1 } else { 999_983 };
            let pieces: Vec<_> = bytes(limit + 1)
                .chunks(piece)
                .map(|piece| Ok(Bytes::copy_from_slice(piece)))
                .collect();
            let refused = world
                .files
                .put(
                    new(&key, "image/png", limit as u64),
                    futures::stream::iter(pieces).boxed(),
                )
                .await;
            assert!(
                matches!(refused, Err(FilesError::TooLarge { limit: told }) if told == limit as u64),
                "{refused:?}"
            );
        }
        assert_eq!(world.read(&key, None).await.unwrap().unwrap(), b"before");
        world.put(&key, &bytes(limit)).await.unwrap();
    }
}

/// A giver who breaks off, or a put that is dropped, leaves what was there.
pub async fn what_breaks_off_is_not_stored(world: &World) {
    for length in [10, LARGE] {
        let (key, missing) = (world.key(&format!("old-{length}")), world.key(&format!("new-{length}")));
        world.put(&key, b"before").await.unwrap();
        for key in [&key, &missing] {
            let some = || futures::stream::iter([Ok(Bytes::from(bytes(length)))]);
            let broken = some().chain(futures::stream::iter([Err(io::Error::other("the line is dead"))]));
            let refused = world.files.put(new(key, "a/b", u64::MAX), broken.boxed()).await;
            assert!(matches!(refused, Err(FilesError::BrokenOff(_))), "{refused:?}");
            let (waits, mut waiting) = tokio::sync::oneshot::channel::<()>();
            let endless = some().chain(futures::stream::once(async move {
                drop(waits);
                std::future::pending().await
            }));
            let put = world.files.put(new(key, "a/b", u64::MAX), endless.boxed());
            tokio::select! {
                stored = put => panic!("{stored:?}"),
                _ = &mut waiting => {}
            }
        }
        assert_eq!(world.read(&key, None).await.unwrap().unwrap(), b"before");
        assert!(world.files.head(&missing).await.unwrap().is_none());
    }
    assert_eq!(world.listed(&world.room.parse().unwrap()).await.len(), 2);
}

/// A list has what lies below a prefix, and no neighbour.
pub async fn a_list_has_what_lies_below(world: &World) {
    for name in ["a/1", "a/2/deep", "ab/3", "b", "a.txt"] {
        world.put(&world.key(name), b"x").await.unwrap();
    }
    let expected = |names: &[&str]| names.iter().map(|name| world.key(name).to_string()).collect::<Vec<_>>();
    assert_eq!(world.listed(&world.key("a")).await, expected(&["a/1", "a/2/deep"]));
    assert_eq!(world.listed(&world.key("a/1")).await, expected(&[]));
    assert_eq!(world.listed(&world.key("nothing")).await, expected(&[]));
    let all: Vec<_> = world.files.list(None).try_collect().await.unwrap();
    let mut own: Vec<String> = all.iter().map(|file| file.key.to_string()).collect();
    own.retain(|key| key.starts_with(&world.room));
    own.sort();
    assert_eq!(own, expected(&["a.txt", "a/1", "a/2/deep", "ab/3", "b"]));
    let at = all.iter().find(|file| file.key == world.key("b")).unwrap().stored_at_ms;
    let told = world.files.head(&world.key("b")).await.unwrap().unwrap().stored_at_ms;
    assert_eq!(at / 1_000, told / 1_000);
}

/// Many at once do not meet.
pub async fn many_files_go_at_once(world: &World) {
    let each = |n: usize| async move {
        let (key, bytes) = (world.key(&format!("many/{n}")), bytes(n * 1_009));
        world.put(&key, &bytes).await.unwrap();
        assert!(world.read(&key, None).await.unwrap().unwrap() == bytes);
        world.files.delete(&key).await.unwrap();
    };
    futures::future::join_all((0..50).map(each)).await;
    assert_eq!(world.listed(&world.key("many")).await, Vec::<String>::new());
}

/// A place that works says so.
pub async fn it_is_well(world: &World) {
    world.files.health().await.unwrap();
    let listed: Vec<_> = world.files.list(None).try_collect().await.unwrap();
    assert!(
        listed.iter().all(|file| !file.key.as_str().contains("probe")),
        "looking leaves nothing"
    );
}

/// Runs the whole suite; `$world` makes a [`World`] and may await.
#[macro_export]
macro_rules! files_conformance_tests {
    ($world:expr) => {
        $crate::files_conformance_tests!(@ $world;
            what_was_put_is_read_back, a_range_is_exactly_what_was_asked_for, a_missing_file_is_none, a_file_is_replaced_at_a_stroke,
            a_file_over_the_limit_is_refused, what_breaks_off_is_not_stored, a_list_has_what_lies_below, many_files_go_at_once, it_is_well
        );
    };
    (@ $world:expr; $($test:ident),+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                $crate::files::conformance::$test(&$world).await;
            }
        )+
    };
}
