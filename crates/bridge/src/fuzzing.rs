//! Offers, answers and trickled fragments without sockets, for the fuzz target `sdp`. Not part of any other build.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rtc::peer_connection::RTCPeerConnection;
use rtc::peer_connection::certificate::RTCCertificate;
use rtc::peer_connection::transport::RTCIceCandidateInit;

use crate::peer::engine::{self, Direction};
use crate::peer::negotiate::{self, Negotiated, Senders};
use crate::peer::{Fragment, check, fragment_of, sdp};
use crate::{BridgeConfig, BridgeError, Lines, Offer};

/// A peer's side of one connection, as far as descriptions go.
pub struct Negotiation {
    connection: RTCPeerConnection,
    direction: Direction,
    senders: Senders,
    offer: String,
    now: Instant,
}

impl Negotiation {
    /// A peer that publishes or plays; it was offered nothing yet.
    pub fn new(publishes: bool) -> Negotiation {
        static CERTIFICATE: OnceLock<RTCCertificate> = OnceLock::new();
        let certificate = CERTIFICATE.get_or_init(|| engine::certificate().expect("a certificate"));
        let direction = if publishes {
            Direction::Publish
        } else {
            Direction::Play
        };
        let now = Instant::now();
        let consent = Duration::from_secs(15);
        let media = engine::Media::new(direction).expect("cryptography");
        let made = engine::connection(now, certificate.clone(), &media, consent);
        let mut connection = made.expect("a connection");
        let addresses = ["127.0.0.1:8000".parse().expect("an address")];
        negotiate::add_candidates(&mut connection, &addresses, &addresses).expect("own candidates");
        Negotiation {
            connection,
            direction,
            senders: Senders::new(),
            offer: String::new(),
            now,
        }
    }

    /// Answers an offer, whose lines may all be used. Panics if the answer is not one to this offer.
    pub fn offer(&mut self, offer: &str) -> Result<String, BridgeError> {
        let lines = Lines::ByMid(HashMap::new());
        let checked = Offer {
            sdp: offer.to_owned(),
            lines,
        };
        check(&BridgeConfig::default(), &checked)?;
        let answer = self.negotiate(offer)?.answer;
        self.offer = offer.to_owned();
        let mids = |text: &str| {
            let sections = sdp::sections(text).into_iter();
            sections.map(|section| section.mid).collect::<Vec<_>>()
        };
        assert_eq!(mids(offer), mids(&answer), "{answer}");
        let fragment = fragment_of(&answer);
        assert_eq!(fragment_of(&fragment), fragment);
        Ok(answer)
    }

    /// Takes a trickled fragment, which may restart ICE.
    pub fn trickle(&mut self, text: &str) -> Result<(), BridgeError> {
        let fragment = Fragment::parse(text);
        let theirs = sdp::credentials(&self.offer);
        match &fragment.credentials {
            Some((ufrag, password)) if theirs.is_some() && fragment.credentials != theirs => {
                let offer = sdp::with_credentials(&self.offer, ufrag, password);
                self.negotiate(&offer)?;
                self.offer = offer;
            }
            _ => {
                for candidate in fragment.candidates {
                    let init = RTCIceCandidateInit {
                        candidate,
                        ..RTCIceCandidateInit::default()
                    };
                    // Refused as in production: it is not needed.
                    let _ = self.connection.add_remote_candidate(init);
                }
            }
        }
        Ok(())
    }

    fn negotiate(&mut self, offer: &str) -> Result<Negotiated, BridgeError> {
        let negotiated = negotiate::negotiate(
            &mut self.connection,
            self.now,
            self.direction,
            offer,
            Some(self.offer.as_str()).filter(|before| !before.is_empty()),
            None,
            &mut self.senders,
        )?;
        assert!(sdp::credentials(&negotiated.answer).is_some());
        Ok(negotiated)
    }
}
