//! Rooms that are pushed to a CDN on behalf of one member, the host, with linked guests in the picture, as some
//! vendors' clients know them. Clients that name no part take part in any room.

use serde::{Deserialize, Serialize};

/// What a joining member is in the bypass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BypassPart {
    /// It wants a room without bypass.
    Off,
    /// The room is pushed on its behalf. One at a time.
    Host,
    /// In the picture beside the host.
    Guest,
}

/// Whether a room is one with bypass: settled by the first member who names a part, open again when the room is empty.
///
/// ```text
///            Join(Off)                      Join(Host)
///  (open) ─────────────► Plain    (open) ───────────────► Live      (open), Join(Guest): bypass_not_hosted
///    Host, Guest: bypass_mismatch           Off: bypass_mismatch; a second Host: bypass_host_taken;
///                                           Guests above the limit: bypass_guests_full
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BypassMode {
    Plain,
    Live,
}
