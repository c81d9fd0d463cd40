//! A secret in the configuration: read, used, and never shown again (R-K1).

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What is shown in its place.
const MASK: &str = "<redacted>";
/// Shorter ones can be guessed.
const MIN_LEN: usize = 16;

/// A secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(String);

impl Hidden {
    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Takes a text that is long enough and not the mask of a secret.
    ///
    /// # Errors
    /// What is wrong with it, without repeating it.
    pub(crate) fn parse(text: &str) -> Result<Hidden, String> {
        let lower = text.to_lowercase();
        let is_mask = text.chars().all(|c| matches!(c, '*' | '•' | '●' | '·')) || lower.contains("redacted");
        if is_mask {
            return Err("this is the mask of a secret, not a secret".to_owned());
        }
        if text.len() < MIN_LEN {
            return Err(format!("a secret needs at least {MIN_LEN} bytes"));
        }
        Ok(Hidden(text.to_owned()))
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(..)")
    }
}

impl Serialize for Hidden {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(MASK)
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Text)
    }
}

/// Takes a string. What is wrong with it is said without repeating it.
struct Text;

fn no_text<E: Error>() -> E {
    E::custom("a secret is a string in quotes")
}

impl<'de> Visitor<'de> for Text {
    type Value = Hidden;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Hidden, E> {
        Hidden::parse(text).map_err(E::custom)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Hidden, E> {
        Err(no_text())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Hidden, E> {
        Err(no_text())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Hidden, E> {
        Err(no_text())
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<Hidden, E> {
        Err(no_text())
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<Hidden, E> {
        Err(no_text())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Hidden, E> {
        Err(no_text())
    }

    fn visit_char<E: Error>(self, _: char) -> Result<Hidden, E> {
        Err(no_text())
    }
}
