//! The AMF0 reader and writer against each other, against hand-made bytes, and against their limits.

use lianmai_media::amf0::{
    AmfError, AmfErrorKind, Limits, Value, decode, decode_one, decode_prefix, encode, encode_all,
};
use proptest::prelude::*;

use super::fixtures::{fixture, tags};

fn read(input: &[u8]) -> Result<Vec<Value>, AmfError> {
    decode(input, &Limits::default())
}

fn kind(input: &[u8]) -> AmfErrorKind {
    read(input).unwrap_err().kind
}

fn text(text: &str) -> Value {
    text.into()
}

/// R-R3: every marker of the specification is read.
#[test]
fn every_marker_has_its_value() {
    let cases: &[(&[u8], Value)] = &[
        (&[0x00, 0x40, 0x08, 0, 0, 0, 0, 0, 0], Value::Number(3.0)),
        (&[0x01, 2], Value::Boolean(true)),
        (b"\x02\x00\x04live", text("live")),
        (
            b"\x03\x00\x01a\x05\x00\x00\x09",
            Value::Object(vec![("a".into(), Value::Null)]),
        ),
        (&[0x05], Value::Null),
        (&[0x06], Value::Undefined),
        (&[0x07, 1, 2], Value::Reference(0x102)),
        (
            b"\x08\0\0\0\x63\x00\x01a\x06\x00\x00\x09",
            Value::EcmaArray(vec![("a".into(), Value::Undefined)]),
        ),
        (
            &[0x0A, 0, 0, 0, 2, 5, 6],
            Value::StrictArray(vec![Value::Null, Value::Undefined]),
        ),
        (
            &[0x0B, 0x40, 0x08, 0, 0, 0, 0, 0, 0, 0xFF, 0xFE],
            Value::Date {
                millis: 3.0,
                timezone: -2,
            },
        ),
        (b"\x0C\0\0\0\x02ok", text("ok")),
        (&[0x0D], Value::Unsupported),
        (b"\x0F\0\0\0\x04<a/>", Value::Xml("<a/>".into())),
        (
            b"\x10\x00\x01C\x00\x01a\x05\x00\x00\x09",
            Value::TypedObject {
                class: "C".into(),
                properties: vec![("a".into(), Value::Null)],
            },
        ),
    ];
    for (input, value) in cases {
        assert_eq!(read(input).as_ref(), Ok(&vec![value.clone()]), "{input:02x?}");
        for end in 1..input.len() {
            assert_eq!(
                read(&input[..end]).is_ok(),
                matches!(value, Value::EcmaArray(_)) && matches!(end, 5 | 9)
            );
        }
    }
    for marker in [0x04, 0x09, 0x0E, 0x12, 0xFF] {
        assert_eq!(kind(&[marker]), AmfErrorKind::UnknownMarker(marker));
    }
}

/// R-R3: nesting far beyond the limit is an error and costs no stack.
#[test]
fn deep_nesting_is_an_error() {
    for opening in [
        &b"\x03\x00\x01a"[..],
        b"\x08\0\0\0\0\x00\x01a",
        b"\x0A\0\0\0\x01",
        b"\x10\x00\x00\x00\x01a",
    ] {
        let deep = opening.repeat(200_000);
        assert_eq!(
            decode(
                &deep,
                &Limits {
                    bytes: usize::MAX,
                    ..Limits::default()
                }
            )
            .unwrap_err(),
            AmfError {
                position: opening_position(opening),
                kind: AmfErrorKind::TooDeep(32)
            }
        );
    }
    let amf3 = [&[0x11][..], &[0x09, 0x03, 0x01].repeat(200_000)].concat();
    let widest = Limits {
        depth: u8::MAX,
        values: usize::MAX,
        bytes: usize::MAX,
    };
    assert_eq!(
        decode(&amf3, &widest).unwrap_err().kind,
        AmfErrorKind::TooDeep(255)
    );
    assert_eq!(
        decode(&b"\x0A\0\0\0\x01".repeat(200_000), &widest)
            .unwrap_err()
            .kind,
        AmfErrorKind::TooDeep(255)
    );
}

/// Where the 33rd container turns out to be one: behind its marker and fixed part.
fn opening_position(opening: &[u8]) -> usize {
    let fixed = match opening[0] {
        0x03 => 1,
        0x10 => 3,
        _ => 5,
    };
    32 * opening.len() + fixed
}

/// A value of any depth can be written.
#[test]
fn writing_deep_values_costs_no_stack() {
    let mut value = Value::Null;
    for _ in 0..1_000 {
        value = Value::StrictArray(vec![value]);
    }
    assert_eq!(encode_all(&[value]).len(), 1_000 * 5 + 1);
}

/// R-R1: announced lengths are checked before anything is reserved.
#[test]
fn lengths_past_the_end_are_errors() {
    assert_eq!(
        kind(&[0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 5]),
        AmfErrorKind::ArrayTooLong(u32::MAX)
    );
    assert_eq!(kind(&[0x0C, 0xFF, 0xFF, 0xFF, 0xFF, 5]), AmfErrorKind::Truncated);
    assert_eq!(kind(&[0x02, 0xFF, 0xFF, 5]), AmfErrorKind::Truncated);
    assert_eq!(
        decode_one(&[], &Limits::default()).unwrap_err().kind,
        AmfErrorKind::Truncated
    );
}

#[test]
fn limits_hold() {
    let limits = Limits {
        depth: 1,
        values: 3,
        bytes: 20,
    };
    let nulls = |count| vec![5; count];
    assert_eq!(decode(&nulls(3), &limits).unwrap().len(), 3);
    assert_eq!(
        decode(&nulls(4), &limits).unwrap_err(),
        AmfError {
            position: 3,
            kind: AmfErrorKind::TooManyValues(3)
        }
    );
    assert_eq!(
        decode(&[0x0A, 0, 0, 0, 0], &limits).unwrap(),
        [Value::StrictArray(vec![])]
    );
    assert_eq!(
        decode(&[0x0A, 0, 0, 0, 1, 0x0A, 0, 0, 0, 0], &limits)
            .unwrap_err()
            .kind,
        AmfErrorKind::TooDeep(1)
    );
    // Bytes become an array, so they are one level.
    assert_eq!(
        decode(&[0x0A, 0, 0, 0, 1, 0x11, 0x0C, 3, 7], &limits)
            .unwrap_err()
            .kind,
        AmfErrorKind::TooDeep(1)
    );
    let long = encode_all(&[text(&"x".repeat(17))]);
    assert_eq!(decode(&long, &limits).unwrap().len(), 1);
    let longer = encode_all(&[text(&"x".repeat(18))]);
    assert_eq!(
        decode(&longer, &limits).unwrap_err().kind,
        AmfErrorKind::TooLong(20)
    );
    // A cut ECMA array is not taken for one without an end marker.
    let array = encode_all(&[Value::EcmaArray(vec![
        ("abcd".into(), 1.0.into()),
        ("b".into(), Value::Null),
    ])]);
    assert_eq!(
        decode(&array, &limits).unwrap_err().kind,
        AmfErrorKind::TooLong(20)
    );
}

/// R-R3: what encoders really send: wrong counts, missing end markers, odd tails, text that is not UTF-8.
#[test]
fn oddities_of_encoders_are_read() {
    assert_eq!(
        read(b"\x08\0\0\0\0\x00\x01a\x05").unwrap(),
        [Value::EcmaArray(vec![("a".into(), Value::Null)])]
    );
    assert_eq!(read(b"\x08\0\0\0\x05").unwrap(), [Value::EcmaArray(vec![])]);
    assert_eq!(kind(b"\x03\x00\x01a\x05"), AmfErrorKind::Truncated);
    let (values, error) = decode_prefix(b"\x05\x02\x00\x01a\x09", &Limits::default());
    assert_eq!(values, [Value::Null, text("a")]);
    assert_eq!(
        error,
        Some(AmfError {
            position: 5,
            kind: AmfErrorKind::UnknownMarker(9)
        })
    );
    assert_eq!(read(b"\x02\x00\x02\xFFa").unwrap(), [text("\u{FFFD}a")]);
    // A property with an empty name is one when a value follows it.
    assert_eq!(
        read(b"\x03\x00\x00\x05\x00\x00\x09").unwrap(),
        [Value::Object(vec![(String::new(), Value::Null)])]
    );
    let (value, length) = decode_one(b"\x05\x06", &Limits::default()).unwrap();
    assert_eq!((value, length), (Value::Null, 1));
}

/// What FFmpeg wrote is written the same way.
#[test]
fn metadata_of_ffmpeg_is_rewritten_exactly() {
    for name in ["av.flv", "mp3.flv"] {
        let body = &tags(fixture(name))[0].body;
        assert_eq!(encode_all(&read(body).unwrap())[..], body[..], "{name}");
    }
}

#[test]
fn long_text_is_written_in_the_long_form() {
    let long = "é".repeat(40_000);
    let mut out = Vec::new();
    encode(&text(&long), &mut out);
    assert_eq!(out[..5], [0x0C, 0, 1, 0x38, 0x80]);
    assert_eq!(read(&out).unwrap(), [text(&long)]);
    // A name has no long form: it is cut at a character.
    let object = encode_all(&[Value::Object(vec![(long, Value::Null)])]);
    let read = read(&object).unwrap();
    assert_eq!(read[0].properties().unwrap()[0].0.len(), 65_534);
}

/// R-R3: clients with objectEncoding 3 switch to AMF3 inside commands.
#[test]
fn amf3_values_are_converted() {
    let cases: &[(&[u8], Value)] = &[
        (&[0x00], Value::Undefined),
        (&[0x01], Value::Null),
        (&[0x02], Value::Boolean(false)),
        (&[0x03], Value::Boolean(true)),
        (&[0x04, 0x7F], Value::Number(127.0)),
        (&[0x04, 0x81, 0x00], Value::Number(128.0)),
        (&[0x04, 0xFF, 0xFF, 0xFF, 0xFF], Value::Number(-1.0)),
        (&[0x04, 0xC0, 0x80, 0x80, 0x00], Value::Number(-268_435_456.0)),
        (&[0x05, 0x40, 0x08, 0, 0, 0, 0, 0, 0], Value::Number(3.0)),
        (b"\x06\x05ok", text("ok")),
        (b"\x07\x05<>", Value::Xml("<>".into())),
        (b"\x0B\x05<>", Value::Xml("<>".into())),
        (
            &[0x08, 0x01, 0x40, 0x08, 0, 0, 0, 0, 0, 0],
            Value::Date {
                millis: 3.0,
                timezone: 0,
            },
        ),
        // Two dense elements, the second a reference to the string of the first.
        (
            b"\x09\x05\x01\x06\x03a\x06\x00",
            Value::StrictArray(vec![text("a"), text("a")]),
        ),
        (
            b"\x09\x03\x03k\x01\x01\x02",
            Value::EcmaArray(vec![
                ("k".into(), Value::Null),
                ("0".into(), Value::Boolean(false)),
            ]),
        ),
        // A sealed member and a dynamic one.
        (
            b"\x0A\x1B\x01\x03a\x01\x03b\x02\x01",
            Value::Object(vec![
                ("a".into(), Value::Null),
                ("b".into(), Value::Boolean(false)),
            ]),
        ),
        // A class of one member, then a second object by reference to its traits.
        (
            b"\x09\x05\x01\x0A\x13\x03C\x03a\x01\x0A\x01\x02",
            Value::StrictArray(vec![
                Value::TypedObject {
                    class: "C".into(),
                    properties: vec![("a".into(), Value::Null)],
                },
                Value::TypedObject {
                    class: "C".into(),
                    properties: vec![("a".into(), Value::Boolean(false))],
                },
            ]),
        ),
        (
            &[0x0C, 0x05, 7, 8],
            Value::StrictArray(vec![7.0.into(), 8.0.into()]),
        ),
    ];
    for (input, value) in cases {
        let input = [&[0x05, 0x11], *input, &[0x06]].concat();
        let expected = vec![Value::Null, value.clone(), Value::Undefined];
        assert_eq!(read(&input).as_ref(), Ok(&expected), "{input:02x?}");
        for end in 2..input.len() - 1 {
            assert!(read(&input[..end]).is_err(), "{input:02x?} cut at {end}");
        }
    }
}

#[test]
fn amf3_that_is_not_read_is_an_error() {
    assert_eq!(kind(&[0x11, 0x0D]), AmfErrorKind::Amf3Marker(0x0D));
    assert_eq!(kind(&[0x11, 0x06, 0x02]), AmfErrorKind::Amf3DanglingReference(1));
    assert_eq!(kind(&[0x11, 0x0A, 0x05]), AmfErrorKind::Amf3DanglingReference(1));
    assert_eq!(kind(&[0x11, 0x0A, 0x02]), AmfErrorKind::Amf3ComplexReference);
    assert_eq!(kind(&[0x11, 0x09, 0x00]), AmfErrorKind::Amf3ComplexReference);
    assert_eq!(kind(&[0x11, 0x0A, 0x07]), AmfErrorKind::Amf3Externalizable);
}

/// References to one long string must not make large values out of small input.
#[test]
fn amf3_string_references_count_as_text() {
    let mut input = vec![0x11, 0x09, 0x84, 0x01, 0x01, 0x06, 0x87, 0x69];
    input.extend_from_slice(&[b'x'; 500]);
    input.extend_from_slice(&[0x06, 0x00].repeat(300));
    let limits = Limits {
        bytes: 2_000,
        ..Limits::default()
    };
    assert_eq!(
        decode(&input, &limits).unwrap_err().kind,
        AmfErrorKind::TooLong(2_000)
    );
}

fn any_value() -> impl Strategy<Value = Value> {
    let number = any::<f64>().prop_filter("NaN differs from itself", |number| !number.is_nan());
    let leaf = prop_oneof![
        number.clone().prop_map(Value::Number),
        any::<bool>().prop_map(Value::Boolean),
        ".{0,12}".prop_map(Value::String),
        Just(Value::Null),
        Just(Value::Undefined),
        any::<u16>().prop_map(Value::Reference),
        (number, any::<i16>()).prop_map(|(millis, timezone)| Value::Date { millis, timezone }),
        Just(Value::Unsupported),
        ".{0,12}".prop_map(Value::Xml),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let properties = prop::collection::vec((".{0,6}", inner.clone()), 0..6);
        prop_oneof![
            properties.clone().prop_map(Value::Object),
            properties.clone().prop_map(Value::EcmaArray),
            prop::collection::vec(inner, 0..6).prop_map(Value::StrictArray),
            (".{0,6}", properties).prop_map(|(class, properties)| Value::TypedObject { class, properties }),
        ]
    })
}

proptest! {
    #[test]
    fn written_values_are_read_back(values in prop::collection::vec(any_value(), 0..5)) {
        let bytes = encode_all(&values);
        prop_assert_eq!(read(&bytes), Ok(values));
    }

    #[test]
    fn cut_values_never_panic(value in any_value(), end in any::<prop::sample::Index>()) {
        let bytes = encode_all(&[value]);
        let _ = read(&bytes[..end.index(bytes.len())]);
    }
}
