//! A simulator on a free port with a clock the test moves, and a client of a few lines that writes exactly what it is told.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::Value;
use sha1::Sha1;
use socdeck::sim::{Bound, Credentials, Options, bind, parse_fault};

/// 2026-01-02 03:04:05 UTC
pub const START: i64 = 1_767_323_045_000;

/// A running simulator; stopped when dropped.
pub struct Sim {
    pub address: SocketAddr,
    pub credentials: Credentials,
    clock: Arc<AtomicI64>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// An answer, as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {} {}", self.head, self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|l| {
            let (n, v) = l.split_once(": ")?;
            n.eq_ignore_ascii_case(name).then_some(v.trim())
        })
    }
}

/// A simulator without faults.
pub fn start() -> Sim {
    start_with(1, &[])
}

/// A simulator of this seed with these faults.
pub fn start_with(seed: u64, faults: &[&str]) -> Sim {
    let start = Timestamp::from_millisecond(START).unwrap();
    let faults = faults.iter().map(|f| parse_fault(f).unwrap()).collect();
    let bound = bind(Options { seed, faults, start, ..Options::default() }).unwrap();
    serve(bound)
}

fn serve(bound: Bound) -> Sim {
    let clock = Arc::new(AtomicI64::new(START));
    let shown = Arc::clone(&clock);
    let bound = bound
        .with_clock(move || Timestamp::from_millisecond(shown.load(Ordering::SeqCst)).unwrap());
    let address = bound.base_url().strip_prefix("http://").unwrap().parse().unwrap();
    let credentials = bound.credentials();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(bound.serve(async { drop(stopped.await) })).unwrap();
    });
    Sim { address, credentials, clock, stop: Some(stop), thread: Some(thread) }
}

impl Drop for Sim {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // a server that does not stop fails the test by its time limit, one that panicked by this
            assert!(thread.join().is_ok() || std::thread::panicking());
        }
    }
}

impl Sim {
    /// Lets this much time pass.
    pub fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Writes a request as it is told and reads to the end.
    pub fn raw(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<Answer> {
        let mut stream = self.connect();
        let mut lines =
            vec![format!("{method} {target} HTTP/1.1"), format!("host: {}", self.address)];
        lines.push("connection: close".to_owned());
        lines.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
        if !body.is_empty() {
            lines.push(format!("content-length: {}", body.len()));
        }
        let text = lines.join("\r\n") + "\r\n\r\n";
        stream.write_all(&[text.as_bytes(), body].concat())?;
        let mut all = Vec::new();
        stream.read_to_end(&mut all)?;
        let end = all
            .windows(4)
            .position(|w| w == b"\r\n\r\n")
            .ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let head = String::from_utf8_lossy(&all[..end]).into_owned();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|s| s.parse().ok())
            .ok_or(std::io::ErrorKind::InvalidData)?;
        Ok(Answer { status, head, body: all[end + 4..].to_vec() })
    }

    /// An Arcanna call with the right key; an empty text sends no body.
    #[track_caller]
    pub fn arcanna(&self, method: &str, target: &str, body: &str) -> Answer {
        let headers = [
            ("x-arcanna-api-key", self.credentials.arcanna_api_key.as_str()),
            ("content-type", "application/json"),
        ];
        self.raw(method, target, &headers, body.as_bytes()).unwrap()
    }

    /// The signature of this text under this date.
    pub fn sign(&self, text: &str, date: &str) -> String {
        let mut mac =
            Hmac::<Sha1>::new_from_slice(self.credentials.darktrace_private_token.as_bytes())
                .unwrap();
        mac.update(
            format!("{text}\n{}\n{date}", self.credentials.darktrace_public_token).as_bytes(),
        );
        hex::encode(mac.finalize().into_bytes())
    }

    /// The simulator's time as Darktrace clients send it.
    pub fn date(&self) -> String {
        let now = Timestamp::from_millisecond(self.clock.load(Ordering::SeqCst)).unwrap();
        now.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// A Darktrace call that signs `signed` and sends `target`.
    #[track_caller]
    pub fn signed(
        &self,
        method: &str,
        target: &str,
        signed: &str,
        date: &str,
        kind: &str,
        body: &str,
    ) -> Answer {
        let signature = self.sign(signed, date);
        let headers = [
            ("DTAPI-Token", self.credentials.darktrace_public_token.as_str()),
            ("DTAPI-Date", date),
            ("DTAPI-Signature", signature.as_str()),
            ("content-type", kind),
        ];
        self.raw(method, target, &headers, body.as_bytes()).unwrap()
    }

    #[track_caller]
    pub fn get(&self, target: &str) -> Answer {
        self.signed("GET", target, target, &self.date(), "application/json", "")
    }

    #[track_caller]
    pub fn delete(&self, target: &str) -> Answer {
        self.signed("DELETE", target, target, &self.date(), "application/json", "")
    }

    #[track_caller]
    pub fn post_form(&self, path: &str, form: &str) -> Answer {
        let kind = "application/x-www-form-urlencoded";
        self.signed("POST", path, &format!("{path}?{form}"), &self.date(), kind, form)
    }

    #[track_caller]
    pub fn post_json(&self, path: &str, json: &str) -> Answer {
        self.signed("POST", path, &format!("{path}?{json}"), &self.date(), "application/json", json)
    }

    /// The control desk.
    #[track_caller]
    pub fn desk(&self, method: &str, what: &str, body: &str) -> Value {
        self.raw(method, &format!("/__sim/{what}"), &[], body.as_bytes()).unwrap().json()
    }
}
