//! Taking over what can change while running.

use super::build::{Gateway, service_config};
use crate::cli::ConfigArgs;
use crate::command::configuration;
use crate::config::Config;
use crate::logging::LogLevel;

/// Reads the configuration again and takes over what can change without cutting anybody off. A mistake in it
/// changes nothing.
pub(super) async fn reload(args: &ConfigArgs, config: &mut Config, level: &LogLevel, gateway: &Gateway) {
    let new = match configuration(args) {
        Ok(new) => new,
        Err(error) => {
            tracing::error!(
                error = format!("{error:#}"),
                "the configuration is not taken over"
            );
            return;
        }
    };
    if let Err(error) = level.set(&new.log.level) {
        tracing::error!(error = format!("{error:#}"), "the log level is not taken over");
    }
    if let Err(error) = gateway.service.reload(&service_config(&new)).await {
        tracing::error!(%error, "the service's settings are not taken over");
    }
    for section in needs_restart(config, &new) {
        tracing::warn!(section, "changes take effect at the next start");
    }
    *config = new;
    tracing::info!("configuration reloaded");
}

/// Sections with changes that a running gateway cannot take over.
fn needs_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    let mut sections = Vec::new();
    let mut check = |name, same: bool| {
        if !same {
            sections.push(name);
        }
    };
    check("data", old.data == new.data);
    check("rtmp", old.rtmp == new.rtmp);
    check("rtmps", old.rtmps == new.rtmps);
    check("http", old.http == new.http);
    check("webrtc", old.webrtc == new.webrtc);
    check("turn", old.turn == new.turn);
    check("workers", old.workers == new.workers);
    check("mixing", old.mixing == new.mixing);
    check("metrics", old.metrics == new.metrics);
    check("stream", old.stream == new.stream);
    check("calls", old.calls == new.calls);
    check("recording", old.recording == new.recording);
    check("bypass", old.bypass == new.bypass);
    check("webhook", old.webhook == new.webhook);
    check("vendor", old.vendor == new.vendor);
    check("netcall", old.netcall == new.netcall);
    check("console", old.console == new.console);
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_a_restart_is_named() {
        let old = Config::default();
        let mut new = old.clone();
        new.log.level = "debug".into();
        new.public.host = "live.example".into();
        assert!(needs_restart(&old, &new).is_empty());
        new.http.max_connections = 7;
        assert_eq!(needs_restart(&old, &new), ["http"]);
    }
}
