//! What entitles somebody to join a room, and up to which role.

use crate::{PasswordCheck, Role, VerifiedTicket};

/// Shown on joining. The account itself is proven before, by the connection's signed token.
#[derive(Debug, Clone)]
pub enum Credential {
    /// Nothing shown: enough for a room without password, and for its creator.
    None,
    /// A password, already checked by the caller.
    Password(PasswordCheck),
    /// A ticket for this room; entitles to the ticket's role.
    Ticket(VerifiedTicket),
    /// The connection's signed token names this room; entitles to the token's role.
    Token {
        /// Highest role the token allows.
        role: Role,
    },
    /// The app's own server acts with the app secret; entitles to every role.
    App,
}
