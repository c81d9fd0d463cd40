//! A player of either protocol that sees every tag.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context, bail};
use lianmai_media::flv::{FileHeader, FlvReader, ReaderLimits, TagKind};
use lianmai_rtmp::client::RtmpClient;
use lianmai_rtmp::protocol::{MediaKind, Purpose};

use crate::clip::Tag;
use crate::rtmp::{next_media, open};

/// How long a tag may be waited for.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// A connected player.
pub enum Viewer {
    Rtmp(Box<RtmpClient>),
    Flv(Box<Flv>),
}

pub struct Flv {
    response: reqwest::Response,
    reader: FlvReader,
    ready: VecDeque<Tag>,
}

impl Viewer {
    /// Plays an `rtmp://` or HTTP-FLV URL.
    pub async fn open(url: &str) -> Viewer {
        if url.starts_with("rtmp") {
            return Viewer::Rtmp(Box::new(open(url, Purpose::Play).await.unwrap()));
        }
        let response = reqwest::get(url).await.unwrap();
        assert!(response.status().is_success(), "{}", response.status());
        Viewer::Flv(Box::new(Flv {
            response,
            reader: FlvReader::new(ReaderLimits::default()),
            ready: VecDeque::new(),
        }))
    }

    /// The next tag.
    pub async fn next(&mut self, limit: Duration) -> anyhow::Result<Tag> {
        match self {
            Viewer::Rtmp(client) => {
                let media = next_media(client, limit).await?;
                Ok((media.kind, media.timestamp, media.payload))
            }
            Viewer::Flv(flv) => tokio::time::timeout(limit, flv.next())
                .await
                .context("no tag in time")?,
        }
    }

    /// All tags up to and with the first one that `last` picks.
    pub async fn until(&mut self, what: &str, mut last: impl FnMut(&Tag) -> bool) -> Vec<Tag> {
        let mut tags = Vec::new();
        loop {
            let tag = self.next(PATIENCE).await;
            let tag = tag.unwrap_or_else(|error| panic!("{what}: {error} after {} tags", tags.len()));
            let done = last(&tag);
            tags.push(tag);
            if done {
                return tags;
            }
        }
    }

    /// Panics if anything but silence comes for `time`.
    pub async fn hears_nothing_for(&mut self, time: Duration) {
        match self.next(time).await {
            Ok(tag) => panic!("{:?} at {} came", tag.0, tag.1),
            Err(error) => assert!(
                error.to_string().contains("in time"),
                "the player was ended: {error}"
            ),
        }
    }

    /// The FLV file header, once a tag has come over HTTP.
    pub fn file_header(&self) -> Option<FileHeader> {
        match self {
            Viewer::Rtmp(_) => None,
            Viewer::Flv(flv) => flv.reader.header(),
        }
    }
}

impl Flv {
    async fn next(&mut self) -> anyhow::Result<Tag> {
        loop {
            if let Some(tag) = self.ready.pop_front() {
                return Ok(tag);
            }
            let Some(bytes) = self.response.chunk().await? else {
                bail!("the stream ended");
            };
            self.reader.push(&bytes);
            while let Some(tag) = self.reader.poll()? {
                let kind = match tag.kind {
                    TagKind::Audio => MediaKind::Audio,
                    TagKind::Video => MediaKind::Video,
                    TagKind::Script => MediaKind::Data,
                };
                self.ready.push_back((kind, tag.timestamp_ms, tag.body));
            }
        }
    }
}
