//! The rules of the house, read from its own source: who may import whom, how long a file may be, what the registry says.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use socdeck::app::registry;
use socdeck::keymap::Keymap;

/// What each module may import of ours; itself always. A module that is not named here may not exist.
const MAY: &[(&str, &[&str])] = &[
    ("api", &[]),
    ("sim", &[]),
    ("term", &[]),
    ("ui", &[]),
    ("job", &["api"]),
    ("pins", &["api"]),
    ("views", &[]),
    ("catalogue", &["api"]),
    ("config", &["api"]),
    ("export", &["ui"]),
    ("queue", &["api", "job"]),
    ("ledger", &[]),
    ("evidence", &[]),
    ("outbox", &["api", "ledger"]),
    ("store", &["api", "evidence", "job", "outbox", "pins", "views"]),
    ("command", &["api", "outbox", "store"]),
    ("keymap", &["command"]),
    (
        "panes",
        &[
            "api", "command", "evidence", "export", "job", "keymap", "outbox", "store", "ui",
            "views",
        ],
    ),
    (
        "app",
        &[
            "api",
            "catalogue",
            "command",
            "evidence",
            "export",
            "job",
            "keymap",
            "outbox",
            "panes",
            "pins",
            "store",
            "ui",
            "views",
        ],
    ),
    (
        "run",
        &[
            "api", "app", "command", "evidence", "job", "keymap", "ledger", "outbox", "pins",
            "queue", "sim", "store", "term", "ui", "views",
        ],
    ),
    (
        "cli",
        &[
            "api",
            "app",
            "catalogue",
            "command",
            "config",
            "export",
            "keymap",
            "ledger",
            "outbox",
            "pins",
            "run",
            "sim",
            "term",
            "ui",
            "views",
        ],
    ),
    ("main", &["cli"]),
];

/// Crates that only some modules may name.
const CRATES: &[(&str, &[&str])] = &[
    ("reqwest", &["api"]),
    ("axum", &["sim"]),
    ("rusqlite", &["outbox"]),
    ("ratatui", &["ui", "term", "panes", "app"]),
    ("clap", &["cli"]),
];

fn sources() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found.sort();
    found
}

/// The room a file belongs to: `src/panes/triage/list.rs` is in `panes`.
fn room(path: &Path) -> String {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str();
    first.to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// The part of a file that is shipped: everything before its tests, without comments.
fn shipped(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Which of our modules a piece of code names through `crate::`, in `use` trees and in paths.
fn named(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let starts = |text: &str| {
            let word: String =
                text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            (!word.is_empty()).then_some(word)
        };
        if let Some(tree) = rest.strip_prefix('{') {
            let (mut depth, mut start) = (0, true);
            for (index, c) in tree.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    c if start && (c.is_alphabetic() || c == '_') => {
                        found.extend(starts(&tree[index..]));
                        start = false;
                    }
                    _ => {}
                }
            }
        } else {
            found.extend(starts(rest));
        }
    }
    found
}

/// What a file of a room names that it may not.
fn trespasses(room: &str, code: &str) -> Vec<String> {
    let Some((_, may)) = MAY.iter().find(|(name, _)| *name == room) else {
        return vec![format!("the room {room} is not in the table")];
    };
    let ours: BTreeSet<&str> = MAY.iter().map(|(name, _)| *name).collect();
    let modules = named(code)
        .into_iter()
        .filter(|name| name != room && ours.contains(name.as_str()))
        .filter(|name| !may.contains(&name.as_str()))
        .map(|name| format!("crate::{name}"));
    let crates = CRATES
        .iter()
        .filter(|(name, rooms)| code.contains(&format!("{name}::")) && !rooms.contains(&room))
        .map(|(name, _)| (*name).to_owned());
    modules.chain(crates).collect()
}

#[test]
fn every_module_imports_only_what_it_may() {
    let mut faults = Vec::new();
    for path in sources() {
        let room = room(&path);
        if room == "lib" {
            continue;
        }
        let code = shipped(&fs::read_to_string(&path).unwrap());
        faults.extend(
            trespasses(&room, &code)
                .into_iter()
                .map(|what| format!("{} names {what}", path.display())),
        );
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_import_rule_sees_every_way_to_write_one() {
    for (room, code) in [
        ("api", "use crate::store::Store;"),
        ("panes", "use crate::{api::Call, queue::{self, Limits}};"),
        ("ui", "fn f() { crate::export::defang(\"\"); }"),
        ("store", "use reqwest::Client;"),
        ("sim", "use crate::{\n    api,\n};"),
        ("queue", "let x: ratatui::Frame;"),
    ] {
        assert_eq!(trespasses(room, code).len(), 1, "{room}: {code}");
    }
    assert!(trespasses("panes", "use crate::{api::Call, ui::text};").is_empty());
    assert!(trespasses("nowhere", "").len() == 1);
}

#[test]
fn panes_do_not_know_each_other() {
    let panes = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/panes");
    let shared =
        ["grids", "lookup", "paint", "piece", "rest", "saved", "sheet", "testing", "window"];
    let mut faults = Vec::new();
    for path in sources().into_iter().filter(|path| path.starts_with(&panes)) {
        let inside = path.strip_prefix(&panes).unwrap();
        let own = inside
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_string_lossy()
            .trim_end_matches(".rs")
            .to_owned();
        let code = shipped(&fs::read_to_string(&path).unwrap());
        for (at, _) in code.match_indices("crate::panes::") {
            let word: String = code[at + "crate::panes::".len()..]
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            let lower = word.chars().next().is_some_and(char::is_lowercase);
            if lower && word != own && !shared.contains(&word.as_str()) {
                faults.push(format!("{} names panes::{word}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn files_stay_rooms() {
    let mut lengths: BTreeMap<usize, Vec<PathBuf>> = BTreeMap::new();
    for path in sources() {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        lengths.entry(lines).or_default().push(path);
    }
    let long: Vec<_> = lengths.range(601..).collect();
    assert!(long.is_empty(), "files over 600 lines become folders: {long:?}");
    let all: Vec<usize> =
        lengths.iter().flat_map(|(lines, paths)| vec![*lines; paths.len()]).collect();
    let median = all[all.len() / 2];
    assert!(median < 250, "the median file has {median} lines");
}

#[test]
fn every_module_says_what_it_is_for() {
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//! "), "{} has no opening line", path.display());
    }
}

#[test]
fn the_registry_is_sound() {
    let scopes = registry();
    Keymap::build(&scopes, &[]).expect("the built-in keys bind");
    let mut ids = BTreeSet::new();
    for (scope, specs) in &scopes {
        for spec in specs {
            assert!(ids.insert(spec.id), "{} is there twice", spec.id);
            assert!(spec.id.starts_with(&format!("{scope}.")), "{} is in {scope}", spec.id);
            assert!(!spec.title.is_empty(), "{}", spec.id);
        }
    }
}

/// Every profile binds every row there is, and each key a profile takes away from a command leaves it another or the palette.
#[test]
fn every_profile_binds_the_registry() {
    use socdeck::keymap::{Choice, LabelKeys, Override, Profile};
    let scopes = registry();
    for profile in [Profile::Vim, Profile::Emacs, Profile::Arrows, Profile::Numpad] {
        Keymap::chosen(&scopes, &Choice { profile, ..Choice::default() })
            .unwrap_or_else(|faults| panic!("{profile:?}: {faults:?}"));
    }
    // What the loader of a French keyboard is told, followed to the letter, works.
    let labels = LabelKeys { keys: "azer".chars().collect(), place: "c.toml:2:1".into() };
    let choice = Choice { labels: Some(labels), ..Choice::default() };
    let faults = Keymap::chosen(&scopes, &choice).unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    let of = faults[0].split(": ").nth(3).unwrap().split("; give each").next().unwrap();
    let ids = of.split("; ").flat_map(|one| one.split(" of ").nth(1).unwrap().split(", "));
    let overrides: Vec<Override> = ids
        .map(|id| Override { id: id.to_owned(), chords: Vec::new(), place: "c.toml:3:1".into() })
        .collect();
    assert!(overrides.iter().any(|one| one.id == "triage.search"), "{faults:?}");
    let freed = Keymap::chosen(&scopes, &Choice { overrides, ..choice }).unwrap();
    assert_eq!(freed.label_digit('z'), Some('2'));
}

/// Acceptance 22: what must never be bound is refused with its place.
#[test]
fn digits_alt_chords_and_flow_control_are_refused_with_their_place() {
    let scopes = registry();
    for chord in ["1", "g 1", "alt-x", "a-x", "^s", "^q", "esc 1", "O", "~"] {
        let over = socdeck::keymap::Override {
            id: "jobs.train".into(),
            chords: vec![chord.into()],
            place: "config.toml:12:1".into(),
        };
        let faults = Keymap::build(&scopes, &[over]).expect_err(chord);
        assert!(faults.iter().all(|fault| fault.starts_with("config.toml:12:1: ")), "{faults:?}");
    }
}

/// The README's key table, as it follows from the registry.
fn key_table() -> String {
    let scopes = registry();
    let keymap = Keymap::build(&scopes, &[]).unwrap();
    let mut table = String::from("| where | keys | what |\n|---|---|---|\n");
    for (scope, specs) in &scopes {
        for spec in specs {
            let keys = keymap.keys(spec.id);
            let keys: Vec<String> =
                keys.iter().map(|key| format!("`{}`", key.replace('|', "\\|"))).collect();
            let row = ["| ", scope, " | ", &keys.join(" "), " | ", spec.title, " |\n"];
            table.extend(row);
        }
    }
    table
}

/// The README holds the table between two marks. `SOCDECK_BLESS=1 cargo test key_table` writes it anew.
#[test]
fn the_readme_key_table_is_the_registry() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- keys: begin -->\n", "<!-- keys: end -->");
    let from = readme.find(begin).expect("the begin mark") + begin.len();
    let to = readme.find(end).expect("the end mark");
    if std::env::var_os("SOCDECK_BLESS").is_some() {
        let blessed = format!("{}{}{}", &readme[..from], key_table(), &readme[to..]);
        fs::write(&path, blessed).unwrap();
        return;
    }
    assert_eq!(
        &readme[from..to],
        key_table(),
        "SOCDECK_BLESS=1 cargo test --test it key_table writes it anew"
    );
}
