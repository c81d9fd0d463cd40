//! emedia: `liveCfg` with layout style and canvas, and `regions` of a running live.
//!
//! Open in the vendor's documents, decided here: `CUSTOM` without regions is a grid until regions come; `bps` up to
//! 5000 counts kilobits, above it bits; `fill` stretches; more `zorder` is in front.

use serde_json::Value;

use super::LayoutFault;
use super::fields::{Fields, list, sized};
use crate::layout::{Area, Arrangement, Canvas, Colour, Fit, Layout, Look, Preset, Region, Source};
use crate::{PushUrl, StreamId};

/// Why a live or its regions were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("emedia live: {0}")]
pub struct EmediaLayoutError(#[from] pub LayoutFault);

impl EmediaLayoutError {
    /// What the clients get: −507, the operation is not accepted.
    #[must_use]
    pub const fn code(&self) -> i32 {
        -507
    }
}

/// A live as `liveCfg` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmediaLive {
    /// `cdn`.
    pub url: PushUrl,
    /// From `layoutStyle`, `canvas` and `regions`.
    pub layout: Layout,
    /// `record`.
    pub record: bool,
}

/// Translates `liveCfg`.
///
/// # Errors
/// [`EmediaLayoutError`].
pub fn live(live_cfg: &Value) -> Result<EmediaLive, EmediaLayoutError> {
    let said = Fields::of(live_cfg)?;
    let url = said.push_url("cdn")?;
    let style = said.text("layoutStyle")?.unwrap_or_default();
    let canvas = said.object("canvas")?;
    let custom = match (style, canvas) {
        ("GRID", _) => false,
        ("CUSTOM", Some(_)) => true,
        ("CUSTOM", None) => return Err(LayoutFault::Field { field: "canvas" }.into()),
        _ => return Err(LayoutFault::Field { field: "layoutStyle" }.into()),
    };
    let mut layout = Layout {
        look: Look::UNNAMED,
        ..Layout::preset(Preset::Grid)
    };
    if let Some(canvas) = canvas {
        (layout.canvas, layout.background) = drawn_on(canvas)?;
    }
    if custom && said.has("regions") {
        let found = said.list("regions", Layout::MAX_REGIONS)?;
        layout.arrangement = arrangement(found)?;
    }
    layout.check().map_err(LayoutFault::from)?;
    Ok(EmediaLive {
        url,
        layout,
        record: said.flag("record")?.unwrap_or(false),
    })
}

/// The layout with these `regions` instead of its arrangement: what `updateLiveLayout` does.
///
/// # Errors
/// [`EmediaLayoutError`].
pub fn with_regions(layout: &Layout, regions: &Value) -> Result<Layout, EmediaLayoutError> {
    let found = list(regions, "regions", Layout::MAX_REGIONS)?;
    let layout = Layout {
        arrangement: arrangement(found)?,
        ..layout.clone()
    };
    layout.check().map_err(LayoutFault::from)?;
    Ok(layout)
}

fn drawn_on(said: Fields<'_>) -> Result<(Canvas, Colour), LayoutFault> {
    let usual = Canvas::default();
    let (width, height) = (said.need("w", 64..=4_096)?, said.need("h", 64..=2_304)?);
    if said
        .text("codec")?
        .is_some_and(|codec| !codec.eq_ignore_ascii_case("H264"))
    {
        return Err(LayoutFault::Field { field: "codec" });
    }
    let number = |value: Option<i64>, usual| value.and_then(|n| u32::try_from(n).ok()).unwrap_or(usual);
    let fps = number(said.int("fps", 1..=60)?, usual.fps);
    let rate = number(said.int("bps", 1..=20_000_000)?, usual.video_bitrate);
    let rate = if rate <= 5_000 { rate * 1_000 } else { rate };
    let canvas = Canvas {
        fps,
        video_bitrate: rate.max(50_000),
        ..sized(usual, width, height)
    };
    let [_, r, g, b] = number(said.int("bgclr", 0..=0xff_ffff)?, 0).to_be_bytes();
    Ok((canvas, Colour::new(r, g, b)))
}

fn arrangement(found: Vec<Fields<'_>>) -> Result<Arrangement, LayoutFault> {
    let regions: Result<Vec<Region>, LayoutFault> = found.into_iter().map(region).collect();
    Ok(Arrangement::Custom { regions: regions? })
}

fn region(said: Fields<'_>) -> Result<Region, LayoutFault> {
    let id = said.text("sid")?.and_then(|id| StreamId::parse(id).ok());
    let fit = match said.text("style")? {
        None => Fit::Fit,
        Some(style) if style.eq_ignore_ascii_case("AspectFit") => Fit::Fit,
        Some(style) if style.eq_ignore_ascii_case("fill") => Fit::Fill,
        Some(_) => return Err(LayoutFault::Field { field: "style" }),
    };
    let z = said.int("zorder", 0..=100)?.unwrap_or(0);
    Ok(Region {
        source: Source::Stream {
            id: id.ok_or(LayoutFault::Field { field: "sid" })?,
        },
        area: Area::Pixels {
            x: said.need("x", 0..=4_096)?,
            y: said.need("y", 0..=4_096)?,
            w: said.need("w", 64..=1_280)?,
            h: said.need("h", 64..=1_280)?,
        },
        z: i32::try_from(z).unwrap_or_default(),
        look: Some(Look {
            fit: Some(fit),
            ..Look::UNNAMED
        }),
    })
}
