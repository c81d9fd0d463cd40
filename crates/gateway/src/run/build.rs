//! Puts the parts of a gateway together.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use lianmai_bridge::{Bridge, BridgeConfig};
use lianmai_control::calls::CallsConfig;
use lianmai_control::flv::{self, FlvState};
use lianmai_control::http::{self, CorsPolicy, HttpConfig, HttpState, MetricsAccess, Rate};
use lianmai_control::recordings::RecordingConfig;
use lianmai_control::service::{AppPolicy, Service, ServiceConfig};
use lianmai_control::store::{Store, StoreConfig};
use lianmai_control::vendor::{NetcallConfig, VendorConfig};
use lianmai_control::webrtc::{IceConfig, TurnSecret, WebrtcConfig};
use lianmai_hub::{Hub, HubConfig};
use lianmai_rooms::AppId;
use lianmai_rtmp::protocol::{ChunkLimits, Keepalive, Seed, ServerConfig};
use lianmai_rtmp::server::{RtmpServer, RtmpServerConfig, tls_acceptor};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::bypass::bypass_config;
use super::upload::upload_config;
use super::workers::{local_worker, workers_config};
use crate::config::Config;
use crate::worker::{Restarts, supervise};

/// The parts of a running gateway that must be told to end.
pub(super) struct Gateway {
    pub(super) hub: Hub,
    pub(super) service: Arc<Service>,
    pub(super) rtmp: RtmpServer,
    pub(super) http: HttpState,
    /// Peers; `None` without WebRTC.
    pub(super) bridge: Option<Bridge>,
    /// Listeners; they end when told to stop.
    pub(super) tasks: JoinSet<()>,
    /// Probes and metrics; they go on while the gateway drains, and end with this.
    pub(super) probes: JoinSet<()>,
}

pub(super) async fn build(config: &Config, stop: &CancellationToken) -> anyhow::Result<Gateway> {
    // Addresses first: a port in use is the commonest mistake, and nothing has been touched yet.
    let mut rtmp_listeners = Vec::new();
    for address in &config.rtmp.listen {
        rtmp_listeners.push((bind(*address, "rtmp.listen").await?, None));
    }
    for address in &config.rtmps.listen {
        let (Some(certificate), Some(key)) = (&config.rtmps.certificate, &config.rtmps.key) else {
            anyhow::bail!("rtmps.listen needs rtmps.certificate and rtmps.key");
        };
        let tls = tls_acceptor(certificate, key).context("rtmps")?;
        rtmp_listeners.push((bind(*address, "rtmps.listen").await?, Some(tls)));
    }
    let http_listener = bind(config.http.listen, "http.listen").await?;
    let metrics_listener = match config.metrics.listen {
        Some(address) => Some(bind(address, "metrics.listen").await?),
        None => None,
    };
    let metrics = crate::metrics::install()?;

    let hub = Hub::new(hub_config(config));
    let bridge = match config.webrtc.enabled {
        true => {
            let bridge = Bridge::start(bridge_config(config), hub.clone()).await;
            Some(
                bridge
                    .with_context(|| format!("webrtc.listen: cannot listen on {}", config.webrtc.listen))?,
            )
        }
        false => None,
    };
    let store = open_store(config).await?;
    let rtmp_addresses: Result<Vec<_>, _> = rtmp_listeners
        .iter()
        .filter(|(_, tls)| tls.is_none())
        .map(|(listener, _)| listener.local_addr())
        .collect();
    let service_config = ServiceConfig {
        workers: workers_config(config, &rtmp_addresses?)?,
        bypass: bypass_config(config)?,
        recording: RecordingConfig {
            upload: upload_config(config)?,
            ..recording_config(config)
        },
        ..service_config(config)
    };
    let service = Service::open(service_config, store, hub.clone())
        .await
        .context("service")?;
    if let Some(bridge) = &bridge {
        service.serve_webrtc(bridge.clone(), webrtc_config(config));
    }
    let open_app = open_app(config, &service).await?;

    let access = service.access();
    let rtmp = RtmpServer::new(rtmp_config(config), hub.clone(), access.clone(), || {
        Seed(rand::random())
    });
    let mut tasks = JoinSet::new();
    for (listener, tls) in rtmp_listeners {
        let rtmp = rtmp.clone();
        tasks.spawn(async move { rtmp.serve(listener, tls).await });
    }

    let http_config = http_config(config, open_app);
    let render = metrics.clone();
    let state = HttpState::new(
        service.clone(),
        http_config.clone(),
        Arc::new(move || render.render()),
        stop.clone(),
    );
    let play = flv::router(FlvState {
        hub: hub.clone(),
        authoriser: access,
    });
    let router = http::router(state.clone(), play);
    let local_worker = local_worker(config, service.workers(), http_listener.local_addr()?)?;
    let (http_stop, grace) = (stop.clone(), config.drain.deadline);
    tasks.spawn(async move { http::serve(http_listener, router, &http_config, http_stop, grace).await });

    // After the listeners, so that its first attempt succeeds.
    if let Some(worker) = local_worker {
        tasks.spawn(supervise(worker, Restarts::default(), stop.clone()));
    }

    let mut probes = JoinSet::new();
    if let Some(listener) = metrics_listener {
        let (router, limits) = (http::metrics_router(state.clone()), HttpConfig::default());
        let never = CancellationToken::new();
        probes.spawn(async move { http::serve(listener, router, &limits, never, Duration::ZERO).await });
    }
    probes.spawn(crate::metrics::upkeep(metrics, bridge.clone()));
    Ok(Gateway {
        hub,
        service,
        rtmp,
        http: state,
        bridge,
        tasks,
        probes,
    })
}

async fn bind(address: std::net::SocketAddr, key: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("{key}: cannot listen on {address}"))
}

/// The database in the data directory, which is made if need be.
pub(crate) async fn open_store(config: &Config) -> anyhow::Result<Store> {
    let dir = &config.data.dir;
    std::fs::create_dir_all(dir).with_context(|| format!("data.dir: {}", dir.display()))?;
    Store::open(&StoreConfig::file(dir.join("lianmai.db")))
        .await
        .context("database")
}

async fn open_app(config: &Config, service: &Service) -> anyhow::Result<Option<AppId>> {
    let Some(id) = &config.console.open_app else {
        return Ok(None);
    };
    let id = AppId::parse(id).context("console.open_app")?;
    tracing::warn!(
        app = id.as_str(),
        "the watch page is open to everybody: for development only"
    );
    service
        .ensure_app(id.clone(), AppPolicy::default())
        .await
        .context("console.open_app")?;
    Ok(Some(id))
}

fn hub_config(config: &Config) -> HubConfig {
    let stream = &config.stream;
    HubConfig {
        ring_time: stream.ring_time,
        ring_bytes: stream.ring_bytes,
        max_backlog: stream.max_backlog,
        continue_window: stream.continue_window,
        publisher_wait: stream.publisher_wait,
        coalesce: stream.coalesce,
        max_streams: stream.max_streams,
        ..HubConfig::default()
    }
}

/// Session descriptions of a room's connection have a line per track of every other member, with all codecs each.
const MAX_SDP: usize = 256 * 1024;

fn bridge_config(config: &Config) -> BridgeConfig {
    let webrtc = &config.webrtc;
    BridgeConfig {
        udp: webrtc.listen,
        tcp: webrtc.tcp_listen,
        public_addresses: webrtc.public_addresses.clone(),
        max_peers: webrtc.max_peers,
        max_sdp: MAX_SDP,
        ..BridgeConfig::default()
    }
}

fn webrtc_config(config: &Config) -> WebrtcConfig {
    let turn = &config.turn;
    let secret = turn.secret.as_ref();
    WebrtcConfig {
        ice: IceConfig {
            stun: turn.stun.clone(),
            turn: turn.servers.clone(),
            secret: secret.map(|secret| TurnSecret::new(secret.expose().to_owned())),
            ttl: turn.ttl,
        },
        max_sdp: MAX_SDP,
    }
}

fn rtmp_config(config: &Config) -> RtmpServerConfig {
    let rtmp = &config.rtmp;
    RtmpServerConfig {
        session: ServerConfig {
            login_timeout: rtmp.login_timeout,
            keepalive: Keepalive {
                ping_after: rtmp.silent_timeout / 3,
                silent_after: rtmp.silent_timeout,
            },
            limits_after: ChunkLimits {
                max_message: rtmp.max_message,
                ..ChunkLimits::after_login()
            },
            ..ServerConfig::default()
        },
        max_connections: rtmp.max_connections,
        max_connections_per_ip: rtmp.max_connections_per_ip,
        write_stall: rtmp.write_stall,
        ..RtmpServerConfig::default()
    }
}

pub(super) fn service_config(config: &Config) -> ServiceConfig {
    let defaults = ServiceConfig::default();
    ServiceConfig {
        rtmp_host: config.public.host.clone(),
        rtmp_port: config.public.rtmp_port,
        rtmps_port: config.public.rtmps_port,
        http_base: config.public.http_url.trim_end_matches('/').to_owned(),
        push_url_ttl: config.url.push_ttl,
        pull_url_ttl: config.url.pull_ttl,
        default_limits: config.app_limits.clone(),
        webhook: lianmai_control::webhook::WebhookConfig {
            timeout: config.webhook.timeout,
            max_age: config.webhook.max_age,
            ..defaults.webhook
        },
        allow_private_targets: config.webhook.allow_private,
        recording: recording_config(config),
        calls: CallsConfig {
            grace: config.calls.grace,
            ring: config.calls.ring,
        },
        mix_canvas: config.mixing.canvas(),
        vendor: VendorConfig {
            apps: config.vendor.apps.clone(),
            secret_sign_in: config.vendor.secret_sign_in,
        },
        ..defaults
    }
}

fn recording_config(config: &Config) -> RecordingConfig {
    let recording = &config.recording;
    let dir = recording
        .dir
        .clone()
        .unwrap_or_else(|| config.data.dir.join("recordings"));
    let unless_zero = |span: Duration| (!span.is_zero()).then_some(span);
    RecordingConfig {
        dir: recording.enabled.then_some(dir),
        min_free: recording.min_free,
        format: recording.format,
        part_duration: unless_zero(recording.part_duration),
        part_bytes: (recording.part_bytes > 0).then_some(recording.part_bytes),
        retention: unless_zero(recording.retention),
        max_active: recording.max_active,
        upload: None,
    }
}

fn http_config(config: &Config, open_app: Option<AppId>) -> HttpConfig {
    let http = &config.http;
    let defaults = HttpConfig::default();
    let rate = |per_second: u32| Rate::new(per_second, per_second.saturating_mul(2));
    let cors = match http.cors_origins.as_slice() {
        [] => CorsPolicy::SameOrigin,
        origins if origins.iter().any(|o| o == "*") => CorsPolicy::Any,
        origins => CorsPolicy::Origins(origins.iter().filter_map(|o| o.parse().ok()).collect()),
    };
    HttpConfig {
        write_stall: http.write_stall,
        max_connections: http.max_connections,
        max_connections_per_ip: http.max_connections_per_ip,
        rate_per_ip: rate(http.requests_per_second_per_ip),
        rate_per_app: rate(http.requests_per_second_per_app),
        trusted_proxies: http.trusted_proxies.clone(),
        cors,
        metrics: MetricsAccess::Denied,
        open_app,
        netcall: netcall_config(config),
        ..defaults
    }
}

fn netcall_config(config: &Config) -> NetcallConfig {
    let netcall = &config.netcall;
    NetcallConfig {
        host: netcall.host.clone(),
        silent_after: netcall.silent_timeout,
        max_waiting: netcall.max_waiting,
        max_waiting_per_ip: netcall.max_waiting_per_ip,
        ..NetcallConfig::default()
    }
}
