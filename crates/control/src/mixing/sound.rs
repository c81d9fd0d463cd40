//! The sound of a mix without one member: a stream beside the mix, made while somebody plays it.
//!
//! Its name is `<mix>-without-<member>`. It is no stream of the room: the right to pull it is the right to pull the mix,
//! and it is there when somebody plays it, as a rendition is.

use lianmai_rooms::{MemberId, StreamId};

const BETWEEN: &str = "-without-";

/// The stream with the sound of `mix` without `member`; `None`: the name would be too long.
pub(crate) fn without(mix: &StreamId, member: &MemberId) -> Option<StreamId> {
    StreamId::parse(&format!("{mix}{BETWEEN}{member}")).ok()
}

/// The mix and the member that a name speaks of, if it speaks of any. Whether there is such a mix is for the caller to
/// see, and that no stream of a room has this very name: the names of mixes may have a room's id in them.
pub(crate) fn parse(stream: &str) -> Option<(StreamId, MemberId)> {
    let (mix, member) = stream.rsplit_once(BETWEEN)?;
    Some((StreamId::parse(mix).ok()?, MemberId::parse(member).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::random;

    #[test]
    fn names_are_read_back_and_others_are_not_such_names() {
        for _ in 0..100 {
            let mix = StreamId::parse(&random::id::<16>("s")).unwrap();
            let member = MemberId::parse(&random::id::<16>("m")).unwrap();
            let name = without(&mix, &member).unwrap();
            assert_eq!(parse(name.as_str()), Some((mix.clone(), member)));
            assert_eq!(parse(mix.as_str()), None);
        }
        let mix = StreamId::parse("mix-a-without-b-1").unwrap();
        let member = MemberId::parse("m1").unwrap();
        let name = without(&mix, &member).unwrap();
        assert_eq!(parse(name.as_str()), Some((mix, member)));
        assert_eq!(parse("-without-m"), None);
    }
}
