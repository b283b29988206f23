//! A big answer: read and made into rows, against Python doing the same with `json` and a list of strings.
//! Budget: five times as fast.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use socdeck::api::darktrace::tags::TaggedDevices;
use socdeck::api::{Answer, Operation};

const PYTHON: &str = "
import json, sys, time
data = sys.stdin.buffer.read()
best = None
for _ in range(3):
    start = time.perf_counter()
    answer = json.loads(data)
    rows = ['%s  %s  %s' % (d.get('did'), d.get('hostname'), d.get('ip')) for d in answer['devices']]
    took = time.perf_counter() - start
    best = took if best is None else min(best, took)
print(best)
";

fn answer(devices: usize) -> String {
    let mut text = String::from(r#"{"entities": [], "devices": ["#);
    for did in 0..devices {
        let comma = if did == 0 { "" } else { "," };
        let _ = write!(
            text,
            r#"{comma}{{"did": {did}, "ip": "10.{}.{}.{}", "ips": [{{"ip": "10.0.0.1", "timems": 1598425200000, "time": "2020-08-26 07:00:00", "sid": 22}}], "sid": 22, "hostname": "ws-{did}.corp.example", "firstSeen": 1528812000000, "lastSeen": 1598425200000, "os": "Linux 3.11 and newer", "typename": "desktop", "typelabel": "Desktop", "tags": [{{"tid": 73, "expiry": 0, "thid": 78, "name": "Test Tag", "restricted": false, "data": {{"auto": false, "color": 134, "description": ""}}, "isReferenced": true}}]}}"#,
            did / 65_536 % 256,
            did / 256 % 256,
            did % 256
        );
    }
    text.push_str("]}");
    text
}

fn ours(answer: &Answer) -> usize {
    let operation = TaggedDevices { tag: "Test Tag".into() };
    let Ok(holders) = operation.decode(answer) else { return 0 };
    let rows: Vec<String> = holders
        .devices
        .iter()
        .map(|d| {
            format!(
                "{}  {}  {}",
                d.did.unwrap_or_default(),
                d.name().unwrap_or("-"),
                d.ip.as_deref().unwrap_or("-")
            )
        })
        .collect();
    black_box(rows).len()
}

fn python(text: &str) -> Option<Duration> {
    let mut child = Command::new("python3")
        .args(["-c", PYTHON])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(text.as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    let seconds: f64 = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
    Some(Duration::from_secs_f64(seconds))
}

/// A page as it comes every day.
pub fn small(c: &mut Criterion) {
    let text = answer(100);
    let answer = Answer::from_json(&text);
    let mut group = c.benchmark_group("tagged devices");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("100 devices", |b| b.iter(|| ours(&answer)));
    group.finish();
}

/// Fifty megabytes, once beside Python: a ratio, not a distribution.
pub fn big(_: &mut Criterion) {
    let text = answer(110_000);
    let answer = Answer::from_json(&text);
    let best = (0..3)
        .map(|_| {
            let start = Instant::now();
            assert_eq!(ours(&answer), 110_000);
            start.elapsed()
        })
        .min()
        .unwrap_or_default();
    let megabytes = text.len() as f64 / 1e6;
    match python(&text) {
        Some(theirs) => println!(
            "tagged devices/{megabytes:.0} MB: {best:.0?}; python3 json: {theirs:.0?}, {:.1} times as long (budget 5)",
            theirs.as_secs_f64() / best.as_secs_f64()
        ),
        None => println!(
            "tagged devices/{megabytes:.0} MB: {best:.0?}; no python3 here to compare with"
        ),
    }
}
