//! From the configuration to the settings of uploads.

use std::path::Path;

use anyhow::Context;
use lianmai_control::recordings::upload::{RemoteConfig, SecretKey, UploadConfig};

use crate::config::{Config, Hidden};

/// `None` without a bucket.
pub(super) fn upload_config(config: &Config) -> anyhow::Result<Option<UploadConfig>> {
    let upload = &config.recording.upload;
    let (Some(bucket), Some(access_key)) = (&upload.bucket, &upload.access_key) else {
        return Ok(None);
    };
    let secret = match (&upload.secret_key, &upload.secret_key_file) {
        (Some(secret), _) => secret.clone(),
        (None, Some(file)) => secret_of(file)?,
        (None, None) => anyhow::bail!("recording.upload.bucket needs a secret key"),
    };
    let authorities = upload.authorities.as_deref().map(|file| {
        std::fs::read(file).with_context(|| format!("recording.upload.authorities: {}", file.display()))
    });
    Ok(Some(UploadConfig {
        remote: RemoteConfig {
            endpoint: upload.endpoint.clone(),
            region: upload.region.clone(),
            path_style: upload.path_style,
            allow_http: upload.allow_http,
            authorities: authorities.transpose()?.unwrap_or_default(),
            piece_bytes: upload.piece_bytes,
            parallel: upload.parallel,
            bytes_per_second: (upload.bytes_per_second > 0).then_some(upload.bytes_per_second),
            connect_timeout: upload.connect_timeout,
            timeout: upload.timeout,
            ..RemoteConfig::new(bucket, access_key, SecretKey::new(secret.expose()))
        },
        prefix: upload.prefix.clone(),
        keep_local: upload.keep_local,
        read_back: upload.read_back,
        download: upload.download,
        url_ttl: upload.url_ttl,
        first_retry: upload.first_retry,
        max_retry: upload.max_retry,
        give_up: upload.give_up,
    }))
}

/// What is wrong with it is said without repeating it.
fn secret_of(file: &Path) -> anyhow::Result<Hidden> {
    let place = || format!("recording.upload.secret_key_file: {}", file.display());
    let text = std::fs::read_to_string(file).with_context(place)?;
    Hidden::parse(text.trim()).map_err(|reason| anyhow::anyhow!("{}: {reason}", place()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_may_be_in_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        let mut config = Config::default();
        assert!(upload_config(&config).unwrap().is_none());
        config.recording.upload.bucket = Some("b".into());
        config.recording.upload.access_key = Some("AKIA".into());
        assert!(upload_config(&config).is_err());
        config.recording.upload.secret_key_file = Some(file.clone());
        let error = format!("{:#}", upload_config(&config).unwrap_err());
        assert!(error.contains("secret_key_file"), "{error}");
        std::fs::write(&file, "917").unwrap();
        let error = format!("{:#}", upload_config(&config).unwrap_err());
        assert!(error.contains("16 bytes") && !error.contains("917"), "{error}");
        std::fs::write(&file, "east-west-north-south\n").unwrap();
        let upload = upload_config(&config).unwrap().unwrap();
        assert_eq!(upload.remote.secret_key, SecretKey::new("east-west-north-south"));
        assert!(!format!("{upload:?}").contains("north"));
        assert_eq!(upload.remote.bytes_per_second, None);
        config.recording.upload.bytes_per_second = 1 << 20;
        let upload = upload_config(&config).unwrap().unwrap();
        assert_eq!(upload.remote.bytes_per_second, Some(1 << 20));
    }
}
