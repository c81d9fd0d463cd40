//! What an operator decides about uploads.

use std::time::Duration;

use lianmai_recorder::upload::RemoteConfig;
use serde::{Deserialize, Serialize};

/// How those who ask for an uploaded file get it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Download {
    /// Through the gateway: nobody else has to reach the storage.
    #[default]
    Proxy,
    /// Sent to the storage with a URL that is valid for a time.
    Redirect,
}

/// Settings of uploads.
#[derive(Debug, Clone)]
pub struct UploadConfig {
    /// The bucket and how to reach it.
    pub remote: RemoteConfig,
    /// Begins the keys of all objects.
    pub prefix: String,
    /// Whether files stay on disk when they are in the bucket.
    pub keep_local: bool,
    /// Whether every object is read back and compared, instead of its size and checksum only.
    pub read_back: bool,
    /// How uploaded files are had.
    pub download: Download,
    /// How long the URL of [`Download::Redirect`] is valid.
    pub url_ttl: Duration,
    /// Wait after the first failure in a row; doubled with each further one.
    pub first_retry: Duration,
    /// Longest wait between attempts.
    pub max_retry: Duration,
    /// Age at which an upload is given up. Its files stay on disk.
    pub give_up: Duration,
}

impl UploadConfig {
    /// Uploads to this bucket, with default waits.
    #[must_use]
    pub fn new(remote: RemoteConfig) -> Self {
        Self {
            remote,
            prefix: String::new(),
            keep_local: false,
            read_back: false,
            download: Download::Proxy,
            url_ttl: Duration::from_secs(3_600),
            first_retry: Duration::from_secs(1),
            max_retry: Duration::from_secs(600),
            give_up: Duration::from_secs(7 * 24 * 3_600),
        }
    }
}
