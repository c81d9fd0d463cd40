//! Deleted apps whose recordings do not go at once.

use std::path::Path;
use std::time::Duration;

use crate::recordings::{RecordingConfig, sample};
use crate::service::testing::{Gateway, PATIENCE, config};
use crate::service::*;
use crate::store::{Op, StoreConfig};

const POLL: Duration = Duration::from_millis(5);

async fn open(dir: &Path) -> Gateway {
    let config = ServiceConfig {
        recording: RecordingConfig {
            dir: Some(dir.join("recordings")),
            ..RecordingConfig::default()
        },
        ..config()
    };
    let store = StoreConfig::file(dir.join("lianmai.db"));
    Gateway::open(config, &store, AppPolicy::default()).await
}

async fn record(gateway: &Gateway, id: &str) {
    let recording = sample::ended(gateway.app.as_str(), id);
    let save = Op::SaveRecording(Box::new(recording));
    gateway.store.write(vec![save]).await.unwrap();
}

/// A disk that does not give files up keeps the id, not the app; after a restart they go, and the id is free.
#[tokio::test]
async fn a_deleted_app_waits_for_its_files() {
    let dir = tempfile::tempdir().unwrap();
    let of_app = dir.path().join("recordings/acme");
    let gateway = open(dir.path()).await;
    gateway.room("r1").await;
    record(&gateway, "good").await;
    record(&gateway, "bad").await;
    std::fs::create_dir_all(of_app.join("good")).unwrap();
    std::fs::write(of_app.join("good/1.mp4"), "media").unwrap();
    // Where a folder is expected.
    std::fs::write(of_app.join("bad"), "").unwrap();
    let begun = tokio::time::Instant::now();
    gateway.service.delete_app(&gateway.app).await.unwrap();
    assert_eq!(gateway.service.app(&gateway.app).unwrap_err().code, "unknown_app");
    let again = async |gateway: &Gateway| {
        let id = Some(gateway.app.clone());
        let created = gateway.service.create_app(id, AppPolicy::default()).await;
        created.map_err(|error| error.code)
    };
    assert_eq!(again(&gateway).await.unwrap_err(), "app_being_deleted");
    while of_app.join("good").exists() {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(POLL).await;
    }
    assert!(of_app.join("bad").exists());
    gateway.kill().await;

    // Whoever makes the app at every start goes without it.
    let gateway = open(dir.path()).await;
    assert_eq!(again(&gateway).await.unwrap_err(), "app_being_deleted");
    gateway.kill().await;
    std::fs::remove_file(of_app.join("bad")).unwrap();
    std::fs::create_dir(of_app.join("bad")).unwrap();
    let gateway = open(dir.path()).await;
    // Made by opening it, if its files were gone by then.
    while gateway.service.app(&gateway.app).is_err() {
        let made = again(&gateway).await;
        assert!(made.is_ok() || begun.elapsed() < PATIENCE, "{made:?}");
        tokio::time::sleep(POLL).await;
    }
    assert!(!of_app.exists());
    gateway.room("r1").await;
    let recordings = gateway.service.recordings().unwrap();
    let list = recordings.list(&gateway.app, &Default::default()).await;
    assert!(list.unwrap().is_empty());
}
