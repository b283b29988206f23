//! How every pane looks, whole frames: each in every state at every size, and whatever lies over it. The clock stands still
//! and the data is the simulator's, so a frame changes only when the drawing does.
//!
//! A new pane is one line in [`PANES`]; a sheet or an overlay one in [`OVERLAYS`]. After a wanted change:
//! `INSTA_UPDATE=always cargo test --test it looks`.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use socdeck::command::PaneId;
use strum::IntoEnumIterator as _;

use crate::stage::{Mood, Stage, World, broken, lines};

/// The screen as most have it, a large one, and the smallest that is drawn.
const SIZES: [(u16, u16); 3] = [(80, 24), (140, 40), (60, 16)];

/// Each pane with the keys that show it, and those that fill it when it waits for a question.
pub const PANES: &[(PaneId, &str, &str)] = &[
    (PaneId::Jobs, "gj", ""),
    (PaneId::Triage, ":job 1202\r", ""),
    (PaneId::Devices, "gd", "/ip\r"),
    (PaneId::Endpoint, "ge", "8.8.8.8\r"),
    (PaneId::Search, "gs", "@type:conn\r"),
    (PaneId::Watched, "gw", ""),
    (PaneId::Breaches, "gb", ""),
    (PaneId::Activity, ":job 1202\r\x001\x002\x001uga", ""),
    (PaneId::Evidence, "gv", "gjmj\x00m:job 1202\r\x00m\x00gv\x00"),
];

/// What lies over a pane, with the keys that bring it up on a screen whose writes are armed.
pub const OVERLAYS: &[(&str, &str)] = &[
    ("help", "gj?"),
    ("help-filtered", "gj?copy"),
    ("help-nothing", "gj?zzzz"),
    ("palette", "gj:"),
    ("palette-values", "gj:arcanna-get-decision-set job_id="),
    ("which-go", "gjg\0"),
    ("which-copy", "gjy\0"),
    ("which-export", "gjx\0"),
    ("named-result", "gj:darktrace-get-tags-for-device deviceId=1\r"),
    ("named-write", "gj:darktrace-post-tag-to-device deviceId=2 tagName=\"Active Threat\"\r"),
    ("named-kept", "gj:darktrace-post-tag-to-device deviceId=2 tagName=\"Active Threat\"\ry"),
    ("named-refused", "gj:arcanna-get-job\r"),
    ("quit", ":job 1202\r\x001q"),
    ("jobs-train", "gjT"),
    ("jobs-send", "gj+Beacon\r3\r\r{\"a\": ,}"),
    ("triage-filter", ":job 1202\r\0/ai:drop"),
    ("triage-order", ":job 1202\r\0o"),
    ("triage-bulk", ":job 1202\r\0*1"),
    ("triage-note", ":job 1202\r\0c"),
    ("triage-diff", ":job 1202\r\0="),
    ("triage-views", ":job 1202\r\0F"),
    ("triage-blind", ":job 1202\r\0b\0"),
    ("triage-votes", ":job 1202\r\0V\0"),
    ("search-saved", "gs\x07F"),
    ("breaches-components", "gb\0\t"),
    ("breaches-acknowledge", "gb\0A"),
    ("breaches-comment", "gb\0c"),
    ("devices-breaches", "gd/ip\r\0\t\t\t\t"),
    ("evidence-note", "gjmgvc\0INC-4711 \x12"),
    ("evidence-remove", "gjmgvX"),
    ("triage-points", ":job 1202\r\0\t"),
    ("triage-raw", ":job 1202\r\0\t\t"),
    ("devices-tags", "gd/ip\r\0\t"),
    ("devices-similar", "gd/ip\r\0\t\t"),
    ("devices-peers", "gd/ip\r\0\t\t\t"),
    ("devices-chart", "gd/ip\r\0\t\t\t\t\t"),
    ("devices-numbers", "gd/ip\r\0\t\t\t\t\t#"),
    ("devices-tag", "gd/1\r\0t"),
    ("devices-untag", "gd/1\r\0X"),
    ("devices-narrow", "gd/1\r\0D"),
    ("endpoint-internal", "ge10.20.1.45\r\0"),
    ("endpoint-many", "ge\x07icats.com\r"),
    ("search-score", "gs@type:conn\t\t→\r\0"),
    ("watched-add", "gw+hxxp://cats[.]com/a\r10.20.1.45\tINC-1"),
    ("watched-remove", "gw+cats.com\tINC-1\t\t\t1\r⏳r.X"),
    ("watched-filter", "gw/cdn"),
    ("activity-calls", "gwga\t"),
    ("activity-filter", "gwga\t/watch"),
];

/// What a pane can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter, strum::Display)]
#[strum(serialize_all = "lowercase")]
enum State {
    /// Opened; nothing was asked yet.
    Opened,
    /// Asked, and there is nothing.
    Empty,
    /// Asked, and not answered.
    Loading,
    /// As it is on a good day.
    Full,
    /// As before, ten minutes later, and reading it again failed.
    Stale,
    /// Asked for the first time, and refused.
    Failed,
    /// Every foreign text is one that breaks frames.
    Hostile,
}

/// A pane in a state.
fn stage(sim: &Arc<World>, keys: (&str, &str), state: State) -> Stage {
    let mood = match state {
        State::Opened | State::Full | State::Stale => Mood::Full,
        State::Empty => Mood::Empty,
        State::Loading => Mood::Silent,
        State::Failed => Mood::Failing,
        State::Hostile => Mood::Hostile,
    };
    let mut stage = Stage::open(sim, mood);
    stage.keys(keys.0);
    if state != State::Opened {
        stage.keys(keys.1);
    }
    stage.keys("\0\0");
    if state == State::Stale {
        stage.mood = Mood::Failing;
        stage.pass(Duration::from_secs(600));
        stage.keys("r\0");
    } else if state == State::Hostile {
        // What waits is sent, and refused with more of the same.
        stage.pass(Duration::from_secs(40));
    }
    stage
}

fn shown(stage: &Stage, (width, height): (u16, u16), what: &str) -> String {
    let frame = stage.frame(width, height);
    if let Some(fault) = broken(&frame) {
        panic!("{what} at {width}x{height}: {fault}");
    }
    lines(&frame).join("\n")
}

fn name(what: &str, (width, height): (u16, u16)) -> String {
    format!("{what}_{width}x{height}")
}

#[test]
fn every_pane_in_every_state_at_every_size() {
    let listed: Vec<_> = PANES.iter().map(|(pane, ..)| *pane).collect();
    assert_eq!(listed, PaneId::iter().collect::<Vec<_>>(), "a pane is missing in the list");
    let sim = Stage::world();
    for (pane, go, ask) in PANES {
        let mut all = [const { String::new() }; SIZES.len()];
        for state in State::iter().filter(|state| *state != State::Opened || !ask.is_empty()) {
            let stage = stage(&sim, (go, ask), state);
            for (all, size) in all.iter_mut().zip(SIZES) {
                let frame = shown(&stage, size, &format!("{} {state}", pane.name()));
                all.extend(["== ", &state.to_string(), "\n", &frame, "\n"]);
            }
        }
        for (all, size) in all.iter().zip(SIZES) {
            insta::assert_snapshot!(name(pane.name(), size), all);
        }
    }
}

#[test]
fn everything_that_lies_over_a_pane_at_every_size() {
    let shared = Stage::world();
    for (what, keys) in OVERLAYS {
        let mut all = String::new();
        // What is sent changes the world: it is not shared then.
        let world = if keys.contains('⏳') { Stage::world() } else { Arc::clone(&shared) };
        for mood in [Mood::Full, Mood::Hostile] {
            let mut stage = Stage::open(&world, mood);
            stage.keys(":arm 15m\r");
            stage.keys(keys);
            for size in SIZES {
                let (frame, at) = (shown(&stage, size, what), name(&format!("{mood:?}"), size));
                all.extend(["== ", &at, "\n", &frame, "\n"]);
            }
        }
        insta::assert_snapshot!(*what, all);
    }
}

#[test]
fn what_was_held_is_offered_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let sim = Stage::world();
    let mut stage = Stage::kept(&sim, Mood::Full, Some(folder.path()));
    stage.keys(":job 1202\r\x001\x002");
    stage.leave();
    let stage = Stage::kept(&sim, Mood::Full, Some(folder.path()));
    let all = SIZES.map(|size| shown(&stage, size, "held")).join("\n== \n");
    insta::assert_snapshot!("held", all);
}

/// A picture that is missing fails where it is compared; one that nothing compares any more fails here.
#[test]
fn every_picture_is_one_of_the_list() {
    let panes = PANES.iter().flat_map(|(pane, ..)| SIZES.map(|size| name(pane.name(), size)));
    let overlays = OVERLAYS.iter().map(|(what, _)| (*what).to_owned());
    let wanted: BTreeSet<String> = panes
        .chain(overlays)
        .chain(["held".to_owned()])
        .map(|name| format!("it__looks__{name}.snap"))
        .collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots");
    let kept: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("it__looks__") && !name.contains(".new"))
        .collect();
    assert_eq!(kept, wanted);
}
