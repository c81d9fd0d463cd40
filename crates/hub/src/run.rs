//! Several items in one piece of wire bytes.
//!
//! Readers of one protocol that are woken together stand at the same place and need the same bytes. The first one
//! puts them together, the others share them: one copy per wake-up of all instead of one list of parts per reader,
//! and one plain write instead of a vectored one. Only the newest run of each form is kept.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;

use crate::item::WIRE_FORMS;
use crate::{Headers, Item, WireForm};

/// Bytes of media in one run at most, or one item.
pub(crate) const RUN_BYTES: usize = 64 * 1024;

/// Makes the parts of one item on the wire.
pub type WireParts = Arc<dyn Fn(&Item) -> Vec<Bytes> + Send + Sync>;

/// How a protocol puts one item on the wire.
#[derive(Clone)]
pub struct Wire {
    /// Where the parts are kept.
    pub form: WireForm,
    /// Makes the parts of one item; the same for all readers of this form.
    pub parts: WireParts,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire")
            .field("form", &self.form)
            .finish_non_exhaustive()
    }
}

/// Consecutive items with the same headers, ready to send.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) from: u64,
    /// Behind the last item.
    pub(crate) to: u64,
    /// Bytes of media in it.
    pub(crate) media: usize,
    pub(crate) bytes: Bytes,
    headers: Arc<Headers>,
    /// Whether it ended because it was full, not because there was no more.
    full: bool,
}

impl Run {
    /// Whether it is what a reader at `cursor` that knows `headers` needs.
    pub(crate) fn serves(&self, cursor: u64, headers: &Arc<Headers>) -> bool {
        self.from == cursor && Arc::ptr_eq(&self.headers, headers)
    }
}

#[derive(Default)]
pub(crate) struct Runs {
    newest: [Mutex<Option<Run>>; WIRE_FORMS],
}

impl Runs {
    /// The run from `from` on of items under `headers`, as long as there are any and it is not full; `None` when
    /// the next item has other headers. `head` is where `items` end.
    pub(crate) fn get<'a>(
        &self,
        wire: &Wire,
        headers: &Arc<Headers>,
        from: u64,
        head: u64,
        items: impl Iterator<Item = &'a Arc<Item>>,
    ) -> Option<Run> {
        let mut newest = self.newest.get(wire.form as usize)?.lock();
        if let Some(run) = newest.as_ref()
            && run.serves(from, headers)
            && (run.to == head || run.full)
        {
            return Some(run.clone());
        }
        let run = build(wire, headers, from, items)?;
        *newest = Some(run.clone());
        Some(run)
    }
}

fn build<'a>(
    wire: &Wire,
    headers: &Arc<Headers>,
    from: u64,
    items: impl Iterator<Item = &'a Arc<Item>>,
) -> Option<Run> {
    let (mut to, mut media, mut full) = (from, 0, false);
    let mut parts: Vec<Bytes> = Vec::new();
    for item in items {
        if !Arc::ptr_eq(headers, &item.headers) {
            full = true;
            break;
        }
        if to > from && media + item.size() > RUN_BYTES {
            full = true;
            break;
        }
        to += 1;
        media += item.size();
        parts.extend_from_slice(item.wire(wire.form, |item| (wire.parts)(item)));
    }
    if to == from {
        return None;
    }
    let bytes = match parts.as_slice() {
        [part] => part.clone(),
        _ => {
            let mut whole = BytesMut::with_capacity(parts.iter().map(Bytes::len).sum());
            parts.iter().for_each(|part| whole.extend_from_slice(part));
            whole.freeze()
        }
    };
    Some(Run {
        from,
        to,
        media,
        bytes,
        headers: headers.clone(),
        full,
    })
}
