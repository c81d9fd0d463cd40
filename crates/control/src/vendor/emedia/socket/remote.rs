//! What members send each other: requests for a role and muting become commands of the room, the rest is passed on.

use lianmai_rooms::{Command, MemberId, MuteKind, Payload, Recipient, Role};
use serde_json::{Value, json};

use super::super::events::{self, ASK_ADMIN, ASK_TALKER, MUTE, UNMUTE};
use super::super::{Fields, Refusal};
use super::connection::Seat;
use super::frame::Request;
use super::ops::After;

/// What sessions of this protocol call their device.
const DEVICE: &str = "emedia";

impl Seat<'_> {
    /// `op` 1002.
    pub(super) async fn remote_control(&self, request: &Request) -> Result<After, Refusal> {
        let said = &request.said;
        let target = to(said)?;
        let arg = said.object("arg")?.ok_or_else(|| Refusal::field("arg"))?;
        let op2 = op2(&arg)?;
        match op2 {
            ASK_TALKER | ASK_ADMIN => {
                // Asked of one admin, heard by all of them.
                let member = self.entered.member.clone();
                let role = role_of(op2);
                self.run(Command::RequestRole { member, role }).await?;
            }
            MUTE | UNMUTE => {
                let member = target.ok_or_else(|| Refusal::field("memId"))?;
                let (by, kind) = (self.by(), MuteKind::Audio);
                let command = if op2 == MUTE {
                    Command::Mute { by, member, kind }
                } else {
                    Command::Unmute { by, member, kind }
                };
                self.run(command).await?;
            }
            _ => {
                let target = target.ok_or_else(|| Refusal::field("memId"))?;
                if !self.speaks_this(&target)? {
                    return Err(Refusal::unsupported("the member does not take such operations"));
                }
                let said = json!({ "tsxId": request.tsx, "arg": said.free_text("arg") });
                self.pass_on(target, 1002, &said).await?;
                // The member answers.
                return Ok(After::Tell(Vec::new()));
            }
        }
        Ok(After::done())
    }

    /// `op` 1001 from a client: what it answers to another member.
    pub(super) async fn remote_answer(&self, request: &Request) -> Result<After, Refusal> {
        let said = &request.said;
        let target = to(said)?.ok_or_else(|| Refusal::field("memId"))?;
        let result = said.int("result")?.ok_or_else(|| Refusal::field("result"))?;
        let arg = said.object("arg")?.unwrap_or_default();
        let op2 = if arg.get("op2").is_some() { op2(&arg)? } else { 0 };
        if matches!(op2, ASK_TALKER | ASK_ADMIN) {
            // Yes was said by granting the role.
            if result != 0 {
                let command = Command::AnswerRequest {
                    by: self.by(),
                    member: target,
                    role: role_of(op2),
                    accept: false,
                };
                self.run(command).await?;
            }
            return Ok(After::done());
        }
        if self.speaks_this(&target)? {
            let answer = json!({
                "tsxId": request.tsx,
                "result": result,
                "arg": said.free_text("arg"),
                "msg": said.free_text("msg"),
            });
            self.pass_on(target, 1001, &answer).await?;
        }
        Ok(After::done())
    }

    /// `op` 1003: a message, to all where no member is named. Members of other clients get it as it is.
    pub(super) async fn remote_message(&self, said: &Fields) -> Result<After, Refusal> {
        let to = to(said)?.map_or(Recipient::Everyone, Recipient::Member);
        let text = said.free_text("arg").ok_or_else(|| Refusal::field("arg"))?;
        self.send(to, &text).await?;
        Ok(After::done())
    }

    async fn pass_on(&self, target: MemberId, op: i64, said: &Value) -> Result<(), Refusal> {
        let text = events::wrap(op, said).to_string();
        self.send(Recipient::Member(target), &text).await
    }

    async fn send(&self, to: Recipient, text: &str) -> Result<(), Refusal> {
        let payload = Payload::parse(text).map_err(|_| Refusal::field("arg"))?;
        let by = self.by();
        self.run(Command::CustomMessage { by, to, payload }).await
    }

    /// Whether a member is here through a client of this kind.
    fn speaks_this(&self, target: &MemberId) -> Result<bool, Refusal> {
        let (service, app) = (self.place.state.service(), &self.place.vendor.app);
        let speaks = service.with_room(app, &self.place.room, |room| {
            let member = room.member(target)?;
            let mut devices = member.sessions.iter().map(|session| session.device.as_str());
            Some(devices.any(|device| device.starts_with(DEVICE)))
        })?;
        speaks.ok_or_else(|| Refusal::field("memId"))
    }
}

/// The member that is named, if one is.
fn to(said: &Fields) -> Result<Option<MemberId>, Refusal> {
    said.parsed("memId")
}

fn op2(arg: &Fields) -> Result<u64, Refusal> {
    let op2 = arg.int("op2")?.and_then(|op2| u64::try_from(op2).ok());
    op2.ok_or_else(|| Refusal::field("op2"))
}

const fn role_of(op2: u64) -> Role {
    if op2 == ASK_ADMIN {
        Role::Admin
    } else {
        Role::Talker
    }
}
