//! Offers and trickled fragments, as clients send them before anybody knows who they are. The first byte is flags: 1 the
//! peer publishes. Descriptions follow each other behind bytes of zero; those that begin with `v=` are offers, the others
//! fragments. What is answered is an answer to the offer, and nothing takes long.
#![no_main]

use lianmai_bridge::fuzzing::Negotiation;
use libfuzzer_sys::fuzz_target;

/// Descriptions of one input: each makes a new ICE session.
const MAX_TEXTS: usize = 4;

fuzz_target!(|input: &[u8]| {
    let Some((&flags, rest)) = input.split_first() else {
        return;
    };
    let mut negotiation = Negotiation::new(flags & 1 != 0);
    for text in rest.split(|byte| *byte == 0).take(MAX_TEXTS) {
        let text = String::from_utf8_lossy(text);
        let done = if text.starts_with("v=") {
            negotiation.offer(&text).map(drop)
        } else {
            negotiation.trickle(&text)
        };
        // A connection that has failed once is not used any more.
        if done.is_err() {
            return;
        }
    }
});
