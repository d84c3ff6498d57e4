//! Passwords: hashed and verified by bcrypt, off the threads that serve.

use crate::error::OpenError;
use im_infra::clock::SharedClock;
use im_schema::{failure::Failure, parlance::Reason};
use std::{sync::Arc, thread};
use tokio::{sync::Semaphore, task};

/// Hashes and verifies. At most one at a time for each core: more would only make all of them slower.
#[derive(Clone)]
pub(crate) struct Passwords {
    cost: u32,
    /// Of no password: verified where there is no user, so that an unknown name takes as long as a wrong password.
    dummy: Arc<str>,
    cores: Arc<Semaphore>,
    clock: SharedClock,
}

impl Passwords {
    /// Prepares for hashes of `cost`, 4 to 31. Takes no time: the dummy is made up, not hashed.
    pub(crate) fn new(cost: u32, clock: SharedClock) -> Result<Self, OpenError> {
        if !(4..=31).contains(&cost) {
            return Err(OpenError::Cost { cost });
        }
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let dummy = format!("$2b${cost:02}${}", ".".repeat(53)).into();
        Ok(Self {
            cost,
            dummy,
            cores: Arc::new(Semaphore::new(cores)),
            clock,
        })
    }

    /// The hash of a password.
    pub(crate) async fn hash(&self, password: String) -> Result<String, Failure> {
        let cost = self.cost;
        self.work(move || bcrypt::hash(password, cost)).await
    }

    /// Whether it is the password of the hash. `None` takes as long and is never right.
    pub(crate) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Failure> {
        let known = hash.is_some();
        let hash: Arc<str> = hash.map_or_else(|| Arc::clone(&self.dummy), Arc::from);
        let right = self.work(move || bcrypt::verify(password, &hash)).await?;
        Ok(known && right)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, bcrypt::BcryptError> + Send + 'static,
    ) -> Result<T, Failure> {
        let _core = self.cores.acquire().await.expect("the semaphore is never closed");
        let started = self.clock.monotonic();
        let done = task::spawn_blocking(work).await;
        metrics::histogram!("repo_password_seconds").record((self.clock.monotonic() - started).as_secs_f64());
        match done {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(internal(error)),
            Err(error) => Err(internal(error)),
        }
    }
}

fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::new(Reason::Internal, "").because(cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use im_infra::clock::SystemClock;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_user_is_right() {
        let passwords = Passwords::new(4, SystemClock::shared()).unwrap();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$2b$04$"));
        assert!(
            passwords
                .verify("correct horse".into(), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(!passwords.verify("Correct horse".into(), Some(hash)).await.unwrap());
        assert!(!passwords.verify("correct horse".into(), None).await.unwrap());
        assert!(!passwords.verify(String::new(), None).await.unwrap());
    }

    #[test]
    fn an_unknown_name_costs_what_a_wrong_password_costs() {
        let passwords = Passwords::new(5, SystemClock::shared()).unwrap();
        let parts: bcrypt::HashParts = passwords.dummy.parse().unwrap();
        assert_eq!(parts.get_cost(), 5);
        assert!(!bcrypt::verify("anything", &passwords.dummy).unwrap());
    }

    #[test]
    fn a_cost_that_bcrypt_does_not_know_is_refused() {
        assert!(Passwords::new(3, SystemClock::shared()).is_err());
        assert!(Passwords::new(32, SystemClock::shared()).is_err());
    }
}
