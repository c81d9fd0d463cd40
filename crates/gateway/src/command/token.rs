//! `lianmai token`.

use anyhow::Context;
use lianmai_control::http::jwt::{Claims, Scope, sign};
use lianmai_rooms::{AccountId, AppId, Role, RoomId, Secret};

use super::{configuration, unix_seconds};
use crate::cli::TokenArgs;
use crate::config::Config;
use crate::run::open_store;

pub(super) async fn execute(args: TokenArgs) -> anyhow::Result<()> {
    let config = configuration(&args.config)?;
    let app = AppId::parse(&args.app).context("--app")?;
    let secret = secret_of(&config, &app).await?;
    let claims = Claims {
        room: args
            .room
            .as_deref()
            .map(RoomId::parse)
            .transpose()
            .context("--room")?,
        role: args.role.as_deref().map(role).transpose()?,
        scope: if args.server { Scope::App } else { Scope::Account },
        ..Claims::new(
            app,
            AccountId::parse(&args.account).context("--account")?,
            expiry(args.ttl),
        )
    };
    println!("{}", sign(&claims, &secret).context("token")?);
    Ok(())
}

/// A token of the app's own server, for commands that talk to a gateway.
pub(super) async fn server_token(config: &Config, app: &str) -> anyhow::Result<String> {
    let app = AppId::parse(app).context("--app")?;
    let secret = secret_of(config, &app).await?;
    let account = AccountId::parse("lianmai-cli").context("account")?;
    let claims = Claims {
        scope: Scope::App,
        ..Claims::new(app, account, expiry(60))
    };
    sign(&claims, &secret).context("token")
}

/// The secret of an app, out of the database.
pub(super) async fn secret_of(config: &Config, app: &AppId) -> anyhow::Result<Secret> {
    let store = open_store(config).await?;
    let secret = store.app_secret(app).await.context("database")?;
    store.close().await;
    secret.with_context(|| {
        format!(
            "there is no app {:?} in {} (data.dir)",
            app.as_str(),
            config.data.dir.display()
        )
    })
}

fn expiry(ttl: u64) -> u64 {
    unix_seconds().saturating_add(ttl)
}

fn role(name: &str) -> anyhow::Result<Role> {
    match name {
        "admin" => Ok(Role::Admin),
        "talker" => Ok(Role::Talker),
        "audience" => Ok(Role::Audience),
        other => anyhow::bail!("--role: {other:?} is not admin, talker or audience"),
    }
}
