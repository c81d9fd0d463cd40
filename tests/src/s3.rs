//! moto: somebody else's server that speaks S3. It keeps everything in memory.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::{Process, wait};

const LIMIT: Duration = Duration::from_secs(20);

/// The bucket there is.
pub const BUCKET: &str = "recordings";
/// Keys as good as any others, where the server does not ask for certain ones.
pub const KEYS: (&str, &str) = ("AKIAIOSFODNN7EXAMPLE", "north-south-east-west");

/// A free port.
const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// A running server with one bucket. Ends with the test.
pub struct S3 {
    process: Process,
    pub address: SocketAddr,
    /// Access key and secret that it takes.
    pub keys: (String, String),
    client: reqwest::Client,
}

impl S3 {
    /// A server on a free port that takes any keys.
    pub async fn start() -> S3 {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut server = S3 {
            process: run(ANY, None),
            address: ANY,
            keys: (KEYS.0.to_owned(), KEYS.1.to_owned()),
            client: reqwest::Client::new(),
        };
        server.ready().await;
        server
    }

    /// A server that takes the keys of one user only, and checks signatures.
    pub async fn strict() -> S3 {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut server = S3 {
            // A bucket, a user, its rights, its key; from then on everything is checked.
            process: run(ANY, Some(4)),
            address: ANY,
            keys: Default::default(),
            client: reqwest::Client::new(),
        };
        server.ready().await;
        let document =
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
        server.iam("Action=CreateUser&UserName=u").await;
        let policy: String = url_encode(document);
        server
            .iam(&format!(
                "Action=PutUserPolicy&UserName=u&PolicyName=p&PolicyDocument={policy}"
            ))
            .await;
        let key = server.iam("Action=CreateAccessKey&UserName=u").await;
        let of = |name: &str| elements(&key, name).pop().unwrap();
        server.keys = (of("AccessKeyId"), of("SecretAccessKey"));
        server
    }

    async fn iam(&self, what: &str) -> String {
        let answer = self
            .client
            .post(format!("http://{}/", self.address))
            .header("authorization", authorization("iam"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("{what}&Version=2010-05-08"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{what}");
        answer.text().await.unwrap()
    }

    /// It says where it listens: a port that was free before may not be any more when it has started.
    async fn ready(&mut self) {
        self.address = wait::until("moto listens", LIMIT, || async {
            let said = self.process.stderr();
            let (_, rest) = said.split_once("Running on http://")?;
            rest.split_once('\n')?.0.trim().parse().ok()
        })
        .await;
        let made = self.client.put(self.url("")).send().await.unwrap();
        assert_eq!(made.status(), 200);
    }

    fn url(&self, key: &str) -> String {
        format!("http://{}/{BUCKET}/{key}", self.address)
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let request = self.client.get(self.url(path));
        request
            .header("authorization", authorization("s3"))
            .send()
            .await
            .unwrap()
    }

    /// All objects: keys and sizes.
    pub async fn objects(&self) -> BTreeMap<String, u64> {
        let list = self.get("?list-type=2").await.text().await.unwrap();
        let sizes = elements(&list, "Size")
            .into_iter()
            .map(|size| size.parse().unwrap());
        elements(&list, "Key").into_iter().zip(sizes).collect()
    }

    /// Multipart uploads that were begun and not completed.
    pub async fn begun(&self) -> usize {
        let list = self.get("?uploads").await.text().await.unwrap();
        elements(&list, "UploadId").len()
    }

    /// The content of an object.
    pub async fn read(&self, key: &str) -> Vec<u8> {
        let answer = self.get(key).await;
        assert_eq!(answer.status(), 200, "{key}");
        answer.bytes().await.unwrap().to_vec()
    }

    /// Settings with which a gateway uploads to `address`, which is this server or leads to it, and is quick to try again.
    pub fn settings(&self, address: SocketAddr) -> Vec<String> {
        let upload = [
            ("bucket", BUCKET),
            ("endpoint", &format!("http://{address}")),
            ("access_key", &self.keys.0),
            ("secret_key", &self.keys.1),
            ("allow_http", "true"),
            ("prefix", "a/b"),
            ("piece_bytes", "5242880"),
            ("timeout", "2s"),
            ("connect_timeout", "500ms"),
            ("first_retry", "50ms"),
            ("max_retry", "200ms"),
        ];
        let upload = upload.map(|(key, value)| format!("recording.upload.{key}={value}"));
        upload
            .into_iter()
            .chain(["recording.min_free=0".to_owned()])
            .collect()
    }

    /// Ends it as a crash would; it forgets everything.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again on the same port, with an empty bucket.
    pub async fn restart(&mut self) {
        self.process.kill();
        self.process = run(self.address, None);
        self.ready().await;
    }
}

fn run(address: SocketAddr, unchecked: Option<u32>) -> Process {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let program = root.join(".tools/moto/bin/moto_server");
    assert!(program.exists(), "install moto first: make install-test");
    let mut command = Command::new(program);
    command.args(["-H", &address.ip().to_string(), "-p", &address.port().to_string()]);
    if let Some(count) = unchecked {
        command.env("INITIAL_NO_AUTH_ACTION_COUNT", count.to_string());
    }
    Process::start_command(&mut command)
}

/// A signature that is none, where nobody looks at it.
fn authorization(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=x/20200101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=x"
    )
}

fn elements(text: &str, name: &str) -> Vec<String> {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    text.split(&start)
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(&end)?.0.to_owned()))
        .collect()
}

fn url_encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
