//! Protection of what goes to a viewer: SRTP (RFC 3711, RFC 7714) in place, SRTCP by the `srtp` crate.
//!
//! Packet indices are the caller's: it must never seal two different packets under one.

use bytes::BytesMut;
use rtc::crypto::{
    AeadAlgorithm, AeadCipher, BlockCipherAlgorithm, CryptoError, HmacAlgorithm, Mac, RTCCrypto, SecretVec,
    StreamCipher, StreamCipherAlgorithm,
};
use rtc::shared::error::Error;
use rtc::srtp::context::Context;
use rtc::srtp::option::srtcp_replay_protection;
use rtc::srtp::protection_profile::ProtectionProfile;

use super::keys::{Keys, Master};

/// Labels of the key derivation (RFC 3711 §4.3.2).
const ENCRYPTION: u8 = 0;
const AUTHENTICATION: u8 = 1;
const SALT: u8 = 2;
/// Reports may come out of order by this many.
const REPLAY_WINDOW: usize = 64;
const GCM_TAG: usize = 16;
const SHA1_TAG: usize = 10;

/// Seals media and reports of ours, opens reports of the peer.
pub(crate) struct Seal {
    media: Media,
    reports_out: Context,
    reports_in: Context,
}

enum Media {
    Gcm {
        cipher: Box<dyn AeadCipher>,
        salt: [u8; 12],
    },
    CounterMode {
        cipher: Box<dyn StreamCipher>,
        mac: Box<dyn Mac>,
        salt: [u8; 14],
    },
}

impl Seal {
    pub(crate) fn new(keys: &Keys, crypto: &dyn RTCCrypto) -> Result<Seal, Error> {
        let context = |master: &Master, replay| {
            let (key, salt) = (master.key.as_ref(), master.salt.as_ref());
            Context::new(key, salt, keys.profile, None, replay, crypto)
        };
        let media = Media::new(keys, crypto).map_err(|error| Error::Crypto(error.to_string()))?;
        Ok(Seal {
            media,
            reports_out: context(&keys.local, None)?,
            reports_in: context(&keys.remote, Some(srtcp_replay_protection(REPLAY_WINDOW)))?,
        })
    }

    /// Bytes that a packet grows by.
    pub(crate) fn overhead(&self) -> usize {
        match self.media {
            Media::Gcm { .. } => GCM_TAG,
            Media::CounterMode { .. } => SHA1_TAG,
        }
    }

    /// Seals an RTP packet: a header of `header` bytes, payload, and room for [`overhead`](Self::overhead) bytes.
    /// `index` is the sequence number with its roll-overs (RFC 3711 §3.3.1).
    pub(crate) fn seal(
        &mut self,
        packet: &mut [u8],
        header: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<(), CryptoError> {
        let content = packet.len().saturating_sub(self.overhead());
        let (packet, tag) = packet.split_at_mut(content);
        match &mut self.media {
            Media::Gcm { cipher, salt } => {
                let nonce = gcm_nonce(salt, ssrc, index);
                let (header, payload) = packet.split_at_mut(header.min(content));
                cipher.seal_in_place(&nonce, header, payload, tag)
            }
            Media::CounterMode { cipher, mac, salt } => {
                let counter = first_counter(salt, ssrc, index);
                let (_, payload) = packet.split_at_mut(header.min(content));
                cipher.apply_keystream(&counter, payload)?;
                let rollovers = (index >> 16) as u32;
                let mut full = [0; 20];
                mac.sign(&[packet, &rollovers.to_be_bytes()], &mut full)?;
                tag.copy_from_slice(full.get(..SHA1_TAG).unwrap_or_default());
                Ok(())
            }
        }
    }

    pub(crate) fn seal_report(&mut self, report: &[u8]) -> Result<BytesMut, Error> {
        self.reports_out.encrypt_rtcp(report)
    }

    pub(crate) fn open_report(&mut self, report: &[u8]) -> Result<BytesMut, Error> {
        self.reports_in.decrypt_rtcp(report)
    }
}

impl Media {
    fn new(keys: &Keys, crypto: &dyn RTCCrypto) -> Result<Media, CryptoError> {
        let derive = |label, length| derive(crypto, &keys.local, label, length);
        let key = derive(ENCRYPTION, 16)?;
        match keys.profile {
            ProtectionProfile::AeadAes128Gcm => Ok(Media::Gcm {
                cipher: crypto.new_aead(AeadAlgorithm::Aes128Gcm, key.as_ref())?,
                salt: array(derive(SALT, 12)?.as_ref()),
            }),
            _ => Ok(Media::CounterMode {
                cipher: crypto.new_stream_cipher(StreamCipherAlgorithm::Aes128Ctr, key.as_ref())?,
                mac: crypto.new_hmac(HmacAlgorithm::Sha1, derive(AUTHENTICATION, 20)?.as_ref())?,
                salt: array(derive(SALT, 14)?.as_ref()),
            }),
        }
    }
}

/// AES-CM as pseudo-random function, with a key derivation rate of 0 (RFC 3711 §4.3.3; RFC 7714 §11).
fn derive(
    crypto: &dyn RTCCrypto,
    master: &Master,
    label: u8,
    length: usize,
) -> Result<SecretVec, CryptoError> {
    let mut input = [0; 16];
    for (to, from) in input.iter_mut().zip(master.salt.as_ref()) {
        *to = *from;
    }
    if let Some(byte) = input.get_mut(7) {
        *byte ^= label;
    }
    let mut out = Vec::with_capacity(length.next_multiple_of(16));
    for number in 0..length.div_ceil(16) as u16 {
        let mut block = input;
        if let Some(counter) = block.last_chunk_mut::<2>() {
            *counter = number.to_be_bytes();
        }
        crypto.block_encrypt(BlockCipherAlgorithm::Aes128, master.key.as_ref(), &mut block)?;
        out.extend_from_slice(&block);
    }
    out.truncate(length);
    Ok(SecretVec::new(out))
}

/// RFC 7714 §8.1.
fn gcm_nonce(salt: &[u8; 12], ssrc: u32, index: u64) -> [u8; 12] {
    // SSRC in bytes 2 to 5, roll-overs and sequence number behind it.
    let number = u128::from(ssrc) << 48 | u128::from(index & 0xFFFF_FFFF_FFFF);
    let mut nonce = [0; 12];
    if let Some(low) = number.to_be_bytes().last_chunk::<12>() {
        nonce = *low;
    }
    for (byte, salt) in nonce.iter_mut().zip(salt) {
        *byte ^= salt;
    }
    nonce
}

/// RFC 3711 §4.1.1.
fn first_counter(salt: &[u8; 14], ssrc: u32, index: u64) -> [u8; 16] {
    let number = u128::from(ssrc) << 64 | u128::from(index & 0xFFFF_FFFF_FFFF) << 16;
    let mut counter = number.to_be_bytes();
    for (byte, salt) in counter.iter_mut().zip(salt) {
        *byte ^= salt;
    }
    counter
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or([0; N])
}

#[cfg(test)]
pub(super) mod tests {
    use rtc::crypto::default_provider;
    use rtc::rtcp::sender_report::SenderReport;
    use rtc::shared::marshal::Marshal as _;

    use super::*;

    /// Keys of one side, or of the other.
    pub(in crate::send) fn keys(profile: ProtectionProfile, swap: bool) -> Keys {
        let master = |seed: u8| Master {
            key: SecretVec::new((0..16).map(|byte| byte ^ seed).collect()),
            salt: SecretVec::new((0..profile.salt_len() as u8).map(|byte| byte | seed).collect()),
        };
        let (local, remote) = if swap { (2, 1) } else { (1, 2) };
        Keys {
            profile,
            local: master(local),
            remote: master(remote),
        }
    }

    /// What is sealed here is opened by an implementation of others, over roll-overs too.
    #[test]
    fn others_open_it() {
        let provider = default_provider().unwrap();
        for profile in [
            ProtectionProfile::AeadAes128Gcm,
            ProtectionProfile::Aes128CmHmacSha1_80,
        ] {
            let keys = keys(profile, false);
            let mut seal = Seal::new(&keys, provider.crypto()).unwrap();
            let mut far = Context::new(
                keys.local.key.as_ref(),
                keys.local.salt.as_ref(),
                profile,
                None,
                None,
                provider.crypto(),
            )
            .unwrap();
            for index in (0x7FF0_u64..0x3_0000).step_by(7) {
                let mut packet = vec![0x80, 96];
                packet.extend((index as u16).to_be_bytes());
                packet.extend([0, 0, 0, 9, 0xAA, 0xBB, 0xCC, 0xDD]);
                packet.extend(b"some payload of a packet");
                let plain = packet.clone();
                packet.resize(plain.len() + seal.overhead(), 0);
                seal.seal(&mut packet, 12, 0xAABB_CCDD, index).unwrap();
                assert_eq!(far.decrypt_rtp(&packet).unwrap(), plain, "{index:#x}");
            }
        }
    }

    #[test]
    fn reports_go_both_ways_and_once() {
        let provider = default_provider().unwrap();
        let profile = ProtectionProfile::AeadAes128Gcm;
        let mut here = Seal::new(&keys(profile, false), provider.crypto()).unwrap();
        let mut there = Seal::new(&keys(profile, true), provider.crypto()).unwrap();
        let report = SenderReport {
            ssrc: 7,
            ..SenderReport::default()
        };
        let report = report.marshal().unwrap();
        let sealed = here.seal_report(&report).unwrap();
        assert_eq!(there.open_report(&sealed).unwrap(), report);
        assert!(there.open_report(&sealed).is_err(), "replayed");
        assert!(here.open_report(&sealed).is_err(), "its own");
    }
}
