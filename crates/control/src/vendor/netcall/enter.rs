//! A login, from a token to a member who publishes. Everything is checked that can be before anything is changed, and
//! what was begun is undone when the rest cannot be had.

use lianmai_rooms::{
    AccountId, Actor, AppId, Command, Device, Ext, MemberId, Nick, Role, RoomId, StreamKind, Transport,
};
use serde_json::{Map, Value};

use super::live::{Host, Live};
use super::login::Login;
use super::mode::Mode;
use super::refusal::Refusal;
use super::roster::claimed;
use super::sign::{Claims, Unproven};
use super::uid::{Uid, channel_number};
use super::{VENDOR, venue};
use crate::http::{Caller, HttpState};
use crate::service::{
    JoinCredential, JoinRequest, Joined, PublishRequest, Published, Service, ServiceError, SessionInfo,
};
use crate::vendor::TokenPolicy;
use crate::vendor::tokens::{self, Claim};

/// What the session of such a client runs on: a member has one of them.
const DEVICE: &str = "netcall";

/// A client that is inside.
#[derive(Debug, Clone)]
pub(super) struct Entered {
    pub(super) app: AppId,
    pub(super) account: AccountId,
    pub(super) room: RoomId,
    pub(super) member: MemberId,
    pub(super) session: SessionInfo,
    pub(super) uid: Uid,
    pub(super) cid: u64,
    /// What it logged in with.
    pub(super) token: String,
    /// What it publishes; `None`: it watches only.
    pub(super) published: Option<Published>,
    /// What it asked for beside the call.
    pub(super) live: Live,
    /// It comes back when its connection is closed.
    pub(super) comes_back: bool,
    /// Number of the request to log in.
    pub(super) seq: Option<i64>,
}

/// Lets a client in.
pub(super) async fn enter(state: &HttpState, body: &Map<String, Value>) -> Result<Entered, Refusal> {
    let login = Login::read(body)?;
    let service = state.service();
    let config = service.config();
    let live = Live::of(&login, config.mix_canvas, &config.bypass)?;
    let (claims, caller) = prove(state, &login).await?;
    let is_talker = !login.is_audience;
    let creator = is_talker.then_some(&caller.account);
    let venue = venue::enter(service, &caller.app, &claims, creator).await?;
    let room = venue.known.room.clone();
    let inside = Inside {
        service,
        caller: &caller,
        login: &login,
        live: &live,
        room: &room,
    };
    let entered = inside.enter().await;
    if entered.is_err() && venue.is_new {
        inside.unmake_room().await;
    }
    let (session, joined, published) = entered.map_err(|refusal| match refusal.why {
        "room_full_talkers" | "room_full_audiences" if venue.is_p2p => Refusal::third(),
        _ => refusal,
    })?;
    Ok(Entered {
        app: caller.app,
        account: caller.account,
        member: joined.member,
        session,
        uid: login.uid,
        cid: login.cid,
        token: login.token,
        published,
        live,
        room,
        comes_back: login.comes_back,
        seq: None,
    })
}

/// Who a client is, and what it may at most.
struct Entitled {
    app: AppId,
    account: AccountId,
    /// The one room it may enter, if there is only one.
    room: Option<RoomId>,
    /// Its highest role there.
    role: Option<Role>,
}

/// Who a client is: what the token says, and whether the app's policy believes the account.
async fn prove(state: &HttpState, login: &Login) -> Result<(Claims, Entitled), Refusal> {
    let wrong = || Refusal::forbidden("token");
    let unproven = Unproven::parse(&login.token).ok_or_else(wrong)?;
    let app = state
        .service()
        .config()
        .vendor
        .by_key(unproven.key())
        .ok_or_else(wrong)?;
    let secret = state.service().app_secret(&app.app).ok_or_else(wrong)?;
    let now = state.service().clock().now();
    let claims = unproven.prove(&secret, now).ok_or_else(wrong)?;
    if claims.uid != login.uid {
        return Err(Refusal::forbidden("uid"));
    }
    if login.cid != channel_number(&app.app, &claims.channel) {
        return Err(Refusal::invalid("cid"));
    }
    if login.p2p.is_some_and(|p2p| p2p != claims.p2p) {
        return Err(Refusal::invalid("scene"));
    }
    let entitled = match &claims.proven {
        Some(proven) if proven.account != login.account => return Err(Refusal::forbidden("accid")),
        Some(proven) => Entitled {
            app: app.app.clone(),
            account: proven.account.clone(),
            room: proven.room.clone(),
            role: proven.role,
        },
        // A token of one policy is worth nothing under another.
        None if app.tokens == TokenPolicy::Jwt => return Err(wrong()),
        None => {
            let claim = Claim {
                vendor: VENDOR,
                app,
                account: &login.account,
                token: &claims.shown,
            };
            let Caller {
                app,
                account,
                room,
                role,
                ..
            } = tokens::check(state, claim).await?;
            Entitled {
                app,
                account,
                room,
                role,
            }
        }
    };
    Ok((claims, entitled))
}

/// Everything that entering a room needs.
struct Inside<'a> {
    service: &'a Service,
    caller: &'a Entitled,
    login: &'a Login,
    live: &'a Live,
    room: &'a RoomId,
}

impl Inside<'_> {
    async fn enter(&self) -> Result<(SessionInfo, Joined, Option<Published>), Refusal> {
        let Self {
            service,
            caller,
            room,
            ..
        } = self;
        if caller.room.as_ref().is_some_and(|only| only != *room) {
            return Err(Refusal::forbidden("not_allowed"));
        }
        self.check_number()?;
        let device = Device::parse(DEVICE).map_err(|_| Refusal::unavailable("device"))?;
        let session = service
            .open_session(&caller.app, caller.account.clone(), device.clone())
            .await?;
        match self.join(&session, device).await {
            Ok((joined, published)) => Ok((session, joined, published)),
            Err(refusal) => {
                if let Err(error) = service
                    .close_session(&caller.app, &caller.account, &session.id)
                    .await
                {
                    tracing::warn!(%error, "a refused login was not undone");
                }
                Err(refusal)
            }
        }
    }

    /// Two accounts cannot have one number: others could not tell them apart.
    fn check_number(&self) -> Result<(), Refusal> {
        let (uid, account) = (self.login.uid, &self.caller.account);
        let taken = self.service.with_room(&self.caller.app, self.room, |room| {
            let mut streams = room.streams().filter(|stream| claimed(stream) == Some(uid));
            streams.any(|stream| {
                let owner = stream.owner.as_ref().and_then(|owner| room.member(owner));
                owner.is_some_and(|owner| owner.account != *account)
            })
        })?;
        if taken {
            Err(Refusal::forbidden("uid_taken"))
        } else {
            Ok(())
        }
    }

    async fn join(
        &self,
        session: &SessionInfo,
        device: Device,
    ) -> Result<(Joined, Option<Published>), Refusal> {
        let Self {
            service,
            caller,
            login,
            live,
            room,
        } = self;
        let app = &caller.app;
        let request = JoinRequest {
            account: caller.account.clone(),
            role: Some(if login.is_audience {
                Role::Audience
            } else {
                Role::Talker
            }),
            credential: match (&caller.room, caller.role) {
                (Some(_), Some(role)) => JoinCredential::Token { role },
                _ => JoinCredential::None,
            },
            nick: Nick::default(),
            ext: Ext::default(),
            session: Some(session.id.clone()),
            device,
            bypass: live.part,
        };
        let joined = service.join(app, room, request).await?;
        let published = if login.is_audience {
            None
        } else {
            self.let_publish(&joined.member).await?;
            Some(self.publish(&joined.member).await?)
        };
        let host = Host {
            service,
            app,
            room,
            member: &joined.member,
        };
        live.begin(host, joined.again).await?;
        Ok((joined, published))
    }

    /// An account that watches already may be entitled to talk.
    async fn let_publish(&self, member: &MemberId) -> Result<(), ServiceError> {
        let (service, app) = (self.service, &self.caller.app);
        let role = service.with_room(app, self.room, |room| room.member(member).map(|m| m.role))?;
        if role != Some(Role::Audience) {
            return Ok(());
        }
        let command = Command::GrantRole {
            by: Actor::Member(member.clone()),
            member: member.clone(),
            role: Role::Talker,
        };
        service.apply(app, self.room, command).await.map(drop)
    }

    async fn publish(&self, member: &MemberId) -> Result<Published, ServiceError> {
        let request = |mode: Mode| PublishRequest {
            member: member.clone(),
            kind: StreamKind::Camera,
            via: Transport::Rtmp,
            voff: mode.voff,
            aoff: mode.aoff,
            client_ref: self.login.uid.stream_name(),
            ext: Ext::default(),
        };
        let (service, app) = (self.service, &self.caller.app);
        match service.publish(app, self.room, request(self.login.mode)).await {
            // It was muted while it was away, and repeats the mode of its first login.
            Err(error) if error.code == "muted" => {
                let mode = service.with_room(app, self.room, |room| {
                    room.stream_of(Some(member), StreamKind::Camera).map(Mode::from)
                })?;
                service
                    .publish(app, self.room, request(mode.unwrap_or_default()))
                    .await
            }
            published => published,
        }
    }

    /// A room that was made for somebody who then did not come in.
    async fn unmake_room(&self) {
        let (service, app) = (self.service, &self.caller.app);
        let is_empty = service.with_room(app, self.room, |room| room.members().len() == 0);
        if is_empty == Ok(true)
            && let Err(error) = service.destroy(app, self.room, Actor::App).await
        {
            tracing::warn!(%error, "an empty room was not removed; it ends by itself");
        }
    }
}
