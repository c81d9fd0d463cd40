//! Ticks per second of RTP timestamps.

use lianmai_media::{AudioCodec, Timescale, VideoCodec};

/// The RTP clock rate of a video codec: 90 kHz for all of them.
pub fn video_clock_rate(_codec: VideoCodec) -> Timescale {
    Timescale::RTP_VIDEO
}

/// The RTP clock rate of an audio codec; `None` for those that WebRTC peers do not understand.
pub fn audio_clock_rate(codec: AudioCodec) -> Option<Timescale> {
    match codec {
        AudioCodec::Opus => Some(Timescale::OPUS),
        AudioCodec::Aac | AudioCodec::Mp3 => None,
    }
}
