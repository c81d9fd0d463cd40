//! From a room as it is to what its mix is to be.

use std::collections::HashMap;

use lianmai_hub::{Form, Hub, Protocol, StreamKey};
use lianmai_rooms::layout::{Participant, Scene, arrange};
use lianmai_rooms::{MemberId, Room, StreamId, StreamKind, Transport};
use tokio::time::{Duration, Instant};

/// How long somebody is the one who speaks at least, so that the picture does not jump.
const SPEAKER_STAYS: Duration = Duration::from_secs(2);
/// How long the input of a stream that went off air is kept open: its readers ride through until it is back (R-M4).
const INPUT_STAYS: Duration = Duration::from_secs(15);

/// What a room says of its mix.
#[derive(Debug)]
pub(super) struct Glance {
    /// The stream of the mix.
    pub(super) stream: StreamId,
    pub(super) scene: Scene,
    participants: Vec<Participant>,
    via: HashMap<StreamId, Transport>,
}

impl Glance {
    /// `None`: the room has no mix. `previous` is the scene of the last look.
    pub(super) fn of(room: &Room, speaker: Option<&MemberId>, previous: Option<&Scene>) -> Option<Self> {
        let mix = room.mix()?;
        let participants = room.participants(|member| Some(member) == speaker);
        Some(Self {
            stream: mix.id.clone(),
            scene: arrange(room.layout(), &participants, previous),
            via: room
                .streams()
                .map(|stream| (stream.id.clone(), stream.via))
                .collect(),
            participants,
        })
    }

    /// The camera, else the screen, that a member publishes.
    pub(super) fn stream_of(&self, member: &MemberId) -> Option<&StreamId> {
        let of = |kind| {
            let mut all = self.participants.iter();
            all.find(|one| one.member == *member && one.kind == kind)
        };
        let found = of(StreamKind::Camera).or_else(|| of(StreamKind::Screen));
        found.map(|one| &one.stream)
    }
}

/// Who speaks, as far as the picture follows.
#[derive(Debug, Default)]
pub(super) struct Speaker {
    member: Option<MemberId>,
    since: Option<Instant>,
}

impl Speaker {
    /// Takes in who speaks now; nobody is no news. Says when to look again if somebody has to wait.
    pub(super) fn hear(&mut self, now_speaks: Option<MemberId>, now: Instant) -> Option<Instant> {
        if now_speaks.is_none() || now_speaks == self.member {
            return None;
        }
        let until = self.since.map(|since| since + SPEAKER_STAYS);
        if let Some(until) = until.filter(|until| now < *until) {
            return Some(until);
        }
        (self.member, self.since) = (now_speaks, Some(now));
        None
    }

    pub(super) fn member(&self) -> Option<&MemberId> {
        self.member.as_ref()
    }
}

/// The inputs of one mix: of streams that are on air, or were a moment ago.
#[derive(Debug, Default)]
pub(super) struct Inputs(HashMap<StreamId, Input>);

#[derive(Debug)]
struct Input {
    form: Option<Form>,
    /// Since when it is off air.
    off_since: Option<Instant>,
}

impl Inputs {
    /// Each input's name and what is played, in order of their names, and when to look again.
    pub(super) fn take(
        &mut self,
        app: &str,
        glance: &Glance,
        hub: &Hub,
        now: Instant,
    ) -> (Vec<(String, StreamKey)>, Option<Instant>) {
        self.0
            .retain(|id, _| glance.participants.iter().any(|one| one.stream == *id));
        let mut again = None;
        for one in &glance.participants {
            if one.on_air {
                let key = StreamKey::new(app, one.stream.as_str());
                let form = native(hub, &key, glance.via.get(&one.stream).copied());
                let input = Input {
                    form,
                    off_since: None,
                };
                self.0.insert(one.stream.clone(), input);
            } else if let Some(input) = self.0.get_mut(&one.stream) {
                let until = *input.off_since.get_or_insert(now) + INPUT_STAYS;
                if until <= now {
                    self.0.remove(&one.stream);
                } else {
                    again = Some(again.map_or(until, |other: Instant| other.min(until)));
                }
            }
        }
        let key = |id: &StreamId, input: &Input| {
            let plain = StreamKey::new(app, id.as_str());
            input.form.map_or(plain.clone(), |form| plain.form(form))
        };
        let inputs = self.0.iter();
        let mut inputs: Vec<_> = inputs
            .map(|(id, input)| (id.to_string(), key(id, input)))
            .collect();
        inputs.sort();
        (inputs, again)
    }
}

/// The form that holds what the publisher sends; `None` is the plain one.
fn native(hub: &Hub, plain: &StreamKey, via: Option<Transport>) -> Option<Form> {
    let protocol = hub.stats(plain).and_then(|stats| stats.protocol);
    let webrtc = match protocol {
        Some(protocol) => protocol == Protocol::Webrtc,
        None => via == Some(Transport::Webrtc),
    };
    webrtc.then_some(Form::Rtc)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: &str) -> Option<MemberId> {
        Some(MemberId::parse(id).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn the_picture_follows_a_speaker_who_stays() {
        let mut speaker = Speaker::default();
        let begin = Instant::now();
        assert_eq!(speaker.hear(member("ann"), begin), None);
        assert_eq!(speaker.member(), member("ann").as_ref());
        let at = |millis| begin + Duration::from_millis(millis);
        assert_eq!(speaker.hear(member("bob"), at(500)), Some(at(2_000)));
        assert_eq!(speaker.member(), member("ann").as_ref());
        assert_eq!(
            speaker.hear(None, at(1_900)),
            None,
            "nobody speaks: who spoke last stays"
        );
        assert_eq!(speaker.hear(member("bob"), at(2_000)), None);
        assert_eq!(speaker.member(), member("bob").as_ref());
        assert_eq!(speaker.hear(member("bob"), at(2_001)), None);
        assert_eq!(speaker.hear(member("ann"), at(3_999)), Some(at(4_000)));
    }
}
