//! Peers made by members of a room: one per direction, with as many streams as they like.
//!
//! The client always offers. An offer says which stream each of its lines is for; the member's right to it comes from
//! the room, not from a token. Offering again for the same peer changes its lines; those not named become inactive.

use std::collections::HashMap;
use std::net::SocketAddr;

use axum::http::StatusCode;
use lianmai_bridge::{
    Answer, BridgeError, IceServer, LayerChoice, Line, Lines, Offer, OfferedLine, PeerId, PlayLine,
    PublishLine, Trickled,
};
use lianmai_hub::{AccessRequest, Action, Grant, Protocol};
use lianmai_rooms::{AccountId, AppId, MemberId, Rejection, RoomId, SessionId, StreamId};

use super::answers::{check_publish, disabled, no_such_peer, problem};
use super::peers::Grants;
use super::{Direction, Owner, Webrtc, capacity};
use crate::http::Problem;
use crate::service::{Service, ServiceError};

/// Lines of one offer at most.
const MAX_LINES: usize = 64;
/// Longest name of a line (RFC 8843 §15.2 wants three bytes or fewer).
const MAX_MID: usize = 16;
/// Longest peer id that is looked up.
const MAX_PEER: usize = 64;

/// Who negotiates, proven by the session.
#[derive(Debug, Clone)]
pub(crate) struct Signaller {
    pub(crate) app: AppId,
    pub(crate) room: RoomId,
    pub(crate) account: AccountId,
    pub(crate) member: MemberId,
    pub(crate) session: SessionId,
    pub(crate) address: SocketAddr,
}

/// What one media line is for.
#[derive(Debug, Clone)]
pub(crate) struct LineUse {
    pub(crate) mid: String,
    pub(crate) stream: StreamId,
    /// Of playing lines.
    pub(crate) layer: LayerChoice,
}

/// The answer to an offer.
pub(crate) struct Answered {
    pub(crate) answer: Answer,
    pub(crate) ice_servers: Vec<IceServer>,
}

/// Makes a peer from an offer, or changes the one named.
pub(crate) async fn negotiate(
    service: &Service,
    who: &Signaller,
    direction: Direction,
    peer: Option<&str>,
    sdp: String,
    lines: &[LineUse],
) -> Result<Answered, Problem> {
    let webrtc = service.webrtc().ok_or_else(disabled)?;
    check_lines(lines)?;
    if sdp.len() > webrtc.config.max_sdp {
        return Err(problem(BridgeError::TooLong {
            length: sdp.len(),
            limit: webrtc.config.max_sdp,
        }));
    }
    if !is_inside(service, who) {
        return Err(not_inside());
    }
    let owner = Owner {
        app: who.app.clone(),
        room: who.room.clone(),
        member: who.member.clone(),
        session: Some(who.session.clone()),
        direction,
    };
    let present = match peer {
        Some(text) => {
            let peer = peer_id(text)?;
            if webrtc.peers.owner(&peer).as_ref() != Some(&owner) {
                return Err(no_such_peer());
            }
            Some(peer)
        }
        None if webrtc.peers.has_room(&who.session) => None,
        None => {
            let text = "the session has too many peer connections";
            return Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "session_limit_peers",
                text,
            ));
        }
    };
    let held = present
        .as_ref()
        .map_or_else(Grants::new, |peer| webrtc.peers.grants(peer));
    let grants = grants(service, who, direction, lines, held).await?;
    // Whoever has a peer already is not refused more of it.
    if direction == Direction::Subscribe && present.is_none() {
        let stream_of = |line: &OfferedLine| {
            let used = lines.iter().find(|used| used.mid == line.mid)?;
            grants.get(&used.stream).map(|grant| grant.key.clone())
        };
        capacity::check(service, &lianmai_bridge::offered(&sdp), stream_of)?;
    }
    let offer = Offer {
        sdp,
        lines: Lines::ByMid(by_mid(lines, &grants, direction)),
    };
    let done = match &present {
        Some(peer) => webrtc.bridge.renegotiate(peer, offer).await,
        None => webrtc.bridge.open(offer).await,
    };
    let answer = done.map_err(|error| refused(webrtc, present.as_ref(), error))?;
    webrtc.peers.set(&answer.peer, owner, grants);
    // Whoever left while the bridge was at it is known only now: the end of its stay did not find this peer.
    if !is_inside(service, who) {
        webrtc.close(&answer.peer);
        return Err(not_inside());
    }
    Ok(Answered {
        answer,
        ice_servers: service.ice_servers(who.account.as_str()),
    })
}

/// Which layer a playing line gets from now on.
pub(crate) fn choose_layer(
    service: &Service,
    session: &SessionId,
    peer: &str,
    mid: &str,
    layer: LayerChoice,
) -> Result<(), Problem> {
    let (webrtc, peer) = own(service, session, peer)?;
    let done = webrtc.bridge.choose_layer(&peer, mid, layer);
    done.map_err(|error| refused(webrtc, Some(&peer), error))
}

/// Takes candidates, or restarts ICE.
pub(crate) async fn trickle(
    service: &Service,
    session: &SessionId,
    peer: &str,
    fragment: &str,
) -> Result<Trickled, Problem> {
    let (webrtc, peer) = own(service, session, peer)?;
    // A session's messages keep their order, so there is no stale fragment to guard against.
    let done = webrtc.bridge.trickle(&peer, None, fragment).await;
    done.map_err(|error| refused(webrtc, Some(&peer), error))
}

/// Ends a peer.
pub(crate) fn close(service: &Service, session: &SessionId, peer: &str) -> Result<(), Problem> {
    let (webrtc, peer) = own(service, session, peer)?;
    webrtc.close(&peer);
    Ok(())
}

/// A peer that the session made.
fn own<'a>(service: &'a Service, session: &SessionId, peer: &str) -> Result<(&'a Webrtc, PeerId), Problem> {
    let webrtc = service.webrtc().ok_or_else(disabled)?;
    let peer = peer_id(peer)?;
    match webrtc.peers.owner(&peer) {
        Some(owner) if owner.session.as_ref() == Some(session) => Ok((webrtc, peer)),
        _ => Err(no_such_peer()),
    }
}

fn peer_id(text: &str) -> Result<PeerId, Problem> {
    if text.len() > MAX_PEER {
        return Err(no_such_peer());
    }
    Ok(PeerId::from_client(text))
}

/// A refusal of the bridge. A peer that it does not know is forgotten here, too.
fn refused(webrtc: &Webrtc, peer: Option<&PeerId>, error: BridgeError) -> Problem {
    if let (BridgeError::NoSuchPeer, Some(peer)) = (&error, peer) {
        webrtc.peers.remove(peer);
    }
    problem(error)
}

fn check_lines(lines: &[LineUse]) -> Result<(), Problem> {
    if lines.len() > MAX_LINES {
        return Err(Problem::invalid("lines", "too many lines"));
    }
    let mut seen = std::collections::HashSet::new();
    for line in lines {
        let token = line.mid.bytes().all(|byte| byte.is_ascii_graphic());
        if line.mid.is_empty() || line.mid.len() > MAX_MID || !token {
            return Err(Problem::invalid("lines", "a mid is a token of 1 to 16 bytes"));
        }
        if !seen.insert(&line.mid) {
            return Err(Problem::invalid("lines", "a mid is named twice"));
        }
    }
    Ok(())
}

/// A grant for each stream. One that the peer holds already is kept: it is the same connection.
async fn grants(
    service: &Service,
    who: &Signaller,
    direction: Direction,
    lines: &[LineUse],
    mut held: Grants,
) -> Result<Grants, Problem> {
    let mut granted = Grants::new();
    for LineUse { stream, .. } in lines {
        if granted.contains_key(stream) {
            continue;
        }
        check_stream(service, who, direction, stream)?;
        let grant = match held.remove(stream) {
            Some(grant) => grant,
            None => ask(service, who, direction, stream).await?,
        };
        granted.insert(stream.clone(), grant);
    }
    Ok(granted)
}

/// What the room says, in its own words.
fn check_stream(
    service: &Service,
    who: &Signaller,
    direction: Direction,
    stream: &StreamId,
) -> Result<(), ServiceError> {
    let said = service.with_room(&who.app, &who.room, |room| {
        room.member(&who.member).ok_or(Rejection::NotAMember)?;
        let stream = room.stream(stream).ok_or(Rejection::NoSuchStream)?;
        match direction {
            Direction::Publish if stream.owner.as_ref() != Some(&who.member) => Err(Rejection::NotAllowed),
            _ => Ok(()),
        }
    })?;
    Ok(said?)
}

async fn ask(
    service: &Service,
    who: &Signaller,
    direction: Direction,
    stream: &StreamId,
) -> Result<Grant, Problem> {
    let request = AccessRequest {
        action: match direction {
            Direction::Publish => Action::Publish,
            Direction::Subscribe => Action::Play,
        },
        app: who.app.to_string(),
        stream: stream.to_string(),
        query: String::new(),
        peer: who.address,
        protocol: Protocol::Webrtc,
    };
    let (access, action) = (service.access(), request.action);
    let grant = access.authorise_member(request, &who.room, &who.member).await?;
    check_publish(service, action, &grant)?;
    Ok(grant)
}

fn by_mid(lines: &[LineUse], grants: &Grants, direction: Direction) -> HashMap<String, Line> {
    let line = |used: &LineUse| {
        let grant = grants.get(&used.stream)?.clone();
        let line = match direction {
            Direction::Publish => Line::Publish(PublishLine { grant }),
            Direction::Subscribe => Line::Play(PlayLine {
                grant,
                layer: used.layer,
            }),
        };
        Some((used.mid.clone(), line))
    };
    lines.iter().filter_map(line).collect()
}

/// A peer ends when its session leaves the room, so the session must have joined.
fn not_inside() -> Problem {
    Problem::from(ServiceError::from(Rejection::NotAMember))
}

/// Whether the member is inside, with this session.
fn is_inside(service: &Service, who: &Signaller) -> bool {
    let session = service.session(&who.app, &who.account, &who.session);
    session.is_ok_and(|session| session.rooms.contains(&(who.room.clone(), who.member.clone())))
}
