//! Where recordings are uploaded to.

use std::fmt;
use std::time::Duration;

/// A secret access key. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(String);

impl SecretKey {
    /// Wraps the key.
    pub fn new(key: impl Into<String>) -> SecretKey {
        SecretKey(key.into())
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// A bucket and how to reach it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RemoteConfig {
    /// Scheme and host; `None`: Amazon's of the region.
    pub endpoint: Option<String>,
    /// Region, as it is signed.
    pub region: String,
    /// Bucket.
    pub bucket: String,
    /// Access key id.
    pub access_key: String,
    /// Its secret.
    pub secret_key: SecretKey,
    /// `https://host/bucket/key` instead of `https://bucket.host/key`.
    pub path_style: bool,
    /// Whether the endpoint may be `http://`.
    pub allow_http: bool,
    /// PEM certificates to trust besides those the web trusts.
    pub authorities: Vec<u8>,
    /// Files larger than this are put in pieces of this size. S3 wants at least 5 MiB.
    pub piece_bytes: u64,
    /// Pieces and small files under way at a time; each is in memory.
    pub parallel: usize,
    /// Bytes per second that all of them together may send; `None`: as fast as it goes.
    pub bytes_per_second: Option<u64>,
    /// Time to connect.
    pub connect_timeout: Duration,
    /// Time for one request, without what it waits for `bytes_per_second`; and for the next bytes of what is read.
    pub timeout: Duration,
}

impl RemoteConfig {
    /// The smallest piece S3 takes.
    pub const MIN_PIECE: u64 = 5 << 20;
    /// The lowest useful limit: servers give up on clients that are slower by far.
    pub const MIN_BYTES_PER_SECOND: u64 = 16 << 10;

    /// A bucket at Amazon with these keys, and default limits.
    pub fn new(bucket: &str, access_key: &str, secret_key: SecretKey) -> RemoteConfig {
        RemoteConfig {
            endpoint: None,
            region: "us-east-1".to_owned(),
            bucket: bucket.to_owned(),
            access_key: access_key.to_owned(),
            secret_key,
            path_style: true,
            allow_http: false,
            authorities: Vec::new(),
            piece_bytes: 8 << 20,
            parallel: 4,
            bytes_per_second: None,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(120),
        }
    }
}

/// Why there is no storage to upload to.
#[derive(Debug, thiserror::Error)]
pub enum OpenRemoteError {
    /// The endpoint is no URL of a kind that is allowed.
    #[error(
        "the endpoint is not https:// (or http://, where that is allowed) with a host, and nothing behind it"
    )]
    Endpoint,
    /// The certificates cannot be read.
    #[error("the certificates are not PEM")]
    Authorities,
    /// The HTTP client cannot be made.
    #[error("the HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    /// The bucket or a key cannot be used.
    #[error("{0}")]
    Settings(String),
}
