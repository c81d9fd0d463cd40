//! What a configuration must fulfil beyond its types, and how mistakes are told.

use std::path::PathBuf;
use std::time::Duration;

use lianmai_control::recordings::upload::RemoteConfig;
use lianmai_control::vendor::TokenPolicy;
use lianmai_control::webrtc::names_private_address;
use lianmai_control::workers::WorkerSecret;
use lianmai_rooms::layout::{Canvas, SceneError};

use super::Config;
use super::sections::MixingSection;

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file does not exist.
    #[error("{}: no such file", .0.display())]
    NoFile(PathBuf),
    /// Keys that are unknown or have the wrong type: one line each with source, key and reason.
    #[error("{}", .0.join("\n"))]
    Source(Vec<String>),
    /// A value that makes no sense.
    #[error("{source_name}: {key}: {reason}")]
    Value {
        /// Where it comes from: a file, the environment or a flag.
        source_name: String,
        /// The key with its section.
        key: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl ConfigError {
    pub(super) fn from_figment(error: figment::Error) -> ConfigError {
        let lines = error.into_iter().map(|error| {
            let source = error.metadata.as_ref().and_then(super::load::source_name);
            let source = source.unwrap_or_else(|| "default".to_owned());
            format!("{source}: {}: {}", error.path.join("."), error.kind)
        });
        ConfigError::Source(lines.collect())
    }
}

impl Config {
    /// Checks what types cannot express.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for the first key that makes no sense.
    pub fn check(&self) -> Result<(), ConfigError> {
        demand(
            crate::logging::parse(&self.log.level).is_ok(),
            "log.level",
            "is no level such as \"info\" or \"info,lianmai_rtmp=debug\"",
        )?;
        let positive = [
            ("rtmp.login_timeout", self.rtmp.login_timeout.as_millis()),
            ("rtmp.silent_timeout", self.rtmp.silent_timeout.as_millis()),
            ("rtmp.write_stall", self.rtmp.write_stall.as_millis()),
            ("rtmp.max_connections", self.rtmp.max_connections as u128),
            (
                "rtmp.max_connections_per_ip",
                self.rtmp.max_connections_per_ip as u128,
            ),
            ("http.write_stall", self.http.write_stall.as_millis()),
            ("http.max_connections", self.http.max_connections as u128),
            (
                "http.requests_per_second_per_ip",
                u128::from(self.http.requests_per_second_per_ip),
            ),
            (
                "http.requests_per_second_per_app",
                u128::from(self.http.requests_per_second_per_app),
            ),
            ("stream.ring_time", self.stream.ring_time.as_millis()),
            ("stream.max_backlog", self.stream.max_backlog.as_millis()),
            ("stream.max_streams", self.stream.max_streams as u128),
            ("url.push_ttl", self.url.push_ttl.as_millis()),
            ("url.pull_ttl", self.url.pull_ttl.as_millis()),
            ("webhook.timeout", self.webhook.timeout.as_millis()),
            ("bypass.connect_timeout", self.bypass.connect_timeout.as_millis()),
            ("bypass.stall", self.bypass.stall.as_millis()),
            ("bypass.first_retry", self.bypass.first_retry.as_millis()),
            (
                "bypass.first_refused_retry",
                self.bypass.first_refused_retry.as_millis(),
            ),
            ("bypass.max_refusals", u128::from(self.bypass.max_refusals)),
            ("webrtc.max_peers", self.webrtc.max_peers as u128),
            ("netcall.max_waiting", self.netcall.max_waiting as u128),
            (
                "netcall.max_waiting_per_ip",
                self.netcall.max_waiting_per_ip as u128,
            ),
        ];
        for (key, value) in positive {
            demand(value > 0, key, "must be greater than zero")?;
        }
        demand(
            (64 * 1024..=16 << 20).contains(&self.rtmp.max_message),
            "rtmp.max_message",
            "must be from 65536 to 16777216",
        )?;
        demand(
            self.stream.ring_bytes >= 1 << 20,
            "stream.ring_bytes",
            "must be at least 1048576",
        )?;
        demand(
            self.stream.max_backlog <= self.stream.ring_time,
            "stream.max_backlog",
            "must not be longer than stream.ring_time",
        )?;
        demand(
            self.stream.coalesce.as_millis() <= 1_000,
            "stream.coalesce",
            "must be at most 1s",
        )?;
        demand(!self.rtmp.listen.is_empty(), "rtmp.listen", "names no address")?;
        let tls_files = self.rtmps.certificate.is_some() && self.rtmps.key.is_some();
        demand(
            self.rtmps.listen.is_empty() || tls_files,
            "rtmps.listen",
            "needs rtmps.certificate and rtmps.key",
        )?;
        demand(
            self.bypass.max_retry >= self.bypass.first_retry,
            "bypass.max_retry",
            "must not be shorter than bypass.first_retry",
        )?;
        demand(
            self.bypass.max_refused_retry >= self.bypass.first_refused_retry,
            "bypass.max_refused_retry",
            "must not be shorter than bypass.first_refused_retry",
        )?;
        let dialled = |host: &str| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
            !host.is_empty() && host.len() <= 253 && host.chars().all(allowed)
        };
        demand(
            self.netcall.host.as_deref().is_none_or(dialled),
            "netcall.host",
            "is not a host name or address, perhaps with a port",
        )?;
        demand(
            (4..=600).contains(&self.netcall.silent_timeout.as_secs()),
            "netcall.silent_timeout",
            "must be from 4s to 10m: clients say something every 3s",
        )?;
        self.check_turn()?;
        self.check_calls()?;
        self.check_vendor()?;
        self.check_upload()?;
        self.check_workers()?;
        if let Err(error) = self.mixing.canvas().check() {
            let key = match error {
                SceneError::Fps => "mixing.fps",
                SceneError::Bitrate => "mixing.video_bitrate",
                _ => "mixing.width",
            };
            demand(false, key, &error.to_string())?;
        }
        self.check_public()
    }

    fn check_turn(&self) -> Result<(), ConfigError> {
        let is = |url: &String, schemes: &[&str]| {
            let named = schemes.iter().any(|scheme| {
                let host = url.strip_prefix(scheme).and_then(|rest| rest.strip_prefix(':'));
                host.is_some_and(|host| !host.is_empty())
            });
            // They travel in headers between angle brackets.
            named && url.chars().all(|c| c.is_ascii_graphic() && !"<>\"\\".contains(c))
        };
        let turn = &self.turn;
        demand(
            turn.servers.iter().all(|url| is(url, &["turn", "turns"])),
            "turn.servers",
            "must hold URLs such as turn:turn.example.com:3478?transport=udp",
        )?;
        demand(
            turn.stun.iter().all(|url| is(url, &["stun", "stuns"])),
            "turn.stun",
            "must hold URLs such as stun:stun.example.com:3478",
        )?;
        demand(
            turn.servers.is_empty() || turn.secret.is_some(),
            "turn.servers",
            "needs turn.secret",
        )?;
        for (key, urls) in [("turn.servers", &turn.servers), ("turn.stun", &turn.stun)] {
            demand(
                turn.allow_private || !urls.iter().any(|url| names_private_address(url)),
                key,
                "names a private address; set turn.allow_private if clients are to be sent there",
            )?;
        }
        let minutes = turn.ttl.as_secs() / 60;
        demand(
            (1..=7 * 24 * 60).contains(&minutes),
            "turn.ttl",
            "must be from 1m to 7d",
        )
    }

    fn check_calls(&self) -> Result<(), ConfigError> {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        demand(
            (1_000..=3_600_000).contains(&millis(self.calls.grace)),
            "calls.grace",
            "must be from 1s to 1h",
        )?;
        demand(
            lianmai_rooms::call::ring_time(millis(self.calls.ring)).is_some(),
            "calls.ring",
            "must be from 1s to 2m",
        )
    }

    fn check_vendor(&self) -> Result<(), ConfigError> {
        let vendor = &self.vendor;
        let key = "vendor.apps";
        let mut seen = std::collections::BTreeSet::new();
        for app in &vendor.apps {
            let plain = app
                .key
                .chars()
                .all(|c| c.is_ascii_graphic() && !"/@?%\"".contains(c));
            demand(
                (1..=128).contains(&app.key.len()) && plain,
                key,
                "a key is 1 to 128 letters, digits and signs such as # and -",
            )?;
            demand(seen.insert(&app.key), key, "a key is named twice")?;
            let host = app
                .domain
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || ".-".contains(c));
            demand(
                host && (1..=128).contains(&app.domain.len()),
                key,
                "domain is no host name",
            )?;
            demand(
                app.tokens != TokenPolicy::Open || vendor.allow_open,
                key,
                "tokens = \"open\" believes whatever a client says; set vendor.allow_open if that is meant",
            )?;
            let hook = app.hook.as_ref().is_none_or(|hook| {
                url::Url::parse(hook).is_ok_and(|url| {
                    let plain = url.username().is_empty() && url.password().is_none();
                    matches!(url.scheme(), "http" | "https") && url.has_host() && plain
                })
            });
            demand(
                hook,
                key,
                "hook must be http:// or https:// with a host and no login",
            )?;
            demand(
                (app.tokens == TokenPolicy::Hook) == app.hook.is_some(),
                key,
                "tokens = \"hook\" and hook go together",
            )?;
        }
        Ok(())
    }

    fn check_upload(&self) -> Result<(), ConfigError> {
        let upload = &self.recording.upload;
        let key = "recording.upload.bucket";
        let Some(bucket) = &upload.bucket else {
            return Ok(());
        };
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
        let is_bucket = (3..=63).contains(&bucket.len()) && bucket.chars().all(is_name);
        demand(is_bucket, key, "is no name of a bucket")?;
        let has_secret = upload.secret_key.is_some() || upload.secret_key_file.is_some();
        demand(
            upload.access_key.as_ref().is_some_and(|id| !id.is_empty()) && has_secret,
            key,
            "needs recording.upload.access_key and secret_key or secret_key_file",
        )?;
        let is_endpoint = upload.endpoint.as_ref().is_none_or(|endpoint| {
            url::Url::parse(endpoint).is_ok_and(|url| {
                let plain = url.query().is_none() && url.username().is_empty() && url.password().is_none();
                let scheme = url.scheme() == "https" || (upload.allow_http && url.scheme() == "http");
                scheme && plain && url.has_host() && url.path() == "/"
            })
        });
        demand(
            is_endpoint,
            "recording.upload.endpoint",
            "must be https:// (http:// only with allow_http) with a host, and nothing behind it",
        )?;
        let is_part = |part: &str| !part.is_empty() && part != "." && part != "..";
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=".contains(c);
        let prefix = &upload.prefix;
        demand(
            prefix.is_empty() || prefix.split('/').all(is_part) && prefix.chars().all(is_plain),
            "recording.upload.prefix",
            "must be of letters, digits and -_.= with slashes between",
        )?;
        demand(
            (RemoteConfig::MIN_PIECE..=1 << 30).contains(&upload.piece_bytes),
            "recording.upload.piece_bytes",
            "must be from 5242880 to 1073741824",
        )?;
        demand(
            (1..=64).contains(&upload.parallel),
            "recording.upload.parallel",
            "must be from 1 to 64",
        )?;
        let rate = upload.bytes_per_second;
        demand(
            rate == 0 || rate >= RemoteConfig::MIN_BYTES_PER_SECOND,
            "recording.upload.bytes_per_second",
            "must be at least 16384, or 0 for no limit",
        )?;
        for (key, span) in [
            ("recording.upload.connect_timeout", upload.connect_timeout),
            ("recording.upload.timeout", upload.timeout),
            ("recording.upload.first_retry", upload.first_retry),
            ("recording.upload.give_up", upload.give_up),
        ] {
            demand(!span.is_zero(), key, "must be greater than zero")?;
        }
        demand(
            upload.max_retry >= upload.first_retry,
            "recording.upload.max_retry",
            "must not be shorter than recording.upload.first_retry",
        )?;
        demand(
            (1..=7 * 24 * 3_600).contains(&upload.url_ttl.as_secs()),
            "recording.upload.url_ttl",
            "must be from 1s to 7d",
        )
    }

    fn check_workers(&self) -> Result<(), ConfigError> {
        let workers = &self.workers;
        if let Some(Err(error)) = workers.secret.as_ref().map(|s| WorkerSecret::parse(s.expose())) {
            demand(false, "workers.secret", &error.to_string())?;
        }
        let is = |url: &Option<String>, schemes: [&str; 2], path: &str| {
            let Some(url) = url else { return true };
            url::Url::parse(url).is_ok_and(|url| {
                let plain = url.query().is_none() && url.username().is_empty() && url.password().is_none();
                schemes.contains(&url.scheme())
                    && url.has_host()
                    && plain
                    && url.path().trim_end_matches('/') == path
            })
        };
        demand(
            is(&workers.rtmp_url, ["rtmp", "rtmps"], ""),
            "workers.rtmp_url",
            "must be rtmp:// or rtmps:// with a host, and nothing behind it",
        )?;
        demand(
            is(&workers.ws_url, ["ws", "wss"], "/internal/worker"),
            "workers.ws_url",
            "must be ws:// or wss:// with a host and /internal/worker",
        )?;
        demand(
            workers
                .capacity
                .is_none_or(|cores| cores > 0.0 && cores <= 4_096.0),
            "workers.capacity",
            "must be a number of cores greater than zero",
        )?;
        let is_user = |user: &str| {
            let ids = user
                .split_once(':')
                .map(|(uid, gid)| [uid, gid].map(str::parse::<u32>));
            ids.is_some_and(|ids| ids.iter().all(|id| id.as_ref().is_ok_and(|id| *id > 0)))
        };
        demand(
            workers.user.as_deref().is_none_or(is_user),
            "workers.user",
            "must be two numbers, uid:gid, and not root's",
        )?;
        let ranges = [
            ("workers.opus_bitrate", workers.opus_bitrate, 6_000..=510_000),
            ("workers.aac_bitrate", workers.aac_bitrate, 16_000..=512_000),
            ("workers.h264_bitrate", workers.h264_bitrate, 50_000..=50_000_000),
            ("workers.h264_max_side", workers.h264_max_side, 160..=7_680),
        ];
        for (key, value, range) in ranges {
            let reason = format!("must be from {} to {}", range.start(), range.end());
            demand(range.contains(&value), key, &reason)?;
        }
        Ok(())
    }

    fn check_public(&self) -> Result<(), ConfigError> {
        let host = &self.public.host;
        let allowed = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        demand(
            !host.is_empty() && host.len() <= 253 && host.chars().all(allowed),
            "public.host",
            "is not a host name or address",
        )?;
        let url = url::Url::parse(&self.public.http_url).map_err(|error| ConfigError::Value {
            source_name: String::new(),
            key: "public.http_url",
            reason: error.to_string(),
        })?;
        demand(
            matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none(),
            "public.http_url",
            "must be http:// or https:// with a host, and nothing behind it",
        )?;
        for origin in &self.http.cors_origins {
            let parsed = url::Url::parse(origin).is_ok_and(|u| u.origin().ascii_serialization() == *origin);
            demand(
                origin == "*" || parsed,
                "http.cors_origins",
                "must hold origins such as https://a.example",
            )?;
        }
        Ok(())
    }
}

impl MixingSection {
    /// The canvas it says.
    pub(crate) fn canvas(&self) -> Canvas {
        Canvas {
            width: self.width,
            height: self.height,
            fps: self.fps,
            video_bitrate: self.video_bitrate,
            audio_bitrate: self.audio_bitrate,
            ..Canvas::default()
        }
    }
}

fn demand(holds: bool, key: &'static str, reason: &str) -> Result<(), ConfigError> {
    if holds {
        Ok(())
    } else {
        Err(ConfigError::Value {
            source_name: String::new(),
            key,
            reason: reason.to_owned(),
        })
    }
}
