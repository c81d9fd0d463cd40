//! Checked access to the fields of a message's body: clients write numbers and flags in several ways, and leave out
//! what is empty.

use serde_json::{Map, Value};

use super::refusal::Refusal;

/// A body with bounded access. `null` and an empty text count as absent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Fields<'a> {
    fn get(self, name: &str) -> Option<&'a Value> {
        let value = self.0.get(name)?;
        let absent = value.is_null() || value.as_str().is_some_and(str::is_empty);
        (!absent).then_some(value)
    }

    /// A whole number, also written as a text.
    pub(super) fn int(self, name: &'static str) -> Result<Option<i64>, Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let number = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) if text.len() <= 20 => text.parse().ok(),
            _ => None,
        };
        number.map(Some).ok_or(Refusal::invalid(name))
    }

    /// `true`, `false`, 1 or 0; absent: off.
    pub(super) fn flag(self, name: &'static str) -> Result<bool, Refusal> {
        match self.get(name) {
            Some(Value::Bool(flag)) => Ok(*flag),
            _ => match self.int(name)? {
                Some(1) => Ok(true),
                Some(0) | None => Ok(false),
                Some(_) => Err(Refusal::invalid(name)),
            },
        }
    }

    /// Whether something is said at all.
    pub(super) fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A text of at most `max` bytes.
    pub(super) fn text(self, name: &'static str, max: usize) -> Result<Option<&'a str>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.len() <= max => Ok(Some(text)),
            Some(_) => Err(Refusal::invalid(name)),
        }
    }

    /// JSON, as a text or as it is.
    pub(super) fn json(self, name: &'static str, max: usize) -> Result<Option<String>, Refusal> {
        let text = match self.get(name) {
            None => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(value @ Value::Object(_)) => value.to_string(),
            Some(_) => return Err(Refusal::invalid(name)),
        };
        if text.len() > max {
            return Err(Refusal::invalid(name));
        }
        Ok(Some(text))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_and_flags_are_read_leniently_and_checked() {
        let body =
            json!({"a": 3, "b": "4", "c": true, "d": "", "e": null, "f": 1.5, "g": [], "h": "x", "i": 2});
        let fields = Fields(body.as_object().unwrap());
        assert_eq!(fields.int("a"), Ok(Some(3)));
        assert_eq!(fields.int("b"), Ok(Some(4)));
        assert_eq!(fields.flag("c"), Ok(true));
        for absent in ["d", "e", "z"] {
            assert_eq!(fields.int(absent), Ok(None));
            assert_eq!(fields.flag(absent), Ok(false));
            assert_eq!(fields.text(absent, 9), Ok(None));
        }
        for bad in ["f", "g", "h"] {
            assert_eq!(fields.int(bad), Err(Refusal::invalid(bad)));
        }
        assert_eq!(fields.flag("i"), Err(Refusal::invalid("i")));
        assert_eq!(fields.text("b", 0), Err(Refusal::invalid("b")));
        assert_eq!(fields.text("a", 9), Err(Refusal::invalid("a")));
    }
}
