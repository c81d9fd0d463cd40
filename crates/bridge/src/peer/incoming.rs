//! Media that a peer sends: packets to frames, into one stream of the hub.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use lianmai_hub::{
    Form, Hub, Protocol, Publication, PublishError, PublishOptions, PushError, StopReason, StreamKey,
};
use lianmai_media::{AudioCodec, AudioConfig, Frame, MediaDuration, MediaTime, TrackKind};
use rtc::rtp::Packet;

use super::sdp::{AUDIO_LEVEL, Codec, Section, VIDEO_ORIENTATION};
use crate::PublishLine;
use crate::payload::video_clock_rate;
use crate::receive::{
    AudioLevel, AudioReceiver, FrameAssembler, LevelMeter, Link, MediaPacket, Orientation, ReorderStats,
    SourceClock, TrackClock, quality,
};

/// Key-frame requests are repeated until one comes: first after this long, then twice as long each time (R-V4).
const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(4);
/// Streams of one peer's lines that the offer did not name: retransmissions of unknown layers, or an attack.
const MAX_TRACKS: usize = 16;

/// Why no more media is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refused {
    /// Another publisher took over, or the stream was ended.
    Superseded,
    /// It cannot be published.
    NotPublished(PublishError),
}

/// What one stream of a peer needs from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Want {
    /// A key frame of this SSRC.
    Keyframe { ssrc: u32 },
}

/// One stream that a peer publishes, over one or two lines.
pub(crate) struct Incoming {
    hub: Hub,
    line: PublishLine,
    clock: SourceClock,
    /// Layer 0 is the stream itself.
    publications: HashMap<u8, Publication>,
    tracks: HashMap<u32, Track>,
    meter: LevelMeter,
    level_told: Option<AudioLevel>,
    counted: ReorderStats,
}

struct Track {
    mid: String,
    layer: u8,
    receiver: Receiver,
    clock: TrackClock,
    level_extension: Option<u8>,
    orientation_extension: Option<u8>,
    codecs: Section,
    payload_type: u8,
    orientation: Orientation,
    asked: Option<Instant>,
    retry: Duration,
}

enum Receiver {
    Video(Box<FrameAssembler>),
    Audio(Box<AudioReceiver>),
}

impl Incoming {
    pub(crate) fn new(hub: Hub, line: PublishLine) -> Incoming {
        Incoming {
            hub,
            line,
            clock: SourceClock::new(),
            publications: HashMap::new(),
            tracks: HashMap::new(),
            meter: LevelMeter::new(),
            level_told: None,
            counted: ReorderStats::default(),
        }
    }

    pub(crate) fn key(&self) -> &StreamKey {
        &self.line.grant.key
    }

    pub(crate) fn holder(&self) -> Option<std::sync::Arc<str>> {
        self.line.grant.holder.clone()
    }

    /// Goes on air. To be called when the peer is connected, not before: a publisher on air is not to be replaced by
    /// one that never comes.
    pub(crate) fn start(&mut self) -> Result<(), Refused> {
        self.publication(0).map(drop)
    }

    fn publication(&mut self, layer: u8) -> Result<&Publication, Refused> {
        if !self.publications.contains_key(&layer) {
            let form = if layer == 0 { Form::Rtc } else { Form::Layer(layer) };
            let grant = &self.line.grant;
            let options = PublishOptions::new(Protocol::Webrtc, grant.epoch, grant.holder.clone());
            let publication = self
                .hub
                .publish(grant.key.form(form), options)
                .map_err(Refused::NotPublished)?;
            self.publications.insert(layer, publication);
        }
        self.publications.get(&layer).ok_or(Refused::Superseded)
    }

    /// A track began to arrive. `section` is the answer's section of its line.
    pub(crate) fn add_track(&mut self, ssrc: u32, section: &Section, layer: u8, payload_type: u8) {
        if self.tracks.len() >= MAX_TRACKS {
            return;
        }
        let Some((receiver, clock)) = receiver(section, payload_type) else {
            return;
        };
        self.tracks.insert(
            ssrc,
            Track {
                mid: section.mid.clone(),
                layer,
                receiver,
                clock,
                level_extension: section.extensions.get(AUDIO_LEVEL).copied(),
                orientation_extension: section.extensions.get(VIDEO_ORIENTATION).copied(),
                codecs: section.clone(),
                payload_type,
                orientation: Orientation::default(),
                asked: None,
                retry: FIRST_RETRY,
            },
        );
    }

    pub(crate) fn has_track(&self, ssrc: u32) -> bool {
        self.tracks.contains_key(&ssrc)
    }

    /// The line is no longer used: what it sent is forgotten.
    pub(crate) fn remove_line(&mut self, mid: &str) {
        self.tracks.retain(|_, track| track.mid != mid);
    }

    /// Takes a packet of a known track.
    pub(crate) fn take(&mut self, now: Instant, packet: Packet) {
        let Some(track) = self.tracks.get_mut(&packet.header.ssrc) else {
            return;
        };
        let header = &packet.header;
        if header.payload_type != track.payload_type && !packet.payload.is_empty() {
            // The sender has changed the codec.
            if let Some((receiver, clock)) = receiver(&track.codecs, header.payload_type) {
                (track.receiver, track.clock) = (receiver, clock);
                track.payload_type = header.payload_type;
                track.asked = None;
            } else {
                metrics::counter!("lianmai_bridge_unusable_packets_total").increment(1);
                return;
            }
        }
        let first_byte = |id: Option<u8>| {
            id.and_then(|id| header.get_extension(id))
                .and_then(|e| e.first().copied())
        };
        if let Some(byte) = first_byte(track.level_extension) {
            self.meter.push(now, AudioLevel::from_extension(byte));
        }
        let orientation = first_byte(track.orientation_extension).map(Orientation::from_extension);
        let media = MediaPacket {
            sequence_number: header.sequence_number,
            timestamp: header.timestamp,
            marker: header.marker,
            payload: packet.payload,
            orientation,
        };
        match &mut track.receiver {
            Receiver::Video(assembler) => assembler.push(now, media),
            Receiver::Audio(receiver) => receiver.push(now, media),
        }
    }

    /// Takes a sender report.
    pub(crate) fn sender_report(&mut self, ssrc: u32, ntp: u64, rtp: u32, at: Instant) {
        if let Some(track) = self.tracks.get_mut(&ssrc) {
            track.clock.sender_report(&mut self.clock, ntp, rtp, at);
        }
    }

    /// How long packets are waited for after loss.
    pub(crate) fn set_round_trip(&mut self, round_trip: Duration) {
        for track in self.tracks.values_mut() {
            if let Receiver::Video(assembler) = &mut track.receiver {
                assembler.set_wait(crate::receive::repair_wait(Some(round_trip)));
            }
        }
    }

    /// Passes on what is complete.
    pub(crate) fn deliver(&mut self, now: Instant) -> Result<(), Refused> {
        let mut ready: Vec<(u8, Ready)> = Vec::new();
        for track in self.tracks.values_mut() {
            match &mut track.receiver {
                Receiver::Video(assembler) => {
                    while let Some(picture) = assembler.poll(now) {
                        let dts = track
                            .clock
                            .time(&mut self.clock, picture.timestamp, picture.arrival);
                        if picture.keyframe {
                            (track.asked, track.retry) = (None, FIRST_RETRY);
                        }
                        let turned =
                            (picture.orientation != track.orientation).then_some(picture.orientation);
                        track.orientation = picture.orientation;
                        let frame = frame(TrackKind::Video, dts, picture.keyframe, picture.payload);
                        ready.push((
                            track.layer,
                            Ready::Video(Box::new((frame, picture.config, turned))),
                        ));
                    }
                }
                Receiver::Audio(receiver) => {
                    while let Some(sound) = receiver.poll(now) {
                        let dts = track.clock.time(&mut self.clock, sound.timestamp, sound.arrival);
                        ready.push((
                            track.layer,
                            Ready::Audio(frame(TrackKind::Audio, dts, true, sound.payload)),
                        ));
                    }
                }
            }
        }
        for (layer, ready) in ready {
            let publication = self.publication(layer)?;
            let pushed = match ready {
                Ready::Video(picture) => {
                    let (frame, config, turned) = *picture;
                    if let Some(orientation) = turned {
                        publication
                            .set_rotation(orientation.degrees)
                            .map_err(|_| Refused::Superseded)?;
                    }
                    if let Some(config) = config {
                        publication.set_video(config).map_err(|_| Refused::Superseded)?;
                    }
                    publication.push(frame)
                }
                Ready::Audio(frame) => match AudioConfig::opus(2) {
                    Ok(config) => {
                        publication.set_audio(config).map_err(|_| Refused::Superseded)?;
                        publication.push(frame)
                    }
                    Err(_) => continue,
                },
            };
            match pushed {
                Err(PushError::Superseded) => return Err(Refused::Superseded),
                Err(_) => metrics::counter!("lianmai_bridge_dropped_frames_total").increment(1),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// What to ask the sender for now: key frames where nothing can go on without one.
    pub(crate) fn wants(&mut self, now: Instant) -> Vec<Want> {
        let mut wants = Vec::new();
        for (ssrc, track) in &mut self.tracks {
            let Receiver::Video(assembler) = &track.receiver else {
                continue;
            };
            if !assembler.needs_keyframe() {
                continue;
            }
            let due = track
                .asked
                .is_none_or(|asked| now.saturating_duration_since(asked) >= track.retry);
            if due {
                if track.asked.is_some() {
                    track.retry = (track.retry * 2).min(LAST_RETRY);
                }
                track.asked = Some(now);
                wants.push(Want::Keyframe { ssrc: *ssrc });
            }
        }
        wants
    }

    /// A reader asks for a key frame of a layer.
    pub(crate) fn keyframe_of(&mut self, layer: u8, now: Instant) -> Vec<Want> {
        let tracks = self.tracks.iter_mut().filter(|(_, track)| track.layer == layer);
        tracks
            .filter(|(_, track)| matches!(track.receiver, Receiver::Video(_)))
            .map(|(ssrc, track)| {
                track.asked = Some(now);
                Want::Keyframe { ssrc: *ssrc }
            })
            .collect()
    }

    /// When to look again although no packet comes.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let of = |track: &Track| match &track.receiver {
            Receiver::Video(assembler) => {
                let retry = assembler
                    .needs_keyframe()
                    .then(|| track.asked.map(|asked| asked + track.retry))
                    .flatten();
                [assembler.deadline(), retry].into_iter().flatten().min()
            }
            Receiver::Audio(receiver) => receiver.deadline(),
        };
        self.tracks.values().filter_map(of).min()
    }

    /// Waits until the stream is taken over or ended, or a reader wants a key frame.
    pub(crate) async fn told(&self) -> Told {
        if self.publications.is_empty() {
            return std::future::pending().await;
        }
        let mut told = Vec::with_capacity(self.publications.len() * 2);
        for (layer, publication) in &self.publications {
            let layer = *layer;
            let stopped: std::pin::Pin<Box<dyn Future<Output = Told> + Send>> =
                Box::pin(async move { Told::Stopped(publication.stopped().await) });
            let wanted: std::pin::Pin<Box<dyn Future<Output = Told> + Send>> = Box::pin(async move {
                publication.keyframe_wanted().await;
                Told::KeyframeWanted { layer }
            });
            told.extend([stopped, wanted]);
        }
        super::any::first(&mut told).await
    }

    /// The level, when it is worth telling again.
    pub(crate) fn level(&mut self, now: Instant) -> Option<AudioLevel> {
        let level = self.meter.level(now);
        let changed = match self.level_told {
            None => level.level < 127,
            Some(told) => told.voice != level.voice || told.level.abs_diff(level.level) >= 3,
        };
        changed.then(|| {
            self.level_told = Some(level);
            level
        })
    }

    /// How good the connection from the publisher was since the last call.
    pub(crate) fn quality(&mut self, round_trip: Option<Duration>) -> u8 {
        let mut sum = ReorderStats::default();
        for track in self.tracks.values() {
            let stats = match &track.receiver {
                Receiver::Video(assembler) => assembler.stats(),
                Receiver::Audio(receiver) => receiver.stats(),
            };
            sum.delivered += stats.delivered;
            sum.lost += stats.lost;
        }
        let delivered = sum.delivered.saturating_sub(self.counted.delivered);
        let lost = sum.lost.saturating_sub(self.counted.lost);
        self.counted = sum;
        let all = delivered + lost;
        quality(Link {
            loss: (all > 0).then(|| lost as f64 / all as f64),
            round_trip,
            jitter: None,
        })
    }
}

/// What a publication says to its publisher.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Told {
    Stopped(StopReason),
    KeyframeWanted { layer: u8 },
}

enum Ready {
    Video(Box<(Frame, Option<lianmai_media::VideoConfig>, Option<Orientation>)>),
    Audio(Frame),
}

fn receiver(section: &Section, payload_type: u8) -> Option<(Receiver, TrackClock)> {
    match section.codec(payload_type)? {
        Codec::Video(codec) => {
            let clock = TrackClock::new(video_clock_rate(codec));
            Some((Receiver::Video(Box::new(FrameAssembler::new(codec))), clock))
        }
        Codec::Audio(codec) => {
            let scale = crate::payload::audio_clock_rate(codec).filter(|_| codec == AudioCodec::Opus)?;
            Some((
                Receiver::Audio(Box::new(AudioReceiver::new(scale))),
                TrackClock::new(scale),
            ))
        }
    }
}

fn frame(kind: TrackKind, dts: MediaTime, keyframe: bool, payload: bytes::Bytes) -> Frame {
    Frame {
        kind,
        dts,
        composition: MediaDuration::new(0, dts.scale()),
        keyframe,
        payload,
    }
}
