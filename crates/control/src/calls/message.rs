//! The message of a call record that vendors' clients know as type `g2`.

use lianmai_rooms::AccountId;
use lianmai_rooms::call::{Outcome, Record, RecordMember};
use serde_json::{Value, json};

/// For both accounts of a call of two; `None` for a group.
pub(super) fn of(record: &Record, id: &str) -> Option<(Vec<AccountId>, Value)> {
    let callee = record.callees.first().filter(|_| !record.group)?;
    let answered = record.answered_at.is_some();
    let duration = |member: &RecordMember| {
        let inside = answered && member.outcome == Outcome::Accepted;
        json!({ "accid": member.account, "duration": inside.then_some(member.seconds) })
    };
    let durations: Vec<Value> = record.members.iter().map(duration).collect();
    let message = json!({
        "event": "call_message",
        "id": id,
        "at": record.ended_at,
        "type": "g2",
        "from": record.caller,
        "to": callee,
        "attach": {
            "type": record.kind.number(),
            "channelId": record.call,
            "status": record.status.number(),
            "durations": durations,
        },
    });
    Some((vec![record.caller.clone(), callee.clone()], message))
}
