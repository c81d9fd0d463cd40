//! The right to put frames into a stream, held while somebody publishes.

use std::sync::Arc;

use bytes::Bytes;
use lianmai_media::{AudioConfig, Frame, Metadata, TimeError, TrackKind, VideoConfig};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::family::Origin;
use crate::headers::{with_audio, with_metadata, with_rotation, with_video};
use crate::keyframes::KeyframeRequests;
use crate::registry::Place;
use crate::stream::{Started, Stream};
use crate::{Form, Placement, Protocol, StreamKey};

/// Who publishes.
#[derive(Clone, Debug, Default)]
pub struct PublishOptions {
    /// Version of the push URL. A lower one does not replace a higher one that is on air.
    pub epoch: u64,
    /// Whose connection it is.
    pub holder: Option<Arc<str>>,
    /// Over which protocol.
    pub protocol: Option<Protocol>,
}

/// Why a publication cannot start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PublishError {
    /// A publisher with a newer URL is on air.
    #[error("the stream is in use under a newer push URL")]
    NewerPublisher,
    /// The stream was taken over again and again; who publishes now stays until others let it be for 10 s.
    #[error("the stream is published from elsewhere and was taken over too often")]
    Contested,
    /// The gateway holds as many streams as it may.
    #[error("too many streams")]
    TooManyStreams,
}

/// Why something was not accepted into the stream. Only the first means that the publication is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PushError {
    /// Another publication has replaced this one, or the stream was ended.
    #[error("this publication is no longer on air")]
    Superseded,
    /// The track's configuration has not come yet; the frame was dropped.
    #[error("{0:?} frame before its codec configuration")]
    MissingConfig(TrackKind),
    /// The frame's time is out of range; it was dropped.
    #[error(transparent)]
    Time(#[from] TimeError),
}

/// Why a publication was stopped from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StopReason {
    /// A newer publication of the same stream began.
    TakenOver,
    /// The right to publish was taken back.
    Revoked,
    /// The gateway shuts down.
    ShuttingDown,
}

#[derive(Debug, Default)]
pub(crate) struct StopSignal {
    token: CancellationToken,
    reason: Mutex<Option<StopReason>>,
}

impl StopSignal {
    pub(crate) fn stop(&self, reason: StopReason) {
        self.reason.lock().get_or_insert(reason);
        self.token.cancel();
    }
}

/// A stream on air. Dropping it takes the stream off air; readers stay for the continue window.
pub struct Publication {
    key: StreamKey,
    /// If it is a member's own.
    origin: Option<Origin>,
    stream: Arc<Stream>,
    generation: u64,
    stop: Arc<StopSignal>,
    keyframes: Arc<KeyframeRequests>,
    place: Place,
}

impl Publication {
    pub(crate) fn new(
        key: StreamKey,
        origin: Option<Origin>,
        stream: Arc<Stream>,
        started: Started,
        place: Place,
    ) -> Publication {
        Publication {
            key,
            origin,
            stream,
            generation: started.generation,
            stop: started.stop,
            keyframes: started.keyframes,
            place,
        }
    }

    /// The stream published.
    pub fn key(&self) -> &StreamKey {
        &self.key
    }

    /// Sets or changes the video track. `true` if it is a change; repeating the same is none (R-V5).
    ///
    /// # Errors
    /// [`PushError::Superseded`].
    pub fn set_video(&self, config: VideoConfig) -> Result<bool, PushError> {
        self.stream
            .set_headers(self.generation, |headers| with_video(headers, config))
    }

    /// Sets or changes the audio track. `true` if it is a change.
    ///
    /// # Errors
    /// [`PushError::Superseded`].
    pub fn set_audio(&self, config: AudioConfig) -> Result<bool, PushError> {
        self.stream
            .set_headers(self.generation, |headers| with_audio(headers, config))
    }

    /// Sets or changes the metadata. `true` if it is a change.
    ///
    /// # Errors
    /// [`PushError::Superseded`].
    pub fn set_metadata(&self, metadata: Metadata) -> Result<bool, PushError> {
        self.stream
            .set_headers(self.generation, |headers| with_metadata(headers, metadata))
    }

    /// Sets by how much the picture is to be turned clockwise before it is shown: 0, 90, 180 or 270 degrees. `true`
    /// if it is a change.
    ///
    /// # Errors
    /// [`PushError::Superseded`].
    pub fn set_rotation(&self, degrees: u16) -> Result<bool, PushError> {
        self.stream
            .set_headers(self.generation, |headers| with_rotation(headers, degrees))
    }

    /// Waits until somebody needs a key frame. Requests of all readers are merged; it resolves at most every 500 ms, and
    /// again 1, 2, 4 and then every 8 s later while no key frame has been pushed (R-V3, R-V4). For one caller at a time;
    /// nothing is lost when the future is dropped.
    pub async fn keyframe_wanted(&self) {
        self.keyframes.wanted().await;
    }

    /// Puts a frame on the stream's timeline and in front of its readers. Never waits.
    ///
    /// A member's frames are moved onto the timeline of its stream. A rendition's are taken to be there already: they
    /// carry the times of its source as a player of it sees them. See [`Form::Layer`] for those of a layer.
    ///
    /// # Errors
    /// See [`PushError`].
    pub fn push(&self, frame: Frame) -> Result<Placement, PushError> {
        self.stream.push_frame(self.generation, frame)
    }

    /// Puts a script data message (its AMF0 body) between the frames, at the present end of the timeline.
    ///
    /// # Errors
    /// [`PushError::Superseded`].
    pub fn push_data(&self, body: Bytes) -> Result<(), PushError> {
        self.stream.push_data(self.generation, body)
    }

    /// Waits until the publication is stopped from outside.
    pub async fn stopped(&self) -> StopReason {
        self.stop.token.cancelled().await;
        self.stop.reason.lock().unwrap_or(StopReason::Revoked)
    }
}

impl Drop for Publication {
    fn drop(&mut self) {
        let was_present = self.stream.go_off_air(self.generation);
        match (self.origin, self.stream.form) {
            (Some(origin), _) if was_present => self.place.registry.member_left(&self.place.family, origin),
            (None, Some(Form::Layer(_))) if was_present => self.place.family.changed(),
            _ => {}
        }
        self.place.left();
    }
}

impl PublishOptions {
    /// Options for a publisher that came over `protocol` with a push URL of `epoch`.
    pub fn new(protocol: Protocol, epoch: u64, holder: Option<Arc<str>>) -> PublishOptions {
        PublishOptions {
            epoch,
            holder,
            protocol: Some(protocol),
        }
    }
}
