//! Reaching a server: name, address, TCP and, for `rtmps://`, TLS with the server's name checked (R-P4).

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig as TlsConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::protocol::{ClientConfig, RtmpUrl, Scheme, SessionError};
use crate::server::{TlsError, certificates};
use crate::transport::Transport;

/// How to reach a server and behave there.
#[derive(Clone)]
pub struct DialOptions {
    /// Settings of the session.
    pub session: ClientConfig,
    /// For name resolution, TCP and TLS together.
    pub connect_timeout: Duration,
    /// A server that takes nothing for this long counts as gone (R-P2).
    pub write_stall: Duration,
    /// Certificates to trust for `rtmps://`; `None`: the roots the web trusts.
    pub tls: Option<Arc<TlsConfig>>,
    /// Where to connect instead of looking the URL's host up, for callers that must check where it leads.
    pub addresses: Vec<SocketAddr>,
    /// The kernel breaks a connection whose peer acknowledges nothing of what was sent for so long (RFC 5482); `None`:
    /// as long as the system's settings say, which is many minutes.
    pub unacknowledged: Option<Duration>,
    /// The kernel takes nothing more while it holds so many bytes that were not sent yet, so that what it has taken
    /// tells what the peer has taken; `None`: it takes what fits.
    pub unsent: Option<u32>,
}

impl Default for DialOptions {
    fn default() -> DialOptions {
        DialOptions {
            session: ClientConfig::default(),
            connect_timeout: Duration::from_secs(10),
            write_stall: Duration::from_secs(30),
            tls: None,
            addresses: Vec::new(),
            unacknowledged: None,
            unsent: None,
        }
    }
}

/// Why a server cannot be used, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The connection could not be made in time.
    #[error("no connection within {0:?}")]
    ConnectTimeout(Duration),
    /// The connection could not be made, or broke.
    #[error("connection: {0}")]
    Io(#[from] io::Error),
    /// TLS cannot be set up.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The server refused, ended the stream or broke the protocol.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The server closed the connection without a word.
    #[error("closed by the server")]
    Closed,
    /// Media was offered while the server does not take any.
    #[error(transparent)]
    NotReady(#[from] crate::protocol::NotReady),
}

pub(super) async fn dial(url: &RtmpUrl, options: &DialOptions) -> Result<Box<dyn Transport>, ClientError> {
    let connecting = async {
        let tcp = match options.addresses.as_slice() {
            [] => TcpStream::connect((url.host(), url.port())).await?,
            addresses => TcpStream::connect(addresses).await?,
        };
        tune(&tcp, options)?;
        let transport: Box<dyn Transport> = match url.scheme() {
            Scheme::Rtmp => Box::new(tcp),
            Scheme::Rtmps => {
                let config = match &options.tls {
                    Some(config) => config.clone(),
                    None => web_roots()?,
                };
                let name = ServerName::try_from(url.host().to_owned())
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
                Box::new(TlsConnector::from(config).connect(name, tcp).await?)
            }
        };
        Ok(transport)
    };
    match tokio::time::timeout(options.connect_timeout, connecting).await {
        Ok(result) => result,
        Err(_) => Err(ClientError::ConnectTimeout(options.connect_timeout)),
    }
}

fn tune(tcp: &TcpStream, options: &DialOptions) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    {
        let socket = socket2::SockRef::from(tcp);
        if options.unacknowledged.is_some() {
            socket.set_tcp_user_timeout(options.unacknowledged)?;
        }
        if let Some(unsent) = options.unsent {
            socket.set_tcp_notsent_lowat(unsent)?;
        }
    }
    Ok(())
}

fn web_roots() -> Result<Arc<TlsConfig>, rustls::Error> {
    trusting(RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    })
}

/// Trust in the roots the web trusts and in the certificates of a PEM file besides, for [`DialOptions::tls`].
///
/// # Errors
/// See [`TlsError`].
pub fn client_tls(authorities: &Path) -> Result<Arc<TlsConfig>, TlsError> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    for authority in certificates(authorities)? {
        roots.add(authority)?;
    }
    Ok(trusting(roots)?)
}

fn trusting(roots: RootCertStore) -> Result<Arc<TlsConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = TlsConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
