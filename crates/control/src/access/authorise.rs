//! From a request off the network to a grant.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use lianmai_hub::{AccessRequest, Action, Authorise, Denial, Form, Grant, StreamKey};
use lianmai_rooms::{
    AccountId, AppId, MemberId, Rejection, RoomId, StreamAction, StreamClaims, StreamId, StreamToken,
    TokenError,
};

use super::connections::Connections;
use super::hook::{self, Question};
use super::internal;
use crate::service::{App, Core};
use crate::workers::{Workers, internal_token};

/// Query parameter that carries the token.
const TOKEN_PARAMETER: &str = "t=";

/// The authoriser.
pub struct Access {
    core: Arc<Core>,
    workers: Arc<Workers>,
    connections: Connections,
    hooks: hook::Hooks,
}

/// What the room knows about a valid token.
struct Place {
    room: RoomId,
    account: Option<AccountId>,
    /// By the gateway.
    is_made: bool,
    /// The sound of a mix without one member.
    is_sound: bool,
}

impl Access {
    pub(crate) fn new(core: Arc<Core>, workers: Arc<Workers>) -> Self {
        Self {
            core,
            workers,
            connections: Connections::default(),
            hooks: hook::Hooks::default(),
        }
    }

    async fn decide(&self, request: &AccessRequest) -> Result<Grant, Denial> {
        let app = AppId::parse(&request.app)
            .ok()
            .and_then(|id| self.core.apps.get(&id));
        let app = app.ok_or_else(|| deny("unknown_app", "there is no such app"))?;
        if let (None, Some(token)) = (token(&request.query), internal_token(&request.query)) {
            return self.decide_internal(request, token);
        }
        let token = token(&request.query).ok_or_else(|| deny("token_missing", "the URL has no token"))?;
        let stream = StreamId::parse(&request.stream)
            .map_err(|_| deny("unknown_stream", "there is no such stream"))?;
        let action = match request.action {
            Action::Publish => StreamAction::Push,
            Action::Play => StreamAction::Pull,
        };
        let now = self.core.config.clock.now();
        let claims =
            StreamToken::verify(&app.secret, &app.id, &stream, action, token, now).map_err(token_denial)?;
        self.admit(&app, &stream, claims, request).await
    }

    /// What a member may do with a stream of its room, without a token: publish its own, play any. For signalling,
    /// where the session has proven who it is.
    ///
    /// # Errors
    /// As [`Authorise::authorise`].
    pub(crate) async fn authorise_member(
        &self,
        request: AccessRequest,
        room: &RoomId,
        member: &MemberId,
    ) -> Result<Grant, Denial> {
        let decision = self.decide_for_member(&request, room, member).await;
        note(&request, &decision);
        decision
    }

    async fn decide_for_member(
        &self,
        request: &AccessRequest,
        room: &RoomId,
        member: &MemberId,
    ) -> Result<Grant, Denial> {
        let unknown = || deny("unknown_stream", "there is no such stream");
        let app = AppId::parse(&request.app)
            .ok()
            .and_then(|id| self.core.apps.get(&id));
        let app = app.ok_or_else(|| deny("unknown_app", "there is no such app"))?;
        let stream = StreamId::parse(&request.stream).map_err(|_| unknown())?;
        let (action, version) = {
            let state = self.core.state.lock();
            let home = state.room_of(&app.id, &stream).filter(|home| home.id() == room);
            let found = home.and_then(|home| home.stream(&stream)).ok_or_else(unknown)?;
            let action = match request.action {
                Action::Publish if found.owner.as_ref() != Some(member) => {
                    return Err(deny("not_owner", "the stream is somebody else's"));
                }
                Action::Publish => StreamAction::Push,
                Action::Play => StreamAction::Pull,
            };
            (action, found.urls.current())
        };
        let claims = StreamClaims {
            action,
            expires_at_secs: u64::MAX,
            version,
            holder: Some(member.clone()),
        };
        self.admit(&app, &stream, claims, request).await
    }

    /// From a right that has been proven to a grant: whether it still holds, and whether app and hook allow one more.
    async fn admit(
        &self,
        app: &App,
        stream: &StreamId,
        claims: StreamClaims,
        request: &AccessRequest,
    ) -> Result<Grant, Denial> {
        let place = self.place(app, stream, &claims)?;
        if place.is_made && request.action == Action::Publish {
            return Err(deny("not_owner", "the stream is made by the gateway"));
        }
        self.connections
            .admit(&self.core.hub, &self.workers, app, request.action)?;
        if let Some(url) = &app.policy.access_hook {
            let question = Question {
                app,
                room: &place.room,
                stream,
                account: place.account.as_ref(),
                member: claims.holder.as_ref(),
                request,
            };
            self.hooks.ask(&self.core, url, question).await?;
            // The answer took its time; the right may have ended meanwhile.
            self.place(app, stream, &claims)?;
        }
        let key = StreamKey::new(app.id.as_str(), stream.as_str());
        if place.is_sound {
            self.core.mixing.ask(&app.id, &place.room, key.clone());
        }
        Ok(Grant {
            key,
            epoch: u64::from(claims.version),
            holder: claims.holder.map(|member| member.as_str().into()),
            internal: false,
            max_bitrate: match request.action {
                Action::Publish => app.limits.max_bitrate,
                Action::Play => None,
            },
        })
    }

    /// A worker's right, if the stream is still published.
    fn decide_internal(&self, request: &AccessRequest, token: &str) -> Result<Grant, Denial> {
        let now = self.core.config.clock.now();
        let (app, stream, grant) = internal::grant(self.workers.signer(), request, token, now)?;
        let unknown = || deny("unknown_stream", "there is no such stream");
        let state = self.core.state.lock();
        let is_made = match state.room_of(&app, &stream) {
            Some(room) => room.mix().is_some_and(|mix| mix.id == stream),
            None => state.sound_of(&app, &stream).ok_or_else(unknown).map(|_| true)?,
        };
        // What members publish is theirs.
        let is_rendition = grant.key.form_of().is_some_and(Form::is_rendition);
        let is_plain_mix = is_made && grant.key.form_of().is_none();
        if request.action == Action::Publish && !is_rendition && !is_plain_mix {
            return Err(deny("wrong_action", "only renditions and mixes are published so"));
        }
        Ok(grant)
    }

    /// Whether what the token was signed for is still there.
    fn place(&self, app: &App, stream: &StreamId, claims: &StreamClaims) -> Result<Place, Denial> {
        let state = self.core.state.lock();
        let of_room = state.room_of(&app.id, stream).map(|room| (room, stream.clone()));
        let is_sound = of_room.is_none();
        // The right to a sound of a mix is the right to the mix.
        let found = of_room.or_else(|| state.sound_of(&app.id, stream));
        let (room, whose) = found.ok_or_else(|| deny("unknown_stream", "there is no such stream"))?;
        let now = self.core.config.clock.now();
        room.check_url(&whose, claims, now)
            .map_err(|rejection| match rejection {
                Rejection::StaleUrl => deny("epoch_retired", "the URL has been replaced by a newer one"),
                Rejection::NotAMember => deny("holder_left", "whom the URL was given to has left the room"),
                _ => deny("unknown_stream", "there is no such stream"),
            })?;
        let holder = claims.holder.as_ref().and_then(|id| room.member(id));
        Ok(Place {
            room: room.id().clone(),
            account: holder.map(|member| member.account.clone()),
            is_made: room.mix().is_some_and(|mix| mix.id == whose),
            is_sound,
        })
    }
}

impl Authorise for Access {
    fn authorise(
        &self,
        request: AccessRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Grant, Denial>> + Send + '_>> {
        Box::pin(async move {
            let decision = self.decide(&request).await;
            note(&request, &decision);
            decision
        })
    }
}

/// Counts a decision, and logs it when it is no.
fn note(request: &AccessRequest, decision: &Result<Grant, Denial>) {
    let (action, protocol) = (request.action.as_str(), request.protocol.as_str());
    let code = decision.as_ref().map_or_else(|denial| denial.code, |_| "granted");
    metrics::counter!("lianmai_access_total", "action" => action, "protocol" => protocol, "code" => code)
        .increment(1);
    if let Err(denial) = decision {
        // What came from outside is cut, and the query is left out: it holds the token.
        tracing::info!(
            app = cut(&request.app), stream = cut(&request.stream), peer = %request.peer, action, protocol,
            code = denial.code, "access denied"
        );
    }
}

pub(super) fn deny(code: &'static str, description: &str) -> Denial {
    Denial {
        code,
        description: description.to_owned(),
    }
}

fn token_denial(error: TokenError) -> Denial {
    match error {
        TokenError::Malformed => deny("token_malformed", "the token is malformed"),
        TokenError::BadSignature => deny("token_signature", "the token is not valid for this stream"),
        TokenError::WrongAction => deny("wrong_action", "the URL is for the other direction"),
        TokenError::Expired => deny("token_expired", "the URL has expired"),
    }
}

/// The first token of a query; an empty one counts as none.
fn token(query: &str) -> Option<&str> {
    let query = query.trim_start_matches('?');
    let mut found = query
        .split('&')
        .filter_map(|pair| pair.strip_prefix(TOKEN_PARAMETER));
    found.next().filter(|token| !token.is_empty())
}

fn cut(text: &str) -> &str {
    let end = text.char_indices().nth(64).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_in_any_query() {
        for query in ["t=abc", "?t=abc", "a=b&t=abc&c=d", "tt=x&t=abc", "t=abc&t=def"] {
            assert_eq!(token(query), Some("abc"), "{query}");
        }
        for query in ["", "t=", "x=t", "xt=abc", "&&&", "T=abc"] {
            assert_eq!(token(query), None, "{query}");
        }
    }

    #[test]
    fn log_fields_are_cut_at_a_character() {
        assert_eq!(cut(&"é".repeat(100)).chars().count(), 64);
        assert_eq!(cut("short"), "short");
    }
}
