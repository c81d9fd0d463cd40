//! The SRTP keys of a peer connection of the `rtc` crate, which does not give them out.
//!
//! A peer connection does all its cryptography through a provider that its owner chooses. This one passes everything on
//! to the usual provider and remembers the keying material exported for SRTP (RFC 5764 §4.2) until it is taken. Which
//! side we are and which protection was agreed on shows when the connection sets up its own protection right after the
//! export; what does not fit together is no key. Only peers that play have such a provider.

use std::sync::Arc;

use parking_lot::Mutex;
use rtc::crypto::{
    ActiveKeyExchange, AeadAlgorithm, AeadCipher, BlockCipherAlgorithm, CbcAlgorithm, CbcCipher,
    CryptoAlgorithm, CryptoError, HashAlgorithm, HmacAlgorithm, KeyExchangeAlgorithm, Mac, PublicKey,
    RTCCrypto, RTCCryptoProvider, RTCRandom, SecretVec, SignatureScheme, SigningKey, StreamCipher,
    StreamCipherAlgorithm,
};
use rtc::srtp::config::LABEL_EXTRACTOR_DTLS_SRTP;
use rtc::srtp::protection_profile::ProtectionProfile;

/// Keys of 16 bytes; all profiles that we offer have them.
const KEY: usize = 16;

/// Master key and salt of one direction (RFC 3711 §3.2.1).
pub(crate) struct Master {
    pub(crate) key: SecretVec,
    pub(crate) salt: SecretVec,
}

/// What protects media and reports between us and the peer.
pub(crate) struct Keys {
    pub(crate) profile: ProtectionProfile,
    /// Ours, for what we send.
    pub(crate) local: Master,
    /// The peer's, for what it sends.
    pub(crate) remote: Master,
}

/// The provider. Clones see the same connection.
#[derive(Clone)]
pub(crate) struct KeyTap {
    crypto: Arc<Watched>,
}

struct Watched {
    inner: Arc<dyn RTCCryptoProvider>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
enum Seen {
    /// What has been exported so far; nothing before the handshake is over.
    Exporting(SecretVec),
    /// The connection protects what it sends with the client's keys, or with the server's.
    Sided {
        material: SecretVec,
        client: bool,
    },
    Ready(Keys),
    #[default]
    Done,
}

impl KeyTap {
    /// For one connection.
    pub(crate) fn new(inner: Arc<dyn RTCCryptoProvider>) -> KeyTap {
        let seen = Arc::new(Mutex::new(Seen::Exporting(SecretVec::new(Vec::new()))));
        KeyTap {
            crypto: Arc::new(Watched { inner, seen }),
        }
    }

    /// The keys, once.
    pub(crate) fn take(&self) -> Option<Keys> {
        let mut seen = self.crypto.seen.lock();
        match std::mem::take(&mut *seen) {
            Seen::Ready(keys) => Some(keys),
            other => {
                *seen = other;
                None
            }
        }
    }

    pub(crate) fn operations(&self) -> &dyn RTCCrypto {
        self.crypto.inner.crypto()
    }
}

impl Seen {
    fn exported(&mut self, output: &[u8]) {
        if let Seen::Exporting(material) = self {
            let mut longer = material.as_ref().to_vec();
            longer.extend_from_slice(output);
            *material = SecretVec::new(longer);
        }
    }

    /// The first key in use after the export is our master key.
    fn keyed(&mut self, key: &[u8]) {
        let Seen::Exporting(material) = self else { return };
        let all = material.as_ref();
        let client = match (all.get(..KEY), all.get(KEY..2 * KEY)) {
            (Some(client), _) if client == key => true,
            (_, Some(server)) if server == key => false,
            _ => return,
        };
        let material = material.clone();
        *self = Seen::Sided { material, client };
    }

    fn protected(&mut self, profile: ProtectionProfile) {
        let Seen::Sided { material, client } = self else {
            return;
        };
        let salt = profile.salt_len();
        let all = material.as_ref();
        let part = |at: usize, length: usize| {
            let bytes = all.get(at..at + length).unwrap_or_default();
            SecretVec::new(bytes.to_vec())
        };
        let of_client = Master {
            key: part(0, KEY),
            salt: part(2 * KEY, salt),
        };
        let of_server = Master {
            key: part(KEY, KEY),
            salt: part(2 * KEY + salt, salt),
        };
        let (local, remote) = match client {
            true => (of_client, of_server),
            false => (of_server, of_client),
        };
        *self = Seen::Ready(Keys {
            profile,
            local,
            remote,
        });
    }
}

impl RTCCryptoProvider for KeyTap {
    fn name(&self) -> &'static str {
        self.crypto.inner.name()
    }

    fn crypto(&self) -> &dyn RTCCrypto {
        self.crypto.as_ref()
    }

    fn random(&self) -> &dyn RTCRandom {
        self.crypto.inner.random()
    }
}

impl Watched {
    fn crypto(&self) -> &dyn RTCCrypto {
        self.inner.crypto()
    }
}

impl RTCCrypto for Watched {
    fn supports(&self, algorithm: CryptoAlgorithm) -> bool {
        self.crypto().supports(algorithm)
    }

    fn hash(&self, algorithm: HashAlgorithm, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.crypto().hash(algorithm, data)
    }

    fn block_encrypt(
        &self,
        algorithm: BlockCipherAlgorithm,
        key: &[u8],
        block: &mut [u8],
    ) -> Result<(), CryptoError> {
        self.seen.lock().keyed(key);
        self.crypto().block_encrypt(algorithm, key, block)
    }

    fn new_hmac(&self, algorithm: HmacAlgorithm, key: &[u8]) -> Result<Box<dyn Mac>, CryptoError> {
        let inner = self.crypto().new_hmac(algorithm, key)?;
        // Exports are made by the PRF of TLS 1.2 (RFC 5705 §4); check sums of ICE and media need no look.
        if algorithm != HmacAlgorithm::Sha256 || !matches!(*self.seen.lock(), Seen::Exporting(_)) {
            return Ok(inner);
        }
        let seen = self.seen.clone();
        Ok(Box::new(WatchedMac { inner, seen }))
    }

    fn new_stream_cipher(
        &self,
        algorithm: StreamCipherAlgorithm,
        key: &[u8],
    ) -> Result<Box<dyn StreamCipher>, CryptoError> {
        if algorithm == StreamCipherAlgorithm::Aes128Ctr {
            self.seen.lock().protected(ProtectionProfile::Aes128CmHmacSha1_80);
        }
        self.crypto().new_stream_cipher(algorithm, key)
    }

    fn new_aead(&self, algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn AeadCipher>, CryptoError> {
        if algorithm == AeadAlgorithm::Aes128Gcm {
            self.seen.lock().protected(ProtectionProfile::AeadAes128Gcm);
        }
        self.crypto().new_aead(algorithm, key)
    }

    fn new_cbc(&self, algorithm: CbcAlgorithm, key: &[u8]) -> Result<Box<dyn CbcCipher>, CryptoError> {
        self.crypto().new_cbc(algorithm, key)
    }

    fn start_key_exchange(
        &self,
        algorithm: KeyExchangeAlgorithm,
    ) -> Result<Box<dyn ActiveKeyExchange>, CryptoError> {
        self.crypto().start_key_exchange(algorithm)
    }

    fn generate_signing_key(&self, scheme: SignatureScheme) -> Result<Arc<dyn SigningKey>, CryptoError> {
        self.crypto().generate_signing_key(scheme)
    }

    fn import_signing_key(
        &self,
        scheme: SignatureScheme,
        pkcs8_der: &[u8],
    ) -> Result<Arc<dyn SigningKey>, CryptoError> {
        self.crypto().import_signing_key(scheme, pkcs8_der)
    }

    fn verify_signature(
        &self,
        scheme: SignatureScheme,
        public_key: PublicKey<'_>,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        self.crypto()
            .verify_signature(scheme, public_key, message, signature)
    }
}

struct WatchedMac {
    inner: Box<dyn Mac>,
    seen: Arc<Mutex<Seen>>,
}

impl Mac for WatchedMac {
    fn output_len(&self) -> usize {
        self.inner.output_len()
    }

    fn sign(&mut self, input: &[&[u8]], output: &mut [u8]) -> Result<(), CryptoError> {
        self.inner.sign(input, output)?;
        // P_SHA256(secret, label + randoms): its output blocks are those over A(i) and the seed (RFC 5246 §5).
        if let [_, seed] = input
            && seed.starts_with(LABEL_EXTRACTOR_DTLS_SRTP.as_bytes())
        {
            self.seen.lock().exported(output);
        }
        Ok(())
    }

    fn verify(&mut self, input: &[&[u8]], expected: &[u8]) -> Result<(), CryptoError> {
        self.inner.verify(input, expected)
    }
}
