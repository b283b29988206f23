//! Look-ups as a person does them: keys in, calls and pictures out.

use crossterm::event::KeyModifiers;

use super::*;
use crate::api::darktrace::endpoints::{EndpointIp, EndpointKind, Location, Subnet};
use crate::api::darktrace::watchlist::Watched;
use crate::api::value::Time;
use crate::api::{ApiError, Cause, Operation};
use crate::command::Ask;
use crate::panes::lookup::BATCH;
use crate::panes::testing::{Bench, text as lines};
use crate::store::Wish;

fn host(name: &str) -> Endpoint {
    lookup::read(name).unwrap()
}

fn report(popularity: f64, dga: f64) -> EndpointReport {
    EndpointReport {
        kind: EndpointKind::Hostname,
        first_seen: Some(Time::parse("2020-08-07T04:47:23Z")),
        popularity: Some(popularity),
        dga_score: Some(dga),
        ips: Some(vec![EndpointIp { ip: Some("203.0.113.7".into()), ..EndpointIp::default() }]),
        locations: Some(vec![Location {
            country: Some("United States".into()),
            city: Some("Austin\u{1b}[2J".into()),
            ..Location::default()
        }]),
        devices: Some(vec![device(823, "ip-172-31-32-146"), device(-5, "others")]),
        ..EndpointReport::default()
    }
}

fn device(did: i64, name: &str) -> Device {
    Device {
        did: Some(did),
        hostname: Some(name.into()),
        ip: Some("172.31.32.146".into()),
        ..Device::default()
    }
}

fn land(pane: &mut EndpointPane, bench: &mut Bench, name: &str, report: EndpointReport) {
    let at = bench.now.wall;
    let remote = bench.store.endpoints.entry(host(name)).or_default();
    remote.arrived(report, at);
    pane.changed(&mut bench.cx());
}

fn press(pane: &mut EndpointPane, bench: &mut Bench, keys: &str) {
    for c in keys.chars() {
        let key: KeyEvent = match c {
            '\n' => KeyCode::Enter.into(),
            '\t' => KeyCode::Tab.into(),
            '^' => KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL),
            c => KeyCode::Char(c).into(),
        };
        assert!(pane.typing(), "a field takes {c:?}");
        pane.text(key, &mut bench.cx());
    }
}

fn row(pane: &mut EndpointPane, bench: &mut Bench, id: &str) -> Ready {
    let row = EndpointPane::ROWS.iter().find(|row| row.id == id).unwrap();
    (row.ready)(pane, &bench.store)?;
    (row.run)(pane, &mut bench.cx());
    Ok(())
}

fn asked(bench: &mut Bench) -> Vec<String> {
    let wishes = bench.store.take_wishes();
    wishes
        .iter()
        .filter_map(|wish| match wish {
            Wish::Run(action) => Some(action.call.to_string()),
            _ => None,
        })
        .collect()
}

fn looked_up(name: &str) -> (Bench, EndpointPane) {
    let mut bench = Bench::default();
    let mut pane = EndpointPane::default();
    pane.open(Some(Target::Endpoint(name.into())), &mut bench.cx());
    (bench, pane)
}

fn shown(pane: &EndpointPane, bench: &Bench, width: u16, height: u16) -> String {
    bench.shown(width, height, |bench, area, buf| {
        pane.draw(&bench.store, &bench.look(), area, buf);
    })
}

#[test]
fn the_options_are_asked_as_they_are_set() {
    let mut bench = Bench::default();
    let mut pane = EndpointPane::default();
    pane.open(None, &mut bench.cx());
    press(&mut pane, &mut bench, "cats.com\t\t ");
    assert!(shown(&pane, &bench, 80, 21).contains("[x] info  [ ] devices  [x] score"));
    press(&mut pane, &mut bench, "\n");
    assert_eq!(
        asked(&mut bench),
        ["GET /endpointdetails?additionalinfo=true&devices=false&hostname=cats.com&score=true"]
    );
    let mut answer = report(0.0, 0.0);
    answer.devices = None;
    land(&mut pane, &mut bench, "cats.com", answer);
    assert!(shown(&pane, &bench, 80, 21).contains("devices were not asked for"));
    // Turned on again, it is asked at once.
    row(&mut pane, &mut bench, "endpoint.find").unwrap();
    press(&mut pane, &mut bench, "\t\t \n");
    assert!(asked(&mut bench)[0].contains("devices=true"));
}

#[test]
fn an_answer_to_other_options_cannot_come_late() {
    let (mut bench, mut pane) = looked_up("cats.com");
    bench.store.take_wishes();
    row(&mut pane, &mut bench, "endpoint.find").unwrap();
    press(&mut pane, &mut bench, "\t\t\t \n");
    let wishes = bench.store.take_wishes();
    assert!(matches!(wishes.as_slice(), [Wish::Cancel(_), Wish::Run(_)]), "{wishes:?}");
}

#[test]
fn typing_goes_on_after_the_options() {
    let mut bench = Bench::default();
    let mut pane = EndpointPane::default();
    pane.open(None, &mut bench.cx());
    press(&mut pane, &mut bench, "cats\t.com\n");
    assert_eq!(pane.endpoint, Some(host("cats.com")));
    // What is no endpoint stays in the field.
    pane.find(Asks::One);
    press(&mut pane, &mut bench, "1.2.3.999\n");
    assert!(pane.typing());
    press(&mut pane, &mut bench, "^8.8.8.8\n");
    assert!(!pane.typing());
}

#[test]
fn a_pasted_list_is_asked_two_at_a_time() {
    let mut bench = Bench::default();
    let mut pane = EndpointPane::default();
    let pasted = "hxxp://cats[.]com/a\n8.8.8[.]8\nnot!\ncats.com\n1.1.1.1\n";
    assert!(pane.paste(pasted, &mut bench.cx()));
    assert_eq!(pane.given.len(), 4, "what is given twice is looked up once");
    let calls = asked(&mut bench);
    assert_eq!(calls.len(), 2, "{calls:?}");
    land(&mut pane, &mut bench, "cats.com", report(0.0, 87.0));
    let calls = asked(&mut bench);
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert!(calls[0].contains("ip=1.1.1.1"));
    land(&mut pane, &mut bench, "8.8.8.8", report(97.0, 0.0));
    land(&mut pane, &mut bench, "1.1.1.1", report(97.0, 0.0));
    assert!(!pane.batch.is_running() && asked(&mut bench).is_empty());
    // Marked ones are watched together.
    row(&mut pane, &mut bench, "endpoint.mark").unwrap();
    row(&mut pane, &mut bench, "endpoint.mark").unwrap();
    row(&mut pane, &mut bench, "endpoint.watch").unwrap();
    let watch = Target::Watch("cats.com\n8.8.8.8".into());
    assert_eq!(bench.asks.pop(), Some(Ask::Go(PaneId::Watched, Some(watch))));
    // Opening one shows what is known and asks nothing.
    pane.given_list.select(0);
    row(&mut pane, &mut bench, "endpoint.open").unwrap();
    assert!(asked(&mut bench).is_empty());
    assert_eq!(pane.endpoint, Some(host("cats.com")));
}

#[test]
fn a_list_has_a_limit_that_is_said_and_can_be_stopped() {
    let mut bench = Bench::default();
    let mut pane = EndpointPane::default();
    let many: Vec<String> = (0..60).map(|n| format!("h{n}.example")).collect();
    pane.paste(&many.join("\n"), &mut bench.cx());
    assert_eq!((pane.given.len(), pane.surplus), (BATCH, 10));
    assert!(shown(&pane, &bench, 80, 21).contains("10 more were left out"));
    assert_eq!(asked(&mut bench).len(), 2);
    pane.cancel();
    land(&mut pane, &mut bench, "h0.example", report(0.0, 0.0));
    assert!(asked(&mut bench).is_empty(), "nothing more is asked");
    assert!(shown(&pane, &bench, 80, 21).contains("stopped"));
    pane.refresh(&mut bench.cx());
    assert!(pane.batch.is_running(), "it can be taken up again");
}

#[test]
fn the_endpoint_is_searched_for_and_watched() {
    let (mut bench, mut pane) = looked_up("8.8.8.8");
    row(&mut pane, &mut bench, "endpoint.search").unwrap();
    let query = Target::Search("@fields.dest_ip:\"8.8.8.8\"".into());
    assert_eq!(bench.asks.pop(), Some(Ask::Go(PaneId::Search, Some(query))));
    row(&mut pane, &mut bench, "endpoint.watch").unwrap();
    let watch = Target::Watch("8.8.8.8".into());
    assert_eq!(bench.asks.pop(), Some(Ask::Go(PaneId::Watched, Some(watch))));
    let mut nothing = EndpointPane::default();
    assert!(row(&mut nothing, &mut bench, "endpoint.watch").is_err());
}

#[test]
fn a_group_of_devices_is_shown_and_never_opened() {
    let (mut bench, mut pane) = looked_up("cats.com");
    land(&mut pane, &mut bench, "cats.com", report(0.0, 0.0));
    pane.devices.select(1);
    row(&mut pane, &mut bench, "endpoint.device").unwrap();
    assert!(
        matches!(bench.asks.pop(), Some(Ask::Say(Tone::Mind, words)) if words.contains("group"))
    );
    pane.devices.select(0);
    row(&mut pane, &mut bench, "endpoint.device").unwrap();
    let device = Target::Device(823);
    assert_eq!(bench.asks.pop(), Some(Ask::Go(PaneId::Devices, Some(device))));
}

fn watch_list(bench: &mut Bench) {
    let entry = Watched {
        name: "cats.com".into(),
        description: Some("INC-4690".into()),
        expiry: Some(Time::parse("2026-12-20T00:00:00Z")),
        ..Watched::default()
    };
    let at = bench.now.wall;
    bench.store.watch_lists.entry(None).or_default().arrived(vec![entry], at);
}

fn looks(width: u16, height: u16) -> String {
    let mut all = String::new();
    let mut add = |what: &str, pane: &EndpointPane, bench: &Bench| {
        all.extend(["== ", what, "\n", &shown(pane, bench, width, height)]);
    };
    let mut bench = Bench::default();
    let mut pane = EndpointPane::default();
    pane.open(None, &mut bench.cx());
    add("empty", &pane, &bench);
    let (mut bench, mut pane) = looked_up("a.cats.com");
    add("loading", &pane, &bench);
    let call = lookup::details(host("a.cats.com"), Flags::default()).call().unwrap();
    let failed = || ApiError::of(&call, Cause::Server("busy".into(), None));
    let at = bench.now.wall;
    let remote = bench.store.endpoints.entry(host("a.cats.com")).or_default();
    remote.failed(failed(), at);
    add("failed", &pane, &bench);
    land(&mut pane, &mut bench, "a.cats.com", report(0.0, 87.0));
    add("full", &pane, &bench);
    watch_list(&mut bench);
    let remote = bench.store.endpoints.entry(host("a.cats.com")).or_default();
    remote.failed(failed(), at);
    add("stale and watched", &pane, &bench);
    pane.open(Some(Target::Endpoint("10.20.1.4".into())), &mut bench.cx());
    let inside = EndpointReport {
        kind: EndpointKind::InternalIp,
        subnet: Some(Subnet {
            label: Some("Offices".into()),
            id: Some("10".into()),
            network: Some("10.20.1.0/24".into()),
        }),
        devices: Some(vec![device(5, "wks-5")]),
        ..EndpointReport::default()
    };
    land(&mut pane, &mut bench, "10.20.1.4", inside);
    add("internal", &pane, &bench);
    pane.open(Some(Target::Endpoint("nobody.example".into())), &mut bench.cx());
    land(&mut pane, &mut bench, "nobody.example", EndpointReport::default());
    row(&mut pane, &mut bench, "endpoint.next-part").unwrap();
    add("unknown, and the history", &pane, &bench);
    pane.paste("cats.com\n8.8.8.8\nnot!\n10.20.1.4\nx.example", &mut bench.cx());
    land(&mut pane, &mut bench, "8.8.8.8", report(97.0, 0.0));
    row(&mut pane, &mut bench, "endpoint.mark").unwrap();
    add("pasted list", &pane, &bench);
    all
}

#[test]
fn look_ups_look_like_this_at_80() {
    insta::assert_snapshot!(looks(80, 21));
}

#[test]
fn look_ups_look_like_this_at_140() {
    insta::assert_snapshot!(looks(140, 37));
}

#[test]
fn look_ups_look_like_this_at_60() {
    insta::assert_snapshot!(looks(60, 13));
}

#[test]
fn no_size_and_no_text_breaks_the_frame() {
    let (mut bench, mut pane) = looked_up("cats.com");
    let bad = "日本\u{200d}👩‍👩‍👧\u{202e}x\u{1b}]52;c;eA==\u{7}\r\n".repeat(40);
    let mut hostile = report(0.0, 0.0);
    hostile.asn = Some(bad.clone());
    hostile.locations = Some(vec![Location { city: Some(bad.clone()), ..Location::default() }]);
    hostile.devices = Some(vec![device(1, &bad)]);
    land(&mut pane, &mut bench, "cats.com", hostile);
    for (width, height) in [(80, 21), (140, 37), (60, 13), (12, 4), (1, 1)] {
        let area = Rect::new(0, 0, width, height);
        let mut buf = Buffer::empty(area);
        pane.draw(&bench.store, &bench.look(), area, &mut buf);
        let drawn = lines(&buf);
        assert!(!drawn.contains(['\u{1b}', '\u{7}', '\u{202e}', '\r']), "{drawn}");
    }
}

#[test]
fn the_device_the_cursor_rests_on_is_asked_about_its_breaches_once() {
    use crate::api::darktrace::device_breaches::DeviceBreaches;
    let (mut bench, mut pane) = looked_up("cats.com");
    let mut answer = report(0.0, 0.0);
    answer.devices = Some([7, 8].map(|did| Device { did: Some(did), ..Device::default() }).into());
    land(&mut pane, &mut bench, "cats.com", answer);
    pane.changed(&mut bench.cx());
    asked(&mut bench);
    pane.list(&bench.store).unwrap().0.select(1);
    pane.moved(&mut bench.cx());
    pane.tick(&mut bench.cx());
    assert!(asked(&mut bench).is_empty(), "a cursor that does not rest asks nothing");
    bench.now = bench.now.plus(std::time::Duration::from_millis(200));
    pane.tick(&mut bench.cx());
    let calls = asked(&mut bench);
    assert!(calls.len() == 1 && calls[0].contains("did=8&") && calls[0].contains("minimal=true"));
    assert_eq!(pane.deadline(), None);
    let at = bench.now.wall.as_millisecond() - 60_000;
    let list = format!(r#"[{{"pbid":1,"creationTime":{at}}}]"#);
    bench.land(&DeviceBreaches::recent(8, bench.now.wall), &list);
    pane.changed(&mut bench.cx());
    assert!(shown(&pane, &bench, 80, 21).contains("did 8  breaches 24h 1  7d 1"));
}
