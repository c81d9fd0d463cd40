//! From a command of the WebSocket to the operation that REST has, too.

use lianmai_rooms::RoomId;
use serde::Serialize;
use serde_json::Value;

use super::frame::Command;
use crate::http::ops::{Ctx, accounts, apps, calls, members, mixes, pushes, rooms, streams, webrtc};
use crate::http::{Problem, dto};

/// What a command did, and what it means for the connection.
pub(super) enum Done {
    /// Send this answer.
    Answer(Value),
    /// Send this answer and watch the room from this sequence on.
    Watch { answer: Value, room: RoomId, after: u64 },
    /// Send this answer and stop watching the room.
    Unwatch { answer: Value, room: RoomId },
    /// Send this answer, and levels of the room from now on, or no longer.
    Levels { answer: Value, room: RoomId, on: bool },
    /// The client said goodbye.
    Bye,
}

fn value(result: &impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(result).map_err(|_| Problem::internal())
}

/// Carries out a command.
pub(super) async fn dispatch(ctx: &Ctx, command: &mut Command) -> Result<Done, Problem> {
    match command.op.as_str() {
        "join" => {
            let room: RoomId = command.take("room")?;
            let joined = members::join(ctx, room.clone(), command.body()?).await?;
            Ok(Done::Watch {
                after: joined.room.sequence,
                answer: value(&joined)?,
                room,
            })
        }
        "leave" => {
            let room: RoomId = command.take("room")?;
            let left = members::leave(ctx, room.clone(), command.body()?).await?;
            if ctx.caller.is_app {
                return Ok(Done::Answer(value(&left)?));
            }
            Ok(Done::Unwatch {
                answer: value(&left)?,
                room,
            })
        }
        "watch" => {
            let room: RoomId = command.take("room")?;
            let view = rooms::show(ctx, room.clone()).await?;
            let after = match command.fields.remove("after") {
                Some(after) => after
                    .as_u64()
                    .ok_or_else(|| Problem::invalid("after", "not a sequence"))?,
                None => view.sequence,
            };
            command.body::<dto::Nothing>()?;
            Ok(Done::Watch {
                answer: value(&view)?,
                room,
                after,
            })
        }
        "unwatch" => {
            let room: RoomId = command.take("room")?;
            command.body::<dto::Nothing>()?;
            Ok(Done::Unwatch {
                answer: value(&dto::Nothing {})?,
                room,
            })
        }
        "levels" => {
            let room: RoomId = command.take("room")?;
            let on: bool = command.take("on")?;
            command.body::<dto::Nothing>()?;
            Ok(Done::Levels {
                answer: value(&dto::Nothing {})?,
                room,
                on,
            })
        }
        "bye" => Ok(Done::Bye),
        _ => rest_alike(ctx, command).await.map(Done::Answer),
    }
}

/// Commands that are one operation and nothing else; named as in the OpenAPI document.
async fn rest_alike(ctx: &Ctx, command: &mut Command) -> Result<Value, Problem> {
    let c = command;
    match c.op.as_str() {
        "create_room" => value(&rooms::create(ctx, c.body()?).await?),
        "list_rooms" => value(&rooms::list(ctx, c.body()?).await?),
        "show_room" => value(&rooms::show(ctx, c.take("room")?).await?),
        "update_room" => value(&rooms::update(ctx, c.take("room")?, c.body()?).await?),
        "destroy_room" => value(&rooms::destroy(ctx, c.take("room")?).await?),
        "issue_ticket" => value(&rooms::issue_ticket(ctx, c.take("room")?, c.body()?).await?),
        "set_attribute" => {
            value(&rooms::set_attribute(ctx, c.take("room")?, c.take("key")?, c.body()?).await?)
        }
        "delete_attribute" => value(&rooms::delete_attribute(ctx, c.take("room")?, c.take("key")?).await?),
        "send_message" => value(&rooms::send_message(ctx, c.take("room")?, c.body()?).await?),
        "mute_all" => value(&rooms::mute_all(ctx, c.take("room")?, c.take("kind")?).await?),
        "unmute_all" => value(&rooms::unmute_all(ctx, c.take("room")?, c.take("kind")?).await?),
        "list_events" => value(&apps::events(ctx, c.take("room")?, c.body()?).await?),
        "list_call_records" => value(&apps::call_records(ctx, c.body()?).await?),
        "list_members" => value(&members::list(ctx, c.take("room")?).await?),
        "show_member" => value(&members::show(ctx, c.take("room")?, c.take("member")?).await?),
        "update_member" => value(&members::update(ctx, c.take("room")?, c.take("member")?, c.body()?).await?),
        "remove_member" => value(&members::remove(ctx, c.take("room")?, c.take("member")?).await?),
        "member_heartbeat" => value(&members::heartbeat(ctx, c.take("room")?, c.take("member")?).await?),
        "set_role" => value(&members::set_role(ctx, c.take("room")?, c.take("member")?, c.body()?).await?),
        "mute_member" | "unmute_member" => {
            let (room, member, kind) = (c.take("room")?, c.take("member")?, c.take("kind")?);
            value(&members::set_muted(ctx, room, member, kind, c.op == "mute_member").await?)
        }
        "request_role" => value(&members::request_role(ctx, c.take("room")?, c.body()?).await?),
        "withdraw_request" => {
            value(&members::withdraw_request(ctx, c.take("room")?, c.take("member")?).await?)
        }
        "answer_request" => {
            value(&members::answer_request(ctx, c.take("room")?, c.take("member")?, c.body()?).await?)
        }
        "start_mix" => value(&mixes::start(ctx, c.take("room")?, c.body()?).await?),
        "show_mix" => value(&mixes::show(ctx, c.take("room")?).await?),
        "update_mix" => value(&mixes::update(ctx, c.take("room")?, c.body()?).await?),
        "stop_mix" => value(&mixes::stop(ctx, c.take("room")?).await?),
        "set_main_picture" => value(&mixes::set_main(ctx, c.take("room")?, c.body()?).await?),
        "set_mix_gain" => {
            let (room, member) = (c.take("room")?, c.take("member")?);
            value(&mixes::set_gain(ctx, room, member, c.body()?).await?)
        }
        "mix_pull_url" => value(&mixes::pull_urls(ctx, c.take("room")?, c.body()?).await?),
        "list_mix_pictures" => value(&mixes::pictures(ctx, c.take("room")?).await?),
        "delete_mix_picture" => {
            let (room, name) = (c.take("room")?, c.take::<String>("name")?);
            value(&mixes::delete_picture(ctx, room, &name).await?)
        }
        "publish_stream" => value(&streams::publish(ctx, c.take("room")?, c.body()?).await?),
        "list_streams" => value(&streams::list(ctx, c.take("room")?).await?),
        "update_stream" => value(&streams::update(ctx, c.take("room")?, c.take("stream")?, c.body()?).await?),
        "unpublish_stream" => value(&streams::unpublish(ctx, c.take("room")?, c.take("stream")?).await?),
        "reissue_url" => value(&streams::reissue(ctx, c.take("room")?, c.take("stream")?).await?),
        "pull_url" => value(&streams::pull_urls(ctx, c.take("room")?, c.take("stream")?, c.body()?).await?),
        "add_push" => value(&pushes::add(ctx, c.take("room")?, c.body()?).await?),
        "list_pushes" => value(&pushes::list(ctx, c.take("room")?).await?),
        "show_push" => value(&pushes::show(ctx, c.take("room")?, c.take("push")?).await?),
        "remove_push" => value(&pushes::remove(ctx, c.take("room")?, c.take("push")?).await?),
        "webrtc_publish" => value(&webrtc::publish(ctx, c.take("room")?, c.body()?).await?),
        "webrtc_subscribe" => value(&webrtc::subscribe(ctx, c.take("room")?, c.body()?).await?),
        "webrtc_layer" => value(&webrtc::layer(ctx, c.body()?)?),
        "webrtc_trickle" => value(&webrtc::trickle(ctx, c.body()?).await?),
        "webrtc_close" => value(&webrtc::close(ctx, c.body()?)?),
        "ice_servers" => value(&webrtc::ice_servers(ctx, c.body()?)?),
        "start_call" => value(&calls::start(ctx, c.body()?).await?),
        "invite_to_call" => value(&calls::invite(ctx, c.take("call")?, c.body()?).await?),
        "cancel_call" => value(&calls::cancel(ctx, c.take("call")?, c.body()?).await?),
        "accept_call" => value(&calls::accept(ctx, c.take("call")?, c.body()?).await?),
        "reject_call" => value(&calls::reject(ctx, c.take("call")?, c.body()?).await?),
        "hang_up_call" => value(&calls::hang_up(ctx, c.take("call")?, c.body()?).await?),
        "leave_call" => value(&calls::leave(ctx, c.take("call")?, c.body()?).await?),
        "set_call_timeout" => value(&calls::set_timeout(ctx, c.take("call")?, c.body()?).await?),
        "switch_call_type" => value(&calls::switch_type(ctx, c.take("call")?, c.body()?).await?),
        "answer_call_type" => value(&calls::answer_type(ctx, c.take("call")?, c.body()?).await?),
        "control_call" => value(&calls::control(ctx, c.take("call")?, c.body()?).await?),
        "take_over_call" => value(&calls::take_over(ctx, c.take("call")?, c.body()?).await?),
        "show_call" => value(&calls::present(ctx, c.body()?)?),
        "list_ended_calls" => value(&calls::list_ended(ctx, c.body()?).await?),
        "show_ended_call" => value(&calls::show_ended(ctx, c.take("call")?).await?),
        "message_account" => value(&accounts::message(ctx, c.body()?)?),
        "presence" => value(&accounts::presence(ctx, c.body()?)?),
        "ping" => Ok(serde_json::json!({ "server_time": ctx.service().clock().now().as_millis() })),
        _ => Err(Problem::new(
            axum::http::StatusCode::BAD_REQUEST,
            "unknown_op",
            "there is no such command",
        )),
    }
}
