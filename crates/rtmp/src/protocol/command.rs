//! Commands and data messages in AMF0, also when wrapped for AMF3 (RTMP 1.0 §7.1.1, §7.1.2).
//!
//! A client that negotiated AMF3 sends type 17 with a leading zero byte and AMF0 behind it.

use lianmai_media::amf0::{self, AmfError, Limits, Value};

use super::message::{Message, type_id};

/// How much one command or data message may hold.
const LIMITS: Limits = Limits {
    depth: 16,
    values: 4_096,
    bytes: 64 * 1024,
};

/// A command: `connect`, `publish`, `_result`, `onStatus`, …
#[derive(Clone, PartialEq, Debug)]
pub struct Command {
    /// Its name.
    pub name: String,
    /// Which answer belongs to which call; 0 when none is expected.
    pub transaction: f64,
    /// The command object; null when there is none.
    pub object: Value,
    /// What follows.
    pub arguments: Vec<Value>,
}

/// Why a command cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CommandError {
    /// It does not start with a name.
    #[error("no name at its start")]
    NoName,
    /// Its name cannot be read.
    #[error(transparent)]
    Amf(#[from] AmfError),
}

impl Command {
    /// A command without arguments.
    pub fn new(name: &str, transaction: f64, object: Value) -> Command {
        Command {
            name: name.to_owned(),
            transaction,
            object,
            arguments: Vec::new(),
        }
    }

    /// The same with one more argument.
    #[must_use]
    pub fn with(mut self, argument: impl Into<Value>) -> Command {
        self.arguments.push(argument.into());
        self
    }

    /// Whether `message` is a command.
    pub fn is_in(message: &Message) -> bool {
        matches!(message.type_id, type_id::COMMAND_AMF0 | type_id::COMMAND_AMF3)
    }

    /// Reads the body of a command message. What follows the first unreadable value is left out, as some
    /// encoders send odd values at the end; a missing transaction id counts as 0.
    ///
    /// # Errors
    /// [`CommandError`] when there is no name.
    pub fn parse(body: &[u8]) -> Result<Command, CommandError> {
        // No name starts with a zero byte (it would be a number), so the AMF3 form needs no flag.
        let body = body.strip_prefix(&[0]).unwrap_or(body);
        let (values, error) = amf0::decode_prefix(body, &LIMITS);
        let mut values = values.into_iter();
        let name = match (values.next(), error) {
            (Some(Value::String(name)), _) => name,
            (None, Some(error)) => return Err(error.into()),
            _ => return Err(CommandError::NoName),
        };
        let transaction = values
            .next()
            .and_then(|value| value.as_number())
            .unwrap_or_default();
        let object = values.next().unwrap_or(Value::Null);
        Ok(Command {
            name,
            transaction,
            object,
            arguments: values.collect(),
        })
    }

    /// The body of a command message of type 20.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        amf0::encode(&Value::String(self.name.clone()), &mut out);
        amf0::encode(&Value::Number(self.transaction), &mut out);
        amf0::encode(&self.object, &mut out);
        for argument in &self.arguments {
            amf0::encode(argument, &mut out);
        }
        out
    }

    /// Argument `index` as text.
    pub fn text(&self, index: usize) -> Option<&str> {
        self.arguments.get(index).and_then(Value::as_str)
    }

    /// Argument `index` as a number.
    pub fn number(&self, index: usize) -> Option<f64> {
        self.arguments.get(index).and_then(Value::as_number)
    }

    /// Argument `index` as a flag; clients also send numbers.
    pub fn flag(&self, index: usize) -> Option<bool> {
        match self.arguments.get(index)? {
            Value::Boolean(flag) => Some(*flag),
            Value::Number(number) => Some(*number != 0.0),
            _ => None,
        }
    }
}

/// An AMF0 data message with its wrapping taken off.
#[derive(Clone, PartialEq, Debug)]
pub struct DataMessage {
    /// Whether it came as `@setDataFrame`: kept by servers for later players.
    pub set_frame: bool,
    /// `onMetaData`, `onTextData`, `onCuePoint`, …
    pub name: String,
    /// What follows.
    pub arguments: Vec<Value>,
}

impl DataMessage {
    /// Reads the body of a data message, as [`Command::parse`] does with commands. `None` when there is no
    /// name, for instance in a bare `@setDataFrame`.
    pub fn parse(body: &[u8]) -> Option<DataMessage> {
        let body = body.strip_prefix(&[0]).unwrap_or(body);
        let (values, _) = amf0::decode_prefix(body, &LIMITS);
        let mut values = values.into_iter();
        let mut text = || match values.next() {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let first = text()?;
        let set_frame = first == "@setDataFrame";
        let name = if set_frame { text()? } else { first };
        Some(DataMessage {
            set_frame,
            name,
            arguments: values.collect(),
        })
    }

    /// The body of a data message of type 18.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        if self.set_frame {
            amf0::encode(&Value::from("@setDataFrame"), &mut out);
        }
        amf0::encode(&Value::String(self.name.clone()), &mut out);
        for argument in &self.arguments {
            amf0::encode(argument, &mut out);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_round_trip_plain_and_wrapped() {
        let command = Command::new("publish", 5.0, Value::Null)
            .with("cam?t=1")
            .with("live");
        let body = command.encode();
        assert_eq!(Command::parse(&body).unwrap(), command);
        assert_eq!(Command::parse(&[&[0], &body[..]].concat()).unwrap(), command);
        assert_eq!(command.text(0), Some("cam?t=1"));
        assert_eq!(command.number(0), None);
    }

    #[test]
    fn every_truncation_is_an_error_or_a_shorter_command() {
        let body = Command::new("connect", 1.0, Value::Object(vec![("app".into(), "live".into())])).encode();
        for cut in 0..body.len() {
            if let Ok(command) = Command::parse(&body[..cut]) {
                assert_eq!(command.name, "connect");
            }
        }
        assert_eq!(Command::parse(&[]).unwrap_err(), CommandError::NoName);
        assert_eq!(Command::parse(&[5]).unwrap_err(), CommandError::NoName);
    }

    /// R-R1: the input that makes rml_rtmp index past the end.
    #[test]
    fn a_bare_set_data_frame_is_no_data() {
        let mut body = Vec::new();
        amf0::encode(&Value::from("@setDataFrame"), &mut body);
        assert_eq!(DataMessage::parse(&body), None);
        let full = DataMessage {
            set_frame: true,
            name: "onMetaData".into(),
            arguments: vec![Value::Null],
        };
        assert_eq!(DataMessage::parse(&full.encode()), Some(full));
    }

    /// R-R1: the input that makes rml_rtmp overflow its stack.
    #[test]
    fn nesting_is_cut_off() {
        let mut body = Command::new("connect", 1.0, Value::Null).encode();
        body.extend([3, 0, 1, b'a'].repeat(200_000));
        assert_eq!(Command::parse(&body).unwrap().arguments, []);
    }
}
