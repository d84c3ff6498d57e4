//! The engines that processes share.

use crate::settings::{Etcd, Kafka, Redis};
use anyhow::Context as _;
use im_infra::{
    clock::SharedClock,
    kv::{
        Kv,
        redis::{RedisKv, RedisOptions},
    },
    log::{
        Log,
        kafka::{KafkaLog, KafkaOptions},
        prefixed::Prefixed,
    },
    registry::{
        Registry,
        etcd::{EtcdOptions, EtcdRegistry},
    },
};
use std::sync::Arc;

impl From<&Kafka> for KafkaOptions {
    fn from(kafka: &Kafka) -> Self {
        let properties = kafka.properties.iter();
        Self {
            brokers: kafka.brokers.clone(),
            delivery_timeout: kafka.delivery_timeout,
            linger: kafka.linger,
            session_timeout: kafka.session_timeout,
            replication: kafka.replication,
            properties: properties
                .map(|(name, value)| (name.clone(), value.expose().to_owned()))
                .collect(),
        }
    }
}

impl From<&Redis> for RedisOptions {
    fn from(redis: &Redis) -> Self {
        Self {
            addresses: redis.addresses.clone(),
            cluster: redis.cluster,
            database: redis.database,
            user: redis.user.clone(),
            password: redis.password.clone(),
            prefix: redis.prefix.clone(),
            timeout: redis.timeout,
            tls: redis.tls.clone(),
        }
    }
}

pub(super) fn log(kafka: &Kafka) -> anyhow::Result<Arc<dyn Log>> {
    let log: Arc<dyn Log> = Arc::new(KafkaLog::new(kafka.into()).context("prepare the log on Kafka")?);
    if kafka.prefix.is_empty() {
        return Ok(log);
    }
    Ok(Arc::new(Prefixed::new(log, &kafka.prefix)))
}

pub(super) async fn kv(redis: &Redis) -> anyhow::Result<Arc<dyn Kv>> {
    Ok(Arc::new(
        RedisKv::connect(redis.into())
            .await
            .context("prepare the keys in Redis")?,
    ))
}

pub(super) async fn registry(etcd: &Etcd, clock: &SharedClock) -> anyhow::Result<Arc<dyn Registry>> {
    let options = EtcdOptions {
        endpoints: etcd.endpoints.clone(),
        prefix: etcd.prefix.clone(),
        timeout: etcd.timeout,
        user: etcd.user.clone(),
        password: etcd.password.clone(),
        tls: etcd.tls.clone(),
    };
    let registry = EtcdRegistry::connect(options, Arc::clone(clock)).await;
    Ok(Arc::new(registry.context("prepare the registry in etcd")?))
}
