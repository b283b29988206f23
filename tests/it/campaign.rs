//! The fault campaign: the real program in a pseudo-terminal labels events of a simulator in another process while something
//! goes wrong. Whatever it is: each label that the screen said was taken is on the server exactly as pressed, or offered as
//! held; none is there that was not pressed.
//!
//! The short form runs with every `cargo test`. The long one, which prints its figures:
//! `SOCDECK_CAMPAIGN=200 cargo test --release --test it campaign -- --nocapture`
//! (`SOCDECK_CAMPAIGN_SEED=…` repeats a run.)

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

mod console;
mod figures;
pub mod server;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use console::Console;
use figures::Figures;
use server::Server;

/// Labels given in each run.
const LABELS: usize = 20;

/// The longest any single thing may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strike {
    Kill,
    CloseTerminal,
    Terminate,
    Unavailable,
    Reset,
    AppliedReset,
    Latency,
    Limited,
    SecondInstance,
}

pub const STRIKES: [Strike; 9] = [
    Strike::Kill,
    Strike::CloseTerminal,
    Strike::Terminate,
    Strike::Unavailable,
    Strike::Reset,
    Strike::AppliedReset,
    Strike::Latency,
    Strike::Limited,
    Strike::SecondInstance,
];

/// A small generator, so that a seed names a run.
pub struct Dice(u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

/// What was pressed and what the screen said of it, in order.
#[derive(Default)]
struct Pressed {
    /// Every label for which a digit was pressed (event, label), and how often.
    all: BTreeMap<(String, String), usize>,
    /// The last label of each event that the screen took.
    taken: BTreeMap<String, String>,
    count: usize,
}

#[test]
fn no_label_is_lost_and_none_is_invented() {
    let runs = std::env::var("SOCDECK_CAMPAIGN")
        .map_or(STRIKES.len() as u64, |runs| runs.parse().unwrap());
    let seed = std::env::var("SOCDECK_CAMPAIGN_SEED").map_or_else(
        |_| jiff::Timestamp::now().as_millisecond() as u64,
        |seed| seed.parse().unwrap(),
    );
    let next = AtomicU64::new(0);
    let figures = Mutex::new(Figures::new(seed));
    std::thread::scope(|scope| {
        for _ in 0..4.min(runs) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= runs {
                        return;
                    }
                    let strike = STRIKES[(number % STRIKES.len() as u64) as usize];
                    let figure = run(strike, seed.wrapping_add(number * 1_000_003));
                    figures.lock().unwrap().add(strike, number, figure);
                }
            });
        }
    });
    let figures = figures.into_inner().unwrap();
    figures.print();
    figures.check();
}

/// What a run showed.
#[derive(Debug, Default)]
pub struct Figure {
    pub pressed: usize,
    pub taken: usize,
    pub sent: usize,
    pub held: usize,
    /// Times the server took a vote it had already taken: harmless for feedback, and only where an answer was lost.
    pub repeated: usize,
    /// Time from the blow to the end of the process, where it had to end.
    pub gone: Option<Duration>,
    /// Key to cursor, each.
    pub latency: Vec<Duration>,
    pub faults: Vec<String>,
}

fn run(strike: Strike, seed: u64) -> Figure {
    let mut dice = Dice(seed);
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(home.path(), dice.roll(1_000));
    let grace = [0, 150, 400, 60_000][dice.roll(4) as usize];
    configure(home.path(), grace);
    let mut figure = Figure::default();
    let mut pressed = Pressed::default();
    let mut first = Console::open(home.path(), &server);
    first.triage();
    let at = 1 + dice.roll(LABELS as u64 - 1) as usize;
    let mut second: Option<Console> = None;
    while pressed.count < LABELS {
        let strikes = pressed.count == at;
        let blow = strikes.then(|| Duration::from_millis(dice.roll(60)));
        let digit = 1 + dice.roll(2) as usize;
        let console = match &mut second {
            Some(second) if dice.roll(2) == 0 => second,
            _ => &mut first,
        };
        match (blow, strike) {
            (None, _) => label(console, digit, &mut pressed, &mut figure),
            (Some(after), Strike::Kill | Strike::CloseTerminal | Strike::Terminate) => {
                end(&mut first, strike, digit, after, &mut pressed, &mut figure);
                break;
            }
            (Some(_), Strike::SecondInstance) => {
                let mut console = Console::open(home.path(), &server);
                console.triage();
                second = Some(console);
                pressed.count += 1;
            }
            (Some(_), _) => {
                server.fault(match strike {
                    Strike::Unavailable => "503@/api/v1/events:PUT",
                    Strike::Reset => "reset@/api/v1/events:PUT,x3",
                    Strike::AppliedReset => "appliedreset@/api/v1/events:PUT,x2",
                    Strike::Latency => "latency=700",
                    _ => "429=1@/api/v1/events:PUT,x2",
                });
                label(console, digit, &mut pressed, &mut figure);
            }
        }
    }
    server.heal();
    figure.pressed = pressed.all.values().sum();
    figure.taken = pressed.taken.len();
    // What still runs is left in the way that keeps everything; in half of the runs with what it has yet to send.
    for console in [second.as_mut(), Some(&mut first)].into_iter().flatten() {
        if console.is_running() {
            if dice.roll(2) == 0 {
                console.wait_until("everything under way is settled", |screen| {
                    !screen.any_line(|line| line.contains(" out ") && line.contains("OFFLINE"))
                });
            }
            console.quit();
        }
    }
    drop((first, second));
    figure.latency.sort();
    judge(home.path(), &server, strike, &pressed, &mut figure);
    if !figure.faults.is_empty() {
        figure.faults.push(format!("{strike:?}, seed {seed}, grace {grace} ms, at {at}"));
    }
    figure
}

fn configure(home: &Path, grace: u64) {
    let folder = home.join(".config/socdeck");
    std::fs::create_dir_all(&folder).unwrap();
    let text = format!(
        "[labels]\ngrace = \"{grace}ms\"\n[guard]\nburst_ms = 5\ndwell_ms = 20\nrepeat_ms = 0\nunbound_lock_ms = 50\nafter_editor_ms = 0\n\
         [arcanna]\ntimeout = \"2s\"\n"
    );
    std::fs::write(folder.join("config.toml"), text).unwrap();
}

/// Presses a digit on the event under the cursor and waits until the screen says what became of it.
fn label(console: &mut Console, digit: usize, pressed: &mut Pressed, figure: &mut Figure) {
    let (event, name) = console.aim(digit);
    *pressed.all.entry((event.clone(), name.clone())).or_default() += 1;
    pressed.count += 1;
    let begun = Instant::now();
    console.type_in(&digit.to_string());
    if console.taken(&event, &name) {
        figure.latency.push(begun.elapsed());
        pressed.taken.insert(event, name);
    }
}

/// Presses a digit and ends the program a moment later.
fn end(
    console: &mut Console,
    strike: Strike,
    digit: usize,
    after: Duration,
    pressed: &mut Pressed,
    figure: &mut Figure,
) {
    let (event, name) = console.aim(digit);
    *pressed.all.entry((event.clone(), name.clone())).or_default() += 1;
    console.type_in(&digit.to_string());
    console.watch_for(after);
    let begun = Instant::now();
    match strike {
        Strike::Kill => console.signal(Signal::KILL),
        Strike::Terminate => console.signal(Signal::TERM),
        _ => console.close(),
    }
    console.wait_gone();
    figure.gone = Some(begun.elapsed());
    if console.says_taken(&event, &name) {
        pressed.taken.insert(event, name);
    }
}

/// Starts anew and compares screen, server and ledger with what was pressed.
fn judge(home: &Path, server: &Server, strike: Strike, pressed: &Pressed, figure: &mut Figure) {
    let mut fault = |words: String| figure.faults.push(words);
    let mut console = Console::open(home, server);
    let held = console.held();
    console.quit();
    let votes = server.votes();
    let mut last: BTreeMap<&str, &str> = BTreeMap::new();
    let mut times: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (event, name) in &votes {
        if !pressed.all.contains_key(&(event.clone(), name.clone())) {
            fault(format!("invented: {event} {name}"));
        }
        last.insert(event, name);
        *times.entry((event, name)).or_default() += 1;
    }
    for (event, name) in &held {
        if !pressed.all.contains_key(&(event.clone(), name.clone())) {
            fault(format!("held but never pressed: {event} {name}"));
        }
    }
    for (event, name) in &pressed.taken {
        let on_server = last.get(event.as_str()) == Some(&name.as_str());
        if !on_server && held.get(event) != Some(name) {
            fault(format!(
                "lost: {event} {name}; the server has {:?}, held is {:?}",
                last.get(event.as_str()),
                held.get(event)
            ));
        }
    }
    // Two sessions may label the same event: that is pressed twice, not sent twice.
    let repeated: usize = times
        .iter()
        .map(|((event, name), count)| {
            let pressed = pressed.all.get(&((*event).to_owned(), (*name).to_owned()));
            count.saturating_sub(pressed.copied().unwrap_or(1))
        })
        .sum();
    let unsure = matches!(
        strike,
        Strike::Kill | Strike::CloseTerminal | Strike::Terminate | Strike::AppliedReset
    );
    if repeated > 0 && !unsure {
        fault(format!("{repeated} votes were sent twice without a reason"));
    }
    // What was held goes out when a person says so, exactly as it was pressed.
    if !held.is_empty() {
        let mut console = Console::open(home, server);
        console.send_held();
        console.quit();
        let votes: BTreeMap<String, String> = server.votes().into_iter().collect();
        for (event, name) in &pressed.taken {
            if votes.get(event) != Some(name) {
                fault(format!("lost on the way from held: {event} {name}"));
            }
        }
    }
    let (whole, words) = console::ledger(home, "verify");
    if !whole {
        fault(format!("the ledger is broken: {words}"));
    }
    let (_, records) = console::ledger(home, "export --format jsonl");
    for (event, name) in server.votes() {
        let recorded = records.lines().any(|line| {
            line.contains(&format!("\"event\":\"{event}\",\"label\":\"{name}\""))
                && line.contains("\"state\":\"sent\"")
        });
        if !recorded {
            fault(format!("the ledger does not know: {event} {name}"));
        }
    }
    if let Some(gone) = figure.gone.filter(|gone| *gone > Duration::from_secs(1)) {
        figure.faults.push(format!("it took {gone:?} to end"));
    }
    figure.sent = server.votes().len();
    figure.held = held.len();
    figure.repeated = repeated;
}
