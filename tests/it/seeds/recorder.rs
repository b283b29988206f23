//! A server on loopback that records what it is asked and answers from a function. It shares no code with the client:
//! signatures are checked by its own arithmetic.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

pub const API_KEY: &str = "recorder-key";
pub const PUBLIC: &str = "recorderpub";
pub const PRIVATE: &str = "recorderpri";

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    /// How many came before it.
    pub number: usize,
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Arcanna's key, or Darktrace's token with a signature that verifies; never both.
    pub fn check_credentials(&self) {
        if self.target.starts_with("/api/") {
            assert_eq!(self.header("x-arcanna-api-key"), Some(API_KEY), "{self:?}");
            assert_eq!(self.header("DTAPI-Token"), None, "{self:?}");
            return;
        }
        assert_eq!(self.header("x-arcanna-api-key"), None, "{self:?}");
        assert_eq!(self.header("DTAPI-Token"), Some(PUBLIC), "{self:?}");
        let date = self.header("DTAPI-Date").unwrap();
        let request = if self.body.is_empty() {
            self.target.clone()
        } else {
            format!("{}?{}", self.target, self.body)
        };
        let mut mac = Hmac::<Sha1>::new_from_slice(PRIVATE.as_bytes()).unwrap();
        mac.update(format!("{request}\n{PUBLIC}\n{date}").as_bytes());
        let wanted = hex::encode(mac.finalize().into_bytes());
        assert_eq!(self.header("DTAPI-Signature"), Some(wanted.as_str()), "{self:?}");
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Reply {
    pub fn json(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".into(), "application/json".into())],
            body: body.to_owned(),
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn send(&self, mut stream: &TcpStream) {
        let mut text = format!("HTTP/1.1 {} X\r\nConnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        let length = self.body.len().to_string();
        text.extend(["Content-Length: ", &length, "\r\n\r\n", &self.body]);
        // a client that has gone is the test's affair
        let _ = stream.write_all(text.as_bytes());
    }
}

/// Listens until the test process ends.
pub struct Server {
    pub url: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&seen);
        thread::spawn(move || {
            let mut number = 0;
            for stream in listener.incoming() {
                let Ok(stream) = stream else { break };
                // one at a time: the program under test sends one request after the other
                if let Some(mut request) = receive(&stream) {
                    request.number = number;
                    number += 1;
                    let reply = answer(&request);
                    // before the answer leaves, so that whoever has the answer sees the record
                    record.lock().unwrap().push(request);
                    reply.send(&stream);
                }
            }
        });
        Self { url, seen }
    }

    /// The requests since the last time.
    pub fn take(&self) -> Vec<Request> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

/// Reads one request; `None` when the connection ends before it does.
fn receive(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut request = Request { number: 0, method, target, headers, body: String::new() };
    let length: usize =
        request.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    request.body = String::from_utf8(body).unwrap();
    Some(request)
}
