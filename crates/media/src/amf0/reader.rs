//! The AMF0 reader: an explicit stack of open containers, so input decides nothing about the call stack.
//!
//! Memory is bounded by [`Limits`]: every value and every byte of text counts against them before it is kept,
//! and nothing is reserved on the word of a length field.

use super::Value;
use super::amf3;
use crate::cursor::Cursor;

/// How much one call may read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Containers inside each other.
    pub depth: u8,
    /// Values altogether, containers included.
    pub values: usize,
    /// Bytes of input, and bytes of decoded text.
    pub bytes: usize,
}

impl Default for Limits {
    /// 32 levels, 4 096 values, 256 KiB: a hundred times what encoders send.
    fn default() -> Limits {
        Limits {
            depth: 32,
            values: 4_096,
            bytes: 256 * 1_024,
        }
    }
}

/// What is wrong, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("AMF at byte {position}: {kind}")]
pub struct AmfError {
    /// Offset from the start of the input.
    pub position: usize,
    /// What is wrong there.
    pub kind: AmfErrorKind,
}

/// What can be wrong with AMF input.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AmfErrorKind {
    /// The input ends inside a value.
    #[error("input ends inside a value")]
    Truncated,
    /// More bytes than [`Limits::bytes`].
    #[error("more than {0} bytes")]
    TooLong(usize),
    /// More nesting than [`Limits::depth`].
    #[error("nested deeper than {0} levels")]
    TooDeep(u8),
    /// More values than [`Limits::values`].
    #[error("more than {0} values")]
    TooManyValues(usize),
    /// A marker that no AMF0 value starts with (includes the reserved 0x04 and 0x0E).
    #[error("no AMF0 value starts with {0:#04x}")]
    UnknownMarker(u8),
    /// A strict array announces more elements than bytes are left.
    #[error("array of {0} elements does not fit in the input")]
    ArrayTooLong(u32),
    /// An AMF3 type that is not read: vectors, dictionaries and markers outside the specification.
    #[error("AMF3 type {0:#04x} is not supported")]
    Amf3Marker(u8),
    /// An AMF3 reference to an earlier complex value, which would let small input describe large values.
    #[error("AMF3 reference to a complex value")]
    Amf3ComplexReference,
    /// An AMF3 reference past the end of its table.
    #[error("AMF3 reference {0} to nothing")]
    Amf3DanglingReference(usize),
    /// An AMF3 object whose content only its class can read.
    #[error("AMF3 externalizable object")]
    Amf3Externalizable,
}

/// All values of `input`.
///
/// # Errors
/// The first [`AmfError`].
pub fn decode(input: &[u8], limits: &Limits) -> Result<Vec<Value>, AmfError> {
    match decode_prefix(input, limits) {
        (values, None) => Ok(values),
        (_, Some(error)) => Err(error),
    }
}

/// The values before the first error, and that error: some encoders send odd trailing data.
pub fn decode_prefix(input: &[u8], limits: &Limits) -> (Vec<Value>, Option<AmfError>) {
    let mut reader = Reader::new(input, limits);
    let mut values = Vec::new();
    while !reader.at_end() {
        match reader.value() {
            Ok(value) => values.push(value),
            Err(error) => return (values, Some(error)),
        }
    }
    (values, None)
}

/// The first value of `input`, and how many bytes it took.
///
/// # Errors
/// The first [`AmfError`]; [`AmfErrorKind::Truncated`] for empty input.
pub fn decode_one(input: &[u8], limits: &Limits) -> Result<(Value, usize), AmfError> {
    let mut reader = Reader::new(input, limits);
    let value = reader.value()?;
    Ok((value, reader.cursor.position()))
}

/// A container whose end has not been read.
struct Open {
    shape: Shape,
    properties: Vec<(String, Value)>,
    /// Name of the property whose value comes next.
    name: String,
    items: Vec<Value>,
}

enum Shape {
    Object,
    Ecma,
    Typed(String),
    /// Elements still to come.
    Strict(u32),
}

impl Open {
    fn new(shape: Shape) -> Open {
        Open {
            shape,
            properties: Vec::new(),
            name: String::new(),
            items: Vec::new(),
        }
    }

    fn put(&mut self, value: Value) {
        match &mut self.shape {
            Shape::Strict(remaining) => {
                *remaining = remaining.saturating_sub(1);
                self.items.push(value);
            }
            _ => self.properties.push((std::mem::take(&mut self.name), value)),
        }
    }

    fn close(self) -> Value {
        match self.shape {
            Shape::Object => Value::Object(self.properties),
            Shape::Ecma => Value::EcmaArray(self.properties),
            Shape::Typed(class) => Value::TypedObject {
                class,
                properties: self.properties,
            },
            Shape::Strict(_) => Value::StrictArray(self.items),
        }
    }
}

enum Started {
    Whole(Value),
    Container(Shape),
}

/// Position and budgets of one call; shared with the AMF3 reader.
pub(super) struct Reader<'a> {
    pub(super) cursor: Cursor<'a>,
    limits: Limits,
    /// The input goes on past `limits.bytes`.
    cut: bool,
    values_left: usize,
    text_left: usize,
}

impl<'a> Reader<'a> {
    fn new(input: &'a [u8], limits: &Limits) -> Reader<'a> {
        let readable = input.get(..limits.bytes).unwrap_or(input);
        Reader {
            cursor: Cursor::new(readable),
            limits: *limits,
            cut: readable.len() < input.len(),
            values_left: limits.values,
            text_left: limits.bytes,
        }
    }

    fn at_end(&self) -> bool {
        self.cursor.remaining() == 0 && !self.cut
    }

    pub(super) fn error(&self, kind: AmfErrorKind) -> AmfError {
        AmfError {
            position: self.cursor.position(),
            kind,
        }
    }

    /// `read`, or the error for input that ends too early.
    pub(super) fn need<T>(&self, read: Option<T>) -> Result<T, AmfError> {
        let kind = if self.cut {
            AmfErrorKind::TooLong(self.limits.bytes)
        } else {
            AmfErrorKind::Truncated
        };
        read.ok_or_else(|| self.error(kind))
    }

    pub(super) fn count_value(&mut self) -> Result<(), AmfError> {
        match self.values_left.checked_sub(1) {
            Some(left) => self.values_left = left,
            None => return Err(self.error(AmfErrorKind::TooManyValues(self.limits.values))),
        }
        Ok(())
    }

    pub(super) fn count_text(&mut self, length: usize) -> Result<(), AmfError> {
        match self.text_left.checked_sub(length) {
            Some(left) => self.text_left = left,
            None => return Err(self.error(AmfErrorKind::TooLong(self.limits.bytes))),
        }
        Ok(())
    }

    pub(super) fn check_depth(&self, depth: usize) -> Result<(), AmfError> {
        if depth > usize::from(self.limits.depth) {
            return Err(self.error(AmfErrorKind::TooDeep(self.limits.depth)));
        }
        Ok(())
    }

    /// The next `length` bytes as text, invalid UTF-8 replaced.
    pub(super) fn text(&mut self, length: usize) -> Result<String, AmfError> {
        let bytes = self.cursor.take(length);
        let text = String::from_utf8_lossy(self.need(bytes)?).into_owned();
        self.count_text(length)?;
        Ok(text)
    }

    fn short_text(&mut self) -> Result<String, AmfError> {
        let length = self.cursor.u16();
        let length = self.need(length)?;
        self.text(usize::from(length))
    }

    fn long_text(&mut self) -> Result<String, AmfError> {
        let length = self.cursor.u32();
        let length = self.need(length)?;
        self.text(usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// One value with everything inside it.
    fn value(&mut self) -> Result<Value, AmfError> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let ended = match open.last_mut() {
                None => false,
                Some(Open {
                    shape: Shape::Strict(remaining),
                    ..
                }) => *remaining == 0,
                Some(container) => self.property_name(container)?,
            };
            let mut finished = if ended {
                open.pop().map(Open::close)
            } else {
                match self.start(open.len())? {
                    Started::Whole(value) => Some(value),
                    Started::Container(shape) => {
                        self.check_depth(open.len() + 1)?;
                        open.push(Open::new(shape));
                        None
                    }
                }
            };
            if let Some(value) = finished.take() {
                match open.last_mut() {
                    Some(container) => container.put(value),
                    None => return Ok(value),
                }
            }
        }
    }

    /// Reads the next property's name into `container`; true when the container ends here instead.
    fn property_name(&mut self, container: &mut Open) -> Result<bool, AmfError> {
        if matches!(container.shape, Shape::Ecma) && self.at_end() {
            return Ok(true);
        }
        if let Some(rest) = self.cursor.rest().strip_prefix(&[0, 0, OBJECT_END]) {
            let length = self.cursor.remaining() - rest.len();
            self.cursor.take(length);
            return Ok(true);
        }
        container.name = self.short_text()?;
        Ok(false)
    }

    /// A marker and what follows it, up to the first element of a container.
    fn start(&mut self, depth: usize) -> Result<Started, AmfError> {
        self.count_value()?;
        let marker = self.cursor.rest().first().copied();
        let marker = self.need(marker)?;
        if matches!(marker, 0x04 | OBJECT_END | 0x0E | 0x12..) {
            return Err(self.error(AmfErrorKind::UnknownMarker(marker)));
        }
        self.cursor.take(1);
        Ok(Started::Whole(match marker {
            0x00 => Value::Number(self.number()?),
            0x01 => {
                let flag = self.cursor.u8();
                Value::Boolean(self.need(flag)? != 0)
            }
            0x02 => Value::String(self.short_text()?),
            0x03 => return Ok(Started::Container(Shape::Object)),
            0x05 => Value::Null,
            0x06 => Value::Undefined,
            0x07 => {
                let index = self.cursor.u16();
                Value::Reference(self.need(index)?)
            }
            0x08 => {
                // The count is a hint that encoders get wrong; the end marker decides.
                let hint = self.cursor.u32();
                self.need(hint)?;
                return Ok(Started::Container(Shape::Ecma));
            }
            0x0A => {
                let count = self.cursor.u32();
                let count = self.need(count)?;
                if usize::try_from(count).is_ok_and(|count| count <= self.cursor.remaining()) {
                    return Ok(Started::Container(Shape::Strict(count)));
                }
                return Err(self.error(AmfErrorKind::ArrayTooLong(count)));
            }
            0x0B => {
                let millis = self.number()?;
                let timezone = self.cursor.u16();
                Value::Date {
                    millis,
                    timezone: self.need(timezone)?.cast_signed(),
                }
            }
            0x0C => Value::String(self.long_text()?),
            0x0F => Value::Xml(self.long_text()?),
            0x10 => return Ok(Started::Container(Shape::Typed(self.short_text()?))),
            0x11 => amf3::read(self, depth)?,
            _ => Value::Unsupported,
        }))
    }

    fn number(&mut self) -> Result<f64, AmfError> {
        let number = self.cursor.f64();
        self.need(number)
    }
}

const OBJECT_END: u8 = 0x09;
