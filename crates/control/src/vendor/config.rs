//! Which apps of vendors are served, and how their tokens are checked.

use lianmai_rooms::AppId;
use serde::{Deserialize, Serialize};

/// How a token of a vendor's client is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenPolicy {
    /// It is a token as for `/v1/ws`, of the account that the client says it is.
    #[default]
    Jwt,
    /// The app's own server is asked.
    Hook,
    /// Whatever the client says is believed. For development only.
    Open,
}

/// One app of a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VendorApp {
    /// What clients call it: `org#app` of emedia, the app key of netcall.
    pub key: String,
    /// What it is here.
    pub app: AppId,
    /// How its clients' tokens are checked.
    #[serde(default)]
    pub tokens: TokenPolicy,
    /// Where the app's own server is asked, with [`TokenPolicy::Hook`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<String>,
    /// What comes after the `@` of emedia's member names.
    #[serde(default = "domain")]
    pub domain: String,
}

fn domain() -> String {
    "easemob.com".to_owned()
}

/// All apps of vendors.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VendorConfig {
    /// Each key once.
    pub apps: Vec<VendorApp>,
    /// Whether pages that hold the digest of their app's secret get tokens for it.
    pub secret_sign_in: bool,
}

impl VendorConfig {
    /// The app that clients call so.
    #[must_use]
    pub fn by_key(&self, key: &str) -> Option<&VendorApp> {
        self.apps.iter().find(|app| app.key == key)
    }

    /// The first of the keys under which clients know this app.
    #[must_use]
    pub fn by_app(&self, id: &AppId) -> Option<&VendorApp> {
        self.apps.iter().find(|app| app.app == *id)
    }
}
