//! Reading what clients send: an object, or the text of one in a JSON string; numbers and flags also as texts, and
//! the empty text for what was left out.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::Refusal;

/// Fields of a request.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(pub(super) Map<String, Value>);

impl Fields {
    /// Reads a body.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let value: Value = serde_json::from_slice(bytes).map_err(|_| Refusal::field("body"))?;
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            Value::String(text) => match serde_json::from_str(&text) {
                Ok(Value::Object(fields)) => Ok(Self(fields)),
                _ => Err(Refusal::field("body")),
            },
            _ => Err(Refusal::field("body")),
        }
    }

    /// What is under a name; null and the empty text count as nothing.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let value = self.0.get(name)?;
        let empty = value.is_null() || value.as_str().is_some_and(str::is_empty);
        (!empty).then_some(value)
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::field(name)),
        }
    }

    /// A text that must be there.
    pub(super) fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name)?.ok_or_else(|| Refusal::field(name))
    }

    /// A text of a checked kind.
    pub(super) fn parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let text = self.text(name)?;
        text.map(|text| text.parse().map_err(|_| Refusal::field(name)))
            .transpose()
    }

    /// A whole number.
    pub(super) fn int(&self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => text.parse().map(Some).map_err(|_| Refusal::field(name)),
            Some(value) => value.as_i64().map(Some).ok_or_else(|| Refusal::field(name)),
        }
    }

    /// Yes or no; `None` when nothing is said.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::Number(n)) if n.as_i64() == Some(0) => Ok(Some(false)),
            Some(Value::Number(n)) if n.as_i64() == Some(1) => Ok(Some(true)),
            Some(Value::String(text)) => match text.as_str() {
                "true" | "1" => Ok(Some(true)),
                "false" | "0" => Ok(Some(false)),
                _ => Err(Refusal::field(name)),
            },
            Some(_) => Err(Refusal::field(name)),
        }
    }

    /// An object, also as the text of one.
    pub(super) fn object(&self, name: &str) -> Result<Option<Self>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Self(fields.clone()))),
            Some(Value::String(text)) => match serde_json::from_str(text) {
                Ok(Value::Object(fields)) => Ok(Some(Self(fields))),
                _ => Err(Refusal::field(name)),
            },
            Some(_) => Err(Refusal::field(name)),
        }
    }

    /// Free text: a text, or anything else as JSON.
    pub(super) fn free_text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_and_texts_of_objects_are_bodies() {
        for good in [r#"{"a":1}"#, r#""{\"a\":1}""#] {
            assert_eq!(
                Fields::parse(good.as_bytes()).unwrap().int("a").unwrap(),
                Some(1),
                "{good}"
            );
        }
        for bad in [
            "",
            "1",
            "[]",
            "null",
            "\"\"",
            "\"[]\"",
            "{",
            "\u{0}",
            "\"{\\\"a\\\":1}",
        ] {
            assert!(Fields::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        let deep = "[".repeat(60_000);
        assert!(Fields::parse(deep.as_bytes()).is_err());
    }

    #[test]
    fn what_is_left_out_is_nothing() {
        let fields =
            Fields::parse(br#"{"rec":"","merge":null,"yes":"true","one":1,"n":"12","bad":[],"f":1.5}"#);
        let fields = fields.unwrap();
        assert_eq!(fields.flag("rec").unwrap(), None);
        assert_eq!(fields.flag("merge").unwrap(), None);
        assert_eq!(fields.flag("yes").unwrap(), Some(true));
        assert_eq!(fields.flag("one").unwrap(), Some(true));
        assert_eq!(fields.int("n").unwrap(), Some(12));
        assert!(fields.flag("bad").is_err() && fields.int("bad").is_err() && fields.text("bad").is_err());
        assert!(fields.int("f").is_err() && fields.flag("f").is_err());
        assert!(fields.need("rec").is_err());
    }
}
