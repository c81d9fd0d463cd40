//! What a worker writes, into the gateway's log. Its lines are bounded in length and in number.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::Instant;

/// Longest line, in bytes; longer ones are cut into several.
const MAX_LINE: usize = 2_048;
/// Lines per second. A decoder fed with rubbish has a lot to say.
const LINES: u32 = 50;
/// Where its lines come from, in the gateway's log.
const TARGET: &str = "lianmai_worker";
const SECOND: Duration = Duration::from_secs(1);

/// Logs what comes out of `pipe` until it closes.
pub(super) async fn forward(pipe: Option<impl AsyncRead + Unpin>) {
    let Some(mut pipe) = pipe else { return };
    let mut lines = Lines::default();
    let mut budget = Budget::new(Instant::now());
    let mut buffer = [0; 4_096];
    while let Ok(read @ 1..) = pipe.read(&mut buffer).await {
        lines.push(buffer.get(..read).unwrap_or_default(), |line| {
            log(line, &mut budget)
        });
    }
    lines.finish(|line| log(line, &mut budget));
}

fn log(line: &str, budget: &mut Budget) {
    if !budget.spend(Instant::now()) {
        metrics::counter!("lianmai_worker_log_lines_dropped_total").increment(1);
        return;
    }
    match serde_json::from_str::<Entry>(line) {
        Ok(entry) => entry.log(),
        // A job's last words, or a crash's.
        Err(_) => tracing::warn!(target: TARGET, "{line}"),
    }
}

/// One entry of the worker's own log, in the JSON of `tracing-subscriber`.
#[derive(Debug, Deserialize)]
struct Entry {
    level: String,
    fields: serde_json::Map<String, Value>,
}

impl Entry {
    fn log(&self) {
        let text = self.text();
        match self.level.as_str() {
            "ERROR" => tracing::error!(target: TARGET, "{text}"),
            "WARN" => tracing::warn!(target: TARGET, "{text}"),
            "DEBUG" => tracing::debug!(target: TARGET, "{text}"),
            "TRACE" => tracing::trace!(target: TARGET, "{text}"),
            _ => tracing::info!(target: TARGET, "{text}"),
        }
    }

    /// The message, then the other fields.
    fn text(&self) -> String {
        let message = self.fields.get("message").and_then(Value::as_str);
        let others = self.fields.iter().filter(|(name, _)| *name != "message");
        let others = others.map(|(name, value)| match value {
            Value::String(value) => format!(" {name}={value}"),
            value => format!(" {name}={value}"),
        });
        std::iter::once(message.unwrap_or_default().to_owned())
            .chain(others)
            .collect()
    }
}

/// Cuts bytes into lines of clean text.
#[derive(Default)]
struct Lines {
    line: Vec<u8>,
}

impl Lines {
    fn push(&mut self, bytes: &[u8], mut out: impl FnMut(&str)) {
        for &byte in bytes {
            if byte == b'\n' || self.line.len() >= MAX_LINE {
                self.finish(&mut out);
            }
            if byte != b'\n' {
                self.line.push(byte);
            }
        }
    }

    fn finish(&mut self, mut out: impl FnMut(&str)) {
        let text = String::from_utf8_lossy(&self.line);
        // Colours and other controls have no place in a log.
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        if !text.trim().is_empty() {
            out(&text);
        }
        self.line.clear();
    }
}

/// So many lines in each second.
struct Budget {
    since: Instant,
    left: u32,
}

impl Budget {
    fn new(now: Instant) -> Self {
        Self {
            since: now,
            left: LINES,
        }
    }

    fn spend(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.since) >= SECOND {
            *self = Self::new(now);
        }
        let some_left = self.left > 0;
        self.left = self.left.saturating_sub(1);
        some_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut out) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece, |line| out.push(line.to_owned()));
        }
        lines.finish(|line| out.push(line.to_owned()));
        out
    }

    #[test]
    fn lines_are_whole_clean_and_bounded() {
        assert_eq!(
            lines(&[b"one\ntw", b"o\r\n\n\x1b[31mthree"]),
            ["one", "two", "[31mthree"]
        );
        assert_eq!(lines(&[b"\xff\xfe\n"]), ["\u{fffd}\u{fffd}"]);
        let long = lines(&[&[b'x'; 10_000]]);
        assert_eq!(long.iter().map(String::len).max(), Some(MAX_LINE));
        assert_eq!(long.iter().map(String::len).sum::<usize>(), 10_000);
    }

    #[test]
    fn the_workers_own_log_is_understood() {
        let line = r#"{"timestamp":"x","level":"WARN","fields":{"message":"failed","job":7,"reason":"no"},"target":"t"}"#;
        let entry: Entry = serde_json::from_str(line).unwrap();
        assert_eq!(
            (entry.level.as_str(), entry.text().as_str()),
            ("WARN", "failed job=7 reason=no")
        );
        for other in ["thread 'main' panicked", "{}", "[1]", ""] {
            assert!(serde_json::from_str::<Entry>(other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_flood_is_dropped_and_passes() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        assert_eq!((0..1_000).filter(|_| budget.spend(start)).count(), 50);
        assert!(budget.spend(start + SECOND));
    }
}
