//! The room that a channel is: the one of this name, else the one of this id, else a new one.

use lianmai_rooms::{AccountId, AppId, Delay, Limits, Room, RoomId, RoomKind, RoomName, Settings, Timestamp};

use super::refusal::Refusal;
use super::roster::claimed;
use super::sign::{Claims, Known};
use super::uid::Uid;
use crate::service::{CreateRoom, Service};

/// How long after a look-up the channel may still be made, in seconds. A channel that ended later is not made anew by
/// clients that repeat their login.
const FRESH_SECS: u64 = 60;
/// How long a member without connection and media stays: clients try to come back for about 40 s.
const MEMBER_GRACE_SECS: u16 = 45;
/// Most members of a meeting who talk.
const TALKERS: u32 = 100;

/// A room as a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Venue {
    /// Which room.
    pub(super) known: Known,
    /// Whether it takes two and no more.
    pub(super) is_p2p: bool,
    /// It was made just now.
    pub(super) is_new: bool,
}

/// Whether a room of two has no place for a client with this number. One who is away may be the same, come back with
/// another number; its login tells.
pub(super) fn is_full(service: &Service, app: &AppId, venue: &Venue, uid: Uid) -> bool {
    let is_full = service.with_room(app, &venue.known.room, |room| {
        let is_inside = room.streams().any(|stream| claimed(stream) == Some(uid));
        let present = room.members().filter(|member| member.absent_since.is_none());
        !is_inside && present.count() >= 2
    });
    venue.is_p2p && is_full.unwrap_or(false)
}

/// The room that a channel is at present.
pub(super) fn find(service: &Service, app: &AppId, channel: &RoomName) -> Option<Venue> {
    let state = service.core.state.lock();
    let by_id = || state.rooms.get(app, &RoomId::parse(channel.as_str()).ok()?);
    let room = state.rooms.by_name(app, channel).or_else(by_id)?;
    Some(look(room))
}

fn look(room: &Room) -> Venue {
    let limits = room.settings().limits;
    Venue {
        known: Known {
            room: room.id().clone(),
            created_at: room.created_at(),
        },
        is_p2p: limits.talkers() + limits.audiences() <= 2,
        is_new: false,
    }
}

/// The room that a token is for. If the channel had none at the look-up, one is made; `creator` becomes its admin.
pub(super) async fn enter(
    service: &Service,
    app: &AppId,
    claims: &Claims,
    creator: Option<&AccountId>,
) -> Result<Venue, Refusal> {
    if let Some(known) = &claims.known {
        let venue = service.with_room(app, &known.room, look).ok();
        let venue = venue.filter(|venue| venue.known == *known);
        return check(venue.ok_or(Refusal::ended())?, claims);
    }
    let latest = Timestamp::from_secs(claims.at.saturating_add(FRESH_SECS));
    let find = || find(service, app, &claims.channel);
    if let Some(venue) = find() {
        if venue.known.created_at > latest {
            return Err(Refusal::ended());
        }
        return check(venue, claims);
    }
    if service.clock().now() > latest {
        return Err(Refusal::ended());
    }
    match service.create_room(app, new_room(claims, creator)).await {
        Ok(state) => Ok(Venue {
            known: Known {
                room: state.view.id,
                created_at: state.view.created_at,
            },
            is_p2p: claims.p2p,
            is_new: true,
        }),
        // Two came at once, and the other one made it.
        Err(error) if matches!(error.code, "room_exists" | "name_conflict") => {
            check(find().ok_or(Refusal::ended())?, claims)
        }
        Err(error) => Err(error.into()),
    }
}

fn check(venue: Venue, claims: &Claims) -> Result<Venue, Refusal> {
    if venue.is_p2p == claims.p2p {
        Ok(venue)
    } else {
        Err(Refusal::invalid("scene"))
    }
}

fn new_room(claims: &Claims, creator: Option<&AccountId>) -> CreateRoom {
    let usual = Limits::default();
    let limits = if claims.p2p {
        Limits::new(2, 2, 0, 2)
    } else {
        Limits::new(TALKERS, TALKERS, usual.audiences(), usual.desktops())
    };
    let mut settings = Settings::new(RoomKind::Communication);
    settings.name = Some(claims.channel.clone());
    settings.limits = limits.unwrap_or(usual);
    settings.timing.member_grace = Delay::from_secs(MEMBER_GRACE_SECS);
    CreateRoom {
        // Clients that know rooms by their ids find it under the same word, where it can be one.
        id: RoomId::parse(claims.channel.as_str()).ok(),
        settings,
        password: None,
        creator: creator.cloned(),
    }
}
