//! Model breaches: list, one, acknowledging, comments, and the connections behind one. Contract darktrace.md §4.1–4.4.

use serde_json::{Value, json};

use super::super::rng::Rng;
use super::super::time::{self, DAY, HOUR, Ms, spaced};
use super::super::wire::{Reply, Request, form};
use super::model::{Breach, Target, World};
use super::tables::{Model, models};
use super::{input_error, int};

fn not_found() -> Reply {
    Reply::json(404, &json!({"error": "Not found"}))
}

fn find<'a>(world: &'a World, pbid: &str) -> Option<&'a Breach> {
    world.breaches.iter().find(|b| b.pbid.to_string() == pbid)
}

/// `starttime`+`endtime` in ms, or `from`+`to`.
fn window(request: &Request) -> Result<(Ms, Ms), Reply> {
    let bound =
        |ms: &str, text: &str, otherwise: Ms| match (int(request, ms)?, request.filled(text)) {
            (Some(at), _) => Ok(at),
            (None, Some(text)) => {
                time::parse(&text).ok_or_else(|| input_error("times: YYYY-MM-DD HH:MM:SS"))
            }
            (None, None) => Ok(otherwise),
        };
    Ok((bound("starttime", "from", 0)?, bound("endtime", "to", i64::MAX)?))
}

/// `GET /modelbreaches`.
pub fn list(world: &World, request: &Request) -> Reply {
    let ids = [int(request, "pbid"), int(request, "did"), int(request, "pid")];
    let [Ok(pbid), Ok(did), Ok(model)] = ids else {
        return input_error("pbid, did and pid are numbers");
    };
    let (from, to) = match window(request) {
        Ok(window) => window,
        Err(reply) => return reply,
    };
    let score = match request.filled("minscore").map(|s| s.parse::<f64>()) {
        None => 0.0,
        Some(Ok(score)) if (0.0..=1.0).contains(&score) => score,
        Some(_) => return input_error("minscore: 0 to 1"),
    };
    if let Some(pbid) = pbid {
        let one = world.breaches.iter().find(|b| b.pbid == pbid);
        return one.map_or_else(not_found, |b| Reply::ok(&shown(world, request, b)));
    }
    let by_creation = request.flag("creationtime", false);
    let acknowledged = request.flag("includeacknowledged", false);
    let uuid = request.filled("uuid");
    let mut rows: Vec<&Breach> = world
        .breaches
        .iter()
        .filter(|b| (from..=to).contains(&if by_creation { b.created } else { b.time }))
        .filter(|b| b.score >= score && (acknowledged || !b.acknowledged))
        .filter(|b| {
            did.is_none_or(|d| b.did == Some(d)) && model.is_none_or(|m| pid_of(b.model) == m)
        })
        .filter(|b| uuid.as_ref().is_none_or(|u| *u == uuid_of(b.model)))
        .filter(|b| !request.flag("saasonly", false) || models()[b.model].name.starts_with("SaaS"))
        .collect();
    rows.sort_by_key(|b| b.time);
    Reply::ok(&rows.into_iter().map(|b| shown(world, request, b)).collect())
}

/// `GET /modelbreaches/{pbid}`.
pub fn one(world: &World, request: &Request, pbid: &str) -> Reply {
    find(world, pbid).map_or_else(not_found, |b| Reply::ok(&shown(world, request, b)))
}

fn pid_of(model: usize) -> i64 {
    40 + model as i64
}

fn uuid_of(model: usize) -> String {
    format!("80010119-6d7f-0000-0305-5e0000000{model:03}")
}

fn model(index: usize, now: Ms) -> Value {
    let Model { name, priority, category, description, technique } = &models()[index];
    // type-changing on purpose: false, a number or a list [XM, OAS]
    let set_priority = match index % 3 {
        0 => json!(false),
        1 => json!(priority),
        _ => json!([priority]),
    };
    let mut out = json!({
        "name": name, "pid": pid_of(index), "phid": 6_000 + index, "uuid": uuid_of(index), "priority": priority,
        "category": category, "compliance": name.starts_with("Compliance"), "description": description,
        "tags": ["AP: C2 Comms"], "active": true, "modified": spaced(now - 90 * DAY), "throttle": 3600, "interval": 7200,
        "actions": {"alert": true, "antigena": {}, "breach": true, "model": true, "setPriority": set_priority, "setTag": false, "setType": false},
        "logic": {"data": [1], "type": "componentList", "version": 1}, "sharedEndpoints": false, "sequenced": false,
    });
    if let Some(technique) = technique {
        out["mitre"] = json!({"tactics": ["command-and-control"], "techniques": [technique]});
    }
    out
}

fn shown(world: &World, request: &Request, b: &Breach) -> Value {
    let model = model(b.model, world.start);
    let minimal = request.flag("minimal", false);
    let mut out = json!({"commentCount": b.comments.len(), "pbid": b.pbid, "time": b.time, "creationTime": b.created});
    out["model"] = if minimal {
        json!({"then": {"name": model["name"], "pid": model["pid"]}, "now": {"name": model["name"], "pid": model["pid"]}})
    } else if request.flag("historicmodelonly", false) {
        model.clone()
    } else {
        json!({"then": model, "now": model})
    };
    let mut components = component(b);
    let device = b.did.and_then(|d| world.device(d)).map(|d| Value::Object(d.json()));
    let on_top = request.flag("deviceattop", true);
    if let (Some(device), false) = (&device, on_top) {
        components["device"] = device.clone();
    }
    out["triggeredComponents"] = json!([components]);
    out["score"] = json!(b.score);
    if !minimal {
        out["percentscore"] = json!((b.score * 100.0).round() as i64);
        out["acknowledged"] = json!(b.acknowledged);
    }
    // a breach of the system has no device
    if let (Some(device), true) = (device, on_top) {
        out["device"] = device;
    }
    if request.flag("includebreachurl", false) && !minimal {
        out["breachUrl"] = json!(format!("https://darktrace.example/#modelbreach/{}", b.pbid));
    }
    out
}

fn component(b: &Breach) -> Value {
    json!({
        "time": b.time, "cbid": b.pbid + 20_000, "cid": 3_000 + b.model, "chid": 5_000 + b.model, "size": 1, "threshold": 0,
        "interval": 3600, "logic": {"data": {"left": "A", "operator": "AND", "right": "B"}, "version": "v0.1"},
        "metric": {"mlid": 17, "name": "externalconnections", "label": "External Connections"},
        "triggeredFilters": [{
            "cfid": 21_000 + b.model, "id": "A", "filterType": "Rare external endpoint", "arguments": {"value": 80},
            "comparatorType": ">", "trigger": {"value": "97"},
        }],
    })
}

/// The fields of a JSON object or a form, whichever came.
fn field(request: &Request, name: &str) -> Option<String> {
    if request.is_form() {
        return form(&request.text()).into_iter().find(|(n, _)| n == name).map(|(_, v)| v);
    }
    let body = request.json()?;
    let value = body.get(name)?;
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// `POST /modelbreaches/{pbid}/acknowledge` and `/unacknowledge`: form, JSON true or JSON "true".
pub fn acknowledge(world: &mut World, request: &Request, pbid: &str, action: &str) -> Reply {
    if field(request, action).as_deref() != Some("true") {
        return input_error(&format!("{action}=true is required"));
    }
    let Some(breach) = world.breaches.iter_mut().find(|b| b.pbid.to_string() == pbid) else {
        return not_found();
    };
    let wanted = action == "acknowledge";
    if breach.acknowledged == wanted {
        // Assumption: the text; clients report anything but SUCCESS as "already acknowledged".
        return Reply::ok(&json!({"response": "NO CHANGE"}));
    }
    breach.acknowledged = wanted;
    Reply::ok(&json!({"response": "SUCCESS"}))
}

/// `GET /modelbreaches/{pbid}/comments`.
pub fn comments(world: &World, pbid: &str) -> Reply {
    let Some(breach) = find(world, pbid) else {
        return not_found();
    };
    let rows = breach.comments.iter();
    Reply::ok(
        &rows.map(|(at, user, text)| json!({"message": text, "username": user, "time": at, "pid": pid_of(breach.model)})).collect(),
    )
}

/// `POST /modelbreaches/{pbid}/comments`: JSON with `message`.
pub fn comment(world: &mut World, request: &Request, pbid: &str) -> Reply {
    let message =
        request.json().and_then(|b| b.get("message").and_then(Value::as_str).map(str::to_owned));
    let Some(message) = message.filter(|m| !m.is_empty()) else {
        return input_error("message is required, as JSON");
    };
    let id = world.id();
    let Some(breach) = world.breaches.iter_mut().find(|b| b.pbid.to_string() == pbid) else {
        return not_found();
    };
    breach.comments.push((request.now, "api".to_owned(), message.clone()));
    let row = json!({
        "message": message, "username": "api", "time": request.now, "pid": pid_of(breach.model), "commentid": id,
    });
    Reply::ok(&json!([row]))
}

/// `GET /mbcomments`: newest first.
pub fn all_comments(world: &World, request: &Request) -> Reply {
    let (pbid, count) = match (int(request, "pbid"), int(request, "count")) {
        (Ok(pbid), Ok(count)) => (pbid, count.unwrap_or(100).max(0) as usize),
        (Err(reply), _) | (_, Err(reply)) => return reply,
    };
    let (from, to) = match window(request) {
        Ok(window) => window,
        Err(reply) => return reply,
    };
    let mut rows: Vec<(Ms, Value)> = world
        .breaches
        .iter()
        .filter(|b| pbid.is_none_or(|p| p == b.pbid))
        .flat_map(|b| {
            b.comments.iter().filter(|(at, ..)| (from..=to).contains(at)).map(|(at, user, text)| {
                let name = models()[b.model].name;
                let row = json!({
                    "time": at, "pbid": b.pbid, "username": user, "message": text, "pid": pid_of(b.model), "name": name,
                });
                (*at, row)
            })
        })
        .collect();
    rows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    Reply::ok(&rows.into_iter().take(count).map(|(_, row)| row).collect())
}

/// `GET /details`: the breach first, then connections.
pub fn details(world: &World, request: &Request) -> Reply {
    let numbers =
        [int(request, "pbid"), int(request, "did"), int(request, "count"), int(request, "offset")];
    let [Ok(pbid), Ok(did), Ok(count), Ok(offset)] = numbers else {
        return input_error("pbid, did, count: numbers");
    };
    let timed = request.filled("from").or_else(|| request.filled("starttime")).is_some();
    if count.is_some() && timed {
        return input_error("count does not go together with from or starttime");
    }
    let count = count.unwrap_or(100).clamp(0, 1_000) as usize;
    let offset = offset.unwrap_or(0).max(0) as usize;
    let mut rows = Vec::new();
    let (did, until) = match (pbid, did) {
        (Some(pbid), _) => {
            let Some(b) = world.breaches.iter().find(|b| b.pbid == pbid) else {
                return not_found();
            };
            rows.push(json!({
                "time": spaced(b.time), "timems": b.time, "action": "policybreach", "eventType": "policybreach", "pbid": b.pbid,
                "pid": pid_of(b.model), "threatscore": (b.score * 100.0) as i64, "name": models()[b.model].name,
                "acknowledged": b.acknowledged, "state": "New", "mitre": models()[b.model].technique, "score": b.score,
            }));
            (b.did, b.time)
        }
        (None, Some(did)) => (Some(did), request.now.min(world.start)),
        (None, None)
            if request.filled("msg").or_else(|| request.filled("blockedconnections")).is_some() =>
        {
            (None, 0)
        }
        (None, None) => return input_error("pbid, did, msg or blockedconnections is required"),
    };
    let place = did.and_then(|did| world.devices.iter().position(|d| d.did == did));
    if let Some(place) = place {
        let mut rng = Rng::new(world.seed, &format!("details {did:?} {pbid:?}"));
        rows.extend(
            (0..40).filter_map(|i| connection(world, place, until - i * HOUR / 30, &mut rng)),
        );
    }
    Reply::ok(&rows.into_iter().skip(offset).take(count).collect())
}

fn connection(world: &World, place: usize, at: Ms, rng: &mut Rng) -> Option<Value> {
    let device = &world.devices[place];
    let peers = &world.peers[place];
    if peers.is_empty() {
        return None;
    }
    let peer = rng.pick(peers);
    let source_port = rng.between(49_152, 65_535);
    let mut here = device.json();
    here.insert("time".into(), json!(device.last.to_string())); // a text here, and only here
    let (name, there, other) = match peer.target {
        Target::Device(did) => {
            let other = world.device(did)?;
            (
                other.hostname.clone().or_else(|| other.ip.clone())?,
                Value::Object(other.json()),
                Some(did),
            )
        }
        Target::Endpoint(e) => {
            let e = &world.endpoints[e];
            let row = json!({
                "hostname": e.hostname, "ip": e.ip, "country": e.place.0, "asn": e.asn, "ippopularity": e.popularity.to_string(),
                "longitude": e.place.3, "latitude": e.place.2, "connectionhostnamepopularity": e.popularity.to_string(),
            });
            (e.hostname.to_owned(), row, None)
        }
        Target::Group(_) => return None,
    };
    let service = if peer.service == "-" { "Unknown" } else { peer.service };
    let mut row = json!({
        "time": spaced(at), "timems": at, "action": "connection", "eventType": "connection",
        "uid": format!("C{}", rng.hex(17)), "sdid": device.did, "port": peer.port, "sourcePort": source_port,
        "destinationPort": peer.port, "info": format!("A connection to {name} on port {}", peer.port), "direction": "out",
        "protocol": if matches!(peer.port, 53 | 123 | 67) { "UDP" } else { "TCP" }, "applicationprotocol": service.to_uppercase(),
        "sourceDevice": here, "destinationDevice": there, "source": device.hostname, "destination": name,
        "sourceSize": rng.between(60, i64::from(peer.bytes) + 100), "destinationSize": rng.between(60, 90_000),
    });
    if let Some(did) = other {
        row["ddid"] = json!(did);
    }
    if device.hostname.is_none()
        && let Some(map) = row.as_object_mut()
    {
        map.remove("source");
    }
    Some(row)
}
