//! Breaches: what is read, chosen and counted, where it leads, and how it looks.

mod writes;

use super::*;
use crate::api::Cause;
use crate::api::darktrace::breaches::{BreachById, BreachDetails, Breaches, Comments};
use crate::api::darktrace::tags::DeviceTags;
use crate::command::PaneId;
use crate::panes::testing::Bench;
use crate::store::breaches::CONNECTIONS;

/// A breach made so many minutes ago.
fn breach(pbid: i64, minutes: i64, score: &str, model: &str, more: &str) -> String {
    let at = 1_795_183_500_000 - minutes * 60_000; // 2026-11-20T14:05:00Z
    format!(
        r#"{{"pbid":{pbid},"time":{},"creationTime":{at},"commentCount":0{score},"model":{{"then":{{{model}}}}}{more}}}"#,
        at - 60_000
    )
}

fn device(did: i64, name: &str, ip: &str) -> String {
    format!(
        r#","device":{{"did":{did},"hostname":"{name}","ip":"{ip}","typelabel":"Server","tags":[{{"name":"Critical","tid":9}}]}}"#
    )
}

/// Five open breaches: high and critical ones, one of the system, one of Unified View, one with hardly anything.
fn page() -> String {
    let exfiltration = r#""name":"Anomalous Connection::Data Sent to Rare Domain","priority":4,"category":"Suspicious",
        "compliance":false,"description":"A device sends far more than it ever did to a place few others go to.","tags":["AP: Egress"],
        "mitre":{"tactics":["exfiltration"],"techniques":["T1041"]}"#;
    let measured = r#","percentscore":99,"triggeredComponents":[{"time":1795183400000,"size":5300000,"threshold":1000000,
        "metric":{"label":"External Data Transfer"},"triggeredFilters":[{"filterType":"Rare external endpoint","comparatorType":">",
        "arguments":{"value":80},"trigger":{"value":"97"}}]}]"#;
    [
        breach(
            101,
            5,
            r#","score":0.72"#,
            exfiltration,
            &format!("{}{measured}", device(7, "web-07", "10.20.1.7")),
        ),
        breach(
            102,
            30,
            r#","score":0.91"#,
            r#""name":"Compromise::Beacon","priority":5,"category":"Critical""#,
            &device(8, "ws-08", "10.20.1.8"),
        ),
        breach(
            103,
            90,
            r#","percentscore":12"#,
            r#""name":"System::System","priority":1,"category":"Informational""#,
            "",
        ),
        breach(
            104,
            600,
            r#","score":0.6"#,
            r#""name":"Device::Network Scan","priority":3"#,
            &device(1_000_000_000_001, "", "10.20.1.9"),
        ),
        breach(105, 1_300, "", "", ""),
    ]
    .join(",")
}

fn list(all: bool) -> Breaches {
    Breaches { include_acknowledged: all, ..Breaches::default() }
}

const LOG: &str = r#"[{"action":"policybreach","timems":1795183200000,"acknowledged":false},
  {"action":"connection","timems":1795183140000,"sdid":7,"source":"web-07","destination":"files.rare.example","destinationPort":443,
   "direction":"out","protocol":"TCP","applicationprotocol":"SSL","sourceDevice":{"did":7,"ip":"10.20.1.7"},
   "destinationDevice":{"hostname":"files.rare.example","ip":"203.0.113.9","country":"Norway"}},
  {"action":"connection","timems":1795183080000,"sdid":7,"ddid":2,"source":"web-07","destination":"dc-02","destinationPort":88,
   "direction":"out","protocol":"TCP","destinationDevice":{"did":2,"ip":"10.20.1.2"}},
  {"action":"notice","time":"2026-11-20 13:55:00"}]"#;

const COMMENTS: &str = r#"[{"message":"Known change,\nsee INC-4711.","username":"s.okafor","time":1795183200000,"pid":1}]"#;

/// The pane on the open breaches, the cursor rested on the first one.
fn open() -> (Bench, BreachesPane) {
    let (mut bench, mut pane) = (Bench::default(), BreachesPane::default());
    pane.open(None, &mut bench.cx());
    bench.land(&list(false), &format!("[{}]", page()));
    pane.changed(&mut bench.cx());
    rest(&mut bench, &mut pane);
    bench.land(&BreachDetails { pbid: 101, count: CONNECTIONS }, LOG);
    bench.land(&Comments { pbid: 101 }, COMMENTS);
    bench.land(&DeviceTags { did: 7 }, r#"[{"name":"Critical"},{"name":"Web-DMZ"}]"#);
    pane.changed(&mut bench.cx());
    bench.wished();
    (bench, pane)
}

fn rest(bench: &mut Bench, pane: &mut BreachesPane) {
    bench.now = bench.now.plus(REST);
    pane.tick(&mut bench.cx());
}

fn step(bench: &mut Bench, pane: &mut BreachesPane, by: isize) {
    let (list, len) = pane.list(&bench.store).unwrap();
    list.step(by, len);
    pane.moved(&mut bench.cx());
}

fn said(bench: &mut Bench) -> String {
    let said = std::mem::take(&mut bench.asks).into_iter().filter_map(|ask| match ask {
        Ask::Say(_, words) => Some(words),
        _ => None,
    });
    said.collect::<Vec<_>>().join("; ")
}

fn gone_to(bench: &mut Bench) -> (PaneId, Target) {
    match std::mem::take(&mut bench.asks).pop() {
        Some(Ask::Go(pane, Some(target))) => (pane, target),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_open_breaches_of_a_day_are_read_and_details_only_where_the_cursor_rests() {
    let (mut bench, mut pane) = (Bench::default(), BreachesPane::default());
    pane.open(None, &mut bench.cx());
    assert_eq!(
        bench.wished().1,
        [
            "GET /modelbreaches?creationtime=true&deviceattop=true&endtime=1795183500000&includeacknowledged=false&minimal=false&starttime=1795097100000"
        ]
    );
    bench.land(&list(false), &format!("[{}]", page()));
    pane.changed(&mut bench.cx());
    assert_eq!(pane.shown, [101, 102, 103, 104, 105], "the newest first");
    assert!(bench.wished().1.is_empty(), "a cursor that does not rest asks nothing");
    step(&mut bench, &mut pane, 1);
    step(&mut bench, &mut pane, 1);
    assert!(pane.deadline().is_some());
    pane.tick(&mut bench.cx());
    assert!(bench.wished().1.is_empty());
    rest(&mut bench, &mut pane);
    assert_eq!(
        bench.wished().1,
        ["GET /modelbreaches/103/comments", "GET /details?count=101&pbid=103"],
        "a breach of the system has no device to ask about"
    );
    assert_eq!(pane.deadline(), None, "nothing ticks while nothing waits");
}

#[test]
fn a_refresh_moves_nothing_and_counts_what_is_new() {
    let (mut bench, mut pane) = open();
    step(&mut bench, &mut pane, 1);
    pane.refresh(&mut bench.cx());
    // One came, the first was acknowledged by somebody.
    let newer = breach(110, 1, r#","score":0.5"#, r#""name":"A::New""#, "");
    let rest = page();
    let rest = rest.split_once(r#",{"pbid":102"#).unwrap().1;
    let second = format!(r#"[{newer},{{"pbid":102{rest}]"#);
    bench.land(&list(false), &second);
    pane.changed(&mut bench.cx());
    assert_eq!(pane.shown, [101, 102, 103, 104, 105]);
    assert_eq!((pane.newer, pane.chosen, pane.list.cursor()), (1, Some(102), 1));
    assert!(pane.heading(&bench.store).contains("+1 new"));
    let shown = bench.pane(&pane, 80, 21);
    assert!(shown.contains("+1 new, r shows them"), "{shown}");
    pane.refresh(&mut bench.cx());
    assert_eq!((pane.shown.as_slice(), pane.newer), (&[110, 102, 103, 104, 105][..], 0));
    assert_eq!((pane.chosen, pane.list.cursor()), (Some(102), 1), "the cursor stays on its breach");
}

#[test]
fn views_orders_and_filter_choose() {
    let (mut bench, mut pane) = open();
    bench.run(&mut pane, "breaches.previous-view");
    assert_eq!((pane.view, pane.shown.as_slice()), (View::Critical, &[102][..]));
    bench.run(&mut pane, "breaches.previous-view");
    assert_eq!(pane.shown, [101, 102, 104], "0.6 is high");
    bench.run(&mut pane, "breaches.previous-view");
    assert_eq!(pane.view, View::All);
    let asked = bench.wished().1;
    assert_eq!(asked.len(), 2, "all, and the open ones: both together tell what is acknowledged");
    assert!(asked[1].contains("includeacknowledged=true"), "{asked:?}");
    let acknowledged = breach(99, 10, r#","score":0.8"#, r#""name":"B::Old""#, "");
    bench.land(&list(false), &format!("[{}]", page()));
    bench.land(&list(true), &format!("[{acknowledged},{}]", page()));
    pane.changed(&mut bench.cx());
    assert_eq!(pane.shown, [101, 99, 102, 103, 104, 105]);
    assert_eq!(bench.store.breaches.acknowledged(99), Some(true));
    assert_eq!(bench.store.breaches.acknowledged(101), Some(false));
    bench.run(&mut pane, "breaches.order");
    assert_eq!(pane.shown, [102, 99, 101, 104, 103, 105], "no score comes last");
    assert!(said(&mut bench).contains("highest score first"));
    bench.run(&mut pane, "breaches.order");
    assert_eq!(pane.shown[..2], [104, 101], "by device, those without a name by their address");
    bench.run(&mut pane, "breaches.find");
    bench.press(&mut pane, "EGRESS");
    assert_eq!(pane.shown, [101], "a tag, whatever its case");
    bench.press(&mut pane, "\n");
    assert!(!pane.typing() && pane.cancel());
    assert_eq!(pane.filter, "");
}

#[test]
fn the_reach_is_written_as_a_person_says_it() {
    let (mut bench, mut pane) = open();
    bench.run(&mut pane, "breaches.narrow");
    bench.press(&mut pane, "\u{15}soon\n");
    assert!(said(&mut bench).contains("'soon' is no time window"));
    assert!(pane.typing(), "a refused text stays, to be mended");
    bench.press(&mut pane, "\u{15}last 7d >= 60\n");
    let asked = bench.wished().1;
    assert!(asked[0].contains("minscore=0.6&starttime=1794578700000"), "{asked:?}");
    assert!(!pane.typing());
    bench.land(&list(false), "[]");
    pane.changed(&mut bench.cx());
    let shown = bench.pane(&pane, 80, 21);
    assert!(shown.contains("There is no open breach in: last 7d >= 60."), "{shown}");
    let now = bench.now.wall;
    let read = |text: &str| Reach::read(text, now).map(|reach| reach.text());
    assert_eq!(read(">=45").unwrap(), "last 24h >= 45");
    assert_eq!(read("today >= 0").unwrap(), "today");
    assert!(read("today >= 101").unwrap_err().contains("0 to 100"));
    assert!(read("today >= high").unwrap_err().contains("'high' is no score"));
}

#[test]
fn a_breach_leads_on() {
    let (mut bench, mut pane) = open();
    bench.run(&mut pane, "breaches.device");
    assert_eq!(gone_to(&mut bench), (PaneId::Devices, Target::Device(7)));
    bench.run(&mut pane, "breaches.endpoint");
    let endpoint = Target::Endpoint("files.rare.example".into());
    assert_eq!(gone_to(&mut bench), (PaneId::Endpoint, endpoint.clone()));
    bench.run(&mut pane, "breaches.watch");
    assert_eq!(gone_to(&mut bench), (PaneId::Watched, Target::Watch("files.rare.example".into())));
    bench.run(&mut pane, "breaches.search");
    let query = "[+-15m of 2026-11-20T13:59Z] @fields.source_ip:\"10.20.1.7\"";
    assert_eq!(gone_to(&mut bench), (PaneId::Search, Target::Search(query.into())));
    // The first row of the log is the breach, no connection.
    bench.run(&mut pane, "breaches.previous-part");
    assert_eq!(pane.list(&bench.store).unwrap().1, 3);
    bench.run(&mut pane, "breaches.open");
    assert_eq!(gone_to(&mut bench), (PaneId::Endpoint, endpoint));
    bench.run(&mut pane, "breaches.search");
    let query =
        "[+-15m of 2026-11-20T13:59Z] @fields.source_ip:\"10.20.1.7\" AND \"files.rare.example\"";
    assert_eq!(gone_to(&mut bench), (PaneId::Search, Target::Search(query.into())));
    step(&mut bench, &mut pane, 1);
    assert_eq!(pane.chosen, Some(101), "the keys move in the connections");
    bench.run(&mut pane, "breaches.open");
    assert_eq!(gone_to(&mut bench), (PaneId::Devices, Target::Device(2)));
    let refused = |pane: &BreachesPane, bench: &Bench, id: &str| {
        let index = pane_row(id);
        crate::panes::Registered::ready(pane, index, &bench.store).unwrap_err().into_owned()
    };
    assert!(refused(&pane, &bench, "breaches.endpoint").contains("no external address"));
    pane.cancel();
    step(&mut bench, &mut pane, 2);
    assert_eq!(pane.chosen, Some(103));
    assert!(refused(&pane, &bench, "breaches.device").contains("of the system itself"));
}

fn pane_row(id: &str) -> usize {
    use crate::panes::Rows;
    BreachesPane::ROWS.iter().position(|row| row.id == id).unwrap()
}

#[test]
fn one_breach_is_opened_by_its_number_and_left_again() {
    let (mut bench, mut pane) = open();
    pane.open(Some(Target::Breach(4_107)), &mut bench.cx());
    let asked = bench.wished().1;
    assert!(asked[0].ends_with("pbid=4107"), "{asked:?}");
    assert_eq!(pane.place(), Some(Target::Breach(4_107)));
    assert!(bench.pane(&pane, 80, 21).contains("breach 4107 alone"));
    bench.land(&BreachById { pbid: 4_107 }, "[]");
    pane.changed(&mut bench.cx());
    assert!(bench.pane(&pane, 80, 21).contains("there is no such breach"));
    // A single object in place of an array.
    bench.land(
        &BreachById { pbid: 4_107 },
        &breach(4_107, 9_000, r#","score":0.4"#, r#""name":"C::One""#, ""),
    );
    pane.changed(&mut bench.cx());
    assert!(bench.pane(&pane, 80, 21).contains("C::One"));
    assert!(pane.cancel());
    pane.changed(&mut bench.cx());
    assert_eq!(pane.shown, [101, 102, 103, 104, 105]);
}

#[test]
fn what_is_taken_away_is_defanged_and_in_utc() {
    let (mut bench, mut pane) = open();
    let take =
        |pane: &BreachesPane, bench: &Bench, what| pane.take(what, &bench.store, &bench.prefs);
    assert_eq!(take(&pane, &bench, Take::Id).as_deref(), Some("101"));
    assert_eq!(take(&pane, &bench, Take::Indicator).as_deref(), Some("files[.]rare[.]example"));
    assert_eq!(take(&pane, &bench, Take::Raw).as_deref(), Some("files.rare.example"));
    insta::assert_snapshot!("ticket", take(&pane, &bench, Take::Markdown).unwrap());
    insta::assert_snapshot!("list_csv", pane.grid(&bench.store).unwrap().csv());
    bench.run(&mut pane, "breaches.previous-part");
    insta::assert_snapshot!("connections_csv", pane.grid(&bench.store).unwrap().csv());
}

#[test]
fn breaches_look_like_this() {
    let (mut bench, mut pane) = open();
    insta::assert_snapshot!("full_80x24", bench.pane(&pane, 80, 21));
    insta::assert_snapshot!("full_140x40", bench.pane(&pane, 140, 37));
    insta::assert_snapshot!("full_60x16", bench.pane(&pane, 60, 13));
    bench.run(&mut pane, "breaches.next-part");
    insta::assert_snapshot!("comments_80x24", bench.pane(&pane, 80, 21));
    bench.run(&mut pane, "breaches.next-part");
    insta::assert_snapshot!("connections_80x24", bench.pane(&pane, 80, 21));
    insta::assert_snapshot!("connections_60x16", bench.pane(&pane, 60, 13));
    bench.run(&mut pane, "breaches.next-part");
    bench.run(&mut pane, "breaches.open");
    insta::assert_snapshot!("closer_80x24", bench.pane(&pane, 80, 21));
    assert!(pane.cancel());
    bench.fail(&list(false), Cause::Refused("licence".into()));
    insta::assert_snapshot!("stale_80x24", bench.pane(&pane, 80, 21));
    insta::assert_snapshot!("stale_140x40", bench.pane(&pane, 140, 37));
    insta::assert_snapshot!("stale_60x16", bench.pane(&pane, 60, 13));
}

#[test]
fn other_states_look_like_this() {
    for (width, height) in [(80, 21), (140, 37), (60, 13)] {
        let (mut bench, mut pane) = (Bench::default(), BreachesPane::default());
        let mut all = bench.pane(&pane, width, height);
        pane.open(None, &mut bench.cx());
        all += &bench.pane(&pane, width, height);
        bench.fail(&list(false), Cause::Refused("licence".into()));
        pane.changed(&mut bench.cx());
        all += &bench.pane(&pane, width, height);
        bench.land(&list(false), "[]");
        pane.changed(&mut bench.cx());
        all += &bench.pane(&pane, width, height);
        bench.prefs.absent = vec![Product::Darktrace];
        all += &bench.pane(&pane, width, height);
        let trimmed: Vec<&str> = all.lines().filter(|line| !line.is_empty()).collect();
        insta::assert_snapshot!(format!("states_{width}"), trimmed.join("\n"));
    }
}

/// Names no honest source sends, in every field a stranger can write.
#[test]
fn hostile_words_reach_no_cell_as_they_are() {
    let evil = r"evil\u001b]52;c;eA==\u0007\u202e\u0000\u009b31m";
    let (mut bench, mut pane) = (Bench::default(), BreachesPane::default());
    pane.open(None, &mut bench.cx());
    let model = format!(
        r#""name":"A::{evil}","category":"{evil}","description":"{evil}","tags":["{evil}"],"mitre":{{"tactics":["{evil}"]}}"#
    );
    let more = format!(
        r#","breachUrl":"{evil}","device":{{"did":7,"hostname":"{evil}","ip":"{evil}","tags":[{{"name":"{evil}"}}]}},
        "triggeredComponents":[{{"metric":{{"label":"{evil}"}},"triggeredFilters":[{{"filterType":"{evil}","trigger":{{"value":"{evil}"}}}}]}}]"#
    );
    bench.land(&list(false), &format!("[{}]", breach(101, 5, r#","score":0.7"#, &model, &more)));
    pane.changed(&mut bench.cx());
    let comments =
        format!(r#"[{{"message":"{evil}\n{evil}","username":"{evil}","time":"{evil}"}}]"#);
    bench.land(&Comments { pbid: 101 }, &comments);
    let log = format!(
        r#"[{{"action":"{evil}","destination":"{evil}","direction":"{evil}","applicationprotocol":"{evil}","destinationDevice":{{"country":"{evil}"}}}}]"#
    );
    bench.land(&BreachDetails { pbid: 101, count: CONNECTIONS }, &log);
    let mut all = String::new();
    for part in Part::ALL {
        pane.part = part;
        all += &bench.pane(&pane, 140, 37);
        all += &bench.pane(&pane, 80, 21);
        all += &pane.grid(&bench.store).unwrap().csv();
        all += &pane.grid(&bench.store).unwrap().markdown();
    }
    pane.part = Part::Info;
    all += &pane.take(Take::Markdown, &bench.store, &bench.prefs).unwrap();
    let bad = all.chars().find(|c| {
        (c.is_control() && !matches!(c, '\n' | '\r')) || ('\u{202a}'..='\u{202e}').contains(c)
    });
    assert_eq!(bad, None, "{all}");
    insta::assert_snapshot!("hostile_80x24", bench.pane(&pane, 80, 21));
}

#[test]
fn any_size_is_drawn() {
    let (mut bench, mut pane) = open();
    for part in Part::ALL {
        pane.part = part;
        for closer in [false, true] {
            pane.closer = closer;
            for (width, height) in [
                (0, 0),
                (1, 1),
                (3, 30),
                (20, 4),
                (60, 13),
                (79, 15),
                (120, 29),
                (121, 9),
                (300, 90),
            ] {
                bench.pane(&pane, width, height);
            }
        }
    }
    pane.closer = false;
    pane.part = Part::Info;
    bench.pane(&pane, 80, 18);
    pane.scroll(1_000);
    let shown = bench.pane(&pane, 80, 18);
    pane.scroll(-1);
    assert_ne!(bench.pane(&pane, 80, 18), shown, "one key scrolls back at once: {shown}");
    bench.asks.clear();
}
