//! CloudRoom: configuration and content of a cloud mixer.
//!
//! Open in the vendor's documents, decided here: later content is in front; `keepAspectRatio` 0 stretches; a picture is
//! named by `param.resourceid`; shared media, whiteboards and local screens are no streams here and are left out; text
//! is opaque, so of a colour's alpha only "not seen" counts.

use serde_json::Value;

use super::LayoutFault;
use super::fields::{Fields, colour, sized};
use crate::layout::{
    Area, Arrangement, Canvas, Colour, Fit, Label, Layout, LayoutOverlay, Look, OverlayKind, Region, Source,
    Still,
};
use crate::{AccountId, PushUrl};

/// Most contents.
const MAX_CONTENTS: usize = 64;
/// Most outputs.
const MAX_OUTPUTS: usize = 16;

/// Why a mixer was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("CloudRoom mixer: {0}")]
pub struct CloudRoomMixerError(#[from] pub LayoutFault);

impl CloudRoomMixerError {
    /// `sdkErr`: 903 for the size, 904 for rates, 6 for data that cannot be read, 5 for any other parameter.
    #[must_use]
    pub fn code(&self) -> u16 {
        match self.0 {
            LayoutFault::Field {
                field: "vWidth" | "vHeight",
            } => 903,
            LayoutFault::Field {
                field: "vFps" | "vBps" | "vQP",
            } => 904,
            LayoutFault::Json | LayoutFault::TooLarge { .. } => 6,
            _ => 5,
        }
    }
}

/// A merging mixer as `CloudMixerCfgObj` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudRoomMixer {
    /// From `vWidth`, `vHeight`, `vFps`, `vBps` and `layoutConfig`.
    pub layout: Layout,
    /// The addresses in `svrPathName`.
    pub pushes: Vec<PushUrl>,
    /// The files in `svrPathName`, as they are written there.
    pub files: Vec<String>,
}

/// Translates the configuration of a mixer that merges (`mode` 0). `offset_minutes` is the clock's, east of UTC.
///
/// # Errors
/// [`CloudRoomMixerError`].
pub fn mixer(cfg: &Value, offset_minutes: i32) -> Result<CloudRoomMixer, CloudRoomMixerError> {
    let said = Fields::of(cfg)?;
    if said.int("mode", 0..=1)?.unwrap_or(0) != 0 {
        return Err(LayoutFault::Field { field: "mode" }.into());
    }
    let video = said.object("videoFileCfg")?;
    let video = video.ok_or(LayoutFault::Field {
        field: "videoFileCfg",
    })?;
    let empty = Layout {
        canvas: canvas(video)?,
        look: Look::UNNAMED,
        ..Layout::default()
    };
    let layout = contents(empty, video, offset_minutes)?;
    let (pushes, files) = outputs(video.text("svrPathName")?.unwrap_or_default())?;
    Ok(CloudRoomMixer {
        layout,
        pushes,
        files,
    })
}

/// The layout with the content of an update: only the pictures, texts and clocks change.
///
/// # Errors
/// [`CloudRoomMixerError`].
pub fn with_content(
    layout: &Layout,
    cfg: &Value,
    offset_minutes: i32,
) -> Result<Layout, CloudRoomMixerError> {
    let said = Fields::of(cfg)?;
    let video = said.object("videoFileCfg")?.unwrap_or(said);
    Ok(contents(layout.clone(), video, offset_minutes)?)
}

fn canvas(said: Fields<'_>) -> Result<Canvas, LayoutFault> {
    let usual = Canvas::default();
    let (width, height) = (
        said.need("vWidth", 64..=4_096)?,
        said.need("vHeight", 64..=2_304)?,
    );
    let number = |value: Option<i64>| value.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
    let fps = number(said.int("vFps", 0..=60)?).unwrap_or(12);
    said.int("vQP", 0..=51)?;
    // A tenth of a bit for each pixel, where nothing is said.
    let rate = number(said.int("vBps", 0..=20_000_000)?).unwrap_or(width * height / 10 * fps);
    Ok(Canvas {
        fps,
        video_bitrate: rate.clamp(50_000, 20_000_000),
        ..sized(usual, width, height)
    })
}

fn outputs(paths: &str) -> Result<(Vec<PushUrl>, Vec<String>), LayoutFault> {
    let (mut pushes, mut files) = (Vec::new(), Vec::new());
    for path in paths.split(';').map(str::trim).filter(|path| !path.is_empty()) {
        let scheme = path
            .split_once("://")
            .map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("rtmp" | "rtmps") => pushes.push(PushUrl::parse(path)?),
            None if path.len() <= 512 && !path.chars().any(char::is_control) => files.push(path.to_owned()),
            _ => return Err(LayoutFault::Field { field: "svrPathName" }),
        }
        if pushes.len() + files.len() > MAX_OUTPUTS {
            return Err(LayoutFault::TooMany {
                field: "svrPathName",
                max: MAX_OUTPUTS,
            });
        }
    }
    Ok((pushes, files))
}

fn contents(mut layout: Layout, said: Fields<'_>, offset_minutes: i32) -> Result<Layout, LayoutFault> {
    let (mut regions, mut overlays) = (Vec::new(), Vec::new());
    for (z, item) in (0..).zip(said.list("layoutConfig", MAX_CONTENTS)?) {
        let fit = match item.flag("keepAspectRatio")? {
            Some(true) => Fit::Fit,
            _ => Fit::Fill,
        };
        let mut show = |source| {
            let look = Some(Look {
                fit: Some(fit),
                ..Look::UNNAMED
            });
            let area = place(item, "width", "height")?;
            regions.push(Region {
                source,
                area,
                z,
                look,
            });
            Ok::<_, LayoutFault>(())
        };
        let param = item.object("param")?;
        let kind = match item.need("type", 0..=10)? {
            0 => {
                show(camera(param)?)?;
                continue;
            }
            5 => {
                show(Source::Screen { nth: 0 })?;
                continue;
            }
            1 => OverlayKind::Picture {
                image: Still(needed(param, "resourceid")?.to_owned()),
            },
            4 => clock(label(param)?, offset_minutes),
            7 | 10 => {
                let label = label(param)?;
                if label.text.contains("%timestamp%") {
                    clock(label, offset_minutes)
                } else {
                    OverlayKind::Text(label)
                }
            }
            _ => continue,
        };
        let area = written_at(item, param, &kind, &layout.canvas)?;
        overlays.push(LayoutOverlay { area, z, kind });
    }
    layout.arrangement = Arrangement::Custom { regions };
    layout.overlays = overlays;
    layout.check()?;
    Ok(layout)
}

/// `UID.camID`: a member has one camera here, so only the member counts.
fn camera(param: Option<Fields<'_>>) -> Result<Source, LayoutFault> {
    let camid = needed(param, "camid")?;
    let uid = camid.rsplit_once('.').map_or(camid, |(uid, _)| uid);
    let id = AccountId::parse(uid).map_err(|_| LayoutFault::Field { field: "camid" })?;
    Ok(Source::Account { id })
}

fn needed<'a>(param: Option<Fields<'a>>, field: &'static str) -> Result<&'a str, LayoutFault> {
    let text = param.map_or(Ok(None), |param| param.text(field))?;
    text.ok_or(LayoutFault::Field { field })
}

const fn clock(label: Label, offset_minutes: i32) -> OverlayKind {
    OverlayKind::Clock {
        label,
        offset_minutes,
    }
}

fn label(param: Option<Fields<'_>>) -> Result<Label, LayoutFault> {
    let text = |field| param.map_or(Ok(None), |param| param.text(field));
    let tint = |field, usual| match text(field)? {
        None => Ok(usual),
        Some(text) => colour(text)
            .map(|(colour, seen)| seen.then_some(colour))
            .ok_or(LayoutFault::Field { field }),
    };
    let size = param.map_or(Ok(None), |param| param.int("font-size", 8..=256))?;
    Ok(Label {
        text: text("text")?.unwrap_or_default().to_owned(),
        size: size.and_then(|size| u32::try_from(size).ok()).unwrap_or(18),
        colour: tint("color", Some(Colour::WHITE))?.unwrap_or(Colour::WHITE),
        background: tint("background", Some(Colour::BLACK))?,
    })
}

fn place(item: Fields<'_>, width: &'static str, height: &'static str) -> Result<Area, LayoutFault> {
    Ok(Area::Pixels {
        x: item.need("left", 0..=4_096)?,
        y: item.need("top", 0..=4_096)?,
        w: item.need(width, 1..=4_096)?,
        h: item.need(height, 1..=4_096)?,
    })
}

/// Where text stands: what is said, or from its corner to the right edge and as high as a line with its margins.
fn written_at(
    item: Fields<'_>,
    param: Option<Fields<'_>>,
    kind: &OverlayKind,
    canvas: &Canvas,
) -> Result<Area, LayoutFault> {
    let size = match kind {
        OverlayKind::Text(label) | OverlayKind::Clock { label, .. } => label.size,
        OverlayKind::Picture { .. } => return place(item, "width", "height"),
    };
    let margin = param.map_or(Ok(None), |param| param.int("text-margin", 0..=64))?;
    let margin = margin.and_then(|margin| u32::try_from(margin).ok()).unwrap_or(5);
    if item.has("width") && item.has("height") {
        return place(item, "width", "height");
    }
    let (x, y) = (item.need("left", 0..=4_096)?, item.need("top", 0..=4_096)?);
    Ok(Area::Pixels {
        x,
        y,
        w: canvas.width.saturating_sub(x),
        h: size + 2 * margin,
    })
}
