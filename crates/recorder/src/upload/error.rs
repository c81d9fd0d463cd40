//! Why a file is not (yet) there.

use super::answer;

/// What kind of failure it was; decides what is done about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UploadErrorKind {
    /// The server did not answer, or too late.
    Unreachable,
    /// The server answered that it has a problem.
    ServerError,
    /// Keys, rights or bucket are wrong: somebody has to do something.
    Refused,
    /// The server knows nothing of an upload that was begun: it is begun anew.
    Forgotten,
    /// There is no such object.
    Missing,
    /// What lies there is not what was put.
    Different,
    /// The file on disk cannot be read, or is not what was recorded.
    Local,
    /// How far it is could not be written down.
    NotKept,
}

impl UploadErrorKind {
    /// A word for figures.
    pub const fn as_str(self) -> &'static str {
        match self {
            UploadErrorKind::Unreachable => "unreachable",
            UploadErrorKind::ServerError => "server_error",
            UploadErrorKind::Refused => "refused",
            UploadErrorKind::Forgotten => "forgotten",
            UploadErrorKind::Missing => "missing",
            UploadErrorKind::Different => "different",
            UploadErrorKind::Local => "local",
            UploadErrorKind::NotKept => "not_kept",
        }
    }
}

/// A failure, in words for an operator. Holds no secret.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what}")]
pub struct UploadError {
    /// What kind.
    pub kind: UploadErrorKind,
    what: String,
}

impl UploadError {
    /// A failure of this kind.
    pub fn new(kind: UploadErrorKind, what: impl Into<String>) -> UploadError {
        UploadError {
            kind,
            what: what.into(),
        }
    }

    pub(super) fn late() -> UploadError {
        UploadError::new(UploadErrorKind::Unreachable, "no answer in time")
    }
}

impl From<object_store::Error> for UploadError {
    fn from(error: object_store::Error) -> UploadError {
        use object_store::Error as From;
        let text = error.to_string();
        let code = answer::code(&text);
        let kind = match (&error, code) {
            (_, Some("NoSuchUpload" | "InvalidPart" | "InvalidPartOrder")) => UploadErrorKind::Forgotten,
            (_, Some("NoSuchBucket" | "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "AccessDenied")) => {
                UploadErrorKind::Refused
            }
            (From::PermissionDenied { .. } | From::Unauthenticated { .. }, _) => UploadErrorKind::Refused,
            (From::NotFound { .. }, _) => UploadErrorKind::Missing,
            _ if text.contains("Server returned") => UploadErrorKind::ServerError,
            _ => UploadErrorKind::Unreachable,
        };
        UploadError::new(kind, answer::words(&text))
    }
}
