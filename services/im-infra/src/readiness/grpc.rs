//! The same verdict for those who ask by gRPC.

use super::{Readiness, Stage, Verdict};
use crate::discovery::{Encryption, connect};
use futures::stream::{self, BoxStream};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::timeout;
use tonic::{Request, Response, Status, async_trait};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_check_response::ServingStatus,
    health_client::HealthClient,
    health_server::{Health, HealthServer},
};
use tower::BoxError;

/// `grpc.health.v1.Health` of a process: all its services are ready together.
pub struct GrpcHealth {
    pub(super) readiness: Readiness,
    pub(super) services: BTreeSet<&'static str>,
}

impl GrpcHealth {
    /// Answers for `services`, and for the empty name, which is the whole process.
    #[must_use]
    pub fn server(readiness: &Readiness, services: impl IntoIterator<Item = &'static str>) -> HealthServer<Self> {
        let mut services: BTreeSet<_> = services.into_iter().collect();
        services.insert("");
        HealthServer::new(Self {
            readiness: readiness.clone(),
            services,
        })
    }

    fn known(&self, request: &Request<HealthCheckRequest>) -> Result<(), Status> {
        let service = &*request.get_ref().service;
        if self.services.contains(service) {
            Ok(())
        } else {
            Err(Status::not_found(format!("there is no service {service} here")))
        }
    }
}

fn status(verdict: &Verdict) -> HealthCheckResponse {
    let status = if verdict.is_ready() {
        ServingStatus::Serving
    } else {
        ServingStatus::NotServing
    };
    HealthCheckResponse { status: status.into() }
}

#[async_trait]
impl Health for GrpcHealth {
    type WatchStream = BoxStream<'static, Result<HealthCheckResponse, Status>>;

    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        self.known(&request)?;
        Ok(Response::new(status(&self.readiness.verdict())))
    }

    /// Every change; the stream ends when the process leaves, whose end would wait for it.
    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        self.known(&request)?;
        let told: Option<HealthCheckResponse> = None;
        let changes = stream::unfold((self.readiness.subscribe(), told), async |(mut verdicts, told)| {
            let differs = |verdict: &Verdict| verdict.stage == Stage::Leaving || told != Some(status(verdict));
            let (left, now) = {
                let verdict = verdicts.wait_for(differs).await.ok()?;
                (verdict.stage == Stage::Leaving, status(&verdict))
            };
            // it was told when the process left
            if left && told.as_ref() == Some(&now) {
                return None;
            }
            Some((Ok(now), (verdicts, Some(now))))
        });
        Ok(Response::new(Box::pin(changes)))
    }
}

/// Asks another process whether it can serve.
///
/// # Errors
/// It cannot be reached, is not ready, or does not say within `patience`.
pub async fn serving(address: &str, encryption: Option<&Encryption>, patience: Duration) -> Result<(), BoxError> {
    let asked = async {
        let mut health = HealthClient::new(connect(address, encryption).await?);
        let whole = HealthCheckRequest { service: String::new() };
        match health.check(whole).await?.into_inner().status() {
            ServingStatus::Serving => Ok(()),
            _ => Err(BoxError::from("it is not ready")),
        }
    };
    timeout(patience, asked).await?
}
