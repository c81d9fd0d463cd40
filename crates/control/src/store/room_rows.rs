//! How members and streams of a room are written.

use lianmai_rooms::{Role, StreamKind};
use sqlx::{SqliteConnection, query};

use super::op::StayEnd;
use super::run::{json, millis};
use super::{Op, StoreError};

/// The word serde uses for a unit variant.
const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Audience => "audience",
        Role::Talker => "talker",
        Role::Admin => "admin",
    }
}

const fn stream_kind_word(kind: StreamKind) -> &'static str {
    match kind {
        StreamKind::Camera => "camera",
        StreamKind::Screen => "screen",
        StreamKind::Mix => "mix",
    }
}

pub(super) async fn stay(tx: &mut SqliteConnection, op: &Op) -> Result<(), StoreError> {
    match op {
        Op::StayBegan { app, room, member } => {
            query(
                "INSERT OR REPLACE INTO members (app, room, id, account, nick, role, joined_at) \
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(app.as_str())
            .bind(room.as_str())
            .bind(member.id.as_str())
            .bind(member.account.as_str())
            .bind(member.nick.as_str())
            .bind(role_word(member.role))
            .bind(millis(member.joined_at))
            .execute(tx)
            .await?;
        }
        Op::StayRenamed {
            app,
            room,
            member,
            nick,
        } => {
            query("UPDATE members SET nick = ? WHERE app = ? AND room = ? AND id = ?")
                .bind(nick.as_str())
                .bind(app.as_str())
                .bind(room.as_str())
                .bind(member.as_str())
                .execute(tx)
                .await?;
        }
        Op::StayRole {
            app,
            room,
            member,
            role,
        } => {
            query("UPDATE members SET role = ? WHERE app = ? AND room = ? AND id = ?")
                .bind(role_word(*role))
                .bind(app.as_str())
                .bind(room.as_str())
                .bind(member.as_str())
                .execute(tx)
                .await?;
        }
        Op::StayEnded(StayEnd {
            app,
            room,
            member,
            role,
            at,
            reason,
        }) => {
            query(
                "UPDATE members SET left_at = ?, reason = ?, role = ? WHERE app = ? AND room = ? AND id = ?",
            )
            .bind(millis(*at))
            .bind(json("reason", reason)?)
            .bind(role_word(*role))
            .bind(app.as_str())
            .bind(room.as_str())
            .bind(member.as_str())
            .execute(tx)
            .await?;
        }
        _ => {}
    }
    Ok(())
}

pub(super) async fn stream(tx: &mut SqliteConnection, op: &Op) -> Result<(), StoreError> {
    match op {
        Op::SaveStream { app, room, stream } => {
            query(
                "INSERT OR REPLACE INTO streams (app, id, room, member, kind, version, min_version) \
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(app.as_str())
            .bind(stream.id.as_str())
            .bind(room.as_str())
            .bind(stream.owner.as_ref().map(|owner| owner.as_str()))
            .bind(stream_kind_word(stream.kind))
            .bind(stream.url_version)
            .bind(stream.url_version)
            .execute(tx)
            .await?;
        }
        Op::StreamVersion {
            app,
            stream,
            version,
            previous_until,
        } => {
            query(
                "UPDATE streams SET min_version = version, version = ?, previous_until = ? \
                 WHERE app = ? AND id = ?",
            )
            .bind(version)
            .bind(millis(*previous_until))
            .bind(app.as_str())
            .bind(stream.as_str())
            .execute(tx)
            .await?;
        }
        Op::StreamOnAir { app, stream, on } => {
            query("UPDATE streams SET on_air = ? WHERE app = ? AND id = ?")
                .bind(on)
                .bind(app.as_str())
                .bind(stream.as_str())
                .execute(tx)
                .await?;
        }
        Op::DeleteStream { app, stream } => {
            query("DELETE FROM streams WHERE app = ? AND id = ?")
                .bind(app.as_str())
                .bind(stream.as_str())
                .execute(tx)
                .await?;
        }
        _ => {}
    }
    Ok(())
}
