//! Where users are: which instances hold their connections.

use crate::{
    clock::SharedClock,
    kv::Kv,
    presence::{self, VOUCHERS, Vouchers},
    registry::{Instances, Registry, RegistryError},
};
use bytes::Bytes;
use im_schema::ids::UserId;
use std::sync::Arc;
use tokio::sync::watch;

/// Finds the instances that hold connections of users.
///
/// The answer comes from presence in the kv engine. While that is away every gateway of the registry is taken to hold every user, and so is, while it is
/// there, each gateway that does not vouch for its users ([`VOUCHERS`]): too much is sent, nothing is missed, since a gateway passes over users whom
/// it does not hold.
pub struct Routing {
    kv: Arc<dyn Kv>,
    clock: SharedClock,
    gateways: watch::Receiver<Instances>,
}

/// Where some users are, in the order of the question.
#[derive(Debug, Default)]
pub struct Located {
    /// The instances that hold at least one of them, each once.
    pub gateways: Vec<String>,
    /// For each user where its part of `places` ends.
    ends: Vec<u32>,
    /// Indices in `gateways`.
    places: Vec<u32>,
}

impl Located {
    /// Where the user at this place of the question is: indices in [`Located::gateways`], none if the user is offline.
    #[must_use]
    pub fn of(&self, user: usize) -> &[u32] {
        let start = if user == 0 { 0 } else { self.ends[user - 1] };
        &self.places[start as usize..self.ends[user] as usize]
    }

    /// How many of the users are online.
    #[must_use]
    pub fn online(&self) -> usize {
        (0..self.ends.len()).filter(|user| !self.of(*user).is_empty()).count()
    }

    /// The users of the question by instance, in its order: those at each index of [`Located::gateways`].
    #[must_use]
    pub fn by_gateway(&self, users: impl IntoIterator<Item = u64>) -> Vec<Vec<u64>> {
        let mut held = vec![Vec::new(); self.gateways.len()];
        for (at, user) in users.into_iter().enumerate() {
            for place in self.of(at) {
                held[*place as usize].push(user);
            }
        }
        held
    }

    /// The users of the question who are nowhere, in its order.
    #[must_use]
    pub fn offline(&self, users: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let users = users.into_iter().enumerate();
        users
            .filter(|(at, _)| self.of(*at).is_empty())
            .map(|(_, user)| user)
            .collect()
    }

    fn add(&mut self, gateway: String) {
        let known = self.gateways.iter().position(|known| *known == gateway);
        let place = known.unwrap_or_else(|| {
            self.gateways.push(gateway);
            self.gateways.len() - 1
        });
        self.places.push(place as u32);
    }

    fn end_user(&mut self) {
        self.ends.push(self.places.len() as u32);
    }
}

impl Routing {
    /// Presence is read from `kv`; `registry` knows the gateways, for the time that kv is away.
    ///
    /// # Errors
    /// If the registry cannot be reached.
    pub async fn new(kv: Arc<dyn Kv>, registry: &dyn Registry, clock: SharedClock) -> Result<Self, RegistryError> {
        Ok(Self {
            kv,
            clock,
            gateways: registry.watch(presence::GATEWAYS).await?,
        })
    }

    /// Where these users are.
    pub async fn locate(&self, users: impl IntoIterator<Item = UserId>) -> Located {
        let keys: Vec<String> = users.into_iter().map(presence::key).collect();
        self.locate_keys(&keys).await
    }

    /// Where the users with these [`presence::key`]s are: for who asks for the same users again and again.
    pub async fn locate_keys(&self, keys: &[String]) -> Located {
        let mut located = Located::default();
        if keys.is_empty() {
            return located;
        }
        // vouchers before and after presence: what was lost in between shows
        let vouchers = std::iter::once(VOUCHERS.to_owned());
        let asked: Vec<String> = vouchers.clone().chain(keys.iter().cloned()).chain(vouchers).collect();
        match self.kv.hash_all_many(&asked).await {
            Ok(hashes) => {
                let doubtful = self.doubtful(&hashes[0], &hashes[hashes.len() - 1]);
                for hash in hashes.into_iter().skip(1).take(keys.len()) {
                    let present = hash.into_iter().map(|(gateway, _)| gateway);
                    present
                        .filter(|gateway| !doubtful.contains(gateway))
                        .for_each(|gateway| located.add(gateway));
                    doubtful.iter().cloned().for_each(|gateway| located.add(gateway));
                    located.end_user();
                }
            }
            Err(error) => {
                metrics::counter!("routing_blind_total").increment(1);
                error.log("presence unknown, every gateway is told");
                let gateways: Vec<String> = self.gateways.borrow().keys().cloned().collect();
                for _ in keys {
                    gateways.iter().cloned().for_each(|gateway| located.add(gateway));
                    located.end_user();
                }
            }
        }
        located
    }

    /// The gateways of the registry that may hold users who are not in presence.
    fn doubtful(&self, before: &[(String, Bytes)], after: &[(String, Bytes)]) -> Vec<String> {
        let now_ms = self.clock.now_ms();
        let (before, after) = (Vouchers::read(before, now_ms), Vouchers::read(after, now_ms));
        let gateways = self.gateways.borrow();
        let doubtful = gateways.keys().filter(|gateway| !before.hold(&after, gateway));
        doubtful.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(hashes: &[&[&str]]) -> Located {
        let mut located = Located::default();
        for hash in hashes {
            hash.iter().for_each(|gateway| located.add((*gateway).to_owned()));
            located.end_user();
        }
        located
    }

    #[test]
    fn users_are_gathered_by_gateway() {
        let located = located(&[&["a"], &[], &["b", "a"], &["b"]]);
        assert_eq!(located.gateways, ["a", "b"]);
        assert_eq!(located.by_gateway([1, 2, 3, 4]), [vec![1, 3], vec![3, 4]]);
        assert_eq!(located.online(), 3);
        assert_eq!(located.offline([1, 2, 3, 4]), [2]);
        assert_eq!((located.of(1), located.of(2)), (&[][..], &[1, 0][..]));
    }

    #[test]
    fn nobody_is_nowhere() {
        let located = located(&[]);
        assert!(located.gateways.is_empty() && located.by_gateway([]).is_empty());
    }
}
