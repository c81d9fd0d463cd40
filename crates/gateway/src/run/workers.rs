//! From the section `[workers]` to a service that takes workers and a worker beside the gateway.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::Context;
use lianmai_control::workers::{WorkerSecret, Workers, WorkersConfig};

use crate::config::Config;
use crate::worker::{LocalWorker, PROGRAM, locate};

/// Settings of the service; `rtmp` is where the gateway listens.
pub(super) fn workers_config(config: &Config, rtmp: &[SocketAddr]) -> anyhow::Result<WorkersConfig> {
    let section = &config.workers;
    let secret = section.secret.as_ref();
    let secret = secret.map(|secret| WorkerSecret::parse(secret.expose()));
    let rtmp_base = match &section.rtmp_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!(
            "rtmp://{}",
            reachable(rtmp).context("rtmp.listen names no address")?
        ),
    };
    if secret.is_some() && section.rtmp_url.is_none() {
        tracing::warn!(
            rtmp_base,
            "workers.secret lets workers in from elsewhere, but workers.rtmp_url does not say how they reach RTMP"
        );
    }
    Ok(WorkersConfig {
        secret: secret.transpose().context("workers.secret")?,
        rtmp_base,
        opus_bitrate: section.opus_bitrate,
        aac_bitrate: section.aac_bitrate,
        h264_bitrate: section.h264_bitrate,
        h264_max_side: section.h264_max_side,
        ..WorkersConfig::default()
    })
}

/// The worker to run beside the gateway; `None`: none is wanted, or none is there. `http` is where the gateway listens.
pub(super) fn local_worker(
    config: &Config,
    workers: &Workers,
    http: SocketAddr,
) -> anyhow::Result<Option<LocalWorker>> {
    let section = &config.workers;
    if section.local == Some(false) {
        return Ok(None);
    }
    let Some(command) = program(section.command.as_ref()) else {
        if section.local == Some(true) {
            anyhow::bail!("workers.local: {PROGRAM} is neither beside this program nor in PATH");
        }
        if section.secret.is_none() {
            tracing::warn!(
                "transcoding is off: {PROGRAM} is neither beside this program nor in PATH, and without \
                 workers.secret no worker can come from elsewhere"
            );
        }
        return Ok(None);
    };
    let gateway = match &section.ws_url {
        Some(url) => url.clone(),
        None => format!("ws://{}/internal/worker", loopback(http)),
    };
    Ok(Some(LocalWorker {
        command,
        gateway,
        secret: workers.secret().clone(),
        capacity: section.capacity,
        measure: section.measure,
        user: section.user.clone(),
        log: config.log.level.clone(),
    }))
}

fn program(configured: Option<&PathBuf>) -> Option<PathBuf> {
    configured.cloned().or_else(|| {
        let own = std::env::current_exe().ok();
        locate(own.as_deref(), std::env::var_os("PATH").as_deref())
    })
}

/// The first listener that this machine reaches over loopback, or else the first.
fn reachable(listeners: &[SocketAddr]) -> Option<SocketAddr> {
    let local = |address: &&SocketAddr| address.ip().is_unspecified() || address.ip().is_loopback();
    let best = listeners.iter().find(local).or_else(|| listeners.first());
    best.map(|address| loopback(*address))
}

/// Where this machine reaches what listens on `address`.
fn loopback(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_reach_the_gateway_over_loopback_where_they_can() {
        let of = |listen: &[&str]| {
            let listen: Vec<SocketAddr> = listen.iter().map(|a| a.parse().unwrap()).collect();
            workers_config(&Config::default(), &listen).unwrap().rtmp_base
        };
        assert_eq!(of(&["0.0.0.0:1935"]), "rtmp://127.0.0.1:1935");
        assert_eq!(of(&["[::]:1936"]), "rtmp://[::1]:1936");
        assert_eq!(of(&["192.0.2.7:1935", "127.0.0.1:1937"]), "rtmp://127.0.0.1:1937");
        assert_eq!(of(&["192.0.2.7:1935"]), "rtmp://192.0.2.7:1935");
        let mut config = Config::default();
        config.workers.rtmp_url = Some("rtmps://live.example/".to_owned());
        assert_eq!(
            workers_config(&config, &[]).unwrap().rtmp_base,
            "rtmps://live.example"
        );
    }
}
