//! nim: split modes with `custom_layout`, and the `rtmpTasks` of a room that is created.
//!
//! Open in the vendor's documents, decided here: `adaption` 1 fills a place and 0 shows the whole picture; a canvas of
//! which nothing is said is the caller's; `special_show_mode` changes nothing, as places are always fixed and shown
//! only for those present.

use super::LayoutFault;
use super::fields::{Fields, parse, sized};
use crate::layout::{Area, Arrangement, Canvas, Colour, Fit, Fraction, Layout, Look, Preset, Region, Source};
use crate::{AccountId, PushUrl};

/// Most places beside the main one.
const MAX_GUESTS: i64 = 32;
/// Most tasks of a room.
const MAX_TASKS: usize = 16;
/// By how much the sum of a start and a length may be above the whole, in ten-thousandths: clients round.
const ROUNDING: u32 = 100;

/// Why a layout or task was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nim layout: {0}")]
pub struct NimLayoutError(#[from] pub LayoutFault);

impl NimLayoutError {
    /// What joining answers (`NIMVChatConnectErrorCode`): 208 for a layout, 400 for an address.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self.0 {
            LayoutFault::Push(_) => 400,
            _ => 208,
        }
    }

    /// What the live state is (`NIMVChatLiveStateCode`): 501 for a layout, 504 for an address.
    #[must_use]
    pub const fn live_state(&self) -> u16 {
        match self.0 {
            LayoutFault::Push(_) => 504,
            _ => 501,
        }
    }
}

/// What a client says about the picture.
#[derive(Debug, Clone, Copy)]
pub struct NimLayout<'a> {
    /// `split_mode` (`NIMVChatVideoSplitMode`), 0 to 5.
    pub split_mode: i64,
    /// `custom_layout`: JSON text.
    pub custom_layout: Option<&'a str>,
    /// Whose picture is the main one.
    pub host: Option<&'a AccountId>,
    /// The canvas, as far as the layout names none.
    pub canvas: Canvas,
}

/// Translates a split mode with its custom layout.
///
/// # Errors
/// [`NimLayoutError`] with 208 and 501.
pub fn layout(said: &NimLayout<'_>) -> Result<Layout, NimLayoutError> {
    let custom = said.custom_layout.filter(|text| !text.trim().is_empty());
    let main = said.host.map(|id| Source::Account { id: id.clone() });
    let preset = |preset| Layout {
        canvas: said.canvas,
        main: main.clone(),
        look: Look::UNNAMED,
        ..Layout::preset(preset)
    };
    let layout = match (said.split_mode, custom) {
        (0, _) => preset(Preset::Floating),
        (1, _) => preset(Preset::FloatingTop),
        (2, _) => preset(Preset::Grid),
        (3, _) => preset(Preset::GridCropped),
        (4, Some(text)) => custom_layout(text, preset(Preset::Grid))?,
        (4, None) => return Err(field("custom_layout").into()),
        (5, None) => preset(Preset::AudioOnly),
        (5, Some(text)) => {
            let mut layout = custom_layout(text, preset(Preset::AudioOnly))?;
            if let Arrangement::Custom { regions } = &mut layout.arrangement {
                let looks = regions.iter_mut().filter_map(|region| region.look.as_mut());
                looks.for_each(|look| look.badge_only = true);
            }
            layout
        }
        _ => return Err(field("split_mode").into()),
    };
    layout.check().map_err(LayoutFault::from)?;
    Ok(layout)
}

const fn field(field: &'static str) -> LayoutFault {
    LayoutFault::Field { field }
}

/// Fills in what the text says; without areas the arrangement stays.
fn custom_layout(text: &str, base: Layout) -> Result<Layout, LayoutFault> {
    let value = parse(text)?;
    let said = Fields::of(&value)?;
    said.int("version", 0..=0)?;
    said.flag("special_show_mode")?;
    let mut layout = base;
    if said.flag("set_host_as_main")? == Some(false) {
        layout.main = None;
    }
    if said.has("main_width") || said.has("main_height") {
        let (width, height) = (
            said.need("main_width", 64..=4_096)?,
            said.need("main_height", 64..=2_304)?,
        );
        layout.canvas = sized(layout.canvas, width, height);
    }
    if let Some(colour) = said.object("background")? {
        let part = |name| {
            let part = colour.int(name, 0..=255)?.unwrap_or(0);
            u8::try_from(part).map_err(|_| field(name))
        };
        layout.background = Colour::new(part("rgb_r")?, part("rgb_g")?, part("rgb_b")?);
    }
    let guests = said.int("n_host_area_number", 0..=MAX_GUESTS)?.unwrap_or(0);
    if guests == 0 && !said.has("host_area") {
        return Ok(layout);
    }
    let mut regions = vec![region(Source::Main, said.object("host_area")?, 0, true)?];
    for nth in 0..u16::try_from(guests).unwrap_or(0) {
        let area = said.object_at(&format!("n_host_area_{nth}"), "n_host_area")?;
        regions.push(region(
            Source::Other { nth },
            Some(area),
            1 + i32::from(nth),
            false,
        )?);
    }
    layout.arrangement = Arrangement::Custom { regions };
    Ok(layout)
}

fn region(
    source: Source,
    said: Option<Fields<'_>>,
    z: i32,
    may_be_whole: bool,
) -> Result<Region, LayoutFault> {
    let placed = ["position_x", "position_y", "width_rate", "height_rate"];
    let fit = match said.map_or(Ok(None), |said| said.int("adaption", 0..=1))? {
        Some(1) => Fit::Crop,
        _ => Fit::Fit,
    };
    let area = match said {
        Some(said) if placed.iter().any(|name| said.has(name)) => {
            let part = |name| said.need(name, 0..=10_000);
            let (x, y) = (part("position_x")?, part("position_y")?);
            let (w, h) = (part("width_rate")?, part("height_rate")?);
            if x + w > 10_000 + ROUNDING || w == 0 {
                return Err(field("width_rate"));
            }
            if y + h > 10_000 + ROUNDING || h == 0 {
                return Err(field("height_rate"));
            }
            let fraction = |parts| Fraction::from_ten_thousandths(u16::try_from(parts).unwrap_or(u16::MAX));
            Area::Fraction {
                x: fraction(x),
                y: fraction(y),
                w: fraction(w),
                h: fraction(h),
            }
        }
        _ if may_be_whole => Area::WHOLE,
        _ => return Err(field("position_x")),
    };
    let look = Look {
        fit: Some(fit),
        ..Look::UNNAMED
    };
    Ok(Region {
        source,
        area,
        z,
        look: Some(look),
    })
}

/// One of the `rtmpTasks` of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NimTask {
    /// `taskId`.
    pub id: String,
    /// `streamUrl`.
    pub url: PushUrl,
    /// From `layoutMode`, `layoutPara` and `accid`.
    pub layout: Layout,
    /// `record`.
    pub record: bool,
}

/// Reads `{"room_config": {"rtmpTasks": […]}}`, which comes with `create_room`. No tasks: an empty list. A room has one
/// mix, so of several tasks the layout of the first counts.
///
/// # Errors
/// [`NimLayoutError`] with 208 for a layout, 400 for an address.
pub fn tasks(text: &str, canvas: Canvas) -> Result<Vec<NimTask>, NimLayoutError> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let value = parse(text)?;
    let Some(config) = Fields::of(&value)?.object("room_config")? else {
        return Ok(Vec::new());
    };
    config
        .list("rtmpTasks", MAX_TASKS)?
        .into_iter()
        .map(|said| task(said, canvas))
        .collect()
}

fn task(said: Fields<'_>, canvas: Canvas) -> Result<NimTask, NimLayoutError> {
    let host = said.text("accid")?.filter(|text| !text.is_empty());
    let host = host
        .map(AccountId::parse)
        .transpose()
        .map_err(|_| field("accid"))?;
    let id = said.text("taskId")?.unwrap_or_default();
    if id.len() > 128 {
        return Err(field("taskId").into());
    }
    Ok(NimTask {
        id: id.to_owned(),
        url: said.push_url("streamUrl")?,
        layout: layout(&NimLayout {
            split_mode: said.int("layoutMode", 0..=5)?.unwrap_or(0),
            custom_layout: said.text("layoutPara")?,
            host: host.as_ref(),
            canvas,
        })?,
        record: said.flag("record")?.unwrap_or(false),
    })
}
