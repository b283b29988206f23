//! Darktrace's side: the signature in all its spellings, and every operation with its state.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::harness::{Answer, Sim, start, start_with};

const JSON: &str = "application/json";

#[track_caller]
fn is_signature_error(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.text().contains("API SIGNATURE ERROR")),
        (400, true),
        "{}",
        answer.text()
    );
}

#[test]
fn the_signature_is_strict_on_path_and_body_and_lenient_on_queries() {
    let sim = start();
    let date = sim.date();
    let get = |target: &str, signed: &str| sim.signed("GET", target, signed, &date, JSON, "");
    let target = "/tags/entities?fulldevicedetails=true&tag=Active+Threat";
    for signed in [target, "/tags/entities?fulldevicedetails=true&tag=Active Threat"] {
        assert_eq!(get(target, signed).status, 200, "{signed}");
    }
    is_signature_error(&get(target, "/tags/entities?tag=Active Threat&fulldevicedetails=true"));
    is_signature_error(&get("/tags", "/Tags"));
    is_signature_error(&get("/tags?a=b", "/tags"));
    // of a POST only the body counts
    let body = r#"{"addlist": "a.example"}"#;
    let post = |target: &str, signed: &str| sim.signed("POST", target, signed, &date, JSON, body);
    assert_eq!(post("/intelfeed", &format!("/intelfeed?{body}")).status, 200);
    assert_eq!(post("/intelfeed?x=1", &format!("/intelfeed?{body}")).status, 200);
    is_signature_error(&post("/intelfeed?x=1", &format!("/intelfeed?x=1&{body}")));
    is_signature_error(&post("/intelfeed", "/intelfeed?{\"addlist\":\"a.example\"}"));
    is_signature_error(&sim.raw("GET", "/tags", &[], b"").unwrap());
    // a path is compared as it was sent: %3D is not =
    let query = STANDARD.encode(r#"{"search":"","fields":[],"timeframe":"6000","offset":0}"#);
    let path = format!("/advancedsearch/api/analyze/@fields.dest_port/terms/{query}");
    let encoded = path.replace('=', "%3D");
    assert!(path.contains('='), "the test needs padding");
    assert_eq!(get(&path, &path).status, 200);
    assert_eq!(get(&encoded, &encoded).status, 200);
    is_signature_error(&get(&encoded, &path));
}

#[test]
fn four_date_forms_within_half_an_hour() {
    let sim = start();
    let get = |date: &str| sim.signed("GET", "/tags", "/tags", date, JSON, "");
    for date in [
        "20260102T030405",
        "2026-01-02 03:04:05",
        "2026-01-02T03:04:05.123456+00:00",
        "2026-01-02T03:04:05",
        "2026-01-02 03:33:00",
    ] {
        assert_eq!(get(date).status, 200, "{date}");
    }
    for date in ["2026-01-02 03:35:05", "2026-01-02 02:33:05", "yesterday", "2026-01-02", ""] {
        let answer = get(date);
        assert_eq!(
            (answer.status, answer.text()),
            (400, "{\"response\": \"API DATE ERROR\"}".to_owned()),
            "{date}"
        );
    }
}

#[test]
fn the_manuals_devices_and_endpoint_are_there() {
    let sim = start();
    let similar = sim.get("/similardevices?count=2&did=1").json();
    let shown: Vec<_> = similar
        .as_array()
        .unwrap()
        .iter()
        .map(|d| (d["did"].clone(), d["score"].clone()))
        .collect();
    assert_eq!(shown, [(json!(823), json!(99)), (json!(3), json!(100))]);
    assert_eq!(similar[1].get("hostname"), None, "what is not known is left out");
    assert!(similar[0]["firstSeen"].is_i64());
    let cats = sim
        .get("/endpointdetails?additionalinfo=true&devices=true&hostname=cats.com&score=true")
        .json();
    for (key, value) in [
        ("devices", json!([])),
        ("ips", json!([])),
        ("locations", json!([])),
        ("popularity", json!(0)),
        ("dgascore", json!(0)),
    ] {
        assert_eq!(cats[key], value, "{key}");
    }
    let known = sim.get("/endpointdetails?devices=true&ip=8.8.8.8").json();
    assert_eq!(known["asn"], "AS15169 Google LLC");
    assert!(!known["devices"].as_array().unwrap().is_empty());
    let internal = sim.get("/endpointdetails?ip=10.20.2.10").json();
    assert_eq!(
        (&internal["name"], internal.get("firsttime"), internal.get("ip")),
        (&json!("internal_ip"), None, None)
    );
    assert!(internal["subnetid"].is_string());
    assert_eq!(sim.get("/endpointdetails?hostname=never.seen").json(), json!({}));
    assert_eq!(sim.get("/endpointdetails?IP=8.8.8.8").json()["response"], "INPUT ERROR");
}

#[test]
fn device_info_has_percentages_groups_ranges_and_gaps() {
    let sim = start();
    let info =
        sim.get("/deviceinfo?datatype=co&did=1&showallgraphdata=false&similardevices=1").json();
    let entries = info["deviceInfo"].as_array().unwrap();
    assert_eq!((entries.len(), &entries[0]["similarityScore"]), (2, &json!(100)));
    let one = &entries[0]["info"];
    for (list, key) in
        [("devicesAndPorts", "deviceAndPort"), ("portsUsed", "port"), ("devicesUsed", "did")]
    {
        let rows = one[list].as_array().unwrap();
        assert_eq!(rows.iter().map(|r| r["size"].as_i64().unwrap()).sum::<i64>(), 100, "{list}");
        assert!(rows.iter().all(|r| !r[key].is_null()));
    }
    let text = one.to_string();
    assert!(
        text.contains(r#""port":"5001 - 10000""#)
            && text.contains(r#""did":-5"#)
            && text.contains(r#""did":0"#),
        "{text}"
    );
    let graph = |target: &str| {
        let graph = sim.get(target).json()["deviceInfo"][0]["graphData"].clone();
        graph
            .as_array()
            .unwrap()
            .iter()
            .map(|p| (p["time"].as_i64().unwrap(), p["count"].as_i64().unwrap()))
            .collect::<Vec<_>>()
    };
    let (some, all) = (
        graph("/deviceinfo?did=100&showallgraphdata=false"),
        graph("/deviceinfo?did=100&showallgraphdata=true"),
    );
    assert_eq!(all.len(), 28 * 24);
    assert!(some.len() < all.len() && some.iter().all(|(_, n)| *n > 0));
    let night = graph("/deviceinfo?did=26");
    let at = |hours: &[i64]| {
        let list: Vec<i64> = night
            .iter()
            .filter(|(t, _)| hours.contains(&(t / 3_600_000 % 24)))
            .map(|(_, n)| *n)
            .collect();
        list.iter().sum::<i64>() / list.len() as i64
    };
    assert!(at(&[1, 2, 3]) > 10 * at(&[10, 11, 12]), "a nightly burst");
    let outside = sim.get("/deviceinfo?did=1&odid=0").json();
    assert!(!outside["deviceInfo"][0]["info"]["externalDomains"].as_array().unwrap().is_empty());
    assert_eq!(sim.get("/deviceinfo?did=702").json()["deviceInfo"][0].get("graphData"), None);
    assert_eq!(sim.get("/deviceinfo?did=424242").json(), json!({"deviceInfo": []}));
}

fn tags_of(sim: &Sim, did: i64) -> Vec<String> {
    let tags = sim.get(&format!("/tags/entities?did={did}")).json();
    tags.as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn tags_are_put_on_expire_and_replace_their_siblings() {
    let sim = start();
    let put = |form: &str| sim.post_form("/tags/entities", form).json();
    assert_eq!(put("did=2&duration=3600&tag=Active+Threat"), json!({"tid": 10}));
    assert!(tags_of(&sim, 2).contains(&"Active Threat".to_owned()));
    let full = sim.get("/tags/entities?fulldevicedetails=true&tag=Active%20Threat").json();
    assert!(full["entities"].as_array().unwrap().len() > full["devices"].as_array().unwrap().len());
    assert!(sim.get("/tags/entities?tag=Active%20Threat").json().is_array());
    sim.pass(3601);
    assert!(!tags_of(&sim, 2).contains(&"Active Threat".to_owned()));

    put("did=2&tag=Tier%3A%3A0");
    let tiers =
        tags_of(&sim, 2).into_iter().filter(|t| t.starts_with("Tier::")).collect::<Vec<_>>();
    assert_eq!(tiers, ["Tier::0"]);
    assert_eq!(put("did=2&tag=Never+made"), json!({"tags": "DATANOTFOUND ERROR"}));
    assert_eq!(sim.post_form("/tags/entities", "did=2&tag=New+Device").status, 403);
    assert_eq!(sim.post_json("/tags/entities", r#"{"did": 2, "tag": "VIP"}"#).status, 400);
    put("did=2&tag=VIP");
    assert_eq!(sim.delete("/tags/entities?did=2&tag=VIP").json(), json!({"response": "SUCCESS"}));
    assert!(!tags_of(&sim, 2).contains(&"VIP".to_owned()));

    let made = sim.post_json("/tags", r#"{"name": "Mine", "data": {"color": 9}}"#).json();
    let tid = made["tid"].as_i64().unwrap();
    let body = r#"{"entityType": "Device", "entityValue": ["1", "2"], "expiryDuration": 60}"#;
    let rows = sim.post_json(&format!("/tags/{tid}/entities"), body).json();
    let assigned = rows[0]["teid"].as_i64().unwrap();
    assert_eq!(sim.delete(&format!("/tags/{tid}/entities/{assigned}")).status, 200);
    assert_eq!(sim.get(&format!("/tags/{tid}/entities")).json().as_array().unwrap().len(), 1);
    assert_eq!(sim.delete(&format!("/tags/{tid}")).status, 200);
    assert_eq!(sim.get(&format!("/tags/{tid}")).status, 404);
}

#[test]
fn watched_entries_are_counted_expire_and_go() {
    let sim = start();
    let post = |body: Value| sim.post_json("/intelfeed", &body.to_string()).json();
    let names = || sim.get("/intelfeed").json();
    let done = |added: i64, updated: i64| json!({"response": "SUCCESS", "added": added, "updated": updated});
    let list = json!({"addlist": "a.example, 192.0.2.9", "description": "case 7", "expiry": "2026-01-02T04:00:00"});
    assert_eq!(post(list.clone()), done(2, 0));
    assert_eq!(post(list), done(0, 0));
    assert_eq!(
        post(json!({"addlist": "a.example\nb.example", "description": "case 8"})),
        done(1, 1)
    );
    let full = sim.get("/intelfeed?fulldetails=true").json();
    let row = full.as_array().unwrap().iter().find(|r| r["name"] == "192.0.2.9").unwrap();
    assert_eq!(
        (&row["description"], &row["expiry"]),
        (&json!("case 7"), &json!("2026-01-02T04:00:00"))
    );
    sim.pass(3600);
    assert!(!names().as_array().unwrap().contains(&json!("192.0.2.9")));
    assert_eq!(
        post(json!({"removeentry": "a.example", "source": "Default"})),
        json!({"response": "SUCCESS"})
    );
    assert!(!names().as_array().unwrap().contains(&json!("a.example")));
    assert_eq!(sim.post_form("/intelfeed", "addentry=c.example&source=S").json(), done(1, 0));
    assert!(sim.get("/intelfeed?sources=true").json().as_array().unwrap().contains(&json!("S")));
}

#[test]
fn breaches_are_acknowledged_and_commented() {
    let sim = start();
    let list = |more: &str| {
        sim.get(&format!("/modelbreaches?deviceattop=true{more}"))
            .json()
            .as_array()
            .unwrap()
            .clone()
    };
    assert!(list("&includeacknowledged=true").len() >= 60);
    let open = list("");
    let pbid = open[0]["pbid"].as_i64().unwrap();
    let path = format!("/modelbreaches/{pbid}");
    for (action, body, count) in
        [("acknowledge", r#"{"acknowledge": true}"#, 1), ("acknowledge", "", 1)]
    {
        let answer = if body.is_empty() {
            sim.post_form(&format!("{path}/{action}"), "acknowledge=true")
        } else {
            sim.post_json(&format!("{path}/{action}"), body)
        };
        assert_eq!(
            (answer.json()["response"] == "SUCCESS", list("").len()),
            (!body.is_empty(), open.len() - count)
        );
    }
    assert_eq!(
        sim.post_form(&format!("{path}/unacknowledge"), "unacknowledge=true").json(),
        json!({"response": "SUCCESS"})
    );
    assert_eq!(list("").len(), open.len());
    let said = sim.post_json(&format!("{path}/comments"), r#"{"message":"Test Comment"}"#).json();
    assert_eq!(said[0]["message"], "Test Comment");
    let heard = sim.get(&format!("/mbcomments?pbid={pbid}")).json();
    assert_eq!((&heard[0]["message"], &heard[0]["time"]), (&said[0]["message"], &said[0]["time"]));
    let scored = list("&minscore=0.6");
    assert!(!scored.is_empty() && scored.iter().all(|b| b["score"].as_f64().unwrap() >= 0.6));
    assert!(sim.get(&format!("/modelbreaches?pbid={pbid}")).json().is_object());
    let with_device = open.iter().find(|b| b["device"]["ip"].is_string()).unwrap()["pbid"].clone();
    let rows = sim.get(&format!("/details?count=6&pbid={with_device}")).json();
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["action"]), (6, &json!("policybreach")));
    assert!(rows[1]["sourceDevice"]["time"].is_string());
    assert_eq!(sim.get("/modelbreaches/1").status, 404);
}

#[test]
fn devices_are_objects_or_arrays_and_can_be_searched() {
    let sim = start();
    assert_eq!(sim.get("/devices?did=823").json()["hostname"], "ip-172-31-32-146");
    assert_eq!(sim.get("/devices?did=1,2").json().as_array().unwrap().len(), 2);
    assert!(sim.get("/devices").json().as_array().unwrap().len() >= 80);
    let search = |query: &str| sim.get(&format!("/devicesearch?count=3&query={query}")).json();
    let all = search("");
    assert!(all["totalCount"].as_u64().unwrap() >= 80);
    assert_eq!(all["devices"].as_array().unwrap().len(), 3);
    let tagged = search("tag%3A%22Domain%20Controller%22%20hostname%3A%22dc0*%22");
    assert_eq!(tagged["totalCount"], 2);
    assert_eq!(search("type%3Aprinter%20type%3Acamera")["totalCount"], 4);
    assert_eq!(search("nobody-has-this"), json!({"totalCount": 0, "devices": []}));
    assert_eq!(sim.get("/devicesearch?count=301").status, 400);
}

#[test]
fn other_paths_answer_as_the_appliance_does() {
    let sim = start();
    let away = sim.get("/filtertypes");
    assert_eq!(
        (away.status, away.header("location"), away.text()),
        (302, Some("/login"), "Found. Redirecting to /login".into())
    );
    let dead = sim.get("/similardevices/1");
    assert_eq!((dead.status, dead.text().contains("<html>")), (404, true));
    assert_eq!(sim.get("/agemail/api").json(), json!({"error": "Forbidden"}));
    assert!(sim.get("/status?format=json").json()["version"].as_str().unwrap().starts_with("7.1"));
    assert_eq!(sim.get("/status?responsedata=version").json().as_object().unwrap().len(), 1);
}

#[test]
fn a_seed_gives_one_world_and_another_gives_another() {
    let (a, b, c) = (start_with(5, &[]), start_with(5, &[]), start_with(6, &[]));
    let look = |sim: &Sim| {
        let events = sim.arcanna("POST", "/api/v2/events/query", r#"{"size": 50}"#).text();
        (
            events,
            sim.get("/devices").text(),
            sim.get("/modelbreaches").text(),
            sim.get("/deviceinfo?did=100").text(),
        )
    };
    assert!(look(&a) == look(&b));
    assert!(look(&a) != look(&c));
    assert_eq!(a.credentials, b.credentials);
    assert_ne!(a.credentials, c.credentials);
}
