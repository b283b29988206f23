//! Views as a person keeps them: by keys, and what is on the screen then.

use super::super::tests::{bench, pane, press, shown, typed};
use super::*;
use crate::command::{Ask, Target};
use crate::panes::Pane;
use crate::panes::testing::Bench;
use crate::store::Order;
use crate::views::Views;

fn own(bench: &Bench) -> Vec<SavedView> {
    bench.store.views().views().cloned().collect()
}

fn said(bench: &Bench) -> &str {
    let said = bench.asks.iter().rev().find_map(|ask| match ask {
        Ask::Say(_, words) => Some(words.as_str()),
        _ => None,
    });
    said.unwrap_or_default()
}

#[test]
fn the_sheet_lists_what_there_is_with_what_it_holds() {
    let mut bench = bench();
    bench.store.set_views(Ok(Views::default()), true);
    let mut pane = pane(&mut bench);
    press(&mut pane, &mut bench, "triage.views", None);
    insta::assert_snapshot!("built_in_80x24", shown(&bench, &pane, 80, 21));
    typed(&mut pane, &mut bench, "q");
    assert!(!pane.typing());
}

#[test]
fn what_is_on_the_screen_is_kept_shown_renamed_edited_and_removed() {
    let mut bench = bench();
    bench.store.set_views(Ok(Views::default()), true);
    let mut pane = pane(&mut bench);
    // Outliers, narrowed, newest first.
    press(&mut pane, &mut bench, "triage.next-view", None);
    press(&mut pane, &mut bench, "triage.next-view", None);
    press(&mut pane, &mut bench, "triage.find", None);
    typed(&mut pane, &mut bench, "beacon\r");
    press(&mut pane, &mut bench, "triage.order", None);
    typed(&mut pane, &mut bench, "n");
    let before = pane.shown.clone();
    assert_eq!(before.len(), 1);
    press(&mut pane, &mut bench, "triage.views", None);
    typed(&mut pane, &mut bench, "+Low confidence\r");
    assert!(shown(&bench, &pane, 80, 21).contains("is a built-in view"));
    typed(&mut pane, &mut bench, "2\r");
    let kept = own(&bench);
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].name, "Low confidence2");
    assert_eq!(kept[0].view.as_deref(), Some("Outliers"));
    assert_eq!((kept[0].filter.as_str(), kept[0].order.as_deref()), ("beacon", Some("newest")));
    assert_eq!(bench.store.take_view_changes().len(), 1, "it is written down");
    assert!(pane.filter.is_empty(), "the filter is the view's now");
    assert_eq!((pane.view.name(), &pane.shown), ("Low confidence2".to_owned(), &before));
    insta::assert_snapshot!("own_80x24", shown(&bench, &pane, 80, 21));
    insta::assert_snapshot!("own_60x16", shown(&bench, &pane, 60, 13));

    typed(&mut pane, &mut bench, "r");
    typed(&mut pane, &mut bench, " bis\r");
    assert_eq!(own(&bench)[0].name, "Low confidence2 bis");
    assert_eq!(pane.view.name(), "Low confidence2 bis");
    typed(&mut pane, &mut bench, "e conf:<\r\r\r");
    assert!(shown(&bench, &pane, 80, 21).contains("wants a number"), "the filter is refused");
    typed(&mut pane, &mut bench, "95\rx\r\r");
    assert!(shown(&bench, &pane, 80, 21).contains("is no order"), "the order is refused");
    typed(&mut pane, &mut bench, "\u{8}");
    assert_eq!(own(&bench)[0].filter, "beacon", "nothing is changed before all is right");
    pane.cancel();
    press(&mut pane, &mut bench, "triage.views", None);
    typed(&mut pane, &mut bench, "Ge conf:<95\r\r\r");
    assert_eq!(own(&bench)[0].filter, "beacon conf:<95");
    typed(&mut pane, &mut bench, "XX");
    assert_eq!(own(&bench), []);
    assert_eq!(pane.view.name(), "All", "the view on the screen is gone");
    assert_eq!(bench.store.take_view_changes().len(), 3);
}

#[test]
fn a_view_has_its_order_and_the_one_before_comes_back() {
    let mut bench = bench();
    let text = "[[view]]\nname = \"Night\"\nfilter = \"-smb\"\norder = \"title\"\n\n\
                [[view]]\nname = \"broken\"\nfilter = \"conf:high\"\n";
    bench.store.set_views(Views::parse(text).map_err(|fault| fault.what), true);
    let mut pane = pane(&mut bench);
    let order = |bench: &Bench| bench.store.queues[&super::super::testing::job()].order();
    let before = pane.shown.clone();
    pane.open(Some(Target::View("night".into())), &mut bench.cx());
    assert_eq!(
        (pane.view.name(), pane.shown.len(), order(&bench)),
        ("Night".into(), 3, Order::Title)
    );
    assert!(said(&bench).contains("Night, 3 events"), "{}", said(&bench));
    let event = pane.event.clone();
    press(&mut pane, &mut bench, "triage.next-view", None);
    assert_eq!(
        (pane.view.name(), order(&bench)),
        ("All".into(), Order::Worth),
        "broken is left out"
    );
    assert_eq!((&pane.shown, &pane.event), (&before, &event), "the cursor stays on its event");
    press(&mut pane, &mut bench, "triage.previous-view", None);
    assert_eq!(pane.view.name(), "Night");
    for (name, words) in [
        ("nobody", "there is no view nobody"),
        ("broken", "wants a number"),
        ("outl", "view: Outliers"),
        ("ai says escalate", "AI says Escalate, 2 events"),
        ("low confidence", "Low-confidence"),
    ] {
        pane.open(Some(Target::View(name.into())), &mut bench.cx());
        assert!(said(&bench).contains(words), "{name}: {}", said(&bench));
    }
    press(&mut pane, &mut bench, "triage.views", None);
    typed(&mut pane, &mut bench, "G\r");
    let text = shown(&bench, &pane, 80, 21);
    assert!(text.contains("e mends it"), "{text}");
}

#[test]
fn what_is_narrowed_twice_is_kept_as_one() {
    let mut bench = bench();
    bench.store.set_views(Ok(Views::default()), false);
    let mut pane = pane(&mut bench);
    for (filter, name) in [("-smb", "one"), ("conf:>50", "two")] {
        press(&mut pane, &mut bench, "triage.find", None);
        typed(&mut pane, &mut bench, &format!("{filter}\r"));
        press(&mut pane, &mut bench, "triage.views", None);
        typed(&mut pane, &mut bench, &format!("+{name}\r"));
        pane.cancel();
    }
    assert_eq!(own(&bench)[1].filter, "-smb conf:>50");
    assert!(said(&bench).contains("until the program ends"), "{}", said(&bench));
    assert_eq!(pane.shown.len(), 1);
}
