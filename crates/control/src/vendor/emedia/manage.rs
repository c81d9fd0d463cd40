//! What admins do over HTTP: roles, removal, the end of the conference.

use lianmai_rooms::{Command, MemberId, RoomView};
use serde_json::{Value, json};

use super::identity::{Acting, by_role_token};
use super::{Fields, Refusal, names};
use crate::http::HttpState;

/// Members one request names at most.
const MAX_UIDS: usize = 200;

/// `chanage/roles` and `role/degrade`; only the latter refuses to raise a role.
pub(super) async fn roles(state: &HttpState, said: &Fields, only_lower: bool) -> Result<Value, Refusal> {
    let acting = by_role_token(state, said)?;
    let role = names::role(said.int("role")?.ok_or_else(|| Refusal::field("role"))?)?;
    let view = acting.ctx.room(&acting.room)?.view;
    let members = members(&acting, &view, said)?;
    for member in members {
        let by = acting.actor()?;
        let present = view.members.get(&member).map(|member| member.role);
        let command = if only_lower || present.is_some_and(|present| role < present) {
            Command::DegradeRole { by, member, role }
        } else {
            Command::GrantRole { by, member, role }
        };
        acting.ctx.run(&acting.room, command).await?;
    }
    Ok(done(&acting))
}

/// `kick/member`.
pub(super) async fn kick(state: &HttpState, said: &Fields) -> Result<Value, Refusal> {
    let acting = by_role_token(state, said)?;
    let view = acting.ctx.room(&acting.room)?.view;
    for member in members(&acting, &view, said)? {
        let by = acting.actor()?;
        let command = Command::Kick { by, member };
        acting.ctx.run(&acting.room, command).await?;
    }
    Ok(done(&acting))
}

/// `disband/conference`.
pub(super) async fn disband(state: &HttpState, said: &Fields) -> Result<Value, Refusal> {
    let acting = by_role_token(state, said)?;
    let by = acting.actor()?;
    acting.ctx.run(&acting.room, Command::Destroy { by }).await?;
    Ok(done(&acting))
}

fn done(acting: &Acting<'_>) -> Value {
    json!({ "error": 0, "confrId": acting.room })
}

/// The members in `uids`, all of them or none.
fn members(acting: &Acting<'_>, view: &RoomView, said: &Fields) -> Result<Vec<MemberId>, Refusal> {
    let wrong = || Refusal::field("uids");
    let texts: Vec<&str> = match said.get("uids").ok_or_else(wrong)? {
        Value::String(one) => vec![one],
        Value::Array(all) if (1..=MAX_UIDS).contains(&all.len()) => {
            let texts = all.iter().map(|uid| uid.as_str().ok_or_else(wrong));
            texts.collect::<Result<_, _>>()?
        }
        _ => return Err(wrong()),
    };
    let found = texts
        .into_iter()
        .map(|text| member(acting, view, text).ok_or_else(wrong));
    found.collect()
}

/// A member by its id, its member name, or its account.
fn member(acting: &Acting<'_>, view: &RoomView, text: &str) -> Option<MemberId> {
    if let Ok(id) = MemberId::parse(text)
        && view.members.contains_key(&id)
    {
        return Some(id);
    }
    let config = &acting.ctx.service().config().vendor;
    let named = names::named(config, text).filter(|named| named.app.app == acting.app.app);
    let account = named.map(|named| named.account);
    let account = account.or_else(|| text.parse().ok())?;
    let mut all = view.members.values();
    Some(all.find(|member| member.account == account)?.id.clone())
}
