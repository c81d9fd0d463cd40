//! Which message goes where.

use super::event::ServerEvent;
use super::net_stream::NetState;
use super::session::ServerSession;
use crate::protocol::aggregate::Aggregate;
use crate::protocol::command::Command;
use crate::protocol::control::UserControl;
use crate::protocol::error::{Phase, SessionErrorKind};
use crate::protocol::link::Incoming;
use crate::protocol::message::{Media, Message, type_id};

/// Commands a client has reason to send before it publishes or plays: about ten.
const MAX_COMMANDS_BEFORE: u32 = 64;

impl ServerSession {
    pub(super) fn on_incoming(&mut self, incoming: Incoming) -> Result<(), SessionErrorKind> {
        match incoming {
            Incoming::User(UserControl::SetBufferLength { stream_id, millis }) => {
                if self.streams.state(stream_id).is_some() {
                    self.events
                        .push_back(ServerEvent::BufferLength { stream_id, millis });
                }
                Ok(())
            }
            Incoming::User(_) => Ok(()),
            Incoming::Message(message) if Command::is_in(&message) => {
                self.on_command(message.stream_id, Command::parse(&message.payload)?)
            }
            Incoming::Message(message) if message.type_id == type_id::AGGREGATE => {
                self.aggregate = Some(Aggregate::new(message));
                Ok(())
            }
            Incoming::Message(message) => {
                self.on_sub_message(message);
                Ok(())
            }
        }
    }

    /// Media, also out of an aggregate.
    pub(super) fn on_sub_message(&mut self, message: Message) {
        match Media::from_message(&message) {
            Some(media) if self.streams.state(media.stream_id) == Some(NetState::Publishing) => {
                self.events.push_back(ServerEvent::Media(media));
            }
            Some(_) => self.counters.ignored_media += 1,
            None => self.counters.unknown_messages += 1,
        }
    }

    fn on_command(&mut self, stream_id: u32, command: Command) -> Result<(), SessionErrorKind> {
        if self.phase < Phase::Active {
            self.commands += 1;
            if self.commands > MAX_COMMANDS_BEFORE {
                return Err(SessionErrorKind::TooManyCommands);
            }
        }
        if self.phase == Phase::Connecting && command.name != "connect" {
            self.call_failed(&command, "not connected");
            return Ok(());
        }
        match command.name.as_str() {
            "connect" => self.on_connect(command)?,
            "createStream" => self.on_create_stream(&command),
            "deleteStream" => self.on_delete_stream(&command),
            "closeStream" => self.on_close_stream(stream_id),
            "releaseStream" => self.on_release_stream(&command),
            "FCPublish" => self.on_fc_publish(&command),
            "FCUnpublish" => self.on_fc_unpublish(&command),
            "publish" => self.on_publish(stream_id, &command)?,
            "FCSubscribe" => self.on_fc_subscribe(&command),
            "play" => self.on_play(stream_id, &command)?,
            "pause" | "pauseRaw" => self.on_pause(stream_id, &command),
            "seek" => self.on_seek(stream_id),
            "receiveAudio" | "receiveVideo" => self.on_receive(stream_id, &command),
            "getStreamLength" => self.result(&command, 0.0),
            // Answered by a result only: librtmp would answer onBWDone with the next _checkbw, for ever.
            "_checkbw" => self.result(&command, lianmai_media::amf0::Value::Undefined),
            // Answers to what we sent.
            "_result" | "_error" | "onStatus" => {}
            _ => {
                self.counters.unknown_commands += 1;
                self.call_failed(&command, "unknown command");
            }
        }
        Ok(())
    }
}
