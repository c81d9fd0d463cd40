//! Transcoding with real codecs: sound and pictures made here or by the ffmpeg program, coded, transcoded and looked at.

mod hostile;
mod pictures;
mod sound;
mod support;
mod timing;
