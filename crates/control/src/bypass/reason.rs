//! Why a target takes nothing, as a stable code. Nothing in it comes from the target's own words but status codes:
//! servers repeat stream keys in their descriptions.

use lianmai_rtmp::client::ClientError;
use lianmai_rtmp::protocol::{SessionErrorKind, UrlError};

use crate::outbound::OutboundError;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Severity {
    /// May be over soon.
    Passing,
    /// The target said no; it may think otherwise later.
    Refusal,
    /// Will be so for ever.
    Final,
}

/// Why a target takes nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Reason {
    BadUrl,
    PrivateAddress,
    UnknownHost,
    /// No connection could be made, or not in time.
    Unreachable,
    /// The certificate, mostly.
    Tls,
    /// The target refused to let us in or to take the stream; its status code, if it is one.
    Refused(Option<&'static str>),
    /// The target ended the stream; its status code, if it is one.
    Ended(Option<&'static str>),
    /// The connection broke.
    Closed,
    /// Nothing of what waits is taken.
    Wedged,
    /// The target does not answer the login in time.
    NoAnswer,
    /// What the target says is not RTMP.
    Protocol,
    /// The gateway cannot read the stream.
    Gateway,
}

impl Reason {
    /// All names there are.
    pub(super) const CODES: [&'static str; 12] = [
        "bad_url",
        "private_address",
        "unknown_host",
        "unreachable",
        "tls",
        "refused",
        "ended",
        "closed",
        "wedged",
        "no_answer",
        "protocol",
        "gateway",
    ];

    /// Stable name.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::BadUrl => "bad_url",
            Self::PrivateAddress => "private_address",
            Self::UnknownHost => "unknown_host",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::Refused(_) => "refused",
            Self::Ended(_) => "ended",
            Self::Closed => "closed",
            Self::Wedged => "wedged",
            Self::NoAnswer => "no_answer",
            Self::Protocol => "protocol",
            Self::Gateway => "gateway",
        }
    }

    /// The name with the target's status code, if there is one: `refused: NetStream.Publish.BadName`.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Refused(Some(status)) | Self::Ended(Some(status)) => format!("{}: {status}", self.code()),
            _ => self.code().to_owned(),
        }
    }

    pub(super) fn severity(&self) -> Severity {
        match self {
            Self::BadUrl => Severity::Final,
            Self::PrivateAddress | Self::Refused(_) => Severity::Refusal,
            Self::Ended(Some(status)) if status.starts_with("NetStream.Publish.") => Severity::Refusal,
            _ => Severity::Passing,
        }
    }

    pub(super) fn of_client(error: &ClientError) -> Self {
        match error {
            ClientError::ConnectTimeout(_) => Self::Unreachable,
            ClientError::Io(error) => Self::of_io(error),
            ClientError::Tls(_) => Self::Tls,
            ClientError::Closed => Self::Closed,
            ClientError::NotReady(_) => Self::Protocol,
            ClientError::Session(error) => match &error.kind {
                SessionErrorKind::Refused { code, .. } => Self::Refused(status(code)),
                SessionErrorKind::Ended { code, .. } => Self::Ended(status(code)),
                SessionErrorKind::TooSlow { .. } | SessionErrorKind::Silent => Self::NoAnswer,
                _ => Self::Protocol,
            },
        }
    }

    fn of_io(error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) {
            return Self::Tls;
        }
        match error.kind() {
            Kind::ConnectionRefused
            | Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::AddrNotAvailable => Self::Unreachable,
            // The kernel gave up on a peer that acknowledges nothing.
            Kind::TimedOut => Self::Wedged,
            _ => Self::Closed,
        }
    }
}

impl From<OutboundError> for Reason {
    fn from(error: OutboundError) -> Self {
        match error {
            OutboundError::Unknown(_) => Self::UnknownHost,
            OutboundError::Private => Self::PrivateAddress,
        }
    }
}

impl From<UrlError> for Reason {
    fn from(_: UrlError) -> Self {
        Self::BadUrl
    }
}

/// The status codes that are shown; any other text may be anything, a key too.
const STATUS: [&str; 12] = [
    "NetConnection.Connect.AppShutdown",
    "NetConnection.Connect.Closed",
    "NetConnection.Connect.Failed",
    "NetConnection.Connect.InvalidApp",
    "NetConnection.Connect.Rejected",
    "NetStream.Connect.Closed",
    "NetStream.Connect.Rejected",
    "NetStream.Failed",
    "NetStream.Publish.BadName",
    "NetStream.Publish.Denied",
    "NetStream.Publish.Failed",
    "NetStream.Unpublish.Success",
];

fn status(code: &str) -> Option<&'static str> {
    STATUS.into_iter().find(|known| *known == code)
}

#[cfg(test)]
mod tests {
    use lianmai_rtmp::protocol::SessionError;

    use super::*;

    fn refused(code: &str) -> Reason {
        let kind = SessionErrorKind::Refused {
            code: code.to_owned(),
            description: "s3cr3t?k=v is taken".to_owned(),
            redirect: Some("rtmp://h/live/s3cr3t".to_owned()),
        };
        Reason::of_client(&ClientError::Session(SessionError { position: 9, kind }))
    }

    #[test]
    fn a_refusal_shows_the_status_code_and_no_key() {
        assert_eq!(
            refused("NetStream.Publish.BadName").text(),
            "refused: NetStream.Publish.BadName"
        );
        for odd in [
            "s3cr3t",
            "NetStream.s3cr3t",
            "NetStream.Publish.BadName s3cr3t",
            "",
        ] {
            let text = refused(odd).text();
            assert_eq!(text, "refused", "{odd}");
        }
        assert_eq!(refused("NetStream.Publish.Denied").severity(), Severity::Refusal);
    }

    #[test]
    fn connection_errors_are_told_apart() {
        let of = |kind: std::io::ErrorKind| Reason::of_io(&kind.into());
        assert_eq!(of(std::io::ErrorKind::ConnectionRefused), Reason::Unreachable);
        assert_eq!(of(std::io::ErrorKind::ConnectionReset), Reason::Closed);
        assert_eq!(of(std::io::ErrorKind::TimedOut), Reason::Wedged);
        let tls = std::io::Error::other(rustls::Error::DecryptError);
        assert_eq!(Reason::of_io(&tls), Reason::Tls);
    }
}
