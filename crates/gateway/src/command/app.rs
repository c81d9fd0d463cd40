//! `lianmai app`.

use anyhow::Context;
use lianmai_control::service::{AppPolicy, Service};
use lianmai_rooms::{AppId, Timestamp};

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
                .add_app(&id, secret, AppPolicy::default(), now)
                .await
                .context("database")?;
            store.close().await;
            anyhow::ensure!(added, "the app {:?} exists", id.as_str());
            println!("{text}");
            eprintln!("Keep it: it is not shown again. A running gateway takes the app over at SIGHUP.");
        }
        AppCommand::List(config) => {
            let store = open_store(&configuration(&config)?).await?;
            for id in store.app_ids().await.context("database")? {
                println!("{}", id.as_str());
            }
            store.close().await;
        }
    }
    Ok(())
}
