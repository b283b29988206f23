//! `darktrace-get-device-connection-info`: the manual's one-cell table, and the same figures a line each for reading.

use super::args::{Arg, Kind, Need};
use super::darktrace::{DID, context, flag, moment, optional, small, whole};
use super::run::{Outcome, Reply, once};
use super::table::{Cell, Table};
use super::{Entry, Json};
use crate::api::Product;
use crate::api::darktrace::connections::{ConnectionInfo, DataType, DeviceInfo};

/// `darktrace-get-device-connection-info`
pub(super) static GET_DEVICE_CONNECTION_INFO: Entry = Entry {
    name: "darktrace-get-device-connection-info",
    title: "Show four weeks of a device's connections",
    product: Product::Darktrace,
    write: false,
    args: &[
        DID,
        Arg {
            name: "data_type",
            aliases: &["dataType", "datatype"],
            need: Need::Required,
            kind: Kind::OneOf(&["co", "sizeout", "sizein"]),
            help: "connections, data sent or data received",
        },
        optional("external_domain", &["externalDomain"], Kind::Text, "only data to this domain"),
        optional(
            "destination_did",
            &["destinationDeviceId", "destinationDid"],
            Kind::Whole(i64::MIN),
            "only data to this device; 0 is everything external",
        ),
        flag("show_all_graph_data", &["showAllGraphData"], "false", "with the empty intervals"),
        optional(
            "num_similar_devices",
            &["numberOfSimilarDevices"],
            Kind::Whole(0),
            "the same for this many similar devices",
        ),
        flag(
            "full_device_details",
            &["fullDeviceDetails"],
            "false",
            "with details of every device mentioned",
        ),
    ],
    plan: |args| {
        let similar = args
            .get("num_similar_devices")
            .map(|_| small(args, "num_similar_devices"))
            .transpose()?;
        let operation = ConnectionInfo {
            did: whole(args, "did")?,
            data_type: args
                .text("data_type")
                .parse::<DataType>()
                .map_err(|error| error.to_string())?,
            external_domain: args.get("external_domain").map(str::to_owned),
            destination_did: args.whole("destination_did"),
            show_all_graph_data: args.flag("show_all_graph_data").unwrap_or(false),
            similar_devices: similar,
            full_device_details: args.flag("full_device_details").unwrap_or(false),
            ..ConnectionInfo::default()
        };
        Ok(once(operation, connections))
    },
};

fn connections(operation: &ConnectionInfo, reply: Reply<DeviceInfo>) -> Outcome {
    let title = format!("Results for device id: {}", operation.did);
    let rows = match reply.json.get("deviceInfo") {
        Some(Json::List(series)) => series.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    };
    let mut notes = Vec::new();
    if rows.is_empty() {
        notes.push(format!("no connections of device {} are known", operation.did));
    }
    let unit = match operation.data_type {
        DataType::Connections => "connections",
        DataType::SizeOut | DataType::SizeIn => "volume",
    };
    Outcome {
        table: Table::of_objects(title.as_str(), std::slice::from_ref(&reply.json)),
        plain: Some(long_form(&title, &rows, unit)),
        rows,
        context: context("DeviceConnectionInfo", reply.json),
        notes,
        ..Outcome::empty(GET_DEVICE_CONNECTION_INFO.name, reply.raw)
    }
}

/// Every figure of the answer on a line of its own. Shares are percents of the total [OAS].
fn long_form(title: &str, series: &[Json], unit: &str) -> Table {
    let mut rows = Vec::new();
    for one in series {
        let did = Cell::of(one.get("did"));
        let mut line = |part: &str, item: Cell, value: Option<&Json>, unit: &str, time: Cell| {
            rows.push(vec![
                did.clone(),
                Cell::new(part),
                item,
                Cell::of(value),
                Cell::new(unit),
                time,
            ]);
        };
        let none = Cell::default;
        line("similarity", none(), one.get("similarityScore"), "%", none());
        for (part, key) in
            [("used", "totalUsed"), ("served", "totalServed"), ("all", "totalDevicesAndPorts")]
        {
            if let Some(total) = one.at(&["info", key]) {
                line("total", Cell::new(part), Some(total), unit, none());
            }
        }
        for (part, list, key) in [
            ("device used", "devicesUsed", "did"),
            ("device served", "devicesServed", "did"),
            ("port used", "portsUsed", "port"),
            ("port served", "portsServed", "port"),
            ("device and port", "devicesAndPorts", "deviceAndPort"),
            ("domain", "externalDomains", "domain"),
            ("network", "externalASNs", "asn"),
        ] {
            for share in one.at(&["info", list]).map_or(&[][..], Json::items) {
                let item = share.get(key).map_or_else(Cell::default, peer);
                let first = share.get("firstTime").and_then(moment);
                let first = first.map_or_else(Cell::default, Cell::new);
                line(part, item, share.get("size"), "%", first);
            }
        }
        for point in one.get("graphData").map_or(&[][..], Json::items) {
            let at = point.get("time");
            let at = at.and_then(moment).map_or_else(|| Cell::of(at), Cell::new);
            line("graph", none(), point.get("count"), unit, at);
        }
    }
    Table::rows(title, &["did", "part", "item", "value", "unit", "time"], rows)
}

/// `out 2:53`, or the word that stands in its place.
fn peer(value: &Json) -> Cell {
    match value {
        Json::Object(_) => {
            let part = |key| Cell::of(value.get(key)).0.concat();
            Cell::new(format!("{} {}:{}", part("direction"), part("device"), part("port")))
        }
        value => Cell::of(Some(value)),
    }
}
