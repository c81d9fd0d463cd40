//! How loud the members of one room are, and which of them is heard most. Pure: time comes in.
//!
//! Levels are dB below overload, from 0 (as loud as can be) to 127 (silent), as in RFC 6464. The speaker is whoever has
//! been loudest over the last few hundred milliseconds, with some inertia, so that a cough or two people at the same
//! time do not make it flicker.

use std::collections::BTreeMap;

use lianmai_rooms::{MemberId, StreamId};
use serde::Serialize;

/// The level of silence.
pub(super) const SILENT: u8 = 127;
/// Scores are dB above this level.
const FLOOR: u8 = 60;
/// With a lower score nobody speaks.
const AUDIBLE: f32 = 15.0;
/// By how much another must be louder to be the speaker instead.
const CLEARLY: f32 = 6.0;
/// Time in which a new level counts to two thirds.
const SMOOTH_MILLIS: f32 = 300.0;
/// A speaker stays it for at least this long, unless silent.
const HOLD_MILLIS: u64 = 1_000;
/// After so much silence nobody speaks.
const SILENCE_MILLIS: u64 = 3_000;
/// A level of which nothing more was heard counts as silence. Levels are told five times per second while they change.
const STALE_MILLIS: u64 = 1_000;
/// After so long without any level the sender is forgotten.
const FORGOTTEN_MILLIS: u64 = 10_000;

/// How loud somebody is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Loudness {
    pub(super) member: MemberId,
    pub(super) stream: StreamId,
    pub(super) level: u8,
}

#[derive(Debug)]
struct Heard {
    member: MemberId,
    level: u8,
    /// Whether the sender says that it is speech.
    voice: bool,
    /// Sound of a screen is nobody speaking.
    may_speak: bool,
    at: u64,
    score: f32,
}

/// One room's sound.
#[derive(Debug, Default)]
pub(super) struct Sound {
    heard: BTreeMap<StreamId, Heard>,
    is_news: bool,
    speaker: Option<StreamId>,
    speaks_since: u64,
    audible_at: u64,
    ticked_at: u64,
}

/// What is to be told after a tick.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// All levels, if one changed.
    pub(super) levels: Vec<Loudness>,
    /// Who speaks, if that changed.
    pub(super) speaker: Option<Option<Loudness>>,
}

impl Sound {
    /// Somebody is as loud as this now.
    pub(super) fn hear(&mut self, who: Loudness, voice: bool, may_speak: bool, now: u64) {
        let Loudness {
            member,
            stream,
            level,
        } = who;
        let heard = self.heard.entry(stream).or_insert(Heard {
            member,
            level: SILENT,
            voice,
            may_speak,
            at: now,
            score: 0.0,
        });
        self.is_news |= heard.level != level;
        heard.level = level;
        heard.voice = voice;
        heard.may_speak = may_speak;
        heard.at = now;
    }

    /// Time passes. `now` in milliseconds, never less than before.
    pub(super) fn tick(&mut self, now: u64) -> News {
        let passed = now.saturating_sub(self.ticked_at) as f32;
        self.ticked_at = now;
        let weight = 1.0 - (-passed / SMOOTH_MILLIS).exp();
        for heard in self.heard.values_mut() {
            if now.saturating_sub(heard.at) > STALE_MILLIS && heard.level != SILENT {
                heard.level = SILENT;
                self.is_news = true;
            }
            // Noise that the sender knows to be noise must be louder.
            let loud = f32::from(FLOOR.saturating_sub(heard.level));
            let loud = if heard.voice { loud } else { loud * 0.7 };
            heard.score += (loud - heard.score) * weight;
        }
        self.heard
            .retain(|_, heard| now.saturating_sub(heard.at) <= FORGOTTEN_MILLIS);
        let speaker = self.choose(now);
        let levels = if std::mem::take(&mut self.is_news) {
            self.heard.iter().map(loudness).collect()
        } else {
            Vec::new()
        };
        let speaker = (speaker != self.speaker).then(|| {
            self.speaks_since = now;
            self.speaker = speaker;
            let stream = self.speaker.as_ref()?;
            self.heard.get_key_value(stream).map(loudness)
        });
        News { levels, speaker }
    }

    /// Nothing is left to tell.
    pub(super) fn is_over(&self) -> bool {
        self.heard.is_empty() && self.speaker.is_none()
    }

    fn choose(&mut self, now: u64) -> Option<StreamId> {
        let score = |stream: &StreamId| self.heard.get(stream).map_or(0.0, |heard| heard.score);
        let present = self
            .speaker
            .clone()
            .filter(|stream| self.heard.contains_key(stream));
        let speaking = self.heard.iter().filter(|(_, heard)| heard.may_speak);
        let loudest = speaking
            .max_by(|(_, a), (_, b)| a.score.total_cmp(&b.score))
            .filter(|(_, heard)| heard.score >= AUDIBLE)
            .map(|(stream, _)| stream.clone());
        if loudest.is_some() {
            self.audible_at = now;
        }
        let Some(present) = present else { return loudest };
        match loudest {
            Some(loudest) if loudest != present => {
                let held = now.saturating_sub(self.speaks_since) < HOLD_MILLIS;
                let silent = score(&present) < AUDIBLE;
                let clearly = score(&loudest) > score(&present) + CLEARLY;
                Some(if silent || (clearly && !held) {
                    loudest
                } else {
                    present
                })
            }
            None if now.saturating_sub(self.audible_at) >= SILENCE_MILLIS => None,
            _ => Some(present),
        }
    }
}

fn loudness((stream, heard): (&StreamId, &Heard)) -> Loudness {
    Loudness {
        member: heard.member.clone(),
        stream: stream.clone(),
        level: heard.level,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(name: &str, level: u8) -> Loudness {
        Loudness {
            member: MemberId::parse(name).unwrap(),
            stream: StreamId::parse(&format!("s-{name}")).unwrap(),
            level,
        }
    }

    /// Runs for a while with these levels, told five times per second; says who spoke at the end of each change.
    fn run(sound: &mut Sound, now: &mut u64, millis: u64, levels: &[(&str, u8)]) -> Vec<Option<String>> {
        let mut changes = Vec::new();
        let end = *now + millis;
        while *now < end {
            if now.is_multiple_of(200) {
                for (name, level) in levels {
                    sound.hear(who(name, *level), true, true, *now);
                }
            }
            if let Some(speaker) = sound.tick(*now).speaker {
                changes.push(speaker.map(|speaker| speaker.member.to_string()));
            }
            *now += 50;
        }
        changes
    }

    #[test]
    fn the_speaker_is_who_is_heard() {
        let (mut sound, mut now) = (Sound::default(), 0);
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(
            run(&mut sound, &mut now, 1_000, &[("ann", 25), ("bob", 60)]),
            [some("ann")]
        );
        // A cough does not take over, nor does being a little louder.
        assert!(run(&mut sound, &mut now, 150, &[("ann", 25), ("bob", 0)]).is_empty());
        assert!(run(&mut sound, &mut now, 3_000, &[("ann", 25), ("bob", 22)]).is_empty());
        assert_eq!(
            run(&mut sound, &mut now, 2_000, &[("ann", 127), ("bob", 25)]),
            [some("bob")]
        );
        // A pause between words changes nothing, a long one does.
        assert!(run(&mut sound, &mut now, 2_000, &[("ann", 127), ("bob", 127)]).is_empty());
        assert_eq!(
            run(&mut sound, &mut now, 4_000, &[("ann", 127), ("bob", 127)]),
            [None]
        );
    }

    #[test]
    fn whoever_falls_silent_without_a_word_is_forgotten() {
        let (mut sound, mut now) = (Sound::default(), 0);
        run(&mut sound, &mut now, 1_000, &[("ann", 25)]);
        assert_eq!(run(&mut sound, &mut now, 20_000, &[]), [None]);
        assert!(sound.is_over());
    }

    #[test]
    fn sound_of_a_screen_is_nobody_speaking() {
        let mut sound = Sound::default();
        for now in (0..5_000).step_by(100) {
            sound.hear(who("ann", 0), true, false, now);
            assert_eq!(sound.tick(now).speaker, None);
        }
    }

    #[test]
    fn levels_are_told_when_they_change() {
        let mut sound = Sound::default();
        sound.hear(who("ann", 40), true, true, 0);
        assert_eq!(sound.tick(0).levels, [who("ann", 40)]);
        assert_eq!(sound.tick(200).levels, []);
        sound.hear(who("ann", 40), true, true, 400);
        assert_eq!(sound.tick(400).levels, []);
        // Nothing more comes: silence, told once.
        assert_eq!(sound.tick(2_000).levels, [who("ann", SILENT)]);
        assert_eq!(sound.tick(2_200).levels, []);
    }
}
