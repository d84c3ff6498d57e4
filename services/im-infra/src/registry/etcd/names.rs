//! The keys of everything.

use super::options::EtcdOptionsError;

pub(super) struct Names {
    prefix: String,
}

impl Names {
    pub(super) fn new(prefix: &str) -> Result<Self, EtcdOptionsError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-_/".contains(c);
        if prefix.is_empty() || prefix.ends_with('/') || !prefix.chars().all(plain) {
            return Err(EtcdOptionsError::Prefix(prefix.into()));
        }
        Ok(Self { prefix: prefix.into() })
    }

    /// Read to see whether etcd answers; there is nothing.
    pub(super) fn health(&self) -> String {
        format!("{}/health", self.prefix)
    }

    /// What the instances of a service begin with.
    pub(super) fn instances(&self, service: &str) -> String {
        format!("{}/instances/{}/", self.prefix, encode(service))
    }

    pub(super) fn instance(&self, service: &str, id: &str) -> String {
        self.instances(service) + &encode(id)
    }

    /// What the slots of a name begin with.
    pub(super) fn slots(&self, name: &str) -> String {
        format!("{}/slots/{}/", self.prefix, encode(name))
    }

    pub(super) fn slot(&self, name: &str, slot: u32) -> String {
        self.slots(name) + &slot.to_string()
    }

    pub(super) fn setting(&self, key: &str) -> String {
        format!("{}/config/{}", self.prefix, encode(key))
    }
}

/// So that a name is one step of a path, whatever is in it.
fn encode(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2F")
}

pub(super) fn decode(step: &str) -> String {
    step.replace("%2F", "/").replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_step_of_a_path_and_comes_back() {
        let names = Names::new("parlance").unwrap();
        for name in ["gateway-1", "a/b", "%2F", "100 %/%25"] {
            let key = names.instance("x/y", name);
            let step = key.strip_prefix("parlance/instances/x%2Fy/").unwrap();
            assert!(!step.contains('/'));
            assert_eq!(decode(step), name);
        }
    }

    #[test]
    fn a_prefix_has_no_characters_that_say_something_else() {
        for prefix in ["", "parlance/", "par lance", "a*"] {
            assert!(matches!(Names::new(prefix), Err(EtcdOptionsError::Prefix(named)) if named == prefix));
        }
    }
}
