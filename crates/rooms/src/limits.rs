//! How many of each a room takes, with ceilings that no request can pass.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A limit above its ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("limit {field} must not exceed {max}")]
pub struct LimitsError {
    /// Which limit: `talkers`, `videos`, `audiences` or `desktops`.
    pub field: &'static str,
    /// Its ceiling.
    pub max: u32,
}

/// Limits of one room. Fields are read through accessors because a value above the ceiling must not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawLimits", into = "RawLimits")]
pub struct Limits {
    talkers: u32,
    videos: u32,
    audiences: u32,
    desktops: u32,
}

#[derive(Serialize, Deserialize)]
struct RawLimits {
    talkers: u32,
    videos: u32,
    audiences: u32,
    desktops: u32,
}

impl Limits {
    /// Ceiling of talkers (admins included).
    pub const MAX_TALKERS: u32 = 1000;
    /// Ceiling of camera streams with video.
    pub const MAX_VIDEOS: u32 = 1000;
    /// Ceiling of audience members.
    pub const MAX_AUDIENCES: u32 = 10_000;
    /// Ceiling of screen streams.
    pub const MAX_DESKTOPS: u32 = 100;

    /// Checks each limit against its ceiling. Zero means none of that kind.
    ///
    /// # Errors
    /// [`LimitsError`] names the first limit above its ceiling.
    pub const fn new(talkers: u32, videos: u32, audiences: u32, desktops: u32) -> Result<Self, LimitsError> {
        if talkers > Self::MAX_TALKERS {
            return Err(LimitsError {
                field: "talkers",
                max: Self::MAX_TALKERS,
            });
        }
        if videos > Self::MAX_VIDEOS {
            return Err(LimitsError {
                field: "videos",
                max: Self::MAX_VIDEOS,
            });
        }
        if audiences > Self::MAX_AUDIENCES {
            return Err(LimitsError {
                field: "audiences",
                max: Self::MAX_AUDIENCES,
            });
        }
        if desktops > Self::MAX_DESKTOPS {
            return Err(LimitsError {
                field: "desktops",
                max: Self::MAX_DESKTOPS,
            });
        }
        Ok(Self {
            talkers,
            videos,
            audiences,
            desktops,
        })
    }

    /// Talkers and admins together.
    #[must_use]
    pub const fn talkers(self) -> u32 {
        self.talkers
    }

    /// Camera streams whose video is on.
    #[must_use]
    pub const fn videos(self) -> u32 {
        self.videos
    }

    /// Audience members.
    #[must_use]
    pub const fn audiences(self) -> u32 {
        self.audiences
    }

    /// Screen streams.
    #[must_use]
    pub const fn desktops(self) -> u32 {
        self.desktops
    }
}

impl Default for Limits {
    /// 100 talkers, 9 videos, 600 audience, 2 screens.
    fn default() -> Self {
        Self {
            talkers: 100,
            videos: 9,
            audiences: 600,
            desktops: 2,
        }
    }
}

impl TryFrom<RawLimits> for Limits {
    type Error = LimitsError;

    fn try_from(raw: RawLimits) -> Result<Self, LimitsError> {
        Self::new(raw.talkers, raw.videos, raw.audiences, raw.desktops)
    }
}

impl From<Limits> for RawLimits {
    fn from(limits: Limits) -> Self {
        let Limits {
            talkers,
            videos,
            audiences,
            desktops,
        } = limits;
        Self {
            talkers,
            videos,
            audiences,
            desktops,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_hold() {
        assert!(Limits::new(1000, 1000, 10_000, 100).is_ok());
        assert_eq!(
            Limits::new(1001, 0, 0, 0),
            Err(LimitsError {
                field: "talkers",
                max: 1000
            })
        );
        assert!(Limits::new(0, u32::MAX, 0, 0).is_err());
        assert!(Limits::new(0, 0, u32::MAX, 0).is_err());
        assert!(Limits::new(0, 0, 0, 101).is_err());
        let text = r#"{"talkers":4294967295,"videos":1,"audiences":1,"desktops":1}"#;
        assert!(serde_json::from_str::<Limits>(text).is_err());
    }
}
