//! A certificate for `localhost` and 127.0.0.1 by an authority that only the test knows.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// Files in PEM, and the authority as a TLS client takes it.
pub struct Certificate {
    pub authority_file: PathBuf,
    pub chain_file: PathBuf,
    pub key_file: PathBuf,
    pub authority: rustls::pki_types::CertificateDer<'static>,
}

impl Certificate {
    /// Makes one, with its files in `dir`.
    pub fn make(dir: &Path) -> Certificate {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().unwrap();
        let root = authority.self_signed(&authority_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::new(authority, authority_key);
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let chain = CertificateParams::new(names)
            .unwrap()
            .signed_by(&key, &issuer)
            .unwrap();
        let file = |name: &str, text: String| {
            let path = dir.join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        Certificate {
            authority_file: file("authority.pem", root.pem()),
            chain_file: file("chain.pem", chain.pem()),
            key_file: file("key.pem", key.serialize_pem()),
            authority: root.der().clone(),
        }
    }
}
