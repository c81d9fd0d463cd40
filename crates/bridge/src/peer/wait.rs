//! What wakes a peer.

use std::future::{Future, pending};
use std::pin::Pin;

use tokio::sync::mpsc;
use tokio::time::Sleep;
use tokio_util::sync::WaitForCancellationFuture;

use super::any;
use super::drive::{Command, Peer};
use super::incoming::{Incoming, Told};
use super::outgoing::Outgoing;
use crate::net::Datagram;

/// Why a peer has something to do.
pub(super) enum Wake {
    Datagrams(Vec<Datagram>),
    Media,
    Told(usize, Told),
    Command(Command),
    Time,
    Stop,
}

impl Peer {
    /// Waits for the first of all that may happen. `time` is set to the deadline.
    pub(super) async fn wait(
        &mut self,
        commands: &mut mpsc::Receiver<Command>,
        stopped: Pin<&mut WaitForCancellationFuture<'_>>,
        time: Pin<&mut Sleep>,
    ) -> Wake {
        let mut batch = Vec::new();
        let Peer {
            link,
            outgoing,
            incoming,
            connected,
            ..
        } = self;
        tokio::select! {
            () = stopped => Wake::Stop,
            open = link.receive(&mut batch) => {
                if open { Wake::Datagrams(batch) } else { Wake::Stop }
            }
            () = media(outgoing), if *connected => Wake::Media,
            (place, told) = told(incoming), if !incoming.is_empty() => Wake::Told(place, told),
            command = commands.recv() => command.map_or(Wake::Stop, Wake::Command),
            () = time => Wake::Time,
        }
    }
}

/// Waits for something to send. One line or two are the usual cases and need no list.
async fn media(outgoing: &mut [Outgoing]) {
    match outgoing {
        [] => pending().await,
        [one] => one.fill().await,
        [one, other] => tokio::select! {
            () = one.fill() => {}
            () = other.fill() => {}
        },
        many => {
            let mut all: Vec<_> = many.iter_mut().map(|out| boxed(out.fill())).collect();
            any::first(&mut all).await;
        }
    }
}

/// Waits for what publications say.
async fn told(incoming: &[Incoming]) -> (usize, Told) {
    if let [stream] = incoming {
        return (0, stream.told().await);
    }
    let one = async |place: usize, stream: &Incoming| (place, stream.told().await);
    let places = incoming.iter().enumerate();
    let mut all: Vec<_> = places.map(|(place, stream)| boxed(one(place, stream))).collect();
    any::first(&mut all).await
}

fn boxed<'a, T>(future: impl Future<Output = T> + Send + 'a) -> Pin<Box<dyn Future<Output = T> + Send + 'a>> {
    Box::pin(future)
}
