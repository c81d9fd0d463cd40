//! The HTTP face of the control plane: REST under `/v1`, probes, metrics, console.
//!
//! Translates only: requests become commands of [`Service`](crate::service::Service), answers JSON, refusals problems
//! (RFC 9457). [`router`] gives everything of the public address; [`serve`] runs it on a listener with limits on
//! connections. Tokens are in [`jwt`].

mod caller;
mod config;
mod console;
pub mod dto;
pub(crate) mod event;
pub(crate) mod extract;
mod guard;
pub mod jwt;
mod openapi;
pub(crate) mod ops;
mod probes;
mod problem;
pub(crate) mod rate;
mod router;
mod routes;
mod server;
mod stall;
mod state;
pub(crate) mod tally;

pub(crate) use caller::{Caller, bearer, prove};
pub use config::{CorsPolicy, HttpConfig, MetricsAccess, Rate, WsConfig};
pub(crate) use console::fallback as console_page;
pub(crate) use guard::peer_address;
pub use problem::{PROBLEM_JSON, Problem, ProblemBody};
pub use router::{metrics_router, openapi_json, router};
pub(crate) use routes::{Failures, failure};
pub use server::serve;
pub(crate) use stall::Stalled;
pub use state::{HttpState, RenderMetrics};
