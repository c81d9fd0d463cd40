//! The floor: seals the packets of a stream for every viewer with AES-GCM and sends them, and nothing else.
//!
//! What a server cannot fall below on this machine, with UDP segmentation offload and without. Its publisher is inside; a
//! viewer is whoever has sent it a datagram. A packet is what an SRTP packet would be in size, but is not one inside.

use std::env;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, anyhow};
use quinn_udp::{Transmit, UdpSocketState};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::machine::{free_port, now_ns, pause};
use crate::peers::Settings;
use crate::process::Process;
use crate::source::{Shape, Source};

/// Bytes of an RTP header with the extension for transport-wide sequence numbers, of a payload, and of a GCM tag.
const HEADER: usize = 20;
const PAYLOAD: usize = 1_188;
const TAG: usize = 16;
/// Datagrams in one system call, at most.
const SEGMENTS: usize = 50;

/// How the floor sends.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Options {
    /// Port on the loopback interface: TCP to be waited for, UDP to send from.
    #[arg(long)]
    port: u16,
    /// Bits per second of the picture.
    #[arg(long)]
    bitrate: u32,
    /// With UDP segmentation offload.
    #[arg(long)]
    segmentation: bool,
}

/// Starts a floor in a process of its own; where it receives.
pub(crate) fn start(bitrate: u32, segmentation: bool, settings: &Settings) -> Result<(Process, SocketAddr)> {
    let port = free_port()?;
    let mut command = Command::new(env::current_exe()?);
    let options = ["--port", &port.to_string(), "--bitrate", &bitrate.to_string()];
    command.arg("floor").args(options);
    if segmentation {
        command.arg("--segmentation");
    }
    let process = Process::start(command, port, settings.cores())?;
    Ok((process, (Ipv4Addr::LOCALHOST, port).into()))
}

struct Viewer {
    address: SocketAddr,
    key: LessSafeKey,
    sequence: u32,
}

struct Floor {
    socket: UdpSocket,
    state: UdpSocketState,
    segmentation: bool,
    viewers: Vec<Viewer>,
    packets: Vec<u8>,
}

/// Runs the floor until it is killed.
pub(crate) fn serve(options: &Options) -> Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, options.port))?;
    socket.set_nonblocking(true)?;
    // Bound last: who can connect to it can also send to the other.
    let _listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
    let mut floor = Floor {
        state: UdpSocketState::new((&socket).into())?,
        socket,
        segmentation: options.segmentation,
        viewers: Vec::new(),
        packets: Vec::new(),
    };
    let mut source = Source::with(Shape::of_video(options.bitrate, false, false), now_ns(), 0);
    let mut timestamp = 0;
    loop {
        while source.due_ns() <= now_ns() {
            let message = source.next(now_ns());
            floor.picture(message.body, timestamp)?;
            timestamp = message.milliseconds.wrapping_mul(90);
        }
        floor.welcome()?;
        pause(Duration::from_nanos(source.due_ns().saturating_sub(now_ns())));
    }
}

impl Floor {
    fn welcome(&mut self) -> Result<()> {
        let mut buffer = [0; 64];
        while let Ok((_, address)) = self.socket.recv_from(&mut buffer) {
            let mut secret = [7; 16];
            secret[..8].copy_from_slice(&(self.viewers.len() as u64).to_be_bytes());
            let key = UnboundKey::new(&AES_128_GCM, &secret).map_err(|_| anyhow!("key"))?;
            self.viewers.push(Viewer {
                address,
                key: LessSafeKey::new(key),
                sequence: 0,
            });
        }
        Ok(())
    }

    fn picture(&mut self, body: &[u8], timestamp: u32) -> Result<()> {
        for viewer in &mut self.viewers {
            self.packets.clear();
            let count = body.len().div_ceil(PAYLOAD);
            for (place, payload) in body.chunks(PAYLOAD).enumerate() {
                seal(&mut self.packets, viewer, payload, timestamp, place + 1 == count)?;
            }
            let size = HEADER + PAYLOAD + TAG;
            let together = if self.segmentation { SEGMENTS } else { 1 };
            for contents in self.packets.chunks(size * together) {
                // Dropped where the socket is full: the other side sees a gap.
                let _ = if contents.len() > size {
                    let transmit = Transmit {
                        destination: viewer.address,
                        ecn: None,
                        contents,
                        segment_size: Some(size),
                        src_ip: None,
                    };
                    self.state.try_send((&self.socket).into(), &transmit)
                } else {
                    self.socket.send_to(contents, viewer.address).map(drop)
                };
            }
        }
        Ok(())
    }
}

/// Appends one packet.
fn seal(out: &mut Vec<u8>, viewer: &mut Viewer, payload: &[u8], timestamp: u32, marker: bool) -> Result<()> {
    viewer.sequence = viewer.sequence.wrapping_add(1);
    let [_, _, high, low] = viewer.sequence.to_be_bytes();
    let mut header = [0; HEADER];
    header[..4].copy_from_slice(&[0x90, 96 | u8::from(marker) << 7, high, low]);
    header[4..8].copy_from_slice(&timestamp.to_be_bytes());
    header[12..].copy_from_slice(&[0xbe, 0xde, 0, 1, 0x31, high, low, 0]);
    out.extend_from_slice(&header);
    let start = out.len();
    out.extend_from_slice(payload);
    let mut nonce = [0; 12];
    nonce[8..].copy_from_slice(&viewer.sequence.to_be_bytes());
    let nonce = Nonce::assume_unique_for_key(nonce);
    let plain = out.get_mut(start..).unwrap_or_default();
    let tag = viewer
        .key
        .seal_in_place_separate_tag(nonce, Aad::from(&header), plain)
        .map_err(|_| anyhow!("seal"))?;
    out.extend_from_slice(tag.as_ref());
    Ok(())
}
