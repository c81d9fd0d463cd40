//! `confr/attrs/update`: attributes of a conference, and muting of everybody.

use lianmai_rooms::{AttributeKey, AttributeValue, Command, MuteKind};
use serde_json::{Value, json};

use super::identity::by_role_token;
use super::{Fields, Refusal};
use crate::http::HttpState;

/// Attributes one request changes at most.
const MAX_CHANGES: usize = 64;

/// One change.
enum Change {
    Set(AttributeKey, AttributeValue),
    Delete(AttributeKey),
}

/// `cattrs` as a list of `{key, val, op}`, or `cstate` with `muteAll`.
pub(super) async fn update(state: &HttpState, said: &Fields) -> Result<Value, Refusal> {
    let acting = by_role_token(state, said)?;
    // All are read before the first is carried out.
    let changes = match said.get("cattrs") {
        None => Vec::new(),
        Some(Value::Array(all)) if all.len() <= MAX_CHANGES => {
            all.iter().map(change).collect::<Result<Vec<_>, _>>()?
        }
        Some(_) => return Err(Refusal::field("cattrs")),
    };
    let mute_all = match said.object("cstate")? {
        Some(cstate) => Some(cstate.flag("muteAll")?.ok_or_else(|| Refusal::field("muteAll"))?),
        None => None,
    };
    if changes.is_empty() && mute_all.is_none() {
        return Err(Refusal::field("cattrs"));
    }
    for change in changes {
        let by = acting.actor()?;
        let command = match change {
            Change::Set(key, value) => Command::SetAttribute { by, key, value },
            Change::Delete(key) => Command::DeleteAttribute { by, key },
        };
        acting.ctx.run(&acting.room, command).await?;
    }
    if let Some(on) = mute_all {
        let (by, kind) = (acting.actor()?, MuteKind::Audio);
        let command = if on {
            Command::MuteAll { by, kind }
        } else {
            Command::UnmuteAll { by, kind }
        };
        acting.ctx.run(&acting.room, command).await?;
    }
    Ok(json!({ "error": 0, "confrId": acting.room }))
}

fn change(value: &Value) -> Result<Change, Refusal> {
    let wrong = || Refusal::field("cattrs");
    let fields = Fields(value.as_object().ok_or_else(wrong)?.clone());
    let key = fields.parsed("key")?.ok_or_else(wrong)?;
    match fields.need("op")? {
        "UPDATE" => {
            let value = fields.free_text("val").unwrap_or_default();
            let value = AttributeValue::parse(&value).map_err(|_| Refusal::field("val"))?;
            Ok(Change::Set(key, value))
        }
        "DEL" => Ok(Change::Delete(key)),
        _ => Err(Refusal::field("op")),
    }
}
