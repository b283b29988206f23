//! Devices: what one is, similar ones, and one by its number. Searching them is in [`super::device_search`].

use serde_json::Value;

use super::super::value::{Body, Fields, Node, Shape, Time};
use super::super::{Answer, BadInput, Call, Cause, Method, Operation, Path};
use super::tags::Tag;
use super::{array, call, flag, missing, object, rows};

pub use super::device_search::{DevicePage, DeviceSearch, Order, OrderBy, SEARCH_MAX};

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
            interfaces: fields.each("interfaces", Interface::read).unwrap_or_default(),
            custom_fields: fields.get("customFields").and_then(Node::value),
        }
    }

    /// The best name there is: label, host name, address.
    pub fn name(&self) -> Option<&str> {
        self.label.as_deref().or(self.hostname.as_deref()).or(self.ip.as_deref())
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

    /// Below a network card `time` counts seconds `[XA]`.
    fn read_in_seconds(fields: &Fields<'_>) -> Self {
        Self {
            time: fields.time("timems").or_else(|| fields.get("time").and_then(Node::time_s)),
            ..Self::read(fields)
        }
    }
}

impl Credential {
    /// An object, or the bare name.
    fn read(node: Node<'_>) -> Option<Self> {
        match node.fields() {
            Some(fields) => {
                Some(Self { name: fields.word("credential"), last_seen: fields.time("lastSeen") })
            }
            None => node.word().map(|name| Self { name: Some(name), last_seen: None }),
        }
    }
}

impl Interface {
    fn read(fields: &Fields<'_>) -> Self {
        Self {
            mac: fields.word("mac"),
            vendor: fields.word("vendor"),
            ips: fields.each("ips", DeviceIp::read_in_seconds).unwrap_or_default(),
        }
    }
}

/// Asks which devices behave like one: `GET /similardevices` `[OAS, XA]`.
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
        let call = call("similar devices", Method::Get, Path::fixed("/similardevices"))
            .query("count", self.count.to_string())
            .query("did", self.did.to_string());
        Ok(if self.full { call.query("fulldevicedetails", "true") } else { call })
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

/// One device by its number, with its tags: `GET /devices?did=…` `[OAS, IBM]`.
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
            let found = rows(array(node)?, "", Device::read)?;
            let wanted = |device: &Device| device.did == Some(self.did);
            return Ok(found.into_iter().find(wanted));
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

#[cfg(test)]
mod tests {
    use super::super::super::value::testing::*;
    use super::*;

    fn similar() -> SimilarDevices {
        SimilarDevices { did: 1, count: 2, full: false }
    }

    #[test]
    fn calls_are_exact() {
        assert_eq!(wire(&similar()), "Read GET /similardevices?count=2&did=1");
        let full = SimilarDevices { full: true, did: 1_000_000_000_001, ..similar() };
        assert_eq!(
            wire(&full),
            "Read GET /similardevices?count=2&did=1000000000001&fulldevicedetails=true"
        );
        assert_eq!(wire(&DeviceById { did: 42 }), "Read GET /devices?did=42&includetags=true");
    }

    /// The raw reply behind the seed's example.
    const SIMILAR: &str = r#"[{"did":823,"score":99,"ip":"172.31.32.146",
        "ips":[{"ip":"172.31.32.146","timems":1600063200000,"time":"2020-09-14 06:00:00","sid":114}],
        "sid":114,"hostname":"ip-172-31-32-146","firstSeen":1596758800000,"lastSeen":1600064618000,
        "macaddress":"0a:df:4b:52:64:7a","vendor":"","typename":"server","typelabel":"Server"},
        {"did":3,"score":100,"ip":"172.31.16.1",
        "ips":[{"ip":"172.31.16.1","timems":1599847200000,"time":"2020-09-11 18:00:00","sid":1}],
        "sid":1,"firstSeen":1591730359000,"lastSeen":1599850680000,"typename":"server","typelabel":"Server"}]"#;

    #[test]
    fn the_seeds_example_is_read() {
        let devices = decode(&similar(), SIMILAR).unwrap();
        assert_eq!(devices.len(), 2);
        let first = &devices[0];
        assert_eq!((first.did, first.score, first.sid), (Some(823), Some(99.0), Some(114)));
        assert_eq!(first.name(), Some("ip-172-31-32-146"));
        assert_eq!(first.first_seen.as_ref().unwrap().to_string(), "2020-08-07T00:06:40Z");
        assert_eq!(first.last_seen.as_ref().unwrap().to_string(), "2020-09-14T06:23:38Z");
        assert_eq!(first.ips[0].time.as_ref().unwrap().to_string(), "2020-09-14T06:00:00Z");
        assert_eq!((&first.vendor, &first.tags), (&None, &None));
        let second = &devices[1];
        assert_eq!((&second.hostname, &second.mac, &second.vendor), (&None, &None, &None));
        assert_eq!(second.name(), Some("172.31.16.1"));
        let wrapped = format!(r#"{{"devices":{SIMILAR},"did":1}}"#);
        assert_eq!(decode(&similar(), &wrapped).unwrap(), devices);
        assert_eq!(decode(&similar(), "[]").unwrap(), []);
        assert_eq!(decode(&similar(), "[{}]").unwrap(), [Device::default()]);
    }

    #[test]
    fn a_device_is_read_from_every_form() {
        let find = DeviceById { did: 1_000_000_000_001 };
        let rich = r#"{"did":1000000000001,"id":9,"sid":-9,"time":"1591730359000","endtime":1599850680000.0,
            "devicelabel":"Finance","priority":-2,"saasmodule":"m365",
            "credentials":[{"credential":"alice","lastSeen":1599850680000},"bob",7,null],
            "tags":[{"tid":1,"name":"Admin","expiry":0}],
            "customFields":{"g":{"k":"['a']"}},
            "interfaces":[{"mac":"aa","vendor":"V","ips":[{"ip":"10.0.0.1","sid":1,"hostname":"h","time":1600063200}]}],
            "ips":null,"hostname":7,"os":{"x":1}}"#;
        let device = decode(&find, rich).unwrap().unwrap();
        assert_eq!((device.did, device.sid), (Some(1_000_000_000_001), Some(-9)));
        assert_eq!(device.first_seen.unwrap().to_string(), "2020-06-09T19:19:19Z");
        assert_eq!(device.last_seen.unwrap().to_string(), "2020-09-11T18:58:00Z");
        assert_eq!((device.priority, device.label.as_deref()), (Some(-2), Some("Finance")));
        let names: Vec<Option<String>> =
            device.credentials.unwrap().into_iter().map(|credential| credential.name).collect();
        assert_eq!(names, [Some("alice".to_owned()), Some("bob".into()), Some("7".into())]);
        let tags = device.tags.unwrap();
        assert_eq!((tags[0].name.as_deref(), &tags[0].expiry), (Some("Admin"), &None));
        // seconds here, milliseconds elsewhere
        let card = &device.interfaces[0];
        assert_eq!(card.ips[0].time.as_ref().unwrap().to_string(), "2020-09-14T06:00:00Z");
        assert_eq!((device.hostname.as_deref(), device.os), (Some("7"), None));
        assert_eq!(device.custom_fields.unwrap()["g"]["k"], "['a']");

        let many = format!(r#"[{{"did":5}},{rich}]"#);
        assert_eq!(decode(&find, &many).unwrap().unwrap().priority, Some(-2));
        assert_eq!(decode(&find, "[]").unwrap(), None);
        assert_eq!(decode(&find, "{}").unwrap(), None);
        let negative = decode(&DeviceById { did: -6 }, r#"{"did":-6}"#).unwrap();
        assert_eq!(negative.unwrap().did, Some(-6));
    }

    #[test]
    fn another_device_is_not_the_one_asked_for() {
        let found = decode(&DeviceById { did: 1 }, r#"[{"did":5},{"did":6}]"#).unwrap();
        assert_eq!(found, None);
    }

    #[test]
    fn refusals_and_other_shapes() {
        let words = Cause::Refused("INPUT ERROR".into());
        let body = r#"{"response":"INPUT ERROR"}"#;
        assert_eq!(cause(&similar(), body), words);
        assert_eq!(cause(&DeviceById { did: 1 }, body), words);
        assert_eq!(place(&similar(), r#"{"did":1}"#), ".");
        assert_eq!(place(&similar(), "[{},7]"), "[1]");
        assert_eq!(place(&DeviceById { did: 1 }, r#"{"x":1}"#), "did");
    }

    #[test]
    fn no_answer_breaks_the_reader() {
        survives(&similar());
        survives(&DeviceById { did: 1 });
    }
}
