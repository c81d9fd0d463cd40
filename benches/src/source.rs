//! A synthetic camera: 720p25 baseline H.264 at 1.2 Mb/s with a key frame every two seconds, and AAC at 64 kb/s.
//!
//! Parameter sets are those of a real encoder, frame sizes vary like those of one, NAL units are well-formed; the
//! slices themselves are noise. Every frame carries a [`Probe`]: in video inside a leading SEI, in audio at its start.

use crate::probe::{self, Probe};
use crate::rtmp::write::{Amf, string};

/// Frames per second, frames per key frame.
pub(crate) const FPS: u64 = 25;
const GOP: u32 = 50;
/// Mean payload bytes: 50 frames make 300 kB, which is 1.2 Mb/s.
const KEY_FRAME: usize = 40_000;
const DELTA_FRAME: usize = (300_000 - KEY_FRAME) / (GOP as usize - 1);
const AUDIO_RATE: u64 = 44_100;
const AUDIO_FRAME: usize = 186;

/// Messages per second of one publisher, both tracks.
pub(crate) const MESSAGES_PER_SECOND: f64 = FPS as f64 + AUDIO_RATE as f64 / 1024.0;

/// Where a video body has its probe: tag header, NAL length, SEI header, UUID.
const VIDEO_PROBE: usize = 5 + 4 + 3 + 16;
/// Stands before the probe of a picture: the UUID of its SEI.
pub(crate) const MARK: &[u8] = b"lianmai-loadtest";
const AUDIO_PROBE: usize = 2;
/// So many first bytes of a body hold its probe.
pub(crate) const HEAD: usize = VIDEO_PROBE + probe::LEN;

const AVC_CONFIG: &[u8] = &[
    0x17, 0, 0, 0, 0, // key frame, AVC, sequence header, composition time 0
    0x01, 0x42, 0xc0, 0x1f, 0xff, 0xe1, 0x00, 0x19, // avcC, one SPS: baseline 3.1, 1280x720
    0x67, 0x42, 0xc0, 0x1f, 0xd9, 0x00, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00,
    0x00, 0x03, 0x03, 0x20, 0xf1, 0x83, 0x24, 0x80, //
    0x01, 0x00, 0x04, 0x68, 0xcb, 0x8c, 0xb2, // one PPS
];
const AAC_CONFIG: &[u8] = &[0xaf, 0, 0x12, 0x10]; // LC, 44.1 kHz, stereo

/// Kind of a message, by its RTMP message type and FLV tag type.
pub(crate) const AUDIO: u8 = 8;
/// See [`AUDIO`].
pub(crate) const VIDEO: u8 = 9;
/// Metadata, see [`AUDIO`].
pub(crate) const DATA: u8 = 18;

/// What a camera sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Mean bytes of a key frame and of the others.
    key_frame: usize,
    delta_frame: usize,
    audio: bool,
    /// The probe is in a leading SEI, else inside the slice.
    sei: bool,
}

impl Shape {
    /// 1.2 Mb/s of video, and audio.
    pub(crate) const FULL: Self = Self {
        key_frame: KEY_FRAME,
        delta_frame: DELTA_FRAME,
        audio: true,
        sei: true,
    };

    /// Video of `bits_per_second` with frames of the same proportions.
    pub(crate) fn of_video(bits_per_second: u32, audio: bool, sei: bool) -> Self {
        let share = |bytes: usize| (bytes as f64 * f64::from(bits_per_second) / 1.2e6) as usize;
        Self {
            key_frame: share(KEY_FRAME).clamp(1000, KEY_FRAME * 8),
            delta_frame: share(DELTA_FRAME).clamp(100, DELTA_FRAME * 8),
            audio,
            sei,
        }
    }

    /// Whether there is a second track.
    pub(crate) fn has_audio(&self) -> bool {
        self.audio
    }

    /// No key frame has fewer bytes, and no other frame as many as half of them.
    pub(crate) fn least_key_frame(&self) -> usize {
        self.key_frame * 7 / 10
    }
}

/// One message of a stream; the body is an FLV tag body.
pub(crate) struct Message<'a> {
    pub(crate) kind: u8,
    pub(crate) key: bool,
    pub(crate) milliseconds: u32,
    pub(crate) body: &'a [u8],
}

/// Reads the probe of a body of which the first [`HEAD`] bytes are given; headers and metadata have none.
pub(crate) fn probe_of(kind: u8, head: &[u8]) -> Option<Probe> {
    let (at, is_frame) = match kind {
        VIDEO => (VIDEO_PROBE, head.get(1) == Some(&1)),
        AUDIO => (AUDIO_PROBE, head.get(1) == Some(&1)),
        _ => return None,
    };
    if is_frame {
        Probe::decode(head.get(at..)?)
    } else {
        None
    }
}

/// One publisher's frames in the order of their times.
pub(crate) struct Source {
    shape: Shape,
    started_ns: u64,
    video: u32,
    audio: u32,
    noise: Noise,
    slice: Vec<u8>,
    body: Vec<u8>,
}

impl Source {
    /// A stream whose first frame is due at `started_ns`.
    pub(crate) fn new(started_ns: u64, seed: u64) -> Self {
        Self::with(Shape::FULL, started_ns, seed)
    }

    /// As [`Source::new`], of another shape.
    pub(crate) fn with(shape: Shape, started_ns: u64, seed: u64) -> Self {
        let mut noise = Noise(seed.wrapping_mul(2).wrapping_add(0x9e37_79b9));
        let slice = (0..2 * shape.key_frame)
            .map(|_| noise.next() as u8 | 0x01)
            .collect();
        Self {
            shape,
            started_ns,
            video: 0,
            audio: 0,
            noise,
            slice,
            body: Vec::with_capacity(2 * shape.key_frame),
        }
    }

    /// Metadata and both sequence headers: what must come before the first frame.
    pub(crate) fn headers() -> [(u8, Vec<u8>); 3] {
        let mut metadata = Vec::new();
        string(&mut metadata, "onMetaData");
        Amf::object(&[
            ("width", Amf::Number(1280.0)),
            ("height", Amf::Number(720.0)),
            ("framerate", Amf::Number(FPS as f64)),
            ("videocodecid", Amf::Number(7.0)),
            ("videodatarate", Amf::Number(1200.0)),
            ("audiocodecid", Amf::Number(10.0)),
            ("audiodatarate", Amf::Number(64.0)),
            ("audiosamplerate", Amf::Number(AUDIO_RATE as f64)),
        ])
        .write(&mut metadata);
        [
            (DATA, metadata),
            (VIDEO, AVC_CONFIG.to_vec()),
            (AUDIO, AAC_CONFIG.to_vec()),
        ]
    }

    fn video_us(&self) -> u64 {
        u64::from(self.video) * 1_000_000 / FPS
    }

    fn audio_us(&self) -> u64 {
        u64::from(self.audio) * 1024 * 1_000_000 / AUDIO_RATE
    }

    /// When the next message has to leave, in nanoseconds.
    pub(crate) fn due_ns(&self) -> u64 {
        let next = match self.shape.audio {
            true => self.video_us().min(self.audio_us()),
            false => self.video_us(),
        };
        self.started_ns + next * 1000
    }

    /// Makes the next message, stamped with `now_ns`.
    pub(crate) fn next(&mut self, now_ns: u64) -> Message<'_> {
        self.body.clear();
        if !self.shape.audio || self.video_us() <= self.audio_us() {
            self.next_video(now_ns)
        } else {
            self.next_audio(now_ns)
        }
    }

    fn next_video(&mut self, sent_ns: u64) -> Message<'_> {
        let milliseconds = (self.video_us() / 1000) as u32;
        let key = self.video.is_multiple_of(GOP);
        let mean = if key {
            self.shape.key_frame
        } else {
            self.shape.delta_frame
        };
        let size = mean * 7 / 10 + self.noise.next() as usize % (mean * 6 / 10);
        let start: &[u8] = if key {
            &[0x65, 0x88, 0x84]
        } else {
            &[0x41, 0x9a, 0x26]
        };
        let body = &mut self.body;
        body.extend_from_slice(&[if key { 0x17 } else { 0x27 }, 1, 0, 0, 0]);
        let probe = Probe {
            sent_ns,
            number: self.video,
        };
        if self.shape.sei {
            body.extend_from_slice(&(3 + MARK.len() as u32 + probe::LEN as u32 + 1).to_be_bytes());
            body.extend_from_slice(&[0x06, 0x05, (MARK.len() + probe::LEN) as u8]);
            body.extend_from_slice(MARK);
            body.extend_from_slice(&probe.encode());
            body.push(0x80);
        }
        body.extend_from_slice(&(size as u32).to_be_bytes());
        let slice = body.len();
        body.extend_from_slice(start);
        if !self.shape.sei {
            body.extend_from_slice(MARK);
            body.extend_from_slice(&probe.encode());
        }
        let rest = size.saturating_sub(body.len() - slice);
        body.extend_from_slice(&self.slice[..rest]);
        self.video += 1;
        Message {
            kind: VIDEO,
            key,
            milliseconds,
            body: &self.body,
        }
    }

    fn next_audio(&mut self, sent_ns: u64) -> Message<'_> {
        let milliseconds = (self.audio_us() / 1000) as u32;
        self.body.extend_from_slice(&[0xaf, 1]);
        self.body.extend_from_slice(
            &Probe {
                sent_ns,
                number: self.audio,
            }
            .encode(),
        );
        self.body
            .extend_from_slice(&self.slice[..AUDIO_FRAME - probe::LEN]);
        self.audio += 1;
        Message {
            kind: AUDIO,
            key: false,
            milliseconds,
            body: &self.body,
        }
    }
}

/// Xorshift: repeatable sizes and bytes, nothing more.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_promised_rate_and_a_probe_in_every_frame() {
        let mut source = Source::new(5, 1);
        let (mut bytes, mut frames, mut keys) = (0, 0, 0);
        while source.due_ns() < 5 + 20_000_000_000 {
            let due = source.due_ns();
            let message = source.next(due);
            let probe = probe_of(message.kind, &message.body[..HEAD]).expect("a probe");
            assert_eq!(probe.sent_ns, due);
            bytes += message.body.len();
            frames += 1;
            keys += u32::from(message.key);
        }
        assert_eq!(keys, 10);
        assert!(
            (f64::from(frames) - 20.0 * MESSAGES_PER_SECOND).abs() < 3.0,
            "{frames}"
        );
        let megabits = bytes as f64 * 8.0 / 20.0 / 1e6;
        assert!((1.2..1.35).contains(&megabits), "{megabits}");
        for (kind, body) in Source::headers() {
            assert_eq!(probe_of(kind, &body), None);
        }
    }
}
