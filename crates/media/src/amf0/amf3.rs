//! AMF3 inside AMF0 (marker 0x11; Adobe AMF3 specification, 2013), turned into AMF0 values.
//!
//! Recursion is bounded by the AMF0 depth limit. Tables live as long as one switched value. References to
//! complex values, vectors, dictionaries and externalizable objects are errors.

use super::Value;
use super::reader::{AmfError, AmfErrorKind, Reader};

/// Members of a class, kept for later objects of it (AMF3 §3.12).
#[derive(Clone)]
struct Traits {
    class: String,
    members: Vec<String>,
    dynamic: bool,
}

/// One AMF3 value; the AMF0 marker 0x11 has been read at nesting `depth`.
pub(super) fn read(reader: &mut Reader<'_>, depth: usize) -> Result<Value, AmfError> {
    Amf3 {
        reader,
        strings: Vec::new(),
        traits: Vec::new(),
    }
    .value(depth)
}

struct Amf3<'r, 'a> {
    reader: &'r mut Reader<'a>,
    strings: Vec<String>,
    traits: Vec<Traits>,
}

impl Amf3<'_, '_> {
    fn value(&mut self, depth: usize) -> Result<Value, AmfError> {
        self.reader.count_value()?;
        let marker = self.byte()?;
        match marker {
            0x00 => Ok(Value::Undefined),
            0x01 => Ok(Value::Null),
            0x02 => Ok(Value::Boolean(false)),
            0x03 => Ok(Value::Boolean(true)),
            0x04 => {
                // 29 bits, two's complement.
                let integer = (self.u29()? << 3).cast_signed() >> 3;
                Ok(Value::Number(f64::from(integer)))
            }
            0x05 => Ok(Value::Number(self.double()?)),
            0x06 => Ok(Value::String(self.string()?)),
            0x07 | 0x0B => {
                let length = self.inline_length()?;
                Ok(Value::Xml(self.reader.text(length)?))
            }
            0x08 => {
                self.inline_length()?;
                Ok(Value::Date {
                    millis: self.double()?,
                    timezone: 0,
                })
            }
            0x09 => self.array(depth + 1),
            0x0A => self.object(depth + 1),
            0x0C => self.byte_array(depth + 1),
            marker => Err(self.reader.error(AmfErrorKind::Amf3Marker(marker))),
        }
    }

    fn byte(&mut self) -> Result<u8, AmfError> {
        let byte = self.reader.cursor.u8();
        self.reader.need(byte)
    }

    fn double(&mut self) -> Result<f64, AmfError> {
        let double = self.reader.cursor.f64();
        self.reader.need(double)
    }

    /// A variable-length unsigned 29-bit integer (§1.3.1): 7 bits in each of three bytes, 8 in the fourth.
    fn u29(&mut self) -> Result<u32, AmfError> {
        let mut number = 0;
        for _ in 0..3 {
            let byte = u32::from(self.byte()?);
            number = number << 7 | byte & 0x7F;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Ok(number << 8 | u32::from(self.byte()?))
    }

    /// The length of a complex value that is here and not a reference.
    fn inline_length(&mut self) -> Result<usize, AmfError> {
        match self.u29()? {
            header if header & 1 == 1 => Ok((header >> 1) as usize),
            _ => Err(self.reader.error(AmfErrorKind::Amf3ComplexReference)),
        }
    }

    fn string(&mut self) -> Result<String, AmfError> {
        let header = self.u29()?;
        let index = (header >> 1) as usize;
        if header & 1 == 1 {
            let text = self.reader.text(index)?;
            if !text.is_empty() {
                self.reader.count_text(text.len())?;
                self.strings.push(text.clone());
            }
            return Ok(text);
        }
        let Some(text) = self.strings.get(index).cloned() else {
            return Err(self.reader.error(AmfErrorKind::Amf3DanglingReference(index)));
        };
        self.reader.count_text(text.len())?;
        Ok(text)
    }

    /// Dense elements alone make a strict array; with named ones, an ECMA array with the indexes as names.
    fn array(&mut self, depth: usize) -> Result<Value, AmfError> {
        self.reader.check_depth(depth)?;
        let dense = self.inline_length()?;
        let mut properties = self.named_values(depth)?;
        if properties.is_empty() {
            let mut items = Vec::new();
            for _ in 0..dense {
                items.push(self.value(depth)?);
            }
            return Ok(Value::StrictArray(items));
        }
        for index in 0..dense {
            properties.push((index.to_string(), self.value(depth)?));
        }
        Ok(Value::EcmaArray(properties))
    }

    /// Pairs up to an empty name.
    fn named_values(&mut self, depth: usize) -> Result<Vec<(String, Value)>, AmfError> {
        let mut properties = Vec::new();
        loop {
            let name = self.string()?;
            if name.is_empty() {
                return Ok(properties);
            }
            properties.push((name, self.value(depth)?));
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, AmfError> {
        self.reader.check_depth(depth)?;
        let traits = self.traits()?;
        let mut properties = Vec::new();
        for member in traits.members {
            properties.push((member, self.value(depth)?));
        }
        if traits.dynamic {
            properties.append(&mut self.named_values(depth)?);
        }
        if traits.class.is_empty() {
            return Ok(Value::Object(properties));
        }
        Ok(Value::TypedObject {
            class: traits.class,
            properties,
        })
    }

    fn traits(&mut self) -> Result<Traits, AmfError> {
        let header = self.u29()?;
        match header & 0b111 {
            0b001 | 0b101 => {
                let index = (header >> 2) as usize;
                let Some(traits) = self.traits.get(index).cloned() else {
                    return Err(self.reader.error(AmfErrorKind::Amf3DanglingReference(index)));
                };
                let text = traits
                    .members
                    .iter()
                    .fold(traits.class.len(), |sum, name| sum + name.len());
                // Nameless members cost memory too.
                self.reader.count_text(text + traits.members.len())?;
                Ok(traits)
            }
            0b011 => {
                let class = self.string()?;
                let mut members = Vec::new();
                for _ in 0..header >> 4 {
                    members.push(self.string()?);
                }
                let traits = Traits {
                    class,
                    members,
                    dynamic: header & 0b1000 != 0,
                };
                let text = traits
                    .members
                    .iter()
                    .fold(traits.class.len(), |sum, name| sum + name.len());
                self.reader.count_text(text + traits.members.len())?;
                self.traits.push(traits.clone());
                Ok(traits)
            }
            0b111 => Err(self.reader.error(AmfErrorKind::Amf3Externalizable)),
            _ => Err(self.reader.error(AmfErrorKind::Amf3ComplexReference)),
        }
    }

    /// Bytes become a strict array of numbers, each counted as a value.
    fn byte_array(&mut self, depth: usize) -> Result<Value, AmfError> {
        self.reader.check_depth(depth)?;
        let length = self.inline_length()?;
        let bytes = self.reader.cursor.take(length);
        let bytes = self.reader.need(bytes)?;
        let mut items = Vec::new();
        for &byte in bytes {
            self.reader.count_value()?;
            items.push(Value::Number(f64::from(byte)));
        }
        Ok(Value::StrictArray(items))
    }
}
