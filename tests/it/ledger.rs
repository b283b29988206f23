//! `socdeck ledger`: the shift report and the check of the chain, on the real program.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use socdeck::ledger::{Ended, Ledger, Record};

fn run(home: &Path, words: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_socdeck"))
        .arg("ledger")
        .args(words)
        .env_clear()
        .env("HOME", home)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// A home whose ledger holds two acts.
fn home() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join(".local/state/socdeck");
    std::fs::create_dir_all(&state).unwrap();
    let ledger = Ledger::in_folder(&state);
    let record = |id: u32, row: i64, t: &str, label: &str, state: &str| {
        let record = Record {
            id: format!("file-{id}"),
            t: t.into(),
            row,
            act: "label".into(),
            analyst: Some("ana.pop".into()),
            job: Some("1202".into()),
            event: Some("615471".into()),
            label: Some(label.into()),
            result: Ended { state: state.into(), ..Ended::default() },
            ..Record::default()
        };
        serde_json::to_string(&record).unwrap()
    };
    let now = jiff::Timestamp::now().to_string();
    ledger
        .append(&[
            record(1, 1, "2020-01-02T03:04:05.000Z", "=cmd|' /C calc'!A0", "staged"),
            record(2, 1, "2020-01-02T03:04:05.000Z", "=cmd|' /C calc'!A0", "sent"),
            record(3, 2, &now, "Drop \u{1b}[31m", "staged"),
        ])
        .unwrap();
    let path = ledger.path().to_owned();
    (home, path)
}

#[test]
fn a_whole_chain_is_confirmed_and_a_broken_one_named_with_its_place() {
    let (home, path) = home();
    let (code, out, err) = run(home.path(), &["verify"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("3 records, the chain is whole"), "{out}");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"sent\"", "\"lost\"", 1)).unwrap();
    let (code, out, err) = run(home.path(), &["verify"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("ledger.jsonl:2: its hash does not fit"), "{err}");
}

#[test]
fn nothing_done_is_no_fault() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(run(home.path(), &["verify"]).0, 0);
    let (code, out, _) = run(home.path(), &["export"]);
    assert_eq!(code, 0);
    assert!(out.contains("0 acts"), "{out}");
}

#[test]
fn the_report_tells_each_act_once_and_is_safe_to_open() {
    let (home, _) = home();
    let (code, out, _) = run(home.path(), &["export", "--format", "csv"]);
    assert_eq!(code, 0);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 3, "{out}");
    assert!(lines[1].contains("'=cmd") && lines[1].contains(",sent,"), "{out}");
    assert!(!out.contains('\u{1b}'), "{out:?}");
    let (_, out, _) = run(home.path(), &["export", "--since", "-8h"]);
    assert!(out.contains("1 act") && !out.contains("=cmd"), "{out}");
    let (_, out, _) = run(home.path(), &["export", "--format", "jsonl"]);
    assert_eq!(out.lines().count(), 3);
    let (code, _, err) = run(home.path(), &["export", "--since", "soon"]);
    assert_eq!(code, 2);
    assert!(err.contains("--since"), "{err}");
}
