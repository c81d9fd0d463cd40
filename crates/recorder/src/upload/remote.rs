//! A bucket.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::multipart::MultipartStore as _;
use object_store::path::Path as Key;
use object_store::signer::Signer as _;
use object_store::{BackoffConfig, GetOptions, ObjectStore as _, ObjectStoreExt as _, RetryConfig};
use tokio::sync::Semaphore;
use url::Url;

use super::http::Http;
use super::{OpenRemoteError, Place, RemoteConfig, UploadError, UploadErrorKind};

/// What is read of an object, piece by piece.
pub type ByteStream = BoxStream<'static, Result<Bytes, UploadError>>;

/// Storage that speaks S3. Cheap to clone; all clones share the limit of what is under way.
#[derive(Clone, Debug)]
pub struct Remote {
    pub(super) config: Arc<RemoteConfig>,
    builder: Arc<AmazonS3Builder>,
    /// The configured bucket.
    store: AmazonS3,
    /// Pieces and small files in memory.
    pub(super) permits: Arc<Semaphore>,
}

impl Remote {
    /// Prepares to reach the storage. Nothing is sent.
    ///
    /// # Errors
    /// [`OpenRemoteError`].
    pub fn open(config: RemoteConfig) -> Result<Remote, OpenRemoteError> {
        let http = Http::new(&config)?;
        let mut builder = AmazonS3Builder::new()
            .with_region(&config.region)
            .with_bucket_name(&config.bucket)
            .with_access_key_id(&config.access_key)
            .with_secret_access_key(config.secret_key.expose())
            .with_virtual_hosted_style_request(!config.path_style)
            .with_allow_http(config.allow_http)
            .with_retry(RetryConfig {
                max_retries: 0,
                retry_timeout: Duration::ZERO,
                backoff: BackoffConfig::default(),
            })
            .with_http_connector(http);
        if let Some(endpoint) = &config.endpoint {
            builder = builder.with_endpoint(address(&config, endpoint)?);
        }
        let settings = |error: object_store::Error| OpenRemoteError::Settings(error.to_string());
        Ok(Remote {
            store: builder.clone().build().map_err(settings)?,
            permits: Arc::new(Semaphore::new(config.parallel.max(1))),
            config: Arc::new(config),
            builder: Arc::new(builder),
        })
    }

    /// The folder `key` of the configured bucket.
    pub fn place(&self, key: &str) -> Place {
        Place {
            bucket: self.config.bucket.clone(),
            key: key.trim_matches('/').to_owned(),
        }
    }

    /// How large pieces are, where nothing was begun with another size.
    pub fn piece_bytes(&self) -> u64 {
        self.config.piece_bytes
    }

    /// The bucket of a place, which was the configured one when something was put there, and its key.
    pub(super) fn find(&self, place: &Place) -> Result<(AmazonS3, Key), UploadError> {
        let key = Key::parse(&place.key).map_err(object_store::Error::from)?;
        if place.bucket == self.config.bucket {
            return Ok((self.store.clone(), key));
        }
        let other = AmazonS3Builder::clone(&self.builder).with_bucket_name(&place.bucket);
        Ok((other.build()?, key))
    }

    /// Bytes of an object that has `size` of them.
    ///
    /// # Errors
    /// [`UploadError`]; also in the stream, when it breaks off or stands still.
    pub async fn read(&self, place: &Place, range: Range<u64>) -> Result<ByteStream, UploadError> {
        if range.is_empty() {
            return Ok(stream::empty().boxed());
        }
        let (store, key) = self.find(place)?;
        let wanted = range.end - range.start;
        let options = GetOptions {
            range: Some(range.into()),
            ..GetOptions::default()
        };
        let found = store.get_opts(&key, options).await?;
        let state = (found.into_stream(), wanted, self.config.timeout);
        // Ends with the wanted number of bytes or an error, whatever the server sends.
        Ok(stream::try_unfold(state, |(mut from, left, limit)| async move {
            if left == 0 {
                return Ok(None);
            }
            let next = tokio::time::timeout(limit, from.next()).await;
            let Some(bytes) = next.map_err(|_| UploadError::late())? else {
                let what = format!("the object is {left} bytes short");
                return Err(UploadError::new(UploadErrorKind::Different, what));
            };
            let mut bytes = bytes?;
            bytes.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            let left = left - bytes.len() as u64;
            Ok(Some((bytes, (from, left, limit))))
        })
        .boxed())
    }

    /// A URL with which anybody can get the object for a time.
    ///
    /// # Errors
    /// [`UploadError`] for a name that is none.
    pub async fn signed_url(&self, place: &Place, valid: Duration) -> Result<Url, UploadError> {
        let (store, key) = self.find(place)?;
        Ok(store.signed_url(reqwest::Method::GET, &key, valid).await?)
    }

    /// Deletes an object. One that is not there is no error.
    ///
    /// # Errors
    /// [`UploadError`].
    pub async fn delete(&self, place: &Place) -> Result<(), UploadError> {
        let (store, key) = self.find(place)?;
        let deleted = store.delete(&key).await.map_err(UploadError::from);
        unless(deleted, UploadErrorKind::Missing)
    }

    /// Forgets a multipart upload that was begun and not completed. One that is not there is no error.
    ///
    /// # Errors
    /// [`UploadError`].
    pub async fn abort(&self, place: &Place, upload: &str) -> Result<(), UploadError> {
        let (store, key) = self.find(place)?;
        let aborted = store.abort_multipart(&key, &upload.to_owned()).await;
        let aborted = unless(aborted.map_err(UploadError::from), UploadErrorKind::Missing);
        unless(aborted, UploadErrorKind::Forgotten)
    }
}

fn unless(result: Result<(), UploadError>, kind: UploadErrorKind) -> Result<(), UploadError> {
    match result {
        Err(error) if error.kind == kind => Ok(()),
        other => other,
    }
}

/// The endpoint as the S3 client takes it: with the bucket in front, when that is how it is addressed.
fn address(config: &RemoteConfig, endpoint: &str) -> Result<String, OpenRemoteError> {
    let url = Url::parse(endpoint).map_err(|_| OpenRemoteError::Endpoint)?;
    let allowed = url.scheme() == "https" || (url.scheme() == "http" && config.allow_http);
    let plain = url.query().is_none() && url.username().is_empty() && url.password().is_none();
    let (Some(host), true, "/" | "") = (url.host_str(), allowed && plain, url.path()) else {
        return Err(OpenRemoteError::Endpoint);
    };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Ok(match config.path_style {
        true => format!("{}://{host}{port}", url.scheme()),
        false => format!("{}://{}.{host}{port}", url.scheme(), config.bucket),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upload::SecretKey;

    #[test]
    fn endpoints_are_checked() {
        let mut config = RemoteConfig::new("b", "key", SecretKey::new("hush-hush-hush-hush"));
        let good = |config: &RemoteConfig, endpoint: &str| address(config, endpoint).ok();
        assert_eq!(
            good(&config, "https://s3.example").as_deref(),
            Some("https://s3.example")
        );
        assert_eq!(
            good(&config, "https://s3.example:9000/").as_deref(),
            Some("https://s3.example:9000")
        );
        for wrong in [
            "s3.example",
            "http://s3.example",
            "https://s3.example/b",
            "https://u:p@s3.example",
            "ftp://x",
        ] {
            assert_eq!(good(&config, wrong), None, "{wrong}");
        }
        config.allow_http = true;
        config.path_style = false;
        assert_eq!(
            good(&config, "http://s3.example:9000").as_deref(),
            Some("http://b.s3.example:9000")
        );
    }

    #[test]
    fn secrets_are_not_shown() {
        let config = RemoteConfig::new("b", "key", SecretKey::new("hush-hush-hush-hush"));
        let remote = Remote::open(config.clone()).unwrap();
        let shown = format!("{config:?}");
        assert!(!shown.contains("hush"), "{shown}");
        let shown = format!("{:?}", remote.config);
        assert!(!shown.contains("hush"), "{shown}");
    }
}
