//! From the configuration to the settings of the bypass.

use anyhow::Context;
use lianmai_control::bypass::{BypassConfig, RetryConfig};
use lianmai_rtmp::client::client_tls;

use crate::config::Config;

pub(super) fn bypass_config(config: &Config) -> anyhow::Result<BypassConfig> {
    let bypass = &config.bypass;
    let tls = bypass.authorities.as_deref().map(client_tls).transpose();
    Ok(BypassConfig {
        allow_private: bypass.allow_private,
        connect_timeout: bypass.connect_timeout,
        stall: bypass.stall,
        retry: RetryConfig {
            first: bypass.first_retry,
            max: bypass.max_retry,
            stable: bypass.stable_after,
            refused_first: bypass.first_refused_retry,
            refused_max: bypass.max_refused_retry,
            refusals: bypass.max_refusals,
        },
        tls: tls.context("bypass.authorities")?,
    })
}
