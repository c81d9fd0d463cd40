//! RTMP messages into chunks, commands into AMF0 (Adobe RTMP 1.0 §5.3, §7.2; AMF0 §2).

/// Bytes of a chunk in everything written here, announced by [`set_chunk_size`].
pub(crate) const CHUNK: usize = 4096;

/// Appends one message with a full header, cut into chunks of `chunk` bytes.
pub(crate) fn message(
    out: &mut Vec<u8>,
    kind: u8,
    milliseconds: u32,
    stream: u32,
    chunk: usize,
    body: &[u8],
) {
    let id = match kind {
        1..=6 => 2,
        8 => 4,
        9 => 6,
        _ => 3,
    };
    let time = milliseconds.min(0xff_ffff);
    out.push(id);
    out.extend_from_slice(&time.to_be_bytes()[1..]);
    out.extend_from_slice(&(body.len() as u32).to_be_bytes()[1..]);
    out.push(kind);
    out.extend_from_slice(&stream.to_le_bytes());
    for (index, part) in body.chunks(chunk).enumerate() {
        if index > 0 {
            out.push(0xc0 | id);
        }
        if time == 0xff_ffff {
            out.extend_from_slice(&milliseconds.to_be_bytes());
        }
        out.extend_from_slice(part);
    }
}

/// Appends a protocol control message with one 32 bit value: 1 chunk size, 3 acknowledgement, 5 window.
pub(crate) fn control(out: &mut Vec<u8>, kind: u8, value: u32) {
    message(out, kind, 0, 0, CHUNK, &value.to_be_bytes());
}

/// Announces [`CHUNK`].
pub(crate) fn set_chunk_size(out: &mut Vec<u8>) {
    control(out, 1, CHUNK as u32);
}

/// Appends a command. Only valid after [`set_chunk_size`].
pub(crate) fn command(out: &mut Vec<u8>, stream: u32, name: &str, transaction: f64, arguments: &[Amf<'_>]) {
    let mut body = Vec::new();
    string(&mut body, name);
    number(&mut body, transaction);
    arguments.iter().for_each(|argument| argument.write(&mut body));
    message(out, 20, 0, stream, CHUNK, &body);
}

/// The AMF0 values needed here.
pub(crate) enum Amf<'a> {
    Null,
    Number(f64),
    Text(&'a str),
    Object(&'a [(&'a str, Amf<'a>)]),
}

impl<'a> Amf<'a> {
    /// An anonymous object.
    pub(crate) fn object(fields: &'a [(&'a str, Amf<'a>)]) -> Self {
        Self::Object(fields)
    }

    /// Appends the value.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.push(5),
            Self::Number(value) => number(out, *value),
            Self::Text(text) => string(out, text),
            Self::Object(fields) => {
                out.push(3);
                for (name, value) in *fields {
                    text(out, name);
                    value.write(out);
                }
                out.extend_from_slice(&[0, 0, 9]);
            }
        }
    }
}

/// Appends an AMF0 string.
pub(crate) fn string(out: &mut Vec<u8>, value: &str) {
    out.push(2);
    text(out, value);
}

/// Appends an AMF0 number.
pub(crate) fn number(out: &mut Vec<u8>, value: f64) {
    out.push(0);
    out.extend_from_slice(&value.to_be_bytes());
}

fn text(out: &mut Vec<u8>, value: &str) {
    out.extend_from_slice(&(value.len() as u16).to_be_bytes());
    out.extend_from_slice(value.as_bytes());
}
