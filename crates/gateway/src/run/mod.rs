//! A gateway's life: build everything from the configuration, run, drain, end.

mod build;
mod bypass;
mod drain;
mod reload;
mod upload;
mod workers;

pub(crate) use build::open_store;

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use crate::cli::ConfigArgs;
use crate::command::configuration;
use crate::logging;
use crate::signals::{Signals, Wish};

/// `lianmai serve`: runs until SIGTERM or SIGINT.
///
/// # Errors
/// Whatever keeps the gateway from starting: configuration, database, an address in use.
pub fn serve(args: &ConfigArgs) -> anyhow::Result<()> {
    let config = configuration(args)?;
    let level = logging::start(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("runtime")?;
    runtime.block_on(async {
        let mut signals = Signals::listen().context("signals")?;
        let stop = CancellationToken::new();
        let mut gateway = build::build(&config, &stop).await?;
        let webrtc = gateway.bridge.as_ref().map(|bridge| bridge.udp_address());
        tracing::info!(
            ?webrtc, rtmp = ?config.rtmp.listen, rtmps = ?config.rtmps.listen, http = %config.http.listen, "the gateway is up"
        );
        let mut config = config;
        loop {
            tokio::select! {
                wish = signals.next() => match wish {
                    Wish::Reload => reload::reload(args, &mut config, &level, &gateway).await,
                    Wish::Stop => break,
                },
                // A listener that ends by itself is a defect; going on half-dead would hide it.
                ended = gateway.tasks.join_next() => {
                    anyhow::bail!("a listener ended by itself: {ended:?}");
                }
            }
        }
        drain::drain(gateway, config.drain.deadline, &stop, &mut signals).await;
        Ok(())
    })
}
