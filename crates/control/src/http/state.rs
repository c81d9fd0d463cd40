//! What all routes share.

use std::net::IpAddr;
use std::sync::Arc;

use lianmai_rooms::AppId;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::config::HttpConfig;
use super::rate::Rates;
use super::tally::Tally;
use crate::service::Service;
use crate::vendor::Netcall;
use crate::vendor::sign_in::SignIns;
use crate::vendor::tokens::Questions;
use crate::ws::LiveSessions;

/// Renders the metrics as text.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// Shared by all routes; cheap to clone.
#[derive(Clone)]
pub struct HttpState(Arc<Inner>);

struct Inner {
    service: Arc<Service>,
    config: HttpConfig,
    render_metrics: RenderMetrics,
    stop: CancellationToken,
    tasks: TaskTracker,
    rate_per_ip: Rates<IpAddr>,
    rate_per_app: Rates<AppId>,
    ws_places: Arc<Semaphore>,
    ws_per_app: Tally<AppId>,
    live_sessions: LiveSessions,
    vendor_questions: Questions,
    sign_ins: SignIns,
    netcall: Netcall,
}

impl HttpState {
    /// State for a service. `stop` tells WebSocket connections to close; `render_metrics` gives the text of `/metrics`.
    #[must_use]
    pub fn new(
        service: Arc<Service>,
        config: HttpConfig,
        render_metrics: RenderMetrics,
        stop: CancellationToken,
    ) -> Self {
        Self(Arc::new(Inner {
            rate_per_ip: Rates::new(config.rate_per_ip),
            rate_per_app: Rates::new(config.rate_per_app),
            ws_places: Arc::new(Semaphore::new(
                config.ws.max_connections.min(Semaphore::MAX_PERMITS),
            )),
            ws_per_app: Tally::new(config.ws.max_per_app),
            live_sessions: LiveSessions::default(),
            vendor_questions: Questions::default(),
            sign_ins: SignIns::default(),
            netcall: Netcall::new(&config.netcall),
            tasks: TaskTracker::new(),
            service,
            config,
            render_metrics,
            stop,
        }))
    }

    /// Resolves when all WebSocket connections are closed, after `stop`.
    pub async fn drained(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    pub(crate) fn service(&self) -> &Service {
        &self.0.service
    }

    pub(crate) fn config(&self) -> &HttpConfig {
        &self.0.config
    }

    pub(crate) fn rate_per_ip(&self) -> &Rates<IpAddr> {
        &self.0.rate_per_ip
    }

    pub(crate) fn rate_per_app(&self) -> &Rates<AppId> {
        &self.0.rate_per_app
    }

    pub(crate) fn ws_places(&self) -> &Arc<Semaphore> {
        &self.0.ws_places
    }

    pub(crate) fn ws_per_app(&self) -> &Tally<AppId> {
        &self.0.ws_per_app
    }

    pub(crate) fn live_sessions(&self) -> &LiveSessions {
        &self.0.live_sessions
    }

    pub(crate) fn vendor_questions(&self) -> &Questions {
        &self.0.vendor_questions
    }

    pub(crate) fn sign_ins(&self) -> &SignIns {
        &self.0.sign_ins
    }

    pub(crate) fn netcall(&self) -> &Netcall {
        &self.0.netcall
    }

    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.0.stop
    }

    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.0.tasks
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.0.stop.is_cancelled()
    }

    pub(crate) fn render_metrics(&self) -> String {
        (self.0.render_metrics)()
    }
}
