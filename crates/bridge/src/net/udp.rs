//! The UDP socket.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use super::address::{canonical, for_socket};
use super::drops::Drops;
use super::shared::{Origin, Shared};
use super::{Dropped, Limits, Route, Transport};

/// One read may bring up to 64 KiB: datagrams of one sender that the kernel put together (GRO).
const READ: usize = 64 * 1024;
/// Datagrams read before others have a turn: fewer than fit into one peer's queue.
const TURN: usize = 128;
const ERROR_PAUSE: Duration = Duration::from_millis(10);

/// The socket of all peers.
pub(super) struct Udp {
    socket: UdpSocket,
    state: UdpSocketState,
    /// What it is bound to.
    pub(super) address: SocketAddr,
    /// Datagrams that one system call may take; 1 where segmentation does not work.
    segments: AtomicUsize,
}

impl Udp {
    /// Binds it. `[::]` takes IPv4 too.
    pub(super) fn bind(address: SocketAddr, limits: &Limits) -> io::Result<Udp> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(!address.ip().is_unspecified())?;
        }
        raise_buffers(&socket, limits.socket_buffer);
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let socket = UdpSocket::from_std(socket.into())?;
        let state = UdpSocketState::new((&socket).into())?;
        let segments = match limits.segmentation {
            true => state.max_gso_segments(),
            false => 1,
        };
        Ok(Udp {
            address: socket.local_addr()?,
            segments: AtomicUsize::new(segments),
            socket,
            state,
        })
    }

    /// Sends datagrams of `segment` bytes, the last may be shorter, that lie one behind the other. Never waits: what the
    /// socket does not take at once is dropped and counted.
    pub(super) fn send(&self, route: Route, bytes: &[u8], segment: usize, drops: &Drops) {
        let count = bytes.len().div_ceil(segment.max(1));
        let together = count > 1 && self.segments.load(Ordering::Relaxed) > 1;
        if together {
            match self.write(route, bytes, Some(segment)) {
                Ok(()) => return,
                Err(error) if !may_be_segmentation(&error) => {
                    drops.add(why_not_sent(&error), count);
                    return;
                }
                Err(_) => {}
            }
        }
        let mut sent = 0;
        for datagram in bytes.chunks(segment.max(1)) {
            match self.write(route, datagram, None) {
                Ok(()) => sent += 1,
                Err(error) => drops.add(why_not_sent(&error), 1),
            }
        }
        // The same errors come of a destination or a source that cannot be; then nothing is sent either way.
        if together && sent == count && self.segments.swap(1, Ordering::Relaxed) > 1 {
            tracing::info!("UDP segmentation offload does not work here; sending costs more");
        }
    }

    fn write(&self, route: Route, bytes: &[u8], segment: Option<usize>) -> io::Result<()> {
        let ipv6 = self.address.is_ipv6();
        let choose = self.address.ip().is_unspecified() && !route.local.ip().is_unspecified();
        let transmit = Transmit {
            destination: for_socket(route.remote, ipv6),
            ecn: None,
            contents: bytes,
            segment_size: segment,
            src_ip: choose.then(|| for_socket(route.local, ipv6).ip()),
        };
        self.state.try_send((&self.socket).into(), &transmit)
    }
}

/// Reads until everything ends.
pub(super) async fn receive(shared: Arc<Shared>) {
    let udp = &shared.udp;
    let mut memory = vec![0; READ * BATCH_SIZE];
    let mut metas = [RecvMeta::default(); BATCH_SIZE];
    let mut stopped = pin!(shared.stop.cancelled());
    let mut datagrams = 0;
    loop {
        tokio::select! {
            biased;
            () = &mut stopped => return,
            _ = udp.socket.readable() => {}
        }
        let mut count = 0;
        let read = udp.socket.try_io(Interest::READABLE, || {
            let mut parts = memory.chunks_exact_mut(READ);
            let mut slices: [IoSliceMut<'_>; BATCH_SIZE] =
                std::array::from_fn(|_| IoSliceMut::new(parts.next().unwrap_or_default()));
            count = udp.state.recv((&udp.socket).into(), &mut slices, &mut metas)?;
            match count {
                BATCH_SIZE => Ok(()),
                // There is no more for now; saying so here saves the system call that would find out.
                _ => Err(io::ErrorKind::WouldBlock.into()),
            }
        });
        if let Err(error) = read.or_else(would_block_is_fine) {
            // Nothing that a peer can cause. Whatever it is, trying again at once would only burn the processor.
            tracing::warn!(%error, "reading UDP");
            tokio::time::sleep(ERROR_PAUSE).await;
        }
        let at = Instant::now();
        for (part, meta) in memory.chunks_exact(READ).zip(&metas).take(count) {
            datagrams += take(&shared, part, meta, at);
        }
        if datagrams >= TURN {
            datagrams = 0;
            tokio::task::yield_now().await;
        }
    }
}

fn would_block_is_fine(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::WouldBlock => Ok(()),
        _ => Err(error),
    }
}

/// Gives what one read brought to its owner; returns how many datagrams it was.
fn take(shared: &Shared, part: &[u8], meta: &RecvMeta, at: Instant) -> usize {
    let address = shared.udp.address;
    let local = meta
        .dst_ip
        .map_or(address, |ip| SocketAddr::new(ip, address.port()));
    let origin = Origin {
        transport: Transport::Udp,
        from: canonical(meta.addr),
        local: canonical(local),
        at,
    };
    let bytes = part.get(..meta.len).unwrap_or_default();
    let count = bytes.len().div_ceil(meta.stride.max(1));
    // Nothing can be sent back to port 0.
    match origin.from.port() {
        0 => shared.drops.add(Dropped::Malformed, count),
        _ => shared.take_udp(bytes, meta.stride, origin),
    }
    count
}

fn raise_buffers(socket: &Socket, size: usize) {
    if socket.recv_buffer_size().is_ok_and(|now| now < size) {
        let _ = socket.set_recv_buffer_size(size);
    }
    if socket.send_buffer_size().is_ok_and(|now| now < size) {
        let _ = socket.set_send_buffer_size(size);
    }
}

fn may_be_segmentation(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error().map(Errno::from_raw),
        Some(Errno::EIO | Errno::EINVAL | Errno::EMSGSIZE | Errno::EOPNOTSUPP | Errno::ENOPROTOOPT)
    )
}

fn why_not_sent(error: &io::Error) -> Dropped {
    let full = error.kind() == io::ErrorKind::WouldBlock
        || error.raw_os_error().map(Errno::from_raw) == Some(Errno::ENOBUFS);
    match full {
        true => Dropped::SocketFull,
        false => Dropped::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(remote: &str) -> Route {
        Route {
            transport: Transport::Udp,
            local: "0.0.0.0:0".parse().unwrap(),
            remote: remote.parse().unwrap(),
        }
    }

    #[tokio::test]
    async fn an_impossible_destination_does_not_cost_segmentation() {
        let udp = Udp::bind("127.0.0.1:0".parse().unwrap(), &Limits::default()).unwrap();
        let drops = Drops::new();
        let before = udp.segments.load(Ordering::Relaxed);
        udp.send(route("127.0.0.1:0"), &[0; 300], 100, &drops);
        assert_eq!(drops.get(Dropped::Refused), 3);
        assert_eq!(udp.segments.load(Ordering::Relaxed), before);
    }

    #[tokio::test]
    async fn a_datagram_no_packet_can_hold_is_refused() {
        let udp = Udp::bind("127.0.0.1:0".parse().unwrap(), &Limits::default()).unwrap();
        let drops = Drops::new();
        udp.send(route("127.0.0.1:9"), &vec![0; 65_530], 65_530, &drops);
        assert_eq!(drops.get(Dropped::Refused), 1);
    }
}
