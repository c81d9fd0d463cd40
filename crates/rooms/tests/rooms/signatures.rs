//! Push and pull tokens, and tickets.

use lianmai_rooms::*;
use proptest::prelude::*;

use crate::support::*;

fn other_secret() -> Secret {
    Secret::new(b"Zp4Wn8Xk2Rv6Tq0Yb3Lc7Md1Hs5Jf9Ga").unwrap()
}

fn claims(action: StreamAction) -> StreamClaims {
    StreamClaims {
        action,
        expires_at_secs: NOW.as_secs() + 60,
        version: 3,
        holder: Some(member("m-1_x")),
    }
}

fn verify(token: &str, action: StreamAction, now: Timestamp) -> Result<StreamClaims, TokenError> {
    StreamToken::verify(&secret(), &app(), &stream("s1"), action, token, now)
}

fn ticket_claims() -> TicketClaims {
    TicketClaims {
        id: TicketId::parse("t1").unwrap(),
        app: app(),
        room: room_id(),
        role: Role::Talker,
        account: Some(account("org#app_ann@example.com")),
        expires_at_secs: NOW.as_secs() + 60,
    }
}

/// R-K2: every state a token can be in, for both actions.
#[test]
fn a_token_is_good_for_one_app_stream_and_action_until_it_expires() {
    use StreamAction::{Pull, Push};
    for (action, other) in [(Push, Pull), (Pull, Push)] {
        let token = StreamToken::sign(&secret(), &app(), &stream("s1"), &claims(action));
        assert!(
            token
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)),
            "{token}"
        );
        assert_eq!(verify(&token, action, NOW), Ok(claims(action)));
        assert_eq!(verify(&token, other, NOW), Err(TokenError::WrongAction));
        let last = Timestamp::from_millis(NOW.as_millis() + 59_999);
        assert!(verify(&token, action, last).is_ok());
        assert_eq!(
            verify(&token, action, NOW.after(secs(60))),
            Err(TokenError::Expired)
        );
        let elsewhere = |secret: &Secret, app: &str, id: &str| {
            let app = AppId::parse(app).unwrap();
            StreamToken::verify(secret, &app, &stream(id), action, &token, NOW)
        };
        assert_eq!(elsewhere(&secret(), "demo2", "s1"), Err(TokenError::BadSignature));
        assert_eq!(elsewhere(&secret(), "demo", "s2"), Err(TokenError::BadSignature));
        assert_eq!(
            elsewhere(&other_secret(), "demo", "s1"),
            Err(TokenError::BadSignature)
        );
    }
}

#[test]
fn a_token_without_holder_is_another_token() {
    let held = claims(StreamAction::Pull);
    let free = StreamClaims {
        holder: None,
        ..held.clone()
    };
    let sign = |claims: &StreamClaims| StreamToken::sign(&secret(), &app(), &stream("s1"), claims);
    assert_eq!(verify(&sign(&free), StreamAction::Pull, NOW), Ok(free));
    let stripped = sign(&held).replace("m-1_x", "");
    assert_eq!(
        verify(&stripped, StreamAction::Pull, NOW),
        Err(TokenError::BadSignature)
    );
}

#[test]
fn the_longest_token_fits() {
    let long = StreamClaims {
        action: StreamAction::Push,
        expires_at_secs: u64::MAX,
        version: u32::MAX,
        holder: Some(member(&"m".repeat(MemberId::MAX_LEN))),
    };
    let token = StreamToken::sign(&secret(), &app(), &stream("s1"), &long);
    assert!(token.len() <= MAX_TOKEN_LEN);
    assert_eq!(verify(&token, StreamAction::Push, NOW), Ok(long));
    assert_eq!(
        verify(&"x".repeat(MAX_TOKEN_LEN + 1), StreamAction::Push, NOW),
        Err(TokenError::Malformed)
    );
}

#[test]
fn other_spellings_of_a_number_are_not_the_same_token() {
    let token = StreamToken::sign(&secret(), &app(), &stream("s1"), &claims(StreamAction::Push));
    for changed in [
        token.replace(".3.", ".03."),
        token.replace(".3.", ".+3."),
        token.replace("v1.", "V1."),
    ] {
        assert!(verify(&changed, StreamAction::Push, NOW).is_err(), "{changed}");
    }
}

#[test]
fn a_ticket_is_good_for_its_app_until_it_expires() {
    let text = Ticket::sign(&secret(), &ticket_claims());
    assert!(
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)),
        "{text}"
    );
    let verified = Ticket::verify(&secret(), &app(), &text, NOW).unwrap();
    assert_eq!(verified.claims(), &ticket_claims());
    let other_app = AppId::parse("other").unwrap();
    assert_eq!(
        Ticket::verify(&secret(), &other_app, &text, NOW),
        Err(TicketError::WrongApp)
    );
    assert_eq!(
        Ticket::verify(&other_secret(), &app(), &text, NOW),
        Err(TicketError::BadSignature)
    );
    assert_eq!(
        Ticket::verify(&secret(), &app(), &text, NOW.after(secs(60))),
        Err(TicketError::Expired)
    );
    let long = "t".repeat(MAX_TICKET_LEN + 1);
    assert_eq!(
        Ticket::verify(&secret(), &app(), &long, NOW),
        Err(TicketError::Malformed)
    );
}

#[test]
fn the_longest_ticket_fits() {
    let long = TicketClaims {
        id: TicketId::parse(&"t".repeat(TicketId::MAX_LEN)).unwrap(),
        app: AppId::parse(&"a".repeat(AppId::MAX_LEN)).unwrap(),
        room: RoomId::parse(&"r".repeat(RoomId::MAX_LEN)).unwrap(),
        role: Role::Audience,
        account: Some(account(&"a".repeat(AccountId::MAX_LEN))),
        expires_at_secs: u64::MAX,
    };
    let text = Ticket::sign(&secret(), &long);
    assert!(
        Ticket::verify(&secret(), &long.app, &text, NOW).is_ok(),
        "{}",
        text.len()
    );
}

/// A signature made for one purpose is worth nothing for another.
#[test]
fn keys_are_apart() {
    let ticket = Ticket::sign(&secret(), &ticket_claims());
    let token = StreamToken::sign(&secret(), &app(), &stream("s1"), &claims(StreamAction::Push));
    assert!(verify(&ticket, StreamAction::Push, NOW).is_err());
    assert!(Ticket::verify(&secret(), &app(), &token, NOW).is_err());
}

proptest! {
    /// No change of one character, no cut and no noise passes.
    #[test]
    fn nothing_but_the_token_itself_passes(at in 0usize..100, with in "[A-Za-z0-9_.-]", noise in ".{0,300}") {
        let token = StreamToken::sign(&secret(), &app(), &stream("s1"), &claims(StreamAction::Push));
        let ticket = Ticket::sign(&secret(), &ticket_claims());
        let change = |text: &str| {
            let at = at % text.len();
            format!("{}{with}{}", &text[..at], &text[at + 1..])
        };
        prop_assert_eq!(verify(&change(&token), StreamAction::Push, NOW).is_ok(), change(&token) == token);
        prop_assert!(verify(&token[..at % token.len()], StreamAction::Push, NOW).is_err());
        prop_assert!(verify(&noise, StreamAction::Push, NOW).is_err());
        let check = |text: &str| Ticket::verify(&secret(), &app(), text, NOW).is_ok();
        prop_assert_eq!(check(&change(&ticket)), change(&ticket) == ticket);
        prop_assert!(!check(&ticket[..at % ticket.len()]));
        prop_assert!(!check(&noise));
    }
}
