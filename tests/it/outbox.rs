//! The outbox's thread: kept before it is told, taken over after kill -9 at any moment, fast while the network is busy. The
//! process that is killed is this very binary, run again in a role.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use socdeck::api::arcanna::feedback::Feedback;
use socdeck::api::arcanna::jobs::Jobs;
use socdeck::api::http::{Auth, Endpoint, HttpTransport, Proxy};
use socdeck::api::{Operation, Product, Transport};
use socdeck::outbox::{
    Act, Answered, Draft, Keeper, Keeping, Moment, Notice, Outbox, Request, Row, Session,
    Settlement, State,
};
use socdeck::sim;

const ROLE: &str = "SOCDECK_TEST_OUTBOX_ROLE";
const BASE: &str = "SOCDECK_TEST_OUTBOX_BASE";
const PATIENCE: Duration = Duration::from_secs(20);

fn session() -> Session {
    Session {
        origins: vec![(Product::Arcanna, "https://arcanna.example".into())],
        ..Session::nowhere()
    }
}

fn label(event: u64, grace: Duration) -> Draft {
    let feedback = Feedback {
        job: 1202.into(),
        event: event.into(),
        label: "Drop".into(),
        username: "ana.pop".into(),
    };
    Draft {
        call: feedback.call().unwrap(),
        act: Act::Label { feedback, digit: '1' },
        grace,
        seen: None,
        note: None,
        batch: None,
    }
}

fn start(folder: &Path) -> (Outbox, Receiver<Notice>) {
    let (tell, notices) = channel();
    let keeping = Keeping::Folder(folder.to_owned());
    let outbox = Outbox::start(keeping, session(), move |notice| {
        let _ = tell.send(notice);
    })
    .unwrap();
    (outbox, notices)
}

fn rows(notices: &Receiver<Notice>) -> Vec<Row> {
    match notices.recv_timeout(PATIENCE).unwrap() {
        Notice::Rows { rows, .. } => rows,
        other => panic!("{other:?}"),
    }
}

/// Labels and sends for ever, writing each fact down as soon as it is told; does nothing when run as an ordinary test.
#[test]
fn child() {
    let Ok(folder) = std::env::var(ROLE) else {
        return;
    };
    // Each run labels events of its own: a newer label would replace what the last one left.
    let base: u64 = std::env::var(BASE).unwrap().parse().unwrap();
    let mut out = std::io::stdout();
    let (outbox, notices) = start(Path::new(&folder));
    let stage = |tag: u64| {
        // Half of them are due at once, half wait.
        let grace = Duration::from_secs(if tag.is_multiple_of(2) { 0 } else { 60 });
        let draft = label(base + tag, grace);
        outbox.ask(Request::Stage { draft, tag }).unwrap();
    };
    let mut tag = 0;
    for notice in &notices {
        match notice {
            Notice::Rows { .. } => stage(tag),
            Notice::Staged { row, .. } => {
                writeln!(out, "fact staged {}", row.id).unwrap();
                tag += 1;
                stage(tag);
            }
            Notice::Send(row) => {
                let settlement = Settlement::Sent("updated".into());
                let answered = Answered::default();
                outbox.ask(Request::Settle(row.id, settlement, answered)).unwrap();
            }
            Notice::Changed(row) if matches!(row.state, State::Sent(_)) => {
                writeln!(out, "fact sent {}", row.id).unwrap();
            }
            _ => {}
        }
    }
}

#[test]
fn a_process_killed_at_any_moment_loses_nothing_it_was_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for round in 0..12_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "outbox::child", "--nocapture", "--test-threads=1"])
            .env(ROLE, folder.path())
            .env(BASE, (round * 100_000).to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = child.stdout.take().unwrap();
        let wanted = 3 + (round * 7) % 23;
        let mut heard = 0;
        for line in BufReader::new(output).lines() {
            let Ok(line) = line else { break };
            let Some(fact) = line.split("fact ").nth(1) else {
                continue;
            };
            let (state, id) = fact.split_once(' ').unwrap();
            known.insert(id.to_owned(), state.to_owned());
            heard += 1;
            if heard == wanted {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
    }
    let (mut keeper, notice) = Keeper::open(Some(folder.path()), session(), Moment::now()).unwrap();
    let Notice::Rows { rows, .. } = notice else { panic!("{notice:?}") };
    let found: BTreeMap<String, &State> =
        rows.iter().map(|row| (row.id.to_string(), &row.state)).collect();
    assert!(known.len() > 60, "{}", known.len());
    for (id, state) in &known {
        let now = found.get(id).unwrap_or_else(|| panic!("row {id} is lost"));
        match state.as_str() {
            "sent" => assert!(matches!(now, State::Sent(_)), "{id}: {now:?}"),
            _ => assert!(matches!(now, State::Held | State::Due | State::Sent(_)), "{id}: {now:?}"),
        }
    }
    // The ledger was cut off wherever it was, and is whole again.
    assert!(keeper.write_ledger().is_empty());
    let ledger = socdeck::ledger::Ledger::in_folder(folder.path());
    let head = socdeck::outbox::remembered(folder.path()).unwrap();
    let verdict = socdeck::ledger::verify(ledger.path(), head.as_ref()).unwrap();
    assert_eq!(verdict.broken, None);
    let acts = socdeck::ledger::acts(ledger.path(), None).unwrap();
    assert_eq!(acts.len(), rows.len());
}

#[test]
fn the_thread_keeps_sends_and_holds_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let (outbox, notices) = start(folder.path());
    assert!(rows(&notices).is_empty());
    let ask = |request| outbox.ask(request).unwrap();
    let stage = |tag, grace| ask(Request::Stage { draft: label(tag, grace), tag });
    stage(1, Duration::ZERO);
    stage(2, Duration::from_secs(60));
    let (mut staged, mut sent) = (0, None);
    while sent.is_none() || staged < 2 {
        match notices.recv_timeout(PATIENCE).unwrap() {
            Notice::Staged { .. } => staged += 1,
            Notice::Send(row) => {
                sent = Some(row.id);
                let settlement = Settlement::Sent("updated".into());
                ask(Request::Settle(row.id, settlement, Answered::default()));
            }
            other => panic!("{other:?}"),
        }
    }
    outbox.leave(PATIENCE);
    let (outbox, notices) = start(folder.path());
    let states: Vec<State> = rows(&notices).into_iter().map(|row| row.state).collect();
    assert_eq!(states, [State::Sent("updated".into()), State::Held]);
    outbox.leave(PATIENCE);
}

#[test]
fn what_cannot_be_kept_is_refused_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("outbox.db"),
        b"this is no database, and long enough to be one",
    )
    .unwrap();
    let (outbox, notices) = start(folder.path());
    let Notice::Trouble(why) = notices.recv_timeout(PATIENCE).unwrap() else { panic!("it opened") };
    // the reason and what to do stand before the long path: a narrow screen cuts the end off
    let wanted = "nothing can be sent: outbox.db is damaged: move it away, start again (";
    assert!(why.starts_with(wanted), "{why}");
    let draft = label(1, Duration::ZERO);
    outbox.ask(Request::Stage { draft, tag: 9 }).unwrap();
    match notices.recv_timeout(PATIENCE).unwrap() {
        Notice::NotStaged { tag: 9, why } => assert!(why.contains("NOT kept"), "{why}"),
        other => panic!("{other:?}"),
    }
    outbox.leave(PATIENCE);
}

/// What a label waits for, from the request to the notice that it is durable: ledger and sending go on, and 1,000 requests are
/// under way on two threads. `SOCDECK_LABELS=1000 cargo test --release --test it quickly -- --nocapture` prints the figures.
#[test]
fn a_label_is_durable_quickly() {
    let labels: u64 = std::env::var("SOCDECK_LABELS").map_or(60, |labels| labels.parse().unwrap());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let bound =
        sim::bind(sim::Options { latency: Duration::from_millis(400), ..sim::Options::default() })
            .unwrap();
    let (url, credentials) = (bound.base_url(), bound.credentials());
    let (load, server) = [2, 1]
        .map(|threads| {
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(threads)
                .enable_all()
                .build()
                .unwrap()
        })
        .into();
    server.spawn(bound.serve(std::future::pending()));
    let auth = Auth::Arcanna { api_key: SecretString::from(credentials.arcanna_api_key) };
    let endpoint = Endpoint { proxy: Proxy::None, ..Endpoint::new(url, auth) };
    let transport = Arc::new(HttpTransport::new([(Product::Arcanna, endpoint)]));
    let answered = Arc::new(AtomicUsize::new(0));
    for _ in 0..1_000 {
        let (transport, answered) = (Arc::clone(&transport), Arc::clone(&answered));
        load.spawn(async move {
            let call = Jobs.call().unwrap();
            while transport.send(&call).await.is_ok() {
                answered.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    let until = Instant::now() + PATIENCE;
    while answered.load(Ordering::SeqCst) < 1_000 {
        assert!(Instant::now() < until, "the load does not begin");
        std::thread::yield_now();
    }

    let folder = tempfile::tempdir().unwrap();
    let (outbox, notices) = start(folder.path());
    rows(&notices);
    let mut took = Vec::new();
    for tag in 0..labels {
        let begun = Instant::now();
        let draft = label(tag, Duration::from_millis(tag % 50 * 10));
        outbox.ask(Request::Stage { draft, tag }).unwrap();
        loop {
            match notices.recv_timeout(PATIENCE).unwrap() {
                Notice::Staged { .. } => break,
                Notice::Send(row) => {
                    let settlement = Settlement::Sent("updated".into());
                    let answered = Answered::default();
                    let settle = Request::Settle(row.id, settlement, answered);
                    outbox.ask(settle).unwrap();
                }
                _ => {}
            }
        }
        took.push(begun.elapsed());
        // A person's pace, or the disk would be measured and not the wait.
        let pause = Instant::now() + Duration::from_millis(20);
        while let Some(left) = pause.checked_duration_since(Instant::now()) {
            if let Ok(Notice::Send(row)) = notices.recv_timeout(left) {
                let settlement = Settlement::Sent("updated".into());
                let settle = Request::Settle(row.id, settlement, Answered::default());
                outbox.ask(settle).unwrap();
            }
        }
    }
    outbox.leave(PATIENCE);
    load.shutdown_background();
    server.shutdown_background();
    took.sort();
    let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)];
    eprintln!(
        "{labels} labels durable under 1,000 requests ({} answered): p50 {:?} p99 {:?} max {:?}",
        answered.load(Ordering::SeqCst),
        at(50),
        at(99),
        at(100)
    );
    // The figure is for a quiet machine; here only what no loaded one excuses.
    assert!(at(50) < Duration::from_millis(250), "{:?}", at(50));
}
