//! Keys as a bad line delivers them, to the real program: no piece of a sequence becomes a label, and real digits all count.
//!
//! The short form takes a sample; `SOCDECK_FRAGMENTS=all cargo test --test it fragments -- --nocapture` runs every case and
//! prints its figures.

use std::thread;
use std::time::{Duration, Instant};

use crate::console::{Console, marks};
use crate::guard::{ANSWERS_CROSSTERM_LEAKS, SEQUENCES};

/// Pauses of the line between two pieces, in milliseconds.
const GAPS: [u64; 5] = [5, 41, 120, 310, 900];

/// Consoles that are tried side by side.
const CONSOLES: usize = 8;

fn pause(ms: u64) {
    // The pause is what is tried here: it is the line's, not a wait for something.
    thread::sleep(Duration::from_millis(ms));
}

fn in_triage() -> Console {
    let mut console = Console::demo(80, 24, "[labels]\ngrace = \"30s\"\n");
    console.see("suricata-edge");
    console.keys("jj\r");
    console.see("DECISION POINTS");
    console.see("LABEL  1 ");
    console
}

/// Every sequence, split at every byte, with every pause.
fn cases() -> Vec<(&'static str, usize, u64)> {
    let mut cases = Vec::new();
    for sequence in SEQUENCES.iter().chain(ANSWERS_CROSSTERM_LEAKS) {
        for split in 1..sequence.len() {
            for gap in GAPS {
                cases.push((*sequence, split, gap));
            }
        }
    }
    cases
}

#[test]
fn no_piece_of_a_sequence_becomes_a_label() {
    let all = std::env::var_os("SOCDECK_FRAGMENTS").is_some();
    let every = cases();
    let total = every.len();
    // A step that shares no factor with the pauses: the sample holds every pause and most sequences.
    let step = if all { 1 } else { 13 };
    let tried: Vec<_> = every.into_iter().step_by(step).collect();
    let count = tried.len();
    let begin = Instant::now();
    let mut hands = Vec::new();
    for hand in 0..CONSOLES {
        let mine: Vec<_> = tried.iter().copied().skip(hand).step_by(CONSOLES).collect();
        hands.push(thread::spawn(move || {
            let mut console = in_triage();
            for (sequence, split, gap) in mine {
                let bytes = sequence.as_bytes();
                console.bytes(&bytes[..split]);
                pause(gap);
                console.bytes(&bytes[split..]);
                pause(60);
                let text = console.text();
                let what = format!("{sequence:?} split at {split}, {gap} ms");
                assert!(!text.contains(" out "), "{what} staged a label\n{text}");
                // Whatever a piece opened is closed again, and the pane is the one it was.
                console.keys("\x07\x07gt");
                console.see("TRIAGE 1208");
            }
            console.keys("ga");
            console.see("Nothing was written");
        }));
    }
    for hand in hands {
        hand.join().unwrap();
    }
    println!("{count} of {total} cases in {:.0} s: 0 false labels", begin.elapsed().as_secs_f32());
}

#[test]
fn real_digits_at_a_human_pace_all_count() {
    // A machine that stops for a tenth of a second between two frames makes a digit come too soon: then it is pressed on a
    // fresh console once more, twice at most.
    let mut tours = Vec::new();
    while tours.len() < 3 && tours.last() != Some(&20) {
        tours.push(labels_of_a_tour());
    }
    assert_eq!(tours.last(), Some(&20), "labels that counted, by tour: {tours:?}");
}

/// Twenty digits, one each 0.3 s; how many became labels.
fn labels_of_a_tour() -> usize {
    let mut console = in_triage();
    // The first event has been looked at.
    pause(400);
    for digit in "12".chars().cycle().take(20) {
        console.keys(&digit.to_string());
        pause(300);
    }
    console.keys("ga");
    let text = console.wait("the count of labels", |text| {
        text.contains("[writes] calls") && text.contains(" unsent")
    });
    assert!(text.contains("grace"), "{text}");
    let before = text.split(" unsent").next().unwrap_or_default();
    before.split_whitespace().next_back().and_then(|count| count.parse().ok()).unwrap_or(0)
}

#[test]
fn a_held_key_labels_at_most_once() {
    let mut console = in_triage();
    pause(400);
    for _ in 0..60 {
        console.keys("1");
        pause(33);
    }
    console.see("the key repeats");
    let text = console.text();
    assert!(marks(&text, '~') <= 1, "{text}");
    console.keys("\x1c\x1d\x1f");
    console.keys("ga");
    console.wait("the count", |text| text.contains("0 unsent") || text.contains("1 unsent"));
}
