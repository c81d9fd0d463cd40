//! Medians of the runs as a Markdown table.

use super::measure::{Point, Sample, Server};
use crate::report::{cell, median};

/// All runs of one server at one point.
pub(crate) struct Row {
    pub(crate) point: Point,
    pub(crate) server: Server,
    pub(crate) samples: Vec<Sample>,
}

type Column = (&'static str, usize, fn(&Sample) -> Option<f64>);

/// Title, decimals, value.
const COLUMNS: [Column; 15] = [
    ("µs/packet", 2, |sample| Some(sample.us_per_packet)),
    ("viewers/core", 0, |sample| Some(sample.viewers_per_core)),
    ("packets/s", 0, |sample| Some(sample.packets_per_second)),
    ("kb/s each", 0, |sample| Some(sample.bits_per_viewer / 1000.0)),
    ("server %", 0, |sample| Some(sample.server_percent)),
    ("load %", 0, |sample| Some(sample.load_percent)),
    ("others %", 0, |sample| Some(sample.other_percent)),
    ("lost %", 3, |sample| Some(sample.lost_percent)),
    ("starved", 0, |sample| Some(sample.starved)),
    ("kB/viewer", 0, |sample| sample.kb_per_viewer),
    ("p50 ms", 1, |sample| sample.latency_p50_ms),
    ("p99 ms", 1, |sample| sample.latency_p99_ms),
    ("decrypted p50 ms", 1, |sample| sample.decrypted_p50_ms),
    ("first p50 ms", 0, |sample| sample.first_picture_p50_ms),
    ("first p99 ms", 0, |sample| sample.first_picture_p99_ms),
];

/// The medians, with the cost relative to the floor with segmentation at the same point.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut table = String::from("| kb/s | viewers | feedback | server | runs | × gso |");
    for (title, ..) in COLUMNS {
        table.push_str(&format!(" {title} |"));
    }
    table.push_str("\n|---:|---:|---|---|---:|---:|");
    table.push_str(&"---:|".repeat(COLUMNS.len()));
    for row in rows {
        let point = &row.point;
        let feedback = match (row.server, point.feedback) {
            (Server::Lianmai, true) => "all".to_owned(),
            (Server::Lianmai, false) => point.sampled.to_string(),
            _ => "–".to_owned(),
        };
        let server = format!("{:?}", row.server).to_lowercase();
        table.push_str(&format!(
            "\n| {} | {} | {feedback} | {server} | {} | {} |",
            point.bitrate / 1000,
            point.viewers,
            row.samples.len(),
            cell(ratio(rows, row), 2)
        ));
        for (_, decimals, value) in COLUMNS {
            table.push_str(&format!(" {} |", cell(median(&row.samples, value), decimals)));
        }
    }
    table.push('\n');
    table
}

fn ratio(rows: &[Row], row: &Row) -> Option<f64> {
    let floor = rows
        .iter()
        .find(|other| other.point == row.point && other.server == Server::Gso)?;
    let cost = |row: &Row| median(&row.samples, |sample| Some(sample.us_per_packet));
    Some(cost(row)? / cost(floor)?)
}
