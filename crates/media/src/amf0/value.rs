//! What AMF0 can say.

/// One AMF0 value. Properties keep their order; duplicates are kept as they came.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// Marker 0x00.
    Number(f64),
    /// Marker 0x01.
    Boolean(bool),
    /// Markers 0x02 and 0x0C (the writer takes the long form when needed).
    String(String),
    /// Marker 0x03.
    Object(Vec<(String, Value)>),
    /// Marker 0x05.
    Null,
    /// Marker 0x06.
    Undefined,
    /// Marker 0x07: index of an earlier complex value; kept as it is, never followed.
    Reference(u16),
    /// Marker 0x08.
    EcmaArray(Vec<(String, Value)>),
    /// Marker 0x0A.
    StrictArray(Vec<Value>),
    /// Marker 0x0B: milliseconds since 1970-01-01 UTC, and the (reserved) time zone.
    Date {
        /// Milliseconds since the epoch.
        millis: f64,
        /// Reserved by the specification; kept.
        timezone: i16,
    },
    /// Marker 0x0D.
    Unsupported,
    /// Marker 0x0F.
    Xml(String),
    /// Marker 0x10.
    TypedObject {
        /// The class alias.
        class: String,
        /// Its properties.
        properties: Vec<(String, Value)>,
    },
}

impl Value {
    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a number.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The value of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Boolean(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The properties of an object, a typed object or an ECMA array.
    pub fn properties(&self) -> Option<&[(String, Value)]> {
        match self {
            Value::Object(properties)
            | Value::EcmaArray(properties)
            | Value::TypedObject { properties, .. } => Some(properties),
            _ => None,
        }
    }

    /// The first property called `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.properties()?
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value::Number(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Value::Boolean(flag)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::String(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accessors_answer_only_for_their_kind() {
        let object = Value::Object(vec![("app".into(), "live".into()), ("app".into(), Value::Null)]);
        assert_eq!(object.get("app").and_then(Value::as_str), Some("live"));
        assert_eq!(object.get("tcUrl"), None);
        assert_eq!(Value::Number(1.0).get("app"), None);
        assert_eq!(Value::from(1.5).as_number(), Some(1.5));
        assert_eq!(Value::from(true).as_bool(), Some(true));
        assert_eq!(Value::Null.as_number(), None);
        assert_eq!(Value::Null.as_bool(), None);
        assert_eq!(Value::Null.as_str(), None);
    }
}
