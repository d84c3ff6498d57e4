//! Profiles.

use async_trait::async_trait;
use im_schema::{
    errors::{GetProfileError, GetUserError, LookUpUsersError, UpdateProfileError},
    failure::Failure,
    ids::UserId,
    internal::v1::{FindUsersRequest, UpdateUserRequest},
    parlance::Reason,
    rpc::{Caller, Context},
    services::{UserRepoClient, UserService},
    v1::{
        GetProfileRequest, GetProfileResponse, GetUserRequest, GetUserResponse, LookUpUsersRequest,
        LookUpUsersResponse, UpdateProfileRequest, UpdateProfileResponse, User,
    },
    wkt::FieldMask,
};

/// The service.
pub(crate) struct Users {
    pub(crate) users: UserRepoClient,
}

impl Users {
    async fn find(&self, user: UserId) -> Result<User, Failure> {
        let request = FindUsersRequest {
            user_ids: vec![user.0],
            names: Vec::new(),
            ..Default::default()
        };
        let found = self.users.find_users(Context::internal(), request).await?.users.pop();
        found.ok_or_else(|| Failure::new(Reason::UserNotFound, ""))
    }
}

#[async_trait]
impl UserService for Users {
    async fn get_profile(&self, caller: Caller, _: GetProfileRequest) -> Result<GetProfileResponse, GetProfileError> {
        Ok(GetProfileResponse {
            user: Some(self.find(caller.user).await?),
            ..Default::default()
        })
    }

    async fn update_profile(
        &self,
        caller: Caller,
        request: UpdateProfileRequest,
    ) -> Result<UpdateProfileResponse, UpdateProfileError> {
        let mask = request.mask()?;
        let mut profile = request.profile.unwrap_or_default();
        if mask.display_name && profile.display_name.is_empty() {
            profile.display_name = self.find(caller.user).await?.name;
        }
        let request = UpdateUserRequest {
            user_id: caller.user.0,
            profile: Some(profile),
            update_mask: Some(FieldMask::from(&mask)),
            ..Default::default()
        };
        let user = self.users.update_user(Context::internal(), request).await?.user;
        Ok(UpdateProfileResponse {
            user,
            ..Default::default()
        })
    }

    async fn get_user(&self, _: Caller, request: GetUserRequest) -> Result<GetUserResponse, GetUserError> {
        Ok(GetUserResponse {
            user: Some(self.find(UserId(request.user_id)).await?),
            ..Default::default()
        })
    }

    async fn look_up_users(
        &self,
        _: Caller,
        request: LookUpUsersRequest,
    ) -> Result<LookUpUsersResponse, LookUpUsersError> {
        let LookUpUsersRequest { names, user_ids, .. } = request;
        if names.is_empty() && user_ids.is_empty() {
            return Ok(LookUpUsersResponse::default());
        }
        let users = self
            .users
            .find_users(
                Context::internal(),
                FindUsersRequest {
                    user_ids,
                    names,
                    ..Default::default()
                },
            )
            .await?
            .users;
        Ok(LookUpUsersResponse {
            users,
            ..Default::default()
        })
    }
}
