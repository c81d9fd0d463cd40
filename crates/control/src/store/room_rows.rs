//! How members and streams of a room are written.

use lianmai_rooms::{AppId, MemberId, Role, RoomId, StreamId, StreamKind};
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, SqliteConnection, query};

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

type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

macro_rules! update_stay {
    ($set:literal) => {
        concat!(
            "UPDATE members SET ",
            $set,
            " WHERE app = ?1 AND room = ?2 AND id = ?3"
        )
    };
}

/// A statement about a stay, which its first three parameters name.
fn of_stay<'q>(sql: &'static str, app: &'q AppId, room: &'q RoomId, member: &'q MemberId) -> Statement<'q> {
    query(sql)
        .bind(app.as_str())
        .bind(room.as_str())
        .bind(member.as_str())
}

/// A statement about a stream, which its first two parameters name.
fn of_stream<'q>(sql: &'static str, app: &'q AppId, stream: &'q StreamId) -> Statement<'q> {
    query(sql).bind(app.as_str()).bind(stream.as_str())
}

pub(super) async fn stay(tx: &mut SqliteConnection, op: &Op) -> Result<(), StoreError> {
    match op {
        Op::StayBegan { app, room, member } => {
            let sql = "INSERT OR REPLACE INTO members (app, room, id, account, nick, role, joined_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            of_stay(sql, app, room, &member.id)
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
            of_stay(update_stay!("nick = ?4"), app, room, member)
                .bind(nick.as_str())
                .execute(tx)
                .await?;
        }
        Op::StayRole {
            app,
            room,
            member,
            role,
        } => {
            of_stay(update_stay!("role = ?4"), app, room, member)
                .bind(role_word(*role))
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
            of_stay(
                update_stay!("role = ?4, left_at = ?5, reason = ?6"),
                app,
                room,
                member,
            )
            .bind(role_word(*role))
            .bind(millis(*at))
            .bind(json("reason", reason)?)
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
            let sql = "INSERT OR REPLACE INTO streams (app, id, room, member, kind, version, min_version) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)";
            of_stream(sql, app, &stream.id)
                .bind(room.as_str())
                .bind(stream.owner.as_ref().map(|owner| owner.as_str()))
                .bind(stream_kind_word(stream.kind))
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
            let sql = "UPDATE streams SET min_version = version, version = ?3, previous_until = ?4 \
                 WHERE app = ?1 AND id = ?2";
            of_stream(sql, app, stream)
                .bind(version)
                .bind(millis(*previous_until))
                .execute(tx)
                .await?;
        }
        Op::StreamOnAir { app, stream, on } => {
            let sql = "UPDATE streams SET on_air = ?3 WHERE app = ?1 AND id = ?2";
            of_stream(sql, app, stream).bind(on).execute(tx).await?;
        }
        Op::DeleteStream { app, stream } => {
            let sql = "DELETE FROM streams WHERE app = ?1 AND id = ?2";
            of_stream(sql, app, stream).execute(tx).await?;
        }
        _ => {}
    }
    Ok(())
}
