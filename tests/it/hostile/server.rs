//! Servers on loopback that answer by hand, byte for byte, and keep what they were asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socdeck::api::http::{Auth, Endpoint, HttpTransport, Proxy};
use socdeck::api::{Answer, ApiError, Call, Method, Path, Product, Transport};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The credentials of these tests: no text of any error may hold one.
pub const SECRETS: [&str; 3] = ["arcanna-key-7f3a", "public-token-11b2", "private-token-c94d"];

/// No test waits longer than this for one call.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What a server does after it has read a request.
#[derive(Clone)]
pub enum Act {
    /// Writes these bytes and closes.
    Say(Vec<u8>),
    /// Writes these bytes and resets the connection.
    Reset(Vec<u8>),
    /// Writes these bytes and says nothing more.
    Hang(Vec<u8>),
    /// Writes the first bytes at once, then one byte every 20 ms for ever.
    Drip(Vec<u8>),
}

/// One request as it arrived.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    pub method: String,
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(key, _)| key == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} was sent twice");
        value
    }
}

/// A server with a list of what it was asked.
pub struct Server {
    pub address: SocketAddr,
    pub seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// Listens on loopback and does the same for every connection.
pub async fn serve(act: Act) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, act.clone(), Arc::clone(&list)));
        }
    });
    Server { address, seen }
}

async fn converse(mut stream: TcpStream, act: Act, list: Arc<Mutex<Vec<Seen>>>) {
    let Some(seen) = read_request(&mut stream).await else {
        return;
    };
    list.lock().unwrap().push(seen);
    match act {
        Act::Reset(bytes) => {
            stream.write_all(&bytes).await.ok();
            stream.set_zero_linger().unwrap();
        }
        other => perform(&mut stream, other).await,
    }
}

/// Everything but a reset, which needs the socket itself.
pub async fn perform(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), act: Act) {
    match act {
        Act::Say(bytes) | Act::Reset(bytes) => {
            stream.write_all(&bytes).await.ok();
            stream.shutdown().await.ok();
        }
        Act::Hang(bytes) => {
            stream.write_all(&bytes).await.ok();
            // until the other side gives up
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.ok();
        }
        Act::Drip(bytes) => {
            stream.write_all(&bytes).await.ok();
            while stream.write_all(b" ").await.is_ok() {
                stream.flush().await.ok();
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// Reads one request with its body.
pub async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let mut seen = Seen {
        method: first.next()?.to_owned(),
        target: first.next()?.to_owned(),
        ..Seen::default()
    };
    for line in lines {
        let (name, value) = line.split_once(':')?;
        seen.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length: usize = seen.header("content-length").map_or(0, |text| text.parse().unwrap());
    seen.body = bytes[end + 4..].to_vec();
    while seen.body.len() < length {
        if stream.read_buf(&mut seen.body).await.ok()? == 0 {
            return None;
        }
    }
    Some(seen)
}

/// A whole answer with its length.
pub fn answer(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 {status} Some Reason\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// An endpoint of `product` with limits short enough for tests.
pub fn endpoint(product: Product, url: &str) -> Endpoint {
    let secret = |index: usize| SECRETS[index].to_owned().into();
    let auth = match product {
        Product::Arcanna => Auth::Arcanna { api_key: secret(0) },
        Product::Darktrace => Auth::Darktrace {
            public: secret(1),
            private: secret(2),
            query: socdeck::api::darktrace::sign::QuerySigning::AsSent,
        },
    };
    Endpoint { proxy: Proxy::None, ..Endpoint::new(url, auth) }
}

/// A read of `product`.
pub fn read(product: Product) -> Call {
    let path = Path::fixed(match product {
        Product::Arcanna => "/api/v1/jobs/",
        Product::Darktrace => "/similardevices",
    });
    Call::new(product, "some read", Method::Get, path).query("did", "1")
}

/// Sends one call to one endpoint.
pub async fn send(endpoint: Endpoint, call: &Call) -> Result<Answer, ApiError> {
    send_by(&HttpTransport::new([(call.product, endpoint)]), call).await
}

/// Sends one call; fails the test when it outlives every limit.
pub async fn send_by(transport: &HttpTransport, call: &Call) -> Result<Answer, ApiError> {
    let result = tokio::time::timeout(PATIENCE, transport.send(call)).await.expect("the call hung");
    if let Err(error) = &result {
        no_secret(error);
    }
    result
}

/// Every text an error can become is free of credentials and is a sentence.
pub fn no_secret(error: &ApiError) {
    let told = error.explain();
    let texts = format!("{error}\n{error:?}\n{told:?}");
    for secret in SECRETS {
        assert!(!texts.contains(secret), "{texts}");
    }
    assert_eq!(error.to_string(), told.what);
    assert!(told.what.ends_with('.') && told.next.ends_with('.'), "{told:?}");
}

/// The error of a read of `product` by a server that does this.
pub async fn error_of(product: Product, act: Act) -> ApiError {
    let server = serve(act).await;
    let mut endpoint = endpoint(product, &server.url());
    endpoint.timeout = Duration::from_millis(600);
    send(endpoint, &read(product)).await.unwrap_err()
}
