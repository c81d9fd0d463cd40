//! The gateway: everything that knows its command line, configuration and API is in this file.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Need, Running, Settings, Stream, Wire};
use crate::client::{Target, Via};
use crate::http;
use crate::machine::free_port;
use crate::process::Process;

const APP: &str = "bench";

pub(super) fn start(need: &Need, settings: &Settings) -> Result<Running> {
    let (process, folder, api) = launch(settings)?;
    let streams = (0..need.streams)
        .map(|index| {
            api.stream(index, need)
                .with_context(|| format!("set up stream {index}"))
        })
        .collect::<Result<_>>()?;
    Ok(Running {
        process,
        streams,
        _folder: folder,
    })
}

/// A gateway with one stream that viewers get over WebRTC.
pub(crate) struct Whep {
    pub(crate) process: Process,
    pub(crate) push: Target,
    pub(crate) server: SocketAddr,
    /// Path and query of the WHEP endpoint.
    pub(crate) path: String,
    _folder: TempDir,
}

/// Starts a gateway for viewers over WebRTC.
pub(crate) fn start_whep(settings: &Settings) -> Result<Whep> {
    let (process, folder, api) = launch(settings)?;
    let (published, pull) = api.publish(0)?;
    Ok(Whep {
        process,
        push: rtmp_target(api.rtmp, text(&published, "url")?)?,
        server: ([127, 0, 0, 1], api.port).into(),
        path: format!("/{}", path(text(&pull, "whep")?)?),
        _folder: folder,
    })
}

fn launch(settings: &Settings) -> Result<(Process, TempDir, Api)> {
    let binary = &settings.lianmai;
    ensure!(
        binary.exists(),
        "{} is missing: build it, or leave lianmai out of --servers",
        binary.display()
    );
    let folder = tempfile::tempdir()?;
    let (rtmp, http) = (free_port()?, free_port()?);
    let config = folder.path().join("lianmai.toml");
    fs::write(&config, configuration(folder.path(), rtmp, http))?;
    output(binary, &config, &["app", "create", APP])?;
    let mut command = Command::new(binary);
    command.arg("serve").arg("--config").arg(&config);
    let process = Process::start(command, rtmp, settings.cores())?;
    let token = output(
        binary,
        &config,
        &["token", "--app", APP, "--account", "bench", "--server"],
    )?;
    let api = Api {
        rtmp,
        port: http,
        token,
    };
    Ok((process, folder, api))
}

/// Defaults but for addresses, quiet logs, and limits that keep one address from opening thousands of connections.
fn configuration(folder: &Path, rtmp: u16, http: u16) -> String {
    let data = folder.display();
    format!(
        "[log]
level = \"error\"

[data]
dir = \"{data}\"

[rtmp]
listen = [\"127.0.0.1:{rtmp}\"]
max_connections_per_ip = 20000

[http]
listen = \"127.0.0.1:{http}\"
max_connections_per_ip = 20000
requests_per_second_per_ip = 10000
requests_per_second_per_app = 10000

[webrtc]
listen = \"127.0.0.1:0\"
public_addresses = [\"127.0.0.1\"]
max_peers = 20000

[workers]
local = false

[metrics]
listen = \"127.0.0.1:0\"
"
    )
}

/// What a subcommand prints.
fn output(binary: &Path, config: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new(binary)
        .args(arguments)
        .arg("--config")
        .arg(config)
        .output()?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "lianmai {}: {complaint}",
        arguments.join(" ")
    );
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

struct Api {
    rtmp: u16,
    port: u16,
    token: String,
}

impl Api {
    /// Makes a room with one member who publishes one stream. What the gateway says about pushing and pulling it.
    fn publish(&self, index: usize) -> Result<(Value, Value)> {
        let room = format!("bench{index}");
        self.post("/v1/rooms", &json!({ "id": room }))?;
        let joined = self.post(
            &format!("/v1/rooms/{room}/members"),
            &json!({ "account": format!("camera{index}"), "role": "talker" }),
        )?;
        let member = find(&joined, "member").context("no member in the answer")?;
        let published = self.post(
            &format!("/v1/rooms/{room}/streams"),
            &json!({ "member": member, "kind": "camera" }),
        )?;
        let stream = find(&published, "id")
            .and_then(Value::as_str)
            .context("no stream in the answer")?;
        let pull = self.post(&format!("/v1/rooms/{room}/streams/{stream}/pull-url"), &json!({}))?;
        Ok((published, pull))
    }

    fn stream(&self, index: usize, need: &Need) -> Result<Stream> {
        let (published, pull) = self.publish(index)?;
        let play = match need.wire {
            Wire::Rtmp => rtmp_target(self.rtmp, &with_coalesce(text(&pull, "rtmp")?, need.coalesce))?,
            Wire::Flv => {
                let url = with_coalesce(text(&pull, "http_flv")?, need.coalesce);
                Target::local(
                    self.port,
                    Via::Flv {
                        path: format!("/{}", path(&url)?),
                    },
                )
            }
        };
        Ok(Stream {
            push: Some(rtmp_target(self.rtmp, text(&published, "url")?)?),
            play,
        })
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        http::json(
            ([127, 0, 0, 1], self.port).into(),
            "POST",
            path,
            &self.token,
            body,
        )
    }
}

fn with_coalesce(url: &str, milliseconds: u32) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}coalesce={milliseconds}")
}

/// URLs name the public host; the benchmark goes to the port it chose.
fn rtmp_target(port: u16, url: &str) -> Result<Target> {
    let (app, name) = path(url)?
        .split_once('/')
        .with_context(|| format!("no stream in {url}"))?;
    Ok(Target::local(
        port,
        Via::Rtmp {
            app: app.to_owned(),
            name: name.to_owned(),
        },
    ))
}

/// What follows the host, without the slash.
fn path(url: &str) -> Result<&str> {
    let after = url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
    Ok(after.with_context(|| format!("not a URL: {url}"))?.1)
}

fn text<'a>(answer: &'a Value, key: &str) -> Result<&'a str> {
    find(answer, key)
        .and_then(Value::as_str)
        .with_context(|| format!("no {key} in {answer}"))
}

/// The first value of this name at any depth.
fn find<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Object(fields) => fields
            .get(key)
            .or_else(|| fields.values().find_map(|inner| find(inner, key))),
        Value::Array(items) => items.iter().find_map(|inner| find(inner, key)),
        _ => None,
    }
}
