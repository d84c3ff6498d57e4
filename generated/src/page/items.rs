//! All items of a list, page after page.

use super::List;
use crate::{failure::Failure, parlance::Reason};
use futures::{
    TryStreamExt as _,
    stream::{self, Stream},
};

/// The items of every page from the one that `request` asks for, in order. A page is read when the items of the one before are used up.
/// The first failure is the stream's last item; what came before it is good.
pub fn items<L, F, A>(request: L, read: F) -> impl Stream<Item = Result<L::Item, Failure>> + Send
where
    L: List,
    F: FnMut(L) -> A + Send,
    A: Future<Output = Result<L::Response, Failure>> + Send,
{
    stream::try_unfold(Some((request, read)), |open| async move {
        let Some((mut request, mut read)) = open else {
            return Ok(None);
        };
        let (items, next) = L::open(read(request.clone()).await?);
        let open = if next == L::Cursor::default() {
            None
        } else if next == *request.cursor() {
            return Err(Failure::new(
                Reason::Internal,
                "the next page of the list is the same page",
            ));
        } else {
            request.turn_to(next);
            Some((request, read))
        };
        Ok(Some((stream::iter(items.into_iter().map(Ok)), open)))
    })
    .try_flatten()
}
