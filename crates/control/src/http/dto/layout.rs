//! Schemas of layouts. They only describe: layouts travel as the rooms' own types.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::schema::Role;

/// How the streams of a room become one picture and one sound. What is left out takes its default: a grid on black,
/// 1280 × 720.
#[derive(Debug, Serialize, ToSchema)]
pub struct Layout {
    /// Size and rates of the output. Another canvas restarts the mix, as everything else does not.
    #[schema(required = false)]
    pub canvas: Canvas,
    /// Behind everything, `#rrggbb`.
    #[schema(required = false, example = "#000000")]
    pub background: String,
    /// Behind everything, scaled to cover; the name of a picture of the room.
    pub background_image: Option<String>,
    /// Where the pictures are.
    #[schema(required = false)]
    pub arrangement: Arrangement,
    /// Whose picture is the main one; left out: as the arrangement has it.
    pub main: Option<Source>,
    /// How pictures are shown, unless their region says otherwise.
    #[schema(required = false)]
    pub look: Look,
    /// What is drawn over the pictures.
    #[schema(required = false, max_items = 32)]
    pub overlays: Vec<LayoutOverlay>,
    /// What is special about single accounts.
    #[schema(required = false)]
    pub members: BTreeMap<String, MemberMix>,
    /// How long pictures take to move to their new places, in milliseconds; 0: at once.
    #[schema(required = false, maximum = 5_000)]
    pub transition_ms: u32,
    /// After how long without a picture the badge takes its place, in milliseconds; left out: 3000.
    #[schema(required = false, maximum = 600_000)]
    pub hold_ms: u32,
}

/// Size and rates of a mix.
#[derive(Debug, Serialize, ToSchema)]
pub struct Canvas {
    /// Width in pixels, even.
    #[schema(required = false, minimum = 64, maximum = 4_096, example = 1_280)]
    pub width: u32,
    /// Height in pixels, even.
    #[schema(required = false, minimum = 64, maximum = 2_304, example = 720)]
    pub height: u32,
    /// Frames per second.
    #[schema(required = false, minimum = 1, maximum = 60, example = 25)]
    pub fps: u32,
    /// Bits per second of the picture.
    #[schema(required = false, minimum = 50_000, maximum = 20_000_000, example = 2_000_000)]
    pub video_bitrate: u32,
    /// Bits per second of the sound.
    #[schema(required = false, minimum = 16_000, maximum = 512_000, example = 128_000)]
    pub audio_bitrate: u32,
    /// `live`: lowest delay; `recording`: better pictures for the same bits.
    #[schema(required = false, example = "live")]
    pub quality: String,
    /// No picture at all.
    #[schema(required = false)]
    pub audio_only: bool,
}

/// Where the pictures are.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Arrangement {
    /// A well-known one, for any number of members.
    Preset {
        /// Which.
        preset: Preset,
    },
    /// Regions one by one, at most 64.
    Custom {
        /// In order of drawing, where their `z` is equal.
        regions: Vec<Region>,
    },
}

/// Well-known arrangements.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Equal places, pictures whole.
    Grid,
    /// Equal places that fill the canvas, edges of pictures cut off.
    GridCropped,
    /// Who speaks large, the others in a strip below.
    SpeakerBottom,
    /// Who speaks large, the others in a strip above.
    SpeakerTop,
    /// One on the whole canvas, the others in windows at the bottom.
    Floating,
    /// One on the whole canvas, the others in windows at the top.
    FloatingTop,
    /// One in the left half, the others in the right half.
    SideBySide,
    /// One on the whole canvas, one other in a window.
    PictureInPicture,
    /// A shared screen large, cameras in a strip.
    ScreenShare,
    /// No pictures: badges in a grid.
    AudioOnly,
    /// Only who speaks.
    SingleSpeaker,
}

/// A place of one's own.
#[derive(Debug, Serialize, ToSchema)]
pub struct Region {
    /// Whose picture.
    pub source: Source,
    /// Where.
    pub area: Area,
    /// Higher is in front.
    #[schema(required = false, minimum = -1_000, maximum = 1_000)]
    pub z: i32,
    /// How it is shown; left out: as the layout says.
    pub look: Option<Look>,
}

/// Whose picture. Members are counted from 0, in order of joining; only those who publish count.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Source {
    /// One stream.
    Stream {
        /// Which.
        id: String,
    },
    /// A member's camera, else its screen.
    Member {
        /// Whose.
        id: String,
    },
    /// An account's camera, else its screen.
    Account {
        /// Whose.
        id: String,
    },
    /// The nth member of a role.
    Role {
        /// Of this role.
        role: Role,
        /// Which of them.
        #[schema(required = false)]
        nth: u16,
    },
    /// The nth member.
    Joined {
        /// Which of them.
        nth: u16,
    },
    /// The nth shared screen.
    Screen {
        /// Which of them.
        #[schema(required = false)]
        nth: u16,
    },
    /// Who speaks.
    Speaker,
    /// The main picture.
    Main,
    /// The nth of all but the main picture.
    Other {
        /// Which of them.
        nth: u16,
    },
}

/// A part of the canvas. It starts inside; what reaches beyond is cut off.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "unit", rename_all = "snake_case")]
pub enum Area {
    /// In pixels.
    Pixels {
        /// Left edge.
        x: u32,
        /// Upper edge.
        y: u32,
        /// Width.
        w: u32,
        /// Height.
        h: u32,
    },
    /// In fractions of the canvas, 0 to 1.
    Fraction {
        /// Left edge.
        x: f64,
        /// Upper edge.
        y: f64,
        /// Width.
        w: f64,
        /// Height.
        h: f64,
    },
}

/// How pictures are shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct Look {
    /// `fit` (all of it, with bars), `crop` (no bars) or `fill` (stretched).
    pub fit: Option<String>,
    /// Behind a picture, `#rrggbb`.
    pub background: Option<String>,
    /// A frame.
    pub border: Option<Border>,
    /// With the name; left out: yes.
    #[schema(required = false)]
    pub label: bool,
    /// While the camera is off: `badge`, `last_picture` or `nothing`.
    #[schema(required = false, example = "badge")]
    pub when_off: String,
    /// Never a picture, always the badge.
    #[schema(required = false)]
    pub badge_only: bool,
}

/// A frame inside a picture's edge.
#[derive(Debug, Serialize, ToSchema)]
pub struct Border {
    /// Pixels.
    #[schema(maximum = 64)]
    pub width: u32,
    /// `#rrggbb`.
    pub colour: String,
}

/// Something drawn over the pictures.
#[derive(Debug, Serialize, ToSchema)]
pub struct LayoutOverlay {
    /// Where.
    pub area: Area,
    /// Higher is in front, counted together with the regions.
    #[schema(required = false, minimum = -1_000, maximum = 1_000)]
    pub z: i32,
    /// What.
    pub kind: OverlayKind,
}

/// What is drawn over the pictures.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OverlayKind {
    /// A line of text.
    Text(Label),
    /// The wall clock; the label's text is not used.
    Clock {
        /// How it is written.
        label: Label,
        /// Minutes east of UTC.
        offset_minutes: i32,
    },
    /// A picture.
    Picture {
        /// The name of a picture of the room.
        image: String,
    },
}

/// A line of text.
#[derive(Debug, Serialize, ToSchema)]
pub struct Label {
    /// The text.
    #[schema(max_length = 512)]
    pub text: String,
    /// Height of a line in pixels.
    #[schema(minimum = 8, maximum = 512)]
    pub size: u32,
    /// Colour of the letters, `#rrggbb`.
    pub colour: String,
    /// Colour behind the letters, half transparent.
    pub background: Option<String>,
}

/// One account's part in the mix.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberMix {
    /// How loud; 1 leaves the sound as it is.
    #[schema(required = false, minimum = 0, maximum = 4)]
    pub gain: f64,
    /// Not heard.
    #[schema(required = false)]
    pub muted: bool,
    /// Shown instead of its initials when there is no picture; the name of a picture of the room.
    pub avatar: Option<String>,
}

#[cfg(test)]
mod tests {
    use lianmai_rooms::layout as rooms;
    use serde_json::{from_value, to_value};

    use super::*;

    /// What the schemas describe is what the rooms read and write.
    #[test]
    fn schemas_describe_what_is_sent() {
        let label = || Label {
            text: "t".to_owned(),
            size: 20,
            colour: "#ffffff".to_owned(),
            background: None,
        };
        let area = || Area::Pixels {
            x: 0,
            y: 0,
            w: 64,
            h: 64,
        };
        let part = Area::Fraction {
            x: 0.0,
            y: 0.5,
            w: 0.5,
            h: 0.5,
        };
        let kinds = [
            OverlayKind::Text(label()),
            OverlayKind::Clock {
                label: label(),
                offset_minutes: 480,
            },
            OverlayKind::Picture {
                image: "logo".to_owned(),
            },
        ];
        let sources = [
            Source::Stream { id: "s".to_owned() },
            Source::Member { id: "m".to_owned() },
            Source::Account { id: "a".to_owned() },
            Source::Role {
                role: Role::Admin,
                nth: 0,
            },
            Source::Joined { nth: 1 },
            Source::Screen { nth: 0 },
            Source::Speaker,
            Source::Main,
            Source::Other { nth: 2 },
        ];
        let look = || Look {
            fit: Some("crop".to_owned()),
            background: None,
            border: Some(Border {
                width: 2,
                colour: "#00ff00".to_owned(),
            }),
            label: false,
            when_off: "last_picture".to_owned(),
            badge_only: false,
        };
        let region = |source| Region {
            source,
            area: area(),
            z: 1,
            look: Some(look()),
        };
        let mut regions: Vec<Region> = sources.into_iter().map(region).collect();
        if let Some(first) = regions.first_mut() {
            first.area = part;
        }
        let member = MemberMix {
            gain: 0.5,
            muted: true,
            avatar: Some("ann".to_owned()),
        };
        let layout = Layout {
            canvas: Canvas {
                width: 640,
                height: 360,
                fps: 15,
                video_bitrate: 500_000,
                audio_bitrate: 64_000,
                quality: "recording".to_owned(),
                audio_only: false,
            },
            background: "#102030".to_owned(),
            background_image: Some("wall".to_owned()),
            arrangement: Arrangement::Custom { regions },
            main: Some(Source::Speaker),
            look: look(),
            overlays: kinds
                .into_iter()
                .map(|kind| LayoutOverlay {
                    area: area(),
                    z: 0,
                    kind,
                })
                .collect(),
            members: [("ann".to_owned(), member)].into(),
            transition_ms: 300,
            hold_ms: 1_000,
        };
        let described = to_value(&layout).unwrap();
        let read: rooms::Layout = from_value(described.clone()).unwrap();
        assert_eq!(read.check(), Ok(()));
        assert_eq!(to_value(&read).unwrap(), described);
        let presets = [
            Preset::Grid,
            Preset::GridCropped,
            Preset::SpeakerBottom,
            Preset::SpeakerTop,
            Preset::Floating,
            Preset::FloatingTop,
            Preset::SideBySide,
            Preset::PictureInPicture,
            Preset::ScreenShare,
            Preset::AudioOnly,
            Preset::SingleSpeaker,
        ];
        assert_eq!(to_value(&presets).unwrap(), to_value(rooms::Preset::ALL).unwrap());
    }
}
