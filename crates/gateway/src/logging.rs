//! Log lines on standard error, with a level that can be changed while running.

use std::io::IsTerminal;

use anyhow::Context;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::config::{LogFormat, LogSection};

/// Libraries that log what passes through them, passwords and tokens too, at lower levels, or every harmless surprise of a
/// handshake: they do so only when named.
const QUIET: &str = "tungstenite=info,tokio_tungstenite=info,hyper=info,hyper_util=info,h2=info,reqwest=info,\
    rustls=info,sqlx=info,rtc=warn,rtc_ice=warn,rtc_srtp=warn,rtc_sctp=warn,rtc_dtls=error";

/// Changes the level of what is logged.
pub(crate) struct LogLevel {
    handle: reload::Handle<EnvFilter, Registry>,
}

/// Starts logging.
///
/// # Errors
/// When the level makes no sense or logging was started before.
pub(crate) fn start(section: &LogSection) -> anyhow::Result<LogLevel> {
    let (filter, handle) = reload::Layer::new(parse(&section.level)?);
    let lines = match section.format {
        LogFormat::Text => fmt::layer()
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr)
            .boxed(),
        LogFormat::Json => fmt::layer().json().with_writer(std::io::stderr).boxed(),
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init()?;
    Ok(LogLevel { handle })
}

/// Checks a level without starting anything.
///
/// # Errors
/// When it makes no sense. A word without `=` must be a level: as the name of a module it would silence all others.
pub(crate) fn parse(level: &str) -> anyhow::Result<EnvFilter> {
    anyhow::ensure!(!level.trim().is_empty(), "log.level is empty");
    for word in level
        .split(',')
        .map(str::trim)
        .filter(|w| !w.contains(['=', '[']))
    {
        word.parse::<LevelFilter>()
            .map_err(|_| anyhow::anyhow!("log.level: {word:?} is no level"))?;
    }
    EnvFilter::try_new(format!("{QUIET},{level}"))
        .with_context(|| format!("log.level: {level:?} is no level"))
}

impl LogLevel {
    /// Takes over another level.
    ///
    /// # Errors
    /// When it makes no sense; the present one then stays.
    pub(crate) fn set(&self, level: &str) -> anyhow::Result<()> {
        self.handle.reload(parse(level)?)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_level_is_no_module() {
        for good in ["info", "off", "info,lianmai_rtmp=debug", "lianmai_rtmp=trace"] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for bad in ["", "loud", "info,verbose", "lianmai_rtmp=loud"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
