//! What a layout says about single members: how loud they are and what stands for them.

use serde::{Deserialize, Serialize};

use super::Still;

/// A number that is not a gain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a gain must be 0 to 4")]
pub struct GainError;

/// A factor for sound: 0 to 4 in steps of 1/1000, written as a number; 1 leaves the sound as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Gain(u16);

impl Gain {
    /// As it is.
    pub const ONE: Self = Self(1_000);
    /// The loudest.
    pub const MAX: Self = Self(4_000);

    /// From thousandths; above the loudest is the loudest.
    #[must_use]
    pub const fn from_thousandths(parts: u16) -> Self {
        if parts > 4_000 { Self::MAX } else { Self(parts) }
    }

    /// As a factor.
    #[must_use]
    pub fn factor(self) -> f32 {
        f32::from(self.0) / 1_000.0
    }
}

impl Default for Gain {
    fn default() -> Self {
        Self::ONE
    }
}

impl TryFrom<f64> for Gain {
    type Error = GainError;

    fn try_from(value: f64) -> Result<Self, GainError> {
        if !(0.0..=4.0).contains(&value) {
            return Err(GainError);
        }
        // From 0 to 4000: nothing is lost.
        Ok(Self((value * 1_000.0).round() as u16))
    }
}

impl From<Gain> for f64 {
    fn from(gain: Gain) -> Self {
        Self::from(gain.0) / 1_000.0
    }
}

/// One account's part in the mix, also after it left and came back.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MemberMix {
    /// How loud.
    pub gain: Gain,
    /// Not heard in the mix.
    pub muted: bool,
    /// Shown instead of its initials when there is no picture.
    pub avatar: Option<Still>,
}

impl MemberMix {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
