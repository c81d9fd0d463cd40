//! Checked access to the fields of a JSON object: clients write numbers and flags in several ways.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::LayoutFault;
use crate::PushUrl;
use crate::layout::{Canvas, Colour};

/// Most bytes of JSON text.
const MAX_TEXT: usize = 65_536;

/// An object with bounded access.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a>(&'a Map<String, Value>);

/// The object in a text.
pub(super) fn parse(text: &str) -> Result<Value, LayoutFault> {
    if text.len() > MAX_TEXT {
        return Err(LayoutFault::TooLarge { max: MAX_TEXT });
    }
    serde_json::from_str(text).map_err(|_| LayoutFault::Json)
}

impl<'a> Fields<'a> {
    pub(super) fn of(value: &'a Value) -> Result<Self, LayoutFault> {
        value.as_object().map(Self).ok_or(LayoutFault::Json)
    }

    /// What is there, if it is not `null`.
    fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A whole number in bounds. Fractions, which pages compute, are rounded; text with a number in it counts.
    pub(super) fn int(
        self,
        field: &'static str,
        bounds: RangeInclusive<i64>,
    ) -> Result<Option<i64>, LayoutFault> {
        let Some(value) = self.get(field) else {
            return Ok(None);
        };
        whole(value)
            .filter(|number| bounds.contains(number))
            .map(Some)
            .ok_or(LayoutFault::Field { field })
    }

    /// As [`Self::int`], and it must be there; for bounds that are not negative.
    pub(super) fn need(self, field: &'static str, bounds: RangeInclusive<i64>) -> Result<u32, LayoutFault> {
        let number = self
            .int(field, bounds)?
            .and_then(|number| u32::try_from(number).ok());
        number.ok_or(LayoutFault::Field { field })
    }

    /// `true`, `false`, 1 or 0.
    pub(super) fn flag(self, field: &'static str) -> Result<Option<bool>, LayoutFault> {
        match self.get(field) {
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            _ => Ok(self.int(field, 0..=1)?.map(|number| number == 1)),
        }
    }

    pub(super) fn text(self, field: &'static str) -> Result<Option<&'a str>, LayoutFault> {
        let text = |value: &'a Value| value.as_str().ok_or(LayoutFault::Field { field });
        self.get(field).map(text).transpose()
    }

    pub(super) fn object(self, field: &'static str) -> Result<Option<Self>, LayoutFault> {
        let object = |value: &'a Value| value.as_object().map(Self).ok_or(LayoutFault::Field { field });
        self.get(field).map(object).transpose()
    }

    /// The object under a name that is computed; errors call it `field`.
    pub(super) fn object_at(self, name: &str, field: &'static str) -> Result<Self, LayoutFault> {
        let object = self.get(name).and_then(Value::as_object);
        object.map(Self).ok_or(LayoutFault::Field { field })
    }

    /// The objects of a list.
    pub(super) fn list(self, field: &'static str, max: usize) -> Result<Vec<Self>, LayoutFault> {
        self.get(field)
            .map_or(Ok(Vec::new()), |value| list(value, field, max))
    }

    /// An address to push to.
    pub(super) fn push_url(self, field: &'static str) -> Result<PushUrl, LayoutFault> {
        let text = self.text(field)?.ok_or(LayoutFault::Field { field })?;
        Ok(PushUrl::parse(text)?)
    }
}

/// The objects of a list.
pub(super) fn list<'a>(
    value: &'a Value,
    field: &'static str,
    max: usize,
) -> Result<Vec<Fields<'a>>, LayoutFault> {
    let items = value.as_array().ok_or(LayoutFault::Field { field })?;
    if items.len() > max {
        return Err(LayoutFault::TooMany { field, max });
    }
    let object = |item: &'a Value| item.as_object().map(Fields).ok_or(LayoutFault::Field { field });
    items.iter().map(object).collect()
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let near = number.as_f64()?.round();
            // So far from the ends of i64 that nothing is lost.
            (near.abs() < 1e15).then_some(near as i64)
        }),
        Value::String(text) if text.len() <= 20 => text.trim().parse().ok(),
        _ => None,
    }
}

/// Even width and height; vendors allow odd ones.
pub(super) fn sized(canvas: Canvas, width: u32, height: u32) -> Canvas {
    Canvas {
        width: width & !1,
        height: height & !1,
        ..canvas
    }
}

/// `#RRGGBB` or `#RRGGBBAA`: the colour, and whether it can be seen.
pub(super) fn colour(text: &str) -> Option<(Colour, bool)> {
    let (rgb, alpha) = match (text.len(), text.split_at_checked(7)) {
        (7, Some((rgb, _))) => (rgb, None),
        (9, Some((rgb, alpha))) => (rgb, Some(u8::from_str_radix(alpha, 16).ok()?)),
        _ => return None,
    };
    Some((Colour::try_from(rgb.to_owned()).ok()?, alpha != Some(0)))
}
