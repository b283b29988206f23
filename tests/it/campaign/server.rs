//! The simulator in a process of its own, and its control desk.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// The job whose events are labelled.
pub const JOB: &str = "1208";

pub struct Server {
    child: Child,
    address: String,
    /// What a console needs in its environment.
    pub exports: Vec<(String, String)>,
    before: usize,
}

impl Drop for Server {
    fn drop(&mut self) {
        // both fail only when it has ended by itself
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    pub fn start(home: &Path, seed: u64) -> Self {
        Self::start_with(home, &["--seed", &seed.to_string()])
    }

    /// With these flags of `simulate`.
    pub fn start_with(home: &Path, flags: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_socdeck"))
            .arg("simulate")
            .args(flags)
            .env("HOME", home)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let address = first.strip_prefix("listening on http://").unwrap().to_owned();
        let exports = lines
            .take(6)
            .map(|line| {
                let line = line.unwrap();
                let (name, value) = line.strip_prefix("export ").unwrap().split_once('=').unwrap();
                (name.to_owned(), value.to_owned())
            })
            .collect();
        let mut server = Self { child, address, exports, before: 0 };
        server.before = server.feedback().len();
        server
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        body.to_owned()
    }

    /// Puts a fault in force.
    pub fn fault(&self, spec: &str) {
        self.ask("POST", "/__sim/faults", spec);
    }

    /// Takes all faults out of force.
    pub fn heal(&self) {
        self.ask("DELETE", "/__sim/faults", "");
    }

    fn feedback(&self) -> Vec<Value> {
        let state: Value = serde_json::from_str(&self.ask("GET", "/__sim/state", "")).unwrap();
        state["arcanna"]["feedback"].as_array().unwrap().clone()
    }

    /// What is on the watched list: name, source and reason of each entry.
    pub fn watched(&self) -> Vec<[String; 3]> {
        let state: Value = serde_json::from_str(&self.ask("GET", "/__sim/state", "")).unwrap();
        let entries = state["darktrace"]["watched"].as_array().unwrap();
        let fields = ["name", "source", "description"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        entries.iter().map(|entry| fields.map(|field| text(&entry[field]))).collect()
    }

    /// The votes the server took since it started, in order: event, label.
    pub fn votes(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        self.feedback()[self.before..]
            .iter()
            .map(|vote| (text(&vote["event_id"]), text(&vote["label"])))
            .collect()
    }
}
