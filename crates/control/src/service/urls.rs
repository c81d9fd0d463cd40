//! Push and pull URLs, for players that know one protocol each. After the host only `[A-Za-z0-9_.-=&?/]`, because mini programs take no more.

use lianmai_rooms::{AppId, MemberId, StreamAction, StreamClaims, StreamId, StreamToken, Timestamp};

use super::{Service, ServiceError};

/// A signed token and when it expires.
pub(super) struct Signed {
    pub(super) token: String,
    pub(super) expires_at: Timestamp,
}

impl Service {
    /// `http(s)://<host>`, where clients reach HTTP.
    pub(crate) fn http_base(&self) -> String {
        let live = self.core.live.load();
        live.http_base.trim_end_matches('/').to_owned()
    }

    pub(super) fn sign(
        &self,
        app: &AppId,
        stream: &StreamId,
        action: StreamAction,
        version: u32,
        holder: Option<MemberId>,
    ) -> Result<Signed, ServiceError> {
        let known = self.core.apps.require(app)?;
        let config = self.core.live.load();
        let ttl = match action {
            StreamAction::Push => config.push_url_ttl,
            StreamAction::Pull => config.pull_url_ttl,
        };
        let expires_at_secs = self
            .core
            .config
            .clock
            .now()
            .as_secs()
            .saturating_add(ttl.as_secs());
        let claims = StreamClaims {
            action,
            expires_at_secs,
            version,
            holder,
        };
        Ok(Signed {
            token: StreamToken::sign(&known.secret, app, stream, &claims),
            expires_at: Timestamp::from_secs(expires_at_secs),
        })
    }

    /// `rtmp://<host>/<app>/<stream>?t=<token>`
    pub(super) fn rtmp_url(&self, app: &AppId, stream: &StreamId, token: &str) -> String {
        let config = self.core.live.load();
        let host = &config.rtmp_host;
        match config.rtmp_port {
            1935 => format!("rtmp://{host}/{app}/{stream}?t={token}"),
            port => format!("rtmp://{host}:{port}/{app}/{stream}?t={token}"),
        }
    }

    /// `rtmps://<host>/<app>/<stream>?t=<token>`, where RTMPS is reachable.
    pub(super) fn rtmps_url(&self, app: &AppId, stream: &StreamId, token: &str) -> Option<String> {
        let config = self.core.live.load();
        let host = &config.rtmp_host;
        Some(match config.rtmps_port? {
            443 => format!("rtmps://{host}/{app}/{stream}?t={token}"),
            port => format!("rtmps://{host}:{port}/{app}/{stream}?t={token}"),
        })
    }

    /// `http(s)://<host>/whip/<app>/<stream>?t=<token>`, or `whep` for playing; `None` without WebRTC.
    pub(super) fn webrtc_url(
        &self,
        app: &AppId,
        stream: &StreamId,
        action: StreamAction,
        token: &str,
    ) -> Option<String> {
        self.webrtc()?;
        let way = match action {
            StreamAction::Push => "whip",
            StreamAction::Pull => "whep",
        };
        let live = self.core.live.load();
        let base = live.http_base.trim_end_matches('/');
        Some(format!("{base}/{way}/{app}/{stream}?t={token}"))
    }

    /// `http(s)://<host>/live/<stream>.flv?app=<app>&t=<token>`, and the same over WebSocket.
    pub(super) fn flv_urls(&self, app: &AppId, stream: &StreamId, token: &str) -> (String, String) {
        let live = self.core.live.load();
        let base = live.http_base.trim_end_matches('/');
        let http = format!("{base}/live/{stream}.flv?app={app}&t={token}");
        // http → ws, https → wss.
        let ws = http.replacen("http", "ws", 1);
        (http, ws)
    }
}
