//! The watched list: `/intelfeed`. Contract darktrace.md §3.5 and §4.7.

use serde_json::{Value, json};

use super::super::time::{self, zoneless};
use super::super::wire::{Reply, Request, form};
use super::input_error;
use super::model::{Watched, World};

/// `GET /intelfeed`: names, full rows, or sources.
pub fn list(world: &World, request: &Request) -> Reply {
    if request.flag("sources", false) {
        return Reply::ok(&json!(world.sources));
    }
    let source = request.filled("source");
    let rows = world.watched.iter().filter(|w| source.as_ref().is_none_or(|s| *s == w.source));
    if !request.flag("fulldetails", false) {
        return Reply::ok(&rows.map(|w| json!(w.name)).collect());
    }
    let shown = rows.map(|w| {
        let mut row = json!({"name": w.name, "strength": 100, "iagn": w.iagn});
        if let Some(description) = &w.description {
            row["description"] = json!(description);
        }
        if let Some(expiry) = w.expiry {
            row["expiry"] = json!(zoneless(expiry));
        }
        row
    });
    Reply::ok(&shown.collect())
}

/// The fields of a form or of a JSON object, as texts.
fn fields(request: &Request) -> Option<Vec<(String, String)>> {
    if request.is_form() {
        return Some(form(&request.text()));
    }
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    Some(request.json()?.as_object()?.iter().map(|(k, v)| (k.clone(), text(v))).collect())
}

/// `POST /intelfeed`.
pub fn change(world: &mut World, request: &Request) -> Reply {
    let Some(fields) = fields(request) else {
        return input_error("a JSON object or a form is wanted");
    };
    let value = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    let on = |name: &str| value(name) == Some("true");
    if on("removeall") {
        world.watched.clear();
        return Reply::ok(&json!({"response": "SUCCESS"}));
    }
    let source = value("source").filter(|s| !s.is_empty());
    if let Some(name) = value("removeentry") {
        if source.is_none() && world.sources.len() > 1 && ambiguous(world, name) {
            return input_error("source is required: the entry is in several");
        }
        // Assumption: removing what is not there is a success.
        world.watched.retain(|w| w.name != name || source.is_some_and(|s| s != w.source));
        return Reply::ok(&json!({"response": "SUCCESS"}));
    }
    let description = value("description").filter(|d| !d.is_empty());
    if description.is_some_and(|d| d.chars().count() >= 256) {
        return input_error("description: less than 256 characters");
    }
    if source.is_some_and(|s| s.chars().count() >= 64) {
        return input_error("source: less than 64 characters");
    }
    let expiry = match value("expiry").filter(|e| !e.is_empty()).map(time::parse) {
        None => None,
        Some(Some(at)) => Some(at),
        Some(None) => return input_error("expiry: YYYY-MM-DDTHH:MM:SS"),
    };
    let names: Vec<&str> = match (value("addentry"), value("addlist")) {
        (Some(one), None) => vec![one.trim()],
        (None, Some(list)) => list.split([',', '\n']).map(str::trim).collect(),
        _ => return input_error("addentry, addlist, removeentry or removeall is required"),
    };
    let names: Vec<&str> = names.into_iter().filter(|n| !n.is_empty()).collect();
    if names.is_empty() {
        return input_error("nothing to add");
    }
    let source = source.unwrap_or("Default").to_owned();
    if !world.sources.contains(&source) {
        world.sources.push(source.clone());
    }
    let (mut added, mut updated) = (0, 0);
    for name in names {
        let new = Watched {
            name: name.to_owned(),
            description: description.map(str::to_owned),
            source: source.clone(),
            expiry,
            exact: on("hostname"),
            iagn: on("iagn"),
        };
        match world
            .watched
            .iter_mut()
            .find(|w| w.name.eq_ignore_ascii_case(name) && w.source == source)
        {
            None => {
                world.watched.push(new);
                added += 1;
            }
            Some(old)
                if old.description != new.description
                    || old.expiry != new.expiry
                    || old.iagn != new.iagn =>
            {
                *old = new;
                updated += 1;
            }
            // already there just so: SUCCESS with 0 and 0
            Some(_) => {}
        }
    }
    Reply::ok(&json!({"response": "SUCCESS", "added": added, "updated": updated}))
}

fn ambiguous(world: &World, name: &str) -> bool {
    world.watched.iter().filter(|w| w.name == name).count() > 1
}
