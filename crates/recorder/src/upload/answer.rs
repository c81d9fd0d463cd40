//! What of a server's answer is repeated: its code and message, short and on one line.

/// Longest text that is kept.
const MAX_CHARS: usize = 200;

/// The `<Code>` of an S3 error.
pub(super) fn code(text: &str) -> Option<&str> {
    element(text, "Code")
}

fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once("</").map(|(inner, _)| inner)
}

/// An error in words: of an S3 error code and message, of others the reason at the end.
pub(super) fn words(text: &str) -> String {
    let text = match (code(text), element(text, "Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        // Before it are method, address and time.
        _ => text
            .rsplit_once(" - ")
            .map_or(text, |(_, reason)| reason)
            .to_owned(),
    };
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    line.trim().chars().take(MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_short() {
        let long = format!(
            "Error performing PUT http://h/b/k in 3ms - Server returned non-2xx status code: 403 Forbidden: \
             <Error><Code>AccessDenied</Code><Message>No\r\nway{}</Message><StringToSign>x</StringToSign></Error>",
            "!".repeat(1_000)
        );
        assert_eq!(code(&long), Some("AccessDenied"));
        let said = words(&long);
        assert!(
            said.starts_with("AccessDenied: No  way!!") && said.len() == MAX_CHARS,
            "{said}"
        );
        assert_eq!(
            words("Error performing PUT http://h in 1s - HTTP error: refused"),
            "HTTP error: refused"
        );
        assert_eq!(words("<Code>"), "<Code>");
    }
}
