//! Bodies of the look-ups: `application/x-www-form-urlencoded`, read once, each field at most once.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

use super::refusal::Refusal;

/// Largest body.
pub(super) const MAX_BODY: usize = 16 * 1024;
/// Most fields of a body; clients send eleven.
const MAX_FIELDS: usize = 32;

/// The fields of a form.
#[derive(Debug)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a body.
    pub(super) fn read(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Self, Refusal> {
        let kind = headers
            .get(CONTENT_TYPE)
            .map(|value| value.to_str().unwrap_or_default());
        let essence = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
        if essence.is_some_and(|essence| !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")) {
            return Err(Refusal::invalid("content_type"));
        }
        let body = body.map_err(|_| Refusal::invalid("body"))?;
        let mut fields: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(&body) {
            let known = fields.iter().any(|(known, _)| *known == name);
            if known || fields.len() >= MAX_FIELDS {
                return Err(Refusal::invalid("body"));
            }
            fields.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(fields))
    }

    /// A field that must be there, not empty, and at most `max` bytes.
    pub(super) fn need(&self, name: &'static str, max: usize) -> Result<&str, Refusal> {
        let value = self.0.iter().find(|(known, _)| known == name);
        let value = value.map(|(_, value)| value.as_str());
        value
            .filter(|value| !value.is_empty() && value.len() <= max)
            .ok_or(Refusal::invalid(name))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn read(kind: &'static str, body: &'static str) -> Result<Form, Refusal> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
        Form::read(&headers, Ok(Bytes::from_static(body.as_bytes())))
    }

    #[test]
    fn fields_are_decoded_and_bounded() {
        let kind = "application/x-www-form-urlencoded; charset=utf-8";
        let form = read(kind, "uid=12&channelName=%E6%88%BF+1&empty=").unwrap();
        assert_eq!(form.need("uid", 15), Ok("12"));
        assert_eq!(form.need("channelName", 64), Ok("房 1"));
        for (name, max) in [("empty", 9), ("absent", 9), ("uid", 1)] {
            assert_eq!(form.need(name, max), Err(Refusal::invalid(name)));
        }
        assert!(read(kind, "uid=1&uid=2").is_err());
        assert!(read("application/json", "{}").is_err());
        let many: String = (0..40).map(|n| format!("f{n}=1&")).collect();
        assert!(read(kind, many.leak()).is_err());
    }
}
