#!/usr/bin/env python3
"""Writes the committed seeds of the fuzz targets: small hand-made messages by the specifications.

Run from anywhere; the files are named after what they hold and replace those of the same name.
"""

import pathlib
import struct

CORPUS = pathlib.Path(__file__).parent / "corpus"


def seed(target, name, *parts):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"".join(parts))


# AMF0 ------------------------------------------------------------------------------------------------


def text(value):
    return struct.pack(">H", len(value)) + value.encode()


def amf(value):
    match value:
        case None:
            return b"\x05"
        case bool():
            return b"\x01" + bytes([value])
        case int() | float():
            return b"\x00" + struct.pack(">d", value)
        case str():
            return b"\x02" + text(value)
        case dict():
            return b"\x03" + b"".join(text(k) + amf(v) for k, v in value.items()) + b"\x00\x00\x09"
        case list():
            return b"\x0a" + struct.pack(">I", len(value)) + b"".join(map(amf, value))
    raise TypeError(value)


def ecma(value):
    return b"\x08" + struct.pack(">I", len(value)) + amf(value)[1:]


def command(*values):
    return b"".join(map(amf, values))


CONNECT = {
    "app": "live",
    "flashVer": "FMLE/3.0 (compatible; Lavf59.27.100)",
    "tcUrl": "rtmp://127.0.0.1/live",
    "type": "nonprivate",
    "capabilities": 15,
    "audioCodecs": 4071,
    "videoCodecs": 252,
    "videoFunction": 1,
    "fourCcList": ["av01", "hvc1", "vp09"],
    "capsEx": 15,
}
METADATA = {
    "duration": 0,
    "width": 640,
    "height": 360,
    "videodatarate": 585.9375,
    "framerate": 25,
    "videocodecid": 7,
    "audiodatarate": 62.5,
    "audiosamplerate": 48000,
    "stereo": True,
    "audiocodecid": 10,
    "encoder": "Lavf59.27.100",
}

seed("amf0", "connect", command("connect", 1, CONNECT))
seed("amf0", "publish", command("publish", 5, None, "cam1?t=abc", "live"))
seed("amf0", "metadata", amf("onMetaData"), ecma(METADATA))
seed("amf0", "status", command("onStatus", 0, None, {"level": "status", "code": "NetStream.Play.Start"}))
seed("amf0", "scalars", command(-1.5, True, "x", None), b"\x06\x0d", b"\x07\x00\x00", b"\x0b", bytes(10))
seed("amf0", "long_text", b"\x0c", struct.pack(">I", 5), b"hello", b"\x0f", struct.pack(">I", 4), b"<a/>")
seed("amf0", "typed", b"\x10", text("Point"), text("x"), amf(1), text("y"), amf([1, [2, {"z": 3}]]), b"\0\0\x09")
seed("amf0", "nested", (b"\x03" + text("a")) * 40)
seed("amf0", "nan", b"\x00\x7f\xf8\0\0\0\0\0\0", amf([float("inf")]))
# AMF3 behind the switch marker: integer, double, string and its reference, date, array, object with a class.
seed(
    "amf0",
    "amf3",
    b"\x11\x04\x82\x34\x11\x05", struct.pack(">d", 2.5),
    b"\x11\x09\x07\x01\x06\x05ab\x06\x00\x02",
    b"\x11\x0a\x23\x05Pt\x03x\x03y\x04\x01\x04\x02",
    b"\x11\x0a\x0b\x01\x03k\x06\x03v\x01",
    b"\x11\x08\x01", struct.pack(">d", 0),
)

# H.264 and AAC facts -------------------------------------------------------------------------------------

# 640x360 baseline and 1280x720 high with VUI, as x264 writes them.
SPS_BASELINE = bytes.fromhex("6742c01ed900a02ff97011000003000100000300320f162e48")
SPS_HIGH = bytes.fromhex("6764001facd9405005bb011000000300100000030320f1831960")
PPS = bytes.fromhex("68ebe3cb22c0")
LC_48K_STEREO = bytes.fromhex("1190")
HE_V2 = bytes.fromhex("eb8a0800")
OPUS_HEAD = b"OpusHead\x01\x02" + struct.pack("<HIhB", 312, 48000, 0, 0)


def avcc(sps, pps=PPS, extension=b""):
    return (
        b"\x01" + sps[1:4] + b"\xff\xe1" + struct.pack(">H", len(sps)) + sps
        + b"\x01" + struct.pack(">H", len(pps)) + pps + extension
    )


AVCC = avcc(SPS_BASELINE)
AVCC_HIGH = avcc(SPS_HIGH, extension=b"\xfd\xf8\xf8\x00")

seed("sps", "sps_baseline", b"\x00", SPS_BASELINE)
seed("sps", "sps_high", b"\x00", SPS_HIGH)
seed("sps", "avcc", b"\x01", AVCC)
seed("sps", "avcc_high", b"\x01", AVCC_HIGH)
seed("sps", "annex_b", b"\x02", *(b"\0\0\0\1" + unit for unit in (SPS_BASELINE, PPS, b"\x65\x88\x84\0\x21")))
seed("sps", "lengths", b"\x02", *(struct.pack(">I", len(u)) + u for u in (SPS_HIGH, PPS, b"\x41\x9a\0\0\1")))
for index, (codec, record) in enumerate(
    [
        ("h264", AVCC_HIGH),
        ("h265", b"\x01\x01\x60" + bytes(9) + b"\x5d\xf0\0\xfc\xfd\xf8\xf8\0\0\x0f\x01\xa0\0\1\0\4\x40\1\x0c\1"),
        ("av1", b"\x81\x04\x0c\x00\x0a\x0b\0\0\0\x24\xcf\x7f\x0d\xbf\xff\x30\x08"),
        ("vp8", b""),
        ("vp9", b"\x01\0\0\0\0\x15\x82\x01\x01\x01\0\0"),
    ]
):
    seed("sps", f"config_{codec}", bytes([3 + 4 * index]), record)

seed("asc", "lc", b"\x00", LC_48K_STEREO)
seed("asc", "lc_explicit_rate", b"\x00", bytes.fromhex("17805dc008"))
seed("asc", "he_v2", b"\x00", HE_V2)
seed("asc", "late_sbr", b"\x00", bytes.fromhex("131056e598"))
seed("asc", "program_config", b"\x00", bytes.fromhex("1180048400200000"))
seed("asc", "adts", b"\x01", bytes.fromhex("fff14c80017ffcde0400"))
seed("asc", "opus_head", b"\x02", OPUS_HEAD)
seed("asc", "opus_packet", b"\x03\x78\x01\x02")
seed("asc", "opus_many_frames", b"\x03\x83\x06\x01")
seed("asc", "config_aac", b"\x04", LC_48K_STEREO)
seed("asc", "config_opus", b"\x09", OPUS_HEAD)

# FLV -----------------------------------------------------------------------------------------------------

FRAME = struct.pack(">I", 5) + b"\x65\x88\x84\x00\x21"
VIDEO_HEADER = b"\x17\x00\0\0\0" + AVCC
VIDEO_FRAME = b"\x27\x01\0\0\x28" + FRAME
AUDIO_HEADER = b"\xaf\x00" + LC_48K_STEREO
AUDIO_FRAME = b"\xaf\x01\x21\x10\x04\x60\x8c\x1c"
SCRIPT = amf("@setDataFrame") + amf("onMetaData") + ecma(METADATA)

seed("flv_body", "aac_header", b"\x00", AUDIO_HEADER)
seed("flv_body", "aac_frame", b"\x00", AUDIO_FRAME)
seed("flv_body", "mp3", b"\x00\x2f\xff\xfb\x90\x64")
seed("flv_body", "opus_start", b"\x00\x90Opus", OPUS_HEAD)
seed("flv_body", "opus_frame", b"\x00\x91Opus\x78\x01")
seed("flv_body", "multichannel", b"\x00\x94Opus\x02\x02\x00\x01")
seed("flv_body", "audio_multitrack", b"\x00\x95\x01Opus\x00\x78\x01")
seed("flv_body", "avc_header", b"\x01", VIDEO_HEADER)
seed("flv_body", "avc_frame", b"\x01", VIDEO_FRAME)
seed("flv_body", "avc_end", b"\x01\x17\x02\0\0\0")
seed("flv_body", "hevc_legacy", b"\x01\x1c\x01\0\0\0", FRAME)
seed("flv_body", "hvc1_frames", b"\x01\x91hvc1\0\0\x28", FRAME)
seed("flv_body", "hvc1_frames_x", b"\x01\xa3hvc1", FRAME)
seed("flv_body", "av01_start", b"\x01\x90av01\x81\x04\x0c\x00")
seed("flv_body", "vp09_end", b"\x01\x92vp09")
seed("flv_body", "color_info", b"\x01\x94hvc1", command("colorInfo", {"hdrCll": {"maxFall": 1}}))
seed("flv_body", "video_multitrack", b"\x01\x96\x11avc1\x00\0\0\x05\x01\0\0\x01\0")
seed("flv_body", "modifier", b"\x01\x97\x02\0\0\x07\x01hvc1\0\0\0", FRAME)
seed("flv_body", "seek", b"\x01\x57\x00")
seed("flv_body", "metadata", b"\x02", SCRIPT)
seed("flv_body", "text_data", b"\x02", command("onTextData", {"text": "hi"}))


def flv_tag(kind, time, body):
    size = struct.pack(">I", len(body))[1:]
    stamp = struct.pack(">I", time)
    header = bytes([kind]) + size + stamp[1:] + stamp[:1] + b"\0\0\0"
    return header + body + struct.pack(">I", len(header) + len(body))


FLV = b"FLV\x01\x05\0\0\0\x09\0\0\0\0"
TAGS = [
    flv_tag(18, 0, SCRIPT[16:]),
    flv_tag(9, 0, VIDEO_HEADER),
    flv_tag(8, 0, AUDIO_HEADER),
    flv_tag(9, 0, VIDEO_FRAME),
    flv_tag(8, 0x0100_0000, AUDIO_FRAME),
]
seed("flv_file", "whole", b"\x07", FLV, *TAGS)
seed("flv_file", "audio_only", b"\x01", b"FLV\x01\x04\0\0\0\x0a\xff\0\0\0\0", TAGS[2], TAGS[4])
seed("flv_file", "cut", b"\x40", FLV, TAGS[0], TAGS[1][:-3])
seed("flv_file", "too_long", b"\x40", FLV, b"\x09\x7f\xff\xff", bytes(7))

# RTMP chunks -----------------------------------------------------------------------------------------------


def basic(fmt, csid):
    if csid < 64:
        return bytes([fmt << 6 | csid])
    if csid < 320:
        return bytes([fmt << 6, csid - 64])
    return bytes([fmt << 6 | 1]) + struct.pack("<H", csid - 64)


def chunks(csid, kind, stream, body, time=0, size=128, extended_on_type3=True):
    """One message with a full header, cut into chunks."""
    extended = struct.pack(">I", time) if time >= 0xFFFFFF else b""
    field = struct.pack(">I", min(time, 0xFFFFFF))[1:]
    out = basic(0, csid) + field + struct.pack(">I", len(body))[1:] + bytes([kind]) + struct.pack("<I", stream)
    out += extended + body[:size]
    for at in range(size, len(body), size):
        out += basic(3, csid) + (extended if extended_on_type3 else b"") + body[at : at + size]
    return out


def control(kind, *numbers):
    return chunks(2, kind, 0, struct.pack(f">{len(numbers)}I", *numbers))


def say(*values, stream=0):
    return chunks(3, 20, stream, command(*values))


HELLO = say("connect", 1, CONNECT)
BIG = bytes(range(256)) * 2
PUBLISH = [
    HELLO,
    control(5, 2_500_000),
    say("releaseStream", 2, None, "cam1"),
    say("FCPublish", 3, None, "cam1"),
    say("createStream", 4, None),
    say("publish", 5, None, "cam1?t=abc", "live", stream=1),
]
MEDIA = [
    chunks(5, 18, 1, SCRIPT),
    chunks(6, 9, 1, VIDEO_HEADER),
    chunks(4, 8, 1, AUDIO_HEADER),
    chunks(6, 9, 1, VIDEO_FRAME, 40),
    # Type 1 (new length, delta 23), type 2 (delta 23), type 3 (same again).
    basic(1, 4) + b"\0\0\x17\0\0\x08\x08" + AUDIO_FRAME,
    basic(2, 4) + b"\0\0\x17" + AUDIO_FRAME,
    basic(3, 4) + AUDIO_FRAME,
]
PLAY = [
    HELLO,
    say("createStream", 2, None),
    say("getStreamLength", 3, None, "cam1"),
    say("play", 4, None, "cam1", -2000, stream=1),
    chunks(2, 4, 0, struct.pack(">HII", 3, 1, 3000)),
]

seed("chunk_stream", "publish", b"\xff", *PUBLISH, *MEDIA)
seed("chunk_stream", "wide_ids", b"\x03", *(chunks(csid, 9, 1, b"abc") for csid in (2, 63, 64, 319, 320, 65_599)))
seed("chunk_stream", "interleaved", b"\x10", chunks(4, 8, 1, BIG)[:140], chunks(6, 9, 1, BIG), chunks(4, 8, 1, BIG)[140:])
for time in (0xFFFFFE, 0xFFFFFF, 0xFFFFFFFF):
    seed("chunk_stream", f"time_{time:x}", b"\x20", chunks(6, 9, 1, BIG, time), chunks(6, 9, 1, b"x", time))
seed("chunk_stream", "time_habit", b"\x20", chunks(6, 9, 1, BIG, 0x1000000, extended_on_type3=False))
seed("chunk_stream", "chunk_size", b"\x20", control(1, 1), chunks(6, 9, 1, b"abc", size=1), control(1, 4096), chunks(6, 9, 1, BIG, size=4096))
seed("chunk_stream", "chunk_size_bad", b"\x20", control(1, 0), control(1, 0x80000000))
seed("chunk_stream", "abort", b"\x20", chunks(6, 9, 1, BIG)[:200], control(2, 6), chunks(6, 9, 1, BIG))
# Another length for a half-received message (CVE-2016-10191), on the same chunk stream.
seed("chunk_stream", "other_length", b"\x20", chunks(6, 9, 1, BIG)[:140], basic(1, 6) + b"\0\0\0\0\xff\xff\x09" + bytes(128))
seed("chunk_stream", "no_header_yet", b"\x20", basic(3, 9), b"abc")
seed("chunk_stream", "acks", b"\x20", control(3, 1000), control(5, 5000), chunks(2, 6, 0, b"\0\0\x10\0\x02"))

# Whole sessions: flags 0 = let in, 1 = asked about connect, 2 = refused, 4 = own handshake; the rest sizes the pieces.


def aggregate(*messages):
    body = b""
    for kind, time, payload in messages:
        body += bytes([kind]) + struct.pack(">I", len(payload))[1:] + struct.pack(">I", time)[1:] + b"\0\0\0\x01"
        body += payload + struct.pack(">I", len(payload) + 11)
    return chunks(6, 22, 1, body)


END = [say("FCUnpublish", 6, None, "cam1"), say("deleteStream", 7, None, 1)]
seed("server_session", "publish", b"\xf8", *PUBLISH, *MEDIA, *END)
seed("server_session", "publish_asked", b"\x11", *PUBLISH, *MEDIA)
seed("server_session", "publish_refused", b"\x0a", *PUBLISH)
seed("server_session", "publish_one_argument", b"\x08", *PUBLISH[:-1], say("publish", 5, None, "cam1", stream=1))
seed("server_session", "publish_aggregate", b"\x48", *PUBLISH, aggregate((8, 0, AUDIO_HEADER), (9, 5, VIDEO_FRAME)))
seed("server_session", "play", b"\x20", *PLAY)
seed(
    "server_session", "play_controls", b"\x20", *PLAY,
    say("pause", 5, None, True, 100, stream=1), say("pause", 6, None, False, 100, stream=1),
    say("seek", 7, None, 500, stream=1), say("receiveAudio", 8, None, False, stream=1),
    say("receiveVideo", 9, None, True, stream=1), say("closeStream", 10, None, stream=1),
)
seed("server_session", "play_refused", b"\x22", *PLAY)
seed("server_session", "fc_subscribe", b"\x20", HELLO, say("FCSubscribe", 2, None, "cam1"), say("_checkbw", 3, None))
seed("server_session", "amf3", b"\x20", chunks(3, 17, 0, b"\0" + command("connect", 1, CONNECT)), chunks(3, 17, 0, b"\0" + command("createStream", 2, None)))
seed("server_session", "many_streams", b"\x20", HELLO, *(say("createStream", n, None) for n in range(2, 14)))
seed("server_session", "ping", b"\x20", HELLO, chunks(2, 4, 0, struct.pack(">HI", 6, 7)), chunks(2, 4, 0, struct.pack(">HI", 7, 7)), control(3, 3000))
seed("server_session", "no_connect", b"\x20", say("publish", 1, None, "cam1", stream=1), *MEDIA)
seed("server_session", "unknown", b"\x20", HELLO, say("somethingElse", 2, None), chunks(7, 99, 0, b"?"))
seed("server_session", "empty_data_frame", b"\x20", *PUBLISH, chunks(5, 18, 1, amf("@setDataFrame")))
seed("server_session", "deep", b"\x20", chunks(3, 20, 0, amf("connect") + amf(1) + (b"\x03" + text("a")) * 200))
seed("server_session", "own_handshake_cut", b"\x0c\x03", bytes(64))
seed("server_session", "rtmpe", b"\x0c\x06", bytes(16))

# RTP payloads: a byte for the codec (0 H.264, 1 VP8, 2 VP9, 3 AV1, 4 H.265), then packets: flags (1 marker, 2…6 new
# timestamp, 8 loss before it), length, payload. From 0x80 on with sequence numbers (in the flags' bits 3…5, 0x18 is
# the next one) and time (in the highest two).


def packets(*parts, after=0x02):
    out = b""
    for index, payload in enumerate(parts):
        flags = (after if index == 0 else after & ~0x06) | (index == len(parts) - 1)
        out += bytes([flags, len(payload)]) + payload
    return out


SPS_OF_SLICES = bytes.fromhex("6742c00ad9020db011000003000100000300320f122648")
PPS_OF_SLICES = bytes.fromhex("68cb80e4b2")
IDR, SECOND_SLICE, SLICE = b"\x65\x88\x84\x1d", b"\x65\x08\x88", b"\x41\x9a\x02"
STAP_A = b"\x78" + b"".join(struct.pack(">H", len(unit)) + unit for unit in (SPS_OF_SLICES, PPS_OF_SLICES))
FU_A = (b"\x7c\x85\x88\x84", b"\x7c\x05\x01\x02", b"\x7c\x45\x03")
VP8_KEY = (b"\x10\x10\0\0\x9d\x01\x2a\x80\0\x60\0", b"\0\x01\x02")
VP8_LONG = (b"\x90\xe0\x81\x11\x07\x20\x31\x01",)
VP9_KEY = (b"\x0a\x18\0\x80\0\x60\x01\x04\x01\x82\x49\x83\x42\0\x07\xf0\x05\xf0\0", b"\x04\x01")
VP9_INTER = (b"\xdc\x91\x22\x03\x05\x06\x86\0",)
AV1_HEADER = bytes.fromhex("080000000337fbe6d7c802")
AV1_KEY = (b"\x28" + bytes([len(AV1_HEADER)]) + AV1_HEADER + b"\x30\x10\x01",)
AV1_PARTS = (b"\x68" + bytes([len(AV1_HEADER)]) + AV1_HEADER + b"\x30\x10", b"\xd0\x01\x02", b"\x90\x03")
seed("rtp_depacketise", "h264", b"\0", packets(STAP_A, IDR, SECOND_SLICE), packets(SLICE), packets(STAP_A, *FU_A))
seed("rtp_depacketise", "h264_single", b"\0", packets(b"\x09\x10", SPS_OF_SLICES, PPS_OF_SLICES, IDR), packets(SLICE, after=0x0A), packets(IDR))
seed("rtp_depacketise", "h264_refused", b"\0", packets(STAP_A, b"\x79\0\0\0\x01\x41"), packets(b"\x7d\x85\0\0\x01"), packets(b"\x78\0\x09\x41"))
seed("rtp_depacketise", "vp8", b"\x01", packets(*VP8_KEY), packets(*VP8_LONG))
seed("rtp_depacketise", "vp9", b"\x02", packets(*VP9_KEY), packets(*VP9_INTER))
seed("rtp_depacketise", "av1", b"\x03", packets(*AV1_KEY), packets(b"\x10\x30\x80"), packets(*AV1_PARTS))
seed("rtp_depacketise", "network", b"\x82", packets(STAP_A, IDR, after=0x1A), packets(SLICE, after=0x22), packets(SLICE, after=0x12), packets(b"", after=0x58), packets(STAP_A, *FU_A, after=0xDA))

# Offers and trickled fragments: 1 publishes, 0 plays; several follow each other behind bytes of zero.
CRLF = "\r\n"
FINGERPRINT = ":".join(f"{n:02X}" for n in range(32))
CANDIDATES = [
    "a=candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host generation 0 ufrag abcd network-id 1",
    "a=candidate:2 1 tcp 1518283007 192.0.2.1 9 typ host tcptype active",
    "a=candidate:3 1 udp 1677729535 198.51.100.9 40000 typ srflx raddr 0.0.0.0 rport 0",
    "a=candidate:4 1 UDP 41885439 2001:db8::1 60000 typ relay raddr ::1 rport 9",
]


def session(mids, ufrag="abcd", password="0123456789abcdefghijkl", setup="actpass"):
    return [
        "v=0", "o=- 4611731400430051336 2 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {' '.join(mids)}",
        "a=extmap-allow-mixed", "a=msid-semantic: WMS s", f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{password}",
        "a=ice-options:trickle", f"a=fingerprint:sha-256 {FINGERPRINT}", f"a=setup:{setup}",
    ]


def audio_section(mid, direction):
    return [
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0", "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0", f"a=mid:{mid}",
        "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid", f"a={direction}", "a=msid:s t0", "a=rtcp-mux", "a=rtcp-rsize",
        "a=rtpmap:111 opus/48000/2", "a=rtcp-fb:111 transport-cc", "a=fmtp:111 minptime=10;useinbandfec=1",
        "a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111", "a=rtpmap:0 PCMU/8000", "a=ssrc:1111 cname:c",
    ]


def video_section(mid, direction, *more):
    return [
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 98 45", "c=IN IP4 0.0.0.0", f"a=mid:{mid}",
        "a=extmap:13 urn:3gpp:video-orientation", "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
        "a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id", f"a={direction}", "a=rtcp-mux",
        "a=rtcp-rsize", "a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 goog-remb", "a=rtcp-fb:96 transport-cc",
        "a=rtcp-fb:96 ccm fir", "a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96",
        "a=rtpmap:102 H264/90000", "a=rtcp-fb:102 nack pli",
        "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", "a=rtpmap:103 rtx/90000",
        "a=fmtp:103 apt=102", "a=rtpmap:98 VP9/90000", "a=fmtp:98 profile-id=0", "a=rtpmap:45 AV1/90000", *more,
    ]


def description(*parts):
    return "".join(line + CRLF for part in parts for line in part).encode()


SOURCES = ["a=ssrc-group:FID 2222 3333", "a=ssrc:2222 cname:c", "a=ssrc:2222 msid:s t1", "a=ssrc:3333 cname:c"]
LAYERS = ["a=rid:q send", "a=rid:h send", "a=rid:f send", "a=simulcast:send q;h;f"]
PUBLISHES = description(session("01"), audio_section(0, "sendonly"), video_section(1, "sendonly", *SOURCES))
WATCHES = description(session("01"), audio_section(0, "recvonly"), video_section(1, "recvonly"))
FRAGMENT_HEAD = ["a=ice-ufrag:abcd", "a=ice-pwd:0123456789abcdefghijkl", "m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0"]
CANDIDATE_FRAGMENT = description(FRAGMENT_HEAD, CANDIDATES, ["a=end-of-candidates"])
RESTART = description(["a=ice-ufrag:wxyz", "a=ice-pwd:zyxwvutsrqponmlkjihgfe", *FRAGMENT_HEAD[2:]])
DATA = ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=mid:2", "a=sctp-port:5000"]

seed("sdp", "publish", b"\x01", PUBLISHES)
seed("sdp", "play", b"\x00", WATCHES)
seed("sdp", "play_audio", b"\x00", description(session("0"), audio_section(0, "recvonly")))
seed("sdp", "simulcast", b"\x01", description(session("0"), video_section(0, "sendonly", *LAYERS)))
seed("sdp", "trickle", b"\x01", PUBLISHES, b"\0", CANDIDATE_FRAGMENT)
seed("sdp", "restart", b"\x00", WATCHES, b"\0", RESTART, b"\0", CANDIDATE_FRAGMENT)
seed("sdp", "more_lines", b"\x00", WATCHES, b"\0", description(session("012"), audio_section(0, "recvonly"), video_section(1, "inactive"), video_section(2, "recvonly")))
seed("sdp", "rejected", b"\x00", WATCHES.replace(b"m=audio 9 ", b"m=audio 0 "))
seed("sdp", "data", b"\x01", description(session("012"), audio_section(0, "sendonly"), video_section(1, "sendonly", *SOURCES), DATA))
seed("sdp", "candidates_inside", b"\x01", description(session("0", setup="active"), audio_section(0, "sendrecv"), CANDIDATES))
seed("sdp", "no_codec", b"\x01", description(session("0"), audio_section(0, "sendonly")[:1], ["a=mid:0", "a=rtpmap:111 speex/16000"]))
seed("sdp", "broken", b"\x01", PUBLISHES.replace(b"a=setup:actpass", b"a=setup:"), b"\0a=candidate:\r\na=ice-ufrag:\r\n")
