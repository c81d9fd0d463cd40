//! Why a command was refused. Codes are stable: clients and vendor translators match on them.

use thiserror::Error;

use crate::layout::LayoutError;
use crate::{RoomId, RoomName};

/// A refusal. The room did not change.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Rejection {
    /// Another room of the app has this name.
    #[error("a room named \"{name}\" exists")]
    NameConflict {
        /// The name asked for.
        name: RoomName,
        /// The room that has it; vendors' clients simply join it.
        room: RoomId,
    },
    /// The app has a room with this id.
    #[error("a room with this id exists")]
    RoomExists,
    /// The app has as many rooms as it may have.
    #[error("the app has too many rooms")]
    TooManyRooms,
    /// The member or stream id is in use.
    #[error("{field} is in use")]
    IdTaken {
        /// `member` or `stream`.
        field: &'static str,
    },
    /// The app has no such room.
    #[error("there is no such room")]
    NoSuchRoom,
    /// The room has ended.
    #[error("the room has ended")]
    RoomEnded,
    /// The room has a password and none was shown.
    #[error("the room needs a password")]
    PasswordRequired,
    /// The password does not open the room.
    #[error("wrong password")]
    WrongPassword,
    /// The ticket is for another app, room or account.
    #[error("the ticket is for something else")]
    WrongTicket,
    /// The ticket is no longer valid.
    #[error("the ticket has expired")]
    ExpiredTicket,
    /// As many talkers and admins as the room takes.
    #[error("the room takes no more talkers")]
    RoomFullTalkers,
    /// As many audience members as the room takes.
    #[error("the room takes no more audience")]
    RoomFullAudiences,
    /// As many camera streams with video as the room takes.
    #[error("the room takes no more videos")]
    RoomFullVideos,
    /// As many screen streams as the room takes.
    #[error("the room takes no more shared screens")]
    RoomFullDesktops,
    /// Whoever acts is not in the room.
    #[error("not a member of the room")]
    NotAMember,
    /// Whoever acts may not do this.
    #[error("not allowed")]
    NotAllowed,
    /// The member acted on is not in the room.
    #[error("there is no such member")]
    NoSuchMember,
    /// The member has no such session.
    #[error("there is no such session")]
    NoSuchSession,
    /// The room has no such stream.
    #[error("there is no such stream")]
    NoSuchStream,
    /// The member has no pending request for that role.
    #[error("there is no such request")]
    NoSuchRequest,
    /// The member has a pending request already.
    #[error("a request is waiting for its answer")]
    RequestPending,
    /// Muted by the room's management; only it can unmute.
    #[error("muted by the room's management")]
    Muted,
    /// The room gives no RTMP URLs.
    #[error("the room does not support mini programs")]
    MiniProgramUnsupported,
    /// The URL was replaced by a newer one.
    #[error("the URL has been replaced")]
    StaleUrl,
    /// As many attributes as a room may have.
    #[error("the room has too many attributes")]
    TooManyAttributes,
    /// The attributes together are too large.
    #[error("the room's attributes are too large")]
    AttributesTooLarge,
    /// An argument makes no sense here.
    #[error("invalid {field}")]
    InvalidArgument {
        /// Which argument.
        field: &'static str,
    },
    /// The layout cannot be drawn.
    #[error("the layout is not valid: {0}")]
    InvalidLayout(LayoutError),
    /// As many pushes as a room may have.
    #[error("the room has too many pushes")]
    TooManyPushes,
    /// The stream is pushed to this address already.
    #[error("the stream is pushed there already")]
    PushExists,
    /// The room has no such push.
    #[error("there is no such push")]
    NoSuchPush,
    /// The room is one with bypass and the member wants none, or the other way round.
    #[error("the room has another bypass mode")]
    BypassMismatch,
    /// As many guests of the bypass as the room takes.
    #[error("the room takes no more guests of the bypass")]
    BypassGuestsFull,
    /// The room has a host of the bypass already.
    #[error("the room has a host of the bypass already")]
    BypassHostTaken,
    /// Only a host can begin a room with bypass.
    #[error("a host must begin the bypass")]
    BypassNotHosted,
}

/// Family of a rejection; each maps to one HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RejectionKind {
    /// The request makes no sense: 400.
    Invalid,
    /// Who asks may not: 403.
    Denied,
    /// What is named does not exist: 404.
    NotFound,
    /// It collides with what is there: 409.
    Conflict,
    /// It was there and is gone: 410.
    Gone,
    /// A limit is reached: 429 or 403, as the caller's dialect has it.
    Full,
}

impl Rejection {
    /// Stable machine-readable code in `snake_case`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NameConflict { .. } => "name_conflict",
            Self::RoomExists => "room_exists",
            Self::TooManyRooms => "too_many_rooms",
            Self::IdTaken { .. } => "id_taken",
            Self::NoSuchRoom => "no_such_room",
            Self::RoomEnded => "room_ended",
            Self::PasswordRequired => "password_required",
            Self::WrongPassword => "wrong_password",
            Self::WrongTicket => "wrong_ticket",
            Self::ExpiredTicket => "expired_ticket",
            Self::RoomFullTalkers => "room_full_talkers",
            Self::RoomFullAudiences => "room_full_audiences",
            Self::RoomFullVideos => "room_full_videos",
            Self::RoomFullDesktops => "room_full_desktops",
            Self::NotAMember => "not_a_member",
            Self::NotAllowed => "not_allowed",
            Self::NoSuchMember => "no_such_member",
            Self::NoSuchSession => "no_such_session",
            Self::NoSuchStream => "no_such_stream",
            Self::NoSuchRequest => "no_such_request",
            Self::RequestPending => "request_pending",
            Self::Muted => "muted",
            Self::MiniProgramUnsupported => "mini_program_unsupported",
            Self::StaleUrl => "stale_url",
            Self::TooManyAttributes => "too_many_attributes",
            Self::AttributesTooLarge => "attributes_too_large",
            Self::InvalidArgument { .. } => "invalid_argument",
            Self::InvalidLayout(_) => "invalid_layout",
            Self::TooManyPushes => "too_many_pushes",
            Self::PushExists => "push_exists",
            Self::NoSuchPush => "no_such_push",
            Self::BypassMismatch => "bypass_mismatch",
            Self::BypassGuestsFull => "bypass_guests_full",
            Self::BypassHostTaken => "bypass_host_taken",
            Self::BypassNotHosted => "bypass_not_hosted",
        }
    }

    /// Family of the rejection.
    #[must_use]
    pub const fn kind(&self) -> RejectionKind {
        use RejectionKind::{Conflict, Denied, Full, Gone, Invalid, NotFound};
        match self {
            Self::NameConflict { .. }
            | Self::RoomExists
            | Self::IdTaken { .. }
            | Self::RequestPending
            | Self::PushExists
            | Self::BypassMismatch
            | Self::BypassHostTaken => Conflict,
            Self::NoSuchRoom
            | Self::NoSuchMember
            | Self::NoSuchSession
            | Self::NoSuchStream
            | Self::NoSuchRequest
            | Self::NoSuchPush => NotFound,
            Self::RoomEnded => Gone,
            Self::PasswordRequired
            | Self::WrongPassword
            | Self::WrongTicket
            | Self::ExpiredTicket
            | Self::NotAMember
            | Self::NotAllowed
            | Self::Muted
            | Self::MiniProgramUnsupported
            | Self::StaleUrl
            | Self::BypassNotHosted => Denied,
            Self::TooManyRooms
            | Self::RoomFullTalkers
            | Self::RoomFullAudiences
            | Self::RoomFullVideos
            | Self::RoomFullDesktops
            | Self::TooManyAttributes
            | Self::AttributesTooLarge
            | Self::TooManyPushes
            | Self::BypassGuestsFull => Full,
            Self::InvalidArgument { .. } | Self::InvalidLayout(_) => Invalid,
        }
    }

    /// The number nim's clients get for it on joining (`NIMVChatConnectErrorCode`), where they know one.
    #[must_use]
    pub const fn nim_code(&self) -> Option<u16> {
        match self {
            Self::BypassMismatch => Some(103),
            Self::BypassGuestsFull => Some(104),
            Self::BypassHostTaken => Some(105),
            Self::BypassNotHosted => Some(106),
            Self::InvalidLayout(_) => Some(208),
            _ => None,
        }
    }
}
