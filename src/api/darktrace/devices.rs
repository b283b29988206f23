//! Devices: similar ones, one by its number, and search.

use serde_json::Value;

use super::super::call::no_control;
use super::super::value::{Body, Fields, Node, Shape, Time};
use super::super::{Answer, BadInput, Call, Cause, Method, Operation, Path};
use super::tags::Tag;
use super::{array, call, flag, missing, object, refusal, rows, said, unexpected};

/// A device as any of the answers describes it. Darktrace omits what it does not know, so everything may be missing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Device {
    /// Its number. 0 and negative numbers are groups, not devices; Unified View's exceed 2^32.
    pub did: Option<i64>,
    /// How similar it is, 0 to 100; only among similar devices.
    pub score: Option<f64>,
    /// Its address now.
    pub ip: Option<String>,
    /// Its addresses over time.
    pub ips: Vec<DeviceIp>,
    /// Its subnet's number; negative for cloud and client sensors.
    pub sid: Option<i64>,
    /// Its host name.
    pub hostname: Option<String>,
    /// The label people gave it.
    pub label: Option<String>,
    /// Its hardware address.
    pub mac: Option<String>,
    /// The maker of its network card.
    pub vendor: Option<String>,
    /// Its operating system.
    pub os: Option<String>,
    /// Its type, as the product names it: `server`.
    pub type_name: Option<String>,
    /// Its type, as people read it: `Server`.
    pub type_label: Option<String>,
    /// When it was first seen.
    pub first_seen: Option<Time>,
    /// When it was last seen.
    pub last_seen: Option<Time>,
    /// Its priority, -5 to 5; omitted when 0.
    pub priority: Option<i64>,
    /// Which cloud service knows it.
    pub saas_module: Option<String>,
    /// Its tags, where asked for.
    pub tags: Option<Vec<Tag>>,
    /// Credentials seen on it.
    pub credentials: Option<Vec<Credential>>,
    /// Its network cards.
    pub interfaces: Vec<Interface>,
    /// Fields an administrator added: group, key, text.
    pub custom_fields: Option<Value>,
}

/// An address a device had.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceIp {
    /// The address.
    pub ip: Option<String>,
    /// When it was last seen with it.
    pub time: Option<Time>,
    /// Subnet.
    pub sid: Option<i64>,
    /// Its name under this address.
    pub hostname: Option<String>,
}

/// A user name seen on a device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Credential {
    /// The user name.
    pub name: Option<String>,
    /// When it was last seen.
    pub last_seen: Option<Time>,
}

/// A network card.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interface {
    /// Hardware address.
    pub mac: Option<String>,
    /// Its maker.
    pub vendor: Option<String>,
    /// Its addresses.
    pub ips: Vec<DeviceIp>,
}

impl Device {
    /// Reads any form of a device. Never fails: what is missing is `None`.
    pub(super) fn read(fields: &Fields<'_>) -> Self {
        Self {
            did: fields.int("did"),
            score: fields.num("score"),
            ip: fields.word("ip"),
            ips: fields.each("ips", DeviceIp::read).unwrap_or_default(),
            sid: fields.int("sid"),
            hostname: fields.word("hostname"),
            label: fields.word("devicelabel"),
            mac: fields.word("macaddress").or_else(|| fields.word("mac")),
            vendor: fields.word("vendor"),
            os: fields.word("os"),
            type_name: fields.word("typename"),
            type_label: fields.word("typelabel"),
            // `/devices` alone names them `time` and `endtime` [OAS]
            first_seen: fields.first(&["firstSeen", "time"]).and_then(Node::time),
            last_seen: fields.first(&["lastSeen", "endtime"]).and_then(Node::time),
            priority: fields.int("priority"),
            saas_module: fields.word("saasmodule"),
            tags: fields.each("tags", Tag::read),
            credentials: fields.get("credentials").map(|node| {
                let seen = node.one_or_many().into_iter();
                seen.filter_map(Credential::read).collect()
            }),
            interfaces: fields
                .each("interfaces", Interface::read)
                .unwrap_or_default(),
            custom_fields: fields.get("customFields").and_then(Node::value),
        }
    }

    /// The best name there is: label, host name, address.
    pub fn name(&self) -> Option<&str> {
        self.label
            .as_deref()
            .or(self.hostname.as_deref())
            .or(self.ip.as_deref())
    }
}

impl DeviceIp {
    /// `timems` counts milliseconds, `time` is text in UTC.
    fn read(fields: &Fields<'_>) -> Self {
        Self {
            ip: fields.word("ip"),
            time: fields.first(&["timems", "time"]).and_then(Node::time),
            sid: fields.int("sid"),
            hostname: fields.word("hostname"),
        }
    }

    /// Below a network card `time` counts seconds [XA].
    fn read_in_seconds(fields: &Fields<'_>) -> Self {
        Self {
            time: fields
                .time("timems")
                .or_else(|| fields.get("time").and_then(Node::time_s)),
            ..Self::read(fields)
        }
    }
}

impl Credential {
    /// An object, or the bare name.
    fn read(node: Node<'_>) -> Option<Self> {
        match node.fields() {
            Some(fields) => Some(Self {
                name: fields.word("credential"),
                last_seen: fields.time("lastSeen"),
            }),
            None => node.word().map(|name| Self {
                name: Some(name),
                last_seen: None,
            }),
        }
    }
}

impl Interface {
    fn read(fields: &Fields<'_>) -> Self {
        Self {
            mac: fields.word("mac"),
            vendor: fields.word("vendor"),
            ips: fields
                .each("ips", DeviceIp::read_in_seconds)
                .unwrap_or_default(),
        }
    }
}

/// Asks which devices behave like one: `GET /similardevices` [OAS, XA].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimilarDevices {
    /// Like which device.
    pub did: i64,
    /// At most this many; fewer may come.
    pub count: u32,
    /// With the full details of each; changes the structure of the answer.
    pub full: bool,
}

impl Operation for SimilarDevices {
    type Output = Vec<Device>;

    fn call(&self) -> Result<Call, BadInput> {
        let call = call(
            "similar devices",
            Method::Get,
            Path::fixed("/similardevices"),
        )
        .query("count", self.count.to_string())
        .query("did", self.did.to_string());
        Ok(if self.full {
            call.query("fulldevicedetails", "true")
        } else {
            call
        })
    }

    /// An array; with full details perhaps an object that holds it as `devices`.
    fn decode(&self, answer: &Answer) -> Result<Vec<Device>, Cause> {
        let body = Body::read(answer)?;
        rows(list(body.node())?, "", Device::read)
    }
}

/// The array itself, or the one that an object holds as `devices`.
fn list(node: Node<'_>) -> Result<Vec<Node<'_>>, Cause> {
    let inner = node.fields().and_then(|fields| fields.get("devices"));
    array(inner.unwrap_or(node))
}

/// One device by its number, with its tags: `GET /devices?did=…` [OAS, IBM].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceById {
    /// Which device.
    pub did: i64,
}

impl Operation for DeviceById {
    type Output = Option<Device>;

    fn call(&self) -> Result<Call, BadInput> {
        Ok(call("device", Method::Get, Path::fixed("/devices"))
            .query("did", self.did.to_string())
            .query("includetags", flag(true)))
    }

    /// One device is an object, several are an array; `{}` and `[]` are none.
    fn decode(&self, answer: &Answer) -> Result<Option<Device>, Cause> {
        let body = Body::read(answer)?;
        let node = body.node();
        if node.shape() == Shape::Array {
            let mut found = rows(array(node)?, "", Device::read)?;
            let wanted = found
                .iter()
                .position(|device| device.did == Some(self.did))
                .unwrap_or(0);
            return Ok((wanted < found.len()).then(|| found.swap_remove(wanted)));
        }
        let fields = object(node)?;
        if fields.is_empty() {
            return Ok(None);
        }
        if !fields.has("did") {
            return Err(missing("did"));
        }
        Ok(Some(Device::read(&fields)))
    }
}

/// What orders a device search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::Display)]
#[strum(serialize_all = "camelCase")]
pub enum OrderBy {
    /// Priority.
    Priority,
    /// Host name.
    Hostname,
    /// Address.
    Ip,
    /// Hardware address.
    #[strum(serialize = "macaddress")]
    Mac,
    /// Maker.
    Vendor,
    /// Operating system.
    Os,
    /// When first seen.
    FirstSeen,
    /// When last seen.
    #[default]
    LastSeen,
    /// Label.
    #[strum(serialize = "devicelabel")]
    Label,
    /// Type.
    #[strum(serialize = "typelabel")]
    Type,
}

/// Which end comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum Order {
    /// Least first.
    #[default]
    Asc,
    /// Greatest first.
    Desc,
}

/// The most a page of the device search can hold [OAS].
pub const SEARCH_MAX: u32 = 300;

/// Searches devices: `GET /devicesearch` [OAS]. Looks back 28 days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSearch {
    /// Free text in quotes, or `label: tag: type: hostname: ip: mac: vendor: os:` with `*`.
    pub query: String,
    /// Rows per page, at most [`SEARCH_MAX`].
    pub count: u32,
    /// Rows to skip.
    pub offset: u64,
    /// What orders the rows.
    pub order_by: OrderBy,
    /// Which end comes first.
    pub order: Order,
}

/// A page of devices.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DevicePage {
    /// The rows.
    pub devices: Vec<Device>,
    /// How many there are on all pages.
    pub total: Option<u64>,
}

impl Operation for DeviceSearch {
    type Output = DevicePage;

    fn call(&self) -> Result<Call, BadInput> {
        no_control("search", &self.query)?;
        if !(1..=SEARCH_MAX).contains(&self.count) {
            return Err(BadInput::new(
                "count",
                &self.count.to_string(),
                format!("it is not between 1 and {SEARCH_MAX}"),
            ));
        }
        said("search", &self.query)?;
        Ok(
            call("device search", Method::Get, Path::fixed("/devicesearch"))
                .query("count", self.count.to_string())
                .query("offset", self.offset.to_string())
                .query("order", self.order.to_string())
                .query("orderBy", self.order_by.to_string())
                .query("query", &self.query),
        )
    }

    fn decode(&self, answer: &Answer) -> Result<DevicePage, Cause> {
        let body = Body::read(answer)?;
        let node = body.node();
        if node.shape() == Shape::Array {
            return Ok(DevicePage {
                devices: rows(array(node)?, "", Device::read)?,
                total: None,
            });
        }
        let fields = node
            .fields()
            .ok_or_else(|| unexpected(".", "an object", node))?;
        if let Some(cause) = refusal(&fields) {
            return Err(cause);
        }
        let total = fields.count("totalCount");
        let devices = match fields.get("devices") {
            Some(devices) => rows(
                devices
                    .items()
                    .ok_or_else(|| unexpected("devices", "an array", devices))?,
                "devices",
                Device::read,
            )?,
            None if total.is_some() => Vec::new(),
            None => return Err(missing("devices")),
        };
        Ok(DevicePage { devices, total })
    }
}
