//! The chain, cut and forged in every way.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

fn record(row: i64) -> String {
    let record = Record {
        id: format!("file-{row}"),
        t: "2026-01-02T03:04:05.678Z".into(),
        row,
        act: "label".into(),
        label: Some("Dr\u{f6}p \"x\"\n".into()),
        ..Record::default()
    };
    serde_json::to_string(&record).unwrap()
}

fn ledger() -> (tempfile::TempDir, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::in_folder(folder.path());
    (folder, ledger)
}

#[test]
fn a_chain_is_whole_until_anything_is_touched() {
    let (_folder, ledger) = ledger();
    assert_eq!(verify(ledger.path(), None).unwrap(), Verdict::default());
    ledger.append(&[record(1), record(2)]).unwrap();
    let head = ledger.append(&[record(3)]).unwrap();
    let verdict = verify(ledger.path(), Some(&head)).unwrap();
    assert_eq!((verdict.records, verdict.broken), (3, None));
    assert_eq!(verdict.head, head);
    let mode = fs::metadata(ledger.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let text = fs::read_to_string(ledger.path()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let broken = |lines: &[&str]| {
        fs::write(ledger.path(), lines.join("\n") + "\n").unwrap();
        verify(ledger.path(), Some(&head)).unwrap().broken.map(|b| b.line)
    };
    // changed, taken out, doubled, moved
    let changed = lines[1].replace("\"row\":2", "\"row\":9");
    assert_eq!(broken(&[lines[0], &changed, lines[2]]), Some(2));
    assert_eq!(broken(&[lines[0], lines[2]]), Some(2));
    assert_eq!(broken(&[lines[0], lines[1], lines[1], lines[2]]), Some(3));
    assert_eq!(broken(&[lines[1], lines[0], lines[2]]), Some(1));
    // taken off the end: only who remembers the end can tell
    assert_eq!(broken(&lines[..2]), Some(2));
    fs::write(ledger.path(), lines[..2].join("\n") + "\n").unwrap();
    assert_eq!(verify(ledger.path(), None).unwrap().broken, None);
    // written anew as a whole
    fs::remove_file(ledger.path()).unwrap();
    ledger.append(&[record(1), record(2), record(4)]).unwrap();
    assert_eq!(verify(ledger.path(), None).unwrap().broken, None);
    assert_eq!(verify(ledger.path(), Some(&head)).unwrap().broken.unwrap().line, 3);
}

/// Cuts the file at every byte of its last two records, as a crash in the middle of a write would, and goes on.
#[test]
fn what_a_crash_cut_off_is_sealed_and_the_chain_goes_on() {
    let (_folder, ledger) = ledger();
    ledger.append(&[record(1)]).unwrap();
    let first = fs::metadata(ledger.path()).unwrap().len() as usize;
    ledger.append(&[record(2), record(3)]).unwrap();
    let bytes = fs::read(ledger.path()).unwrap();
    let near =
        |cut: usize| bytes[cut.saturating_sub(2)..(cut + 2).min(bytes.len())].contains(&b'\n');
    for cut in (0..=bytes.len()).filter(|cut| cut % 7 == 0 || near(*cut)) {
        fs::write(ledger.path(), &bytes[..cut]).unwrap();
        // A record counts as soon as it is whole, be it without its line feed.
        let ended = bytes[..cut].split(|byte| *byte == b'\n').skip(1).count() as u64;
        let open = bytes.get(cut) == Some(&b'\n');
        let whole = ended + u64::from(open);
        let torn = cut > 0 && bytes[cut - 1] != b'\n' && !open;
        let before = verify(ledger.path(), None).unwrap();
        assert_eq!((before.records, before.broken.clone()), (whole, None), "{cut}");
        assert_eq!(before.torn > 0, torn, "{cut}");
        ledger.append(&[record(4)]).unwrap();
        let after = verify(ledger.path(), None).unwrap();
        assert_eq!(after.broken, None, "{cut}");
        assert_eq!(after.records, whole + 1 + u64::from(torn), "{cut}");
        assert_eq!(after.sealed, u64::from(torn), "{cut}");
        if cut > first {
            assert!(fs::read(ledger.path()).unwrap().starts_with(&bytes[..cut]));
        }
    }
}

#[test]
fn a_seal_excuses_only_the_line_it_was_made_for() {
    let (_folder, ledger) = ledger();
    ledger.append(&[record(1)]).unwrap();
    let mut bytes = fs::read(ledger.path()).unwrap();
    bytes.extend_from_slice(b"{\"n\":2,\"half");
    fs::write(ledger.path(), &bytes).unwrap();
    ledger.append(&[record(2)]).unwrap();
    let text = fs::read_to_string(ledger.path()).unwrap();
    assert_eq!(verify(ledger.path(), None).unwrap().sealed, 1);
    fs::write(ledger.path(), text.replace("\"half", "\"hale")).unwrap();
    assert_eq!(verify(ledger.path(), None).unwrap().broken.unwrap().line, 2);
}

#[test]
fn several_writers_keep_one_chain() {
    let (_folder, ledger) = ledger();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let ledger = &ledger;
            scope.spawn(move || {
                for row in 0..25 {
                    ledger.append(&[record(writer * 100 + row)]).unwrap();
                }
            });
        }
    });
    let verdict = verify(ledger.path(), None).unwrap();
    assert_eq!((verdict.records, verdict.broken), (100, None));
}

#[test]
fn a_record_that_is_there_is_found_and_a_torn_one_is_not() {
    let (_folder, ledger) = ledger();
    assert!(!ledger.holds("file-1", 1 << 20).unwrap());
    ledger.append(&[record(1), record(12)]).unwrap();
    assert!(ledger.holds("file-1", 1 << 20).unwrap());
    assert!(!ledger.holds("file-2", 1 << 20).unwrap());
    let bytes = fs::read(ledger.path()).unwrap();
    fs::write(ledger.path(), &bytes[..bytes.len() - 20]).unwrap();
    assert!(!ledger.holds("file-12", 1 << 20).unwrap());
}

#[test]
fn an_act_is_told_once_with_its_newest_result() {
    let (_folder, ledger) = ledger();
    let with = |id: i64, row: i64, t: &str, state: &str| {
        let record = Record {
            id: format!("file-{id}"),
            t: t.into(),
            row,
            result: Ended { state: state.into(), ..Ended::default() },
            ..Record::default()
        };
        serde_json::to_string(&record).unwrap()
    };
    let (early, late) = ("2026-01-02T03:00:00.000Z", "2026-01-02T04:00:00.000Z");
    ledger
        .append(&[
            with(1, 1, early, "staged"),
            with(2, 2, late, "staged"),
            with(3, 1, early, "sent"),
        ])
        .unwrap();
    let told = |since: Option<&str>| -> Vec<(i64, String)> {
        let since = since.map(|since| since.parse().unwrap());
        acts(ledger.path(), since)
            .unwrap()
            .into_iter()
            .map(|line| (line.record.row, line.record.result.state))
            .collect()
    };
    assert_eq!(told(None), [(1, "sent".to_owned()), (2, "staged".to_owned())]);
    assert_eq!(told(Some("2026-01-02T03:30:00Z")), [(2, "staged".to_owned())]);
    assert_eq!(raw(ledger.path(), None).unwrap().len(), 3);
}
