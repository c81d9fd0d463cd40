//! `connect`: what the client says, and the answer (RTMP 1.0 §7.2.1.1; Enhanced RTMP v2).

use std::sync::Arc;

use lianmai_media::amf0::Value;

use super::config::ConnectPolicy;
use super::event::{Rejection, RequestId, ServerEvent, UnknownRequest};
use super::reply::info;
use super::session::{Pending, ServerSession};
use crate::protocol::command::Command;
use crate::protocol::control::{BandwidthLimit, Control, UserControl};
use crate::protocol::enhanced::{self, EnhancedCaps};
use crate::protocol::error::{Phase, SessionErrorKind};
use crate::protocol::output::Close;
use crate::protocol::status;

/// Properties beyond the known ones that are kept.
const MAX_OTHER: usize = 64;

/// All of a `connect` command.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Connect {
    /// The app, without query and trailing slashes.
    pub app: String,
    /// What followed a `?` in the app.
    pub app_query: Option<String>,
    /// `tcUrl`.
    pub tc_url: Option<String>,
    /// `swfUrl`.
    pub swf_url: Option<String>,
    /// `pageUrl`.
    pub page_url: Option<String>,
    /// `flashVer`.
    pub flash_version: Option<String>,
    /// `objectEncoding`: 0 (AMF0) or 3.
    pub object_encoding: f64,
    /// The Enhanced RTMP properties.
    pub enhanced: EnhancedCaps,
    /// Every other property, as it came (the first 64).
    pub other: Vec<(String, Value)>,
    /// Arguments after the command object.
    pub arguments: Vec<Value>,
}

impl Connect {
    /// Reads the command; `None` without an app.
    fn from_command(command: Command) -> Option<Connect> {
        let object = command.object;
        let text = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
        let app = text("app")?;
        let (app, app_query) = match app.split_once('?') {
            Some((app, query)) => (app, Some(query.to_owned())),
            None => (app.as_str(), None),
        };
        let known = [
            "app",
            "tcUrl",
            "swfUrl",
            "pageUrl",
            "flashVer",
            "flashver",
            "objectEncoding",
        ];
        let is_known = |name: &str| known.contains(&name) || enhanced::PROPERTIES.contains(&name);
        let properties = object.properties().unwrap_or_default().iter();
        Some(Connect {
            app: app.trim_matches('/').to_owned(),
            app_query,
            tc_url: text("tcUrl"),
            swf_url: text("swfUrl"),
            page_url: text("pageUrl"),
            flash_version: text("flashVer").or_else(|| text("flashver")),
            object_encoding: object
                .get("objectEncoding")
                .and_then(Value::as_number)
                .unwrap_or_default(),
            enhanced: EnhancedCaps::from_properties(&object),
            other: properties
                .filter(|(name, _)| !is_known(name))
                .take(MAX_OTHER)
                .cloned()
                .collect(),
            arguments: command.arguments,
        })
    }
}

impl ServerSession {
    pub(super) fn on_connect(&mut self, command: Command) -> Result<(), SessionErrorKind> {
        if self.phase != Phase::Connecting {
            self.call_failed(&command, "connected already");
            return Ok(());
        }
        let transaction = command.transaction;
        let Some(mut connect) = Connect::from_command(command) else {
            let rejection = Rejection::new(status::CONNECT_INVALID_APP, "app missing");
            self.refuse_connect(transaction, &rejection);
            self.end(Close::Rejected(rejection));
            return Ok(());
        };
        self.check_name("app", &connect.app)?;
        self.check_name("app query", connect.app_query.as_deref().unwrap_or_default())?;
        self.check_name("tcUrl", connect.tc_url.as_deref().unwrap_or_default())?;
        // Nothing depends on these: what is too long is dropped.
        let limit = self.config.max_name;
        for text in [
            &mut connect.swf_url,
            &mut connect.page_url,
            &mut connect.flash_version,
        ] {
            text.take_if(|text| text.len() > limit);
        }
        let connect = Arc::new(connect);
        match self.config.connect {
            ConnectPolicy::Accept => {
                self.let_in(transaction, &connect);
                self.events.push_back(ServerEvent::Connected { connect });
            }
            ConnectPolicy::Ask => {
                let request = self.next_request();
                self.pending = Some(Pending::Connect {
                    request,
                    transaction,
                    connect: connect.clone(),
                });
                self.events
                    .push_back(ServerEvent::ConnectRequested { request, connect });
            }
        }
        Ok(())
    }

    /// Lets the client in.
    ///
    /// # Errors
    /// [`UnknownRequest`] when no such question to connect is open.
    pub fn accept_connect(&mut self, request: RequestId) -> Result<(), UnknownRequest> {
        let (transaction, connect) = match &self.pending {
            Some(Pending::Connect {
                transaction, connect, ..
            }) => (*transaction, connect.clone()),
            _ => return Err(UnknownRequest),
        };
        self.take_pending(request)?;
        self.let_in(transaction, &connect);
        Ok(())
    }

    fn let_in(&mut self, transaction: f64, connect: &Arc<Connect>) {
        let window = self.config.window_ack_size;
        self.link.announce_window(window);
        self.link
            .control(&Control::SetPeerBandwidth(window, BandwidthLimit::Dynamic));
        self.link.announce_chunk_size(self.config.chunk_size);
        self.link.control(&Control::User(UserControl::StreamBegin(0)));
        let mut properties = vec![
            (
                "fmsVer".to_owned(),
                Value::String(self.config.server_version.clone()),
            ),
            ("capabilities".to_owned(), Value::Number(31.0)),
            ("mode".to_owned(), Value::Number(1.0)),
        ];
        let mut info = info(
            status::LEVEL_STATUS,
            status::CONNECT_SUCCESS,
            "connection succeeded",
        );
        if let Value::Object(info) = &mut info {
            info.push((
                "objectEncoding".to_owned(),
                Value::Number(connect.object_encoding),
            ));
            if !connect.enhanced.is_empty() {
                // Implementations look for them in either object.
                info.extend(self.config.enhanced.to_properties());
                properties.extend(self.config.enhanced.to_properties());
            }
        }
        let answer = Command::new("_result", transaction, Value::Object(properties)).with(info);
        self.link.command(0, &answer);
        self.connect = Some(connect.clone());
        self.phase = Phase::Connected;
    }

    pub(super) fn refuse_connect(&mut self, transaction: f64, rejection: &Rejection) {
        let info = info(status::LEVEL_ERROR, &rejection.code, &rejection.description);
        self.link
            .command(0, &Command::new("_error", transaction, Value::Null).with(info));
    }
}
