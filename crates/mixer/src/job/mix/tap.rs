//! What one input gives: packets of sound and decoded pictures, with their places on the mix's timeline, bounded.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use ffmpeg_next::frame;
use lianmai_media::AudioConfig;

use crate::codec::Rotation;

/// Packets of sound that may wait: ten seconds.
const MAX_SOUND: usize = 512;
/// Decoded pictures that may wait; the oldest goes first.
const MAX_PICTURES: usize = 8;

/// Sound on its way.
pub(super) enum SoundIn {
    /// How it is coded from here on.
    Config(AudioConfig),
    /// A packet and the position of its first sample.
    Packet(Bytes, i64),
}

/// A decoded picture.
#[derive(Clone)]
pub(super) struct PictureIn {
    /// When it is to be shown, in milliseconds of the mix.
    pub(super) due: i64,
    /// The picture.
    pub(super) frame: Arc<frame::Video>,
    /// How it is to be turned.
    pub(super) rotation: Rotation,
}

/// Counts since the mix began.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) frames_in: AtomicU64,
    pub(super) broken: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) late: AtomicU64,
    /// Of sound alone, as its thread counts it.
    pub(super) sound_late: AtomicU64,
    pub(super) sound_broken: AtomicU64,
}

impl Counts {
    pub(super) fn add(count: &AtomicU64, more: u64) {
        count.fetch_add(more, Relaxed);
    }
}

/// One input as the threads see it.
pub(super) struct Tap {
    /// What the scene calls it.
    pub(super) name: String,
    /// Its sound is in the sum.
    pub(super) heard: AtomicBool,
    /// Its picture is on the canvas.
    pub(super) seen: AtomicBool,
    /// Nothing of it can be decoded: the connection is to be made anew.
    pub(super) hopeless: AtomicBool,
    /// Of all inputs together.
    pub(super) counts: Arc<Counts>,
    sound: Mutex<VecDeque<SoundIn>>,
    pictures: Mutex<VecDeque<PictureIn>>,
}

impl Tap {
    pub(super) fn new(name: &str, counts: Arc<Counts>) -> Tap {
        Tap {
            name: name.to_owned(),
            heard: AtomicBool::new(false),
            seen: AtomicBool::new(false),
            hopeless: AtomicBool::new(false),
            counts,
            sound: Mutex::default(),
            pictures: Mutex::default(),
        }
    }

    /// Sound came.
    pub(super) fn put_sound(&self, sound: SoundIn) {
        let mut queue = lock(&self.sound);
        if queue.len() >= MAX_SOUND {
            let oldest = queue
                .iter()
                .position(|known| matches!(known, SoundIn::Packet(..)));
            queue.remove(oldest.unwrap_or(0));
            Counts::add(&self.counts.dropped, 1);
        }
        queue.push_back(sound);
    }

    /// All sound that came since the last call.
    pub(super) fn take_sound(&self) -> VecDeque<SoundIn> {
        std::mem::take(&mut *lock(&self.sound))
    }

    /// A picture was decoded.
    pub(super) fn put_picture(&self, picture: PictureIn) {
        let mut shelf = lock(&self.pictures);
        if shelf.len() >= MAX_PICTURES {
            shelf.pop_front();
            Counts::add(&self.counts.late, 1);
        }
        shelf.push_back(picture);
    }

    /// The newest picture that is due at `now`; older ones are let go.
    pub(super) fn due_picture(&self, now: i64) -> Option<PictureIn> {
        let mut shelf = lock(&self.pictures);
        let mut newest = None;
        while shelf.front().is_some_and(|picture| picture.due <= now) {
            newest = shelf.pop_front();
        }
        newest
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
