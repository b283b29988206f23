//! Darktrace's commands about devices, endpoints and the watched list.
//!
//! Contexts hold the server's own JSON with the two changes of the manual's examples: times of a device or endpoint
//! become ISO text, and lists get the wrapper the manual shows. Connections, search and tags have rooms of their own.

use jiff::Timestamp;

use super::args::{Arg, Args, Kind, Need};
use super::run::{Outcome, Reply, once};
use super::table::{Cell, Table};
use super::{Entry, Json};
use crate::api::Product;
use crate::api::darktrace::devices::{Device, SimilarDevices};
use crate::api::darktrace::endpoints::{Endpoint, EndpointDetails, EndpointReport};
use crate::api::darktrace::watchlist::{WatchAdd, WatchReply};

/// A device to read about; 0 and negative numbers are groups, of which some reads know something.
pub(super) const DID: Arg = Arg {
    name: "did",
    aliases: &["deviceId", "device_id"],
    need: Need::Required,
    kind: Kind::Whole(i64::MIN),
    help: "the device's number",
};

/// An argument that may be left out.
pub(super) const fn optional(
    name: &'static str,
    aliases: &'static [&'static str],
    kind: Kind,
    help: &'static str,
) -> Arg {
    Arg { name, aliases, need: Need::Optional, kind, help }
}

/// A flag that may be left out.
pub(super) const fn flag(
    name: &'static str,
    aliases: &'static [&'static str],
    default: &'static str,
    help: &'static str,
) -> Arg {
    Arg { name, aliases, need: Need::Default(default), kind: Kind::Flag, help }
}

/// `darktrace-get-similar-devices`
pub(super) static GET_SIMILAR_DEVICES: Entry = Entry {
    name: "darktrace-get-similar-devices",
    title: "List the devices that behave like one",
    product: Product::Darktrace,
    write: false,
    args: &[
        DID,
        Arg {
            name: "max_results",
            aliases: &["maxResults"],
            need: Need::Required,
            kind: Kind::Whole(1),
            help: "at most this many devices",
        },
    ],
    plan: |args| {
        let operation = SimilarDevices {
            did: whole(args, "did")?,
            count: small(args, "max_results")?,
            full: false,
        };
        Ok(once(operation, similar))
    },
};

/// `darktrace-get-external-endpoint-details`
pub(super) static GET_EXTERNAL_ENDPOINT_DETAILS: Entry = Entry {
    name: "darktrace-get-external-endpoint-details",
    title: "Show what Darktrace knows of an address or host name",
    product: Product::Darktrace,
    write: false,
    args: &[
        Arg {
            name: "endpoint_type",
            aliases: &["endpointType"],
            need: Need::Required,
            kind: Kind::OneOf(&["ip", "hostname"]),
            help: "what kind of endpoint it is",
        },
        Arg {
            name: "endpoint_value",
            aliases: &["endpointValue"],
            need: Need::Required,
            kind: Kind::Text,
            help: "the address or host name",
        },
        flag("devices", &[], "true", "with the devices that connected to it"),
        flag("additional_info", &["additionalInfo"], "true", "with addresses and places"),
        flag("score", &[], "true", "with popularity and score"),
    ],
    plan: |args| {
        let value = args.text("endpoint_value");
        let operation = EndpointDetails {
            endpoint: match args.get("endpoint_type") {
                Some("ip") => Endpoint::Ip(value),
                _ => Endpoint::Hostname(value),
            },
            additional_info: args.flag("additional_info").unwrap_or(true),
            devices: args.flag("devices").unwrap_or(true),
            score: args.flag("score").unwrap_or(true),
        };
        Ok(once(operation, endpoint))
    },
};

/// `darktrace-post-to-watched-list`
pub(super) static POST_TO_WATCHED_LIST: Entry = Entry {
    name: "darktrace-post-to-watched-list",
    title: "Put addresses, host names or domains on the watched list",
    product: Product::Darktrace,
    write: true,
    args: &[
        Arg {
            name: "endpointsToWatch",
            aliases: &["endpoints_to_watch"],
            need: Need::Required,
            kind: Kind::Text,
            help: "one endpoint, or several with commas between",
        },
        optional("description", &[], Kind::Text, "why they are watched"),
    ],
    plan: |args| {
        let entries = args.text("endpointsToWatch");
        let entries: Vec<String> = entries
            .split([',', '\n'])
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(str::to_owned)
            .collect();
        let operation = WatchAdd {
            entries,
            description: args.get("description").map(str::to_owned),
            ..WatchAdd::default()
        };
        Ok(once(operation, watched))
    },
};

/// `{"Darktrace":{key: value}}`
pub(super) fn context(key: &str, value: Json) -> Json {
    Json::object([("Darktrace", Json::object([(key, value)]))])
}

/// A whole number that checking has made sure of.
pub(super) fn whole(args: &Args, name: &str) -> Result<i64, String> {
    args.whole(name).ok_or_else(|| format!("`{name}` is missing"))
}

/// A whole number that fits the wire's field.
pub(super) fn small(args: &Args, name: &str) -> Result<u32, String> {
    u32::try_from(whole(args, name)?).map_err(|_| format!("`{name}` is too large"))
}

/// Milliseconds since 1970 as the manual's examples print them: `2020-08-07T00:06:40.000Z`. `None` for 0, which stands for
/// never, and for what is no time.
pub(super) fn moment(value: &Json) -> Option<String> {
    let ms = value.as_whole().filter(|ms| *ms != 0)?;
    let at = Timestamp::from_millisecond(ms).ok()?;
    Some(at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// Turns the times of these keys into ISO text; anything else stays as it is.
fn with_moments(object: &mut Json, keys: &[&str]) {
    for key in keys {
        if let Some(value) = object.get_mut(key)
            && let Some(text) = moment(value)
        {
            *value = Json::text(&text);
        }
    }
}

/// What names a nested value where a cell has room for a word.
fn brief(value: &Json) -> String {
    let named = ["name", "ip", "credential", "hostname", "city", "country"]
        .into_iter()
        .filter_map(|key| value.get(key))
        .find(|inner| !inner.is_blank());
    let cell = Cell::of(Some(named.unwrap_or(value)));
    cell.0.join(", ")
}

/// A cell for reading in a terminal: structures by their names, not in full.
pub(super) fn brief_cell(value: Option<&Json>) -> Cell {
    match value {
        Some(Json::List(items)) => Cell(items.iter().map(brief).collect()),
        Some(value @ Json::Object(_)) => Cell::new(brief(value)),
        value => Cell::of(value),
    }
}

/// The same columns as [`Table::of_objects`], structures by their names.
fn brief_table(title: &str, objects: &[Json]) -> Table {
    Table::of_objects_with(title, objects, brief_cell)
}

fn similar(operation: &SimilarDevices, reply: Reply<Vec<Device>>) -> Outcome {
    let mut devices = match reply.json {
        Json::List(devices) => devices,
        // with full details the list can come inside an object [OAS]
        other => other.get("devices").map(|list| list.items().to_vec()).unwrap_or_default(),
    };
    for device in &mut devices {
        with_moments(device, &["firstSeen", "lastSeen"]);
    }
    let title = format!("List of similar devices to device:{}:", operation.did);
    let mut notes = Vec::new();
    if devices.is_empty() {
        notes.push(format!("no device is known to be like {}", operation.did));
    }
    Outcome {
        table: Table::of_objects(title.as_str(), &devices),
        plain: Some(brief_table(&title, &devices)),
        rows: devices.clone(),
        context: context(
            "SimilarDevices",
            Json::object([("did", Json::from(operation.did)), ("devices", Json::List(devices))]),
        ),
        notes,
        ..Outcome::empty(GET_SIMILAR_DEVICES.name, reply.raw)
    }
}

fn endpoint(operation: &EndpointDetails, reply: Reply<EndpointReport>) -> Outcome {
    let mut details = reply.json;
    with_moments(&mut details, &["firsttime"]);
    let (kind, value) = match &operation.endpoint {
        Endpoint::Ip(ip) => ("IP", ip),
        Endpoint::Hostname(name) => ("Hostname", name),
    };
    let title = format!("{kind}: {value} details");
    let mut notes = Vec::new();
    if details.keys().next().is_none() {
        notes.push(format!("Darktrace knows nothing of {value}"));
    }
    let rows = vec![details.clone()];
    Outcome {
        table: Table::of_objects(title.as_str(), &rows),
        plain: Some(brief_table(&title, &rows)),
        context: context("ExternalEndpointDetails", details),
        rows,
        notes,
        ..Outcome::empty(GET_EXTERNAL_ENDPOINT_DETAILS.name, reply.raw)
    }
}

fn watched(operation: &WatchAdd, reply: Reply<WatchReply>) -> Outcome {
    let said = reply.output;
    let count = |count: Option<u64>| {
        count.map_or_else(|| Cell::new("n/a"), |count| Cell::new(count.to_string()))
    };
    let mut notes = Vec::new();
    match (said.added, said.updated) {
        (Some(0), Some(0)) => {
            notes.push("nothing is new: Darktrace had every entry already".to_owned());
        }
        (None, None) => notes.push("Darktrace did not say what it added".to_owned()),
        _ => {}
    }
    Outcome {
        table: Table::pairs(
            "Watched list",
            vec![
                ("endpoints", Cell(operation.entries.clone())),
                ("response", Cell::new(said.response.as_str())),
                ("added", count(said.added)),
                ("updated", count(said.updated)),
            ],
        ),
        context: context("Endpoint", Json::object([("Watched", Json::text(&said.response))])),
        rows: vec![match reply.json {
            Json::Null => Json::Object(Vec::new()),
            answer => answer,
        }],
        notes,
        ..Outcome::empty(POST_TO_WATCHED_LIST.name, reply.raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_milliseconds_and_zero_is_none() {
        let at = |text: &str| moment(&Json::parse(text).unwrap());
        assert_eq!(at("1596758800000").unwrap(), "2020-08-07T00:06:40.000Z");
        assert_eq!(at("1702038492123.0").unwrap(), "2023-12-08T12:28:12.123Z");
        assert_eq!(at("0"), None);
        assert_eq!(at("\"2020-08-07\""), None);
        assert_eq!(at("99999999999999999"), None);
    }
}
