//! As much STUN as telling datagrams apart takes (RFC 8489, RFC 7983): who an ICE check is for, and whether its sender
//! knows the password. Works in place: nothing is allocated or copied for a datagram that turns out to be junk, and
//! the work per datagram is bounded by [`LONGEST_CHECK`]. Answers are made by the peer's ICE agent, not here.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// Longest ICE check looked at. Those of browsers have 100 to 250 bytes.
const LONGEST_CHECK: usize = 1_024;
const HEADER: usize = 20;
const COOKIE: [u8; 4] = 0x2112_A442_u32.to_be_bytes();
const BINDING_REQUEST: [u8; 2] = [0x00, 0x01];
const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;

/// What a datagram is, by its first bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A STUN binding request: an ICE check.
    Check,
    /// Anything else that a validated peer may send: other STUN, DTLS, RTP and RTCP.
    Other,
    /// None of our protocols.
    Unknown,
}

/// What a datagram is.
pub(super) fn kind(datagram: &[u8]) -> Kind {
    match datagram.first() {
        Some(0..=3) => match datagram.split_first_chunk::<HEADER>() {
            Some(([t0, t1, l0, l1, c0, c1, c2, c3, ..], attributes))
                if [*c0, *c1, *c2, *c3] == COOKIE
                    && usize::from(u16::from_be_bytes([*l0, *l1])) == attributes.len()
                    && attributes.len().is_multiple_of(4) =>
            {
                match [*t0, *t1] == BINDING_REQUEST {
                    true => Kind::Check,
                    false => Kind::Other,
                }
            }
            _ => Kind::Unknown,
        },
        Some(20..=63 | 128..=191) => Kind::Other,
        _ => Kind::Unknown,
    }
}

/// An ICE check, not yet verified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Check<'a> {
    /// The user name fragment of the side it was sent to.
    pub(super) ufrag: &'a [u8],
    /// Everything that MESSAGE-INTEGRITY covers, but with the header's length as received.
    covered: &'a [u8],
    /// Value of MESSAGE-INTEGRITY.
    code: &'a [u8; 20],
}

impl Check<'_> {
    /// Reads a datagram of [`Kind::Check`]. `None` if it is too long, broken, or lacks a user name `ours:theirs` before
    /// its MESSAGE-INTEGRITY (RFC 8445 §7.2.2). Only what MESSAGE-INTEGRITY covers is looked at.
    pub(super) fn read(datagram: &[u8]) -> Option<Check<'_>> {
        if datagram.len() > LONGEST_CHECK {
            return None;
        }
        let mut ufrag = None;
        let mut at = HEADER;
        loop {
            let (header, rest) = datagram.get(at..)?.split_first_chunk::<4>()?;
            let [t0, t1, l0, l1] = *header;
            let length = usize::from(u16::from_be_bytes([l0, l1]));
            let value = rest.get(..length)?;
            match u16::from_be_bytes([t0, t1]) {
                MESSAGE_INTEGRITY => {
                    return Some(Check {
                        ufrag: ufrag?,
                        covered: datagram.get(..at)?,
                        code: value.try_into().ok()?,
                    });
                }
                USERNAME if ufrag.is_none() => {
                    let colon = value.iter().position(|byte| *byte == b':')?;
                    ufrag = value.get(..colon);
                }
                _ => {}
            }
            at = at.checked_add(4 + length.next_multiple_of(4))?;
        }
    }

    /// Whether the sender knows the password (RFC 8489 §14.5). Takes the same time for any wrong code.
    pub(super) fn is_from_who_knows(&self, password: &Password) -> bool {
        let Some(([t0, t1, _, _], rest)) = self.covered.split_first_chunk::<4>() else {
            return false;
        };
        // The length that counts ends with MESSAGE-INTEGRITY, whatever follows.
        let length = (self.covered.len() - HEADER + 24) as u16;
        let [l0, l1] = length.to_be_bytes();
        let mut mac = password.0.clone();
        mac.update(&[*t0, *t1, l0, l1]);
        mac.update(rest);
        mac.verify_slice(self.code).is_ok()
    }
}

/// A password, prepared for checking.
#[derive(Clone)]
pub(super) struct Password(Hmac<Sha1>);

impl Password {
    /// Prepares it. `None` if it is empty: then everybody would know it.
    pub(super) fn new(password: &str) -> Option<Password> {
        match password.is_empty() {
            true => None,
            false => Hmac::new_from_slice(password.as_bytes()).ok().map(Password),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rtc::stun::attributes::{ATTR_PRIORITY, ATTR_USERNAME};
    use rtc::stun::fingerprint::FINGERPRINT;
    use rtc::stun::integrity::MessageIntegrity;
    use rtc::stun::message::{BINDING_REQUEST, Message, Setter, TransactionId};
    use rtc::stun::textattrs::TextAttribute;

    use super::*;

    /// RFC 5769 §2.1.
    const SAMPLE: [u8; 108] = [
        0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa,
        0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73, 0x74, 0x20,
        0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff, 0x80, 0x29, 0x00,
        0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09, 0x65, 0x76, 0x74, 0x6a,
        0x3a, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf,
        0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28,
        0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf,
    ];
    const PASSWORD: &str = "VOkJxbRl1RmTxUk/WvJxBt";

    fn passes(datagram: &[u8], password: &str) -> bool {
        let password = Password::new(password).unwrap();
        kind(datagram) == Kind::Check
            && Check::read(datagram).is_some_and(|check| check.is_from_who_knows(&password))
    }

    #[test]
    fn the_sample_of_the_specification_passes() {
        let check = Check::read(&SAMPLE).unwrap();
        assert_eq!(check.ufrag, b"evtj");
        assert!(passes(&SAMPLE, PASSWORD));
        assert!(!passes(&SAMPLE, "VOkJxbRl1RmTxUk/WvJxBT"));
    }

    /// reliability: every truncation, and every changed bit of what is covered, is refused without a panic.
    #[test]
    fn no_part_and_no_change_of_the_sample_passes() {
        for length in 0..SAMPLE.len() {
            assert!(!passes(&SAMPLE[..length], PASSWORD), "{length} bytes");
        }
        for bit in 0..100 * 8 {
            let mut changed = SAMPLE;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!passes(&changed, PASSWORD), "bit {bit}");
        }
    }

    #[test]
    fn what_follows_the_integrity_does_not_count() {
        let mut longer = SAMPLE.to_vec();
        longer.extend([0x00, 0x06, 0x00, 0x04, b'x', b':', b'y', b'z']);
        longer[3] += 8;
        assert!(passes(&longer, PASSWORD));
        assert_eq!(Check::read(&longer).unwrap().ufrag, b"evtj");
        let integrity_first = [&SAMPLE[..20], &SAMPLE[76..100], &SAMPLE[60..76]].concat();
        assert_eq!(Check::read(&integrity_first), None);
    }

    #[test]
    fn protocols_are_told_apart_by_the_first_byte() {
        assert_eq!(kind(&[]), Kind::Unknown);
        assert_eq!(kind(&[22, 254, 253]), Kind::Other);
        assert_eq!(kind(&[0x80, 96]), Kind::Other);
        assert_eq!(kind(&[64; 30]), Kind::Unknown, "TURN channel data");
        assert_eq!(kind(&[255; 30]), Kind::Unknown);
        let mut response = SAMPLE;
        response[0] = 1;
        assert_eq!(kind(&response), Kind::Other);
    }

    #[test]
    fn an_overlong_check_is_not_looked_at() {
        let mut long = SAMPLE.to_vec();
        let filler = 1_024;
        long.extend([0x80, 0x22]);
        long.extend(u16::try_from(filler).unwrap().to_be_bytes());
        long.extend(vec![0; filler]);
        let length = u16::try_from(long.len() - HEADER).unwrap().to_be_bytes();
        long[2..4].copy_from_slice(&length);
        assert_eq!(kind(&long), Kind::Check);
        assert_eq!(Check::read(&long), None);
    }

    #[test]
    fn an_empty_password_is_none() {
        assert!(Password::new("").is_none());
    }

    struct Priority(u32);

    impl Setter for Priority {
        fn add_to(&self, message: &mut Message) -> Result<(), rtc::shared::error::Error> {
            message.add(ATTR_PRIORITY, &self.0.to_be_bytes());
            Ok(())
        }
    }

    proptest! {
        /// What the ICE agent's library makes passes, whatever the credentials.
        #[test]
        fn checks_of_another_implementation_pass(
            ours in "[A-Za-z0-9+/]{4,40}", theirs in "[A-Za-z0-9+/]{4,40}", password in "[A-Za-z0-9+/]{22,60}",
            wrong in "[A-Za-z0-9+/]{22,60}",
        ) {
            prop_assume!(wrong != password);
            let provider = rtc::crypto::default_provider().unwrap();
            let mut message = Message::new();
            message.build(&[
                Box::new(BINDING_REQUEST),
                Box::new(TransactionId::new()),
                Box::new(TextAttribute::new(ATTR_USERNAME, format!("{ours}:{theirs}"))),
                Box::new(Priority(7)),
                Box::new(MessageIntegrity::new_short_term_integrity_with_provider(
                    password.clone(), provider.crypto(),
                )),
                Box::new(FINGERPRINT),
            ]).unwrap();
            prop_assert_eq!(Check::read(&message.raw).unwrap().ufrag, ours.as_bytes());
            prop_assert!(passes(&message.raw, &password));
            prop_assert!(!passes(&message.raw, &wrong));
        }

        #[test]
        fn junk_neither_passes_nor_panics(mut bytes in prop::collection::vec(any::<u8>(), 0..1_200)) {
            prop_assert!(!passes(&bytes, PASSWORD));
            // With a plausible header the attributes are walked.
            if bytes.len() >= HEADER {
                let length = u16::try_from(bytes.len() - HEADER).unwrap() & !3;
                bytes.truncate(HEADER + usize::from(length));
                bytes[..2].copy_from_slice(&super::BINDING_REQUEST);
                bytes[2..4].copy_from_slice(&length.to_be_bytes());
                bytes[4..8].copy_from_slice(&COOKIE);
                prop_assert!(!passes(&bytes, PASSWORD));
            }
        }
    }
}
