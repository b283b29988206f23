//! Devices: similar ones, the list, the search, and changing one. Contract darktrace.md §3.1 and §4.5.

use serde_json::{Map, Value, json};

use super::super::glob::wildcard;
use super::super::time::{DAY, HOUR, MINUTE, Ms};
use super::super::wire::{Reply, Request};
use super::model::{Device, World};
use super::{data, input_error, int};

/// `GET /similardevices`: always an array.
pub fn similar(world: &World, request: &Request) -> Reply {
    let (did, count) = match (int(request, "did"), int(request, "count")) {
        (Ok(did), Ok(count)) => (did, count.unwrap_or(10)),
        (Err(reply), _) | (_, Err(reply)) => return reply,
    };
    let Some(did) = did else {
        return input_error("did is required");
    };
    // Assumption: an unknown device has no similar ones.
    let rows = similar_to(world, did, count.max(0) as usize);
    Reply::ok(
        &rows
            .into_iter()
            .map(|(device, score)| {
                let mut row = device.json();
                row.insert("score".into(), json!(score));
                row
            })
            .collect(),
    )
}

/// The most similar devices, the last seen first.
pub fn similar_to(world: &World, did: i64, count: usize) -> Vec<(&Device, i64)> {
    let Some(device) = world.device(did) else {
        return Vec::new();
    };
    let mut rows: Vec<(&Device, i64)> = world
        .devices
        .iter()
        .filter(|d| d.did != did)
        .map(|d| (d, data::similarity(device, d)))
        .filter(|(_, s)| *s >= 50)
        .collect();
    rows.sort_by_key(|(d, score)| (-score, d.did));
    rows.truncate(count);
    rows.sort_by_key(|(d, _)| (-d.last, d.did));
    rows
}

/// A device as `/devices` shows it: other names for the times, and an extra id.
fn listed(world: &World, device: &Device, tags: bool) -> Value {
    let mut row = device.json();
    let (first, last) = (row.remove("firstSeen"), row.remove("lastSeen"));
    let mut out = Map::new();
    out.insert("id".into(), json!(device.did));
    out.append(&mut row);
    out.insert("time".into(), first.unwrap_or_default());
    out.insert("endtime".into(), last.unwrap_or_default());
    if device.priority != 0 {
        out.insert("priority".into(), json!(device.priority));
    }
    if tags {
        out.insert("tags".into(), tags_of(world, device.did));
    }
    Value::Object(out)
}

/// The tags of a device, each with the expiry it has there.
pub fn tags_of(world: &World, did: i64) -> Value {
    let did = did.to_string();
    world
        .entities
        .iter()
        .filter(|e| e.kind == "Device" && e.value == did)
        .filter_map(|e| world.tags.iter().find(|t| t.tid == e.tid).map(|t| t.json(e.expiry)))
        .collect()
}

/// The device with everything: what `fulldevicedetails` gives.
pub fn full(world: &World, device: &Device) -> Value {
    let mut out = device.json();
    if !device.credentials.is_empty() {
        let list: Value = device
            .credentials
            .iter()
            .map(|(c, at)| json!({"credential": c, "lastSeen": at}))
            .collect();
        out.insert("credentials".into(), list);
    }
    out.insert("tags".into(), tags_of(world, device.did));
    if let Some(custom) = &device.custom {
        out.insert("customFields".into(), custom.clone());
    }
    if device.sid == -9 {
        out.insert("saasmodule".into(), json!("Office365"));
    }
    if let (-11, Some(ip)) = (device.sid, &device.ip) {
        // times in seconds here, unlike everywhere else
        let ips = json!([{"ip": ip, "sid": -11, "hostname": device.hostname, "time": device.last / 1000}]);
        out.insert(
            "interfaces".into(),
            json!([{"mac": "3c:22:fb:01:02:03", "vendor": "Apple, Inc.", "ips": ips}]),
        );
    }
    Value::Object(out)
}

/// `GET /devices`: one did gives an object, several or none an array.
pub fn list(world: &World, request: &Request) -> Reply {
    let tags = request.flag("includetags", false);
    if let Some(text) = request.filled("did") {
        let wanted: Result<Vec<i64>, _> = text
            .split(',')
            .filter(|t| !t.trim().is_empty())
            .map(|t| t.trim().parse::<i64>())
            .collect();
        let Ok(wanted) = wanted else {
            return input_error("did is not a number");
        };
        let found = world
            .devices
            .iter()
            .filter(|d| wanted.contains(&d.did))
            .map(|d| listed(world, d, tags));
        if text.contains(',') {
            return Reply::ok(&found.collect());
        }
        // Assumption: an unknown single device is an empty object.
        return Reply::ok(&found.into_iter().next().unwrap_or_else(|| json!({})));
    }
    let since = match seen_since(request, 7 * DAY) {
        Ok(since) => request.now - since,
        Err(reply) => return reply,
    };
    let (ip, mac, sid) = (request.filled("ip"), request.filled("mac"), int(request, "sid"));
    let sid = match sid {
        Ok(sid) => sid,
        Err(reply) => return reply,
    };
    let count = match int(request, "count") {
        Ok(count) => count.unwrap_or(i64::MAX).max(0) as usize,
        Err(reply) => return reply,
    };
    let kept = |d: &&Device| {
        let by_address = ip.is_some() || mac.is_some();
        (by_address || d.last >= since)
            && ip.as_ref().is_none_or(|ip| d.ip.as_ref() == Some(ip))
            && mac
                .as_ref()
                .is_none_or(|m| d.mac.as_ref().is_some_and(|x| x.eq_ignore_ascii_case(m)))
            && sid.is_none_or(|s| d.sid == s)
    };
    Reply::ok(
        &world.devices.iter().filter(kept).take(count).map(|d| listed(world, d, tags)).collect(),
    )
}

/// `seensince`: seconds, or a number with a unit.
fn seen_since(request: &Request, otherwise: Ms) -> Result<Ms, Reply> {
    let Some(text) = request.filled("seensince") else {
        return Ok(otherwise);
    };
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let unit = match text[digits.len()..].trim_end_matches('s') {
        "" | "sec" | "second" => 1_000,
        "min" | "minute" => MINUTE,
        "hour" => HOUR,
        "day" => DAY,
        "week" => 7 * DAY,
        _ => {
            return Err(input_error("seensince: seconds, or a number with min, hour, day or week"));
        }
    };
    digits
        .parse::<i64>()
        .map(|n| n.saturating_mul(unit))
        .map_err(|_| input_error("seensince begins with a number"))
}

/// `POST /devices`: label and priority. Assumption: an unknown device is an input error.
pub fn change(world: &mut World, request: &Request) -> Reply {
    let Some(body) = request.json() else {
        return input_error("a JSON body is wanted");
    };
    let Some(did) = body.get("did").and_then(super::super::whole) else {
        return input_error("did is required");
    };
    let priority = body.get("priority").and_then(Value::as_i64);
    if priority.is_some_and(|p| !(-5..=5).contains(&p)) {
        return input_error("priority: -5 to 5");
    }
    let Some(device) = world.devices.iter_mut().find(|d| d.did == did) else {
        return input_error("no such device");
    };
    if let Some(label) = body.get("label").and_then(Value::as_str) {
        device.label = Some(label.to_owned()).filter(|l| !l.is_empty());
    }
    if let Some(priority) = priority {
        device.priority = priority;
    }
    Reply::ok(&json!({"response": "SUCCESS", "device": device.json()}))
}

/// One condition of a device search; several of the same field are alternatives.
struct Term {
    field: String,
    pattern: String,
}

/// Reads `tag:"a b" hostname:"h*" 10.1.1.1`.
fn terms(query: &str) -> Vec<Term> {
    let (mut out, mut rest) = (Vec::new(), query.trim());
    while !rest.is_empty() {
        let field_end =
            rest.find(|c: char| c == ':' || c == '"' || c.is_whitespace()).unwrap_or(rest.len());
        let mut field = String::new();
        if rest[field_end..].starts_with(':') && rest[..field_end].chars().all(char::is_alphabetic)
        {
            rest[..field_end].clone_into(&mut field);
            rest = &rest[field_end + 1..];
        }
        let (pattern, next) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        out.push(Term { field: field.to_lowercase(), pattern: pattern.to_owned() });
        rest = next.trim_start();
    }
    out
}

fn holds(world: &World, device: &Device, term: &Term) -> bool {
    let whole = |value: Option<&str>| value.is_some_and(|v| wildcard(&term.pattern, v));
    let part =
        |value: Option<&str>| value.is_some_and(|v| wildcard(&format!("*{}*", term.pattern), v));
    let tagged = || {
        tags_of(world, device.did)
            .as_array()
            .is_some_and(|l| l.iter().any(|t| whole(t["name"].as_str())))
    };
    match term.field.as_str() {
        "label" => whole(device.label.as_deref()),
        "tag" => tagged(),
        "type" => whole(Some(device.typename)) || whole(Some(device.typelabel)),
        "hostname" => whole(device.hostname.as_deref()),
        "ip" => whole(device.ip.as_deref()),
        "mac" => whole(device.mac.as_deref()),
        "vendor" => whole(device.vendor),
        "os" => whole(device.os),
        _ => {
            [
                device.hostname.as_deref(),
                device.ip.as_deref(),
                device.mac.as_deref(),
                device.label.as_deref(),
                device.vendor,
            ]
            .into_iter()
            .any(part)
                || device.did.to_string() == term.pattern
        }
    }
}

/// `GET /devicesearch`.
pub fn search(world: &World, request: &Request) -> Reply {
    let since = match seen_since(request, 28 * DAY) {
        Ok(since) => request.now - since,
        Err(reply) => return reply,
    };
    let (count, offset) = match (int(request, "count"), int(request, "offset")) {
        (Ok(count), Ok(offset)) => (count.unwrap_or(100), offset.unwrap_or(0)),
        (Err(reply), _) | (_, Err(reply)) => return reply,
    };
    if !(0..=300).contains(&count) || offset < 0 {
        return input_error("count: at most 300; offset: not negative");
    }
    let terms = terms(&request.param("query").unwrap_or_default());
    let mut found: Vec<&Device> = world
        .devices
        .iter()
        .filter(|d| d.last >= since)
        .filter(|d| {
            terms.iter().all(|t| {
                // several of one field: any of them will do
                terms
                    .iter()
                    .filter(|o| o.field == t.field && !t.field.is_empty())
                    .any(|o| holds(world, d, o))
                    || holds(world, d, t)
            })
        })
        .collect();
    let column = request.filled("orderBy").unwrap_or_else(|| "lastSeen".to_owned());
    let key = |d: &Device| {
        let text = |t: Option<&str>| (0, t.unwrap_or_default().to_lowercase());
        match column.as_str() {
            "priority" => (d.priority, String::new()),
            "hostname" => text(d.hostname.as_deref()),
            "ip" => text(d.ip.as_deref()),
            "macaddress" => text(d.mac.as_deref()),
            "vendor" => text(d.vendor),
            "os" => text(d.os),
            "firstSeen" => (d.first, String::new()),
            "devicelabel" => text(d.label.as_deref()),
            "typelabel" => text(Some(d.typelabel)),
            _ => (d.last, String::new()),
        }
    };
    found.sort_by_key(|d| (key(d), d.did));
    if request.param("order").as_deref() == Some("desc") {
        found.reverse();
    }
    let rows: Vec<Value> =
        found.iter().skip(offset as usize).take(count as usize).map(|d| full(world, d)).collect();
    Reply::ok(&json!({"totalCount": found.len(), "devices": rows}))
}
