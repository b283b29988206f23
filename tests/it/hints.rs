//! What the program says of its own keys is true: every key that a hint line names does something or says why it cannot, every
//! row is in help and palette, and a line of help does what its key does.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;

use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::style::Modifier;
use socdeck::app::registry;
use socdeck::command::{PaneId, Spec};

use crate::looks::{OVERLAYS, PANES};
use crate::stage::{Mood, Stage, World};

/// The sizes hints are read at; the larger one names more.
const SIZES: [(u16, u16); 3] = [(80, 24), (140, 40), (60, 16)];

/// Keys that only move: what is whole on the screen or at its end has nowhere to go, and a line has no earlier one at first.
const MOVES: [&str; 5] = ["j", "k", "h", "l", "Up"];

/// A key as a hint names it: `^X^E`, `Enter`, `g`.
fn key(stage: &mut Stage, name: &str) {
    let code = match name {
        "Enter" => KeyCode::Enter,
        "Tab" => KeyCode::Tab,
        "S-Tab" => KeyCode::BackTab,
        "Space" => KeyCode::Char(' '),
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "PgUp" => KeyCode::PageUp,
        "PgDn" => KeyCode::PageDown,
        "Esc" => KeyCode::Esc,
        _ => {
            let mut rest = name.chars().peekable();
            while let Some(c) = rest.next() {
                if c == '^' && rest.peek().is_some() {
                    let letter = rest.next().unwrap_or(c).to_ascii_lowercase();
                    stage.key(KeyCode::Char(letter), KeyModifiers::CONTROL);
                } else {
                    assert!(rest.peek().is_none(), "a hint names '{name}', which is no key");
                    stage.key(KeyCode::Char(c), KeyModifiers::NONE);
                }
            }
            return;
        }
    };
    stage.key(code, KeyModifiers::NONE);
}

/// The keys that the hint line names as it is drawn: they alone are bold in it. Help and command line lie over it.
fn named(stage: &Stage, (width, height): (u16, u16)) -> Vec<String> {
    let frame = stage.frame(width, height);
    if ["── help ", "── command "].iter().any(|over| stage.text(width, height).contains(over))
    {
        return Vec::new();
    }
    let mut line = String::new();
    for x in 0..width {
        let cell = &frame[(x, height - 1)];
        let bold = cell.modifier.contains(Modifier::BOLD);
        line.push_str(if bold { cell.symbol() } else { "\t" });
    }
    let keys: Vec<Vec<&str>> = line
        .split('\t')
        .map(|key| key.split(' ').filter(|key| !key.is_empty()).collect::<Vec<_>>())
        .filter(|keys| !keys.is_empty())
        .collect();
    // After the first key of a chord every name begins with it: the second is what is pressed.
    let prefix = keys.len() > 1 && keys.iter().all(|key| key.len() == 2 && key[0] == keys[0][0]);
    keys.iter().flat_map(|key| &key[usize::from(prefix)..]).map(|key| (*key).to_owned()).collect()
}

/// Presses every key that is named after these keys; what nothing came of is told. Answers take their time, as they do.
fn silent(sim: &Arc<World>, keys: &str) -> Vec<String> {
    let fresh = || {
        let mut stage = Stage::open(sim, Mood::Full);
        stage.keys(":arm 15m\r\x07");
        stage.keys(keys);
        stage.mood = Mood::Silent;
        stage
    };
    let stage = fresh();
    let lists = SIZES.map(|size| named(&stage, size));
    let names: BTreeSet<&String> = lists.iter().flatten().collect();
    let mut silent = Vec::new();
    for name in names {
        let mut stage = fresh();
        let before = SIZES.map(|size| stage.seen(size));
        let left = stage.left.len();
        key(&mut stage, name);
        for ((size, named), before) in SIZES.iter().zip(&lists).zip(&before) {
            if !named.contains(name) {
                continue;
            }
            let after = stage.text(size.0, size.1);
            let same = *before == stage.seen(*size)
                && stage.left.len() == left
                && !MOVES.contains(&name.as_str());
            if same || after.contains("does nothing here") {
                silent.push(format!("{name} after {keys:?} at {size:?}\n{after}"));
            }
        }
    }
    silent
}

/// Does the work of many at once, as many as there are processors, and gathers what they found.
fn gather<T: Sync>(all: &[T], work: impl Fn(&Arc<World>, &T) -> Vec<String> + Sync) -> Vec<String> {
    let many = thread::available_parallelism().map_or(1, usize::from);
    let part = all.len().div_ceil(many);
    let work = &work;
    thread::scope(|scope| {
        let parts: Vec<_> = all
            .chunks(part)
            .map(|part| {
                scope.spawn(move || {
                    let sim = Stage::world();
                    part.iter().flat_map(|one| work(&sim, one)).collect::<Vec<_>>()
                })
            })
            .collect();
        parts.into_iter().flat_map(|part| part.join().expect("a check ends")).collect()
    })
}

#[test]
fn every_key_a_pane_names_works() {
    let silent = gather(PANES, |sim, (_, go, ask)| {
        let mut found = silent(sim, &format!("{go}{ask}\0\0"));
        if !ask.is_empty() {
            found.extend(silent(sim, go));
        }
        found
    });
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn every_key_an_overlay_names_works() {
    let silent = gather(OVERLAYS, |sim, (_, keys)| silent(sim, keys));
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

fn rows(pane: PaneId) -> Vec<Spec> {
    let here = [pane.name(), "shell"];
    let scopes = registry().into_iter().filter(|(scope, _)| here.contains(scope));
    scopes.flat_map(|(_, specs)| specs).collect()
}

#[test]
fn every_row_is_in_help_and_palette() {
    let sim = Stage::world();
    for (pane, go, _) in PANES {
        for list in ["?", ":"] {
            let mut stage = Stage::open(&sim, Mood::Full);
            stage.keys(go);
            stage.keys("\x07\x07");
            stage.keys(list);
            let mut seen = String::new();
            for _ in 0..20 {
                seen += &stage.text(140, 40);
                stage.key(KeyCode::PageDown, KeyModifiers::NONE);
            }
            for row in rows(*pane) {
                let begin: String = row.title.chars().take(30).collect();
                let line = |line: &str| line.contains(row.id) && line.contains(&begin);
                assert!(
                    seen.lines().any(line),
                    "{list} of {} lacks {}:\n{seen}",
                    pane.name(),
                    row.id
                );
            }
        }
    }
}

#[test]
fn a_line_of_help_does_what_its_key_does() {
    let work: Vec<(PaneId, String, Spec)> = PANES
        .iter()
        .flat_map(|(pane, go, ask)| {
            let all = rows(*pane).into_iter();
            // The shell's rows are the same everywhere: the first pane stands for all.
            let own = all.filter(|row| *pane == PaneId::Jobs || !row.id.starts_with("shell."));
            own.map(|row| (*pane, format!("{go}{ask}\0\0\x07"), row)).collect::<Vec<_>>()
        })
        .collect();
    let wrong = gather(&work, |sim, (_, keys, row)| {
        // A line has no digit: it says so.
        if row.id == "triage.label" || row.keys.is_empty() {
            return Vec::new();
        }
        let fresh = || {
            let mut stage = Stage::open(sim, Mood::Full);
            stage.keys(keys);
            // How far a page goes is known once it was drawn.
            stage.seen((140, 40));
            stage
        };
        let (mut pressed, mut chosen) = (fresh(), fresh());
        for chord in row.keys[0].split(' ') {
            key(&mut pressed, &shown(chord));
        }
        for list in ["?", ":"] {
            chosen.keys(list);
            chosen.keys(row.id);
            let line = chosen.text(80, 24);
            // The line under the cursor is told whole, and its name, however small the screen.
            let whole = line.lines().any(|line| line.trim() == row.title);
            if !whole || !line.lines().any(|line| line.ends_with(row.id)) {
                return vec![format!("{list} does not find {}:\n{line}", row.id)];
            }
            if list == "?" {
                chosen.keys("\x07");
            }
        }
        chosen.seen((140, 40));
        chosen.keys("\r");
        let (one, other) = (pressed.text(140, 40), chosen.text(140, 40));
        if one == other && pressed.left == chosen.left {
            Vec::new()
        } else {
            vec![format!("{}: its key gives\n{one}\nits line\n{other}", row.id)]
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A chord of the registry as a hint names it.
fn shown(chord: &str) -> String {
    match chord {
        "enter" => "Enter".to_owned(),
        "tab" => "Tab".to_owned(),
        "s-tab" => "S-Tab".to_owned(),
        "space" => "Space".to_owned(),
        "up" => "Up".to_owned(),
        "down" => "Down".to_owned(),
        "home" => "Home".to_owned(),
        "end" => "End".to_owned(),
        "pgup" => "PgUp".to_owned(),
        "pgdn" => "PgDn".to_owned(),
        other => other.to_owned(),
    }
}
