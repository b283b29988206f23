//! Devices: what is asked, opened, tagged and drawn.

use super::*;
use crate::api::Cause;
use crate::api::darktrace::connections::ConnectionInfo;
use crate::api::darktrace::devices::{DeviceById, DeviceSearch, Order, OrderBy, SimilarDevices};
use crate::api::darktrace::tags::{DeviceTags, Tags};
use crate::outbox::{Answered, Keeper, Notice, Request, Session, Settlement};
use crate::panes::testing::Bench;
use crate::store::{Lands, Wish};

const NOW: i64 = 1_795_183_500; // 2026-11-20T14:05:00Z
const HOUR: i64 = 3_600;

/// A page of a search: devices `from` to `to`, of `total`.
fn page(from: i64, to: i64, total: i64) -> String {
    let devices: Vec<String> = (from..to)
        .map(|did| {
            format!(
                r#"{{"did": {did}, "hostname": "web-{did:02}", "ip": "172.31.32.{did}", "typelabel": "Server", "macaddress": "0a:df:4b:52:64:7a", "vendor": "Acme", "os": "Linux", "sid": 114, "firstSeen": 1596758400000, "lastSeen": {}}}"#,
                (NOW - did * 60) * 1000
            )
        })
        .collect();
    format!(r#"{{"totalCount": {total}, "devices": [{}]}}"#, devices.join(","))
}

/// Connections: nights on Tuesdays and Wednesdays, days on weekdays; with gaps.
fn graph(seed: i64) -> String {
    let mut points = Vec::new();
    for hour in 0..28 * 24 {
        let at = NOW.div_euclid(HOUR) * HOUR - (28 * 24 - 1 - hour) * HOUR;
        let (day, of) =
            ((at.div_euclid(86_400) + 3).rem_euclid(7), at.div_euclid(HOUR).rem_euclid(24));
        let count = match (day, of) {
            (1 | 2, 1..=3) => 600 + (hour * seed) % 24,
            (0..=4, 9..=17) => 100 + (hour * 7 * seed) % 90,
            (0..=4, 6 | 20) => 4,
            _ => 0,
        };
        if count > 0 {
            points.push(format!(r#"{{"time": {}, "count": {count}}}"#, at * 1000));
        }
    }
    points.join(",")
}

fn info(similar: bool) -> String {
    let series = |did: i64, score: i64| {
        format!(
            r#"{{"did": {did}, "similarityScore": {score}, "graphData": [{}], "info": {{"totalUsed": 100, "totalServed": 3,
            "devicesAndPorts": [
              {{"deviceAndPort": {{"direction": "in", "device": 7, "port": 443}}, "size": 9}},
              {{"deviceAndPort": {{"direction": "out", "device": 2, "port": 53}}, "size": 24}},
              {{"deviceAndPort": {{"direction": "out", "device": 0, "port": "5001 - 10000"}}, "size": 12}},
              {{"deviceAndPort": {{"direction": "out", "device": -5, "port": 80}}, "size": 11}},
              {{"deviceAndPort": "others", "size": 5}}]}}}}"#,
            graph(did)
        )
    };
    let mut all = vec![series(1, 100)];
    if similar {
        all.extend([series(17, 96), series(44, 91)]);
    }
    format!(
        r#"{{"deviceInfo": [{}], "devices": [{{"did": 2, "hostname": "dns-01"}}]}}"#,
        all.join(",")
    )
}

fn find(text: &str, offset: u64) -> DeviceSearch {
    DeviceSearch {
        query: text.into(),
        count: 100,
        offset,
        order_by: OrderBy::LastSeen,
        order: Order::Desc,
    }
}

fn wanted(pane: &DevicesPane) -> ConnectionInfo {
    pane.connections_of(1)
}

const TAGS: &str = r#"[
 {"tid": 12, "name": "Critical", "expiry": 0, "restricted": false, "data": {"auto": true, "description": "crown jewel"}},
 {"tid": 31, "name": "Web-DMZ", "expiry": 1795269900000, "restricted": false, "data": {"description": ""}}]"#;
const ALL_TAGS: &str = r#"[
 {"tid": 12, "name": "Critical", "expiry": 0, "restricted": false, "data": {"description": "crown jewel"}},
 {"tid": 31, "name": "Web-DMZ", "expiry": 0, "restricted": false},
 {"tid": 40, "name": "Under-Investigation", "expiry": 0, "restricted": false, "data": {"description": "an analyst looks at it"}},
 {"tid": 50, "name": "Admin", "expiry": 0, "restricted": true}]"#;

fn open() -> (Bench, DevicesPane) {
    let mut bench = Bench::default();
    let mut pane = DevicesPane::default();
    pane.open(Some(Target::Find("web".into())), &mut bench.cx());
    bench.land(&find("web", 0), &page(1, 4, 5));
    let tags = DeviceTags { did: 1 };
    bench.land(&tags, TAGS);
    let similar = SimilarDevices { did: 1, count: 10, full: false };
    bench.land(&similar, r#"[{"did": 44, "hostname": "web-44", "score": 91}, {"did": 17, "hostname": "web-17", "score": 96, "typelabel": "Server"}]"#);
    let connections = wanted(&pane);
    bench.land(&connections, &info(false));
    pane.changed(&mut bench.cx());
    pane.tick(&mut bench.cx());
    bench.arm();
    bench.wished();
    (bench, pane)
}

fn said(bench: &mut Bench) -> String {
    let asks = std::mem::take(&mut bench.asks);
    let said = asks.into_iter().filter_map(|ask| match ask {
        Ask::Say(_, words) => Some(words),
        _ => None,
    });
    said.collect::<Vec<_>>().join("; ")
}

fn turn(bench: &mut Bench, pane: &mut DevicesPane, part: Part) {
    while pane.part != part {
        bench.run(pane, "devices.next-part");
    }
}

#[test]
fn a_query_is_read_as_a_person_writes_it() {
    let find = |text: &str| Query::Find(text.into());
    for (text, query) in [
        ("823", Query::Did(823)),
        ("did 823", Query::Did(823)),
        ("-5", Query::Did(-5)),
        ("tag:Web DMZ", Query::Tag("Web DMZ".into())),
        ("tag:\"Web DMZ\"", Query::Tag("Web DMZ".into())),
        (" 10.0.0.1 ", find("10.0.0.1")),
        ("web-02", find("web-02")),
        ("  ", find("")),
    ] {
        assert_eq!(DevicesPane::read(text), query, "{text}");
    }
}

#[test]
fn opened_on_nothing_it_lists_what_was_seen_last() {
    let mut bench = Bench::default();
    let mut pane = DevicesPane::default();
    pane.open(None, &mut bench.cx());
    assert!(!pane.typing());
    bench.land(&find("", 0), &page(1, 4, 3));
    pane.changed(&mut bench.cx());
    assert_eq!(pane.heading(&bench.store), "last seen  1/3");
    assert_eq!(pane.place(), Some(Target::Find(String::new())));
}

#[test]
fn a_search_goes_on_page_by_page() {
    let (mut bench, mut pane) = open();
    assert!(bench.pane(&pane, 80, 21).contains("3 of 5, > reads more"));
    bench.run(&mut pane, "devices.more");
    let asked = bench.wished().1;
    assert_eq!(
        asked,
        ["GET /devicesearch?count=100&offset=3&order=desc&orderBy=lastSeen&query=web"]
    );
    assert!(bench.pane(&pane, 80, 21).contains("3 of 5, reading more"));
    bench.land(&find("web", 3), &page(4, 6, 5));
    assert_eq!(pane.devices(&bench.store).len(), 5);
    let index = DevicesPane::specs_index("devices.more");
    assert!(super::super::Registered::ready(&pane, index, &bench.store).is_err());
    // a page that belongs to a list which was read anew meanwhile is not added
    bench.land(&find("web", 0), &page(1, 4, 5));
    bench.land(&find("web", 2), &page(4, 6, 5));
    assert_eq!(pane.devices(&bench.store).len(), 3);
    bench.fail(&find("web", 3), Cause::Refused("busy".into()));
    assert!(bench.pane(&pane, 80, 21).contains("the next page: "));
}

impl DevicesPane {
    fn specs_index(id: &str) -> usize {
        <Self as super::super::Rows>::ROWS.iter().position(|row| row.id == id).unwrap()
    }
}

#[test]
fn similar_devices_stand_by_score() {
    let (bench, pane) = open();
    let order: Vec<_> = pane.alike_of(&bench.store).iter().map(|device| device.did).collect();
    assert_eq!(order, [Some(17), Some(44)]);
}

#[test]
fn groups_are_shown_and_never_opened() {
    let (mut bench, mut pane) = open();
    turn(&mut bench, &mut pane, Part::Peers);
    let mut opened = Vec::new();
    for row in 0..5 {
        pane.peers.select(row);
        bench.asks.clear();
        bench.run(&mut pane, "devices.open");
        opened.push(match bench.asks.pop() {
            Some(Ask::Go(PaneId::Devices, Some(Target::Device(did)))) => format!("open {did}"),
            Some(Ask::Say(_, words)) => words,
            other => format!("{other:?}"),
        });
    }
    assert_eq!(
        opened,
        [
            "open 2",
            "everything external (0) is no device: it cannot be opened",
            "group -5 is no device: it cannot be opened",
            "open 7",
            "others (a group) is no device: it cannot be opened",
        ]
    );
}

#[test]
fn the_chart_is_asked_once_and_by_metric_narrowing_and_company() {
    let (mut bench, mut pane) = open();
    bench.run(&mut pane, "devices.metric");
    bench.run(&mut pane, "devices.metric");
    bench.run(&mut pane, "devices.metric");
    bench.run(&mut pane, "devices.beside");
    bench.run(&mut pane, "devices.narrow");
    bench.press(&mut pane, "hxxp://cats[.]com\n");
    bench.run(&mut pane, "devices.narrow");
    bench.press(&mut pane, "\u{15}0\n");
    let asked: Vec<String> =
        bench.wished().1.into_iter().map(|call| call.replace("GET /deviceinfo?", "")).collect();
    let like = "fulldevicedetails=true&intervalhours=1";
    assert_eq!(
        asked,
        [
            format!("datatype=sizeout&did=1&{like}&showallgraphdata=false"),
            format!("datatype=sizein&did=1&{like}&showallgraphdata=false"),
            // back at connections: they are here already
            format!("datatype=co&did=1&{like}&showallgraphdata=false&similardevices=4"),
            format!(
                "datatype=co&did=1&externaldomain=cats.com&{like}&showallgraphdata=false&similardevices=4"
            ),
            format!("datatype=co&did=1&{like}&odid=0&showallgraphdata=false&similardevices=4"),
        ]
    );
    bench.run(&mut pane, "devices.narrow");
    bench.press(&mut pane, "\u{15}\n");
    assert_eq!(pane.narrow, None);
}

#[test]
fn what_a_part_shows_is_exported() {
    let (mut bench, mut pane) = open();
    let export = |bench: &Bench, pane: &DevicesPane| {
        let grid = pane.grid(&bench.store).unwrap();
        (grid.rows.len(), grid.csv())
    };
    assert_eq!(export(&bench, &pane).0, 3);
    turn(&mut bench, &mut pane, Part::Tags);
    let tags = export(&bench, &pane).1;
    assert!(tags.contains("Web-DMZ,2026-11-21 14:05:00Z,no,"), "{tags}");
    turn(&mut bench, &mut pane, Part::Peers);
    assert!(export(&bench, &pane).1.contains("11,out,80,group -5"));
    turn(&mut bench, &mut pane, Part::Chart);
    let (rows, csv) = export(&bench, &pane);
    assert_eq!(rows, 28 * 24, "every hour, zero or not");
    assert!(csv.contains("2026-11-20 14:00:00Z,117"), "{csv}");
}

#[test]
fn gaps_are_filled_and_counted() {
    let (mut bench, mut pane) = open();
    let shown = bench.pane(&pane, 140, 37);
    assert!(shown.contains("points, "), "{shown}");
    turn(&mut bench, &mut pane, Part::Chart);
    bench.run(&mut pane, "devices.numbers");
    let len = pane.list(&bench.store).unwrap().1;
    let words = format!("{len} points, {} zero hours filled", 28 * 24 - len);
    let shown = bench.pane(&pane, 120, 26);
    assert!(shown.contains(&words), "{words}: {shown}");
}

#[test]
fn a_tag_is_put_on_with_its_expiry() {
    let (mut bench, mut pane) = open();
    bench.run(&mut pane, "devices.tag");
    assert_eq!(bench.wished().1, ["GET /tags"]);
    bench.land(&Tags, ALL_TAGS);
    pane.changed(&mut bench.cx());
    bench.press(&mut pane, "under\t");
    assert!(bench.pane(&pane, 80, 21).contains("an analyst looks at it"));
    bench.press(&mut pane, "\n\n");
    assert_eq!(bench.wished().0, Vec::<String>::new());
    bench.press(&mut pane, "y");
    let sent = "POST /tags/entities did=1&duration=86400&tag=Under-Investigation in 10 s";
    assert_eq!(bench.wished().0, [sent]);
    assert!(!pane.typing());
}

#[test]
fn unknown_and_restricted_tags_are_refused_with_the_reason() {
    for (typed, words) in [
        ("Admin", "restricted: only Darktrace may apply it"),
        ("Nope", "no such tag"),
        ("", "Which tag?"),
    ] {
        let (mut bench, mut pane) = open();
        bench.land(&Tags, ALL_TAGS);
        bench.run(&mut pane, "devices.tag");
        bench.press(&mut pane, typed);
        bench.press(&mut pane, "\n\ny");
        assert_eq!(bench.wished().0, Vec::<String>::new(), "{typed}");
        let shown = bench.pane(&pane, 80, 21);
        assert!(shown.contains(words), "{typed}: {shown}");
    }
    // while the tags cannot be read, the server decides
    let (mut bench, mut pane) = open();
    bench.fail(&Tags, Cause::Refused("no".into()));
    bench.run(&mut pane, "devices.tag");
    bench.press(&mut pane, "Nope\n\ny");
    assert_eq!(bench.wished().0.len(), 1);
}

/// Stages what the pane wished and lets it end.
fn carry_out(bench: &mut Bench, outbox: &mut Keeper, how: Settlement) {
    for wish in bench.store.take_wishes() {
        let Wish::Outbox(request) = wish else {
            continue;
        };
        for notice in outbox.handle(request, bench.now) {
            bench.store.notice(notice, bench.now);
        }
    }
    bench.now = bench.now.plus(bench.prefs.tag_grace);
    outbox.claim(bench.now);
    let id = bench.store.writes.newest().next().unwrap().id;
    for notice in outbox.handle(Request::Settle(id, how, Answered::default()), bench.now) {
        assert!(matches!(notice, Notice::Changed(_)));
        bench.store.notice(notice, bench.now);
    }
}

#[test]
fn success_is_no_proof_the_device_is_read_again() {
    for (there, how, words) in [
        (
            true,
            Settlement::Sent("SUCCESS".into()),
            "Darktrace said SUCCESS; read back: Under-Investigation is on the device",
        ),
        (
            false,
            Settlement::Sent("SUCCESS".into()),
            "Darktrace said SUCCESS, but read back: Under-Investigation is not on the device",
        ),
        (
            true,
            Settlement::Unknown("502".into()),
            "no good answer came; read back: Under-Investigation is on the device",
        ),
    ] {
        let (mut bench, mut pane) = open();
        let mut outbox = Keeper::open(None, Session::nowhere(), bench.now).unwrap().0;
        bench.land(&Tags, ALL_TAGS);
        bench.run(&mut pane, "devices.tag");
        bench.press(&mut pane, "under\t\n\ny");
        said(&mut bench);
        carry_out(&mut bench, &mut outbox, how);
        pane.changed(&mut bench.cx());
        assert_eq!(said(&mut bench), "", "the old tags prove nothing");
        assert!(bench.pane(&pane, 80, 21).contains("not read back yet"));
        let tags =
            if there { TAGS.replace("Critical", "Under-Investigation") } else { TAGS.to_owned() };
        bench.land(&DeviceTags { did: 1 }, &tags);
        pane.changed(&mut bench.cx());
        assert_eq!(said(&mut bench), words);
        pane.changed(&mut bench.cx());
        assert_eq!(said(&mut bench), "", "said once");
        // Who set it is only known of what was confirmed from here.
        let known = there && words.contains("SUCCESS");
        turn(&mut bench, &mut pane, Part::Tags);
        assert_eq!(bench.pane(&pane, 80, 21).contains("set from here"), known);
    }
}

#[test]
fn the_tag_under_the_cursor_is_removed() {
    let (mut bench, mut pane) = open();
    turn(&mut bench, &mut pane, Part::Tags);
    pane.tags.select(1);
    bench.run(&mut pane, "devices.untag");
    bench.press(&mut pane, "\ny");
    assert_eq!(bench.wished().0, ["DELETE /tags/entities?did=1&tag=Web-DMZ in 10 s"]);
    let (mut bench, mut pane) = open();
    bench.prefs.read_only = true;
    bench.run(&mut pane, "devices.untag");
    bench.press(&mut pane, "Web-DMZ\ny");
    assert_eq!(bench.wished().0, Vec::<String>::new());
    let (mut bench, mut pane) = open();
    bench.land(&DeviceTags { did: 1 }, "[]");
    let index = DevicesPane::specs_index("devices.untag");
    assert!(super::super::Registered::ready(&pane, index, &bench.store).is_err());
    pane.cancel();
    bench.asks.clear();
}

#[test]
fn devices_look_like_this() {
    let (mut bench, mut pane) = open();
    insta::assert_snapshot!("info_80", bench.pane(&pane, 80, 21));
    insta::assert_snapshot!("info_140", bench.pane(&pane, 140, 37));
    insta::assert_snapshot!("info_60", bench.pane(&pane, 60, 13));
    for part in [Part::Tags, Part::Similar, Part::Peers] {
        turn(&mut bench, &mut pane, part);
        let name = format!("{}_80", part.name());
        insta::assert_snapshot!(name, bench.pane(&pane, 80, 21));
    }
    bench.run(&mut pane, "devices.beside");
    let connections = wanted(&pane);
    bench.land(&connections, &info(true));
    turn(&mut bench, &mut pane, Part::Chart);
    insta::assert_snapshot!("beside_80", bench.pane(&pane, 80, 21));
    insta::assert_snapshot!("beside_140", bench.pane(&pane, 140, 37));
    bench.run(&mut pane, "devices.numbers");
    insta::assert_snapshot!("numbers_80", bench.pane(&pane, 80, 21));
    insta::assert_snapshot!("numbers_140", bench.pane(&pane, 140, 37));
}

#[test]
fn sheets_look_like_this() {
    let (mut bench, mut pane) = open();
    bench.land(&Tags, ALL_TAGS);
    bench.run(&mut pane, "devices.tag");
    bench.press(&mut pane, "Under-Investigation\t");
    insta::assert_snapshot!("tag_80", bench.pane(&pane, 80, 21));
    insta::assert_snapshot!("tag_140", bench.pane(&pane, 140, 37));
    pane.cancel();
    bench.run(&mut pane, "devices.untag");
    insta::assert_snapshot!("untag_80", bench.pane(&pane, 80, 21));
}

#[test]
fn other_states_look_like_this() {
    let mut bench = Bench::default();
    let mut pane = DevicesPane::default();
    let mut all = bench.pane(&pane, 80, 6);
    pane.open(Some(Target::Device(823)), &mut bench.cx());
    all += &bench.pane(&pane, 80, 6);
    let by_id = DeviceById { did: 823 };
    bench.fail(&by_id, Cause::Refused("licence".into()));
    all += &bench.pane(&pane, 80, 6);
    bench.land(&by_id, "{}");
    all += &bench.pane(&pane, 80, 6);
    let (mut bench, pane) = open();
    bench.fail(&find("web", 0), Cause::Refused("licence".into()));
    let connections = wanted(&pane);
    *connections.remote(&mut bench.store) = crate::store::Remote::default();
    bench.fail(&connections, Cause::Refused("licence".into()));
    all += &bench.pane(&pane, 80, 21);
    insta::assert_snapshot!("states", all);
}

#[test]
fn any_size_is_drawn() {
    let (mut bench, mut pane) = open();
    for numbers in [false, true] {
        if numbers {
            bench.run(&mut pane, "devices.numbers");
        }
        for part in Part::ALL {
            pane.part = part;
            for (width, height) in [
                (0, 0),
                (1, 1),
                (3, 30),
                (20, 4),
                (60, 13),
                (79, 15),
                (120, 28),
                (121, 9),
                (300, 90),
            ] {
                bench.pane(&pane, width, height);
            }
        }
    }
}

#[test]
fn a_device_is_taken_away_whole_with_its_chart() {
    let (mut bench, mut pane) = open();
    let piece = pane.piece(&bench.store, &bench.prefs).unwrap();
    insta::assert_snapshot!("piece", piece.markdown);
    assert_eq!(piece.title, "did 1  web-01  172.31.32.1");
    assert_eq!((piece.kind.as_str(), piece.target.clone()), ("device", Some(Target::Device(1))));
    let data: serde_json::Value = serde_json::from_str(&piece.json).unwrap();
    assert_eq!(data["tags"][0]["tag"], "Critical");
    let hours = data["chart"]["hours"].as_object().unwrap();
    assert!(hours.len() > 100 && hours.values().all(|value| value.as_f64() > Some(0.0)));
    assert!(piece.text().contains("28 days") && piece.text().contains("\"chart\""));
    turn(&mut bench, &mut pane, Part::Peers);
    let peer = pane.piece(&bench.store, &bench.prefs).unwrap();
    assert_eq!(peer.kind, "peer");
    assert!(peer.title.starts_with("peers, 28 days, of device 1: "), "{}", peer.title);
}

#[test]
fn the_breaches_of_a_device_are_asked_when_they_are_looked_at() {
    use crate::api::darktrace::device_breaches::DeviceBreaches;
    let (mut bench, mut pane) = open();
    turn(&mut bench, &mut pane, Part::Breaches);
    let calls = bench.wished().1;
    let of = |which: &str| calls.iter().filter(|call| call.contains(which)).count();
    assert_eq!((of("includeacknowledged=true"), of("includeacknowledged=false")), (1, 1));
    assert!(calls.iter().all(|call| call.contains("did=1&") && call.contains("minimal=true")));
    let now = bench.now.wall;
    let one = |pbid: i64, hours: i64, model: &str| {
        let at = now.as_millisecond() - hours * 3_600_000;
        format!(
            r#"{{"pbid":{pbid},"creationTime":{at},"score":0.7,"model":{{"then":{{"name":"{model}"}}}}}}"#
        )
    };
    let (older, newer) = (one(11, 90, "Device::Network Scan"), one(12, 3, "Compromise::Beacon"));
    bench.land(&DeviceBreaches::recent(1, now), &format!("[{older},{newer}]"));
    bench.land(&DeviceBreaches::open(1, now), &format!("[{newer}]"));
    pane.changed(&mut bench.cx());
    insta::assert_snapshot!("breaches_80", bench.pane(&pane, 80, 21));
    insta::assert_snapshot!("breaches_140", bench.pane(&pane, 140, 37));
    pane.list(&bench.store).unwrap().0.select(1);
    bench.run(&mut pane, "devices.open");
    let gone = bench.asks.pop();
    assert_eq!(gone, Some(Ask::Go(PaneId::Breaches, Some(Target::Breach(11)))));
    turn(&mut bench, &mut pane, Part::List);
    turn(&mut bench, &mut pane, Part::Breaches);
    assert!(bench.wished().1.is_empty(), "what is here is not asked again");
}
