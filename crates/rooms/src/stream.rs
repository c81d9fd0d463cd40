//! Published streams: their kind, switches, whether media flows, and which URLs are valid.

use serde::{Deserialize, Serialize};

use crate::{ClientRef, Delay, Ext, MemberId, StreamId, Timestamp};

/// What a stream shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamKind {
    /// Camera and microphone of a member.
    Camera,
    /// Screen of a member.
    Screen,
    /// The composed stream of the room, made by the gateway.
    Mix,
}

/// How media of a stream travels between client and gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// RTMP or one of its playback relatives: what mini programs speak.
    Rtmp,
    /// WebRTC.
    Webrtc,
}

/// Whether media flows.
///
/// ```text
///   Publish            MediaStarted(e)             MediaStarted(e2 > e): takeover
///  ─────────► Off ──────────────────────► On(e) ─────────────────────────────────► On(e2)
///              ▲────────MediaStopped(e)─────┘        MediaStopped(e) is then late: ignored
///  Unpublish, degrade to audience, leave, room end: the stream is removed from any state
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Air {
    /// Published, no media yet or at present.
    Off,
    /// On air through the publication with this epoch.
    On {
        /// Number of the publication; a newer one has a higher number.
        epoch: u64,
    },
}

/// A replaced URL version and until when it is still accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RetiredUrl {
    /// The version.
    pub version: u32,
    /// First moment at which it is refused.
    pub until: Timestamp,
}

/// Which versions of a stream's push and pull URLs are valid. Re-issuing raises the version; replaced ones stay
/// valid for an overlap (R-W1), however many times the URL is re-issued in between, up to [`UrlVersions::MAX_RETIRED`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UrlVersions {
    current: u32,
    retired: Vec<RetiredUrl>,
}

impl UrlVersions {
    /// How many replaced versions are remembered; beyond it the oldest ends early.
    pub const MAX_RETIRED: usize = 8;

    pub(crate) const fn first() -> Self {
        Self {
            current: 1,
            retired: Vec::new(),
        }
    }

    /// The version to sign into new URLs.
    #[must_use]
    pub const fn current(&self) -> u32 {
        self.current
    }

    /// Whether a URL of this version is accepted at `now`.
    #[must_use]
    pub fn accepts(&self, version: u32, now: Timestamp) -> bool {
        version == self.current
            || self
                .retired
                .iter()
                .any(|old| old.version == version && now < old.until)
    }

    /// Raises the version. `None` if versions are used up; nothing is changed then.
    pub(crate) fn reissue(&mut self, overlap: Delay, now: Timestamp) -> Option<RetiredUrl> {
        let next = self.current.checked_add(1)?;
        let old = RetiredUrl {
            version: self.current,
            until: now.after(overlap),
        };
        self.retired.retain(|retired| now < retired.until);
        if self.retired.len() >= Self::MAX_RETIRED {
            self.retired.remove(0);
        }
        self.retired.push(old);
        self.current = next;
        Some(old)
    }

    pub(crate) const fn is_sound(&self) -> bool {
        self.current >= 1 && self.retired.len() <= Self::MAX_RETIRED
    }
}

/// One published stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    /// Its id, part of its URLs.
    pub id: StreamId,
    /// Who publishes it; `None` for the gateway's mix.
    pub owner: Option<MemberId>,
    /// What it shows.
    pub kind: StreamKind,
    /// How the publisher sends it.
    pub via: Transport,
    /// The publisher switched video off.
    pub voff: bool,
    /// The publisher switched audio off.
    pub aoff: bool,
    /// The publisher's own name for it.
    pub client_ref: Option<ClientRef>,
    /// Free text of the publisher.
    pub ext: Ext,
    /// Whether media flows.
    pub air: Air,
    /// Valid URL versions.
    pub urls: UrlVersions,
    /// When it was published.
    pub published_at: Timestamp,
}

impl Stream {
    /// Whether media flows.
    #[must_use]
    pub const fn is_on_air(&self) -> bool {
        matches!(self.air, Air::On { .. })
    }

    /// Whether the stream counts against the videos limit.
    pub(crate) fn counts_as_video(&self) -> bool {
        self.kind == StreamKind::Camera && !self.voff
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R-W1: every replaced URL keeps its own overlap.
    #[test]
    fn replaced_versions_overlap() {
        let at = |ms| Timestamp::from_millis(ms);
        let mut urls = UrlVersions::first();
        let overlap = Delay::from_secs(10);
        assert!(urls.reissue(overlap, at(0)).is_some());
        assert!(urls.reissue(overlap, at(5_000)).is_some());
        assert!(urls.accepts(1, at(9_999)) && !urls.accepts(1, at(10_000)));
        assert!(urls.accepts(2, at(14_999)) && !urls.accepts(2, at(15_000)));
        assert!(urls.accepts(3, at(u64::MAX)));
        assert!(!urls.accepts(4, at(0)) && !urls.accepts(0, at(0)));
    }

    #[test]
    fn versions_are_bounded() {
        let now = Timestamp::from_millis(0);
        let mut urls = UrlVersions::first();
        for _ in 0..100 {
            assert!(urls.reissue(Delay::MAX, now).is_some());
        }
        assert_eq!(urls.retired.len(), UrlVersions::MAX_RETIRED);
        urls.current = u32::MAX;
        let before = urls.clone();
        assert_eq!(urls.reissue(Delay::MAX, now), None);
        assert_eq!(urls, before);
    }
}
