//! Snowflake ids: unique across the deployment, growing with time, made without asking anybody.
//!
//! From the highest bit down: 1 bit that is always 0, 41 bits of milliseconds since [`EPOCH_MS`], 10 bits of machine,
//! 12 bits of counter.

use crate::{clock::SharedClock, registry::Lease};
use std::sync::atomic::{AtomicU64, Ordering};

/// Ids count time from here: 2024-01-01T00:00:00Z in milliseconds since 1970.
pub const EPOCH_MS: u64 = 1_704_067_200_000;
/// How many machines can make ids at the same time.
pub const MACHINES: u32 = 1 << MACHINE_BITS;

const MACHINE_BITS: u32 = 10;
const COUNTER_BITS: u32 = 12;
const COUNTER_MASK: u64 = (1 << COUNTER_BITS) - 1;

/// Why there is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The lease on the machine number was lost: another process may be using it by now. Lasts.
    #[error("the machine number was lost, its ids would not be unique")]
    Fenced,
    /// The lease is for a slot that is no machine number.
    #[error("machine number {slot} is beyond {max}", max = MACHINES - 1)]
    NoMachine {
        /// The lease's slot.
        slot: u32,
    },
}

/// Makes ids. Each one is greater than every one made before by the same generator.
///
/// When more than 4,096 are wanted within a millisecond, or the machine's clock is set back, ids borrow from the
/// time to come instead of waiting; [`time_ms`] of such an id is ahead of the clock. A process that restarts with the
/// same machine number must not do so before the time that it had borrowed has passed: at one id per microsecond nothing is
/// borrowed at all.
pub struct Snowflake {
    clock: SharedClock,
    machine: u64,
    // Milliseconds since EPOCH_MS above COUNTER_BITS of counter: the last position that was handed out.
    last: AtomicU64,
    lease: Option<Box<dyn Lease>>,
}

impl Snowflake {
    /// A generator whose machine number nobody else uses, as its caller knows.
    ///
    /// # Panics
    /// If `machine` is not below [`MACHINES`].
    #[must_use]
    pub fn new(clock: SharedClock, machine: u16) -> Self {
        assert!(
            u32::from(machine) < MACHINES,
            "machine number {machine} is beyond {}",
            MACHINES - 1
        );
        Self {
            clock,
            machine: u64::from(machine),
            last: AtomicU64::new(0),
            lease: None,
        }
    }

    /// A generator whose machine number is the slot of `lease`, one of [`MACHINES`]. It keeps the lease for as long as it lives
    /// and makes no id once the lease is lost.
    ///
    /// # Errors
    /// [`IdError::NoMachine`] for a slot beyond the machine numbers.
    pub fn from_lease(clock: SharedClock, lease: Box<dyn Lease>) -> Result<Self, IdError> {
        let slot = lease.slot();
        if slot >= MACHINES {
            return Err(IdError::NoMachine { slot });
        }
        Ok(Self {
            lease: Some(lease),
            ..Self::new(clock, slot as u16)
        })
    }

    /// The next id.
    ///
    /// # Errors
    /// [`IdError::Fenced`] once the lease is lost.
    pub fn next(&self) -> Result<u64, IdError> {
        self.reserve(1).map(|position| self.id(position))
    }

    /// The next `n` ids, growing. One step for all of them, however many.
    ///
    /// # Errors
    /// [`IdError::Fenced`] once the lease is lost.
    pub fn next_many(&self, n: usize) -> Result<Vec<u64>, IdError> {
        if n == 0 {
            return Ok(Vec::new());
        }
        let first = self.reserve(n as u64)?;
        Ok((first..first + n as u64).map(|position| self.id(position)).collect())
    }

    /// Takes `n` positions in a row and returns the first.
    fn reserve(&self, n: u64) -> Result<u64, IdError> {
        let now = self.clock.now_ms().saturating_sub(EPOCH_MS) << COUNTER_BITS;
        let start = |last: u64| now.max(last + 1);
        let (Ok(last) | Err(last)) = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(start(last) + n - 1));
        // After the clock was read: a process may be stopped between any two steps, and an id must not be of a time at which another
        // process may have had its machine number.
        if self.lease.as_ref().is_some_and(|lease| !lease.is_held()) {
            return Err(IdError::Fenced);
        }
        Ok(start(last))
    }

    fn id(&self, position: u64) -> u64 {
        let (time, counter) = (position >> COUNTER_BITS, position & COUNTER_MASK);
        time << (MACHINE_BITS + COUNTER_BITS) | self.machine << COUNTER_BITS | counter
    }
}

impl std::fmt::Debug for Snowflake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snowflake")
            .field("machine", &self.machine)
            .field("leased", &self.lease.is_some())
            .finish()
    }
}

/// When the id was made, in milliseconds since 1970.
#[must_use]
pub fn time_ms(id: u64) -> u64 {
    (id >> (MACHINE_BITS + COUNTER_BITS)) + EPOCH_MS
}

/// The smallest id that can be made at `ms` (milliseconds since 1970): everything older is below it. 0 before [`EPOCH_MS`].
#[must_use]
pub fn first_id_at(ms: u64) -> u64 {
    ms.saturating_sub(EPOCH_MS) << (MACHINE_BITS + COUNTER_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, ManualClock, SystemClock};
    use std::{collections::BTreeSet, sync::Arc, thread, time::Duration};
    use tokio::sync::watch;

    const NOW: u64 = EPOCH_MS + 86_400_000;

    #[test]
    fn an_id_tells_time_and_machine() {
        let ids = Snowflake::new(ManualClock::at(NOW), 1_023);
        let id = ids.next().unwrap();
        assert_eq!(time_ms(id), NOW);
        assert_eq!(id >> COUNTER_BITS & 1_023, 1_023);
        assert!(first_id_at(NOW) <= id && id < first_id_at(NOW + 1));
        assert_eq!(first_id_at(0), 0);
    }

    #[test]
    fn more_than_a_millisecond_holds_is_borrowed_from_the_next() {
        let ids = Snowflake::new(ManualClock::at(NOW), 5);
        let all = ids.next_many(10_000).unwrap();
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(time_ms(all[0]), NOW);
        assert_eq!(time_ms(all[4_095]), NOW);
        assert_eq!(time_ms(all[4_096]), NOW + 1);
        assert!(ids.next().unwrap() > all[9_999]);
        assert!(ids.next_many(0).unwrap().is_empty());
    }

    #[test]
    fn ids_grow_while_the_clock_runs_back() {
        let clock = ManualClock::at(NOW);
        let ids = Snowflake::new(clock.clone(), 0);
        let before = ids.next().unwrap();
        clock.set(NOW - 60_000);
        assert!(ids.next().unwrap() > before);
        clock.set(NOW + 1);
        assert_eq!(time_ms(ids.next().unwrap()), clock.now_ms());
    }

    #[test]
    fn many_threads_never_get_the_same_id() {
        let ids = Arc::new(Snowflake::new(SystemClock::shared(), 1));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let ids = Arc::clone(&ids);
                thread::spawn(move || {
                    (0..500)
                        .flat_map(|n| ids.next_many(n % 7).unwrap())
                        .chain((0..500).map(|_| ids.next().unwrap()))
                        .collect()
                })
            })
            .collect();
        let all: Vec<Vec<u64>> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        let distinct: BTreeSet<_> = all.iter().flatten().collect();
        assert_eq!(distinct.len(), all.iter().map(Vec::len).sum::<usize>());
        assert!(all.iter().all(|own| own.windows(2).all(|pair| pair[0] < pair[1])));
    }

    #[test]
    #[should_panic(expected = "machine number 1024")]
    fn a_machine_number_beyond_ten_bits_is_refused() {
        let _ = Snowflake::new(ManualClock::at(NOW), 1_024);
    }

    struct Slot(u32, watch::Sender<bool>);

    #[async_trait::async_trait]
    impl Lease for Slot {
        fn slot(&self) -> u32 {
            self.0
        }
        fn is_held(&self) -> bool {
            *self.1.borrow()
        }
        fn held(&self) -> watch::Receiver<bool> {
            self.1.subscribe()
        }
        async fn revoke(&self) {
            self.1.send_replace(false);
        }
    }

    #[test]
    fn a_lost_lease_ends_the_generator() {
        let held = watch::Sender::new(true);
        let clock = ManualClock::at(NOW);
        let ids = Snowflake::from_lease(clock.clone(), Box::new(Slot(7, held.clone()))).unwrap();
        assert_eq!(ids.next().unwrap() >> COUNTER_BITS & 1_023, 7);
        held.send_replace(false);
        clock.advance(Duration::from_secs(1));
        assert_eq!(ids.next(), Err(IdError::Fenced));
        assert_eq!(ids.next_many(3), Err(IdError::Fenced));
    }

    #[test]
    fn a_slot_beyond_the_machine_numbers_is_refused() {
        let lease = Box::new(Slot(1_024, watch::Sender::new(true)));
        let refused = Snowflake::from_lease(ManualClock::at(NOW), lease).unwrap_err();
        assert_eq!(refused, IdError::NoMachine { slot: 1_024 });
    }
}
