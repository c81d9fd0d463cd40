//! The HTTP client under the S3 client: one TLS provider, no redirects, everything bounded.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody,
    HttpService,
};
use reqwest::{Body, Client, Method, Request, Url, redirect};
use tokio::time::Instant;

use super::pace::{Pace, Paced, Waited};
use super::{OpenRemoteError, RemoteConfig};

/// Longest answer that is read, except for what is asked for.
const MAX_ANSWER: usize = 256 << 10;

/// Makes every request of the S3 client.
#[derive(Clone, Debug)]
pub(super) struct Http {
    client: Client,
    timeout: Duration,
    /// `None`: as fast as it goes.
    pace: Option<Arc<Pace>>,
}

impl Http {
    pub(super) fn new(config: &RemoteConfig) -> Result<Http, OpenRemoteError> {
        // The client panics without one. Losing the race to install it is fine: then there is one.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(config.connect_timeout)
            .pool_idle_timeout(Duration::from_secs(20))
            .pool_max_idle_per_host(config.parallel)
            .user_agent(concat!("lianmai/", env!("CARGO_PKG_VERSION")));
        if !config.authorities.is_empty() {
            let found = reqwest::Certificate::from_pem_bundle(&config.authorities);
            let found = found.ok().filter(|found| !found.is_empty());
            for certificate in found.ok_or(OpenRemoteError::Authorities)? {
                builder = builder.add_root_certificate(certificate);
            }
        }
        Ok(Http {
            client: builder.build()?,
            timeout: config.timeout,
            pace: config.bytes_per_second.map(|rate| Arc::new(Pace::new(rate))),
        })
    }

    async fn perform(&self, request: HttpRequest, waited: Waited) -> Result<HttpResponse, HttpError> {
        let (head, body) = request.into_parts();
        let url: Url = head
            .uri
            .to_string()
            .parse()
            .map_err(|error: url::ParseError| HttpError::new(HttpErrorKind::Request, error))?;
        let is_download = head.method == Method::GET;
        let mut request = Request::new(head.method, url);
        *request.headers_mut() = head.headers;
        *request.body_mut() = Some(match &self.pace {
            Some(pace) if body.content_length() > 0 => Body::wrap(Paced::new(body, pace.clone(), waited)),
            _ => Body::wrap(body),
        });
        let answer = self.client.execute(request).await.map_err(error)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = Body::from(answer);
        let body = if is_download && status.is_success() {
            // Read by its owner, who limits the time for each piece of it.
            HttpResponseBody::new(body.map_err(error))
        } else {
            let whole = Limited::new(body, MAX_ANSWER).collect().await;
            let whole = whole.map_err(|error| HttpError::new_boxed(HttpErrorKind::Decode, error))?;
            HttpResponseBody::from(whole.to_bytes())
        };
        let mut answer = HttpResponse::new(body);
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

impl HttpService for Http {
    fn call<'a, 'async_trait>(
        &'a self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'async_trait>>
    where
        'a: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move {
            let (begun, waited) = (Instant::now(), Waited::default());
            let mut performed = pin!(self.perform(request, waited.clone()));
            loop {
                // Waiting for our own limit does not count.
                let limit = self.timeout + waited.total();
                if begun.elapsed() >= limit {
                    let late = io::Error::other("no answer in time");
                    return Err(HttpError::new(HttpErrorKind::Timeout, late));
                }
                if let Ok(answer) = tokio::time::timeout_at(begun + limit, &mut performed).await {
                    return answer;
                }
            }
        })
    }
}

impl HttpConnector for Http {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

/// The reason without the URL, which is long and said elsewhere.
fn error(error: reqwest::Error) -> HttpError {
    let kind = match () {
        () if error.is_timeout() => HttpErrorKind::Timeout,
        () if error.is_connect() => HttpErrorKind::Connect,
        () => HttpErrorKind::Interrupted,
    };
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    HttpError::new(kind, io::Error::other(text))
}
