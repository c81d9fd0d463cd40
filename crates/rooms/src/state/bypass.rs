//! Who is what in the bypass.

use super::State;
use crate::bypass::BypassMode;
use crate::{BypassPart, Rejection};

impl State {
    /// Lets a joining member have its part, and settles the mode of the room by it. The last check of joining.
    pub(super) fn enter_bypass(&mut self, part: Option<BypassPart>) -> Result<(), Rejection> {
        let Some(part) = part else {
            return Ok(());
        };
        let inside = |wanted: BypassPart| {
            let parts = self.members.values().filter_map(|member| member.bypass);
            parts.filter(|part| *part == wanted).count()
        };
        self.bypass = Some(match (part, self.bypass) {
            (BypassPart::Off, Some(BypassMode::Live))
            | (BypassPart::Host | BypassPart::Guest, Some(BypassMode::Plain)) => {
                return Err(Rejection::BypassMismatch);
            }
            (BypassPart::Guest, None) => return Err(Rejection::BypassNotHosted),
            (BypassPart::Host, _) if inside(BypassPart::Host) > 0 => return Err(Rejection::BypassHostTaken),
            (BypassPart::Guest, _) if inside(BypassPart::Guest) >= self.settings.bypass_guests as usize => {
                return Err(Rejection::BypassGuestsFull);
            }
            (BypassPart::Off, _) => BypassMode::Plain,
            (BypassPart::Host | BypassPart::Guest, _) => BypassMode::Live,
        });
        Ok(())
    }
}
