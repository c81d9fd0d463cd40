//! One member's picture as it is laid on the canvas: turned, cut and scaled to its place.

use std::sync::Arc;

use ffmpeg_next::frame;
use lianmai_rooms::layout::Fit;

use super::geometry::{Area, Placed, place};
use crate::codec::{CodecError, Rotation, Scaler, Size, cut, rotate};

/// A decoded picture, shared by all cells that show it.
#[derive(Clone)]
pub(super) struct Source {
    /// As it was decoded.
    pub(super) frame: Arc<frame::Video>,
    /// How it is to be turned.
    pub(super) rotation: Rotation,
    /// Counts an input's pictures.
    pub(super) serial: u64,
}

impl Source {
    /// Its size as it is seen.
    pub(super) fn size(&self) -> Size {
        self.rotation.size(Size {
            width: self.frame.width(),
            height: self.frame.height(),
        })
    }

    /// Where it goes in a cell.
    pub(super) fn place(&self, fit: Fit, cell: Area) -> Placed {
        place(fit, cell, self.size())
    }
}

/// The picture of one cell, kept until another comes or its place changes.
#[derive(Default)]
pub(super) struct CellPicture {
    scaler: Scaler,
    /// Scaled into; used again and again.
    room: Option<frame::Video>,
    ready: Option<Ready>,
}

struct Ready {
    serial: u64,
    placed: Placed,
    /// `None` = what is in the scaler's room.
    own: Option<frame::Video>,
}

impl CellPicture {
    /// Makes it ready to be laid.
    ///
    /// # Errors
    /// [`CodecError`] when the picture cannot be converted.
    pub(super) fn prepare(&mut self, source: &Source, placed: Placed) -> Result<(), CodecError> {
        let same = |ready: &Ready| ready.serial == source.serial && ready.placed == placed;
        if self.ready.as_ref().is_some_and(same) {
            return Ok(());
        }
        self.ready = None;
        let target = placed.area.size();
        // As it lies in memory, before it is turned.
        let (part, flat) = match source.rotation {
            Rotation::None | Rotation::Half => (placed.part, target),
            Rotation::Quarter | Rotation::ThreeQuarters => (placed.part.turned(), target.turned()),
        };
        let cutting = cut(&source.frame, part)?;
        let own = if Scaler::fits(&cutting, flat) {
            Some(match source.rotation {
                Rotation::None => cutting,
                rotation => rotate(&cutting, rotation)?,
            })
        } else {
            self.scaler.scale_into(&cutting, flat, &mut self.room)?;
            match (source.rotation, &self.room) {
                (Rotation::None, _) | (_, None) => None,
                (rotation, Some(room)) => Some(rotate(room, rotation)?),
            }
        };
        self.ready = Some(Ready {
            serial: source.serial,
            placed,
            own,
        });
        Ok(())
    }

    /// What to lay, if it is ready.
    pub(super) fn picture(&self) -> Option<(&frame::Video, Area)> {
        let ready = self.ready.as_ref()?;
        let picture = ready.own.as_ref().or(self.room.as_ref())?;
        Some((picture, ready.placed.area))
    }
}
