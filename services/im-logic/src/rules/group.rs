//! Who may do what in a group.

use im_schema::{
    failure::Failure,
    parlance::Reason,
    v1::{ConversationKind, MemberRole},
};

/// Why something is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// It is a direct conversation.
    NotAGroup,
    /// The actor's role does not allow it.
    RoleTooLow,
    /// The one whom it is about is not a member.
    MemberNotFound,
    /// It would leave the group without an owner.
    OwnerMustStay,
    /// There would be too many members.
    GroupFull,
}

impl Denied {
    /// The reason of the catalogue.
    #[must_use]
    pub fn reason(self) -> Reason {
        match self {
            Self::NotAGroup => Reason::NotAGroup,
            Self::RoleTooLow => Reason::RoleTooLow,
            Self::MemberNotFound => Reason::MemberNotFound,
            Self::OwnerMustStay => Reason::OwnerMustStay,
            Self::GroupFull => Reason::GroupFull,
        }
    }
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        Self::new(denied.reason(), "")
    }
}

/// A member who wants to do something in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// Kind of the conversation.
    pub kind: ConversationKind,
    /// The actor's role in it.
    pub role: MemberRole,
}

impl Actor {
    /// May the actor rename the group?
    ///
    /// # Errors
    /// [`Denied::NotAGroup`], [`Denied::RoleTooLow`].
    pub fn may_rename(self) -> Result<(), Denied> {
        self.at_least_admin()
    }

    /// May the actor add members?
    ///
    /// # Errors
    /// [`Denied::NotAGroup`], [`Denied::RoleTooLow`].
    pub fn may_add(self) -> Result<(), Denied> {
        self.at_least_admin()
    }

    /// May the actor remove another member, who has the role `target` (`None`: is not a member)?
    ///
    /// # Errors
    /// [`Denied::NotAGroup`], [`Denied::RoleTooLow`], [`Denied::MemberNotFound`], [`Denied::OwnerMustStay`].
    pub fn may_remove(self, target: Option<MemberRole>) -> Result<(), Denied> {
        self.at_least_admin()?;
        match (self.role, target) {
            (_, None) => Err(Denied::MemberNotFound),
            (_, Some(MemberRole::Owner)) => Err(Denied::OwnerMustStay),
            (MemberRole::Owner, Some(_)) | (_, Some(MemberRole::Member)) => Ok(()),
            (_, Some(_)) => Err(Denied::RoleTooLow),
        }
    }

    /// May the actor leave?
    ///
    /// # Errors
    /// [`Denied::NotAGroup`], [`Denied::OwnerMustStay`].
    pub fn may_leave(self) -> Result<(), Denied> {
        self.in_group()?;
        if self.role == MemberRole::Owner {
            Err(Denied::OwnerMustStay)
        } else {
            Ok(())
        }
    }

    /// May the actor give a member who has the role `target` (`None`: is not a member) the role `wanted`? The owner's own role changes only
    /// by making another member the owner.
    ///
    /// # Errors
    /// [`Denied::NotAGroup`], [`Denied::RoleTooLow`], [`Denied::MemberNotFound`], [`Denied::OwnerMustStay`].
    pub fn may_change_role(self, target: Option<MemberRole>, wanted: MemberRole) -> Result<(), Denied> {
        self.in_group()?;
        if self.role != MemberRole::Owner {
            return Err(Denied::RoleTooLow);
        }
        match target {
            None => Err(Denied::MemberNotFound),
            Some(MemberRole::Owner) if wanted != MemberRole::Owner => Err(Denied::OwnerMustStay),
            Some(_) => Ok(()),
        }
    }

    fn in_group(self) -> Result<(), Denied> {
        if self.kind == ConversationKind::Group {
            Ok(())
        } else {
            Err(Denied::NotAGroup)
        }
    }

    fn at_least_admin(self) -> Result<(), Denied> {
        self.in_group()?;
        match self.role {
            MemberRole::Owner | MemberRole::Admin => Ok(()),
            MemberRole::Member | MemberRole::Unspecified => Err(Denied::RoleTooLow),
        }
    }
}

/// Whether a group may have so many members.
///
/// # Errors
/// [`Denied::GroupFull`].
pub fn fits(members: usize, max_members: u32) -> Result<(), Denied> {
    if members > max_members as usize {
        Err(Denied::GroupFull)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use im_schema::services::conversation_service as methods;
    use proptest::prelude::*;

    fn roles() -> impl Strategy<Value = MemberRole> {
        prop_oneof![
            Just(MemberRole::Owner),
            Just(MemberRole::Admin),
            Just(MemberRole::Member)
        ]
    }

    fn actors() -> impl Strategy<Value = Actor> {
        let kinds = prop_oneof![Just(ConversationKind::Direct), Just(ConversationKind::Group)];
        (kinds, roles()).prop_map(|(kind, role)| Actor { kind, role })
    }

    proptest! {
        #[test]
        fn nothing_may_be_changed_in_a_direct_conversation(role in roles(), target in proptest::option::of(roles()), wanted in roles()) {
            let actor = Actor { kind: ConversationKind::Direct, role };
            prop_assert_eq!(actor.may_rename(), Err(Denied::NotAGroup));
            prop_assert_eq!(actor.may_add(), Err(Denied::NotAGroup));
            prop_assert_eq!(actor.may_remove(target), Err(Denied::NotAGroup));
            prop_assert_eq!(actor.may_leave(), Err(Denied::NotAGroup));
            prop_assert_eq!(actor.may_change_role(target, wanted), Err(Denied::NotAGroup));
        }

        #[test]
        fn a_group_never_loses_its_owner(actor in actors(), wanted in roles()) {
            prop_assert!(actor.may_remove(Some(MemberRole::Owner)).is_err());
            prop_assert!(actor.role != MemberRole::Owner || actor.may_leave().is_err());
            prop_assert!(wanted == MemberRole::Owner || actor.may_change_role(Some(MemberRole::Owner), wanted).is_err());
        }

        #[test]
        fn a_higher_role_may_all_that_a_lower_one_may(target in proptest::option::of(roles()), wanted in roles()) {
            let in_order = [MemberRole::Member, MemberRole::Admin, MemberRole::Owner];
            let may = |role| {
                let actor = Actor { kind: ConversationKind::Group, role };
                [
                    actor.may_rename().is_ok(),
                    actor.may_add().is_ok(),
                    actor.may_remove(target).is_ok(),
                    actor.may_change_role(target, wanted).is_ok(),
                ]
            };
            for pair in in_order.windows(2) {
                let (lower, higher) = (may(pair[0]), may(pair[1]));
                prop_assert!(lower.iter().zip(higher).all(|(low, high)| !low || high));
            }
        }

        #[test]
        fn only_reasons_that_the_schema_declares_are_given(actor in actors(), target in proptest::option::of(roles()), wanted in roles()) {
            for (method, verdict) in [
                (&methods::RENAME_GROUP, actor.may_rename()),
                (&methods::ADD_MEMBERS, actor.may_add()),
                (&methods::ADD_MEMBERS, fits(2, 1)),
                (&methods::CREATE_GROUP, fits(2, 1)),
                (&methods::REMOVE_MEMBER, actor.may_remove(target)),
                (&methods::LEAVE_GROUP, actor.may_leave()),
                (&methods::CHANGE_ROLE, actor.may_change_role(target, wanted)),
            ] {
                if let Err(denied) = verdict {
                    prop_assert!(method.reasons.contains(&denied.reason()), "{} gives {denied:?}", method.path);
                }
            }
        }
    }

    #[test]
    fn admins_remove_plain_members_only() {
        let admin = Actor {
            kind: ConversationKind::Group,
            role: MemberRole::Admin,
        };
        assert_eq!(admin.may_remove(Some(MemberRole::Member)), Ok(()));
        assert_eq!(admin.may_remove(Some(MemberRole::Admin)), Err(Denied::RoleTooLow));
        assert_eq!(admin.may_remove(None), Err(Denied::MemberNotFound));
    }

    #[test]
    fn a_full_group_takes_nobody() {
        assert_eq!((fits(3, 3), fits(4, 3)), (Ok(()), Err(Denied::GroupFull)));
    }
}
