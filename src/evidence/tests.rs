//! The basket's bookkeeping: names, limits, and a keeper that answers late or not well.

use super::*;

fn item(at: &str, json: &str) -> Item {
    Item {
        id: 0,
        at: at.parse().unwrap(),
        analyst: Some("ana.pop".into()),
        kind: "event".into(),
        title: "an event".into(),
        pane: "triage".into(),
        target: vec!["event".into(), "1202".into(), "7".into()],
        markdown: "### event 7\n".into(),
        json: json.into(),
        columns: vec!["event".into()],
        rows: vec![vec!["7".into()]],
        note: None,
    }
}

fn pinned(basket: &mut Basket, at: &str) -> u64 {
    match basket.pin(item(at, "{}")).unwrap() {
        Change::Pin(item) => item.id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_pins_of_one_moment_have_two_names() {
    let mut basket = Basket::default();
    let first = pinned(&mut basket, "2026-11-22T14:03:00Z");
    let second = pinned(&mut basket, "2026-11-22T14:03:00Z");
    assert_eq!(second, first + 1);
    assert!(matches!(basket.remove(second), Some(Change::Remove(id)) if id == second));
    assert_ne!(pinned(&mut basket, "2026-11-22T14:03:00Z"), second, "it may still be in the file");
    let third = pinned(&mut basket, "2026-11-22T14:04:00Z");
    let newest: Vec<u64> = basket.newest().map(|item| item.id).collect();
    assert_eq!((newest.len(), newest[0]), (3, third));
}

#[test]
fn a_full_basket_says_so_and_takes_nothing() {
    let mut basket = Basket::default();
    for _ in 0..MOST {
        pinned(&mut basket, "2026-11-22T14:03:00Z");
    }
    let full = basket.pin(item("2026-11-22T14:03:00Z", "{}")).unwrap_err();
    assert!(full.to_string().contains("500 items"), "{full}");
    assert_eq!(basket.len(), MOST);

    let mut basket = Basket::default();
    let large = "x".repeat(BYTES - 2_000);
    basket.pin(item("2026-11-22T14:03:00Z", &large)).unwrap();
    let full = basket.pin(item("2026-11-22T14:03:00Z", &"x".repeat(2_000))).unwrap_err();
    assert!(full.to_string().contains("of 8192 kB"), "{full}");
    let id = basket.newest().next().unwrap().id;
    basket.remove(id);
    assert_eq!((basket.len(), basket.bytes()), (0, 0));
    assert!(basket.pin(item("2026-11-22T14:03:00Z", "{}")).is_ok());
}

#[test]
fn what_could_not_be_kept_stays_for_the_session() {
    let mut basket = Basket::default();
    let kept = pinned(&mut basket, "2026-11-22T14:03:00Z");
    let lost = pinned(&mut basket, "2026-11-22T14:04:00Z");
    assert!(!basket.told(Told::Kept(kept)));
    assert!(!basket.told(Told::Failed(lost, "no space".into())));
    assert!(basket.is_unkept(lost) && !basket.is_unkept(kept));
    // The file knows nothing of it, and has something from another session.
    let mut other = item("2026-11-22T14:05:00Z", "{}");
    other.id = 9;
    let first = basket.get(kept).unwrap().clone();
    let read = |items| Told::Read { items, strange: Vec::new(), place: Ok("f".into()) };
    basket.told(read(vec![first.clone(), other]));
    assert_eq!(basket.len(), 3);
    assert_eq!(basket.note(lost, "why"), None, "there is no line to change");
    assert_eq!(basket.get(lost).unwrap().note.as_deref(), Some("why"));
    assert_eq!(basket.remove(lost), None);
    // Gone from the file, gone from the basket.
    basket.told(read(vec![first]));
    assert_eq!(basket.len(), 1);
    assert_eq!(basket.bytes(), basket.get(kept).unwrap().line().len());
}

#[test]
fn a_read_that_was_asked_before_a_change_does_not_undo_it() {
    let mut basket = Basket::default();
    let old = pinned(&mut basket, "2026-11-22T14:03:00Z");
    basket.told(Told::Kept(old));
    let was = basket.get(old).unwrap().clone();
    let new = pinned(&mut basket, "2026-11-22T14:04:00Z");
    basket.remove(old);
    basket.told(Told::Read {
        items: vec![was.clone()],
        strange: Vec::new(),
        place: Ok("f".into()),
    });
    assert!(basket.get(old).is_none() && basket.get(new).is_some());
    // The removal failed: what is kept is read again and has it.
    assert!(basket.told(Told::Failed(old, "no space".into())));
    basket.told(Told::Read { items: vec![was], strange: Vec::new(), place: Ok("f".into()) });
    assert!(basket.get(old).is_some());
}

#[test]
fn where_nothing_is_kept_a_read_takes_nothing_away() {
    let mut basket = Basket::default();
    let id = pinned(&mut basket, "2026-11-22T14:03:00Z");
    basket.told(Told::Kept(id));
    let place = Err("the demo keeps nothing".into());
    basket.told(Told::Read { items: Vec::new(), strange: Vec::new(), place });
    assert_eq!((basket.len(), basket.bytes() > 0), (1, true));
}

#[test]
fn notes_count_and_blank_ones_are_none() {
    let mut basket = Basket::default();
    let id = pinned(&mut basket, "2026-11-22T14:03:00Z");
    let before = basket.bytes();
    assert_eq!(
        basket.note(id, " see INC-4711 "),
        Some(Change::Note(id, Some("see INC-4711".into())))
    );
    assert!(basket.bytes() > before);
    assert_eq!(basket.note(id, "see INC-4711"), None, "nothing changes");
    assert_eq!(basket.note(id, " "), Some(Change::Note(id, None)));
    assert_eq!(basket.bytes(), before);
    assert_eq!(basket.note(1, "x"), None);
}

#[test]
fn an_item_is_one_line_and_comes_back() {
    let mut one = item("2026-11-22T14:03:00Z", "{\n  \"a\": 1\n}\n");
    one.note = Some("two\nlines".into());
    let line = one.line();
    assert!(!line.contains('\n'));
    assert_eq!(serde_json::from_str::<Item>(&line).unwrap(), one);
    let least = r#"{"id":1,"at":"2026-11-22T14:03:00Z","kind":"k","title":"t","pane":"p","markdown":"m","json":"{}","later":true}"#;
    assert!(serde_json::from_str::<Item>(least).is_ok(), "fields may come and be missing");
}
