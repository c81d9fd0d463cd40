//! Bounded text: newtypes that hold only text of an allowed length and alphabet.
//!
//! The one way in is `parse`, also when deserialising, so a value that exists is valid. Cloning is cheap (shared).

use thiserror::Error;

/// Why a text was refused. `what` names the type, so that an answer can name the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TextError {
    /// The text is empty where something is needed.
    #[error("{what} must not be empty")]
    Empty {
        /// The type that refused.
        what: &'static str,
    },
    /// The text is longer than `max` bytes of UTF-8.
    #[error("{what} must not be longer than {max} bytes")]
    TooLong {
        /// The type that refused.
        what: &'static str,
        /// Longest allowed length in bytes of UTF-8.
        max: usize,
    },
    /// A character outside the alphabet, at this byte position.
    #[error("{what} has a character that is not allowed at byte {position}")]
    Character {
        /// The type that refused.
        what: &'static str,
        /// Byte position of the first refused character.
        position: usize,
    },
}

/// Checks `text` against bounds and alphabet.
pub(crate) fn check(
    what: &'static str,
    text: &str,
    min: usize,
    max: usize,
    allowed: fn(char) -> bool,
) -> Result<(), TextError> {
    if text.len() > max {
        return Err(TextError::TooLong { what, max });
    }
    if text.len() < min {
        return Err(TextError::Empty { what });
    }
    match text.char_indices().find(|(_, c)| !allowed(*c)) {
        Some((position, _)) => Err(TextError::Character { what, position }),
        None => Ok(()),
    }
}

/// The alphabet that needs no escaping in a URL path and cannot be taken for a token separator.
pub(crate) fn url_safe(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// Anything a person can see or type on one line.
pub(crate) fn one_line(c: char) -> bool {
    !c.is_control()
}

/// Any text; NUL is refused because databases and C clients cut there.
pub(crate) fn any_text(c: char) -> bool {
    c != '\0'
}

/// Defines a checked text newtype: `parse`, `as_str`, `Display`, `FromStr` and serde as a validated string.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $min:literal..=$max:literal, $allowed:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// Longest allowed length in bytes of UTF-8.
            pub const MAX_LEN: usize = $max;

            /// Checks length and alphabet.
            ///
            /// # Errors
            /// [`TextError`](crate::TextError) names what is wrong and where.
            pub fn parse(text: &str) -> Result<Self, $crate::text::TextError> {
                $crate::text::check(stringify!($name), text, $min, $max, $allowed)?;
                Ok(Self(text.into()))
            }

            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), &*self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::text::TextError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use checked_text;

/// Gives a text type whose empty value is valid its `Default` and `is_empty`.
macro_rules! empty_by_default {
    ($($name:ident),*) => {$(
        impl Default for $name {
            fn default() -> Self {
                Self("".into())
            }
        }

        impl $name {
            /// Whether nothing was given.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
        }
    )*};
}

checked_text!(
    /// Name under which people find a room: one line of Unicode, unique inside an app.
    RoomName, 1..=128, one_line
);
checked_text!(
    /// Display name of a member: one line of Unicode, may be empty.
    Nick, 0..=128, one_line
);
checked_text!(
    /// What kind of device or program a session runs on, such as `web` or `wechat`; may be empty.
    Device, 0..=64, one_line
);
checked_text!(
    /// Free text that a client attaches to a member or a stream (often JSON); passed on unread.
    Ext, 0..=4096, any_text
);
checked_text!(
    /// Free text attached to a room (often JSON); passed on unread.
    CustomInfo, 0..=8192, any_text
);
checked_text!(
    /// Body of a custom message; passed on unread.
    Payload, 0..=65536, any_text
);
checked_text!(
    /// Name a client gave to its own publication, so that it recognises it in answers.
    ClientRef, 1..=128, one_line
);
empty_by_default!(Nick, Device, Ext, CustomInfo, Payload);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_in_bytes_and_inclusive() {
        assert!(RoomName::parse(&"室".repeat(42)).is_ok()); // 126 bytes
        assert_eq!(
            RoomName::parse(&"室".repeat(43)),
            Err(TextError::TooLong {
                what: "RoomName",
                max: 128
            })
        );
        assert_eq!(RoomName::parse(""), Err(TextError::Empty { what: "RoomName" }));
        assert!(Nick::parse("").is_ok_and(|n| n.is_empty()));
        assert!(Payload::parse(&"x".repeat(65_536)).is_ok());
        assert!(Payload::parse(&"x".repeat(65_537)).is_err());
    }

    #[test]
    fn control_characters_are_refused_with_their_position() {
        assert_eq!(
            Nick::parse("ab\nc"),
            Err(TextError::Character {
                what: "Nick",
                position: 2
            })
        );
        assert_eq!(
            Ext::parse("a\0"),
            Err(TextError::Character {
                what: "Ext",
                position: 1
            })
        );
        assert!(Ext::parse("{\n\t\"a\": 1}").is_ok());
    }

    #[test]
    fn serde_validates() {
        assert!(serde_json::from_str::<RoomName>("\"\"").is_err());
        let name: RoomName = serde_json::from_str("\"\\u5ba4 1\"").unwrap();
        assert_eq!(name.as_str(), "室 1");
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"室 1\"");
    }
}
