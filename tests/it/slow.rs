//! A server that takes two seconds for everything: keys answer at once all the same, what is loading is named, and what a
//! pane asked is cancelled when it is left. The real program in a terminal, the simulator in a process of its own.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

use std::thread;
use std::time::{Duration, Instant};

use crate::campaign::server::Server;
use crate::console::{Console, DEADLINE};

/// How long a key may take until the screen shows that it was heard.
const AT_ONCE: Duration = Duration::from_millis(100);

/// On a busy machine a process may wait that long for its turn: a key passes when it was quick in one of so many tours. A key
/// that waited for an answer would take two seconds in each.
const TOURS: usize = 3;

/// A step: keys, pressed one by one, and what the screen then says is loading.
const TOUR: &[(&str, &str)] = &[
    ("T\x07", "loading the jobs"),
    ("?", "help"),
    ("tr", "help"),
    ("\x07", "loading the jobs"),
    ("gd", "loading device search"),
    ("/ip\r", "loading device search"),
    ("t", "no device"),
    ("/1\r", "loading"),
    ("ge", "look up: "),
    ("8.8.8.8\r", "loading endpoint details"),
    ("a", "@fields.dest_ip"),
    ("\r", "loading advanced search"),
    ("/", "@fields.dest_ip"),
    ("\x07", "loading advanced search"),
    ("gw", "loading watched list"),
    ("/x\x07", "loading watched list"),
    ("gj", "loading jobs"),
    (":job 1202\r", "loading query events"),
    ("o", "ORDER"),
    ("j\x07", "loading query events"),
    ("ga", "[writes] calls"),
    ("\t", "writes [calls]"),
    ("jj", "cancelled"),
];

/// What is cancelled on the way, as Activity names it: each was asked by a pane that was then left.
const LEFT: [&str; 5] =
    ["jobs", "endpoint details", "advanced search", "watched list", "query events"];

/// Presses a key and waits until the screen is another; how long that took.
fn press(console: &mut Console, key: char) -> Duration {
    let seen = |console: &Console| {
        let screen = console.screen.lock().unwrap();
        (screen.screen().contents_formatted(), screen.screen().cursor_position())
    };
    let before = seen(console);
    let begin = Instant::now();
    console.keys(&key.to_string());
    while seen(console) == before {
        assert!(begin.elapsed() < DEADLINE, "{key:?} changes nothing on\n{}", console.text());
        thread::park_timeout(Duration::from_millis(1));
    }
    begin.elapsed()
}

/// One tour; how long each key took.
fn tour(server: &Server) -> Vec<(String, Duration)> {
    let environment: Vec<(&str, &str)> =
        server.exports.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // High enough that Activity shows every call of the tour.
    let mut console = Console::start(80, 60, &[], &environment, "");
    console.see("loading the jobs");
    let mut took = Vec::new();
    for (keys, words) in TOUR {
        for key in keys.chars() {
            took.push((format!("{key:?} of {keys:?}"), press(&mut console, key)));
        }
        console.see(words);
    }
    let text = console.wait("what was left is cancelled", |text| {
        LEFT.iter()
            .all(|name| text.lines().any(|line| line.contains("cancelled") && line.contains(name)))
    });
    assert!(text.contains("CALLS") || text.contains("[calls]"), "{text}");
    assert_eq!(console.quit(), 0);
    took
}

#[test]
fn every_key_answers_at_once_while_reads_hang() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start_with(home.path(), &["--latency", "2000"]);
    let mut best = tour(&server);
    for _ in 1..TOURS {
        if best.iter().all(|(_, took)| *took <= AT_ONCE) {
            break;
        }
        for (one, (_, again)) in best.iter_mut().zip(tour(&server)) {
            one.1 = one.1.min(again);
        }
    }
    let late: Vec<_> = best.iter().filter(|(_, took)| *took > AT_ONCE).collect();
    assert!(late.is_empty(), "{late:?}");
}
