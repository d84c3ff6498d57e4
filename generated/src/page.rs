//! Lists in pages, as the option `(parlance.page)` has them: how many items a page has, where it begins, and the way through all pages.
//!
//! The size that a client wishes for is coerced ([`List::size`]). A cursor of type uint64 is open: clients may make their own. One of type
//! string is a token ([`Keys`]): opaque, signed, and good only for the same method, caller and request. [`items()`] reads every page.

mod items;
mod token;

pub use items::items;
pub use token::{Keys, Page, Whom};

use crate::rpc;

/// The request of a list; generated.
pub trait List: prost::Message + Clone + Default + 'static {
    /// What the list answers.
    type Response: Send;
    /// What the list is of.
    type Item: Send + 'static;
    /// Where a page begins: a `String` or a `u64`, whose default stands for the beginning in requests and for the end in responses.
    type Cursor: Default + PartialEq + Send;

    /// The list.
    const METHOD: &'static rpc::Method;
    /// How many items if the request does not say.
    const DEFAULT_SIZE: u32;
    /// How many items at most.
    const MAX_SIZE: u32;

    /// How many items the request wishes for; 0 for no wish.
    fn wish(&self) -> u32;
    /// Where the page begins.
    fn cursor(&self) -> &Self::Cursor;
    /// Asks for the page that begins there.
    fn turn_to(&mut self, cursor: Self::Cursor);
    /// The request without size and cursor: what is the same for all pages of one list.
    fn bare(&self) -> Self;
    /// The items of a page, and where the next one begins.
    fn open(response: Self::Response) -> (Vec<Self::Item>, Self::Cursor);

    /// How many items the page has at most: what the request wishes for, within the limits of the schema. Never 0.
    fn size(&self) -> u32 {
        match self.wish() {
            0 => Self::DEFAULT_SIZE,
            wish => wish.min(Self::MAX_SIZE),
        }
    }
}

/// The request of a list whose cursor is a token; generated.
pub trait Signed: List<Cursor = String> {
    /// What a token says: where the page begins.
    type Position: prost::Message + Default;
}
