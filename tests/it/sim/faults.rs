//! Faults on demand, the control desk, and that the server ends when it is told to.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use serde_json::json;

use super::harness::{Sim, start, start_with};

fn labels(sim: &Sim) -> Vec<String> {
    let state = sim.desk("GET", "state", "");
    let list = state["arcanna"]["feedback"].as_array().unwrap().clone();
    list.iter().map(|f| f["label"].as_str().unwrap().to_owned()).collect()
}

fn key(sim: &Sim) -> (&str, &str) {
    ("x-arcanna-api-key", &sim.credentials.arcanna_api_key)
}

#[test]
fn statuses_by_place_method_and_count_and_cleared_at_run_time() {
    let sim = start_with(1, &["503@/api/v1/jobs:GET,x1", "429=8@/tags"]);
    let jobs = || sim.arcanna("GET", "/api/v1/jobs/", "");
    let first = jobs();
    assert_eq!(
        (first.status, first.header("content-type")),
        (503, Some("text/html; charset=utf-8"))
    );
    assert_eq!(jobs().status, 200);
    let slow_down = sim.get("/tags");
    assert_eq!((slow_down.status, slow_down.header("retry-after")), (429, Some("8")));
    assert_eq!(
        sim.desk("GET", "faults", "")[0],
        json!({"spec": "503@/api/v1/jobs:GET,x1", "left": 0})
    );
    sim.desk("DELETE", "faults", "");
    assert_eq!(sim.get("/tags").status, 200);
    sim.desk("POST", "faults", r#"["404@/tags", "unauthorized@/api"]"#);
    assert_eq!((sim.get("/tags").status, jobs().status), (404, 401));
    let bad = sim.raw("POST", "/__sim/faults", &[], b"explode").unwrap();
    assert_eq!((bad.status, bad.text().contains("PATH-PREFIX")), (400, true));
}

#[test]
fn applied_faults_do_the_work_and_the_others_do_not() {
    let sim = start();
    let label = |label: &str| {
        let body = json!({"cortex_user": "ana", "feedback": label}).to_string();
        sim.raw("PUT", "/api/v1/events/1208/615471/feedback", &[key(&sim)], body.as_bytes())
    };
    for (fault, text, status) in [
        ("reset,x1", "Drop", None),
        ("502,x1", "Drop", Some(502)),
        ("applied502,x1", "Investigate", Some(502)),
        ("appliedreset,x1", "Escalate", None),
    ] {
        sim.desk("POST", "faults", fault);
        assert_eq!(label(text).ok().map(|a| a.status), status, "{fault}");
    }
    assert_eq!(labels(&sim), ["Investigate", "Escalate"]);
    assert_eq!(label("Drop").unwrap().status, 200);
}

#[test]
fn a_reset_is_a_reset_and_a_truncated_body_is_shorter_than_it_says() {
    let sim =
        start_with(1, &["reset@/api/v1/health", "truncated@/api/v1/jobs", "badjson@/api/v2/token"]);
    let error = sim.raw("GET", "/api/v1/health/", &[], b"").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    let mut stream = sim.connect();
    write!(
        stream,
        "GET /api/v1/jobs/ HTTP/1.1\r\nhost: x\r\nx-arcanna-api-key: {}\r\n\r\n",
        key(&sim).1
    )
    .unwrap();
    let mut got = Vec::new();
    // the connection may end in order or in error; what counts is what arrived
    drop(stream.read_to_end(&mut got));
    let text = String::from_utf8_lossy(&got).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{text}"));
    let length: usize =
        head.lines().find_map(|l| l.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    assert!(!body.is_empty() && body.len() < length, "{} of {length}", body.len());
    let cut = sim.arcanna("GET", "/api/v2/token/scopes", "");
    assert_eq!(
        (cut.status, cut.header("content-length")),
        (200, Some(cut.body.len().to_string().as_str()))
    );
    assert!(serde_json::from_slice::<serde_json::Value>(&cut.body).is_err());
}

#[test]
fn pages_redirects_and_empty_answers() {
    let sim = start();
    let under = |fault: &str| {
        sim.desk("DELETE", "faults", "");
        sim.desk("POST", "faults", fault);
        sim.get("/tags")
    };
    let page = under("html");
    assert_eq!(
        (page.status, page.text().contains("<title>Log In | Darktrace</title>")),
        (200, true)
    );
    assert_eq!(under("redirect=403").text(), "Found. Redirecting to /403");
    assert_eq!(
        under("redirect=https://other.example/x").header("location"),
        Some("https://other.example/x")
    );
    let empty = under("empty");
    assert_eq!((empty.status, empty.body.len()), (200, 0));
    let zipped = {
        sim.desk("DELETE", "faults", "");
        sim.desk("POST", "faults", "gzip");
        sim.raw("GET", "/api/v1/health/", &[key(&sim), ("accept-encoding", "gzip")], b"").unwrap()
    };
    assert_eq!(zipped.header("content-encoding"), Some("gzip"));
    assert_eq!(&zipped.body[..3], [0x1f, 0x8b, 8]);
    assert!(zipped.text().contains(r#"{"status":true}"#), "stored, not squeezed");
}

#[test]
fn a_skewed_clock_shows_in_the_date_header_and_refuses_signatures() {
    let sim = start_with(1, &["skew=3600"]);
    let answer = sim.get("/tags");
    assert_eq!((answer.status, answer.text().contains("API DATE ERROR")), (400, true));
    assert_eq!(answer.header("date"), Some("Fri, 02 Jan 2026 04:04:05 GMT"));
}

#[test]
fn a_huge_body_is_more_than_64_mib() {
    let sim = start_with(1, &["huge"]);
    let mut stream = sim.connect();
    write!(stream, "GET /tags HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let size = std::io::copy(&mut stream, &mut std::io::sink()).unwrap();
    assert!(size > 64 << 20, "{size}");
}

#[test]
fn delays_delay() {
    let sim = start_with(1, &["latency=60@/api/v1/health", "slow=3@/api/v2/token"]);
    let began = Instant::now();
    assert_eq!(sim.arcanna("GET", "/api/v1/health/", "").status, 200);
    assert!(began.elapsed() >= Duration::from_millis(60));
    let began = Instant::now();
    assert!(sim.arcanna("GET", "/api/v2/token/scopes", "").json().is_array());
    assert!(began.elapsed() >= Duration::from_millis(64), "in pieces");
}

#[test]
fn a_hanging_request_hangs_and_does_not_keep_the_server_alive() {
    let sim = start_with(1, &["hang@/tags"]);
    let mut stream = sim.connect();
    write!(stream, "GET /tags HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    // others are served meanwhile, and the desk has seen the one that hangs
    let seen = || {
        sim.desk("GET", "state", "")["requests"]
            .as_array()
            .unwrap()
            .iter()
            .any(|r| r["path"] == "/tags")
    };
    let deadline = Instant::now() + Duration::from_secs(10);
    while !seen() {
        assert!(Instant::now() < deadline, "the request never came");
    }
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert!(stream.read(&mut [0; 1]).is_err(), "no answer");
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    drop(sim);
    assert!(matches!(stream.read(&mut [0; 1]), Ok(0) | Err(_)));
}

#[test]
fn one_connection_carries_many_requests() {
    let sim = start();
    let mut stream = sim.connect();
    for _ in 0..3 {
        write!(
            stream,
            "GET /api/v1/health/ HTTP/1.1\r\nhost: x\r\n{}: {}\r\n\r\n",
            key(&sim).0,
            key(&sim).1
        )
        .unwrap();
        let mut got = Vec::new();
        while !got.ends_with(br#"{"status":true}"#) {
            let mut piece = [0; 512];
            let n = stream.read(&mut piece).unwrap();
            assert!(n > 0, "closed");
            got.extend_from_slice(&piece[..n]);
        }
    }
}
