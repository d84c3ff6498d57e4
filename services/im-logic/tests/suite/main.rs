//! Logic as a whole: on a real store and the embedded engines.

mod cancelled;
mod conversations;
mod messages;
mod replays;
mod sessions;
mod world;
