//! What rooms' mixes are to be, from moment to moment.
//!
//! A mix is a stream of its room without an owner. While there is one, the conductor looks at the room whenever
//! something happens in it, arranges who publishes into a scene, and puts up what results (`plan`); the dispatcher of
//! workers makes it so. Nothing of this is stored: rooms, their layouts and pictures are, and the rest follows.

mod asset;
mod conduct;
mod hints;
mod image;
mod look;
mod plan;
mod requests;
pub(crate) mod sound;

pub use asset::{Asset, AssetFault, MAX_ASSET_BYTES, MAX_ASSETS, MAX_ASSETS_BYTES};
pub(crate) use conduct::conduct;
pub(crate) use hints::Mixing;
pub use image::ImageKind;
pub(crate) use plan::{MixPlan, PlanBoard, Plans};
pub(crate) use requests::no_such_mix;
