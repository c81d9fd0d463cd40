//! From names to labels and badges.

use super::{Badge, Colour, Participant, Still};

/// Colours of discs: dark enough for white letters.
const COLOURS: [Colour; 12] = [
    Colour::new(0xb7, 0x1c, 0x1c),
    Colour::new(0x88, 0x0e, 0x4f),
    Colour::new(0x4a, 0x14, 0x8c),
    Colour::new(0x31, 0x1b, 0x92),
    Colour::new(0x1a, 0x23, 0x7e),
    Colour::new(0x0d, 0x47, 0xa1),
    Colour::new(0x01, 0x57, 0x9b),
    Colour::new(0x00, 0x60, 0x64),
    Colour::new(0x00, 0x4d, 0x40),
    Colour::new(0x1b, 0x5e, 0x20),
    Colour::new(0xbf, 0x36, 0x0c),
    Colour::new(0x4e, 0x34, 0x2e),
];

/// What a participant is called: its display name, else its account.
pub(super) fn name(participant: &Participant) -> &str {
    let nick = participant.nick.as_str().trim();
    if nick.is_empty() {
        participant.account.as_str()
    } else {
        nick
    }
}

/// What stands for a participant without a picture.
pub(super) fn badge(participant: &Participant, image: Option<Still>) -> Badge {
    Badge {
        letters: initials(name(participant)),
        colour: colour(participant.account.as_str()),
        image,
    }
}

/// One or two letters: the last two characters of a Chinese, Japanese or Korean name, else the first letters of the
/// first and the last word.
fn initials(name: &str) -> String {
    let written: Vec<char> = name.chars().filter(|c| is_han(*c)).collect();
    if !written.is_empty() {
        return written.iter().skip(written.len().saturating_sub(2)).collect();
    }
    let word = |text: &str| text.chars().find(|c| c.is_alphanumeric());
    let mut words = name
        .split(|c: char| c.is_whitespace() || matches!(c, '_' | '.' | '-' | '@' | '#' | '+' | ':'))
        .filter_map(word);
    let letters: String = match (words.next(), words.next_back()) {
        (Some(first), Some(last)) => [first, last].iter().collect(),
        (Some(first), None) => first.to_string(),
        _ => return "?".to_owned(),
    };
    letters.chars().flat_map(char::to_uppercase).take(2).collect()
}

/// Whether each character is a syllable or word of its own: Han, Kana, Hangul.
const fn is_han(c: char) -> bool {
    matches!(c,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{323af}' | '\u{3040}'..='\u{30ff}' | '\u{ac00}'..='\u{d7a3}')
}

/// The same colour for the same account, always (FNV-1a).
fn colour(account: &str) -> Colour {
    let hash = account.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let at = usize::try_from(hash % COLOURS.len() as u64).unwrap_or_default();
    COLOURS.get(at).copied().unwrap_or(Colour::BLACK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_of_names_of_the_world() {
        for (name, letters) in [
            ("Ann Bee", "AB"),
            ("ann", "A"),
            ("ann maria o'neil", "AO"),
            ("王小明", "小明"),
            ("李雷", "李雷"),
            ("王", "王"),
            ("Tom 王小明", "小明"),
            ("さくら", "くら"),
            ("김민수", "민수"),
            ("élodie", "É"),
            ("ßen", "SS"),
            ("user_01@example.com", "UC"),
            ("13800000000", "1"),
            ("🙂", "?"),
            ("", "?"),
            ("- -", "?"),
        ] {
            assert_eq!(initials(name), letters, "{name}");
        }
    }

    #[test]
    fn colours_are_the_accounts_own() {
        assert_eq!(colour("ann"), colour("ann"));
        let several: std::collections::BTreeSet<String> =
            (0..40).map(|n| colour(&format!("user{n}")).into()).collect();
        assert!(several.len() > 6, "{several:?}");
    }
}
