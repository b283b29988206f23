//! What is taken away from the pane: an event as a line, as ticket text, as JSON, its indicator; the shown list as a table.
//!
//! Everything here leaves the program: it is cleaned and defanged, times are UTC. Only what is asked for raw is raw.

use super::context::View;
use super::known::{self, Known};
use crate::command::{Prefs, Take, Target};
use crate::export::{self, Grid};
use crate::outbox::{Row, State};
use crate::panes::grids::{time, utc};
use crate::panes::piece::Piece;
use crate::store::{EventKey, LabelState, Remote, Store};
use crate::ui::{json, text};

/// Digits of a ledger record's hash that are enough to find it by.
const HASH: usize = 12;

fn safe(words: &str) -> String {
    export::defang_text(&text::clean(words))
}

/// A value in a field of its own: an address or a name is defanged whole, anything else as running text.
fn value(words: &str) -> String {
    match known::address(words) {
        Some(address) if !address.internal => export::defang(words),
        _ => safe(words),
    }
}

/// One event in one of the forms it is copied in. `picked` is the value under the cursor.
pub(super) fn take(
    what: Take,
    store: &Store,
    prefs: &Prefs,
    event: &EventKey,
    note: Option<&str>,
    picked: Option<&str>,
) -> Option<String> {
    let known = Known::of(store, event);
    match what {
        Take::Id => Some(event.event.to_string()),
        Take::Line => Some(line(&known)),
        Take::Markdown => Some(ticket(store, prefs, &known, note)),
        Take::Json => {
            let pretty = json::pretty(&known.raw()?);
            let lines: Vec<String> = pretty.lines().map(safe).collect();
            Some(lines.join("\n") + "\n")
        }
        Take::Indicator => indicator(&known, picked).map(|found| export::defang(&found)),
        Take::Raw => indicator(&known, picked),
        Take::Link => None,
    }
}

/// One event as a whole: ticket text, its own text where it was read, its line of the table.
pub(super) fn piece(
    store: &Store,
    prefs: &Prefs,
    event: &EventKey,
    note: Option<&str>,
) -> Option<Piece> {
    let get = |what| take(what, store, prefs, event, note, None);
    let table = grid(store, std::slice::from_ref(event), &format!("Arcanna job {}", event.job));
    Some(Piece {
        kind: "event".to_owned(),
        title: heading(&Known::of(store, event)),
        target: Some(Target::Event(event.job.clone(), event.event.clone())),
        markdown: get(Take::Markdown)?,
        json: get(Take::Json).unwrap_or_else(|| table.json()),
        table,
    })
}

/// The value under the cursor if it is an address or a host, else the first external one, else the first.
fn indicator(known: &Known<'_>, picked: Option<&str>) -> Option<String> {
    let addresses = known.addresses();
    picked
        .filter(|picked| known::address(picked).is_some())
        .map(|picked| export::refang(picked).into_owned())
        .or_else(|| {
            let external = addresses.iter().find(|one| !one.internal);
            external.or(addresses.first()).map(|one| one.text.clone())
        })
}

fn line(known: &Known<'_>) -> String {
    let (says, sure) = (known.says(), known.sure());
    let at = known.found.and_then(|found| found.time.as_ref());
    let places: Vec<String> = known.addresses().iter().map(|one| value(&one.text)).collect();
    let yours = known.yours().map_or_else(String::new, |label| format!("  labelled {label}"));
    safe(&format!(
        "{}  job {} event {}  AI {says} {sure}{yours}  {}  ",
        time(at),
        known.key.job,
        known.key.event,
        known.title(),
    )) + &places.join(" ")
}

/// What it is about, what Arcanna says, between whom.
fn heading(known: &Known<'_>) -> String {
    let (says, sure) = (known.says(), known.sure());
    let yours = known.yours().map_or_else(String::new, |label| format!("  labelled {label}"));
    let places: Vec<String> = known.addresses().iter().map(|one| value(&one.text)).collect();
    safe(&format!("{}  AI {says} {sure}{yours}  ", known.title())) + &places.join(" ")
}

fn labelled<'a>(store: &'a Store, event: &EventKey) -> Option<(&'a Row, &'a str)> {
    match store.writes.label(event) {
        LabelState::Kept(row, label) => Some((row, label)),
        LabelState::None | LabelState::Staging => None,
    }
}

/// Ticket text.
fn ticket(store: &Store, prefs: &Prefs, known: &Known<'_>, note: Option<&str>) -> String {
    let key = known.key;
    let job = store
        .job(&key.job)
        .and_then(|job| job.title.clone())
        .map_or_else(|| key.job.to_string(), |title| format!("{} {title}", key.job));
    let mut out = vec![format!("### Arcanna event {} (job {})", key.event, safe(&job))];
    let (says, sure) = (known.says(), known.sure());
    let low = known
        .decision
        .as_ref()
        .is_some_and(|one| known::below(one.confidence, prefs.low_confidence));
    let mut decision = if known.hidden {
        "- Decision: AI hidden (no vote yet)".to_owned()
    } else {
        format!("- Decision: AI {says} {sure}")
    };
    if low {
        decision.push_str(" (low)");
    }
    let row = labelled(store, key);
    if let Some((row, label)) = row {
        let state = match &row.state {
            State::Sent(_) => "",
            State::Parked(_) => " (refused by the server)",
            State::Unknown(_) => " (not known whether it was applied)",
            State::Held => " (held, not sent)",
            State::Grace | State::Due | State::Sending | State::Undone => " (not sent yet)",
        };
        let who = prefs.analyst.as_deref().unwrap_or("-");
        decision = format!(
            "{decision}, analyst {}: **{}** at {}{state}, blind: {}",
            safe(who),
            safe(label),
            utc(row.staged),
            if row.draft.seen.as_ref().is_some_and(|seen| seen.blind) { "yes" } else { "no" },
        );
    }
    out.push(decision);
    let at = known.found.and_then(|found| found.time.as_ref());
    out.push(format!("- {} at {}", safe(&known.title()), time(at)));
    let points: Vec<String> =
        known.points().iter().map(|(name, one)| format!("{} {}", safe(name), value(one))).collect();
    if !points.is_empty() {
        out.push(format!("- Decision points: {}", points.join("; ")));
    }
    out.extend(darktrace(store, key));
    let kept = row.and_then(|(row, _)| row.draft.note.as_deref());
    let ledger = row
        .and_then(|(row, _)| store.writes.record(row.id))
        .map(|(number, hash)| format!("ledger {number} {}", hash.get(..HASH).unwrap_or(hash)));
    match (note.or(kept), ledger) {
        (Some(note), Some(ledger)) => out.push(format!("- Note: {}       {ledger}", safe(note))),
        (Some(note), None) => out.push(format!("- Note: {}", safe(note))),
        (None, Some(ledger)) => {
            out.push(format!("- {}{}", ledger[..1].to_uppercase(), &ledger[1..]))
        }
        (None, None) => {}
    }
    out.join("\n") + "\n"
}

fn darktrace(store: &Store, key: &EventKey) -> Vec<String> {
    let view = View::of(store, key);
    let mut out = Vec::new();
    if let (Some(address), Some(device)) = (&view.internal, view.device) {
        let tags: Vec<String> = view
            .tags
            .and_then(Remote::value)
            .into_iter()
            .flatten()
            .filter_map(|tag| tag.name.as_deref().map(safe))
            .collect();
        let did = device.did.map_or_else(String::new, |did| format!("did {did} "));
        let tags =
            if tags.is_empty() { String::new() } else { format!(", tags {}", tags.join(", ")) };
        let name = safe(device.name().unwrap_or("-"));
        out.push(format!("- Darktrace: {} is {did}{name}{tags}", value(&address.text)));
        let info = view.connections.and_then(Remote::value);
        let peak = info
            .and_then(|info| info.series.first()?.graph.as_ref())
            .and_then(|graph| graph.iter().max_by(|a, b| a.count.total_cmp(&b.count)));
        if let Some(peak) = peak {
            out.push(format!(
                "- Darktrace 28 d: max {:.0} connections/h {}",
                peak.count,
                utc(peak.at)
            ));
        }
    }
    if let (Some(address), Some(report)) = (&view.external, view.peer.and_then(Remote::value)) {
        let popularity = report
            .popularity
            .map_or_else(|| "-".to_owned(), |popularity| format!("{popularity:.0}"));
        out.push(format!("- Peer {}: popularity {popularity}", value(&address.text)));
    }
    out
}

/// The shown events as a table.
pub(super) fn grid(store: &Store, events: &[EventKey], title: &str) -> Grid {
    let mut grid = Grid::new([
        "event",
        "job",
        "time",
        "ai",
        "confidence",
        "outlier",
        "label",
        "state",
        "title",
        "addresses",
        "note",
    ])
    .title(title);
    for event in events {
        let known = Known::of(store, event);
        let (ai, sure) = (known.says(), known.sure());
        let outlier = known.decision.as_ref().and_then(|one| one.outlier);
        let row = labelled(store, event);
        let state = row.map_or("", |(row, _)| match &row.state {
            State::Sent(_) => "sent",
            State::Parked(_) => "parked",
            State::Unknown(_) => "unknown",
            State::Undone => "undone",
            State::Held => "held, not sent",
            State::Grace | State::Due | State::Sending => "not sent yet",
        });
        let places: Vec<String> = known.addresses().iter().map(|one| value(&one.text)).collect();
        grid.push([
            event.event.to_string(),
            event.job.to_string(),
            time(known.found.and_then(|found| found.time.as_ref())),
            ai,
            sure,
            outlier.map_or("-", |on| if on { "yes" } else { "no" }).to_owned(),
            row.map_or_else(String::new, |(_, label)| label.to_owned()),
            state.to_owned(),
            safe(&known.title()),
            places.join(" "),
            row.and_then(|(row, _)| row.draft.note.as_deref()).map(safe).unwrap_or_default(),
        ]);
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::api::arcanna::EventId;
    use crate::store::key;

    fn prefs() -> Prefs {
        crate::panes::testing::prefs()
    }

    #[test]
    fn what_is_taken_away_is_defanged_unless_asked_raw() {
        let store = testing::store();
        let event = key(&testing::job(), &EventId::from("12023636421771"));
        let get = |what, picked| {
            take(what, &store, &prefs(), &event, Some("see INC-4711 http://evil.example/x"), picked)
                .unwrap()
        };
        assert_eq!(get(Take::Id, None), "12023636421771");
        assert_eq!(get(Take::Indicator, None), "8[.]8[.]8[.]8");
        assert_eq!(get(Take::Raw, None), "8.8.8.8");
        assert_eq!(get(Take::Raw, Some("10.128.0.6")), "10.128.0.6");
        let ticket = get(Take::Markdown, None);
        assert!(
            ticket.starts_with(
                "### Arcanna event 12023636421771 (job 1202)\n- Decision: AI Escalate 47% (low)\n"
            ),
            "{ticket}"
        );
        assert!(ticket.contains("8[.]8[.]8[.]8") && !ticket.contains("8.8.8.8"), "{ticket}");
        assert!(ticket.contains("hxxp://evil[.]example/x"), "{ticket}");
        let json = get(Take::Json, None);
        assert!(json.contains("576330410117303576330410117303"), "{json}");
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
        let line = get(Take::Line, None);
        assert!(
            line.starts_with(
                "2026-11-22 13:59:31Z  job 1202 event 12023636421771  AI Escalate 47%"
            ),
            "{line}"
        );
        assert!(!line.contains('\n') && line.contains("8[.]8[.]8[.]8"), "{line}");
    }

    #[test]
    fn an_event_is_taken_away_whole() {
        let store = testing::store();
        let event = key(&testing::job(), &EventId::from("12023636421771"));
        let piece = piece(&store, &prefs(), &event, Some("scanner window")).unwrap();
        assert_eq!(piece.target, Some(Target::Event(event.job.clone(), event.event.clone())));
        assert!(piece.title.contains("AI Escalate 47%"), "{}", piece.title);
        let text = piece.text();
        assert!(text.starts_with("### Arcanna event 12023636421771"), "{text}");
        assert!(
            text.contains("- Note: scanner window\n") && text.contains("8[.]8[.]8[.]8"),
            "{text}"
        );
        assert!(!text.contains("8.8.8.8") && text.ends_with("}\n"), "{text}");
    }

    #[test]
    fn a_ticket_names_the_ledger_record_once_there_is_one() {
        use crate::ledger::Head;
        use crate::outbox::{Keeper, Notice, Request, Session};
        use crate::store::Wish;
        let mut store = testing::store();
        let now = testing::now();
        let event = key(&testing::job(), &EventId::from("12023636421771"));
        let feedback = crate::api::arcanna::feedback::Feedback {
            job: event.job.clone(),
            event: event.event.clone(),
            label: "Drop".into(),
            username: "ana.pop".into(),
        };
        let act = crate::outbox::Act::Label { feedback, digit: '1' };
        let call = act.call().unwrap();
        let grace = std::time::Duration::from_secs(5);
        let draft = crate::outbox::Draft { act, call, grace, seen: None, note: None, batch: None };
        let mut outbox = Keeper::open(None, Session::nowhere(), now).unwrap().0;
        let mut id = None;
        for notice in outbox.handle(Request::Stage { draft, tag: 1 }, now) {
            if let Notice::Staged { row, .. } = &notice {
                id = Some(row.id);
            }
            store.notice(notice, now);
        }
        assert!(!store.take_wishes().iter().any(|wish| matches!(wish, Wish::Run(_))));
        let text = |store: &Store, note| {
            take(Take::Markdown, store, &prefs(), &event, note, None).unwrap()
        };
        assert!(!text(&store, None).contains("edger"));
        let place = Head { n: 1204, h: "c1e0ab12cd34ef56".into() };
        store.notice(Notice::Recorded(id.unwrap(), place), now);
        assert!(text(&store, None).ends_with("- Ledger 1204 c1e0ab12cd34\n"));
        let noted = text(&store, Some("scanner window, INC-4711"));
        assert!(
            noted.ends_with("- Note: scanner window, INC-4711       ledger 1204 c1e0ab12cd34\n"),
            "{noted}"
        );
    }

    #[test]
    fn the_table_carries_no_control_and_runs_no_formula() {
        let store = testing::store();
        let events: Vec<_> =
            testing::events().iter().map(|one| key(&testing::job(), &one.event_id)).collect();
        let grid = grid(&store, &events, "t");
        for text in [grid.csv(), grid.markdown(), grid.json()] {
            let odd = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r'));
            assert_eq!(odd, None, "{text}");
            assert!(!text.contains('\u{202e}') && !text.contains("8.8.8.8"), "{text}");
        }
        assert_eq!(grid.rows.len(), 4);
    }
}
