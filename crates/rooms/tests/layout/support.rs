//! Short ways to build participants and layouts.

use lianmai_rooms::layout::*;
use lianmai_rooms::*;

/// The nth member with its camera: account `u<n>`, stream `s<n>`, joined in order of numbers.
pub(crate) fn person(n: usize) -> Participant {
    Participant {
        stream: StreamId::parse(&format!("s{n}")).unwrap(),
        member: MemberId::parse(&format!("m{n}")).unwrap(),
        account: AccountId::parse(&format!("u{n}")).unwrap(),
        nick: Nick::parse(&format!("User {n}")).unwrap(),
        role: Role::Talker,
        kind: StreamKind::Camera,
        joined_at: Timestamp::from_secs(1_000 + n as u64),
        voff: false,
        aoff: false,
        on_air: true,
        speaking: false,
        muted: MuteFlags::default(),
    }
}

pub(crate) fn people(count: usize) -> Vec<Participant> {
    (1..=count).map(person).collect()
}

/// The screen of the nth member.
pub(crate) fn screen(n: usize) -> Participant {
    Participant {
        stream: StreamId::parse(&format!("d{n}")).unwrap(),
        kind: StreamKind::Screen,
        ..person(n)
    }
}

pub(crate) fn sized(preset: Preset, width: u32, height: u32) -> Layout {
    let mut layout = Layout::preset(preset);
    (layout.canvas.width, layout.canvas.height) = (width, height);
    layout
}

/// The inputs of the cells in their order; `-` where nobody is.
pub(crate) fn inputs(scene: &Scene) -> Vec<&str> {
    let inputs = scene
        .cells
        .iter()
        .map(|cell| cell.input.as_deref().unwrap_or("-"));
    inputs.collect()
}

pub(crate) fn region(source: Source, x: u32, y: u32, w: u32, h: u32) -> Region {
    Region {
        source,
        area: Area::Pixels { x, y, w, h },
        z: 0,
        look: None,
    }
}

pub(crate) fn custom(regions: Vec<Region>) -> Layout {
    Layout {
        arrangement: Arrangement::Custom { regions },
        ..Layout::default()
    }
}

pub(crate) fn is_inside(rect: Rect, canvas: Canvas) -> bool {
    if rect.x < 0 || rect.y < 0 {
        return false;
    }
    let (x, y) = (rect.x as u32, rect.y as u32);
    let even = [x, y, rect.w, rect.h].iter().all(|n| n.is_multiple_of(2));
    even && rect.w >= 2 && rect.h >= 2 && x + rect.w <= canvas.width && y + rect.h <= canvas.height
}

pub(crate) fn overlap(a: Rect, b: Rect) -> bool {
    let apart = |a: i32, a_len: u32, b: i32, b_len: u32| a + a_len as i32 <= b || b + b_len as i32 <= a;
    !apart(a.x, a.w, b.x, b.w) && !apart(a.y, a.h, b.y, b.h)
}
