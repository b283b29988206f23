//! Darktrace's commands about tags: who carries one, which a device carries, and putting one on.

use std::time::Duration;

use super::args::{Arg, Kind, Need};
use super::darktrace::{brief_cell, context, moment, whole};
use super::run::{Asked, Outcome, Plan, Reply, Step, once};
use super::table::{Cell, Table};
use super::{Entry, Json};
use crate::api::darktrace::Reply as Said;
use crate::api::darktrace::tags::{DeviceTags, Holders, Tag, TagDevice, TagEntity, TaggedDevices};
use crate::api::{Answer, ApiError, Product};

const TAG_NAME: Arg = Arg {
    name: "tagName",
    aliases: &["tag_name", "tag"],
    need: Need::Required,
    kind: Kind::Text,
    help: "the tag's name",
};

/// A device; the manual calls it `deviceId` here and `did` elsewhere.
const fn device(least: i64) -> Arg {
    Arg {
        name: "deviceId",
        aliases: &["did", "device_id"],
        need: Need::Required,
        kind: Kind::Whole(least),
        help: "the device's number",
    }
}

/// `darktrace-get-tagged-devices`
pub(super) static GET_TAGGED_DEVICES: Entry = Entry {
    name: "darktrace-get-tagged-devices",
    title: "List the devices that carry a tag",
    product: Product::Darktrace,
    write: false,
    args: &[TAG_NAME],
    plan: |args| {
        let operation = TaggedDevices { tag: args.text("tagName") };
        Ok(once(operation, tagged))
    },
};

/// `darktrace-get-tags-for-device`
pub(super) static GET_TAGS_FOR_DEVICE: Entry = Entry {
    name: "darktrace-get-tags-for-device",
    title: "List the tags a device carries",
    product: Product::Darktrace,
    write: false,
    args: &[device(i64::MIN)],
    plan: |args| {
        let operation = DeviceTags { did: whole(args, "deviceId")? };
        Ok(once(operation, tags))
    },
};

/// `darktrace-post-tag-to-device`
pub(super) static POST_TAG_TO_DEVICE: Entry = Entry {
    name: "darktrace-post-tag-to-device",
    title: "Put an existing tag on a device, and read the device's tags to see it there",
    product: Product::Darktrace,
    write: true,
    // 0 and negative numbers are groups; a tag belongs on one device
    args: &[device(1), TAG_NAME],
    plan: |args| {
        let did = whole(args, "deviceId")?;
        Ok(Box::new(Tagging {
            post: Asked::new(TagDevice { did, tag: args.text("tagName"), duration_s: None }),
            read: Asked::new(DeviceTags { did }),
            posted: None,
        }))
    },
};

/// A member under another name; `null` where the server omits it.
fn renamed(object: &Json, key: &str) -> Json {
    object.get(key).cloned().unwrap_or(Json::Null)
}

fn tagged(operation: &TaggedDevices, reply: Reply<Holders>) -> Outcome {
    let holders = reply.output;
    let devices = reply.json.get("devices").map_or(&[][..], Json::items);
    let mut rows: Vec<Json> = devices
        .iter()
        .map(|device| {
            Json::object([
                ("deviceId", renamed(device, "did")),
                ("hostname", renamed(device, "hostname")),
                ("label", renamed(device, "devicelabel")),
                ("credentials", renamed(device, "credentials")),
                ("otherTags", renamed(device, "tags")),
            ])
        })
        .collect();
    let mut notes = Vec::new();
    let described: Vec<i64> = holders.devices.iter().filter_map(|d| d.did).collect();
    let bare: Vec<i64> = holders
        .entities
        .iter()
        .filter_map(TagEntity::did)
        .filter(|did| !described.contains(did))
        .collect();
    if devices.is_empty() {
        // a server that describes no devices still names them
        rows = bare.iter().map(|did| Json::object([("deviceId", Json::from(*did))])).collect();
    } else if !bare.is_empty() {
        let named: Vec<String> = bare.iter().map(i64::to_string).collect();
        notes.push(format!(
            "the tag is also on devices Darktrace does not describe: {}",
            named.join(", ")
        ));
    }
    let credentials = holders
        .entities
        .iter()
        .filter(|entity| entity.kind.as_deref() == Some("Credential"))
        .count();
    if credentials > 0 {
        let s = if credentials == 1 { "" } else { "s" };
        notes.push(format!("the tag is also on {credentials} credential{s}"));
    }
    if rows.is_empty() {
        notes.push(format!("no device carries the tag `{}`", operation.tag));
    }
    let heads = ["deviceId", "hostname", "label", "credentials", "otherTags"];
    let title = format!("Devices with the tag {}", operation.tag);
    let table = |cell: fn(Option<&Json>) -> Cell| {
        let cells =
            rows.iter().map(|row| heads.iter().map(|head| cell(row.get(head))).collect()).collect();
        Table::rows(title.as_str(), &heads, cells)
    };
    Outcome {
        table: table(Cell::of),
        plain: Some(table(brief_cell)),
        context: context("Device", Json::List(rows.clone())),
        rows,
        notes,
        ..Outcome::empty(GET_TAGGED_DEVICES.name, reply.raw)
    }
}

/// The tags of an answer, wherever they are.
fn listed(answer: &Json) -> Vec<Json> {
    match answer {
        Json::List(tags) => tags.clone(),
        answer => match answer.get("tags") {
            Some(tags) => tags.items().to_vec(),
            None if answer.get("tid").is_some() => vec![answer.clone()],
            None => Vec::new(),
        },
    }
}

fn tags(operation: &DeviceTags, reply: Reply<Vec<Tag>>) -> Outcome {
    let rows: Vec<Json> = listed(&reply.json)
        .iter()
        .map(|tag| {
            let description = tag.at(&["data", "description"]);
            Json::object([
                ("tagId", renamed(tag, "tid")),
                ("tagName", renamed(tag, "name")),
                ("tagDescription", description.cloned().unwrap_or_else(|| Json::text(""))),
                ("expiry", renamed(tag, "expiry")),
            ])
        })
        .collect();
    let heads = ["tagId", "tagName", "tagDescription", "expiry"];
    let cells = rows
        .iter()
        .map(|row| {
            let mut cells: Vec<Cell> = heads.iter().map(|head| Cell::of(row.get(head))).collect();
            if let Some(expiry) = cells.last_mut() {
                *expiry = Cell::new(row.get("expiry").and_then(moment).unwrap_or_default());
            }
            cells
        })
        .collect();
    let mut notes = Vec::new();
    if rows.is_empty() {
        notes.push(format!("device {} carries no tag", operation.did));
    }
    Outcome {
        table: Table::rows(format!("Tags of device {}", operation.did), &heads, cells),
        context: context("Device", Json::List(rows.clone())),
        rows,
        notes,
        ..Outcome::empty(GET_TAGS_FOR_DEVICE.name, reply.raw)
    }
}

/// Puts a tag on a device, then reads the device's tags: SUCCESS is no proof, and a gateway's 502 is no refusal [LAB].
#[derive(Debug)]
struct Tagging {
    post: Asked<TagDevice>,
    read: Asked<DeviceTags>,
    posted: Option<Posted>,
}

/// How the first call ended.
#[derive(Debug)]
enum Posted {
    /// Accepted.
    Accepted(Reply<Said>),
    /// No good answer, though it may have been done.
    Unknown(ApiError),
}

impl Plan for Tagging {
    fn start(&mut self) -> Step {
        self.post.ask()
    }

    fn answered(&mut self, answer: Result<Answer, ApiError>, _elapsed: Duration) -> Step {
        match self.posted.take() {
            None => {
                let posted = match answer.and_then(|answer| self.post.read(&answer)) {
                    Ok(reply) => Posted::Accepted(reply),
                    Err(error) if error.outcome_unknown() => Posted::Unknown(error),
                    Err(error) => return error.into(),
                };
                self.posted = Some(posted);
                self.read.ask()
            }
            Some(posted) => {
                let read = answer.and_then(|answer| self.read.read(&answer));
                confirm(&self.post.operation, posted, &read)
            }
        }
    }
}

fn confirm(
    operation: &TagDevice,
    posted: Posted,
    read: &Result<Reply<Vec<Tag>>, ApiError>,
) -> Step {
    let found = read.as_ref().ok().and_then(|reply| {
        let same = |tag: &&Tag| tag.name.as_deref() == Some(operation.tag.as_str());
        reply.output.iter().find(same).cloned()
    });
    let mut notes = Vec::new();
    let mut refusal = None;
    let (said, tid, raw) = match posted {
        Posted::Unknown(error) => {
            if found.is_none() {
                return error.into();
            }
            notes.push(format!("{} But the device carries the tag now.", error.explain().what));
            (String::new(), None, Vec::new())
        }
        Posted::Accepted(reply) => {
            let word = reply.json.get("response").and_then(Json::as_text);
            let word = word.map(std::borrow::Cow::into_owned);
            (word.unwrap_or_default(), reply.output.tid, reply.raw)
        }
    };
    let confirmed = match (&found, read) {
        (Some(_), _) => "yes",
        (None, Ok(_)) => {
            refusal = Some(format!(
                "Darktrace took the tag, yet device {} does not carry `{}`",
                operation.did, operation.tag
            ));
            "no"
        }
        (None, Err(error)) => {
            notes.push(format!(
                "Darktrace took the tag; it could not be confirmed: {}",
                error.explain().what
            ));
            "unknown"
        }
    };
    let response = match (said.as_str(), confirmed) {
        ("", "yes") => "the device carries the tag",
        ("", _) => "accepted",
        (said, _) => said,
    };
    let tid = tid.or_else(|| found.and_then(|tag| tag.tid));
    let tid = tid.map_or(Json::Null, Json::from);
    let row = Json::object([
        ("tagId", tid.clone()),
        ("tagName", Json::text(&operation.tag)),
        ("deviceId", Json::from(operation.did)),
        ("response", Json::text(response)),
    ]);
    Step::Done(Outcome {
        table: Table::pairs(
            "Tag on device",
            vec![
                ("tagId", Cell::of(Some(&tid))),
                ("tagName", Cell::new(operation.tag.as_str())),
                ("deviceId", Cell::new(operation.did.to_string())),
                ("response", Cell::new(response)),
                ("confirmed", Cell::new(confirmed)),
            ],
        ),
        context: context("Device", row.clone()),
        rows: vec![row],
        notes,
        refusal,
        ..Outcome::empty(POST_TAG_TO_DEVICE.name, raw)
    })
}
