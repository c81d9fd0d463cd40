//! Samples into JSON lines, and their medians into a Markdown table.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use crate::peers::Server;
use crate::scenario::{Point, Sample, Scenario};

/// Everything measured so far.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<(Point, Server, Vec<Sample>)>,
    lines: Option<File>,
}

type Column = (&'static str, usize, fn(&Sample) -> Option<f64>);

/// Title, decimals, value.
const COLUMNS: [Column; 13] = [
    ("ms/GB", 0, |sample| sample.ms_per_gb),
    ("p50 ms", 1, |sample| sample.latency_p50_ms),
    ("p99 ms", 1, |sample| sample.latency_p99_ms),
    ("Gb/s", 2, |sample| sample.gigabits_per_second),
    ("server %", 0, |sample| sample.server_cpu_percent),
    ("load %", 0, |sample| sample.load_cpu_percent),
    ("others %", 0, |sample| sample.other_cpu_percent),
    ("kB/player", 1, |sample| sample.kb_per_player),
    ("kB/stalled", 1, |sample| sample.kb_per_stalled),
    ("starved", 0, |sample| sample.starved),
    ("gaps", 0, |sample| sample.gaps),
    ("start ms", 1, |sample| sample.start_ms),
    ("idle MB", 1, |sample| sample.idle_mb),
];

impl Report {
    /// Also appends every sample to the file `lines` as soon as it is there.
    pub(crate) fn new(lines: Option<&Path>) -> Result<Self> {
        let open = |path: &Path| {
            let file = File::options().create(true).append(true).open(path);
            file.with_context(|| format!("open {}", path.display()))
        };
        Ok(Self {
            rows: Vec::new(),
            lines: lines.map(open).transpose()?,
        })
    }

    /// Adds one sample.
    pub(crate) fn add(&mut self, point: Point, server: Server, run: usize, sample: Sample) -> Result<()> {
        if let Some(file) = &mut self.lines {
            let line = json!({
                "scenario": point.scenario, "server": server.name(), "players": point.players,
                "coalesce_ms": point.coalesce, "stalled": point.stalled, "run": run, "sample": sample,
            });
            writeln!(file, "{line}")?;
        }
        match self
            .rows
            .iter_mut()
            .find(|(at, by, _)| *at == point && *by == server)
        {
            Some((_, _, samples)) => samples.push(sample),
            None => self.rows.push((point, server, vec![sample])),
        }
        Ok(())
    }

    /// The medians, with the cost relative to the floor and to nginx at the same point.
    pub(crate) fn table(&self) -> String {
        let mut table =
            String::from("| scenario | players | coalesce ms | server | runs | × floor | × nginx |");
        COLUMNS
            .iter()
            .for_each(|(title, ..)| table.push_str(&format!(" {title} |")));
        table.push_str("\n|---|---:|---:|---|---:|---:|---:|");
        table.push_str(&"---:|".repeat(COLUMNS.len()));
        for (point, server, samples) in &self.rows {
            let name = format!("{:?}", point.scenario).to_lowercase();
            let (players, runs) = (point.players, samples.len());
            let coalesce = match (server, point.scenario) {
                (Server::Nginx, _) | (_, Scenario::Startup) => "–".to_owned(),
                _ => point.coalesce.to_string(),
            };
            table.push_str(&format!(
                "\n| {name} | {players} | {coalesce} | {} | {runs} |",
                server.name()
            ));
            for other in [Server::Floor, Server::Nginx] {
                table.push_str(&format!(" {} |", cell(self.ratio(point, *server, other), 2)));
            }
            for (_, decimals, value) in COLUMNS {
                table.push_str(&format!(" {} |", cell(median(samples, value), decimals)));
            }
        }
        table.push('\n');
        table
    }

    fn ratio(&self, point: &Point, server: Server, other: Server) -> Option<f64> {
        let cost = |server| {
            let (_, _, samples) = self
                .rows
                .iter()
                .find(|(at, by, _)| at == point && *by == server)?;
            median(samples, |sample| sample.ms_per_gb)
        };
        Some(cost(server)? / cost(other)?)
    }
}

/// A value for a table.
pub(crate) fn cell(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.decimals$}"))
}

/// The median of what the samples have.
pub(crate) fn median<T>(samples: &[T], value: impl Fn(&T) -> Option<f64>) -> Option<f64> {
    let mut values: Vec<f64> = samples.iter().filter_map(value).collect();
    values.sort_by(f64::total_cmp);
    let (low, high) = (
        values.get(values.len().checked_sub(1)? / 2)?,
        values.get(values.len() / 2)?,
    );
    Some((low + high) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_absence() {
        let sample = |cost| Sample {
            ms_per_gb: cost,
            ..Sample::default()
        };
        let cost = |sample: &Sample| sample.ms_per_gb;
        assert_eq!(median(&[sample(None)], cost), None);
        assert_eq!(
            median(
                &[
                    sample(Some(9.0)),
                    sample(None),
                    sample(Some(1.0)),
                    sample(Some(2.0))
                ],
                cost
            ),
            Some(2.0)
        );
        assert_eq!(median(&[sample(Some(1.0)), sample(Some(2.0))], cost), Some(1.5));
    }
}
