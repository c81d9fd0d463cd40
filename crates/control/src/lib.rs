//! The control plane: REST, WebSocket, webhooks, HTTP-FLV, metrics and the watch page.
