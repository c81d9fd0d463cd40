//! `lianmai app`.

use anyhow::Context;
use lianmai_control::service::AppPolicy;
use lianmai_rooms::AppId;

use super::configuration;
use crate::cli::AppCommand;
use crate::run::open_store;

pub(super) async fn execute(command: AppCommand) -> anyhow::Result<()> {
    match command {
        AppCommand::Create { id, config } => {
            let store = open_store(&configuration(&config)?).await?;
            let id = AppId::parse(&id).context("id")?;
            let secret = store.create_app(&id, &AppPolicy::default()).await.context("database")?;
            store.close().await;
            let secret = secret.with_context(|| format!("the app {:?} exists", id.as_str()))?;
            println!("{}", secret.reveal());
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
