//! The floor: makes the wire bytes once and sends them to everybody who connects, and nothing else.
//!
//! What a server of this design cannot fall below on this machine: the kernel's part of the sends. Its publisher is
//! inside, its players are not asked anything. A player whose socket is full goes on from where it was.

use std::env;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use socket2::{Domain, Socket, Type};

use super::{Need, Running, Settings, Stream, Wire};
use crate::client::{Target, Via};
use crate::flv;
use crate::machine::{free_port, now_ns, pause};
use crate::process::Process;
use crate::rtmp::write::{CHUNK, message};
use crate::source::Source;

/// The log is cut to half of this when it grows longer.
const LOG: usize = 8 << 20;

/// How the floor sends.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Options {
    /// Port on the loopback interface.
    #[arg(long)]
    port: u16,
    /// Milliseconds to collect before sending; 0 sends every message.
    #[arg(long)]
    merge: u32,
    /// Form of the bytes.
    #[arg(long)]
    wire: Wire,
}

pub(super) fn start(need: &Need, settings: &Settings) -> Result<Running> {
    let port = free_port()?;
    let (wire, via) = match need.wire {
        Wire::Rtmp => ("rtmp", Via::SilentRtmp),
        Wire::Flv => ("flv", Via::SilentFlv),
    };
    let mut command = Command::new(env::current_exe()?);
    command.arg("floor").args([
        "--port",
        &port.to_string(),
        "--merge",
        &need.coalesce.to_string(),
        "--wire",
        wire,
    ]);
    let process = Process::start(command, port, settings.cores())?;
    let streams = vec![Stream {
        push: None,
        play: Target::local(port, via),
    }];
    Ok(Running {
        process,
        streams,
        _folder: tempfile::tempdir()?,
    })
}

/// A player and the place in the log up to which it has everything.
struct Player {
    socket: TcpStream,
    cursor: u64,
}

struct Floor {
    wire: Wire,
    /// Wire bytes from place `base` on.
    log: Vec<u8>,
    base: u64,
    key_frame: u64,
    players: Vec<Player>,
}

/// Runs the floor until it is killed.
pub(crate) fn serve(options: Options) -> Result<()> {
    let listener = listen(options.port)?;
    let mut floor = Floor {
        wire: options.wire,
        log: Vec::new(),
        base: 0,
        key_frame: 0,
        players: Vec::new(),
    };
    let merge_ns = u64::from(options.merge) * 1_000_000;
    let mut source = Source::new(now_ns(), 0);
    let mut flush_ns = now_ns() + merge_ns;
    loop {
        while source.due_ns() <= now_ns() {
            floor.append(&mut source);
            if merge_ns == 0 {
                floor.send();
            }
        }
        if merge_ns > 0 && now_ns() >= flush_ns {
            floor.send();
            flush_ns = (flush_ns + merge_ns).max(now_ns());
        }
        floor.accept(&listener)?;
        let wake = if merge_ns > 0 {
            flush_ns.min(source.due_ns())
        } else {
            source.due_ns()
        };
        pause(Duration::from_nanos(wake.saturating_sub(now_ns())));
    }
}

/// Listens with room for everybody who comes between two looks at the listener.
fn listen(port: u16) -> Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    socket.listen(4096)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

impl Floor {
    fn append(&mut self, source: &mut Source) {
        let frame = source.next(now_ns());
        if frame.key {
            self.key_frame = self.base + self.log.len() as u64;
        }
        write(
            &mut self.log,
            self.wire,
            frame.kind,
            frame.milliseconds,
            frame.body,
        );
        if self.log.len() > LOG {
            self.log.drain(..LOG / 2);
            self.base += (LOG / 2) as u64;
        }
    }

    fn accept(&mut self, listener: &TcpListener) -> Result<()> {
        while let Ok((mut socket, _)) = listener.accept() {
            socket.set_nonblocking(true)?;
            socket.set_nodelay(true)?;
            let mut headers = Vec::new();
            if self.wire == Wire::Flv {
                headers.extend_from_slice(&flv::FILE_HEADER);
            }
            Source::headers()
                .iter()
                .for_each(|(kind, body)| write(&mut headers, self.wire, *kind, 0, body));
            if socket.write_all(&headers).is_ok() {
                self.players.push(Player {
                    socket,
                    cursor: self.key_frame,
                });
            }
        }
        Ok(())
    }

    fn send(&mut self) {
        let (log, base) = (&self.log, self.base);
        self.players.retain_mut(|player| {
            let Some(start) = player.cursor.checked_sub(base) else {
                return false;
            };
            let rest = &log[start as usize..];
            if rest.is_empty() {
                return true;
            }
            match player.socket.write(rest) {
                Ok(sent) => player.cursor += sent as u64,
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
            true
        });
    }
}

fn write(out: &mut Vec<u8>, wire: Wire, kind: u8, milliseconds: u32, body: &[u8]) {
    match wire {
        Wire::Rtmp => message(out, kind, milliseconds, 1, CHUNK, body),
        Wire::Flv => flv::tag(out, kind, milliseconds, body),
    }
}
