//! How processes find each other, and which are there.

use super::report::Finding;
use crate::settings::Settings;
use im_infra::clock::SharedClock;
#[cfg(feature = "cluster")]
use im_infra::{discovery::Encryption, readiness, registry::Instance, tls::Address};

const SUBJECT: &str = "registry";
/// A process that does not answer for so long is in no state to serve.
#[cfg(feature = "cluster")]
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);

pub(super) async fn look(settings: &Settings, clock: &SharedClock) -> Vec<Finding> {
    if settings.etcd.endpoints.is_empty() {
        return vec![Finding::good(SUBJECT, "in the process")];
    }
    shared(settings, clock).await
}

#[cfg(not(feature = "cluster"))]
async fn shared(_: &Settings, _: &SharedClock) -> Vec<Finding> {
    super::not_built_in(SUBJECT, "etcd.endpoints")
}

#[cfg(feature = "cluster")]
async fn shared(settings: &Settings, clock: &SharedClock) -> Vec<Finding> {
    let endpoints = settings.etcd.endpoints.join(", ");
    let away = |error: anyhow::Error| {
        vec![Finding::bad(
            SUBJECT,
            format!("etcd at {endpoints} does not answer: {}", super::told(&*error)),
            "start it, or correct etcd: endpoints, user, password; meanwhile running processes go on, and none can start",
        )]
    };
    let encryption = match crate::node::encryption(settings) {
        Ok(encryption) => encryption,
        Err(error) => {
            let mend = "correct cluster.tls: its files, and that they belong together";
            return vec![Finding::bad(SUBJECT, super::told(&*error), mend)];
        }
    };
    let registry = match crate::platform::engines::registry(settings, clock).await {
        Ok(registry) => registry,
        Err(error) => return away(error),
    };
    let mut findings = vec![Finding::good(SUBJECT, format!("etcd at {endpoints} answers"))];
    for role in crate::node::Role::ALL {
        let instances = match registry.watch(role.name()).await {
            Ok(instances) => instances.borrow().clone(),
            Err(error) => return away(error.into()),
        };
        if instances.is_empty() {
            findings.push(Finding::doubtful(
                format!("{role}"),
                "none is running",
                &format!("start one: parlance {role}"),
            ));
        }
        for instance in instances.values() {
            findings.push(answers(instance, encryption.as_ref()).await);
        }
    }
    findings
}

/// Whether an instance that is registered can serve.
#[cfg(feature = "cluster")]
async fn answers(instance: &Instance, encryption: Option<&Encryption>) -> Finding {
    let address = &instance.address;
    // a gateway is called by clients only, through whatever stands in front
    if address.is_empty() {
        return Finding::good(&instance.id, "is registered");
    }
    let plain = Address::parse(address).ok().filter(|address| !address.encrypts());
    let answer = match plain {
        // says what it lacks, too
        Some(plain) => crate::health::ready(&plain, None, PATIENCE).await,
        None => readiness::serving(address, encryption, PATIENCE)
            .await
            .map_err(anyhow::Error::from_boxed),
    };
    match answer {
        Ok(()) => Finding::good(&instance.id, format!("serves at {address}")),
        Err(error) => Finding::bad(
            &instance.id,
            format!("is registered at {address}, but {}", super::told(&*error)),
            "wait for cluster.registration_ttl if it was just killed; else correct its cluster.advertise or cluster.tls, or the network between",
        ),
    }
}
