//! `lianmai room`: the REST API of a running gateway, for scripts. Answers are JSON on standard output.

use anyhow::Context;
use reqwest::Method;
use serde_json::{Value, json};

use super::{configuration, token};
use crate::cli::{RoomArgs, RoomCommand};

pub(super) async fn execute(command: RoomCommand) -> anyhow::Result<()> {
    let answer = match command {
        RoomCommand::Create { name, kind, target } => {
            let mut settings = json!({"kind": kind});
            if let Some(name) = name {
                settings["name"] = name.into();
            }
            Api::open(&target)
                .await?
                .call(Method::POST, &["rooms"], Some(settings))
                .await?
        }
        RoomCommand::List(target) => {
            Api::open(&target)
                .await?
                .call(Method::GET, &["rooms"], None)
                .await?
        }
        RoomCommand::Show { room, target } => {
            let api = Api::open(&target).await?;
            // The view holds members and streams; the list of streams adds their statistics.
            let mut shown = api.call(Method::GET, &["rooms", &room], None).await?;
            let streams = api.call(Method::GET, &["rooms", &room, "streams"], None).await?;
            shown["streams"] = streams["streams"].clone();
            shown
        }
        RoomCommand::Destroy { room, target } => {
            Api::open(&target)
                .await?
                .call(Method::DELETE, &["rooms", &room], None)
                .await?
        }
        RoomCommand::Push {
            room,
            account,
            target,
        } => {
            let api = Api::open(&target).await?;
            let member = json!({"account": account, "role": "talker"});
            let joined = api
                .call(Method::POST, &["rooms", &room, "members"], Some(member))
                .await?;
            let stream = json!({"member": joined["member"], "kind": "camera"});
            api.call(Method::POST, &["rooms", &room, "streams"], Some(stream))
                .await?
        }
        RoomCommand::Pull { room, target } => {
            let api = Api::open(&target).await?;
            let list = api.call(Method::GET, &["rooms", &room, "streams"], None).await?;
            let streams = list["streams"]
                .as_array()
                .context("the answer holds no streams")?;
            let mut urls = serde_json::Map::new();
            for id in streams.iter().filter_map(|stream| stream["id"].as_str()) {
                let path = ["rooms", &room, "streams", id, "pull-url"];
                urls.insert(id.to_owned(), api.call(Method::POST, &path, None).await?);
            }
            Value::Object(urls)
        }
    };
    if !answer.is_null() {
        println!("{answer:#}");
    }
    Ok(())
}

struct Api {
    base: url::Url,
    token: String,
    client: reqwest::Client,
}

impl Api {
    async fn open(target: &RoomArgs) -> anyhow::Result<Api> {
        let config = configuration(&target.config)?;
        let base = target.url.as_deref().unwrap_or(&config.public.http_url);
        Ok(Api {
            base: url::Url::parse(base).context("--url")?,
            token: token::server_token(&config, &target.app).await?,
            client: reqwest::Client::builder()
                .timeout(std::time::Duration::from_secs(10))
                .build()?,
        })
    }

    /// A call of `/v1/` and the path segments, which are escaped; a problem becomes an error.
    async fn call(&self, method: Method, path: &[&str], body: Option<Value>) -> anyhow::Result<Value> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .ok()
            .context("--url cannot have a path")?
            .pop_if_empty()
            .push("v1")
            .extend(path);
        let mut request = self.client.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.context("the gateway does not answer")?;
        let status = answer.status();
        let text = answer.text().await?;
        let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if !status.is_success() {
            let (code, detail) = (value["code"].as_str(), value["detail"].as_str());
            anyhow::bail!(
                "{status}: {}: {}",
                code.unwrap_or("no code"),
                detail.unwrap_or("no detail")
            );
        }
        Ok(value)
    }
}
