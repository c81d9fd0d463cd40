//! Streams, their URLs and their figures.

use lianmai_hub as hub;
use lianmai_rooms as rooms;
use lianmai_rooms::{ClientRef, Ext, MemberId, StreamId, StreamKind, Timestamp, Transport};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::schema;
use crate::workers::{MixStatus, RenditionStatus};

/// A published stream.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Stream {
    /// Its id, part of its URLs.
    #[schema(value_type = String, example = "s7pdk3q9")]
    pub id: StreamId,
    /// Who publishes it; `null` for the room's mix.
    #[schema(value_type = Option<String>, example = "mq4k7t2x")]
    pub owner: Option<MemberId>,
    /// What it shows.
    #[schema(value_type = schema::StreamKind)]
    pub kind: StreamKind,
    /// How the publisher sends it.
    #[schema(value_type = schema::Transport)]
    pub via: Transport,
    /// The publisher switched video off.
    pub voff: bool,
    /// The publisher switched audio off.
    pub aoff: bool,
    /// The publisher's own name for it.
    #[schema(value_type = Option<String>)]
    pub client_ref: Option<ClientRef>,
    /// Free text of the publisher.
    #[schema(value_type = String)]
    pub ext: Ext,
    /// Whether media flows.
    pub on_air: bool,
    /// Version of its URLs.
    pub url_version: u32,
    /// When it was published, in milliseconds since the Unix epoch.
    #[schema(value_type = u64, example = 1_790_000_000_000_u64)]
    pub published_at: Timestamp,
    /// Figures of its media; only in lists of streams, and only while somebody publishes or plays it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stats: Option<StreamStats>,
    /// What is made of it for viewers who cannot take it as it is; only in lists of streams, and only while somebody
    /// needs it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub renditions: Vec<RenditionStatus>,
    /// Of a room's mix: where it stands; only in lists of streams and views of rooms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mix: Option<MixStatus>,
    /// What its publisher should change; only in lists of streams. `b_frames`: its B-frames have to be removed for
    /// viewers over WebRTC, which costs a worker's time and some quality; a profile without them needs none of that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub warnings: Vec<&'static str>,
}

impl Eq for Stream {}

impl From<rooms::StreamView> for Stream {
    fn from(stream: rooms::StreamView) -> Self {
        Self {
            on_air: matches!(stream.air, rooms::Air::On { .. }),
            url_version: stream.url_version,
            id: stream.id,
            owner: stream.owner,
            kind: stream.kind,
            via: stream.via,
            voff: stream.voff,
            aoff: stream.aoff,
            client_ref: stream.client_ref,
            ext: stream.ext,
            published_at: stream.published_at,
            stats: None,
            renditions: Vec::new(),
            mix: None,
            warnings: Vec::new(),
        }
    }
}

/// Streams of a room.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StreamList {
    /// The streams.
    pub streams: Vec<Stream>,
    /// Number of the newest event in the room.
    pub sequence: u64,
}

/// Figures of a stream.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StreamStats {
    /// Seconds since the present publication began.
    pub uptime_seconds: u64,
    /// Protocol of the publisher.
    #[schema(example = "rtmp")]
    pub protocol: Option<String>,
    /// Number of publications so far.
    pub publications: u64,
    /// Video, if any.
    pub video: Option<VideoStats>,
    /// Audio, if any.
    pub audio: Option<AudioStats>,
    /// Bytes of media received in all publications.
    pub bytes_in: u64,
    /// Readers now.
    pub readers: usize,
    /// Largest backlog of a reader now, in milliseconds of media.
    pub backlog_ms: i64,
    /// Items lost by readers, present and past, that were too slow.
    pub dropped: u64,
    /// Times the source's clock jumped.
    pub discontinuities: u64,
}

/// Figures of a video track.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct VideoStats {
    /// Codec.
    #[schema(example = "h264")]
    pub codec: String,
    /// Width in pixels; 0 when unknown.
    pub width: u32,
    /// Height in pixels; 0 when unknown.
    pub height: u32,
    /// Frames per second over the last seconds.
    pub fps: f64,
    /// Kilobits per second over the last seconds.
    pub kbps: f64,
    /// Distance between key frames in milliseconds.
    pub gop_ms: Option<i64>,
    /// Whether B-frames occur.
    pub b_frames: bool,
    /// Frames since the publication began.
    pub frames: u64,
}

/// Figures of an audio track.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AudioStats {
    /// Codec.
    #[schema(example = "aac")]
    pub codec: String,
    /// Samples per second; 0 when unknown.
    pub sample_rate: u32,
    /// Channels; 0 when unknown.
    pub channels: u8,
    /// Kilobits per second over the last seconds.
    pub kbps: f64,
    /// Packets since the publication began.
    pub frames: u64,
}

impl From<hub::StreamStats> for StreamStats {
    fn from(stats: hub::StreamStats) -> Self {
        Self {
            uptime_seconds: stats.uptime_seconds,
            protocol: stats.protocol.map(|protocol| protocol.as_str().to_owned()),
            publications: stats.publications,
            video: stats.video.map(|video| VideoStats {
                codec: format!("{:?}", video.codec).to_lowercase(),
                width: video.width,
                height: video.height,
                fps: video.fps,
                kbps: video.bitrate / 1000.0,
                gop_ms: video.gop_millis,
                b_frames: video.b_frames,
                frames: video.frames,
            }),
            audio: stats.audio.map(|audio| AudioStats {
                codec: format!("{:?}", audio.codec).to_lowercase(),
                sample_rate: audio.sample_rate,
                channels: audio.channels,
                kbps: audio.bitrate / 1000.0,
                frames: audio.frames,
            }),
            bytes_in: stats.bytes_in,
            readers: stats.readers,
            backlog_ms: stats.backlog_millis,
            dropped: stats.dropped,
            discontinuities: stats.discontinuities,
        }
    }
}

/// Publish a camera or screen. A member has at most one of each; again: the stream that is there is updated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Publish {
    /// For whom. Only for the app's own server; others publish for themselves.
    #[schema(value_type = Option<String>)]
    pub member: Option<MemberId>,
    /// `camera` or `screen`; left out: camera.
    #[schema(value_type = Option<schema::StreamKind>)]
    pub kind: Option<StreamKind>,
    /// How the media will come; left out: rtmp.
    #[schema(value_type = Option<schema::Transport>)]
    pub via: Option<Transport>,
    /// Video is switched off.
    pub voff: bool,
    /// Audio is switched off.
    pub aoff: bool,
    /// The client's own name for it.
    #[schema(value_type = Option<String>, max_length = 128)]
    pub client_ref: Option<ClientRef>,
    /// Free text.
    #[schema(value_type = String, max_length = 4096)]
    pub ext: Ext,
}

/// Switches and texts of a stream to change; those left out stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StreamUpdate {
    /// Video off.
    pub voff: Option<bool>,
    /// Audio off.
    pub aoff: Option<bool>,
    /// Free text.
    #[schema(value_type = Option<String>, max_length = 4096)]
    pub ext: Option<Ext>,
}

/// Where to push to.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PushUrl {
    /// RTMP URL to push to, unless the media comes over WebRTC. A secret of the publisher, as are the others. May be
    /// used again until it expires.
    #[schema(example = "rtmp://live.example.com/demo/s7pdk3q9?t=v1.push…")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The same over TLS, where the gateway is reachable so. Mini-programs take only `url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtmps: Option<String>,
    /// Where to send a WHIP offer to (RFC 9725), where the gateway speaks WebRTC.
    #[schema(example = "https://live.example.com/whip/demo/s7pdk3q9?t=v1.push…")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whip: Option<String>,
    /// When it stops being accepted for new connections, in milliseconds since the Unix epoch.
    #[schema(value_type = u64)]
    pub expires_at: Timestamp,
    /// Version; a newer one replaces it.
    pub version: u32,
}

impl std::fmt::Debug for PushUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PushUrl")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// A stream was published.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Published {
    /// The stream.
    pub stream: Stream,
    /// Where to push; `null` if media comes over WebRTC and the gateway does not speak it.
    pub push: Option<PushUrl>,
    /// Number of the newest event in the room.
    pub sequence: u64,
}

/// A stream's URLs have a new version.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Reissued {
    /// The version now.
    pub version: u32,
    /// When the version before is refused, in milliseconds since the Unix epoch.
    #[schema(value_type = u64)]
    pub previous_until: Timestamp,
    /// The new push URL; only for the stream's owner and the app.
    pub push: Option<PushUrl>,
}

/// No fields; the body may be left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Nothing {}

/// How to pull.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PullUrl {
    /// `webrtc`: a WHEP URL alone, also in rooms that do not support mini-programs. Left out: all there are.
    #[schema(value_type = Option<schema::Transport>)]
    pub via: Option<Transport>,
}

/// Where to pull from.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PullUrls {
    /// RTMP; a secret of the viewer, as are the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtmp: Option<String>,
    /// RTMPS, where the gateway is reachable so. Mini-programs take only `rtmp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtmps: Option<String>,
    /// HTTP-FLV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_flv: Option<String>,
    /// WS-FLV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ws_flv: Option<String>,
    /// Where to send a WHEP offer to, where the gateway speaks WebRTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whep: Option<String>,
    /// When they stop being accepted for new connections, in milliseconds since the Unix epoch.
    #[schema(value_type = u64)]
    pub expires_at: Timestamp,
    /// Version; a newer one replaces it.
    pub version: u32,
}

impl std::fmt::Debug for PullUrls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PullUrls")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
