//! What players of FLV-shaped protocols (RTMP, HTTP-FLV, WS-FLV) must be told before media.
//!
//! Remembers what a player has been told, so that a sequence header goes out before the first frame that
//! needs it and again only when it really changed (R-V5, R-P7).

use bytes::Bytes;
use lianmai_media::flv::{self, TagKind};
use lianmai_media::{AudioConfig, Metadata, TrackKind, VideoConfig};

use crate::{Headers, Item, StreamStats, TrackFilter};

/// Metadata property with the degrees by which a picture is to be turned clockwise; 0 when it is missing.
const ROTATION: &str = "rotation";

/// The announcements of one player.
#[derive(Debug, Default)]
pub struct Announcer {
    tracks: TrackFilter,
    metadata: Option<Bytes>,
    video: Option<VideoConfig>,
    audio: Option<AudioConfig>,
}

impl Announcer {
    /// Nothing has been told yet to a player of `tracks`.
    pub fn new(tracks: TrackFilter) -> Announcer {
        Announcer {
            tracks,
            ..Announcer::default()
        }
    }

    /// Bodies to send now, in order: metadata, video sequence header, audio sequence header; without those
    /// that would repeat what was told. `stats` makes data and frame rates in the metadata plausible.
    pub fn announce(&mut self, headers: &Headers, stats: &StreamStats) -> Vec<(TagKind, Bytes)> {
        let video = headers
            .video
            .as_ref()
            .filter(|_| self.tracks.wants(TrackKind::Video));
        let audio = headers
            .audio
            .as_ref()
            .filter(|_| self.tracks.wants(TrackKind::Audio));
        let mut bodies = Vec::with_capacity(3);
        let video_changed = video.is_some() && self.video.as_ref() != video;
        let audio_changed = audio.is_some() && self.audio.as_ref() != audio;
        if let Some(body) = self.new_metadata(headers, video, audio, stats, video_changed || audio_changed) {
            bodies.push((TagKind::Script, body));
        }
        if let Some(video) = video.filter(|_| video_changed) {
            self.video = Some(video.clone());
            bodies.push((TagKind::Video, flv::video_config_body(video)));
        }
        if let Some(audio) = audio.filter(|_| audio_changed) {
            self.audio = Some(audio.clone());
            if let Some(body) = flv::audio_config_body(audio) {
                bodies.push((TagKind::Audio, body));
            }
        }
        bodies
    }

    /// The metadata, if the publisher's own or the tracks it describes changed.
    fn new_metadata(
        &mut self,
        headers: &Headers,
        video: Option<&VideoConfig>,
        audio: Option<&AudioConfig>,
        stats: &StreamStats,
        tracks_changed: bool,
    ) -> Option<Bytes> {
        let mut own = headers.metadata.clone().unwrap_or_default();
        if video.is_some() && headers.rotation != 0 {
            own.set(ROTATION, f64::from(headers.rotation).into());
        }
        let fingerprint = flv::metadata_body(&own);
        if !tracks_changed && self.metadata.as_ref() == Some(&fingerprint) {
            return None;
        }
        self.metadata = Some(fingerprint);
        Some(flv::metadata_body(&describe(&own, video, audio, stats)))
    }
}

fn describe(
    own: &Metadata,
    video: Option<&VideoConfig>,
    audio: Option<&AudioConfig>,
    stats: &StreamStats,
) -> Metadata {
    own.describe(&lianmai_media::Tracks {
        video,
        audio,
        frame_rate: stats.video.as_ref().map(|v| v.fps.round()),
        video_kbps: stats.video.as_ref().map(|v| (v.bitrate / 1_000.0).round()),
        audio_kbps: stats.audio.as_ref().map(|a| (a.bitrate / 1_000.0).round()),
    })
}

/// The FLV body of an item in two parts, header and shared payload, and what kind of tag it is.
/// `None` when the item's track is not in its headers, which the hub does not let happen.
pub fn item_body(item: &Item) -> Option<(TagKind, flv::BodyHeader, &Bytes)> {
    match &item.content {
        crate::Content::Frame(frame) => match frame.kind {
            TrackKind::Video => {
                let config = item.headers.video.as_ref()?;
                Some((
                    TagKind::Video,
                    flv::video_frame_header(config.codec, frame),
                    &frame.payload,
                ))
            }
            TrackKind::Audio => {
                let config = item.headers.audio.as_ref()?;
                Some((TagKind::Audio, flv::audio_frame_header(config), &frame.payload))
            }
        },
        crate::Content::Data { body, .. } => Some((TagKind::Script, flv::BodyHeader::default(), body)),
    }
}
