//! Where sound is after transcoding: a click at a known time, gaps, drifting clocks, and the wall clock.

use std::time::Duration;

use super::support::*;
use crate::transcode::{AudioTarget, AudioTranscoder, Input, Output, Transcode};

fn to_opus() -> AudioTranscoder {
    AudioTranscoder::new(AudioTarget::Opus, 96_000)
}

fn to_aac() -> AudioTranscoder {
    AudioTranscoder::new(AudioTarget::Aac, 96_000)
}

/// R-S2: sound keeps its place to the picture within a few milliseconds, each way: encoders' delays are taken off.
#[test]
fn a_click_stays_where_it_was() {
    for start in [0, 7_000, 123_456_789] {
        let source = made(3_000, click(1.5));
        let expected = start as f64 + 1_500.5;
        let opus_out = run(&mut to_opus(), coded(aac(), &source, start));
        let offset = peak_at(&heard(&opus_out, 1)) - expected;
        assert!(offset.abs() < 3.0, "AAC to Opus from {start}: {offset} ms");
        let aac_out = run(&mut to_aac(), coded(opus(), &source, start));
        let offset = peak_at(&heard(&aac_out, 1)) - expected;
        assert!(offset.abs() < 3.0, "Opus to AAC from {start}: {offset} ms");
    }
}

/// A source at 44.1 kHz, coded by another encoder and stamped in whole milliseconds by it.
#[test]
fn a_click_of_another_encoder_stays_where_it_was() {
    let file = ffmpeg(
        "-f lavfi -i aevalsrc=exprs='if(between(t,1.5,1.501),0.9,0)':s=44100:d=3 -ac 2 -c:a aac -b:a 128k -f flv -",
    );
    let inputs = flv_inputs(&file);
    // FLV has no negative times: ffmpeg moves everything by its encoder's delay.
    let expected = 1_500.5 + 1_024.0 / 44.1;
    let offset = peak_at(&heard(&run(&mut to_opus(), inputs), 1)) - expected;
    assert!(offset.abs() < 5.0, "{offset} ms");
}

/// Output stamps go with the source's over a gap, and again to the millisecond.
#[test]
fn a_gap_of_a_stamped_source_is_followed() {
    let mut inputs = coded(aac(), &made(1_000, sine(500.0)), 0);
    inputs.extend(coded(aac(), &made(2_000, click(0.5)), 31_234).into_iter().skip(1));
    let out = run(&mut to_opus(), inputs);
    let stamps: Vec<_> = frames(&out).iter().map(|f| f.dts.as_millis()).collect();
    let jumps: Vec<_> = stamps.windows(2).filter(|pair| pair[1] - pair[0] != 20).collect();
    assert_eq!(jumps.len(), 1, "{jumps:?}");
    let after: Vec<_> = std::iter::once(out[0].clone())
        .chain(
            out.iter()
                .filter(|o| matches!(o, Output::Frame(f) if f.dts.as_millis() > 30_000))
                .cloned(),
        )
        .collect();
    let offset = peak_at(&heard(&after, 1)) - 31_734.5;
    assert!(offset.abs() < 3.0, "{offset} ms");
}

/// R-S4: a source whose clock runs off is followed by the resampling ratio: no packet more or less, no step in the
/// stamps, and the sound still in its place at the end.
#[test]
fn a_drifting_clock_is_followed() {
    for ppm in [-300.0, 300.0_f64] {
        let (length, at) = (60_000, 58.0);
        let source = made(length, move |t| sine(250.0)(t) / 8.0 + click(at)(t));
        let stretched = coded(aac(), &source, 0).into_iter().map(|mut input| {
            if let Input::Frame(frame) = &mut input {
                let real = frame.dts.as_millis() as f64 * (1.0 + ppm / 1e6);
                frame.dts = lianmai_media::MediaTime::from_millis(real.floor() as i64);
            }
            input
        });
        let out = run(&mut to_opus(), stretched);
        let stamps: Vec<_> = frames(&out).iter().map(|f| f.dts.as_millis()).collect();
        assert!(stamps.windows(2).all(|pair| pair[1] - pair[0] == 20));
        let offset = peak_at(&heard(&out, 1)) - 58_000.5 * (1.0 + ppm / 1e6);
        assert!(offset.abs() < 4.0, "{ppm} ppm: {offset} ms");
    }
}

/// R-A4: when packets stop, AAC goes on by the wall clock, silent and on the same timeline; when they come again, they
/// are in their place.
#[test]
fn silence_goes_on_by_the_wall_clock() {
    let mut job = to_aac();
    let mut out = run(&mut job, coded(opus(), &made(2_000, sine(500.0)), 0));
    let mut now = Duration::from_millis(1_980);
    let mut ticks = 0;
    while let Some(wait) = job.wait(now)
        && now + wait < Duration::from_millis(12_000)
    {
        now += wait;
        let before = out.len();
        job.tick(now, &mut out).unwrap();
        ticks += usize::from(out.len() > before);
    }
    assert!((300..600).contains(&ticks), "{ticks} times silence in 10 s");
    let newest = frames(&out).last().unwrap().dts.as_millis();
    assert!((11_800..12_000).contains(&newest), "{newest}");
    let back = coded(opus(), &made(2_000, click(1.0)), 12_000);
    out.extend(run(&mut job, back.into_iter().skip(1)));
    let heard = heard(&out, 1);
    let at = |millis: i64| ((millis - heard.0) * 48) as usize;
    assert!(loudness(&heard.1[at(200)..at(1_900)]) > 0.2);
    assert!(loudness(&heard.1[at(2_300)..at(11_900)]) < 0.001);
    let offset = peak_at(&(12_000, heard.1[at(12_000)..].to_vec())) - 13_000.5;
    assert!(offset.abs() < 3.0, "{offset} ms");
}

/// Packets that come after their place was filled are lost, and only they.
#[test]
fn late_packets_do_not_move_the_rest() {
    let mut job = to_aac();
    let inputs = coded(opus(), &made(3_000, |t| sine(250.0)(t) / 8.0 + click(2.5)(t)), 0);
    let mut out = Vec::new();
    for input in inputs {
        let stamp = match &input {
            Input::Frame(frame) => frame.dts.as_millis(),
            _ => 0,
        };
        // The line hangs for half a second.
        let at = if (1_000..1_500).contains(&stamp) {
            1_500
        } else {
            stamp
        };
        let at = Duration::from_millis(at.unsigned_abs());
        if stamp == 1_014 || at == Duration::from_millis(1_500) {
            job.tick(at, &mut out).unwrap();
        }
        let newest = stamp;
        job.take(input, crate::transcode::Arrival { at, newest }, &mut out)
            .unwrap();
    }
    assert!(job.losses().late > 15, "{:?}", job.losses());
    let offset = peak_at(&heard(&out, 1)) - 2_500.5;
    assert!(offset.abs() < 3.0, "{offset} ms");
}
