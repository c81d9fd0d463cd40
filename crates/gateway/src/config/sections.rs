//! The sections of the configuration and their defaults. `config/lianmai.toml` explains every key.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use lianmai_control::calls::CallsConfig;
use lianmai_control::recordings::RecordingFormat;
use lianmai_control::recordings::upload::Download;
use lianmai_control::service::AppLimits;
use lianmai_control::vendor::VendorApp;

use super::Hidden;
use super::load::duration;

/// The whole configuration.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `[log]`
    pub log: LogSection,
    /// `[data]`
    pub data: DataSection,
    /// `[public]`
    pub public: PublicSection,
    /// `[rtmp]`
    pub rtmp: RtmpSection,
    /// `[rtmps]`
    pub rtmps: RtmpsSection,
    /// `[http]`
    pub http: HttpSection,
    /// `[webrtc]`
    pub webrtc: WebrtcSection,
    /// `[turn]`
    pub turn: TurnSection,
    /// `[workers]`
    pub workers: WorkersSection,
    /// `[mixing]`
    pub mixing: MixingSection,
    /// `[metrics]`
    pub metrics: MetricsSection,
    /// `[stream]`
    pub stream: StreamSection,
    /// `[url]`
    pub url: UrlSection,
    /// `[app_limits]`
    pub app_limits: AppLimits,
    /// `[calls]`
    pub calls: CallsSection,
    /// `[recording]`
    pub recording: RecordingSection,
    /// `[bypass]`
    pub bypass: BypassSection,
    /// `[webhook]`
    pub webhook: WebhookSection,
    /// `[vendor]`
    pub vendor: VendorSection,
    /// `[netcall]`
    pub netcall: NetcallSection,
    /// `[console]`
    pub console: ConsoleSection,
    /// `[drain]`
    pub drain: DrainSection,
}

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty = $default:expr,)* }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }
        impl Default for $name {
            fn default() -> $name {
                $name { $($field: $default,)* }
            }
        }
    };
}

section! {
    /// What is logged and how.
    LogSection {
        /// A level, or directives as in `info,lianmai_rtmp=debug`. Reloadable.
        level: String = "info".into(),
        /// Form of a line.
        format: LogFormat = LogFormat::Text,
    }
}

section! {
    /// Where the gateway keeps what it must not lose.
    DataSection {
        /// Directory of the database.
        dir: PathBuf = "data".into(),
    }
}

section! {
    /// How clients reach the gateway: what push and pull URLs say.
    PublicSection {
        /// Host name or address in `rtmp://` URLs.
        host: String = "localhost".into(),
        /// RTMP port in URLs; 1935 is left out of them.
        rtmp_port: u16 = 1935,
        /// RTMPS port in URLs, when RTMPS is reachable; 443 is left out of them.
        rtmps_port: Option<u16> = None,
        /// Scheme, host and port of HTTP URLs; WebSocket URLs follow from it.
        http_url: String = "http://localhost:8080".into(),
    }
}

section! {
    /// RTMP for publishers and players.
    RtmpSection {
        /// Addresses to listen on.
        listen: Vec<SocketAddr> = vec![SocketAddr::from(([0, 0, 0, 0], 1935))],
        /// Time to get past handshake, connect and publish or play.
        #[serde(with = "duration")]
        login_timeout: Duration = Duration::from_secs(10),
        /// Silence of a publisher or player after which it counts as gone.
        #[serde(with = "duration")]
        silent_timeout: Duration = Duration::from_secs(45),
        /// A player that takes nothing for so long is cut off.
        #[serde(with = "duration")]
        write_stall: Duration = Duration::from_secs(30),
        /// Largest message of a publisher, in bytes.
        max_message: usize = 8 << 20,
        /// Connections at a time.
        max_connections: usize = 20_000,
        /// Connections at a time from one address.
        max_connections_per_ip: usize = 10_000,
    }
}

section! {
    /// RTMP over TLS.
    RtmpsSection {
        /// Addresses to listen on; none: no RTMPS.
        listen: Vec<SocketAddr> = Vec::new(),
        /// PEM file with the certificate chain.
        certificate: Option<PathBuf> = None,
        /// PEM file with the private key.
        key: Option<PathBuf> = None,
    }
}

section! {
    /// REST, WebSocket, HTTP-FLV and the watch page.
    HttpSection {
        /// Address to listen on.
        listen: SocketAddr = SocketAddr::from(([0, 0, 0, 0], 8080)),
        /// A client that takes nothing of an answer for so long is cut off.
        #[serde(with = "duration")]
        write_stall: Duration = Duration::from_secs(30),
        /// Origins browsers may call from; `*` is any; none: only pages of the gateway.
        cors_origins: Vec<String> = Vec::new(),
        /// Reverse proxies whose `X-Forwarded-For` is believed.
        trusted_proxies: Vec<std::net::IpAddr> = Vec::new(),
        /// Connections at a time.
        max_connections: usize = 20_000,
        /// Connections at a time from one address.
        max_connections_per_ip: usize = 2_000,
        /// Requests per second from one address.
        requests_per_second_per_ip: u32 = 100,
        /// Requests per second of one app.
        requests_per_second_per_app: u32 = 1_000,
    }
}

section! {
    /// WebRTC: WHIP, WHEP and the signalling of rooms.
    WebrtcSection {
        /// Whether there is any.
        enabled: bool = true,
        /// Where all peers send UDP to.
        listen: SocketAddr = SocketAddr::from(([0, 0, 0, 0], 8_000)),
        /// Where peers without UDP connect to (ICE-TCP); none: not at all.
        tcp_listen: Option<SocketAddr> = None,
        /// Addresses that peers reach the gateway at, when they are not its interfaces'.
        public_addresses: Vec<std::net::IpAddr> = Vec::new(),
        /// Peer connections at a time.
        max_peers: usize = 5_000,
    }
}

section! {
    /// STUN and TURN servers that clients are told.
    TurnSection {
        /// `turn:` and `turns:` URLs, which share one secret.
        servers: Vec<String> = Vec::new(),
        /// `stun:` URLs.
        stun: Vec<String> = Vec::new(),
        /// Whether they may have private, loopback or link-local addresses.
        allow_private: bool = false,
        /// What the TURN servers share with the gateway (coturn: `static-auth-secret`).
        secret: Option<Hidden> = None,
        /// How long credentials are valid.
        #[serde(with = "duration")]
        ttl: Duration = Duration::from_secs(24 * 3_600),
    }
}

section! {
    /// Workers: processes that transcode.
    WorkersSection {
        /// Whether to run one beside the gateway; not set: if its program is there.
        local: Option<bool> = None,
        /// Its program; not set: `lianmai-worker` beside this program, or in `PATH`.
        command: Option<PathBuf> = None,
        /// Cores its jobs may use; not set: all.
        capacity: Option<f64> = None,
        /// Whether it measures at its start what jobs cost, which takes half a second of a core.
        measure: bool = true,
        /// Who its jobs become when the gateway runs as root, as `uid:gid`; not set: nobody.
        user: Option<String> = None,
        /// What workers prove themselves with; not set: only the local worker can.
        secret: Option<Hidden> = None,
        /// Where workers reach RTMP; not set: over loopback.
        rtmp_url: Option<String> = None,
        /// Where the local worker reaches `/internal/worker`; not set: over loopback.
        ws_url: Option<String> = None,
        /// Bits per second of sound for WebRTC.
        opus_bitrate: u32 = 96_000,
        /// Bits per second of sound for RTMP and FLV.
        aac_bitrate: u32 = 128_000,
        /// Bits per second of pictures at most.
        h264_bitrate: u32 = 2_000_000,
        /// Longer side of pictures at most, in pixels.
        h264_max_side: u32 = 1_280,
    }
}

section! {
    /// What the mix of a new room is, until its layout says otherwise.
    MixingSection {
        /// Width in pixels, even.
        width: u32 = 1_280,
        /// Height in pixels, even.
        height: u32 = 720,
        /// Frames per second.
        fps: u32 = 25,
        /// Bits per second of the picture.
        video_bitrate: u32 = 2_000_000,
        /// Bits per second of the sound.
        audio_bitrate: u32 = 128_000,
    }
}

section! {
    /// Prometheus metrics.
    MetricsSection {
        /// Address of a listener for `/metrics` alone; none: no metrics.
        listen: Option<SocketAddr> = Some(SocketAddr::from(([127, 0, 0, 1], 9_090))),
    }
}

section! {
    /// How streams are kept and delivered.
    StreamSection {
        /// Media time held for late and slow players.
        #[serde(with = "duration")]
        ring_time: Duration = Duration::from_secs(10),
        /// Bytes held for late and slow players.
        ring_bytes: usize = 16 << 20,
        /// A player further behind jumps to a newer key frame.
        #[serde(with = "duration")]
        max_backlog: Duration = Duration::from_secs(5),
        /// How long players stay when the publisher is gone.
        #[serde(with = "duration")]
        continue_window: Duration = Duration::from_secs(15),
        /// How long a player may wait for the first publisher.
        #[serde(with = "duration")]
        publisher_wait: Duration = Duration::from_secs(20),
        /// Players are written to at most once in this time.
        #[serde(with = "duration")]
        coalesce: Duration = Duration::from_millis(20),
        /// Streams at a time.
        max_streams: usize = 10_000,
    }
}

section! {
    /// Push and pull URLs.
    UrlSection {
        /// How long a push URL is valid.
        #[serde(with = "duration")]
        push_ttl: Duration = Duration::from_secs(24 * 3_600),
        /// How long a pull URL is valid.
        #[serde(with = "duration")]
        pull_ttl: Duration = Duration::from_secs(24 * 3_600),
    }
}

section! {
    /// Calls: ringing, and coming back.
    CallsSection {
        /// How long whoever is inside a call may be without connection before it leaves; also after a restart.
        #[serde(with = "duration")]
        grace: Duration = CallsConfig::default().grace,
        /// How long it rings when the caller does not say.
        #[serde(with = "duration")]
        ring: Duration = CallsConfig::default().ring,
    }
}

section! {
    /// Recordings.
    RecordingSection {
        /// Whether anything can be recorded.
        enabled: bool = true,
        /// Where files are written; not set: `recordings` in the data directory.
        dir: Option<PathBuf> = None,
        /// Bytes that stay free on that disk: recordings end before, rooms go on.
        min_free: u64 = 1 << 30,
        /// Format, when nobody asks for another: `mp4`, `flv` or `hls`.
        format: RecordingFormat = RecordingFormat::Mp4,
        /// A part ends after this time; `0s`: never.
        #[serde(with = "duration")]
        part_duration: Duration = Duration::from_secs(3_600),
        /// A part ends at this size in bytes; 0: at none.
        part_bytes: u64 = 0,
        /// How long recordings are kept after their end; `0s`: until they are deleted.
        #[serde(with = "duration")]
        retention: Duration = Duration::ZERO,
        /// Recordings at a time.
        max_active: usize = 1_000,
        /// `[recording.upload]`
        upload: UploadSection = UploadSection::default(),
    }
}

section! {
    /// Uploads of recordings to S3-compatible storage.
    UploadSection {
        /// Bucket; none: recordings stay on disk.
        bucket: Option<String> = None,
        /// Scheme, host and port of the storage; not set: Amazon's of the region.
        endpoint: Option<String> = None,
        /// Region.
        region: String = "us-east-1".into(),
        /// Begins the names of all objects.
        prefix: String = String::new(),
        /// Access key id.
        access_key: Option<String> = None,
        /// Its secret.
        secret_key: Option<Hidden> = None,
        /// A file with its secret.
        secret_key_file: Option<PathBuf> = None,
        /// `https://host/bucket/…` instead of `https://bucket.host/…`.
        path_style: bool = true,
        /// Whether the storage may be `http://`.
        allow_http: bool = false,
        /// PEM file with certificates to trust, besides those the web trusts.
        authorities: Option<PathBuf> = None,
        /// Larger files are put in pieces of so many bytes.
        piece_bytes: u64 = 8 << 20,
        /// Pieces and files under way at a time.
        parallel: usize = 4,
        /// Bytes per second of all uploads together at most; 0: as fast as it goes.
        bytes_per_second: u64 = 0,
        /// Time to connect.
        #[serde(with = "duration")]
        connect_timeout: Duration = Duration::from_secs(5),
        /// Time for one request.
        #[serde(with = "duration")]
        timeout: Duration = Duration::from_secs(120),
        /// Wait after the first failure in a row; doubles with each further one.
        #[serde(with = "duration")]
        first_retry: Duration = Duration::from_secs(1),
        /// Longest wait after a failure.
        #[serde(with = "duration")]
        max_retry: Duration = Duration::from_secs(600),
        /// Age at which an upload is given up; its files stay on disk.
        #[serde(with = "duration")]
        give_up: Duration = Duration::from_secs(7 * 24 * 3_600),
        /// Whether files stay on disk when they are uploaded.
        keep_local: bool = false,
        /// Whether every object is read back and compared.
        read_back: bool = false,
        /// `proxy`: uploaded files are had through the gateway; `redirect`: with a signed URL.
        download: Download = Download::Proxy,
        /// How long a signed URL is valid.
        #[serde(with = "duration")]
        url_ttl: Duration = Duration::from_secs(3_600),
    }
}

section! {
    /// Bypass: streams pushed to other servers.
    BypassSection {
        /// Whether targets may have private, loopback or link-local addresses.
        allow_private: bool = false,
        /// PEM file with certificates to trust for `rtmps://`, besides those the web trusts.
        authorities: Option<PathBuf> = None,
        /// Time to look a target up, to connect, and to log in, each.
        #[serde(with = "duration")]
        connect_timeout: Duration = Duration::from_secs(10),
        /// A target that takes nothing of what waits for it for so long counts as gone.
        #[serde(with = "duration")]
        stall: Duration = Duration::from_secs(15),
        /// Wait after the first failure in a row; doubles with each further one.
        #[serde(with = "duration")]
        first_retry: Duration = Duration::from_secs(1),
        /// Longest wait after a failure.
        #[serde(with = "duration")]
        max_retry: Duration = Duration::from_secs(60),
        /// Wait after the first refusal in a row; doubles with each further one.
        #[serde(with = "duration")]
        first_refused_retry: Duration = Duration::from_secs(15),
        /// Longest wait after a refusal.
        #[serde(with = "duration")]
        max_refused_retry: Duration = Duration::from_secs(300),
        /// Refusals in a row after which a target is given up.
        max_refusals: u32 = 12,
        /// A target that has taken media for so long starts anew with the shortest wait.
        #[serde(with = "duration")]
        stable_after: Duration = Duration::from_secs(30),
    }
}

section! {
    /// Webhooks to the apps' servers.
    WebhookSection {
        /// Whether targets may have private, loopback or link-local addresses.
        allow_private: bool = false,
        /// Time for one delivery.
        #[serde(with = "duration")]
        timeout: Duration = Duration::from_secs(5),
        /// How long a failed delivery is tried again.
        #[serde(with = "duration")]
        max_age: Duration = Duration::from_secs(72 * 3_600),
    }
}

section! {
    /// Apps whose clients speak a vendor's protocol.
    VendorSection {
        /// Whether an app's tokens may be `open`: believed whatever they say. For development only.
        allow_open: bool = false,
        /// Whether pages may sign in with the MD5 of their app's secret (`POST /v1/sign-in`), as `CRVideo_Login` does.
        /// Whoever reads such a page can be anybody in the app.
        secret_sign_in: bool = false,
        /// The apps.
        apps: Vec<VendorApp> = Vec::new(),
    }
}

section! {
    /// The gateway that `netcall` clients speak to.
    NetcallSection {
        /// Where clients dial, as `host` or `host:port`; not set: the host of `public.http_url`.
        host: Option<String> = None,
        /// A client that says nothing for so long is gone; it beats every 3 s.
        #[serde(with = "duration")]
        silent_timeout: Duration = Duration::from_secs(12),
        /// Connections without login at a time.
        max_waiting: usize = 1_000,
        /// Connections without login at a time from one address.
        max_waiting_per_ip: usize = 100,
    }
}

section! {
    /// The watch page.
    ConsoleSection {
        /// An app whose rooms the page shows to anybody without a token. It is created, with a generated
        /// secret, when it does not exist. For development only.
        open_app: Option<String> = None,
    }
}

section! {
    /// Shutting down.
    DrainSection {
        /// Time for clients to leave after SIGTERM; then the gateway ends anyway.
        #[serde(with = "duration")]
        deadline: Duration = Duration::from_secs(10),
    }
}
