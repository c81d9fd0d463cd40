//! What the first to come says about a conference, as settings of a room.

use lianmai_rooms::{Delay, Lifetime, Limits, Role, RoomKind, Settings};

use super::{Fields, Refusal, names};

/// How long a conference waits for its first member.
const FIRST_DELAY: Delay = Delay::from_secs(120);
/// Clients try for 39 s to come back.
const GRACE: Delay = Delay::from_secs(45);

/// Settings from `confrType`, `rec`, `recMerge`, `max…Count`, `supportWechatMiniProgram` and, of the server's own
/// call, `confrDelayMillis`, `memDefaultRole`, `allowAudienceTalk`.
pub(super) fn settings(said: &Fields) -> Result<Settings, Refusal> {
    let kind = match said.int("confrType")? {
        // One-to-one and intercom are communications whose clients behave differently.
        None | Some(0 | 10 | 13 | 14) => RoomKind::Communication,
        Some(11) => RoomKind::CommunicationMix,
        Some(12) => RoomKind::Live,
        Some(_) => return Err(Refusal::field("confrType")),
    };
    let mut settings = Settings::new(kind);
    settings.record = said.flag("rec")?.unwrap_or(false);
    settings.record_merge = said.flag("recMerge")?.unwrap_or(false);
    settings.mini_program = said.flag("supportWechatMiniProgram")?.unwrap_or(true);
    settings.limits = limits(said, settings.limits)?;
    let delay = said.int("confrDelayMillis")?.map(|millis| {
        let delay = u64::try_from(millis)
            .ok()
            .and_then(|millis| Delay::from_millis(millis).ok());
        delay.ok_or_else(|| Refusal::field("confrDelayMillis"))
    });
    settings.lifetime = Lifetime::EndsWhenLeft {
        delay: delay.transpose()?.unwrap_or(FIRST_DELAY),
    };
    settings.timing.member_grace = GRACE;
    if let Some(code) = said.int("memDefaultRole")? {
        settings.permissions.self_role = names::role(code)?;
    }
    if said.flag("allowAudienceTalk")? == Some(true) {
        settings.permissions.self_role = settings.permissions.self_role.max(Role::Talker);
    }
    Ok(settings)
}

fn limits(said: &Fields, base: Limits) -> Result<Limits, Refusal> {
    let count = |name: &str, base: u32| match said.int(name)? {
        None => Ok(base),
        Some(n) => u32::try_from(n).map_err(|_| Refusal::field(name)),
    };
    let limits = Limits::new(
        count("maxTalkerCount", base.talkers())?,
        count("maxVideoCount", base.videos())?,
        count("maxAudienceCount", base.audiences())?,
        count("maxPubDesktopCount", base.desktops())?,
    );
    limits.map_err(|error| {
        Refusal::field(match error.field {
            "talkers" => "maxTalkerCount",
            "videos" => "maxVideoCount",
            "audiences" => "maxAudienceCount",
            _ => "maxPubDesktopCount",
        })
    })
}

/// The vendor's number for a type of conference.
pub(super) const fn confr_type(kind: RoomKind) -> u8 {
    match kind {
        RoomKind::Communication => 10,
        RoomKind::CommunicationMix => 11,
        RoomKind::Live => 12,
    }
}
