//! The AMF0 writer: an explicit stack of half-written containers, so that no value can overflow the call stack.

use super::Value;

/// A container whose rest is still to be written.
enum Open<'a> {
    Properties(std::slice::Iter<'a, (String, Value)>),
    Items(std::slice::Iter<'a, Value>),
}

/// Appends `value` to `out`.
///
/// Names and class aliases longer than 65 535 bytes are cut at a character: AMF0 cannot say them.
pub fn encode(value: &Value, out: &mut Vec<u8>) {
    let mut open = Vec::new();
    start(value, out, &mut open);
    while let Some(container) = open.last_mut() {
        let next = match container {
            Open::Properties(rest) => match rest.next() {
                Some((name, value)) => {
                    short_text(name, out);
                    Some(value)
                }
                None => {
                    out.extend_from_slice(&[0, 0, 9]);
                    None
                }
            },
            Open::Items(rest) => rest.next(),
        };
        match next {
            Some(value) => start(value, out, &mut open),
            None => {
                open.pop();
            }
        }
    }
}

/// All `values`, one after the other: the body of a command or data message.
pub fn encode_all(values: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    for value in values {
        encode(value, &mut out);
    }
    out
}

/// Writes a whole scalar, or the start of a container which then goes on `open`.
fn start<'a>(value: &'a Value, out: &mut Vec<u8>, open: &mut Vec<Open<'a>>) {
    match value {
        Value::Number(number) => {
            out.push(0x00);
            out.extend_from_slice(&number.to_be_bytes());
        }
        Value::Boolean(flag) => out.extend_from_slice(&[0x01, u8::from(*flag)]),
        Value::String(text) if text.len() <= usize::from(u16::MAX) => {
            out.push(0x02);
            short_text(text, out);
        }
        Value::String(text) => {
            out.push(0x0C);
            long_text(text, out);
        }
        Value::Object(properties) => {
            out.push(0x03);
            open.push(Open::Properties(properties.iter()));
        }
        Value::Null => out.push(0x05),
        Value::Undefined => out.push(0x06),
        Value::Reference(index) => {
            out.push(0x07);
            out.extend_from_slice(&index.to_be_bytes());
        }
        Value::EcmaArray(properties) => {
            out.push(0x08);
            out.extend_from_slice(&count(properties.len()).to_be_bytes());
            open.push(Open::Properties(properties.iter()));
        }
        Value::StrictArray(items) => {
            out.push(0x0A);
            out.extend_from_slice(&count(items.len()).to_be_bytes());
            open.push(Open::Items(items.iter()));
        }
        Value::Date { millis, timezone } => {
            out.push(0x0B);
            out.extend_from_slice(&millis.to_be_bytes());
            out.extend_from_slice(&timezone.to_be_bytes());
        }
        Value::Unsupported => out.push(0x0D),
        Value::Xml(text) => {
            out.push(0x0F);
            long_text(text, out);
        }
        Value::TypedObject { class, properties } => {
            out.push(0x10);
            short_text(class, out);
            open.push(Open::Properties(properties.iter()));
        }
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn short_text(text: &str, out: &mut Vec<u8>) {
    let text = &text[..text.floor_char_boundary(usize::from(u16::MAX))];
    out.extend_from_slice(&u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn long_text(text: &str, out: &mut Vec<u8>) {
    let text = &text[..text.floor_char_boundary(u32::MAX as usize)];
    out.extend_from_slice(&count(text.len()).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}
