//! The bypass and recordings that a client asks for: checked before anything changes, done when it is inside.

use lianmai_rooms::layout::vendor::nim::{self, NimLayout};
use lianmai_rooms::layout::{Canvas, Layout, Source};
use lianmai_rooms::{Actor, AppId, BypassPart, Command, MemberId, PushUrl, Role, RoomId, SettingsChange};

use super::login::Login;
use super::record::Recorded;
use super::refusal::Refusal;
use crate::bypass::{BypassConfig, check_url};
use crate::recordings::{StartRecording, What};
use crate::service::{Service, ServiceError};

/// What a client asks for, as the room has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Live {
    /// What it is in the bypass; `None`: it does not mind.
    pub(super) part: Option<BypassPart>,
    /// Of the host: how the mix is to be arranged.
    layout: Option<Box<Layout>>,
    /// Of the host: where the mix is to be pushed to.
    push: Option<PushUrl>,
    recorded: Recorded,
    /// Whose is the main picture of what is recorded.
    main: Option<Source>,
}

/// The member for whom it is done.
#[derive(Clone, Copy)]
pub(super) struct Host<'a> {
    pub(super) service: &'a Service,
    pub(super) app: &'a AppId,
    pub(super) room: &'a RoomId,
    pub(super) member: &'a MemberId,
}

impl Live {
    /// Checks what a login says. A host has an address to push to, and pushes if it is enabled; others who enable it
    /// are guests.
    pub(super) fn of(login: &Login, canvas: Canvas, config: &BypassConfig) -> Result<Self, Refusal> {
        let wish = &login.live;
        let url = match &wish.url {
            Some(url) => {
                let url = PushUrl::parse(url).map_err(|_| Refusal::new(400, "rtmpUrl"))?;
                check_url(&url, config).map_err(|_| Refusal::new(400, "rtmpUrl"))?;
                Some(url)
            }
            None => None,
        };
        let part = match (login.is_audience, &url, wish.enabled) {
            (true, ..) => None,
            (false, Some(_), _) => Some(BypassPart::Host),
            (false, None, Some(true)) => Some(BypassPart::Guest),
            (false, None, Some(false)) => Some(BypassPart::Off),
            (false, None, None) => None,
        };
        let layout = if wish.split_mode.is_some() || wish.layout.is_some() {
            // A layout without a mode is meant to be used.
            let usual = if wish.layout.is_some() { 4 } else { 0 };
            Some(Box::new(nim::layout(&NimLayout {
                split_mode: wish.split_mode.unwrap_or(usual),
                custom_layout: wish.layout.as_deref(),
                host: Some(&login.account),
                canvas,
            })?))
        } else {
            None
        };
        let is_host = part == Some(BypassPart::Host);
        let recorded = login.record.wanted();
        let is_main = recorded.mix && login.record.host_is_main && !login.is_audience;
        Ok(Self {
            part,
            layout: layout.filter(|_| is_host),
            push: url.filter(|_| is_host && wish.enabled == Some(true)),
            recorded,
            main: is_main.then(|| Source::Account {
                id: login.account.clone(),
            }),
        })
    }

    /// Whether the end of the room ends a live broadcast for this client.
    pub(super) fn takes_part(&self) -> bool {
        matches!(self.part, Some(BypassPart::Host | BypassPart::Guest))
    }

    /// Begins what was asked for. A client that comes back changes nothing that runs.
    pub(super) async fn begin(&self, host: Host<'_>, again: bool) -> Result<(), Refusal> {
        if !(again && self.is_pushed(host)) {
            self.begin_push(host).await?;
        }
        if !again {
            self.begin_recording(host).await?;
        }
        Ok(())
    }

    fn is_pushed(&self, host: Host<'_>) -> bool {
        let there = |url: &PushUrl| {
            let pushed = host.service.with_room(host.app, host.room, |room| {
                room.pushes()
                    .any(|push| push.url == *url && push.stream.is_none())
            });
            pushed.unwrap_or(false)
        };
        self.push.as_ref().is_none_or(there)
    }

    async fn begin_push(&self, host: Host<'_>) -> Result<(), Refusal> {
        let by = || Actor::Member(host.member.clone());
        match (&self.push, self.layout.clone()) {
            (Some(url), layout) => {
                let service = host.service;
                service.start_mix(host.app, host.room, by(), layout).await?;
                let added = service
                    .add_push(host.app, host.room, by(), None, url.clone())
                    .await;
                match added {
                    Err(error) if error.code != "push_exists" => Err(error.into()),
                    _ => Ok(()),
                }
            }
            (None, Some(layout)) => {
                let command = Command::UpdateMix { by: by(), layout };
                host.service.apply(host.app, host.room, command).await?;
                Ok(())
            }
            (None, None) => Ok(()),
        }
    }

    /// The room's management decides what is recorded: of others, the wish is passed over.
    async fn begin_recording(&self, host: Host<'_>) -> Result<(), Refusal> {
        let Recorded { single, mix } = self.recorded;
        if !single && !mix {
            return Ok(());
        }
        let role = host.service.with_room(host.app, host.room, |room| {
            room.member(host.member).map(|member| member.role)
        })?;
        if role != Some(Role::Admin) {
            metrics::counter!("lianmai_netcall_ignored_total", "what" => "record").increment(1);
            return Ok(());
        }
        let by = Actor::Member(host.member.clone());
        if let Some(main) = self.main.clone() {
            let (by, main) = (by.clone(), Some(main));
            let command = Command::SetMainPicture { by, main };
            host.service.apply(host.app, host.room, command).await?;
        }
        let change = SettingsChange {
            record: Some(true),
            record_merge: Some(!single),
            ..SettingsChange::default()
        };
        let command = Command::UpdateSettings { by, change };
        host.service.apply(host.app, host.room, command).await?;
        if single && mix {
            // The room's flags know one or the other.
            let recordings = host.service.recordings();
            let request = StartRecording {
                what: What::Mix,
                format: None,
                audio_only: false,
                part_ms: None,
                part_bytes: None,
            };
            let begun = match recordings {
                Ok(recordings) => recordings.start(host.app, host.room, request).await.map(drop),
                Err(error) => Err(error),
            };
            passed_over(begun);
        }
        Ok(())
    }

    /// Ends what the host's own push needs; the host leaves.
    pub(super) async fn end(&self, host: Host<'_>) {
        let Some(url) = &self.push else { return };
        let by = || Actor::Member(host.member.clone());
        let found = host.service.with_room(host.app, host.room, |room| {
            let pushes = room.pushes().filter(|push| push.url == *url && push.by == by());
            let mine: Vec<_> = pushes.map(|push| push.id.clone()).collect();
            let rest = room.pushes().len() - mine.len();
            (
                mine,
                rest == 0 && !(room.settings().record && room.settings().record_merge),
            )
        });
        let Ok((mine, is_last)) = found else { return };
        let was_there = !mine.is_empty();
        for push in mine {
            let removed = host.service.remove_push(host.app, host.room, by(), push).await;
            passed_over(removed.map(drop));
        }
        if was_there && is_last {
            let stopped = host
                .service
                .apply(host.app, host.room, Command::StopMix { by: by() })
                .await;
            passed_over(stopped.map(drop));
        }
    }
}

/// Something beside what was asked for failed; a call goes on without it.
fn passed_over(result: Result<(), ServiceError>) {
    if let Err(error) = result {
        metrics::counter!("lianmai_netcall_ignored_total", "what" => error.code).increment(1);
        tracing::warn!(%error, "something beside the call failed");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn live(said: Value) -> Result<Live, Refusal> {
        let mut body = json!({"accid": "ann", "uid": 1, "cid": 1, "token": "t"});
        for (name, value) in said.as_object().unwrap() {
            body[name] = value.clone();
        }
        let login = Login::read(body.as_object().unwrap()).unwrap();
        Live::of(&login, Canvas::default(), &BypassConfig::default())
    }

    #[test]
    fn parts_of_the_bypass() {
        let url = "rtmp://cdn.example.com/live/key";
        for (said, part, pushes) in [
            (json!({}), None, false),
            (json!({"liveEnable": 0}), Some(BypassPart::Off), false),
            (json!({"liveEnable": 1}), Some(BypassPart::Guest), false),
            (
                json!({"liveEnable": 1, "rtmpUrl": url}),
                Some(BypassPart::Host),
                true,
            ),
            (
                json!({"liveEnable": 0, "rtmpUrl": url}),
                Some(BypassPart::Host),
                false,
            ),
            (json!({"liveEnable": 1, "rtmpUrl": url, "role": 1}), None, false),
        ] {
            let live = live(said.clone()).unwrap();
            assert_eq!((live.part, live.push.is_some()), (part, pushes), "{said}");
        }
    }

    #[test]
    fn layouts_and_addresses_are_checked() {
        let host = |more: Value| {
            let mut said = json!({"liveEnable": 1, "rtmpUrl": "rtmp://cdn.example.com/live/key"});
            for (name, value) in more.as_object().unwrap() {
                said[name] = value.clone();
            }
            live(said)
        };
        assert!(host(json!({"splitMode": 2})).unwrap().layout.is_some());
        assert!(host(json!({})).unwrap().layout.is_none());
        assert!(
            live(json!({"splitMode": 2})).unwrap().layout.is_none(),
            "of the host only"
        );
        for (said, code) in [
            (json!({"splitMode": 6}), 208),
            (json!({"splitMode": 4}), 208),
            (json!({"layout": "{"}), 208),
            (json!({"layout": "[]"}), 208),
            (json!({"rtmpUrl": "http://cdn.example.com/live/key"}), 400),
            (json!({"rtmpUrl": "rtmp://cdn.example.com/"}), 400),
            (json!({"rtmpUrl": "rtmp://127.0.0.1/live/key"}), 400),
            (json!({"rtmpUrl": "rtmp://[fd00::1]/live/key"}), 400),
        ] {
            assert_eq!(
                host(said.clone()).map_err(|refusal| refusal.code),
                Err(code),
                "{said}"
            );
        }
    }
}
