//! Files as objects, without a gateway.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use lianmai_recorder::upload::{
    Digest, Multipart, Place, Progress, Remote, RemoteConfig, SecretKey, UploadError, UploadErrorKind, digest,
};
use lianmai_tests::gate::Way;
use lianmai_tests::s3::BUCKET;
use lianmai_tests::{Gate, S3};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

const PIECE: u64 = 5 << 20;

fn config(server: &S3, address: std::net::SocketAddr) -> RemoteConfig {
    RemoteConfig {
        endpoint: Some(format!("http://{address}")),
        allow_http: true,
        piece_bytes: PIECE,
        parallel: 2,
        timeout: Duration::from_secs(2),
        ..RemoteConfig::new(BUCKET, &server.keys.0, SecretKey::new(&server.keys.1))
    }
}

/// A file that is the same nowhere.
fn file(dir: &Path, name: &str, bytes: u64) -> PathBuf {
    let mut state = bytes | 1;
    let content = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    let content: Vec<u8> = content.flatten().take(bytes as usize).collect();
    let path = dir.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// Remembers what an upload told.
#[derive(Default)]
struct Memory {
    last: Option<Multipart>,
    /// Stops the upload once so many pieces are there.
    enough: Option<usize>,
}

impl Progress for Memory {
    async fn keep(&mut self, multipart: &Multipart) -> Result<(), UploadError> {
        self.last = Some(multipart.clone());
        match self.enough {
            Some(enough) if multipart.receipts.len() >= enough => {
                Err(UploadError::new(UploadErrorKind::NotKept, "that is enough"))
            }
            _ => Ok(()),
        }
    }
}

async fn put(
    remote: &Remote,
    file: &Path,
    place: &Place,
    memory: &mut Memory,
) -> Result<Digest, UploadError> {
    let digest = digest(file, PIECE).unwrap();
    let begun = memory.last.take();
    remote.put(file, digest.bytes, place, begun, memory).await?;
    Ok(digest)
}

async fn read(remote: &Remote, place: &Place, range: std::ops::Range<u64>) -> Result<Vec<u8>, UploadError> {
    let parts: Vec<_> = remote.read(place, range).await?.try_collect().await?;
    Ok(parts.concat())
}

fn kind<T: std::fmt::Debug>(result: Result<T, UploadError>) -> UploadErrorKind {
    result.unwrap_err().kind
}

/// R-C1: small files at once, large ones in pieces; both verified by checksum and by reading them back.
#[tokio::test]
async fn files_arrive_as_they_are() {
    let server = S3::start().await;
    let remote = Remote::open(config(&server, server.address)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let folder = remote.place("/a/b/");
    for (name, bytes) in [
        ("empty", 0),
        ("small", 100_000),
        ("exact", PIECE),
        ("large", 2 * PIECE + 123),
    ] {
        let (file, place) = (file(dir.path(), name, bytes), folder.join(name));
        let mut memory = Memory::default();
        let digest = put(&remote, &file, &place, &mut memory).await.unwrap();
        let pieces = memory.last.map_or(0, |multipart| multipart.receipts.len());
        assert_eq!(pieces, if name == "large" { 3 } else { 0 }, "{name}");
        remote.verify(&place, &digest, false).await.unwrap();
        remote.verify(&place, &digest, true).await.unwrap();
        let content = std::fs::read(&file).unwrap();
        assert!(server.read(&format!("a/b/{name}")).await == content, "{name}");
        if bytes > 20 {
            assert_eq!(read(&remote, &place, 10..20).await.unwrap(), content[10..20]);
        }
    }
    let (small, large) = (folder.join("small"), folder.join("large"));
    let other = digest(&dir.path().join("large"), PIECE).unwrap();
    assert_eq!(
        kind(remote.verify(&small, &other, false).await),
        UploadErrorKind::Different
    );
    remote.delete(&large).await.unwrap();
    remote.delete(&large).await.expect("gone is gone");
    assert_eq!(
        kind(remote.verify(&large, &other, false).await),
        UploadErrorKind::Missing
    );
    assert_eq!(kind(read(&remote, &large, 0..1).await), UploadErrorKind::Missing);
    let nowhere = Place {
        bucket: "no-such-bucket".into(),
        key: "x".into(),
    };
    let refused = put(
        &remote,
        &dir.path().join("small"),
        &nowhere,
        &mut Memory::default(),
    )
    .await;
    assert_eq!(kind(refused), UploadErrorKind::Refused, "somebody has to make it");
}

/// A signed URL is enough to get an object, and no header is.
#[tokio::test]
async fn signed_urls_open_objects() {
    let server = S3::start().await;
    let remote = Remote::open(config(&server, server.address)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let place = remote.place("x");
    put(
        &remote,
        &file(dir.path(), "x", 1_000),
        &place,
        &mut Memory::default(),
    )
    .await
    .unwrap();
    let url = remote.signed_url(&place, Duration::from_secs(60)).await.unwrap();
    assert!(!url.as_str().contains(&server.keys.1));
    let got = reqwest::get(url.clone()).await.unwrap();
    assert_eq!(
        (got.status().as_u16(), got.bytes().await.unwrap().len()),
        (200, 1_000)
    );
    let mut bare = url;
    bare.set_query(None);
    assert_eq!(reqwest::get(bare).await.unwrap().status(), 403);
}

/// A server that checks signatures takes ours; wrong keys are told as such, and the secret is not.
#[tokio::test]
async fn wrong_keys_are_told() {
    let server = S3::strict().await;
    let remote = Remote::open(config(&server, server.address)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let place = remote.place("x");
    let path = file(dir.path(), "x", 1_000);
    let digest = put(&remote, &path, &place, &mut Memory::default()).await.unwrap();
    remote.verify(&place, &digest, true).await.unwrap();
    let wrong = RemoteConfig {
        secret_key: SecretKey::new("east-west-north-south"),
        ..config(&server, server.address)
    };
    let wrong = Remote::open(wrong).unwrap();
    let refused = put(&wrong, &path, &place, &mut Memory::default()).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind, UploadErrorKind::Refused, "{refused}");
    assert!(!refused.to_string().contains("east-west"), "{refused}");
}

/// R-C1: an upload goes on where it stopped, with pieces of the size it began with.
#[tokio::test]
async fn an_upload_goes_on_where_it_stopped() {
    let server = S3::start().await;
    let gate = Gate::to(server.address).await;
    let mut config = config(&server, gate.address);
    config.parallel = 1;
    let remote = Remote::open(config.clone()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (path, place) = (file(dir.path(), "large", 3 * PIECE), remote.place("large"));
    let mut memory = Memory {
        enough: Some(2),
        ..Memory::default()
    };
    assert_eq!(
        kind(put(&remote, &path, &place, &mut memory).await),
        UploadErrorKind::NotKept
    );
    assert_eq!((server.begun().await, server.objects().await.len()), (1, 0));
    let before = gate.passed();
    // As another process would, with another idea of how large pieces are.
    config.piece_bytes = 7 << 20;
    let again = Remote::open(config).unwrap();
    memory.enough = None;
    let digest = put(&again, &path, &place, &mut memory).await.unwrap();
    let passed = gate.passed() - before;
    assert!(passed < PIECE + PIECE / 10, "only the last piece: {passed}");
    remote.verify(&place, &digest, false).await.unwrap();
    assert_eq!(server.begun().await, 0);
    // One that is of no use any more can be forgotten, also twice.
    let mut memory = Memory {
        enough: Some(1),
        ..Memory::default()
    };
    put(&remote, &path, &place, &mut memory).await.unwrap_err();
    let id = memory.last.unwrap().id;
    remote.abort(&place, &id).await.unwrap();
    remote.abort(&place, &id).await.unwrap();
    assert_eq!(server.begun().await, 0);
}

/// A server that has lost everything does not go on with an upload; begun anew, it succeeds.
#[tokio::test]
async fn a_forgotten_upload_is_begun_anew() {
    let mut server = S3::start().await;
    let remote = Remote::open(config(&server, server.address)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (path, place) = (file(dir.path(), "large", 2 * PIECE), remote.place("large"));
    let mut memory = Memory {
        enough: Some(1),
        ..Memory::default()
    };
    put(&remote, &path, &place, &mut memory).await.unwrap_err();
    server.kill();
    memory.enough = None;
    let begun = memory.last.clone();
    assert_eq!(
        kind(put(&remote, &path, &place, &mut memory).await),
        UploadErrorKind::Unreachable
    );
    server.restart().await;
    memory.last = begun;
    // Servers say "NoSuchUpload"; moto stumbles.
    let lost = kind(put(&remote, &path, &place, &mut memory).await);
    assert!(
        matches!(lost, UploadErrorKind::Forgotten | UploadErrorKind::ServerError),
        "{lost:?}"
    );
    let digest = put(&remote, &path, &place, &mut Memory::default()).await.unwrap();
    remote.verify(&place, &digest, true).await.unwrap();
}

/// R-C1: what arrives as something else is noticed, whole or in pieces.
#[tokio::test]
async fn spoiled_objects_are_noticed() {
    let server = S3::start().await;
    let gate = Gate::to(server.address).await;
    let remote = Remote::open(config(&server, gate.address)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    gate.set(Way::Spoiled);
    for bytes in [100_000, PIECE + 1_000_000] {
        let (path, place) = (file(dir.path(), "x", bytes), remote.place("x"));
        let digest = put(&remote, &path, &place, &mut Memory::default()).await.unwrap();
        assert_eq!(server.objects().await["x"], bytes, "its size says nothing");
        let verified = remote.verify(&place, &digest, false).await;
        assert_eq!(kind(verified), UploadErrorKind::Different);
    }
}

/// Servers that say nothing, too much or too little cost the time-out and little memory.
#[tokio::test]
async fn hostile_servers_are_bounded() {
    let server = S3::start().await;
    let gate = Gate::to(server.address).await;
    let limited = |address| RemoteConfig {
        timeout: Duration::from_millis(300),
        ..config(&server, address)
    };
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), "x", 1_000);
    let silent = Remote::open(limited(gate.address)).unwrap();
    let place = silent.place("x");
    gate.set(Way::Frozen);
    let start = Instant::now();
    assert_eq!(
        kind(put(&silent, &path, &place, &mut Memory::default()).await),
        UploadErrorKind::Unreachable
    );
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());

    for says in [
        "HTTP/1.1 200 OK\r\n\r\n".to_owned() + &"x".repeat(1 << 20),
        "HTTP/1.1 500 No\r\n\r\n".to_owned() + &"<Code>".repeat(1 << 18),
        "HTTP/1.1 403 No\r\ncontent-length: 5\r\n\r\n<Erro".to_owned(),
        "HTTP/1.1 301 Elsewhere\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nx: ".to_owned() + &"y".repeat(1 << 20),
        "nonsense".to_owned(),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let begin: String = says.chars().take(40).collect();
        let mut answers = JoinSet::new();
        answers.spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let mut buffer = [0; 4_096];
                let _ = client.read(&mut buffer).await;
                // Again and again, until nobody listens.
                while client.write_all(says.as_bytes()).await.is_ok() && says.len() > 1_000 {}
            }
        });
        let remote = Remote::open(limited(address)).unwrap();
        let failed = put(&remote, &path, &place, &mut Memory::default())
            .await
            .unwrap_err();
        assert!(failed.to_string().len() <= 300, "{begin}: {failed}");
        assert!(read(&remote, &place, 0..10).await.is_err(), "{begin}");
        assert!(remote.delete(&place).await.is_err(), "{begin}");
    }

    // More than was asked for is not read, and less is an error.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let short = Remote::open(limited(listener.local_addr().unwrap())).unwrap();
    let answer = async {
        for length in [10, 20] {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 4_096];
            let _ = client.read(&mut buffer).await;
            let head = format!(
                "HTTP/1.1 206 OK\r\ncontent-range: bytes 0-19/20\r\ncontent-length: {length}\r\nconnection: close\r\n\
                 last-modified: Tue, 01 Sep 2026 10:00:00 GMT\r\netag: \"x\"\r\n\r\n0123456789"
            );
            client.write_all(head.as_bytes()).await.unwrap();
        }
    };
    let reads = async {
        for _ in 0..2 {
            assert!(read(&short, &place, 0..20).await.is_err());
        }
    };
    tokio::join!(answer, reads);
}

/// Two uploads together keep to the limit, and take as long as it says, though no request may take so long; without one
/// they are there at once.
#[tokio::test]
async fn uploads_keep_to_a_limit_together() {
    let server = S3::start().await;
    let dir = tempfile::tempdir().unwrap();
    let files = [file(dir.path(), "a", 1_000_000), file(dir.path(), "b", 1_200_000)];
    let limited = |bytes_per_second| RemoteConfig {
        bytes_per_second,
        timeout: Duration::from_millis(1_000),
        ..config(&server, server.address)
    };
    for (limit, expected) in [(None, 0.0..1.7), (Some(1_100_000), 1.8..4.0)] {
        let remote = Remote::open(limited(limit)).unwrap();
        let start = Instant::now();
        let places = [remote.place("a"), remote.place("b")];
        let mut memories = [Memory::default(), Memory::default()];
        let [first, second] = &mut memories;
        let (first, second) = tokio::join!(
            put(&remote, &files[0], &places[0], first),
            put(&remote, &files[1], &places[1], second)
        );
        let took = start.elapsed().as_secs_f64();
        assert!(expected.contains(&took), "{took} s for {limit:?}");
        remote.verify(&places[0], &first.unwrap(), true).await.unwrap();
        remote.verify(&places[1], &second.unwrap(), true).await.unwrap();
    }
}
