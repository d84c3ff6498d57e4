//! How deep objects may be nested. A message that came as JSON goes on as bytes, whose readers stop at a depth: what they would refuse later,
//! in a log record that nobody can read any more, is refused here.

use super::fault::refuse;
use serde::de::Error;
use std::cell::Cell;

/// Objects in objects: what prost reads of bytes, with a timestamp or the like in the innermost one.
const DEEPEST: u8 = 100;

thread_local! {
    static DEPTH: Cell<u8> = const { Cell::new(0) };
}

/// An object that is being read.
pub(super) struct Level(());

impl Level {
    #[inline]
    pub(super) fn enter<E: Error>() -> Result<Self, E> {
        let depth = DEPTH.get();
        if depth == DEEPEST {
            return Err(refuse("depth", "is nested too deep"));
        }
        DEPTH.set(depth + 1);
        Ok(Self(()))
    }
}

impl Drop for Level {
    #[inline]
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}
