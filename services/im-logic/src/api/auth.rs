//! Getting in and out.

mod sessions;

pub(crate) use sessions::Sessions;

use crate::api::{fresh, time};
use async_trait::async_trait;
use im_infra::{clock::SharedClock, ids::Snowflake};
use im_schema::{
    errors::{LogInError, LogOutAllError, LogOutError, RefreshError, RegisterError},
    ids::UserId,
    internal::v1::{CreateUserRequest, VerifyPasswordRequest},
    rpc::{Caller, Context, Visitor},
    services::{AuthService, UserRepoClient},
    v1::{
        LogInRequest, LogInResponse, LogOutAllRequest, LogOutAllResponse, LogOutRequest, LogOutResponse,
        RefreshRequest, RefreshResponse, RegisterRequest, RegisterResponse, User,
    },
};
use std::sync::Arc;

/// The service.
pub(crate) struct Auth {
    pub(crate) users: UserRepoClient,
    pub(crate) sessions: Sessions,
    pub(crate) ids: Arc<Snowflake>,
    pub(crate) clock: SharedClock,
}

#[async_trait]
impl AuthService for Auth {
    async fn register(&self, _: Visitor, request: RegisterRequest) -> Result<RegisterResponse, RegisterError> {
        let RegisterRequest {
            name,
            password,
            display_name,
            device_id,
            ..
        } = request;
        let user = User {
            user_id: fresh(&self.ids)?,
            display_name: if display_name.is_empty() {
                name.clone()
            } else {
                display_name
            },
            name,
            about: String::new(),
            created_at: time(self.clock.now_ms()),
            ..Default::default()
        };
        let create = CreateUserRequest {
            user: Some(user.clone()),
            password,
            ..Default::default()
        };
        self.users.create_user(Context::internal(), create).await?;
        let tokens = self.sessions.open(UserId(user.user_id), device_id).await?;
        Ok(RegisterResponse {
            user: Some(user),
            tokens: Some(tokens),
            ..Default::default()
        })
    }

    async fn log_in(&self, _: Visitor, request: LogInRequest) -> Result<LogInResponse, LogInError> {
        let LogInRequest {
            name,
            password,
            device_id,
            ..
        } = request;
        let verify = VerifyPasswordRequest {
            name,
            password,
            ..Default::default()
        };
        let user = self.users.verify_password(Context::internal(), verify).await?.user;
        let id = user.as_ref().map_or(0, |user| user.user_id);
        let tokens = self.sessions.open(UserId(id), device_id).await?;
        Ok(LogInResponse {
            user,
            tokens: Some(tokens),
            ..Default::default()
        })
    }

    async fn refresh(&self, _: Visitor, request: RefreshRequest) -> Result<RefreshResponse, RefreshError> {
        let tokens = self.sessions.rotate(request.refresh_token).await?;
        Ok(RefreshResponse {
            tokens: Some(tokens),
            ..Default::default()
        })
    }

    async fn log_out(&self, caller: Caller, _: LogOutRequest) -> Result<LogOutResponse, LogOutError> {
        self.sessions.end(caller.user, Some(caller.session)).await?;
        Ok(LogOutResponse::default())
    }

    async fn log_out_all(&self, caller: Caller, _: LogOutAllRequest) -> Result<LogOutAllResponse, LogOutAllError> {
        let ended = self.sessions.end(caller.user, None).await?;
        Ok(LogOutAllResponse {
            ended: ended as u32,
            ..Default::default()
        })
    }
}
