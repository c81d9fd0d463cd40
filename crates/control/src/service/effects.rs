//! What is done once a change is durable: journals, hub and webhooks follow. Runs in the order of changes.

use std::sync::{Arc, OnceLock};

use lianmai_hub::{Hub, StreamKey};
use lianmai_rooms::{AppId, EventKind, SessionId};

use super::silence::Silence;
use crate::bypass::Bypass;
use crate::calls::{Letter, Mail};
use crate::events::{Journals, RoomEvent};
use crate::mixing::Mixing;
use crate::webhook::Webhooks;
use crate::webrtc::Webrtc;

/// What happened, for those who follow. Events with their size when written out.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Of all streams of rooms in which that may have changed.
    pub(crate) silences: Vec<Silence>,
    pub(crate) events: Vec<(Arc<RoomEvent>, usize)>,
    pub(crate) targets: Vec<(AppId, String)>,
    /// For connections.
    pub(crate) letters: Vec<Letter>,
    /// Sessions that are over.
    pub(crate) ended_sessions: Vec<SessionId>,
}

pub(crate) struct Effects {
    pub(crate) hub: Hub,
    pub(crate) journals: Arc<Journals>,
    pub(crate) webhooks: Arc<Webhooks>,
    pub(crate) webrtc: Arc<OnceLock<Arc<Webrtc>>>,
    pub(crate) mixing: Arc<Mixing>,
    pub(crate) mail: Arc<Mail>,
    pub(crate) bypass: Arc<Bypass>,
    /// Told after every change, for those who then look at the rooms.
    pub(crate) happened: tokio::sync::watch::Sender<()>,
}

impl Effects {
    /// Never waits.
    pub(crate) fn run(&self, told: Told) {
        for silence in told.silences {
            silence.enforce(&self.hub);
        }
        for (event, size) in told.events {
            self.media_follows(&event);
            self.mixing.hear(&event);
            self.bypass.happened(&event.app, &event.room, &event.event.kind);
            self.tell(event, size);
        }
        for letter in told.letters {
            self.mail.post(letter);
        }
        self.happened.send_replace(());
        for session in told.ended_sessions {
            if let Some(webrtc) = self.webrtc.get() {
                webrtc.session_ended(&session);
            }
        }
        for (app, target) in told.targets {
            self.webhooks.wake(&app, &target);
        }
    }

    fn tell(&self, event: Arc<RoomEvent>, size: usize) {
        let (app, room) = (&event.app, &event.room);
        metrics::counter!("lianmai_room_events_total").increment(1);
        let known = match &event.event.kind {
            EventKind::RoomCreated { .. } => None,
            _ => self.journals.get(app, room),
        };
        let journal = known.unwrap_or_else(|| self.journals.begin(app, room));
        journal.push(event.clone(), size);
        if matches!(event.event.kind, EventKind::RoomEnded { .. }) {
            self.journals.end(app, room, event.event.at);
        }
    }

    /// A right that ends takes its connections with it.
    fn media_follows(&self, event: &RoomEvent) {
        let app = event.app.as_str();
        match &event.event.kind {
            EventKind::StreamRemoved { stream, .. } => self.hub.end(&StreamKey::new(app, stream.as_str())),
            EventKind::MemberLeft { member, .. } => {
                if let Some(webrtc) = self.webrtc.get() {
                    webrtc.member_left(&event.app, member);
                }
                self.hub.disconnect(app, member.as_str());
            }
            EventKind::SessionReplaced { member, session } => {
                if let Some(webrtc) = self.webrtc.get() {
                    webrtc.session_left(&event.app, member, session);
                }
            }
            _ => {}
        }
    }
}
