//! `lianmai app`.

use anyhow::Context;
use lianmai_control::service::{AppPolicy, Service, webhook_secret};
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
            anyhow::ensure!(added, "the app {:?} exists", id.as_str());
            let shown = serde_json::json!({
                "id": id.as_str(), "secret": text, "webhook_secret": webhook_secret(&secret),
            });
            println!("{shown:#}");
            eprintln!(
                "Keep the secret: it is not shown again. A running gateway takes the app over at SIGHUP."
            );
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
