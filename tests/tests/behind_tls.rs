//! The gateway behind nginx with the reference configuration `config/nginx-tls.conf`: https, wss, HTTP-FLV, WHIP's
//! addresses, and whose limits count.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use lianmai_tests::media::{Source, decode};
use lianmai_tests::{Api, Certificate, Gateway, Process, gateway, wait};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio_rustls::TlsConnector;

const LIMIT: Duration = Duration::from_secs(15);
const REFERENCE: &str = include_str!("../../config/nginx-tls.conf");

struct Proxied {
    gateway: Gateway,
    address: SocketAddr,
    certificate: Certificate,
    _nginx: Process,
    _files: tempfile::TempDir,
}

impl Proxied {
    async fn start(settings: &[&str]) -> Proxied {
        let files = tempfile::tempdir().unwrap();
        let certificate = Certificate::make(files.path());
        let [address] = gateway::free_ports();
        let url = format!("public.http_url=https://localhost:{}", address.port());
        let mut all = vec![url.as_str(), "http.trusted_proxies=[\"127.0.0.1\"]"];
        all.extend(settings);
        let gateway = Gateway::start_with(&all).await;
        let site = reference(&[
            ("server 127.0.0.1:8080;", format!("server {};", gateway.http)),
            ("listen 443 ssl;", format!("listen {address} ssl;")),
            ("live.example.com;", "localhost;".to_owned()),
            (
                "/etc/lianmai/tls/fullchain.pem",
                certificate.chain_file.display().to_string(),
            ),
            (
                "/etc/lianmai/tls/privkey.pem",
                certificate.key_file.display().to_string(),
            ),
        ]);
        let dir = files.path().display().to_string();
        let config = format!(
            "daemon off; master_process off; pid {dir}/nginx.pid; error_log stderr;\n\
             events {{ worker_connections 256; }}\nhttp {{\n{site}\n}}\n"
        );
        let file = files.path().join("nginx.conf");
        std::fs::write(&file, config).unwrap();
        let file = file.display().to_string();
        let nginx = Process::start("/usr/sbin/nginx", ["-p", &dir, "-c", &file, "-e", "stderr"]);
        wait::until("nginx listens", LIMIT, || async {
            tokio::net::TcpStream::connect(address).await.ok()
        })
        .await;
        Proxied {
            gateway,
            address,
            certificate,
            _nginx: nginx,
            _files: files,
        }
    }

    fn base(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// An HTTP client that trusts the test's authority, and comes from this address.
    fn client(&self, from: IpAddr) -> reqwest::Client {
        let authority = reqwest::Certificate::from_der(&self.certificate.authority).unwrap();
        reqwest::Client::builder()
            .add_root_certificate(authority)
            .local_address(from)
            .build()
            .unwrap()
    }

    /// Frames of `/v1/ws` by wss.
    async fn socket(&self, token: &str) -> impl futures_util::Stream<Item = Value> + Unpin + use<> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.authority.clone()).unwrap();
        let tls = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tcp = tokio::net::TcpStream::connect(self.address).await.unwrap();
        let name = "localhost".try_into().unwrap();
        let stream = TlsConnector::from(Arc::new(tls))
            .connect(name, tcp)
            .await
            .unwrap();
        let url = format!("wss://localhost/v1/ws?access_token={token}");
        let (socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
        Box::pin(
            socket.filter_map(
                |message| async move { serde_json::from_str(message.ok()?.to_text().ok()?).ok() },
            ),
        )
    }
}

/// The reference configuration with these values of a test in place of its own, each of which must be there once.
fn reference(changes: &[(&str, String)]) -> String {
    let lines = REFERENCE
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let text = lines.collect::<Vec<_>>().join("\n");
    changes.iter().fold(text, |text, (old, new)| {
        assert_eq!(text.matches(old).count(), 1, "{old}");
        text.replace(old, new)
    })
}

/// What apps use: REST and events, URLs that say https and wss, and a picture over HTTP-FLV that ffmpeg decodes.
#[tokio::test]
async fn a_room_works_over_tls() {
    let proxied = Proxied::start(&[]).await;
    let token = proxied.gateway.api().await.token().to_owned();
    let client = proxied.client(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let api = Api::with_client(proxied.base(), token, client);
    let room = api.create_room(json!({"name": "tls"})).await;
    let ann = proxied.gateway.token(&["--account", "ann"]).await;
    let mut events = proxied.socket(&ann).await;
    assert_eq!(events.next().await.unwrap()["event"], "hello");
    let (stream, push, _) = room.publisher("ann").await;
    let pull = room.pull(&stream).await;
    let [flv, ws] = ["http_flv", "ws_flv"].map(|key| lianmai_tests::api::text(&pull, key));
    assert!(flv.starts_with(&proxied.base()), "{flv}");
    assert!(ws.starts_with(&proxied.base().replace("https", "wss")), "{ws}");
    let _publisher = Source::default().publish(&push);
    let file = proxied._files.path().join("played.flv");
    let ca = proxied.certificate.authority_file.display().to_string();
    let [target, name] = [file.display().to_string(), flv];
    Process::start(
        "ffmpeg",
        [
            "-hide_banner",
            "-loglevel",
            "error",
            "-tls_verify",
            "1",
            "-ca_file",
            &ca,
            "-i",
            &name,
            "-t",
            "2",
            "-c",
            "copy",
            "-y",
            &target,
        ],
    )
    .succeed(LIMIT)
    .await;
    let (pictures, samples) = decode(&file).await;
    assert!(
        pictures >= 45 && samples >= 80_000,
        "{pictures} pictures, {samples} samples"
    );
}

/// Limits count for the client, not for the proxy: one that is over its pace does not slow another. And the workers'
/// entrance is closed.
#[tokio::test]
async fn limits_are_each_clients_own() {
    let proxied = Proxied::start(&["http.requests_per_second_per_ip=5"]).await;
    let [greedy, other] = [2, 3].map(|last| proxied.client(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last))));
    let rooms = format!("{}/v1/rooms", proxied.base());
    let mut refused = false;
    for _ in 0..60 {
        refused |= greedy.get(&rooms).send().await.unwrap().status() == 429;
    }
    assert!(refused);
    assert_eq!(
        other.get(&rooms).send().await.unwrap().status(),
        401,
        "asked for a token, not for patience"
    );
    let internal = format!("{}/internal/worker", proxied.base());
    assert_eq!(other.get(&internal).send().await.unwrap().status(), 404);
}
