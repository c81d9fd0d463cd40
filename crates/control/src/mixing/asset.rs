//! Pictures that a room's mix may show: backgrounds, avatars, logos.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use lianmai_hub::job::MixAsset;
use lianmai_rooms::layout::{OverlayKind, Scene, Still};
use sha2::{Digest as _, Sha256};

use super::image::{ImageKind, measure};

/// Largest picture in bytes.
pub const MAX_ASSET_BYTES: usize = 1 << 20;
/// Most pictures of a room.
pub const MAX_ASSETS: usize = 32;
/// Most bytes of all pictures of a room.
pub const MAX_ASSETS_BYTES: usize = 8 << 20;
/// Longest name in bytes; what is added to it below fits into a scene's names.
const MAX_NAME: usize = 64;

/// One picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// What layouts call it: `[A-Za-z0-9._-]`, 1 to 64 bytes.
    pub name: String,
    /// How it is written.
    pub kind: ImageKind,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// The file.
    pub data: Bytes,
}

/// Why a picture was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssetFault {
    /// The name has other characters, is empty or too long.
    Name,
    /// Empty or too large.
    Size,
    /// No PNG or JPEG of at most 4096 × 4096 pixels.
    Kind,
}

impl Asset {
    /// Checks a name and a file.
    pub(crate) fn parse(name: &str, data: Bytes) -> Result<Self, AssetFault> {
        let is_good = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-');
        if !(1..=MAX_NAME).contains(&name.len()) || !name.bytes().all(is_good) {
            return Err(AssetFault::Name);
        }
        if !(1..=MAX_ASSET_BYTES).contains(&data.len()) {
            return Err(AssetFault::Size);
        }
        let (kind, width, height) = measure(&data).ok_or(AssetFault::Kind)?;
        Ok(Self {
            name: name.to_owned(),
            kind,
            width,
            height,
            data,
        })
    }

    /// As a job is given it. Its name there changes with its bytes, so that a job that has it need not compare them.
    pub(crate) fn for_job(&self) -> MixAsset {
        let digest = Sha256::digest(&self.data);
        let mut name = format!("{}-", self.name);
        for byte in digest.iter().take(8) {
            let _ = write!(name, "{byte:02x}");
        }
        MixAsset {
            name,
            data: STANDARD.encode(&self.data),
        }
    }
}

/// The pictures of a room by their names in layouts, as jobs are given them.
pub(super) type Assets = Vec<(String, Arc<MixAsset>)>;

/// Whether anything in a scene is a picture of the room's.
pub(super) fn shows_pictures(scene: &Scene) -> bool {
    let badges = || scene.cells.iter().filter_map(|cell| cell.badge.as_ref());
    scene.background_image.is_some()
        || badges().any(|badge| badge.image.is_some())
        || (scene.overlays.iter()).any(|overlay| matches!(overlay.kind, OverlayKind::Picture { .. }))
}

/// Puts the jobs' names in place of the layouts'. Names that mean nothing are taken out. Returns the pictures that the
/// scene shows.
pub(super) fn resolve(scene: &mut Scene, assets: &Assets) -> Vec<Arc<MixAsset>> {
    let mut used: Vec<Arc<MixAsset>> = Vec::new();
    let mut find = |still: &Still| {
        let (_, asset) = assets.iter().find(|(name, _)| *name == still.0)?;
        if !used.iter().any(|known| Arc::ptr_eq(known, asset)) {
            used.push(asset.clone());
        }
        Some(Still(asset.name.clone()))
    };
    scene.background_image = scene.background_image.as_ref().and_then(&mut find);
    for badge in scene.cells.iter_mut().filter_map(|cell| cell.badge.as_mut()) {
        badge.image = badge.image.as_ref().and_then(&mut find);
    }
    scene.overlays.retain_mut(|overlay| match &mut overlay.kind {
        OverlayKind::Picture { image } => match find(image) {
            Some(found) => {
                *image = found;
                true
            }
            None => false,
        },
        OverlayKind::Text(_) | OverlayKind::Clock { .. } => true,
    });
    used
}

#[cfg(test)]
mod tests {
    use lianmai_rooms::layout::{Canvas, Overlay, Rect};

    use super::super::image::tests::small_png;
    use super::*;

    #[test]
    fn names_and_files_are_checked() {
        let good = Bytes::from(small_png());
        let asset = Asset::parse("logo-1.png", good.clone()).unwrap();
        assert_eq!((asset.width, asset.height, asset.kind), (16, 8, ImageKind::Png));
        for name in ["", "a b", "../x", "a/b", "ä", &"x".repeat(65)] {
            assert_eq!(Asset::parse(name, good.clone()), Err(AssetFault::Name), "{name}");
        }
        assert_eq!(Asset::parse("a", Bytes::new()), Err(AssetFault::Size));
        let large = [&good[..], &vec![0; MAX_ASSET_BYTES]].concat();
        assert_eq!(Asset::parse("a", large.into()), Err(AssetFault::Size));
        assert_eq!(
            Asset::parse("a", Bytes::from_static(b"GIF89a")),
            Err(AssetFault::Kind)
        );
    }

    #[test]
    fn a_scene_gets_the_names_of_its_job() {
        let logo = Asset::parse("logo", small_png().into()).unwrap();
        let assets = vec![("logo".to_owned(), Arc::new(logo.for_job()))];
        let mut scene = Scene::empty(Canvas::default());
        scene.background_image = Some(Still("logo".to_owned()));
        let overlay = |name: &str| Overlay {
            rect: Rect {
                x: 0,
                y: 0,
                w: 2,
                h: 2,
            },
            z: 0,
            kind: OverlayKind::Picture {
                image: Still(name.to_owned()),
            },
        };
        scene.overlays = vec![overlay("logo"), overlay("gone")];
        let used = resolve(&mut scene, &assets);
        assert_eq!(used.len(), 1);
        assert_eq!(scene.background_image, Some(Still(used[0].name.clone())));
        assert_eq!(scene.overlays.len(), 1, "what is not there is not drawn");
        let mut other = small_png();
        other.push(0);
        let other = Asset::parse("logo", other.into()).unwrap();
        assert_ne!(other.for_job().name, used[0].name);
    }
}
