//! What an app's own server asks for, with a token of the app: `/{org}/{app}/conferences`.

use axum::http::{HeaderMap, StatusCode};
use lianmai_rooms::{AccountId, Actor, Command, Lifetime, Role, RoomId, RoomView};
use serde_json::{Value, json};

use super::confr::{self, is_mixed, no_conference};
use super::date::date;
use super::refusal::{INVALID_TICKET, NOT_ACCEPTED};
use super::settings::{confr_type, settings};
use super::{Fields, Refusal, names};
use crate::http::ops::Ctx;
use crate::http::{HttpState, bearer, prove};
use crate::service::{CreateRoom, Password};
use crate::vendor::VendorApp;

/// The app's own server, and the app that it names.
pub(super) struct Server<'a> {
    ctx: Ctx,
    app: &'a VendorApp,
}

impl<'a> Server<'a> {
    /// Proves it.
    pub(super) fn prove(
        state: &'a HttpState,
        headers: &HeaderMap,
        org: &str,
        app: &str,
    ) -> Result<Self, Refusal> {
        let missing = || {
            let text = "a bearer token is required";
            Refusal::new(INVALID_TICKET, "missing_token", text, StatusCode::UNAUTHORIZED)
        };
        let caller = prove(state, bearer(headers).ok_or_else(missing)?)?;
        let config = &state.service().config().vendor;
        let app = config.by_key(&format!("{org}#{app}"));
        let app = app.filter(|app| app.app == caller.app);
        let ctx = Ctx {
            state: state.clone(),
            caller,
        };
        match app {
            Some(app) if ctx.require_app().is_ok() => Ok(Self { ctx, app }),
            _ => {
                let text = "not a token of this app";
                Err(Refusal::new(
                    NOT_ACCEPTED,
                    "not_allowed",
                    text,
                    StatusCode::FORBIDDEN,
                ))
            }
        }
    }

    /// Makes a conference.
    pub(super) async fn create(&self, said: &Fields) -> Result<Value, Refusal> {
        let text = match said.text("password")? {
            Some(text) => text.to_owned(),
            None => confr::generated_password(),
        };
        let creator = match said.text("creator")? {
            Some(text) => Some(self.account(text).ok_or_else(|| Refusal::field("creator"))?),
            None => None,
        };
        let request = CreateRoom {
            id: None,
            settings: settings(said)?,
            password: Some(Password::parse(&text)?),
            creator,
        };
        let service = self.ctx.service();
        let view = confr::create(service, &self.app.app, request, said).await?.view;
        let mut answer = described(&view);
        if let Some(fields) = answer.as_object_mut() {
            fields.insert("password".to_owned(), text.into());
            let delay = match view.settings.lifetime {
                Lifetime::EndsWhenLeft { delay } | Lifetime::EndsWhenEmpty { delay } => Some(delay),
                Lifetime::Persistent => None,
            };
            let expires = delay.map(|delay| date(view.created_at.after(delay)));
            fields.insert("expireDate".to_owned(), expires.into());
        }
        Ok(answer)
    }

    /// A conference and its members.
    pub(super) fn show(&self, room: &str) -> Result<Value, Refusal> {
        let view = self.room(room)?;
        let mut answer = described(&view);
        let members = view.members.values().map(|member| {
            let name = names::mem_name(self.app, &member.account);
            json!({ "memberId": member.id, "memName": name, "role": member.role.code() })
        });
        if let Some(fields) = answer.as_object_mut() {
            // Nobody knows it but who set it.
            fields.insert("password".to_owned(), "".into());
            fields.insert("mems".to_owned(), members.collect());
        }
        Ok(answer)
    }

    /// Ends a conference.
    pub(super) async fn delete(&self, room: &str) -> Result<Value, Refusal> {
        let view = self.room(room)?;
        let by = Actor::App;
        self.ctx.run(&view.id, Command::Destroy { by }).await?;
        Ok(json!({ "error": 0 }))
    }

    /// Removes a member.
    pub(super) async fn kick(&self, room: &str, user: &str) -> Result<Value, Refusal> {
        let view = self.room(room)?;
        let account = self.account(user);
        let mut all = view.members.values();
        let member = all.find(|member| Some(&member.account) == account.as_ref());
        let missing = || {
            let text = "there is no such member";
            Refusal::new(NOT_ACCEPTED, "no_such_member", text, StatusCode::NOT_FOUND)
        };
        let member = member.ok_or_else(missing)?.id.clone();
        let by = Actor::App;
        self.ctx.run(&view.id, Command::Kick { by, member }).await?;
        Ok(json!({ "error": 0 }))
    }

    fn room(&self, room: &str) -> Result<RoomView, Refusal> {
        let room = RoomId::parse(room).map_err(|_| no_conference())?;
        Ok(self.ctx.service().room(&self.app.app, &room)?.view)
    }

    /// A user name, or a whole member name of this app.
    fn account(&self, text: &str) -> Option<AccountId> {
        let config = &self.ctx.service().config().vendor;
        let named = names::named(config, text).filter(|named| named.app.app == self.app.app);
        named.map(|named| named.account).or_else(|| text.parse().ok())
    }
}

fn described(view: &RoomView) -> Value {
    let settings = &view.settings;
    json!({
        "error": 0,
        "id": view.id,
        "confrId": view.id,
        "type": confr_type(settings.kind),
        "mixed": is_mixed(settings.kind),
        "audienceLimit": settings.limits.audiences(),
        "talkerLimit": settings.limits.talkers(),
        "allowAudienceTalk": settings.permissions.self_role >= Role::Talker,
    })
}
