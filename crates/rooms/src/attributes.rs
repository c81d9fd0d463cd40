//! Attributes of a room: a small bounded map of text to text shared by its members.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Rejection;
use crate::text::{any_text, checked_text, one_line};

checked_text!(
    /// Name of a room attribute: one line.
    AttributeKey, 1..=64, one_line
);
checked_text!(
    /// Value of a room attribute.
    AttributeValue, 0..=8192, any_text
);

/// How many attributes a room has at most.
pub const MAX_ATTRIBUTES: usize = 64;
/// How many bytes all keys and values of a room take together at most.
pub const MAX_ATTRIBUTES_BYTES: usize = 65_536;

/// All attributes of one room, ordered by key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attributes(BTreeMap<AttributeKey, AttributeValue>);

impl Attributes {
    /// The value of one attribute.
    #[must_use]
    pub fn get(&self, key: &AttributeKey) -> Option<&AttributeValue> {
        self.0.get(key)
    }

    /// All attributes in order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&AttributeKey, &AttributeValue)> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn bytes(&self) -> usize {
        self.0
            .iter()
            .map(|(key, value)| key.as_str().len() + value.as_str().len())
            .sum()
    }

    pub(crate) fn is_sound(&self) -> bool {
        self.len() <= MAX_ATTRIBUTES && self.bytes() <= MAX_ATTRIBUTES_BYTES
    }

    /// Sets one attribute; false if it had that value already.
    pub(crate) fn set(&mut self, key: AttributeKey, value: AttributeValue) -> Result<bool, Rejection> {
        let old = self.0.get(&key);
        if old == Some(&value) {
            return Ok(false);
        }
        if old.is_none() && self.0.len() >= MAX_ATTRIBUTES {
            return Err(Rejection::TooManyAttributes);
        }
        let freed = old.map_or(0, |old| key.as_str().len() + old.as_str().len());
        if self.bytes() - freed + key.as_str().len() + value.as_str().len() > MAX_ATTRIBUTES_BYTES {
            return Err(Rejection::AttributesTooLarge);
        }
        self.0.insert(key, value);
        Ok(true)
    }

    /// Deletes one attribute; false if there was none.
    pub(crate) fn delete(&mut self, key: &AttributeKey) -> bool {
        self.0.remove(key).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: usize) -> AttributeKey {
        AttributeKey::parse(&format!("k{n}")).unwrap()
    }

    #[test]
    fn number_is_bounded_but_present_ones_can_change() {
        let mut attributes = Attributes::default();
        let value = AttributeValue::parse("v").unwrap();
        for n in 0..MAX_ATTRIBUTES {
            assert_eq!(attributes.set(key(n), value.clone()), Ok(true));
        }
        assert_eq!(
            attributes.set(key(999), value.clone()),
            Err(Rejection::TooManyAttributes)
        );
        assert_eq!(attributes.set(key(0), value), Ok(false));
        assert_eq!(
            attributes.set(key(0), AttributeValue::parse("w").unwrap()),
            Ok(true)
        );
        assert!(attributes.delete(&key(0)) && !attributes.delete(&key(0)));
    }

    #[test]
    fn size_is_bounded() {
        let mut attributes = Attributes::default();
        let big = AttributeValue::parse(&"x".repeat(8192)).unwrap();
        for n in 0..7 {
            assert_eq!(attributes.set(key(n), big.clone()), Ok(true));
        }
        assert_eq!(attributes.set(key(7), big), Err(Rejection::AttributesTooLarge));
        assert!(attributes.is_sound());
    }
}
