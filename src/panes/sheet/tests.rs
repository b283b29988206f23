//! What a person does with a sheet, and how it looks.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::*;
use crate::panes::testing::Bench;

fn press(sheet: &mut Sheet, keys: &str) -> SheetReaction {
    let mut last = SheetReaction::Stay;
    for c in keys.chars() {
        let key = match c {
            '\n' => KeyCode::Enter.into(),
            '\t' => KeyCode::Tab.into(),
            '⇤' => KeyCode::BackTab.into(),
            '↑' => KeyCode::Up.into(),
            '→' => KeyCode::Right.into(),
            '\u{1}'..='\u{1a}' => {
                KeyEvent::new(KeyCode::Char((c as u8 - 1 + b'a') as char), KeyModifiers::CONTROL)
            }
            c => KeyCode::Char(c).into(),
        };
        last = sheet.key(key);
    }
    last
}

fn tag() -> Sheet {
    let mut sheet = Sheet::new("TAG DEVICE 823 web-02", Confirm::Yes, false)
        .note(Tone::Fine, "Everybody who looks at this device sees the tag.")
        .line("tag", "tag", "", "the name of a tag that exists")
        .choice("expires", "expires", &["none", "4h", "24h", "7d"], 2);
    sheet.offer("tag", ["Critical", "Web-DMZ", "Web-Test"].map(String::from).into());
    sheet
}

fn send() -> Sheet {
    Sheet::new(
        "SEND EVENT TO JOB 1202 suricata-edge",
        Confirm::Type("the job id".into(), "1202".into()),
        false,
    )
    .note(Tone::Mind, "It cannot be taken back once it is sent.")
    .line("title", "title", "", "")
    .editor("event", "event", "{\n  \"a\": 1\n}", "JSON; @file reads a file")
}

#[test]
fn enter_alone_never_confirms() {
    let mut sheet = tag();
    sheet.set_request(Ok("POST /tags/entities".into()));
    assert_eq!(press(&mut sheet, "\n\n\n\n\n\n"), SheetReaction::Stay);
    assert!(sheet.refused.is_some());
    assert_eq!(press(&mut sheet, "x"), SheetReaction::Stay);
    assert_eq!(press(&mut sheet, "y"), SheetReaction::Confirmed);
    let mut sheet = send();
    sheet.set_request(Ok("POST /api/v1/events/".into()));
    assert_eq!(press(&mut sheet, "\n\t"), SheetReaction::Stay);
    assert_eq!(press(&mut sheet, "\n\n"), SheetReaction::Stay);
    assert_eq!(press(&mut sheet, "y\n"), SheetReaction::Stay);
    assert_eq!(press(&mut sheet, "\u{15}1202"), SheetReaction::Stay);
    assert_eq!(press(&mut sheet, "\n"), SheetReaction::Confirmed);
}

#[test]
fn a_y_in_a_field_is_text() {
    let mut sheet = tag();
    sheet.set_request(Ok("POST".into()));
    assert_eq!(press(&mut sheet, "y"), SheetReaction::Edited);
    assert_eq!(sheet.value("tag"), "y");
}

#[test]
fn a_refused_confirmation_says_why_and_loses_nothing() {
    let mut sheet = tag();
    press(&mut sheet, "Under");
    sheet.set_request(Err("no tag has that name".into()));
    press(&mut sheet, "\n\n");
    assert_eq!(press(&mut sheet, "y"), SheetReaction::Stay);
    assert_eq!(sheet.refused.as_deref(), Some("no tag has that name"));
    sheet.set_request(Ok("POST".into()));
    sheet.complain("tag", Some("no such tag".into()));
    assert_eq!(press(&mut sheet, "y"), SheetReaction::Stay);
    assert_eq!(sheet.focus, 0, "the cursor goes to what is wrong");
    assert_eq!(sheet.value("tag"), "Under");
    sheet.complain("tag", None);
    assert_eq!(press(&mut sheet, "\n\ny"), SheetReaction::Confirmed);
}

#[test]
fn nothing_is_confirmed_read_only_or_without_a_request() {
    let mut sheet = Sheet::new("REMOVE", Confirm::Yes, false);
    assert_eq!(press(&mut sheet, "y"), SheetReaction::Stay);
    let mut sheet = Sheet::new("REMOVE", Confirm::Yes, true);
    sheet.set_request(Ok("DELETE /tags/entities".into()));
    assert_eq!(press(&mut sheet, "y"), SheetReaction::Stay);
    assert!(sheet.refused.as_deref().unwrap().starts_with("READ-ONLY"));
}

#[test]
fn a_pasted_confirmation_is_none() {
    let mut sheet = send();
    sheet.set_request(Ok("POST".into()));
    press(&mut sheet, "\n\t");
    sheet.paste("1202");
    assert_eq!(press(&mut sheet, "\n"), SheetReaction::Stay);
    assert_eq!(sheet.answer.text(), "");
}

#[test]
fn tab_completes_then_moves_on() {
    let mut sheet = tag();
    assert_eq!(press(&mut sheet, "we\t"), SheetReaction::Edited);
    assert_eq!(sheet.value("tag"), "Web-");
    assert_eq!(press(&mut sheet, "d\t"), SheetReaction::Edited);
    assert_eq!(sheet.value("tag"), "Web-DMZ");
    press(&mut sheet, "\t");
    assert_eq!(sheet.focus, 1);
    press(&mut sheet, "→");
    assert_eq!(sheet.value("expires"), "7d");
    press(&mut sheet, "4");
    assert_eq!(sheet.value("expires"), "4h");
    press(&mut sheet, "⇤");
    assert_eq!(sheet.focus, 0);
    for (text, longer) in [
        ("", None),
        ("crit", Some("Critical")),
        ("CRITICAL", Some("Critical")),
        ("Critical", None),
        ("test", Some("Web-Test")),
        ("zz", None),
    ] {
        let words = ["Critical", "Web-DMZ", "Web-Test"].map(String::from);
        assert_eq!(completion(text, &words).as_deref(), longer, "{text}");
    }
}

#[test]
fn the_editor_takes_enter_and_arrows_and_tab_leaves_it() {
    let mut sheet = send();
    press(&mut sheet, "a title\n");
    assert_eq!(press(&mut sheet, "\n"), SheetReaction::Edited);
    assert_eq!(press(&mut sheet, "\u{18}\u{5}"), SheetReaction::Edit);
    sheet.edited("{}\n");
    assert_eq!(sheet.value("event"), "{}");
    press(&mut sheet, "\t");
    assert_eq!(sheet.focus, 2);
    assert_eq!(press(&mut sheet, "\u{7}"), SheetReaction::Close);
    assert_eq!(sheet.value("title"), "a title");
}

#[test]
fn sheets_look_like_this() {
    let bench = Bench::default();
    let shown = |sheet: &Sheet, width, height| {
        bench.shown(width, height, |bench, area, buf| {
            let at = sheet.draw(&bench.look(), area, buf);
            assert!(at.is_some_and(|at| area.contains(at)), "{at:?}");
        })
    };
    let mut sheet = tag();
    press(&mut sheet, "web");
    sheet.set_request(Err("the tag's name is not complete".into()));
    let mut all = shown(&sheet, 80, 14);
    press(&mut sheet, "-DMZ");
    sheet.help("tag", "on 3 devices");
    sheet.set_request(Ok("POST /tags/entities did=823&duration=86400&tag=Web-DMZ".into()));
    press(&mut sheet, "\t\t");
    all += &shown(&sheet, 80, 14);
    let mut sheet = send();
    sheet.complain("event", Some("line 2, column 9: a value is missing".into()));
    press(&mut sheet, "title\n");
    sheet.set_request(Ok(format!("POST /api/v1/events/ {}", "x".repeat(300))));
    all += &shown(&sheet, 80, 21);
    all += &shown(&sheet, 60, 13);
    insta::assert_snapshot!(all);
}

#[test]
fn any_size_is_drawn() {
    let bench = Bench::default();
    for sheet in [tag(), send()] {
        for width in 0..50 {
            for height in 0..20 {
                bench.shown(width, height, |bench, area, buf| {
                    sheet.draw(&bench.look(), area, buf);
                });
            }
        }
    }
}
