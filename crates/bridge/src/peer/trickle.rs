//! Fragments of session descriptions with candidates (RFC 8840, RFC 9725 §4.3).

/// Candidates taken from one fragment.
const MAX_CANDIDATES: usize = 32;

/// What a fragment says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Fragment {
    /// The ICE session it is about.
    pub(crate) credentials: Option<(String, String)>,
    /// Values of its candidate attributes.
    pub(crate) candidates: Vec<String>,
}

impl Fragment {
    pub(crate) fn parse(text: &str) -> Fragment {
        let candidates = text
            .lines()
            .filter_map(|line| line.trim_end().strip_prefix("a=candidate:"))
            .take(MAX_CANDIDATES)
            .map(|value| format!("candidate:{value}"))
            .collect();
        Fragment {
            credentials: super::sdp::credentials(text),
            candidates,
        }
    }
}

/// Our side of an answer's ICE session.
pub(crate) fn fragment_of(answer: &str) -> String {
    let mut out = String::new();
    let mut sections = 0;
    for line in answer.lines().map(str::trim_end) {
        sections += usize::from(line.starts_with("m="));
        let of_session = line.starts_with("a=ice-ufrag:") || line.starts_with("a=ice-pwd:");
        let of_section = line.starts_with("m=")
            || line.starts_with("a=mid:")
            || line.starts_with("a=candidate:")
            || line == "a=end-of-candidates";
        // All sections share one transport: the first says everything.
        if sections <= 1 && (of_session || of_section) {
            out.push_str(line);
            out.push_str("\r\n");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_are_read_and_made() {
        let text = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uY\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n\
            a=candidate:1 1 udp 2130706431 198.51.100.1 39132 typ host\r\na=end-of-candidates\r\n";
        let fragment = Fragment::parse(text);
        assert_eq!(fragment.credentials, Some(("EsAw".into(), "P2uY".into())));
        assert_eq!(
            fragment.candidates,
            ["candidate:1 1 udp 2130706431 198.51.100.1 39132 typ host"]
        );
        assert_eq!(fragment_of(text), text);
        assert_eq!(Fragment::parse("junk"), Fragment::default());
        assert_eq!(
            Fragment::parse(&"a=candidate:x\r\n".repeat(100)).candidates.len(),
            MAX_CANDIDATES
        );
    }
}
