//! `lianmai app`.

use anyhow::Context;
use lianmai_control::service::{AppPolicy, Service, webhook_secret};
use lianmai_control::store::Store;
use lianmai_rooms::{AppId, Timestamp};

use super::token::secret_of;
use super::{configuration, unix_seconds};
use crate::cli::AppCommand;
use crate::run::open_store;

pub(super) async fn execute(command: AppCommand) -> anyhow::Result<()> {
    match command {
        AppCommand::Create { id, config } => {
            let store = open_store(&configuration(&config)?).await?;
            let id = AppId::parse(&id).context("id")?;
            let (text, secret) = Service::new_app_secret();
            let now = Timestamp::from_secs(unix_seconds());
            let added = store
                .add_app(&id, secret.clone(), AppPolicy::default(), now)
                .await
                .context("database")?;
            store.close().await;
            anyhow::ensure!(
                added,
                "the app {:?} exists, or is still being deleted",
                id.as_str()
            );
            let shown = serde_json::json!({
                "id": id.as_str(), "secret": text, "webhook_secret": webhook_secret(&secret),
            });
            println!("{shown:#}");
            eprintln!(
                "Keep the secret: it is not shown again. A running gateway takes the app over at SIGHUP."
            );
        }
        AppCommand::Delete {
            id,
            recordings,
            config,
        } => {
            let store = open_store(&configuration(&config)?).await?;
            let deleted = delete(&store, &id, recordings).await;
            store.close().await;
            deleted?;
        }
        AppCommand::List(config) => {
            let store = open_store(&configuration(&config)?).await?;
            for id in store.app_ids().await.context("database")? {
                println!("{}", id.as_str());
            }
            store.close().await;
        }
        AppCommand::WebhookSecret { id, config } => {
            let id = AppId::parse(&id).context("id")?;
            let secret = secret_of(&configuration(&config)?, &id).await?;
            println!("{}", webhook_secret(&secret));
        }
    }
    Ok(())
}

async fn delete(store: &Store, id: &str, with_recordings: bool) -> anyhow::Result<()> {
    let id = AppId::parse(id).context("id")?;
    let count = store.count_recordings(&id).await.context("database")?;
    anyhow::ensure!(
        count == 0 || with_recordings,
        "the app {:?} has {count} recordings; with --recordings they are deleted, too",
        id.as_str()
    );
    let now = Timestamp::from_secs(unix_seconds());
    let is_marked = store.mark_app_deleted(&id, now).await.context("database")?;
    anyhow::ensure!(is_marked, "there is no app {:?}", id.as_str());
    eprintln!("Marked. A running gateway deletes the app at SIGHUP, another when it starts.");
    Ok(())
}
