//! The name of an object.

use std::fmt;
use std::str::FromStr;

/// An object in a bucket, written `s3://bucket/key`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Place {
    /// Bucket.
    pub bucket: String,
    /// Key, without a slash at its ends.
    pub key: String,
}

impl Place {
    /// The object `name` in this folder.
    pub fn join(&self, name: &str) -> Place {
        let key = match self.key.as_str() {
            "" => name.to_owned(),
            key => format!("{key}/{name}"),
        };
        Place {
            bucket: self.bucket.clone(),
            key,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// A text is not `s3://bucket/key`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not of the form s3://bucket/key")]
pub struct PlaceError;

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Place, PlaceError> {
        let rest = text.strip_prefix("s3://").ok_or(PlaceError)?;
        let (bucket, key) = rest.split_once('/').ok_or(PlaceError)?;
        if bucket.is_empty() || key.starts_with('/') || key.ends_with('/') {
            return Err(PlaceError);
        }
        Ok(Place {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_back() {
        let place: Place = "s3://b/a/r".parse().unwrap();
        assert_eq!((place.bucket.as_str(), place.key.as_str()), ("b", "a/r"));
        assert_eq!(place.to_string(), "s3://b/a/r");
        assert_eq!(place.join("x.mp4").to_string(), "s3://b/a/r/x.mp4");
        let root: Place = "s3://b/".parse().unwrap();
        assert_eq!(root.join("x").to_string(), "s3://b/x");
        for wrong in ["", "b/a", "s3://", "s3://b", "s3:///a", "s3://b//a", "s3://b/a/"] {
            assert_eq!(wrong.parse::<Place>(), Err(PlaceError), "{wrong}");
        }
    }
}
