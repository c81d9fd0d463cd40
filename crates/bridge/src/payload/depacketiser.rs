//! Packets of one video track, in order, to access units.
//!
//! A picture ends with the marker, or when the timestamp changes. After a loss it is not known whether the next packet
//! begins a picture; it is then used only if it says so itself, otherwise with the next timestamp. Senders that set the
//! marker inside of pictures are found out, and their pictures end with the timestamp from then on.

use std::collections::VecDeque;

use bytes::Bytes;
use lianmai_media::VideoCodec;

use super::access_unit::Assemble;
use super::{AccessUnit, PayloadError, av1, h264, h265, vp8, vp9};

/// Where in the stream the next packet is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// After a loss: anywhere.
    Unknown,
    /// In the picture with this timestamp.
    Inside(u32),
    /// In a picture that is not wanted.
    Skipping(u32),
    /// Behind the marker of the picture with this timestamp.
    Behind(u32),
}

/// Puts packets together. They come in sequence order; what is missing is told by [`lost`](Self::lost).
#[derive(Debug)]
pub struct Depacketiser {
    codec: Box<dyn Assemble>,
    place: Place,
    markers_are_wrong: bool,
    /// At most two: a packet can end the picture before it and be one itself.
    done: VecDeque<Result<AccessUnit, PayloadError>>,
}

impl Depacketiser {
    /// A depacketiser before its first packet.
    pub fn new(codec: VideoCodec) -> Depacketiser {
        Depacketiser {
            codec: match codec {
                VideoCodec::H264 => Box::new(h264::Assembler::default()),
                VideoCodec::H265 => Box::new(h265::Assembler::default()),
                VideoCodec::Vp8 => Box::new(vp8::Assembler::default()),
                VideoCodec::Vp9 => Box::new(vp9::Assembler::default()),
                VideoCodec::Av1 => Box::new(av1::Assembler::default()),
            },
            place: Place::Unknown,
            markers_are_wrong: false,
            done: VecDeque::new(),
        }
    }

    /// Takes the payload of the next packet. An empty one counts for nothing (R-V2). [`poll`](Self::poll) until
    /// `None` afterwards.
    pub fn push(&mut self, payload: &Bytes, timestamp: u32, marker: bool) {
        if payload.is_empty() {
            return;
        }
        if let Place::Inside(current) = self.place
            && current != timestamp
        {
            self.finish(current);
            // What led to no picture under its own timestamp belongs to none.
            self.codec.abandon();
        }
        self.place = match self.place {
            Place::Unknown if !self.codec.surely_starts(payload) => Place::Skipping(timestamp),
            Place::Skipping(current) if current == timestamp => Place::Skipping(timestamp),
            Place::Behind(current) if current == timestamp && !self.codec.may_start(payload) => {
                self.markers_are_wrong = true;
                self.done.push_back(Err(PayloadError::AfterMarker));
                Place::Skipping(timestamp)
            }
            _ => Place::Inside(timestamp),
        };
        let ends = marker && !self.markers_are_wrong;
        if self.place == Place::Skipping(timestamp) {
            if ends {
                self.place = Place::Behind(timestamp);
            }
        } else if let Err(error) = self.codec.push(payload) {
            self.give_up(timestamp, error);
        } else if ends {
            self.finish(timestamp);
        }
    }

    /// Ends the picture under way.
    fn finish(&mut self, timestamp: u32) {
        match self.codec.finish() {
            // Nothing but parameter sets: the picture itself may follow under the same timestamp.
            Ok(None) => {}
            Ok(Some(picture)) => {
                self.place = Place::Behind(timestamp);
                self.done.push_back(Ok(AccessUnit {
                    timestamp,
                    keyframe: picture.keyframe,
                    payload: picture.payload,
                    config: picture.config,
                }));
            }
            Err(error) => self.give_up(timestamp, error),
        }
    }

    fn give_up(&mut self, timestamp: u32, error: PayloadError) {
        self.codec.abandon();
        self.place = Place::Skipping(timestamp);
        self.done.push_back(Err(error));
    }

    /// Packets are missing before the next one. The picture under way is given up.
    pub fn lost(&mut self) {
        self.codec.abandon();
        self.place = Place::Unknown;
    }

    /// The next whole picture.
    ///
    /// # Errors
    /// [`PayloadError`]: a picture was given up here, and later ones that depend on it are damaged.
    pub fn poll(&mut self) -> Option<Result<AccessUnit, PayloadError>> {
        self.done.pop_front()
    }
}
