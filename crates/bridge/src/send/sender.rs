//! Writes packets, repairs what was lost, reads reports.

use std::time::Instant;

use rtc::crypto::RTCCrypto;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;
use rtc::shared::error::Error;
use rtc::shared::marshal::Marshal as _;

use super::estimate::Estimate;
use super::history::History;
use super::keys::Keys;
use super::packet::Header;
use super::seal::Seal;
use super::{Extensions, Heard, Outbound};

/// Share of what is sent that repairs may take on top, and how much of it may be saved up, in bytes. A connection that
/// is too narrow must not be filled with repairs.
const REPAIRS: f64 = 0.5;
const MAX_SAVED: f64 = 64_000.0;

/// Where datagrams go.
pub(crate) trait Out {
    /// A datagram of `length` bytes, which `write` fills.
    fn datagram(&mut self, length: usize, write: impl FnOnce(&mut [u8]));
}

/// Media of one peer on its way out.
pub(crate) struct Sender {
    /// None before the handshake is over.
    seal: Option<Seal>,
    lines: Vec<Line>,
    estimate: Estimate,
    /// Bytes that repairs may take now.
    saved: f64,
}

struct Line {
    ssrc: u32,
    mid: String,
    extensions: Extensions,
    history: History,
    /// The peer has told of this stream: it knows which line it belongs to.
    known: bool,
}

impl Sender {
    pub(crate) fn new() -> Sender {
        Sender {
            seal: None,
            lines: Vec::new(),
            estimate: Estimate::new(),
            saved: MAX_SAVED,
        }
    }

    /// Can send from now on.
    pub(crate) fn unlock(&mut self, keys: &Keys, crypto: &dyn RTCCrypto) -> Result<(), Error> {
        self.seal = Some(Seal::new(keys, crypto)?);
        Ok(())
    }

    pub(crate) fn is_locked(&self) -> bool {
        self.seal.is_none()
    }

    /// What was negotiated for a stream.
    pub(crate) fn set_line(&mut self, ssrc: u32, mid: &str, extensions: Extensions) {
        match self.lines.iter_mut().find(|line| line.ssrc == ssrc) {
            Some(line) => line.extensions = extensions,
            None => self.lines.push(Line {
                ssrc,
                mid: mid.to_owned(),
                extensions,
                history: History::default(),
                known: false,
            }),
        }
    }

    /// What was sent of a stream is not sent again.
    pub(crate) fn forget_sent(&mut self, ssrc: u32) {
        if let Some(line) = self.lines.iter_mut().find(|line| line.ssrc == ssrc) {
            line.history = History::default();
        }
    }

    /// Sends a packet of a line that has been set.
    pub(crate) fn send(&mut self, packet: Outbound, now: Instant, out: &mut impl Out) {
        let line = self.lines.iter_mut().find(|line| line.ssrc == packet.ssrc);
        let (Some(seal), Some(line)) = (&mut self.seal, line) else {
            return;
        };
        let numbered = line.extensions.transport > 0;
        let transport = numbered.then(|| self.estimate.number(packet.content(), now));
        let told_mid = !line.known;
        let bytes = write(seal, line, &packet, transport, told_mid, out);
        self.saved = (self.saved + bytes as f64 * REPAIRS).min(MAX_SAVED);
        if packet.padding == 0 {
            line.history.push(packet, transport, told_mid, now);
        }
    }

    /// Sends a report about a stream of ours.
    pub(crate) fn report(&mut self, report: &SenderReport, out: &mut impl Out) {
        let Some(seal) = &mut self.seal else { return };
        let sealed = report.marshal().and_then(|report| seal.seal_report(&report));
        match sealed {
            Ok(sealed) => out.datagram(sealed.len(), |to| to.copy_from_slice(&sealed)),
            Err(error) => tracing::debug!(%error, "sender report"),
        }
    }

    /// Takes a datagram with reports. What was lost is sent again at once; the rest is told to `heard`.
    ///
    /// # Errors
    /// It is not from the peer, or not a report.
    pub(crate) fn feedback(
        &mut self,
        datagram: &[u8],
        now: Instant,
        out: &mut impl Out,
        mut heard: impl FnMut(Heard),
    ) -> Result<(), Error> {
        let Some(seal) = &mut self.seal else {
            return Ok(());
        };
        let mut report = seal.open_report(datagram)?;
        for packet in rtc::rtcp::packet::unmarshal(&mut report)? {
            let any = packet.as_any();
            if let Some(feedback) = any.downcast_ref::<TransportLayerCc>() {
                if let Some(bits_per_second) = self.estimate.feedback(feedback, now) {
                    heard(Heard::Estimate { bits_per_second });
                }
            } else if let Some(request) = any.downcast_ref::<TransportLayerNack>() {
                self.repair(request, now, out);
            } else {
                Heard::read(packet.as_ref(), now, |told| {
                    if let Heard::Reception { report } = &told
                        && let Some(line) = self.lines.iter_mut().find(|line| line.ssrc == report.ssrc)
                    {
                        line.known = true;
                    }
                    heard(told);
                });
            }
        }
        Ok(())
    }

    fn repair(&mut self, request: &TransportLayerNack, now: Instant, out: &mut impl Out) {
        let ssrc = request.media_ssrc;
        let line = self.lines.iter_mut().find(|line| line.ssrc == ssrc);
        let (Some(seal), Some(line)) = (&mut self.seal, line) else {
            return;
        };
        let (mut repaired, mut refused) = (0, 0);
        for sequence in request.nacks.iter().copied().flatten() {
            let mut history = std::mem::take(&mut line.history);
            if let Some(kept) = history.again(sequence, now) {
                if self.saved > 0.0 && !self.estimate.is_full() {
                    let bytes = write(seal, line, &kept.packet, kept.transport, kept.told_mid, out);
                    self.saved -= bytes as f64;
                    repaired += 1;
                } else {
                    refused += 1;
                }
            }
            line.history = history;
        }
        metrics::counter!("lianmai_bridge_repaired_packets_total").increment(repaired);
        if refused > 0 {
            metrics::counter!("lianmai_bridge_repairs_refused_total").increment(refused);
        }
    }
}

/// Writes a packet and seals it in its place; its length.
fn write(
    seal: &mut Seal,
    line: &Line,
    packet: &Outbound,
    transport: Option<u16>,
    told_mid: bool,
    out: &mut impl Out,
) -> usize {
    let mid = told_mid.then_some(line.mid.as_str());
    let header = Header::new(packet, &line.extensions, transport, mid);
    let header = header.as_bytes();
    let content = packet.content();
    let length = header.len() + content + seal.overhead();
    out.datagram(length, |to| {
        let Some((head, body)) = to.split_at_mut_checked(header.len()) else {
            return;
        };
        head.copy_from_slice(header);
        packet.put_content(body.get_mut(..content).unwrap_or_default());
        if seal.seal(to, header.len(), packet.ssrc, packet.index).is_err() {
            // It cannot fail; if it did, nothing readable must leave.
            to.fill(0);
        }
    });
    length
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use rtc::crypto::default_provider;
    use rtc::rtcp::transport_feedbacks::transport_layer_nack::nack_pairs_from_sequence_numbers;
    use rtc::srtp::protection_profile::ProtectionProfile;

    use super::super::seal::tests::keys;
    use super::*;

    impl Out for Vec<Vec<u8>> {
        fn datagram(&mut self, length: usize, write: impl FnOnce(&mut [u8])) {
            let mut datagram = vec![0; length];
            write(&mut datagram);
            self.push(datagram);
        }
    }

    const SSRC: u32 = 9;

    fn sender() -> (Sender, Seal) {
        let provider = default_provider().unwrap();
        let profile = ProtectionProfile::AeadAes128Gcm;
        let mut sender = Sender::new();
        sender.unlock(&keys(profile, false), provider.crypto()).unwrap();
        let ids = Extensions {
            transport: 3,
            mid: 4,
            orientation: 0,
        };
        sender.set_line(SSRC, "0", ids);
        let far = Seal::new(&keys(profile, true), provider.crypto()).unwrap();
        (sender, far)
    }

    fn packet(index: u64) -> Outbound {
        Outbound {
            ssrc: SSRC,
            index,
            timestamp: 0,
            payload_type: 96,
            marker: false,
            orientation: None,
            payload: Bytes::from(vec![index as u8; 1_000]),
            padding: 0,
        }
    }

    fn request(far: &mut Seal, sequences: &[u16]) -> Vec<u8> {
        let request = TransportLayerNack {
            sender_ssrc: 1,
            media_ssrc: SSRC,
            nacks: nack_pairs_from_sequence_numbers(sequences),
        };
        far.seal_report(&request.marshal().unwrap()).unwrap().to_vec()
    }

    /// R-V3: what was lost comes again as it was, and only once per request.
    #[test]
    fn a_repair_is_the_same_bytes() {
        let (mut sender, mut far) = sender();
        let start = Instant::now();
        let mut sent: Vec<Vec<u8>> = Vec::new();
        for index in 100..120 {
            sender.send(packet(index), start, &mut sent);
        }
        let mut again: Vec<Vec<u8>> = Vec::new();
        let later = start + Duration::from_millis(50);
        let wanted = request(&mut far, &[103, 110, 111, 500]);
        sender.feedback(&wanted, later, &mut again, |_| {}).unwrap();
        assert_eq!(again, [sent[3].clone(), sent[10].clone(), sent[11].clone()]);
        assert!(
            sender.feedback(&wanted, later, &mut again, |_| {}).is_err(),
            "replayed"
        );
        sender.forget_sent(SSRC);
        let wanted = request(&mut far, &[104]);
        sender.feedback(&wanted, later, &mut again, |_| {}).unwrap();
        assert_eq!(again.len(), 3);
    }

    /// A viewer that asks for everything again and again gets no flood.
    #[test]
    fn repairs_are_bounded() {
        let (mut sender, mut far) = sender();
        let mut now = Instant::now();
        let mut sent: Vec<Vec<u8>> = Vec::new();
        for index in 0..100 {
            sender.send(packet(index), now, &mut sent);
        }
        let all: Vec<u16> = (0..100).collect();
        let mut again: Vec<Vec<u8>> = Vec::new();
        for _ in 0..20 {
            now += Duration::from_millis(20);
            let wanted = request(&mut far, &all);
            sender.feedback(&wanted, now, &mut again, |_| {}).unwrap();
        }
        let bytes: usize = again.iter().map(Vec::len).sum();
        assert!(bytes as f64 <= MAX_SAVED + 2_000.0, "{bytes}");
    }
}
