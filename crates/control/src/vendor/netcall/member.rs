//! A connection with a login: heartbeats, modes, lists, and what happens in the room.
//!
//! Events of the room are hints to compare it with what the client knows ([`Roster`]); only those that end the stay
//! are taken as they are. Nothing is queued here: while a client does not read, events wait in the room's journal.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::FutureExt as _;
use lianmai_rooms::{Actor, Command, MemberId, Transport};
use tokio::time::{Instant, timeout};

use super::connection::{End, Talk};
use super::enter::Entered;
use super::envelope::{Ask, Request, Tell, User, farewell, tell};
use super::fields::Fields;
use super::hint::{self, Hint, Over};
use super::live::Host;
use super::login;
use super::mode::Mode;
use super::refusal::Refusal;
use super::roster::{Present, Roster, Shown, Step, others};
use super::seats::Hold;
use super::uid::Uid;
use crate::events::{Next, Subscription};
use crate::http::HttpState;
use crate::service::{ErrorKind, Service};
use crate::ws::CloseReason;

/// How long after its session was replaced a connection waits to learn by whom.
const SUCCESSOR_WAIT: Duration = Duration::from_secs(2);

/// Events that are taken before the room is looked at.
const MAX_AT_ONCE: u32 = 256;

struct Member<'a> {
    state: &'a HttpState,
    talk: &'a mut Talk,
    me: &'a Entered,
    roster: Roster,
    events: Subscription,
    mode: Mode,
}

/// Serves a client that is inside until it is not.
pub(super) async fn serve(state: &HttpState, talk: &mut Talk, me: &Entered) -> End {
    let hold = state.netcall().seats.take(&me.app, &me.member, &me.token);
    let end = match Member::begin(state, talk, me).await {
        Ok(mut member) => match member.talk(&hold).await {
            Ok(never) => match never {},
            Err(end) => end,
        },
        Err(end) => end,
    };
    let is_over = matches!(end, End::Close(CloseReason::Normal | CloseReason::Replaced, _));
    note_end(state.service(), me, is_over).await;
    end
}

/// Undoes a login that the gateway has no place for.
pub(super) async fn turn_away(state: &HttpState, me: &Entered) {
    note_end(state.service(), me, true).await;
}

/// The session is over, or may be followed by another within the room's grace.
async fn note_end(service: &Service, me: &Entered, is_over: bool) {
    let noted = if is_over {
        service.close_session(&me.app, &me.account, &me.session.id).await
    } else {
        service.session_gone(&me.app, &me.account, &me.session.id).await
    };
    if let Err(error) = noted {
        tracing::warn!(%error, "the end of a connection was not noted");
    }
}

impl<'a> Member<'a> {
    /// Answers the login with everybody who is there.
    async fn begin(state: &'a HttpState, talk: &'a mut Talk, me: &'a Entered) -> Result<Self, End> {
        let gone = || End::Close(CloseReason::TryAgain, "no_such_room");
        let sight = look(state.service(), me).ok_or_else(gone)?;
        let events = state.service().events(&me.app, &me.room, sight.sequence);
        let mut member = Self {
            state,
            talk,
            me,
            roster: Roster::new(me.app.clone(), me.uid),
            events: events.map_err(|_| gone())?,
            mode: sight.mode,
        };
        for step in member.roster.compare(sight.others) {
            if let Step::Join(other) = step {
                member.find_url(&other).await;
            }
        }
        let login = Request {
            ask: Ask::Login,
            body: Default::default(),
            seq: me.seq,
        };
        let answer = login.listed(&member.users());
        member.talk.link.send(&answer).await?;
        Ok(member)
    }

    async fn talk(&mut self, hold: &Hold) -> Result<Infallible, End> {
        let silent_after = self.state.config().netcall.silent_after;
        let mut heard_at = Instant::now();
        loop {
            tokio::select! {
                biased;
                by_other = hold.taken() => return Err(self.replaced(by_other).await),
                () = self.state.stop().cancelled() => return Err(End::Close(CloseReason::Restart, "restart")),
                heard = self.talk.link.hear() => {
                    let heard = heard?;
                    heard_at = Instant::now();
                    if let Some(request) = self.talk.request(heard).await? {
                        let patience = self.state.config().request_timeout;
                        let answered = timeout(patience, self.answer(&request)).await;
                        answered.unwrap_or(Err(End::Close(CloseReason::TryAgain, "timeout")))?;
                    }
                }
                () = tokio::time::sleep_until(heard_at + silent_after) => {
                    metrics::counter!("lianmai_netcall_silent_total").increment(1);
                    return Err(End::Close(CloseReason::Gone, "heartbeat"));
                }
                next = self.events.next() => self.happened(next, hold).await?,
            }
        }
    }

    /// Takes what is known of the room's events, then looks at the room once.
    async fn happened(&mut self, first: Next, hold: &Hold) -> Result<(), End> {
        let mut next = Some(first);
        let (mut is_changed, mut is_lagged) = (false, false);
        let mut taken = 0;
        while let Some(event) = next {
            let hint = match &event {
                Next::Event(event) => hint::of(&event.event.kind, self.me),
                Next::Lagged => {
                    is_lagged = true;
                    Hint::Look
                }
                Next::Ended => Hint::Over(Over::RoomEnded),
            };
            match hint {
                Hint::Pass => {}
                Hint::Look => is_changed = true,
                Hint::Over(over) => return Err(self.over(over).await),
                Hint::LogInAgain => return Err(End::Close(CloseReason::TryAgain, "url_reissued")),
                Hint::Replaced => {
                    // Whoever comes after takes the seat right after the session.
                    let by_other = timeout(SUCCESSOR_WAIT, hold.taken()).await;
                    return Err(self.replaced(by_other.unwrap_or(false)).await);
                }
            }
            taken += 1;
            next = if taken < MAX_AT_ONCE {
                self.events.next().now_or_never()
            } else {
                None
            };
        }
        if is_changed {
            self.look(is_lagged).await
        } else {
            Ok(())
        }
    }

    /// Compares the room with what the client knows, and tells the difference.
    async fn look(&mut self, is_lagged: bool) -> Result<(), End> {
        let Some(sight) = look(self.state.service(), self.me) else {
            // Why it is over is among the events to come, unless that was missed.
            return if is_lagged {
                Err(self.over(Over::Left).await)
            } else {
                Ok(())
            };
        };
        self.mode = sight.mode;
        for step in self.roster.compare(sight.others) {
            let frame = match step {
                Step::Leave(gone) => {
                    let user = User {
                        mode: None,
                        url: None,
                        ..self.user(&gone)
                    };
                    Some(tell(Tell::ClientLeave, user))
                }
                Step::Join(other) => {
                    self.find_url(&other).await;
                    let shown = self.roster.get(&other);
                    shown.map(|shown| tell(Tell::ClientJoin, self.user(shown)))
                }
                Step::Update(other) => self.roster.get(&other).map(|shown| {
                    let user = User {
                        url: None,
                        ..self.user(shown)
                    };
                    tell(Tell::ClientUpdate, user)
                }),
            };
            if let Some(frame) = frame {
                self.talk.link.send(&frame).await?;
            }
        }
        Ok(())
    }

    /// Where the client pulls a member from. A stream that has gone meanwhile is not told.
    async fn find_url(&mut self, other: &MemberId) {
        let Some(shown) = self.roster.get(other) else {
            return;
        };
        let by = Actor::Member(self.me.member.clone());
        let stream = shown.stream.clone();
        let (service, me) = (self.state.service(), self.me);
        let urls = service
            .subscribe(&me.app, &me.room, by, &stream, Transport::Rtmp)
            .await;
        match urls.map(|urls| urls.rtmp) {
            Ok(Some(url)) => self.roster.found(other, url),
            Ok(None) => self.roster.forget(other),
            Err(error) => {
                tracing::debug!(code = error.code, "no pull URL");
                self.roster.forget(other);
            }
        }
    }

    async fn answer(&mut self, request: &Request) -> Result<(), End> {
        let said = Fields(&request.body);
        if let Err(refusal) = self.check_self(said) {
            return self.talk.refuse(request, &refusal).await;
        }
        let answer = match request.ask {
            Ask::Heartbeat => {
                let me = self.me;
                let touched = self
                    .state
                    .service()
                    .touch_session(&me.app, &me.account, &me.session.id)
                    .await;
                if touched.is_err_and(|error| error.kind == ErrorKind::NotFound) {
                    // It counts as gone; the client logs in again.
                    return Err(End::Close(CloseReason::Auth, "no_such_session"));
                }
                request.done()
            }
            Ask::UploadUsers | Ask::Login => request.listed(&self.users()),
            Ask::UpdateMode => match self.set_mode(said).await {
                Ok(()) => request.done(),
                Err(refusal) => return self.talk.refuse(request, &refusal).await,
            },
            Ask::Logout => {
                self.leave().await;
                self.talk.link.send(&request.done()).await?;
                return Err(End::Close(CloseReason::Normal, "logout"));
            }
        };
        Ok(self.talk.link.send(&answer).await?)
    }

    /// A client speaks of itself, and of the channel it is in.
    fn check_self(&self, said: Fields<'_>) -> Result<(), Refusal> {
        let number = |name| said.int(name).map(|number| number.map(u64::try_from));
        let uid = number("uid")?.map(|number| number.is_ok_and(|n| Uid::new(n) == Some(self.me.uid)));
        if uid == Some(false) {
            return Err(Refusal::invalid("uid"));
        }
        if number("cid")?.is_some_and(|number| number != Ok(self.me.cid)) {
            return Err(Refusal::invalid("cid"));
        }
        Ok(())
    }

    async fn set_mode(&mut self, said: Fields<'_>) -> Result<(), Refusal> {
        let mode = login::mode(said, "mode")?.ok_or(Refusal::invalid("mode"))?;
        let published = self.me.published.as_ref();
        let published = published.ok_or(Refusal::forbidden("audience"))?;
        let command = Command::UpdateStream {
            by: Actor::Member(self.me.member.clone()),
            stream: published.stream.id.clone(),
            voff: Some(mode.voff),
            aoff: Some(mode.aoff),
            ext: None,
        };
        let service = self.state.service();
        service.apply(&self.me.app, &self.me.room, command).await?;
        self.mode = mode;
        Ok(())
    }

    /// Leaves, and takes back what was begun for this client alone.
    async fn leave(&mut self) {
        let (service, me) = (self.state.service(), self.me);
        let host = Host {
            service,
            app: &me.app,
            room: &me.room,
            member: &me.member,
        };
        me.live.end(host).await;
        note_end(service, me, true).await;
        if let Some(published) = &me.published
            && service.with_room(&me.app, &me.room, |room| room.member(&me.member).is_some()) == Ok(true)
        {
            // Another device of the account is still inside, without what this one sent.
            let by = Actor::Member(me.member.clone());
            let stream = published.stream.id.clone();
            let command = Command::Unpublish { by, stream };
            let _ = service.apply(&me.app, &me.room, command).await;
        }
    }

    /// A newer login has taken over. The same client is not told: it listens to the newer one.
    async fn replaced(&mut self, by_other: bool) -> End {
        if by_other {
            let told = farewell(Tell::Kicked, self.me.cid, "another_device");
            let _ = self.talk.link.send(&told).await;
        }
        End::Close(CloseReason::Replaced, "session_replaced")
    }

    async fn over(&mut self, over: Over) -> End {
        let (what, reason) = match over {
            Over::TimedOut => return End::Close(CloseReason::Gone, "timeout"),
            Over::Kicked => (Tell::Kicked, "kicked"),
            Over::Left => (Tell::Kicked, "left"),
            Over::RoomEnded => (Tell::Kicked, "room_ended"),
        };
        if over == Over::RoomEnded && self.me.live.takes_part() {
            let told = farewell(Tell::LiveRoomClose, self.me.cid, reason);
            let _ = self.talk.link.send(&told).await;
        }
        let told = farewell(what, self.me.cid, reason);
        let _ = self.talk.link.send(&told).await;
        End::Close(CloseReason::Normal, reason)
    }

    /// The client itself, with where to push to, then the others.
    fn users(&self) -> Vec<User<'_>> {
        let me = self.me;
        let push = me
            .published
            .as_ref()
            .and_then(|published| published.push.as_ref());
        let own = User {
            uid: me.uid,
            accid: me.account.as_str(),
            cid: me.cid,
            mode: Some(self.mode.number()),
            // Who only watches has nowhere to push to.
            url: Some(push.and_then(|push| push.url.as_deref()).unwrap_or_default()),
        };
        let others = self.roster.all().map(|shown| self.user(shown));
        std::iter::once(own).chain(others).collect()
    }

    fn user<'s>(&self, shown: &'s Shown) -> User<'s> {
        User {
            uid: shown.uid,
            accid: shown.account.as_str(),
            cid: self.me.cid,
            mode: Some(shown.mode.number()),
            url: Some(&shown.url),
        }
    }
}

/// What a client sees of its room.
struct Sight {
    /// What it sends itself.
    mode: Mode,
    others: Vec<Present>,
    /// Number of the newest event in that.
    sequence: u64,
}

/// `None`: the room has ended, or the client is no member of it.
fn look(service: &Service, me: &Entered) -> Option<Sight> {
    let sight = service.with_room(&me.app, &me.room, |room| {
        room.member(&me.member)?;
        let published = me
            .published
            .as_ref()
            .and_then(|published| room.stream(&published.stream.id));
        Some(Sight {
            mode: published.map_or(
                Mode {
                    voff: true,
                    aoff: true,
                },
                Mode::from,
            ),
            others: others(room, &me.member),
            sequence: room.sequence(),
        })
    });
    sight.ok().flatten()
}
