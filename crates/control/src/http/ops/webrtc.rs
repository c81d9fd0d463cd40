//! Peer connections of members: one to publish, one to play, renegotiated as streams come and go.

use lianmai_bridge as bridge;
use lianmai_rooms::{Rejection, RoomId, SessionId};

use super::Ctx;
use super::context::refuse;
use crate::http::dto;
use crate::http::problem::Problem;
use crate::webrtc::{self, Answered, Direction, LineUse, Signaller};

/// Publishes own streams over one connection.
pub(crate) async fn publish(
    ctx: &Ctx,
    room: RoomId,
    body: dto::PublishOffer,
) -> Result<dto::NegotiatedPeer, Problem> {
    let lines = body.lines.into_iter().map(|line| LineUse {
        mid: line.mid,
        stream: line.stream,
        layer: bridge::LayerChoice::Auto,
    });
    let lines = lines.collect();
    negotiate(ctx, room, Direction::Publish, body.peer, body.offer, lines).await
}

/// Plays streams of the room over one connection.
pub(crate) async fn subscribe(
    ctx: &Ctx,
    room: RoomId,
    body: dto::SubscribeOffer,
) -> Result<dto::NegotiatedPeer, Problem> {
    let lines = body.lines.into_iter().map(|line| LineUse {
        mid: line.mid,
        stream: line.stream,
        layer: line.layer.into(),
    });
    let lines = lines.collect();
    negotiate(ctx, room, Direction::Subscribe, body.peer, body.offer, lines).await
}

async fn negotiate(
    ctx: &Ctx,
    room: RoomId,
    direction: Direction,
    peer: Option<String>,
    offer: String,
    lines: Vec<LineUse>,
) -> Result<dto::NegotiatedPeer, Problem> {
    let member = ctx.acting_member(&room, None)?;
    let address = ctx.caller.address.ok_or_else(|| refuse(Rejection::NotAllowed))?;
    let who = Signaller {
        app: ctx.caller.app.clone(),
        room,
        account: ctx.caller.account.clone(),
        member,
        session: session(ctx)?.clone(),
        address,
    };
    let service = ctx.service();
    let Answered { answer, ice_servers } =
        webrtc::negotiate(service, &who, direction, peer.as_deref(), offer, &lines).await?;
    Ok(dto::NegotiatedPeer {
        peer: answer.peer.as_str().to_owned(),
        answer: answer.sdp,
        etag: answer.etag,
        ice_servers: ice_servers.into_iter().map(Into::into).collect(),
    })
}

/// Peers belong to sessions.
fn session(ctx: &Ctx) -> Result<&SessionId, Problem> {
    let session = ctx.caller.session.as_ref();
    session.ok_or_else(|| refuse(Rejection::NotAllowed))
}

/// Chooses which layer of a stream a line gets.
pub(crate) fn layer(ctx: &Ctx, body: dto::ChooseLayer) -> Result<dto::Nothing, Problem> {
    let layer = body.layer.into();
    webrtc::choose_layer(ctx.service(), session(ctx)?, &body.peer, &body.mid, layer)?;
    Ok(dto::Nothing {})
}

/// Adds candidates, or restarts ICE.
pub(crate) async fn trickle(ctx: &Ctx, body: dto::Trickle) -> Result<dto::Trickled, Problem> {
    let done = webrtc::trickle(ctx.service(), session(ctx)?, &body.peer, &body.fragment).await?;
    Ok(match done {
        bridge::Trickled::Candidates => dto::Trickled::default(),
        bridge::Trickled::Restarted { fragment, etag } => dto::Trickled {
            fragment: Some(fragment),
            etag: Some(etag),
        },
    })
}

/// Ends a peer.
pub(crate) fn close(ctx: &Ctx, body: dto::Peer) -> Result<dto::Nothing, Problem> {
    webrtc::close(ctx.service(), session(ctx)?, &body.peer)?;
    Ok(dto::Nothing {})
}

/// STUN and TURN servers to make a connection with.
pub(crate) fn ice_servers(ctx: &Ctx, _body: dto::Nothing) -> Result<dto::IceServers, Problem> {
    let servers = ctx.service().ice_servers(ctx.caller.account.as_str());
    Ok(dto::IceServers {
        ice_servers: servers.into_iter().map(Into::into).collect(),
    })
}
