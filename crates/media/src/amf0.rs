//! AMF0 values (Adobe AMF0 specification, 2007), read and written without recursion and within [`Limits`].
//!
//! The reader knows every marker of the specification, including the switch to AMF3 (0x11). It is as lenient
//! as real encoders need: invalid UTF-8 is replaced, an ECMA array may lack its end marker at the end of input.

mod amf3;
mod reader;
mod value;
mod writer;

pub use reader::{AmfError, AmfErrorKind, Limits, decode, decode_one, decode_prefix};
pub use value::Value;
pub use writer::{encode, encode_all};
