//! The message streams of one connection.

/// What a message stream is used for.
///
/// ```text
/// Idle ─publish accepted─► Publishing ─FCUnpublish, closeStream─► Idle ─deleteStream─► gone
///   └──play accepted──► Playing ─closeStream, end of the stream─────┘
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NetState {
    Idle,
    Publishing,
    Playing { paused: bool },
}

/// One message stream.
#[derive(Debug)]
pub(super) struct NetStream {
    pub(super) id: u32,
    pub(super) state: NetState,
    /// What it was last asked to publish or play.
    pub(super) name: String,
}

/// All of them; a bounded, small table.
#[derive(Debug)]
pub(super) struct NetStreams {
    streams: Vec<NetStream>,
    limit: usize,
}

impl NetStreams {
    pub(super) fn new(limit: usize) -> NetStreams {
        NetStreams {
            streams: Vec::new(),
            limit,
        }
    }

    /// Makes the stream with the smallest free id, counted from 1; `None` when there are too many.
    pub(super) fn create(&mut self) -> Option<u32> {
        if self.streams.len() >= self.limit {
            return None;
        }
        let id = (1u32..).find(|&id| self.state(id).is_none())?;
        self.streams.push(NetStream {
            id,
            state: NetState::Idle,
            name: String::new(),
        });
        Some(id)
    }

    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut NetStream> {
        self.streams.iter_mut().find(|stream| stream.id == id)
    }

    pub(super) fn state(&self, id: u32) -> Option<NetState> {
        self.streams
            .iter()
            .find(|stream| stream.id == id)
            .map(|stream| stream.state)
    }

    /// Removes a stream; what it was doing.
    pub(super) fn delete(&mut self, id: u32) -> Option<NetState> {
        let index = self.streams.iter().position(|stream| stream.id == id)?;
        Some(self.streams.swap_remove(index).state)
    }

    /// Makes a stream idle; what it was doing.
    pub(super) fn idle(&mut self, id: u32) -> Option<NetState> {
        let stream = self.get_mut(id)?;
        Some(std::mem::replace(&mut stream.state, NetState::Idle))
    }

    /// The stream that publishes `name`, with or without its query.
    pub(super) fn publishing(&self, name: &str) -> Option<u32> {
        let bare = |name: &str| name.split('?').next().unwrap_or_default().to_owned();
        let wanted = bare(name);
        let mut publishing = self
            .streams
            .iter()
            .filter(|stream| stream.state == NetState::Publishing);
        publishing
            .find(|stream| bare(&stream.name) == wanted)
            .map(|stream| stream.id)
    }

    pub(super) fn first(&self, wanted: impl Fn(NetState) -> bool) -> Option<u32> {
        self.streams
            .iter()
            .filter(|stream| wanted(stream.state))
            .map(|stream| stream.id)
            .min()
    }

    /// The streams that publish or play.
    pub(super) fn busy(&self) -> Vec<(u32, NetState)> {
        let busy = self
            .streams
            .iter()
            .filter(|stream| stream.state != NetState::Idle);
        busy.map(|stream| (stream.id, stream.state)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_start_at_one_are_reused_and_bounded() {
        let mut streams = NetStreams::new(3);
        assert_eq!([1, 2, 3].map(|_| streams.create()), [Some(1), Some(2), Some(3)]);
        assert_eq!(streams.create(), None);
        assert_eq!(streams.delete(2), Some(NetState::Idle));
        assert_eq!(streams.delete(2), None);
        assert_eq!(streams.create(), Some(2));
    }

    #[test]
    fn publications_are_found_by_bare_name() {
        let mut streams = NetStreams::new(3);
        let id = streams.create().unwrap();
        let stream = streams.get_mut(id).unwrap();
        (stream.state, stream.name) = (NetState::Publishing, "cam?t=1".into());
        assert_eq!(streams.publishing("cam"), Some(id));
        assert_eq!(streams.publishing("cam?t=2"), Some(id));
        assert_eq!(streams.publishing("other"), None);
        assert_eq!(streams.idle(id), Some(NetState::Publishing));
        assert_eq!(streams.publishing("cam"), None);
    }
}
