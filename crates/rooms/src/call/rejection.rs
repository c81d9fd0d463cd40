//! Why a command was refused. Codes are stable: clients match on them.

use thiserror::Error;

use crate::RejectionKind;

/// A refusal. Nothing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Rejection {
    /// There is none of this id for this account.
    #[error("there is no such call")]
    NoSuchCall,
    /// It has ended, not long ago.
    #[error("the call has ended")]
    CallEnded,
    /// Whoever acts is in a call.
    #[error("the account is in a call already")]
    AlreadyInCall,
    /// Whoever acts is not, or not yet, inside.
    #[error("not in the call")]
    NotInCall,
    /// Only whoever invited, or the caller, takes an invitation back.
    #[error("not allowed")]
    NotAllowed,
    /// Another session of the account has the call.
    #[error("another device has the call")]
    OnAnotherDevice,
    /// Another session answered.
    #[error("another device has answered")]
    AcceptedElsewhere,
    /// Another session refused.
    #[error("another device has refused")]
    RejectedElsewhere,
    /// Refused before.
    #[error("refused already")]
    AlreadyRejected,
    /// It rang for too long.
    #[error("the invitation has expired")]
    InviteExpired,
    /// It was taken back.
    #[error("the invitation was taken back")]
    InviteCancelled,
    /// Nobody rings who could be meant.
    #[error("it does not ring")]
    NotRinging,
    /// Nobody has answered yet.
    #[error("nobody has answered yet")]
    NotActive,
    /// A call of two takes no more.
    #[error("the call is not a group call")]
    NotAGroup,
    /// The account named is not in the call.
    #[error("there is no such account in the call")]
    NoSuchCallee,
    /// Nobody asked for this type.
    #[error("there is no such request")]
    NoKindRequest,
    /// As many as a call takes.
    #[error("the call takes no more members")]
    CallFull,
    /// As many calls as the app may have.
    #[error("the app has too many calls")]
    TooManyCalls,
    /// The account invites too fast.
    #[error("too many invitations")]
    TooManyInvites,
    /// An argument makes no sense here.
    #[error("invalid {field}")]
    InvalidArgument {
        /// Which argument.
        field: &'static str,
    },
}

impl Rejection {
    /// Stable machine-readable code in `snake_case`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoSuchCall => "no_such_call",
            Self::CallEnded => "call_ended",
            Self::AlreadyInCall => "already_in_call",
            Self::NotInCall => "not_in_call",
            Self::NotAllowed => "not_allowed",
            Self::OnAnotherDevice => "on_another_device",
            Self::AcceptedElsewhere => "accepted_elsewhere",
            Self::RejectedElsewhere => "rejected_elsewhere",
            Self::AlreadyRejected => "already_rejected",
            Self::InviteExpired => "invite_expired",
            Self::InviteCancelled => "invite_cancelled",
            Self::NotRinging => "not_ringing",
            Self::NotActive => "call_not_active",
            Self::NotAGroup => "not_a_group",
            Self::NoSuchCallee => "no_such_callee",
            Self::NoKindRequest => "no_type_request",
            Self::CallFull => "call_full",
            Self::TooManyCalls => "too_many_calls",
            Self::TooManyInvites => "too_many_invites",
            Self::InvalidArgument { .. } => "invalid_argument",
        }
    }

    /// Family of the rejection.
    #[must_use]
    pub const fn kind(self) -> RejectionKind {
        match self {
            Self::NoSuchCall | Self::NoSuchCallee | Self::NoKindRequest => RejectionKind::NotFound,
            Self::CallEnded | Self::InviteExpired | Self::InviteCancelled => RejectionKind::Gone,
            Self::NotInCall | Self::NotAllowed => RejectionKind::Denied,
            Self::AlreadyInCall
            | Self::OnAnotherDevice
            | Self::AcceptedElsewhere
            | Self::RejectedElsewhere
            | Self::AlreadyRejected
            | Self::NotRinging
            | Self::NotActive
            | Self::NotAGroup => RejectionKind::Conflict,
            Self::CallFull | Self::TooManyCalls | Self::TooManyInvites => RejectionKind::Full,
            Self::InvalidArgument { .. } => RejectionKind::Invalid,
        }
    }
}
