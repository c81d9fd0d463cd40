//! What an operator can set: one TOML file, then environment, then flags; later ones win.
//!
//! `LIANMAI_HTTP__LISTEN` is `listen` in section `[http]`. Unknown keys are errors, so that a typing mistake
//! is not silently a default. The gateway's own secrets are not configured: they are generated and kept in the
//! database. One that it shares with another server is ([`Hidden`]).

mod check;
mod hidden;
mod load;
mod sections;

pub use check::ConfigError;
pub use hidden::Hidden;
pub use load::{Overrides, load};
pub use sections::{Config, LogFormat, LogSection};

/// The whole configuration with its default values and what each key means, as TOML.
pub const REFERENCE: &str = include_str!("../../../../config/lianmai.toml");
