//! What clients attach: JSON that is passed on unread, and short reasons. Bounded.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::text::{checked_text, one_line};

checked_text!(
    /// Why somebody refused, cancelled or hung up: one line, may be empty.
    Reason, 0..=128, one_line
);

impl Default for Reason {
    fn default() -> Self {
        Self("".into())
    }
}

/// The JSON is too long or too deep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "data of a call must not be longer than {} bytes of JSON, or deeper than {}",
    Data::MAX_LEN,
    Data::MAX_DEPTH
)]
pub struct DataError;

/// Any JSON of bounded length and depth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct Data(Value);

impl Data {
    /// Longest JSON text, in bytes, written without spaces.
    pub const MAX_LEN: usize = 4096;

    /// Most arrays and objects inside each other: what holds it must be readable, too.
    pub const MAX_DEPTH: usize = 32;

    /// Checks length and depth.
    ///
    /// # Errors
    /// [`DataError`] when it is too long or too deep.
    pub fn new(value: Value) -> Result<Self, DataError> {
        if !is_shallow(&value, Self::MAX_DEPTH) {
            return Err(DataError);
        }
        let mut count = Count(0);
        match serde_json::to_writer(&mut count, &value) {
            Ok(()) => Ok(Self(value)),
            Err(_) => Err(DataError),
        }
    }

    /// The JSON.
    #[must_use]
    pub const fn as_value(&self) -> &Value {
        &self.0
    }
}

impl TryFrom<Value> for Data {
    type Error = DataError;

    fn try_from(value: Value) -> Result<Self, DataError> {
        Self::new(value)
    }
}

impl From<Data> for Value {
    fn from(data: Data) -> Self {
        data.0
    }
}

/// Whether nothing is nested deeper than this.
fn is_shallow(value: &Value, depth: usize) -> bool {
    let inner = |value: &Value| is_shallow(value, depth.saturating_sub(1));
    match value {
        Value::Array(items) => depth > 0 && items.iter().all(inner),
        Value::Object(fields) => depth > 0 && fields.values().all(inner),
        _ => true,
    }
}

/// Counts what is written, and fails once it is too much.
struct Count(usize);

impl std::io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        if self.0 > Data::MAX_LEN {
            return Err(std::io::Error::other("too long"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| (0..depth).fold(Value::Null, |inner, _| Value::from(vec![inner]));
        assert!(Data::new(nested(Data::MAX_DEPTH)).is_ok());
        assert_eq!(Data::new(nested(Data::MAX_DEPTH + 1)), Err(DataError));
    }

    #[test]
    fn length_is_that_of_the_text() {
        let fits = Value::from("x".repeat(Data::MAX_LEN - 2));
        assert_eq!(Data::new(fits.clone()).unwrap().as_value(), &fits);
        assert_eq!(
            Data::new(Value::from("x".repeat(Data::MAX_LEN - 1))),
            Err(DataError)
        );
        assert!(Data::new(serde_json::json!({"a": [1, null, "ü"]})).is_ok());
        assert!(serde_json::from_value::<Data>(Value::from("\n".repeat(Data::MAX_LEN / 2))).is_err());
    }
}
