//! `op` 200: a ticket, or a session that was lost, becomes a member.

use futures_util::FutureExt as _;
use lianmai_rooms::{AccountId, Device, EventKind, Ext, MemberId, Nick, RoomView, SessionId, Ticket};
use serde_json::{Map, Value, json};

use super::super::events::Sight;
use super::super::shapes::Lists;
use super::super::{Fields, Refusal, identity, live, names, shapes, tickets};
use super::connection::Place;
use super::frame::Request;
use crate::events::{Next, Subscription, Viewer};
use crate::http::ops::Ctx;
use crate::service::{JoinCredential, JoinRequest, Joined, Service, ServiceError, SessionInfo};
use crate::ws::Hold;

/// A member behind a connection.
pub(super) struct Entered {
    pub(super) ctx: Ctx,
    pub(super) member: MemberId,
    pub(super) info: SessionInfo,
    pub(super) hold: Hold,
    pub(super) lists: Lists,
    pub(super) asked: Option<i64>,
    pub(super) sight: Sight,
    pub(super) viewer: Viewer,
    pub(super) cursor: Subscription,
}

/// What a client says on entering.
struct Said {
    account: AccountId,
    signed: String,
    session: Option<SessionId>,
    device: Device,
    lists: Lists,
    asked: Option<i64>,
    nick: Nick,
    ext: Ext,
}

impl Said {
    fn read(place: &Place, said: &Fields) -> Result<Self, Refusal> {
        let ticket = said.object("tkt")?.ok_or_else(|| Refusal::field("tkt"))?;
        let named = ticket
            .text("confrId")?
            .is_none_or(|named| named == place.room.as_str());
        let config = &place.state.service().config().vendor;
        let who = names::named(config, ticket.need("memName")?).filter(|_| named);
        let who = who.filter(|who| who.app.app == place.vendor.app);
        let who = who.ok_or_else(|| Refusal::field("tkt"))?;
        let res = said.object("res")?.unwrap_or_default();
        let kind = res.text("type")?.unwrap_or_default();
        let lists = match kind {
            "MINI_PROGRAM" | "UNIAPP" => Lists::Maps,
            _ => Lists::Arrays,
        };
        let nick = said.text("nickName")?.unwrap_or_default();
        let ext = said.free_text("ext").unwrap_or_default();
        Ok(Self {
            account: who.account,
            signed: ticket.need("signed")?.to_owned(),
            session: said.parsed("sessId")?,
            device: Device::parse(&format!("emedia {kind}")).map_err(|_| Refusal::field("res"))?,
            lists,
            asked: ticket.int("role")?,
            nick: Nick::parse(cut(nick)).map_err(|_| Refusal::field("nickName"))?,
            ext: Ext::parse(&ext).map_err(|_| Refusal::field("ext"))?,
        })
    }
}

/// A nick name is a member name where the client has no other, and those may be longer than nick names.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(Nick::MAX_LEN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// Lets a client in. The frames are the answer and what the client has to be told at once.
pub(super) async fn enter(place: &Place, request: &Request) -> Result<(Entered, Vec<Value>), Refusal> {
    let said = Said::read(place, &request.said)?;
    let service = place.state.service();
    let app = &place.vendor.app;
    let back = resume(place, &said).await?;
    let resumed = back.is_some();
    let (info, member) = match back {
        Some(back) => back,
        None => join(place, &said).await?,
    };
    let hold = place.state.live_sessions().take(&info.id);
    match settle(place, request, &said, info.clone(), member, hold, resumed) {
        Ok(entered) => Ok(entered),
        Err(refusal) => {
            // The stay ended while it began: nobody is behind the session.
            service.close_session(app, &said.account, &info.id).await?;
            Err(refusal)
        }
    }
}

/// Looks at the conference as the member it has become.
fn settle(
    place: &Place,
    request: &Request,
    said: &Said,
    info: SessionInfo,
    member: MemberId,
    hold: Hold,
    resumed: bool,
) -> Result<(Entered, Vec<Value>), Refusal> {
    let service = place.state.service();
    let (app, room) = (&place.vendor.app, &place.room);
    let caller = identity::connected(
        app.clone(),
        said.account.clone(),
        room.clone(),
        info.id.clone(),
        place.address,
    );
    let ctx = Ctx {
        state: place.state.clone(),
        caller,
    };
    let state = service.room(app, room)?;
    let (view, cver) = (state.view, state.sequence);
    let role_token = tickets::role_token(&place.state, app, &said.account, &view)?;
    let entered = Entered {
        viewer: ctx.viewer(room)?,
        cursor: following(service, place, cver)?,
        sight: Sight::new(place.vendor.clone(), member.clone(), role_token, &view),
        ctx,
        member,
        info,
        hold,
        lists: said.lists,
        asked: said.asked,
    };
    let fields = welcome(place, &entered, &view, cver)?;
    let mut frames = vec![super::frame::done(&request.tsx, Some(&entered.info.id), fields)];
    if said.lists == Lists::Maps {
        if resumed {
            frames.extend(missed(place, &entered, cver));
            frames.extend(entered.sight.again(&view, cver));
        }
        if !view.attributes.is_empty() || view.mute_all.audio {
            frames.push(json!({
                "op": 402,
                "cver": cver,
                "cattrs": shapes::attributes(&view),
                "cstate": shapes::conference_state(&view),
            }));
        }
    }
    Ok((entered, frames))
}

/// A cursor behind what a view of the room shows, some of which may not have been told yet.
pub(super) fn following(service: &Service, place: &Place, cver: u64) -> Result<Subscription, Refusal> {
    let mut cursor = service.events(&place.vendor.app, &place.room, cver)?;
    cursor.seek(cver);
    Ok(cursor)
}

/// The answer to a client that entered.
pub(super) fn welcome(
    place: &Place,
    entered: &Entered,
    view: &RoomView,
    cver: u64,
) -> Result<Map<String, Value>, Refusal> {
    let (state, app) = (&place.state, &place.vendor);
    let me = view.members.get(&entered.member).ok_or_else(Refusal::link)?;
    let token = tickets::role_token(state, &app.app, &me.account, view)?;
    let ice = state.service().ice_servers(me.account.as_str());
    let ice: Vec<crate::http::dto::IceServer> = ice.into_iter().map(Into::into).collect();
    let welcome = json!({
        "confrId": view.id,
        "memId": me.id,
        "role": names::role_shown(me.role, entered.asked),
        "roleToken": token,
        "useUrl": tickets::use_url(state, &token),
        "vcodes": shapes::VIDEO_CODECS,
        "rtcCfg": json!({ "relayOnly": false, "iceServers": ice }).to_string(),
        "yourIp": place.address.ip().to_string(),
        "cver": cver,
        "mems": shapes::members(app, view, &me.id, entered.lists),
        "streams": shapes::streams(app, view, &me.id, entered.lists),
        "cattrs": shapes::attributes(view),
        "cstate": shapes::conference_state(view),
        "liveCfgs": live::shown(view),
    });
    match welcome {
        Value::Object(fields) => Ok(fields),
        _ => Err(Refusal::link()),
    }
}

/// Takes up the session that the client had. Whoever knows its id had entered; one that is over, because the member
/// left, was removed or did not come back in time, is not begun anew: removed clients would come back by themselves.
async fn resume(place: &Place, said: &Said) -> Result<Option<(SessionInfo, MemberId)>, Refusal> {
    let Some(session) = &said.session else {
        return Ok(None);
    };
    let service = place.state.service();
    let app = &place.vendor.app;
    let inside = |info: &SessionInfo| {
        let mut rooms = info.rooms.iter();
        rooms
            .find(|(room, _)| *room == place.room)
            .map(|(_, member)| member.clone())
    };
    // One of another conference is left alone.
    inside(&service.session(app, &said.account, session)?).ok_or_else(Refusal::link)?;
    let info = service.resume_session(app, &said.account, session).await?;
    let member = inside(&info).ok_or_else(Refusal::link)?;
    Ok(Some((info, member)))
}

async fn join(place: &Place, said: &Said) -> Result<(SessionInfo, MemberId), Refusal> {
    let service = place.state.service();
    let (app, room) = (&place.vendor.app, &place.room);
    // Before a session is opened in somebody's name.
    let secret = service.app_secret(app).ok_or_else(Refusal::link)?;
    let ticket = Ticket::verify(&secret, app, &said.signed, service.clock().now());
    let ticket = ticket.map_err(ServiceError::from)?;
    let claims = ticket.claims();
    if claims.room != *room || claims.account.as_ref() != Some(&said.account) {
        return Err(ServiceError::from(lianmai_rooms::Rejection::WrongTicket).into());
    }
    let opened = service
        .open_session(app, said.account.clone(), said.device.clone())
        .await?;
    let request = JoinRequest {
        account: said.account.clone(),
        role: None,
        credential: JoinCredential::Ticket(said.signed.clone()),
        nick: said.nick.clone(),
        ext: said.ext.clone(),
        session: Some(opened.id.clone()),
        device: said.device.clone(),
        bypass: None,
    };
    match service
        .join_as(app, room, request, names::new_member(room)?)
        .await
    {
        Ok(Joined { member, .. }) => Ok((opened, member)),
        Err(error) => {
            service.close_session(app, &said.account, &opened.id).await?;
            Err(error.into())
        }
    }
}

/// Who left, and which streams went, since the connection was lost; as far as events are kept.
fn missed(place: &Place, entered: &Entered, until: u64) -> Vec<Value> {
    let service = place.state.service();
    let Ok(mut cursor) = service.events(&place.vendor.app, &place.room, 0) else {
        return Vec::new();
    };
    let mut frames = Vec::new();
    loop {
        match cursor.next().now_or_never() {
            Some(Next::Event(event)) if event.event.sequence <= until => {
                if let EventKind::MemberOnline {
                    member,
                    online: false,
                } = &event.event.kind
                    && *member == entered.member
                {
                    frames.clear();
                }
                frames.extend(entered.sight.missed(&event.event));
            }
            Some(Next::Lagged) => {}
            _ => return frames,
        }
    }
}
