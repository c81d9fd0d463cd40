//! The project's own RTMP client in tests.

use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use lianmai_rtmp::client::{DialOptions, RtmpClient};
use lianmai_rtmp::protocol::{ClientEvent, Media, MediaKind, Purpose, RtmpUrl, Seed};

/// A seed; tests need no unpredictability.
pub fn seed() -> Seed {
    Seed([7; 32])
}

/// Opens `url` for `purpose`.
pub async fn open(url: &str, purpose: Purpose) -> anyhow::Result<RtmpClient> {
    let url = RtmpUrl::parse(url).context("url")?;
    Ok(RtmpClient::open(&url, purpose, DialOptions::default(), seed()).await?)
}

/// The next media message of a playing client.
pub async fn next_media(client: &mut RtmpClient, limit: Duration) -> anyhow::Result<Media> {
    let wait = async {
        loop {
            match client.next_event().await? {
                ClientEvent::Media(media) => return Ok(media),
                ClientEvent::StreamEnded { dry: false } => bail!("the stream ended"),
                _ => {}
            }
        }
    };
    tokio::time::timeout(limit, wait)
        .await
        .context("no media in time")?
}

/// Audio, video and data bodies of an FLV file with their times.
pub fn flv_tags(file: &[u8]) -> Vec<(MediaKind, u32, Bytes)> {
    use lianmai_media::flv::{FlvReader, ReaderLimits, TagKind};
    let mut reader = FlvReader::new(ReaderLimits::default());
    reader.push(file);
    let mut tags = Vec::new();
    while let Some(tag) = reader.poll().unwrap() {
        let kind = match tag.kind {
            TagKind::Audio => MediaKind::Audio,
            TagKind::Video => MediaKind::Video,
            TagKind::Script => MediaKind::Data,
        };
        tags.push((kind, tag.timestamp_ms, tag.body));
    }
    tags
}
