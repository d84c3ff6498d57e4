//! How many calls a process answers at once; more are refused rather than kept waiting.

use futures::future::{Either, Ready, ready};
use im_schema::{failure::Failure, parlance::Reason, rpc::Call};
use std::{
    num::NonZeroUsize,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};
use tower::{Layer, Service};

/// Slots for calls that are being answered; clones share them.
#[derive(Debug, Clone)]
pub struct Capacity(Arc<Slots>);

#[derive(Debug)]
struct Slots {
    taken: AtomicUsize,
    limit: AtomicUsize,
}

impl Capacity {
    /// So many slots, all of them free.
    #[must_use]
    pub fn new(limit: NonZeroUsize) -> Self {
        Self(Arc::new(Slots {
            taken: AtomicUsize::new(0),
            limit: AtomicUsize::new(limit.get()),
        }))
    }

    /// Has so many slots from now on. Calls that have one beyond it keep it until they are answered.
    pub fn set(&self, limit: NonZeroUsize) {
        self.0.limit.store(limit.get(), Ordering::Relaxed);
    }

    /// A slot, free again when it is dropped; none if all are taken.
    fn take(&self) -> Option<Slot> {
        let limit = self.0.limit.load(Ordering::Relaxed);
        let one_more = |taken| (taken < limit).then_some(taken + 1);
        let taken = self
            .0
            .taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        taken.ok().map(|_| Slot(Arc::clone(&self.0)))
    }
}

struct Slot(Arc<Slots>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Refuses calls for which no slot is free.
#[derive(Debug, Clone)]
pub struct CapacityLayer(Capacity);

impl CapacityLayer {
    /// Calls take their slots from `capacity`.
    #[must_use]
    pub fn new(capacity: Capacity) -> Self {
        Self(capacity)
    }
}

/// See [`CapacityLayer`].
#[derive(Debug, Clone)]
pub struct Shed<S> {
    inner: S,
    capacity: Capacity,
}

impl<S> Layer<S> for CapacityLayer {
    type Service = Shed<S>;

    fn layer(&self, inner: S) -> Shed<S> {
        Shed {
            inner,
            capacity: self.0.clone(),
        }
    }
}

impl<S, R, A> Service<Call<R>> for Shed<S>
where
    S: Service<Call<R>, Response = A, Error = Failure>,
{
    type Response = A;
    type Error = Failure;
    type Future = Either<Held<S::Future>, Ready<Result<A, Failure>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, call: Call<R>) -> Self::Future {
        match self.capacity.take() {
            Some(slot) => Either::Left(Held {
                answer: Box::pin(self.inner.call(call)),
                _slot: slot,
            }),
            None => Either::Right(ready(Err(Failure::new(Reason::Overloaded, "")))),
        }
    }
}

/// An answer that is being made, and the slot that it takes.
pub struct Held<F> {
    answer: Pin<Box<F>>,
    _slot: Slot,
}

impl<F: Future> Future for Held<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.answer.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use im_schema::{rpc::Context as CallContext, services::message_service::SEND_MESSAGE};
    use tower::{ServiceExt as _, service_fn};

    fn limit(limit: usize) -> NonZeroUsize {
        NonZeroUsize::new(limit).unwrap()
    }

    /// Calls that never are answered, as far as they are let in; why the others are not.
    fn call(capacity: &Capacity) -> Result<impl Future, Reason> {
        let never = service_fn(async |_: Call<()>| std::future::pending::<Result<(), Failure>>().await);
        let call = Call {
            method: &SEND_MESSAGE,
            context: CallContext::default(),
            request: (),
        };
        let mut answer = Box::pin(CapacityLayer::new(capacity.clone()).layer(never).oneshot(call));
        match futures::FutureExt::now_or_never(&mut answer) {
            None => Ok(answer),
            Some(answer) => Err(answer.unwrap_err().reason()),
        }
    }

    #[test]
    fn who_finds_no_slot_is_refused_at_once_and_whoever_gives_up_makes_room() {
        let capacity = Capacity::new(limit(2));
        let (first, _second) = (call(&capacity).ok().unwrap(), call(&capacity).ok().unwrap());
        assert_eq!(call(&capacity).err(), Some(Reason::Overloaded));
        drop(first);
        let _third = call(&capacity).ok().unwrap();
        assert_eq!(call(&capacity).err(), Some(Reason::Overloaded));
    }

    #[test]
    fn the_limit_changes_while_calls_are_answered() {
        let capacity = Capacity::new(limit(2));
        let (first, second) = (call(&capacity).ok().unwrap(), call(&capacity).ok().unwrap());
        capacity.set(limit(3));
        let third = call(&capacity).ok().unwrap();
        capacity.set(limit(1));
        drop((first, second));
        assert_eq!(call(&capacity).err(), Some(Reason::Overloaded), "one is still there");
        drop(third);
        assert!(call(&capacity).is_ok());
    }
}
