//! A composed picture and sound at one moment, as plain data: what a mixing job is told.

use serde::{Deserialize, Serialize};

/// A rectangle in pixels of the canvas. It may reach beyond the canvas; what lies outside is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rect {
    /// Left edge.
    pub x: i32,
    /// Upper edge.
    pub y: i32,
    /// Width, at least 1.
    pub w: u32,
    /// Height, at least 1.
    pub h: u32,
}

/// An opaque colour, written `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour {
    /// Red.
    pub r: u8,
    /// Green.
    pub g: u8,
    /// Blue.
    pub b: u8,
}

impl Colour {
    /// Black.
    pub const BLACK: Colour = Colour::new(0, 0, 0);
    /// White.
    pub const WHITE: Colour = Colour::new(255, 255, 255);

    /// From its parts.
    #[must_use]
    pub const fn new(r: u8, g: u8, b: u8) -> Self {
        Self { r, g, b }
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> String {
        format!("#{:02x}{:02x}{:02x}", colour.r, colour.g, colour.b)
    }
}

impl TryFrom<String> for Colour {
    type Error = SceneError;

    fn try_from(text: String) -> Result<Self, SceneError> {
        let digits = text
            .strip_prefix('#')
            .filter(|digits| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let [_, r, g, b] = value.ok_or(SceneError::Colour)?.to_be_bytes();
        Ok(Self { r, g, b })
    }
}

/// What a scene may not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SceneError {
    /// A colour is written `#rrggbb`.
    #[error("a colour is written #rrggbb")]
    Colour,
    /// Width and height of a canvas are even, 64 to 4096 by 64 to 2304.
    #[error("width and height of the canvas must be even, 64×64 to 4096×2304")]
    Canvas,
    /// Frames per second are 1 to 60.
    #[error("fps must be 1 to 60")]
    Fps,
    /// Bit rates are 50 000 to 20 000 000 for pictures and 16 000 to 512 000 for sound.
    #[error("bit rates must be 50 000 to 20 000 000 (video) and 16 000 to 512 000 (audio) b/s")]
    Bitrate,
    /// Too many cells, overlays or voices.
    #[error("too many regions, overlays or voices")]
    TooMany,
    /// A rectangle is empty, or too far from the canvas.
    #[error("a rectangle is empty or too far away")]
    Rect,
    /// A gain is not a number from 0 to 4.
    #[error("a gain must be 0 to 4")]
    Gain,
}

/// What the encoder is tuned for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// Watched now: lowest delay.
    #[default]
    Live,
    /// Only recorded: more delay, better pictures for the same bits.
    Recording,
}

/// The size and rates of the output. Changing any of it means a new sequence header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Canvas {
    /// Width in pixels, even.
    pub width: u32,
    /// Height in pixels, even.
    pub height: u32,
    /// Frames per second.
    pub fps: u32,
    /// Bits per second of the picture.
    pub video_bitrate: u32,
    /// Bits per second of the sound.
    pub audio_bitrate: u32,
    /// What the encoder is tuned for.
    #[serde(default)]
    pub quality: Quality,
    /// No picture at all: sound only.
    #[serde(default)]
    pub audio_only: bool,
}

impl Default for Canvas {
    /// 1280 × 720, 25 frames per second, 2 Mb/s and 128 kb/s.
    fn default() -> Self {
        Self {
            width: 1280,
            height: 720,
            fps: 25,
            video_bitrate: 2_000_000,
            audio_bitrate: 128_000,
            quality: Quality::Live,
            audio_only: false,
        }
    }
}

/// How a picture meets a rectangle of another shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// All of it, with bars.
    #[default]
    Fit,
    /// No bars, edges cut off.
    Crop,
    /// All of it, stretched.
    Fill,
}

/// A frame drawn inside a cell's edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Border {
    /// Pixels.
    pub width: u32,
    /// Its colour.
    pub colour: Colour,
}

/// A line of text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Label {
    /// The text; what does not fit is cut.
    pub text: String,
    /// Height of a line in pixels.
    pub size: u32,
    /// Colour of the letters.
    pub colour: Colour,
    /// Colour behind the letters, half transparent; `None` = nothing behind them.
    pub background: Option<Colour>,
}

/// A picture file that the job is given by name; see the job's assets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Still(pub String);

/// What stands for a member without a picture: an image, or letters on a disc.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Badge {
    /// One or two letters.
    pub letters: String,
    /// Colour of the disc.
    pub colour: Colour,
    /// Shown instead of the letters if there is one.
    #[serde(default)]
    pub image: Option<Still>,
}

/// A place for one input's picture.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cell {
    /// The name of an input of the job; `None` = an empty place.
    pub input: Option<String>,
    /// Where.
    pub rect: Rect,
    /// Higher is in front; equal values keep the order of the list.
    pub z: i32,
    /// How the picture meets the rectangle.
    pub fit: Fit,
    /// Behind the picture: bars, and an empty place. `None` = the canvas shows.
    pub background: Option<Colour>,
    /// A frame.
    pub border: Option<Border>,
    /// A name, at the lower left.
    pub label: Option<Label>,
    /// Shown when there is no picture for longer than `hold_ms`; `None` = the last picture stays, or the place is empty.
    pub badge: Option<Badge>,
    /// The camera is off: the badge is shown at once.
    #[serde(default)]
    pub off: bool,
}

/// Something drawn over the cells.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Overlay {
    /// Where; text is cut at its edges.
    pub rect: Rect,
    /// Higher is in front, counted together with the cells.
    pub z: i32,
    /// What.
    pub kind: OverlayKind,
}

/// What is drawn over the cells.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OverlayKind {
    /// A line of text.
    Text(Label),
    /// The wall clock, `YYYY-MM-DD HH:MM:SS`; the label's text is not used.
    Clock {
        /// How it is written.
        label: Label,
        /// Minutes east of UTC.
        offset_minutes: i32,
    },
    /// A picture, with its transparency.
    Picture {
        /// Which.
        image: Still,
    },
}

/// One input's part in the sound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Voice {
    /// The name of an input of the job.
    pub input: String,
    /// Factor, 0 to 4; 1 leaves it as it is.
    pub gain: f32,
    /// Not heard.
    #[serde(default)]
    pub muted: bool,
}

/// A composed picture and sound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// Size and rates.
    pub canvas: Canvas,
    /// Behind everything.
    pub background: Colour,
    /// Behind everything, scaled to cover; instead of the colour.
    #[serde(default)]
    pub background_image: Option<Still>,
    /// Pictures.
    pub cells: Vec<Cell>,
    /// What is drawn over them.
    #[serde(default)]
    pub overlays: Vec<Overlay>,
    /// Sounds.
    pub voices: Vec<Voice>,
    /// How long cells take to move to their new places, in milliseconds; 0 = at once.
    #[serde(default)]
    pub transition_ms: u32,
    /// After how long without a picture a badge takes its place, in milliseconds (R-M4).
    #[serde(default = "hold")]
    pub hold_ms: u32,
}

const fn hold() -> u32 {
    3_000
}

impl Scene {
    /// Most cells.
    pub const MAX_CELLS: usize = 64;
    /// Most overlays.
    pub const MAX_OVERLAYS: usize = 64;
    /// Most voices.
    pub const MAX_VOICES: usize = 256;

    /// Nothing on black.
    #[must_use]
    pub fn empty(canvas: Canvas) -> Self {
        Self {
            canvas,
            background: Colour::BLACK,
            background_image: None,
            cells: Vec::new(),
            overlays: Vec::new(),
            voices: Vec::new(),
            transition_ms: 0,
            hold_ms: hold(),
        }
    }

    /// Whether a compositor can draw it.
    ///
    /// # Errors
    /// Says what is out of bounds.
    pub fn check(&self) -> Result<(), SceneError> {
        self.canvas.check()?;
        if self.cells.len() > Self::MAX_CELLS
            || self.overlays.len() > Self::MAX_OVERLAYS
            || self.voices.len() > Self::MAX_VOICES
        {
            return Err(SceneError::TooMany);
        }
        let rects = self.cells.iter().map(|cell| cell.rect);
        for rect in rects.chain(self.overlays.iter().map(|overlay| overlay.rect)) {
            rect.check()?;
        }
        let sound = |voice: &Voice| (0.0..=4.0).contains(&voice.gain);
        if self.voices.iter().all(sound) {
            Ok(())
        } else {
            Err(SceneError::Gain)
        }
    }
}

impl Canvas {
    /// Whether it can be encoded.
    ///
    /// # Errors
    /// Says what is out of bounds.
    pub fn check(&self) -> Result<(), SceneError> {
        let even = self.width.is_multiple_of(2) && self.height.is_multiple_of(2);
        if !even || !(64..=4096).contains(&self.width) || !(64..=2304).contains(&self.height) {
            return Err(SceneError::Canvas);
        }
        if !(1..=60).contains(&self.fps) {
            return Err(SceneError::Fps);
        }
        let video = (50_000..=20_000_000).contains(&self.video_bitrate);
        let audio = (16_000..=512_000).contains(&self.audio_bitrate);
        if video && audio {
            Ok(())
        } else {
            Err(SceneError::Bitrate)
        }
    }
}

impl Rect {
    /// How far from the canvas's corner a rectangle may reach.
    const FAR: i64 = 16_384;

    fn check(self) -> Result<(), SceneError> {
        let near = |start: i32, length: u32| {
            length >= 1 && i64::from(start) >= -Self::FAR && i64::from(start) + i64::from(length) <= Self::FAR
        };
        if near(self.x, self.w) && near(self.y, self.h) {
            Ok(())
        } else {
            Err(SceneError::Rect)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_written_in_hexadecimal() {
        let colour = Colour::new(1, 0xab, 255);
        let text = serde_json::to_string(&colour).unwrap();
        assert_eq!(text, "\"#01abff\"");
        assert_eq!(serde_json::from_str::<Colour>(&text).unwrap(), colour);
        for bad in [
            "\"\"",
            "\"#12345\"",
            "\"123456\"",
            "\"#1234567\"",
            "\"#12é45\"",
            "\"#-12345\"",
        ] {
            assert!(serde_json::from_str::<Colour>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        let good = Scene::empty(Canvas::default());
        assert_eq!(good.check(), Ok(()));
        let of = |change: fn(&mut Scene)| {
            let mut scene = good.clone();
            change(&mut scene);
            scene.check()
        };
        assert_eq!(of(|scene| scene.canvas.width = 1279), Err(SceneError::Canvas));
        assert_eq!(of(|scene| scene.canvas.height = 0), Err(SceneError::Canvas));
        assert_eq!(of(|scene| scene.canvas.fps = 0), Err(SceneError::Fps));
        assert_eq!(
            of(|scene| scene.canvas.video_bitrate = 1),
            Err(SceneError::Bitrate)
        );
        let voice = |gain| Voice {
            input: "a".to_owned(),
            gain,
            muted: false,
        };
        assert_eq!(
            of(|scene| scene.voices = vec![voice_of_nan()]),
            Err(SceneError::Gain)
        );
        let mut loud = good.clone();
        loud.voices = vec![voice(4.5)];
        assert_eq!(loud.check(), Err(SceneError::Gain));
        let mut many = good.clone();
        many.voices = vec![voice(1.0); Scene::MAX_VOICES + 1];
        assert_eq!(many.check(), Err(SceneError::TooMany));
        assert_eq!(
            Rect {
                x: i32::MAX,
                y: 0,
                w: u32::MAX,
                h: 1
            }
            .check(),
            Err(SceneError::Rect)
        );
        assert_eq!(
            Rect {
                x: 0,
                y: 0,
                w: 0,
                h: 1
            }
            .check(),
            Err(SceneError::Rect)
        );
    }

    fn voice_of_nan() -> Voice {
        Voice {
            input: "a".to_owned(),
            gain: f32::NAN,
            muted: false,
        }
    }
}
