//! Who of several speaks.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

use super::AudioLevel;

/// Quieter than this (dB below overload) is not speech.
const SPEECH: u8 = 50;
/// So much louder than the present speaker…
const CLEARLY: u8 = 6;
/// …for so long takes over.
const TAKE_OVER: Duration = Duration::from_millis(500);
/// A speaker who pauses so long makes room for whoever speaks.
const PAUSE: Duration = Duration::from_millis(1_500);
/// More are not listened to.
const MOST_SPEAKERS: usize = 1_024;

#[derive(Clone, Copy, Debug)]
struct Voice {
    level: u8,
    spoke: Instant,
    /// Since when it is clearly louder than the present speaker.
    louder_since: Option<Instant>,
}

/// Chooses the active speaker; stays with it until it pauses, or somebody else is clearly louder for a while.
#[derive(Debug)]
pub struct ActiveSpeaker<K> {
    current: Option<K>,
    voices: HashMap<K, Voice>,
}

impl<K> Default for ActiveSpeaker<K> {
    fn default() -> ActiveSpeaker<K> {
        ActiveSpeaker {
            current: None,
            voices: HashMap::new(),
        }
    }
}

impl<K: Clone + Eq + Hash> ActiveSpeaker<K> {
    /// Nobody speaks yet.
    pub fn new() -> ActiveSpeaker<K> {
        ActiveSpeaker::default()
    }

    /// Takes the present (smoothed) level of `who`; `true` if the active speaker changed.
    pub fn update(&mut self, now: Instant, who: &K, level: AudioLevel) -> bool {
        let speaks = level.level <= SPEECH;
        let is_current = self.current.as_ref() == Some(who);
        let current = self
            .current
            .as_ref()
            .and_then(|key| self.voices.get(key))
            .copied();
        let is_new = !self.voices.contains_key(who);
        if is_new && (!speaks || self.voices.len() >= MOST_SPEAKERS) {
            return false;
        }
        let voice = self.voices.entry(who.clone()).or_insert(Voice {
            level: level.level,
            spoke: now,
            louder_since: None,
        });
        voice.level = level.level;
        if speaks {
            voice.spoke = now;
        }
        if is_current || !speaks {
            voice.louder_since = None;
            return false;
        }
        let takes_over = match current {
            None => true,
            Some(current) if now.saturating_duration_since(current.spoke) >= PAUSE => true,
            Some(current) if level.level.saturating_add(CLEARLY) <= current.level => {
                let since = *voice.louder_since.get_or_insert(now);
                now.saturating_duration_since(since) >= TAKE_OVER
            }
            Some(_) => {
                voice.louder_since = None;
                false
            }
        };
        if takes_over {
            voice.louder_since = None;
            self.current = Some(who.clone());
        }
        takes_over
    }

    /// `who` has left; `true` if that was the active speaker.
    pub fn remove(&mut self, who: &K) -> bool {
        self.voices.remove(who);
        let was_current = self.current.as_ref() == Some(who);
        if was_current {
            self.current = None;
        }
        was_current
    }

    /// Who spoke last, until it leaves.
    pub fn current(&self) -> Option<&K> {
        self.current.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(200);

    fn level(level: u8) -> AudioLevel {
        AudioLevel { level, voice: true }
    }

    #[test]
    fn a_speaker_stays_until_it_pauses() {
        let mut now = Instant::now();
        let mut speakers = ActiveSpeaker::new();
        assert!(!speakers.update(now, &"quiet", level(70)));
        assert!(speakers.update(now, &"anna", level(30)));
        assert!(!speakers.update(now, &"bert", level(29)));
        // Anna pauses; a second later Bert is still not it, then he is.
        for _ in 0..5 {
            now += TICK;
            speakers.update(now, &"anna", level(90));
            assert!(!speakers.update(now, &"bert", level(85)));
        }
        now += TICK * 3;
        assert!(speakers.update(now, &"bert", level(40)));
        assert_eq!(speakers.current(), Some(&"bert"));
        assert!(speakers.remove(&"bert") && !speakers.remove(&"bert"));
        assert_eq!(speakers.current(), None);
    }

    #[test]
    fn who_is_clearly_louder_for_a_while_takes_over() {
        let mut now = Instant::now();
        let mut speakers = ActiveSpeaker::new();
        speakers.update(now, &1, level(40));
        // A cough.
        assert!(!speakers.update(now, &2, level(20)));
        assert!(!speakers.update(now + TICK, &2, level(45)));
        let mut changes = 0;
        for _ in 0..10 {
            now += TICK;
            speakers.update(now, &1, level(40));
            changes += u32::from(speakers.update(now, &2, level(30)));
        }
        assert_eq!((changes, speakers.current()), (1, Some(&2)));
    }
}
