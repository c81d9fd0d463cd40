//! What a member asks for over its connection.

use lianmai_rooms::{Actor, Command, StreamId, StreamView};
use serde_json::{Map, Value, json};

use super::super::shapes;
use super::super::{Fields, Refusal};
use super::connection::Seat;
use super::enter;
use super::frame::Request;
use crate::http::dto;
use crate::http::ops::recordings;
use crate::recordings::RecordingFilter;

/// What a request did, and what it means for the connection.
pub(super) enum After {
    /// Answer with these fields.
    Answer(Map<String, Value>),
    /// Answer with these fields, then send these frames.
    AnswerThen(Map<String, Value>, Vec<Value>),
    /// Send these frames, then refuse.
    TellThenRefuse(Vec<Value>, Refusal),
    /// Send these frames, and no answer.
    Tell(Vec<Value>),
    /// Answer, and close.
    Leave,
}

impl After {
    /// Done, and nothing to say about it.
    pub(super) fn done() -> Self {
        Self::Answer(Map::new())
    }
}

impl Seat<'_> {
    /// Carries out a request.
    pub(super) async fn act(&mut self, request: &Request) -> Result<After, Refusal> {
        let said = &request.said;
        match request.op {
            100 => {
                // Pings bring their own answer.
                Ok(After::Tell(vec![json!({ "op": 101, "tsxId": request.tsx })]))
            }
            101 => Ok(After::Tell(Vec::new())),
            102 => self.open_peer(said).await,
            105 => self.trickle(said),
            107 => self.close_peer(said).await,
            200 => self.enter_again(),
            201 => Ok(After::Leave),
            204 => self.end(said).await,
            205 => self.choose(said),
            206 => self.unsubscribe(said).await,
            400 => self.control(said).await,
            500 => self.record(said).await,
            1000 => self.copy(),
            1001 => self.remote_answer(request).await,
            1002 => self.remote_control(request).await,
            1003 => self.remote_message(said).await,
            _ => Err(Refusal::unsupported("there is no such operation")),
        }
    }

    /// The member acts.
    pub(super) fn by(&self) -> Actor {
        Actor::Member(self.entered.member.clone())
    }

    /// Carries out a command of the room.
    pub(super) async fn run(&self, command: Command) -> Result<(), Refusal> {
        self.entered.ctx.run(&self.place.room, command).await?;
        Ok(())
    }

    /// Ends the conference; what names another one is not for this connection.
    async fn end(&self, said: &Fields) -> Result<After, Refusal> {
        match said.text("confrId")? {
            Some(named) if named != self.place.room.as_str() => return Err(Refusal::link()),
            _ => {}
        }
        let by = self.by();
        self.run(Command::Destroy { by }).await?;
        Ok(After::done())
    }

    /// The same client once more, on the same connection.
    fn enter_again(&self) -> Result<After, Refusal> {
        let state = self.entered.ctx.room(&self.place.room)?;
        let fields = enter::welcome(self.place, &self.entered, &state.view, state.sequence)?;
        Ok(After::Answer(fields))
    }

    /// All members and streams.
    fn copy(&mut self) -> Result<After, Refusal> {
        let state = self.entered.ctx.room(&self.place.room)?;
        let (app, me, lists) = (&self.place.vendor, &self.entered.member, self.entered.lists);
        let fields = json!({
            "cver": state.sequence,
            "mems": shapes::members(app, &state.view, me, lists),
            "streams": shapes::streams(app, &state.view, me, lists),
        });
        match fields {
            Value::Object(fields) => Ok(After::Answer(fields)),
            _ => Err(Refusal::link()),
        }
    }

    /// The member's own stream that its client calls so.
    pub(super) fn own_stream(&self, rtc_id: &str) -> Result<StreamView, Refusal> {
        let state = self.entered.ctx.room(&self.place.room)?;
        let mut all = state.view.streams.into_values();
        let found = all.find(|stream| {
            let is_it = stream
                .client_ref
                .as_ref()
                .is_some_and(|name| name.as_str() == rtc_id);
            is_it && stream.owner.as_ref() == Some(&self.entered.member)
        });
        found.ok_or_else(|| Refusal::field("rtcId"))
    }

    /// Switches picture or sound of an own stream.
    async fn control(&self, said: &Fields) -> Result<After, Refusal> {
        let stream = self.own_stream(said.need("rtcId")?)?;
        let command = Command::UpdateStream {
            by: self.by(),
            stream: stream.id,
            voff: said.flag("voff")?,
            aoff: said.flag("aoff")?,
            ext: None,
        };
        self.run(command).await?;
        Ok(After::done())
    }

    /// Begins to record a stream, or ends it.
    async fn record(&self, said: &Fields) -> Result<After, Refusal> {
        let on = said.flag("flag")?.ok_or_else(|| Refusal::field("flag"))?;
        let stream = self.recorded(said.need("rtcId")?)?;
        let (ctx, room) = (&self.entered.ctx, self.place.room.clone());
        if on {
            let body = dto::StartRecording {
                stream: Some(stream),
                ..dto::StartRecording::default()
            };
            recordings::start(ctx, room, body).await?;
            return Ok(After::done());
        }
        let mut filter = RecordingFilter {
            room: Some(room),
            after: None,
            limit: 200,
        };
        loop {
            let page = ctx.service().recordings()?.list(&ctx.caller.app, &filter).await?;
            filter.after = match page.last() {
                Some(last) => Some(last.position),
                None => return Ok(After::done()),
            };
            // Those of the room's own flags go on: they would be begun anew at once.
            let running = page.into_iter().filter(|recording| {
                !recording.state.is_over() && !recording.setup.by_room && recording.stream == stream
            });
            for recording in running {
                recordings::act(ctx, &recording.id, recordings::Act::Stop).await?;
            }
        }
    }

    /// The stream to record: an own one, or one that is watched over this connection.
    fn recorded(&self, rtc_id: &str) -> Result<StreamId, Refusal> {
        match self.peers.stream(rtc_id) {
            Some(stream) => Ok(stream),
            None => Ok(self.own_stream(rtc_id)?.id),
        }
    }
}
