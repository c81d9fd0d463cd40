//! FLV files: read in pieces of any size, and written.

use bytes::Bytes;
use lianmai_media::flv::{
    FileHeader, FlvReader, ReaderError, ReaderLimits, ScriptData, Tag, TagKind, TagTooLong, parse_script,
    tag, tag_header,
};
use proptest::prelude::*;

use super::fixtures::{fixture, tags};

fn read_in_pieces(file: &[u8], piece: usize) -> Vec<Tag> {
    let mut reader = FlvReader::new(ReaderLimits::default());
    let mut tags = Vec::new();
    for bytes in file.chunks(piece) {
        reader.push(bytes);
        while let Some(tag) = reader.poll().unwrap() {
            tags.push(tag);
        }
    }
    assert_eq!(reader.buffered(), 0);
    tags
}

#[test]
fn a_file_of_ffmpeg_is_read() {
    let file = fixture("av.flv");
    let tags = tags(file);
    let count = |kind| tags.iter().filter(|tag| tag.kind == kind).count();
    assert_eq!(count(TagKind::Script), 1);
    // Sequence header, five pictures and the end of sequence.
    assert_eq!(count(TagKind::Video), 7);
    assert!(count(TagKind::Audio) > 20);
    // FFmpeg stamps the end of sequence with the last picture's time, behind later sound.
    let stamps: Vec<_> = tags[..tags.len() - 1]
        .iter()
        .map(|tag| tag.timestamp_ms)
        .collect();
    assert!(stamps.is_sorted());
    let Ok(ScriptData::Metadata(metadata)) = parse_script(&tags[0].body) else {
        panic!("{:?}", tags[0])
    };
    assert_eq!(metadata.get("width").unwrap().as_number(), Some(64.0));
    assert_eq!(metadata.get("title").unwrap().as_str(), Some("lianmai"));
}

/// R-F1: the flags are those of the tracks.
#[test]
fn header_flags() {
    for (name, audio, video) in [
        ("av.flv", true, true),
        ("mp3.flv", true, false),
        ("h264_444_64x36.flv", false, true),
    ] {
        let file = fixture(name);
        let mut reader = FlvReader::new(ReaderLimits::default());
        assert_eq!(reader.header(), None);
        reader.push(file);
        reader.poll().unwrap();
        let header = FileHeader { audio, video };
        assert_eq!(reader.header(), Some(header));
        assert_eq!(header.to_bytes(), file[..13]);
    }
}

#[test]
fn pieces_do_not_matter() {
    let file = fixture("av.flv");
    let whole = tags(file);
    for piece in [1, 2, 3, 7, 11, 64, 1_000] {
        assert_eq!(read_in_pieces(file, piece), whole, "pieces of {piece}");
    }
}

#[test]
fn a_rewritten_file_is_the_same() {
    for name in ["av.flv", "mp3.flv", "h264_main_360x202.flv"] {
        let file = fixture(name);
        let mut written = file[..13].to_vec();
        for Tag {
            kind,
            timestamp_ms,
            body,
        } in tags(file)
        {
            let (header, payload) = body.split_at(body.len().min(5));
            written.extend_from_slice(&tag(kind, timestamp_ms, header, payload).unwrap());
        }
        assert_eq!(written, file, "{name}");
    }
}

/// R-T3: the extended byte of the timestamp.
#[test]
fn timestamps_have_32_bits() {
    let mut file = FileHeader {
        audio: true,
        video: false,
    }
    .to_bytes()
    .to_vec();
    let stamps = [0, 0xFF_FFFF, 0x100_0000, 0xFFFF_FFFF];
    for stamp in stamps {
        file.extend_from_slice(&tag(TagKind::Audio, stamp, &[0xAF, 1], &[]).unwrap());
    }
    let read: Vec<_> = tags(&file).iter().map(|tag| tag.timestamp_ms).collect();
    assert_eq!(read, stamps);
    assert_eq!(
        tag_header(TagKind::Video, 0x0102_0304, 5).unwrap(),
        [9, 0, 0, 5, 2, 3, 4, 1, 0, 0, 0]
    );
}

fn fail(file: &[u8], limits: ReaderLimits) -> ReaderError {
    let mut reader = FlvReader::new(limits);
    reader.push(file);
    let error = reader.poll().unwrap_err();
    reader.push(&[0; 100]);
    assert_eq!(reader.poll(), Err(error));
    assert_eq!(reader.buffered(), 0);
    error
}

/// R-R1: sizes are checked before they are waited for.
#[test]
fn damaged_files_are_errors() {
    let header = FileHeader {
        audio: true,
        video: true,
    }
    .to_bytes();
    let limits = ReaderLimits { body: 10 };
    let with = |tag: &[u8]| fail(&[&header[..], tag].concat(), limits);
    assert_eq!(
        with(&[9, 0, 0, 11, 0, 0, 0, 0]),
        ReaderError::TagTooLong {
            position: 13,
            length: 11
        }
    );
    assert_eq!(
        with(&[10, 0, 0, 1, 0, 0, 0, 0]),
        ReaderError::UnknownTag {
            position: 13,
            kind: 10
        }
    );
    assert_eq!(
        with(&[0x29, 0, 0, 1, 0, 0, 0, 0]),
        ReaderError::Encrypted { position: 13 }
    );
    assert_eq!(fail(b"FLX", limits), ReaderError::NotFlv);
    assert_eq!(fail(b"x", limits), ReaderError::NotFlv);
    assert_eq!(
        fail(b"FLV\x01\x05\xFF\xFF\xFF\xFF", limits),
        ReaderError::HeaderLength(u32::MAX)
    );
    assert_eq!(tag_header(TagKind::Video, 0, 1 << 24), Err(TagTooLong(1 << 24)));
}

proptest! {
    #[test]
    fn written_tags_are_read_back_in_pieces(
        bodies in prop::collection::vec((0..3_usize, any::<u32>(), prop::collection::vec(any::<u8>(), 0..50)), 0..10),
        piece in 1_usize..40,
    ) {
        let kinds = [TagKind::Audio, TagKind::Video, TagKind::Script];
        let mut file = FileHeader { audio: true, video: true }.to_bytes().to_vec();
        let mut expected = Vec::new();
        for (kind, timestamp_ms, body) in bodies {
            let kind = kinds[kind];
            file.extend_from_slice(&tag(kind, timestamp_ms, &[], &body).unwrap());
            expected.push(Tag { kind, timestamp_ms, body: Bytes::from(body) });
        }
        prop_assert_eq!(read_in_pieces(&file, piece), expected);
    }
}
