//! RTMP over TLS (R-P4) with a certificate of a test authority for `localhost` and 127.0.0.1.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lianmai_rtmp::client::{ClientError, DialOptions, RtmpClient};
use lianmai_rtmp::protocol::{Purpose, RtmpUrl};
use lianmai_tests::media::Source;
use lianmai_tests::rtmp::{next_media, open, seed};
use lianmai_tests::{Certificate, Gateway, Process, gateway, wait};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const LIMIT: Duration = Duration::from_secs(15);

/// A gateway with an RTMPS listener, and what its clients must trust.
struct Secured {
    gateway: Gateway,
    address: SocketAddr,
    root: rustls::pki_types::CertificateDer<'static>,
    _files: tempfile::TempDir,
}

impl Secured {
    async fn start() -> Secured {
        let files = tempfile::tempdir().unwrap();
        let certificate = Certificate::make(files.path());
        let [address] = gateway::free_ports();
        let gateway = Gateway::start_with(&[
            &format!("rtmps.listen=[\"{address}\"]"),
            &format!("public.rtmps_port={}", address.port()),
            &format!("rtmps.certificate={}", certificate.chain_file.display()),
            &format!("rtmps.key={}", certificate.key_file.display()),
        ])
        .await;
        Secured {
            gateway,
            address,
            root: certificate.authority,
            _files: files,
        }
    }

    /// The same URL over TLS, to this host name.
    fn url(&self, url: &str, host: &str) -> String {
        let plain = format!("rtmp://{}", self.gateway.rtmp);
        let secured = url.replacen(&plain, &format!("rtmps://{host}:{}", self.address.port()), 1);
        assert!(secured.starts_with("rtmps://"), "{url}");
        secured
    }

    /// The project's client, trusting `root` alone.
    async fn dial(
        &self,
        url: &str,
        root: rustls::pki_types::CertificateDer<'static>,
        purpose: Purpose,
    ) -> Result<RtmpClient, ClientError> {
        let mut roots = RootCertStore::empty();
        roots.add(root).unwrap();
        let tls = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let options = DialOptions {
            tls: Some(Arc::new(tls)),
            ..DialOptions::default()
        };
        RtmpClient::open(&RtmpUrl::parse(url).unwrap(), purpose, options, seed()).await
    }

    async fn connections(&self) -> f64 {
        self.gateway
            .metric("lianmai_connections", "protocol=\"rtmps\"")
            .await
    }
}

/// ffmpeg publishes over RTMPS; ffmpeg over RTMPS, the project's client over RTMPS and over plain RTMP play it, and
/// what is recorded decodes cleanly.
#[tokio::test]
async fn ffmpeg_publishes_and_plays_over_tls() {
    let secured = Secured::start().await;
    let room = secured
        .gateway
        .api()
        .await
        .create_room(json!({"name": "tls"}))
        .await;
    let (stream, push, pull) = room.publisher("ann").await;
    let mut publisher = Source::default().publish(&secured.url(&push, "127.0.0.1"));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("played.flv");
    let player = lianmai_tests::media::record(&secured.url(&pull, "localhost"), 2.0, &file);
    let mut own = secured
        .dial(
            &secured.url(&pull, "localhost"),
            secured.root.clone(),
            Purpose::Play,
        )
        .await
        .unwrap();
    let mut plain = open(&pull, Purpose::Play).await.unwrap();
    for player in [&mut own, &mut plain] {
        next_media(player, LIMIT).await.unwrap();
    }
    assert_eq!(room.stream(&stream).await["stats"]["protocol"], "rtmps");
    assert_eq!(
        secured.connections().await,
        3.0,
        "publisher, ffmpeg and the own client"
    );
    player.succeed(LIMIT).await;
    let (pictures, samples) = lianmai_tests::media::decode(&file).await;
    assert!(
        pictures >= 45 && samples >= 80_000,
        "{pictures} pictures, {samples} samples"
    );
    lianmai_tests::media::assert_sound(&lianmai_tests::media::packets(&file).await);
    assert!(publisher.ended().is_none());
}

/// The project's client publishes to a server whose authority it trusts, by name and by address, and to no other.
#[tokio::test]
async fn the_client_verifies_certificate_and_name() {
    let secured = Secured::start().await;
    let room = secured
        .gateway
        .api()
        .await
        .create_room(json!({"name": "verify"}))
        .await;
    let (_, push, _) = room.publisher("ann").await;
    for host in ["localhost", "127.0.0.1"] {
        let url = secured.url(&push, host);
        secured
            .dial(&url, secured.root.clone(), Purpose::Publish)
            .await
            .unwrap();
    }
    let told = |error: ClientError| format!("{error}").to_lowercase();
    // Another authority of the same name.
    let mut other = CertificateParams::new(Vec::new()).unwrap();
    other.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let other = other
        .self_signed(&KeyPair::generate().unwrap())
        .unwrap()
        .der()
        .clone();
    let url = secured.url(&push, "localhost");
    let error = told(
        secured
            .dial(&url, other, Purpose::Publish)
            .await
            .err()
            .expect("not trusted"),
    );
    assert!(error.contains("certificate"), "{error}");
    // The roots of the web do not know it either.
    let error = open(&url, Purpose::Publish)
        .await
        .err()
        .expect("not trusted")
        .to_string();
    assert!(error.to_lowercase().contains("unknownissuer"), "{error}");
    // A name that the certificate does not have: 127.0.0.2 reaches the same machine where the listener takes it.
    let proxied = tokio::net::TcpListener::bind("127.0.0.2:0").await.unwrap();
    let url = secured.url(&push, "127.0.0.2").replace(
        &secured.address.port().to_string(),
        &proxied.local_addr().unwrap().port().to_string(),
    );
    let pass_on = async {
        let (mut near, _) = proxied.accept().await.unwrap();
        let mut far = tokio::net::TcpStream::connect(secured.address).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
        std::future::pending::<()>().await;
    };
    let error = tokio::select! {
        refused = secured.dial(&url, secured.root.clone(), Purpose::Publish) => told(refused.err().expect("another name")),
        () = pass_on => unreachable!(),
    };
    assert!(error.contains("name"), "{error}");
    assert_eq!(
        secured
            .gateway
            .metric("lianmai_access_total", "code=\"granted\"")
            .await,
        2.0
    );
    wait::until("no connection is left", LIMIT, || async {
        (secured.connections().await == 0.0).then_some(())
    })
    .await;
}

/// Plain RTMP, nonsense and nothing at all on the TLS port, and TLS on the plain port: closed soon, nothing held.
#[tokio::test]
async fn the_wrong_protocol_is_closed() {
    let secured = Secured::start().await;
    let gateway = &secured.gateway;
    let room = gateway.api().await.create_room(json!({"name": "wrong"})).await;
    let (_, push, pull) = room.publisher("ann").await;
    for bytes in [
        vec![3; 1537],
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![0x16, 3, 1, 0xff, 0xff],
    ] {
        let mut stream = tokio::net::TcpStream::connect(secured.address).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        let begun = Instant::now();
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(12), stream.read_to_end(&mut rest)).await;
        let _ = closed.expect("closed within the time for logins");
        assert!(
            rest.len() < 100 && begun.elapsed() < Duration::from_secs(12),
            "{rest:?}"
        );
    }
    let plain = pull.replace(
        &gateway.rtmp.port().to_string(),
        &secured.address.port().to_string(),
    );
    let begun = Instant::now();
    assert!(open(&plain, Purpose::Play).await.is_err());
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    let wrong = secured.url(&pull, "localhost");
    let wrong = wrong.replace(
        &secured.address.port().to_string(),
        &gateway.rtmp.port().to_string(),
    );
    assert!(
        secured
            .dial(&wrong, secured.root.clone(), Purpose::Play)
            .await
            .is_err()
    );

    // The listener is none the worse for it.
    let _publisher = Source::default().publish(&secured.url(&push, "127.0.0.1"));
    let url = secured.url(&pull, "localhost");
    let mut player = secured
        .dial(&url, secured.root.clone(), Purpose::Play)
        .await
        .unwrap();
    next_media(&mut player, LIMIT).await.unwrap();
    assert_eq!(secured.connections().await, 2.0);
}

/// A key or certificate that cannot be used: the gateway does not start, and names the file, not its content.
#[tokio::test]
async fn unusable_files_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    std::fs::write(path("chain.pem"), certificate.pem()).unwrap();
    std::fs::write(path("key.pem"), key.serialize_pem()).unwrap();
    std::fs::write(path("other.pem"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    std::fs::write(path("empty.pem"), "").unwrap();
    for (chain, key, word) in [
        ("missing.pem", "key.pem", "missing.pem"),
        ("chain.pem", "empty.pem", "empty.pem"),
        ("empty.pem", "key.pem", "empty.pem"),
        ("key.pem", "key.pem", "key.pem"),
        ("chain.pem", "other.pem", "certificate and key"),
    ] {
        let [tls, rtmp, http] = gateway::free_ports();
        let settings = [
            format!("data.dir={}", dir.path().display()),
            format!("rtmps.listen=[\"{tls}\"]"),
            format!("rtmp.listen=[\"{rtmp}\"]"),
            format!("http.listen={http}"),
            format!("metrics.listen={http}"),
            format!("rtmps.certificate={}", path(chain)),
            format!("rtmps.key={}", path(key)),
        ];
        let flags = settings.into_iter().flat_map(|s| ["--set".to_owned(), s]);
        let mut process = Process::start(gateway::binary(), ["serve".to_owned()].into_iter().chain(flags));
        assert_eq!(process.wait(LIMIT).await.code(), Some(1), "{chain} {key}");
        let error = process.stderr();
        assert!(
            error.contains("rtmps") && error.contains(word),
            "{chain} {key}: {error}"
        );
        assert!(!error.contains("PRIVATE KEY"), "{error}");
    }
}

/// `pubStream` and `subStream` hand out RTMPS URLs where the operator says that RTMPS is reachable, and only there.
#[tokio::test]
async fn the_api_hands_out_rtmps_urls() {
    let secured = Secured::start().await;
    let room = secured.gateway.api().await.create_room(json!({})).await;
    let member = room.join("ann", "talker").await;
    let path = format!("/v1/rooms/{}/streams", room.id);
    let published = room.api.ok("POST", &path, Some(json!({"member": member}))).await;
    let push = published["push"]["rtmps"].as_str().unwrap();
    let pull = room.pull(published["stream"]["id"].as_str().unwrap()).await;
    let mut player = secured
        .dial(
            pull["rtmps"].as_str().unwrap(),
            secured.root.clone(),
            Purpose::Play,
        )
        .await
        .unwrap();
    let _push = Source::default().publish(push);
    next_media(&mut player, LIMIT).await.unwrap();

    let plain = Gateway::start().await;
    let room = plain.api().await.create_room(json!({})).await;
    let member = room.join("ann", "talker").await;
    let path = format!("/v1/rooms/{}/streams", room.id);
    let published = room.api.ok("POST", &path, Some(json!({"member": member}))).await;
    assert!(published["push"].get("rtmps").is_none(), "{published}");
}
