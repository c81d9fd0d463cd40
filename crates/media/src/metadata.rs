//! Stream metadata (`onMetaData`), with unknown keys and their order kept.

mod describe;

use crate::amf0::Value;

pub use describe::Tracks;

/// The properties of an `onMetaData` message, in the order they came (FLV specification v10.1 §E.5).
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Metadata {
    properties: Vec<(String, Value)>,
}

impl Metadata {
    /// Metadata with these properties, in this order.
    pub fn new(properties: Vec<(String, Value)>) -> Metadata {
        Metadata { properties }
    }

    /// All properties in order.
    pub fn properties(&self) -> &[(String, Value)] {
        &self.properties
    }

    /// The value under `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.properties
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// Puts `value` under `name`: in place when the name is there, at the end otherwise.
    pub fn set(&mut self, name: &str, value: Value) {
        match self.properties.iter_mut().find(|(key, _)| key == name) {
            Some(property) => property.1 = value,
            None => self.properties.push((name.to_owned(), value)),
        }
    }

    /// Takes out everything under `name`.
    pub fn remove(&mut self, name: &str) {
        self.properties.retain(|(key, _)| key != name);
    }
}
