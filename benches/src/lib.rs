//! Load generator and benchmarks: one synthetic publisher or many, thousands of players, and a gateway, its peers and
//! a theoretical floor measured beside each other in one run. `docs/performance.md` says how to read the figures.
//!
//! Everything here is one thread that reads sockets and counts; it is pinned to one core and the measured server to
//! another. No code of the gateway is used, so that a mistake there cannot hide itself.

mod cli;
mod client;
mod flv;
mod histogram;
mod http;
mod load;
mod machine;
mod peers;
mod probe;
mod process;
mod report;
mod rtmp;
mod scenario;
mod source;
mod tally;
mod viewers;

pub use cli::run;
pub use viewers::run as run_viewers;
