//! The real transport: credentials, TLS, proxy, limits, and the reasons when there is no answer.
//!
//! The only room that knows `reqwest`. It sends a call once: no retry, no redirect followed (the key would go along).

mod base;
mod client;
mod clock;
mod fault;
mod pin;
mod request;
mod scrub;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use secrecy::SecretString;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use super::darktrace::sign::QuerySigning;
use super::error::classify::{self, Reply};
use super::error::{ApiError, Cause, Redirect, cut};
use super::{Answer, Call, Product, Sending, Transport};
use base::Base;
use client::Client;
pub use pin::Presented;
use scrub::Secrets;

/// The largest body that is read, in bytes; a larger answer is an error, not a wait for memory.
pub const BODY_CAP: u64 = 64 * 1024 * 1024;

/// How much of an answer that is no success is read: its words, not a file.
const WORDS_CAP: u64 = 64 * 1024;

/// How long the words of such an answer are waited for; its status is known already.
const WORDS_WAIT: Duration = Duration::from_secs(5);

/// The usual limit for making a connection (name, TCP, TLS, proxy).
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The usual limit for a whole call, body included.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// Where a product is reached, and how.
#[derive(Clone)]
pub struct Endpoint {
    /// `https://host[:port][/prefix]`; a trailing slash does not matter, the prefix is not signed.
    pub url: String,
    /// Credentials.
    pub auth: Auth,
    /// Whether the server's certificate is checked.
    pub tls: Tls,
    /// PEM file with further authorities to trust, besides the system's.
    pub ca_file: Option<PathBuf>,
    /// What the server must present besides a valid certificate: SHA-256 of its public key or certificate. None: any.
    pub pins: Vec<[u8; 32]>,
    /// Proxy.
    pub proxy: Proxy,
    /// Limit for making a connection, [`CONNECT_TIMEOUT`] by default; kept below `timeout`.
    pub connect_timeout: Duration,
    /// Limit for the whole call including its body, [`TIMEOUT`] by default.
    pub timeout: Duration,
}

impl Endpoint {
    /// An endpoint with verified TLS, the system's proxy and the usual limits.
    pub fn new(url: impl Into<String>, auth: Auth) -> Self {
        Self {
            url: url.into(),
            auth,
            tls: Tls::Verified,
            ca_file: None,
            pins: Vec::new(),
            proxy: Proxy::System,
            connect_timeout: CONNECT_TIMEOUT,
            timeout: TIMEOUT,
        }
    }

    /// Says whether the URL can be used.
    ///
    /// # Errors
    /// What is wrong with it, without repeating it (it could hold a password).
    pub fn check_url(url: &str) -> Result<(), String> {
        Base::parse(url).map(|_| ())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = Base::parse(&self.url).map_or_else(
            |_| "[unusable]".to_owned(),
            |base| format!("{}{}", base.origin, base.prefix),
        );
        f.debug_struct("Endpoint")
            .field("url", &url)
            .field("auth", &self.auth)
            .field("tls", &self.tls)
            .field("ca_file", &self.ca_file)
            .field("pins", &self.pins.len())
            .field("proxy", &self.proxy)
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// Credentials of a product.
#[derive(Clone)]
pub enum Auth {
    /// One header with the key.
    Arcanna {
        /// `x-arcanna-api-key`; blanks around it are dropped.
        api_key: SecretString,
    },
    /// Three headers: token, date, signature.
    Darktrace {
        /// Public token.
        public: SecretString,
        /// Private token: the key of the signature, never sent.
        private: SecretString,
        /// Which text of a query is signed.
        query: QuerySigning,
    },
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arcanna { .. } => f.write_str("Arcanna([hidden])"),
            Self::Darktrace { query, .. } => write!(f, "Darktrace([hidden], {query:?})"),
        }
    }
}

/// Whether the server's certificate is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tls {
    /// Checked against the system's authorities and `ca_file`.
    #[default]
    Verified,
    /// Any certificate is taken ("trust any certificate").
    Insecure,
}

/// Which proxy stands between.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Proxy {
    /// The one of the environment (`HTTPS_PROXY`, `NO_PROXY`, …); never for this machine itself.
    #[default]
    System,
    /// None.
    None,
    /// This one, for everything: `http://`, `https://`, `socks5://` or `socks5h://`, with user name and password if needed.
    Url(String),
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("System"),
            Self::None => f.write_str("None"),
            // It may hold a password.
            Self::Url(_) => f.write_str("Url([hidden])"),
        }
    }
}

/// Sends calls over HTTP. Cheap to make: each product's client is built when it is first needed.
#[derive(Debug)]
pub struct HttpTransport {
    lines: HashMap<Product, Arc<Line>>,
}

impl HttpTransport {
    /// A transport for these products; calls to another one fail as [`Cause::NotConfigured`].
    pub fn new(endpoints: impl IntoIterator<Item = (Product, Endpoint)>) -> Self {
        Self::with_body_cap(endpoints, BODY_CAP)
    }

    /// The same with another limit for bodies, in bytes.
    pub fn with_body_cap(
        endpoints: impl IntoIterator<Item = (Product, Endpoint)>,
        cap: u64,
    ) -> Self {
        let line = |endpoint: Endpoint| Line {
            base: Base::parse(&endpoint.url),
            endpoint,
            client: OnceCell::new(),
            skew: AtomicI64::new(UNKNOWN_SKEW),
            presented: Mutex::new(None),
            cap,
        };
        let lines =
            endpoints.into_iter().map(|(product, endpoint)| (product, Arc::new(line(endpoint))));
        Self { lines: lines.collect() }
    }

    /// `https://host[:port]` of a product, for headers on screen. `None` when it has no usable address.
    pub fn origin(&self, product: Product) -> Option<String> {
        let base = self.lines.get(&product)?.base.as_ref().ok()?;
        Some(base.origin.clone())
    }

    /// What the product presented when it last answered over TLS, for pinning it.
    pub fn presented(&self, product: Product) -> Option<Presented> {
        *self.lines.get(&product)?.presented.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Our clock minus the product's, in seconds, as its latest answer told.
    pub fn skew_s(&self, product: Product) -> Option<i64> {
        let skew = self.lines.get(&product)?.skew.load(Ordering::Relaxed);
        (skew != UNKNOWN_SKEW).then_some(skew)
    }
}

impl Transport for HttpTransport {
    fn send(&self, call: &Call) -> Sending {
        let line = self.lines.get(&call.product).cloned();
        let call = call.clone();
        Box::pin(async move {
            match line {
                Some(line) => line.send(&call).await,
                None => Err(ApiError::of(&call, Cause::NotConfigured)),
            }
        })
    }
}

/// No answer has told the time yet.
const UNKNOWN_SKEW: i64 = i64::MIN;

/// One product's endpoint with its client.
#[derive(Debug)]
struct Line {
    endpoint: Endpoint,
    base: Result<Base, String>,
    client: OnceCell<Client>,
    skew: AtomicI64,
    /// What the server presented when it last answered over TLS.
    presented: Mutex<Option<Presented>>,
    cap: u64,
}

impl Line {
    async fn send(&self, call: &Call) -> Result<Answer, ApiError> {
        let started = Instant::now();
        let limit = self.endpoint.timeout;
        let deadline = started.checked_add(limit).unwrap_or_else(|| started + TIMEOUT);
        let late = || ApiError::of(call, Cause::AnswerTimeout(limit));
        let fail = |cause| ApiError::of(call, cause);

        let base = self.base.as_ref();
        let base = base.map_err(|why| fail(Cause::Misconfigured(why.clone())))?;
        let building = self.client.get_or_try_init(|| client::build(&self.endpoint, base));
        let client = match timeout_at(deadline, building).await {
            // Reading a CA file that never ends: nothing was sent.
            Err(_) => return Err(fail(Cause::ConnectTimeout(limit))),
            Ok(built) => built.map_err(fail)?,
        };
        let request =
            request::make(base, &self.endpoint.auth, call, Timestamp::now()).map_err(fail)?;
        let asked = request.url().clone();
        let secrets = Secrets::new(&self.endpoint.auth, request::signature(&request));
        let response = match timeout_at(deadline, client.http.execute(request)).await {
            Err(_) => return Err(late()),
            Ok(Err(error)) => return Err(fail(fault::cause(&error, base, client))),
            Ok(Ok(response)) => response,
        };

        let shown = response.extensions().get::<reqwest::tls::TlsInfo>();
        if let Some(presented) =
            shown.and_then(|tls| tls.peer_certificate()).and_then(Presented::of)
        {
            *self.presented.lock().unwrap_or_else(PoisonError::into_inner) = Some(presented);
        }
        let now = Timestamp::now();
        let skew_s = clock::skew_s(header(&response, &DATE).as_deref(), now);
        if let Some(skew) = skew_s {
            self.skew.store(skew, Ordering::Relaxed);
        }
        let status = response.status().as_u16();
        let with_status =
            |cause| ApiError { status: Some(status), skew_s, ..ApiError::of(call, cause) };
        if !response.status().is_success() {
            let cause = self.no_success(call, &asked, &secrets, response, deadline, skew_s).await;
            return Err(with_status(cause));
        }

        // nobody asked for a part, and a part must not pass for the whole
        if response.status() == StatusCode::PARTIAL_CONTENT {
            return Err(with_status(Cause::Truncated));
        }
        if response.content_length().is_some_and(|length| length > self.cap) {
            return Err(with_status(Cause::TooLarge(self.cap)));
        }
        let content_type = header(&response, &CONTENT_TYPE);
        let mut body = Vec::new();
        match timeout_at(deadline, read(response, &mut body, self.cap)).await {
            Ok(Ok(Read::Whole)) => {}
            Ok(Ok(Read::Cut)) => return Err(with_status(Cause::TooLarge(self.cap))),
            Ok(Err(error)) => {
                return Err(with_status(fault::cause(&error, base, client)));
            }
            Err(_) => return Err(with_status(Cause::AnswerTimeout(limit))),
        }
        let body = hidden(secrets, body).await.map_err(with_status)?;
        Ok(Answer { status, content_type, body, skew_s, took: started.elapsed() })
    }

    /// The cause told by an answer that is no success. Its status counts even if its words do not arrive.
    async fn no_success(
        &self,
        call: &Call,
        asked: &Url,
        secrets: &Secrets,
        response: Response,
        deadline: Instant,
        skew_s: Option<i64>,
    ) -> Cause {
        let now = Timestamp::now();
        let status = response.status().as_u16();
        let content_type = header(&response, &CONTENT_TYPE);
        let location = header(&response, &LOCATION);
        let retry_after =
            header(&response, &RETRY_AFTER).and_then(|text| clock::retry_after(&text, skew_s, now));
        let mut body = Vec::new();
        let until = deadline.min(Instant::now() + WORDS_WAIT);
        // Whatever has arrived by then is enough.
        if let Ok(Err(error)) = timeout_at(until, read(response, &mut body, WORDS_CAP)).await {
            tracing::debug!(%error, status, "the words of an answer broke off");
        }
        let mut words = String::from_utf8_lossy(&body).into_owned();
        secrets.hide_in_words(&mut words);
        // before it is taken apart and cut, and again once it is read as an address is read
        let mut redirect = location.map(|mut to| {
            secrets.hide_in_words(&mut to);
            where_to(asked, &to)
        });
        if let Some(
            Redirect::SameOrigin(place) | Redirect::OtherOrigin(place) | Redirect::Downgrade(place),
        ) = &mut redirect
        {
            secrets.hide_in_words(place);
        }
        classify::classify(&Reply {
            product: call.product,
            status,
            content_type: content_type.as_deref(),
            redirect,
            retry_after,
            body: &words,
        })
    }
}

/// A header's text.
fn header(response: &Response, name: &reqwest::header::HeaderName) -> Option<String> {
    let value = response.headers().get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Where a `Location` points, seen from the address that was asked. It is never followed.
fn where_to(asked: &Url, location: &str) -> Redirect {
    let Ok(to) = asked.join(location.trim()) else {
        return Redirect::Nowhere;
    };
    if to.origin() == asked.origin() {
        return Redirect::SameOrigin(cut(to.path()));
    }
    let origin = match to.host_str() {
        Some(_) => cut(&to.origin().ascii_serialization()),
        None => return Redirect::Nowhere,
    };
    if asked.scheme() == "https" && to.scheme() == "http" {
        Redirect::Downgrade(origin)
    } else {
        Redirect::OtherOrigin(origin)
    }
}

/// How reading a body ended.
enum Read {
    /// To its end.
    Whole,
    /// At the cap; there is more.
    Cut,
}

/// A body above this is searched for credentials on a blocking thread. Bytes.
const BIG: usize = 256 * 1024;

/// The body with the credentials that the server repeats in it hidden; nearly always it is the body itself.
async fn hidden(secrets: Secrets, body: Vec<u8>) -> Result<Vec<u8>, Cause> {
    let body_is_small = body.len() <= BIG;
    let hide = move || match secrets.hidden_in_data(&body) {
        Some(hidden) => {
            tracing::warn!("an answer repeated a credential, which was hidden");
            hidden
        }
        None => body,
    };
    if body_is_small {
        return Ok(hide());
    }
    match tokio::task::spawn_blocking(hide).await {
        Ok(body) => Ok(body),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Cause::Cancelled),
        },
    }
}

/// Appends the decompressed body to `into`, at most `cap` bytes of it.
async fn read(mut response: Response, into: &mut Vec<u8>, cap: u64) -> reqwest::Result<Read> {
    while let Some(chunk) = response.chunk().await? {
        let room = cap - into.len() as u64;
        if chunk.len() as u64 > room {
            into.extend_from_slice(&chunk[..room as usize]);
            return Ok(Read::Cut);
        }
        into.extend_from_slice(&chunk);
    }
    Ok(Read::Whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(asked: &str, location: &str) -> Redirect {
        where_to(&Url::parse(asked).unwrap(), location)
    }

    #[test]
    fn a_location_is_judged_by_its_origin() {
        let asked = "https://host/api/v1/jobs/?key=x";
        let same = |path: &str| Redirect::SameOrigin(path.into());
        for (location, expected) in [
            ("/api/v1/jobs", same("/api/v1/jobs")),
            ("../login?next=/api", same("/api/v1/login")),
            ("https://HOST:443/x", same("/x")),
            ("https://host:8443/x", Redirect::OtherOrigin("https://host:8443".into())),
            (
                "//user:pass@idp.example/x?token=y",
                Redirect::OtherOrigin("https://idp.example".into()),
            ),
            ("http://host/x", Redirect::Downgrade("http://host".into())),
            ("data:text/plain,x", Redirect::Nowhere),
            ("https://", Redirect::Nowhere),
        ] {
            assert_eq!(told(asked, location), expected, "{location}");
        }
        assert_eq!(
            told("http://host/x", "https://host/x"),
            Redirect::OtherOrigin("https://host".into())
        );
    }

    #[test]
    fn debug_output_holds_no_credentials() {
        let hidden = || SecretString::from("hunter2");
        let mut dark = Endpoint::new(
            "https://ann:hunter2@host",
            Auth::Darktrace { public: hidden(), private: hidden(), query: QuerySigning::Decoded },
        );
        dark.proxy = Proxy::Url("http://ann:hunter2@proxy".into());
        let arcanna = Endpoint::new("https://host/a/", Auth::Arcanna { api_key: hidden() });
        let transport = HttpTransport::new([
            (Product::Darktrace, dark.clone()),
            (Product::Arcanna, arcanna.clone()),
        ]);
        let texts = format!("{dark:?} {arcanna:?} {transport:?}");
        assert!(!texts.contains("hunter2"), "{texts}");
        assert!(texts.contains("https://host/a"), "{texts}");
    }
}
