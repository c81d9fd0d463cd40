//! An uploaded file, sent on as it comes, with ranges (RFC 9110 §14).

use std::ops::Range;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_RANGE, RANGE,
};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::http::problem::Problem;
use crate::recordings::upload::RemoteFile;

/// What of a file is wanted.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Whole,
    Some(Range<u64>),
    /// A range that lies outside.
    Nothing,
}

/// Answers `GET` and `HEAD`.
pub(super) async fn send(file: RemoteFile, method: &Method, asked: &HeaderMap) -> Result<Response, Problem> {
    let tag = file.sha256.as_deref().map(|hash| format!("\"{hash}\""));
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let wanted = wanted(asked, file.bytes, tag.as_deref());
    let (status, range) = match wanted {
        Wanted::Whole => (StatusCode::OK, 0..file.bytes),
        Wanted::Some(range) => {
            let text = format!("bytes {}-{}/{}", range.start, range.end - 1, file.bytes);
            put(&mut headers, CONTENT_RANGE, &text);
            (StatusCode::PARTIAL_CONTENT, range)
        }
        Wanted::Nothing => {
            put(&mut headers, CONTENT_RANGE, &format!("bytes */{}", file.bytes));
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response());
        }
    };
    put(
        &mut headers,
        CONTENT_LENGTH,
        &(range.end - range.start).to_string(),
    );
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(&file.name)));
    if let Some(tag) = tag {
        put(&mut headers, ETAG, &tag);
    }
    let body = match *method {
        Method::HEAD => Body::empty(),
        _ => Body::from_stream(file.read(range).await?),
    };
    Ok((status, headers, body).into_response())
}

fn put(headers: &mut HeaderMap, name: axum::http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "mp4" => "video/mp4",
        "m4a" => "audio/mp4",
        "m4s" => "video/iso.segment",
        "flv" => "video/x-flv",
        "m3u8" => "application/vnd.apple.mpegurl",
        _ => "application/octet-stream",
    }
}

/// Several ranges, and what is no range, are answered with the whole file, which is allowed.
fn wanted(headers: &HeaderMap, size: u64, tag: Option<&str>) -> Wanted {
    let unchanged = headers
        .get(IF_RANGE)
        .is_none_or(|known| tag.is_some_and(|tag| known.as_bytes() == tag.as_bytes()));
    let asked = headers.get(RANGE).and_then(|range| range.to_str().ok());
    match asked
        .filter(|_| unchanged)
        .and_then(|asked| asked.strip_prefix("bytes="))
    {
        Some(asked) => range(asked.trim(), size),
        None => Wanted::Whole,
    }
}

fn range(asked: &str, size: u64) -> Wanted {
    let Some((first, last)) = asked.split_once('-') else {
        return Wanted::Whole;
    };
    let number = |text: &str| match text.bytes().all(|c| c.is_ascii_digit()) {
        // More than any file has.
        true => Some(text.parse().unwrap_or(u64::MAX)),
        false => None,
    };
    let (Some(start), Some(end)) = (number(first), number(last)) else {
        return Wanted::Whole;
    };
    let range = match (first.is_empty(), last.is_empty()) {
        (true, true) => return Wanted::Whole,
        (true, false) => size.saturating_sub(end)..size,
        (false, true) => start..size,
        (false, false) if end < start => return Wanted::Whole,
        (false, false) => start..end.saturating_add(1).min(size),
    };
    if range.start < range.end {
        Wanted::Some(range)
    } else {
        Wanted::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(range: &str, if_range: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        put(&mut headers, RANGE, range);
        if let Some(tag) = if_range {
            put(&mut headers, IF_RANGE, tag);
        }
        headers
    }

    #[test]
    fn ranges_are_read() {
        let of = |text: &str| wanted(&headers(text, None), 10, Some("\"x\""));
        assert_eq!(wanted(&HeaderMap::new(), 10, None), Wanted::Whole);
        for (text, range) in [
            ("bytes=0-3", 0..4),
            ("bytes=4-", 4..10),
            ("bytes=-3", 7..10),
            ("bytes=8-99", 8..10),
            ("bytes=-99", 0..10),
            ("bytes=9-99999999999999999999999", 9..10),
        ] {
            assert_eq!(of(text), Wanted::Some(range), "{text}");
        }
        for text in [
            "bytes=10-",
            "bytes=10-12",
            "bytes=-0",
            "bytes=99999999999999999999999-",
        ] {
            assert_eq!(of(text), Wanted::Nothing, "{text}");
        }
        for text in [
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=3-1",
            "bytes=0-1,3-4",
            "lines=0-1",
            "bytes=+1-2",
        ] {
            assert_eq!(of(text), Wanted::Whole, "{text}");
        }
        let of = |tag: &str| wanted(&headers("bytes=0-0", Some(tag)), 10, Some("\"x\""));
        assert_eq!(of("\"x\""), Wanted::Some(0..1));
        assert_eq!(of("\"y\""), Wanted::Whole, "another file by now");
    }
}
