//! From commands to calls.

use super::answer::By;
use super::end::Hint;
use super::start::Invite;
use super::state::Turn;
use super::{Call, Calls, Change, Command, LeaveReason, Limits, Rejection};
use crate::{AppId, Timestamp};

impl Calls {
    /// Carries out a command: the only way calls change. What is due by `now` is for [`Calls::tick`].
    ///
    /// # Errors
    /// [`Rejection`]; everything is then exactly as before.
    pub fn apply(
        &mut self,
        app: &AppId,
        command: Command,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Vec<Change>, Rejection> {
        match command {
            Command::Start(start) => self.start(app, *start, limits, now),
            Command::Invite {
                call,
                account,
                session,
                callees,
                ring,
                attachment,
            } => {
                let invite = Invite {
                    call,
                    account,
                    session,
                    callees,
                    ring,
                    attachment,
                };
                self.invite(app, invite, limits, now)
            }
            Command::Cancel {
                call,
                account,
                session,
                callees,
                reason,
            } => self.of_member(app, &call, &account, now, |call, turn| {
                call.cancel(&account, &session, callees, reason, turn)
            }),
            Command::Accept {
                call,
                account,
                session,
                device,
                ext,
            } => self.of_member(app, &call, &account, now, |call, turn| {
                let by = By {
                    account: &account,
                    session: &session,
                    device: &device,
                };
                call.accept(&by, ext, turn)
            }),
            Command::Reject {
                call,
                account,
                session,
                device,
                busy,
                reason,
                ext,
            } => self.of_member(app, &call, &account, now, |call, turn| {
                let by = By {
                    account: &account,
                    session: &session,
                    device: &device,
                };
                call.reject(&by, busy, reason, ext, turn)
            }),
            Command::HangUp {
                call,
                account,
                reason,
            } => self.of_member(app, &call, &account, now, |call, turn| {
                call.hang_up(&account, reason, turn)
            }),
            Command::Leave {
                call,
                account,
                session,
                kicked,
            } => self.of_member(app, &call, &account, now, |call, turn| {
                let reason = if kicked {
                    LeaveReason::Kicked
                } else {
                    LeaveReason::Normal
                };
                call.leave(&account, session.as_ref(), reason, turn)
            }),
            Command::SetRing { call, account, ring } => {
                self.of_member(app, &call, &account, now, |call, _| call.set_ring(&account, ring))
            }
            Command::SwitchKind {
                call,
                account,
                session,
                kind,
                ask,
            } => self.of_member(app, &call, &account, now, |call, turn| {
                call.switch_kind(&account, &session, kind, ask, turn)
            }),
            Command::AnswerKind {
                call,
                account,
                session,
                kind,
                accept,
            } => self.of_member(app, &call, &account, now, |call, turn| {
                call.answer_kind(&account, &session, kind, accept, turn)
            }),
            Command::Control {
                call,
                account,
                session,
                to,
                data,
            } => self.of_member(app, &call, &account, now, |call, turn| {
                call.control(&account, &session, to, data, turn)
            }),
            Command::TakeOver {
                call,
                account,
                session,
                device,
            } => self.of_member(app, &call, &account, now, |call, turn| {
                call.take_over(&account, &session, device, turn)
            }),
            Command::SessionBack { account, session } => {
                let mut changes = self.of_engaged(app, &account, now, |call, _| {
                    call.session_back(&account, &session);
                });
                changes.extend(self.arrive(app, &account, now));
                Ok(changes)
            }
            Command::SessionGone { account, session } => {
                Ok(self.of_engaged(app, &account, now, |call, turn| {
                    call.session_gone(&account, &session, turn.now);
                }))
            }
            Command::SessionEnded {
                account,
                session,
                kicked,
            } => Ok(self.of_engaged(app, &account, now, |call, turn| {
                call.session_ended(&account, &session, kicked, turn);
            })),
            Command::RoomEnded { room } => {
                let call = self.apps.get(app).and_then(|app| app.rooms.get(&room)).cloned();
                let ended = call.and_then(|call| {
                    let end = |call: &mut Call, turn: &mut Turn| {
                        call.end_for_all(Hint::none(), turn);
                        Ok(())
                    };
                    self.with(app, &call, now, end).ok()
                });
                Ok(ended.into_iter().collect())
            }
        }
    }
}
