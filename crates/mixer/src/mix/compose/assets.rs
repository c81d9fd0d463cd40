//! The picture files that a scene names, decoded once.

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::imageops::FilterType;
use image::{ImageReader, Limits, RgbaImage};
use lianmai_hub::job::MixAsset;

/// Files of one mix.
const MAX_COUNT: usize = 64;
/// Longest side of a file's picture.
const MAX_SIDE: u32 = 4_096;
/// Bytes that decoding one may take.
const MAX_MEMORY: u64 = 80 << 20;
/// Longest side that is kept.
const KEPT_SIDE: u32 = 1_920;

/// Decoded pictures by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assets {
    files: HashMap<String, Asset>,
}

#[derive(Clone, Debug)]
struct Asset {
    /// The file, to see whether another of this name is the same.
    data: Arc<str>,
    image: Option<Arc<RgbaImage>>,
}

impl Assets {
    /// Decodes `files`; those known from before are taken from there. A file that cannot be read counts as missing, and
    /// how many were is said.
    pub(crate) fn decode(&self, files: &[MixAsset]) -> (Assets, u64) {
        let mut assets = Assets::default();
        let mut missing = files.len().saturating_sub(MAX_COUNT) as u64;
        for file in files.iter().take(MAX_COUNT) {
            let known = self
                .files
                .get(&file.name)
                .filter(|known| *known.data == *file.data);
            let asset = known.cloned().unwrap_or_else(|| Asset {
                data: file.data.as_str().into(),
                image: decoded(&file.data).map(Arc::new),
            });
            missing += u64::from(asset.image.is_none());
            assets.files.insert(file.name.clone(), asset);
        }
        (assets, missing)
    }

    /// A picture.
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<RgbaImage>> {
        self.files.get(name)?.image.as_ref()
    }
}

fn decoded(data: &str) -> Option<RgbaImage> {
    let bytes = STANDARD.decode(data).ok()?;
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let image = reader.decode().ok()?;
    if image.width().max(image.height()) > KEPT_SIDE {
        return Some(
            image
                .resize(KEPT_SIDE, KEPT_SIDE, FilterType::Triangle)
                .into_rgba8(),
        );
    }
    Some(image.into_rgba8())
}

/// `image` at exactly this size, with what has another shape cut off at its edges.
pub(super) fn covering(image: &RgbaImage, width: u32, height: u32) -> RgbaImage {
    image::DynamicImage::ImageRgba8(image.clone())
        .resize_to_fill(width.max(1), height.max(1), FilterType::Triangle)
        .into_rgba8()
}

/// `image` at exactly this size, stretched.
pub(super) fn stretched(image: &RgbaImage, width: u32, height: u32) -> RgbaImage {
    image::imageops::resize(image, width.max(1), height.max(1), FilterType::Triangle)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use image::Rgba;

    /// A file of one colour.
    pub(in crate::mix) fn file(name: &str, width: u32, height: u32, colour: [u8; 4]) -> MixAsset {
        let image = RgbaImage::from_pixel(width, height, Rgba(colour));
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        MixAsset {
            name: name.to_owned(),
            data: STANDARD.encode(bytes.into_inner()),
        }
    }

    #[test]
    fn files_are_decoded_once_and_bad_ones_are_missing() {
        let good = file("logo", 4, 2, [10, 20, 30, 40]);
        let bad = MixAsset {
            name: "bad".to_owned(),
            data: STANDARD.encode("no picture at all"),
        };
        let (assets, missing) = Assets::default().decode(&[good.clone(), bad]);
        assert_eq!(missing, 1);
        assert!(assets.get("bad").is_none() && assets.get("none").is_none());
        let logo = assets.get("logo").unwrap();
        assert_eq!(
            (logo.dimensions(), logo.get_pixel(3, 1).0),
            ((4, 2), [10, 20, 30, 40])
        );
        let (again, _) = assets.decode(&[good]);
        assert!(Arc::ptr_eq(logo, again.get("logo").unwrap()));
        let (other, missing) = assets.decode(&[file("logo", 1, 1, [0; 4]), file("wide", 5_000, 1, [0; 4])]);
        assert_eq!(missing, 1, "a side is too long");
        assert_eq!(other.get("logo").unwrap().dimensions(), (1, 1));
    }
}
