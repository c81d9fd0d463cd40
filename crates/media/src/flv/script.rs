//! Script data: `onMetaData` and other named messages (FLV v10.1 §E.4.4 and §E.5).

use bytes::Bytes;

use super::FlvError;
use crate::Metadata;
use crate::amf0::{self, Limits, Value};

/// What a script tag or RTMP data message says.
#[derive(Clone, PartialEq, Debug)]
pub enum ScriptData {
    /// `onMetaData`.
    Metadata(Metadata),
    /// Any other message: `onTextData`, `onCuePoint`, a publisher's own.
    Other {
        /// Its name.
        name: String,
        /// Its arguments.
        values: Vec<Value>,
    },
}

/// Reads script data, with or without the `@setDataFrame` that publishers put around it. What follows the
/// first malformed argument is ignored; `onMetaData` without properties is empty metadata.
///
/// # Errors
/// [`FlvError::Script`], [`FlvError::ScriptWithoutName`] or [`FlvError::EmptyDataFrame`].
pub fn parse_script(body: &[u8]) -> Result<ScriptData, FlvError> {
    let (values, error) = amf0::decode_prefix(body, &Limits::default());
    let mut values = values.into_iter();
    let mut name = match (values.next(), &error) {
        (Some(Value::String(name)), _) => name,
        (None, Some(error)) => return Err(error.clone().into()),
        _ => return Err(FlvError::ScriptWithoutName),
    };
    if name == "@setDataFrame" {
        name = match (values.next(), error) {
            (Some(Value::String(name)), _) => name,
            (None, Some(error)) => return Err(error.into()),
            (None, None) => return Err(FlvError::EmptyDataFrame),
            (Some(_), _) => return Err(FlvError::ScriptWithoutName),
        };
    } else if let (0, Some(error)) = (values.len(), error) {
        return Err(error.into());
    }
    if name != "onMetaData" {
        return Ok(ScriptData::Other {
            name,
            values: values.collect(),
        });
    }
    let properties = values.find_map(|value| match value {
        Value::Object(properties) | Value::EcmaArray(properties) | Value::TypedObject { properties, .. } => {
            Some(properties)
        }
        _ => None,
    });
    Ok(ScriptData::Metadata(Metadata::new(
        properties.unwrap_or_default(),
    )))
}

/// `onMetaData` as a script tag or data message towards players (without `@setDataFrame`).
pub fn metadata_body(metadata: &Metadata) -> Bytes {
    let mut body = Vec::new();
    amf0::encode(&Value::from("onMetaData"), &mut body);
    amf0::encode(&Value::EcmaArray(metadata.properties().to_vec()), &mut body);
    body.into()
}
