//! Following one track of a stream for a file.

use std::sync::Arc;
use std::time::Duration;

use lianmai_media::{AudioCodec, TrackKind, VideoCodec};

use crate::pick::Taste;
use crate::registry::Place;
use crate::{Accept, Feed, Hub, PublishError, ReaderStats, StreamKey};

/// What a container can hold. What the member publishes goes in as it is if it is listed; else the rendition as H.264,
/// AAC or Opus does, if that is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileCodecs {
    /// Codecs of pictures.
    pub video: Vec<VideoCodec>,
    /// Codecs of sound.
    pub audio: Vec<AudioCodec>,
}

impl FileCodecs {
    pub(crate) fn pictures(&self) -> Accept {
        Accept {
            video: self.video.clone(),
            b_frames: true,
        }
    }
}

impl Hub {
    /// Follows one track of the stream with the plain key `key`, for a file that can hold `codecs`, from the newest key
    /// frame on. A part of the gateway, not a viewer: not counted as a reader. Wakes for every item.
    ///
    /// # Errors
    /// [`PublishError::TooManyStreams`].
    pub fn follow_for_file(
        &self,
        key: &StreamKey,
        kind: TrackKind,
        codecs: FileCodecs,
    ) -> Result<Feed, PublishError> {
        let stats = Arc::new(ReaderStats {
            internal: true,
            ..ReaderStats::default()
        });
        let place = self.registry.enter_family(&key.plain(), |family| {
            family.add_feed(kind, false, stats.clone());
            Place::new(&self.registry, family.clone())
        })?;
        Ok(Feed::new(place, kind, Taste::File(codecs), Duration::ZERO, stats))
    }
}
