//! Darktrace's state: devices, tags and where they are, external endpoints, watched entries, model breaches. Expiry is
//! looked at when somebody asks (`settle`); there is no clock in here.

use serde_json::{Map, Value, json};

use super::super::rng::hash;
use super::super::time::{HOUR, Ms, spaced, zoneless, zulu};
use super::records::Record;
use super::{data, tables};

/// What a device is; decides its traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Works when people do.
    Desktop,
    /// Steady.
    Server,
    /// Steady, and heavy at night.
    Backup,
    /// Little, with holes.
    Thing,
    /// A user of a cloud service: no address.
    Saas,
    /// Known, but never seen to connect.
    Silent,
}

/// One device.
#[derive(Debug, Clone)]
pub struct Device {
    pub did: i64,
    pub role: Role,
    pub ip: Option<String>,
    pub hostname: Option<String>,
    pub mac: Option<String>,
    pub vendor: Option<&'static str>,
    pub os: Option<&'static str>,
    pub typename: &'static str,
    pub typelabel: &'static str,
    pub label: Option<String>,
    pub sid: i64,
    pub first: Ms,
    pub last: Ms,
    pub priority: i64,
    pub credentials: Vec<(String, Ms)>,
    pub custom: Option<Value>,
}

/// Who a device talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Another device, by did.
    Device(i64),
    /// An external endpoint, by place in the list.
    Endpoint(usize),
    /// An internal grouping: a negative number whose meaning is not public.
    Group(i64),
}

/// One habit of a device.
#[derive(Debug, Clone)]
pub struct Peer {
    pub target: Target,
    pub port: u16,
    pub out: bool,
    pub weight: u32,
    pub service: &'static str,
    /// Bytes a connection sends, about.
    pub bytes: u32,
    pub first: Ms,
}

/// An external endpoint.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub hostname: &'static str,
    pub ip: Option<&'static str>,
    pub asn: &'static str,
    pub place: (&'static str, &'static str, f64, f64),
    /// 0–100; 100 − rarity.
    pub popularity: i64,
    pub dga: i64,
    pub first: Ms,
}

/// A tag.
#[derive(Debug, Clone)]
pub struct Tag {
    pub tid: i64,
    pub name: String,
    pub restricted: bool,
    pub referenced: bool,
    /// `data`: color, description, and sometimes auto and visibility.
    pub data: Value,
}

/// A tag on a device or a credential.
#[derive(Debug, Clone)]
pub struct Entity {
    pub teid: i64,
    pub tid: i64,
    pub kind: &'static str,
    pub value: String,
    /// 0: never.
    pub expiry: Ms,
}

/// An entry of the watched list.
#[derive(Debug, Clone)]
pub struct Watched {
    pub name: String,
    pub description: Option<String>,
    pub source: String,
    pub expiry: Option<Ms>,
    pub exact: bool,
    pub iagn: bool,
}

/// A model breach; its model is a row of `data::MODELS`.
#[derive(Debug, Clone)]
pub struct Breach {
    pub pbid: i64,
    pub model: usize,
    pub did: Option<i64>,
    pub time: Ms,
    pub created: Ms,
    pub score: f64,
    pub acknowledged: bool,
    /// Time, user, text.
    pub comments: Vec<(Ms, String, String)>,
}

/// All of it.
#[derive(Debug)]
pub struct World {
    pub seed: u64,
    pub start: Ms,
    pub devices: Vec<Device>,
    /// Habits of the device at the same place.
    pub peers: Vec<Vec<Peer>>,
    pub endpoints: Vec<Endpoint>,
    pub tags: Vec<Tag>,
    pub entities: Vec<Entity>,
    pub watched: Vec<Watched>,
    /// Source names once used; they stay listed [LAB].
    pub sources: Vec<String>,
    pub breaches: Vec<Breach>,
    /// Made when advanced search is first used.
    pub records: Option<Vec<Record>>,
    pub next_id: i64,
}

/// An address an alert can speak of.
#[derive(Debug, Clone)]
pub struct Host {
    pub ip: String,
    pub name: String,
}

/// The addresses of this seed's world, for the alerts of the other product.
#[derive(Debug)]
pub struct Hosts {
    pub internal: Vec<Host>,
    pub servers: Vec<Host>,
    pub external: Vec<Host>,
    pub rare: Vec<Host>,
    pub dns: String,
}

/// The addresses of this seed's world.
pub fn hosts(seed: u64, start: Ms) -> Hosts {
    let devices = data::devices(seed, start);
    let host = |d: &Device| {
        let ip = d.ip.clone()?;
        let name = d.hostname.clone().unwrap_or_else(|| ip.clone());
        Some(Host { ip, name })
    };
    let role = |roles: &[Role]| {
        devices.iter().filter(|d| roles.contains(&d.role)).filter_map(host).collect()
    };
    let outside = |rare: bool| {
        tables::endpoints(start)
            .iter()
            .filter(|e| (e.popularity < 20) == rare || !rare)
            .filter_map(|e| Some(Host { ip: e.ip?.to_owned(), name: e.hostname.to_owned() }))
            .collect()
    };
    Hosts {
        internal: role(&[Role::Desktop]),
        servers: role(&[Role::Server, Role::Backup]),
        external: outside(false),
        rare: outside(true),
        dns: "172.31.16.2".to_owned(),
    }
}

impl World {
    /// The world of this seed.
    pub fn new(seed: u64, start: Ms) -> Self {
        data::world(seed, start)
    }

    /// Drops the assignments and entries that have expired.
    pub fn settle(&mut self, now: Ms) {
        self.entities.retain(|e| e.expiry == 0 || e.expiry > now);
        self.watched.retain(|w| w.expiry.is_none_or(|at| at > now));
    }

    /// The device of this number.
    pub fn device(&self, did: i64) -> Option<&Device> {
        self.devices.iter().find(|d| d.did == did)
    }

    /// The tag of this name. Assumption: case does not matter; [SDK] writes `active threat` for `Active Threat`.
    pub fn tag(&self, name: &str) -> Option<&Tag> {
        self.tags.iter().find(|t| t.name.eq_ignore_ascii_case(name))
    }

    /// A new number for anything.
    pub fn id(&mut self) -> i64 {
        self.next_id += 1;
        self.next_id
    }

    /// Connections of a device in the hour that begins here.
    pub fn hourly(&self, device: &Device, hour: Ms) -> i64 {
        let number = hash(&format!("{}/{}/{}", self.seed, device.did, hour / HOUR));
        let noise = (number % 1000) as f64 / 1000.0;
        let day_number = hour.div_euclid(24 * HOUR);
        let clock = hour.rem_euclid(24 * HOUR) / HOUR;
        let weekend = matches!((day_number + 3).rem_euclid(7), 5 | 6);
        // some days a device is off: holidays, outages
        let off = hash(&format!("{}/{}/day{day_number}", self.seed, device.did)) % 100;
        let count = match device.role {
            Role::Silent => 0.0,
            _ if hour + HOUR < device.first => 0.0,
            Role::Desktop | Role::Saas if off < 12 => 0.0,
            Role::Desktop | Role::Saas => match (weekend, clock) {
                (false, 7..=17) => 40.0 + 160.0 * noise,
                (false, 6 | 18 | 19) => 25.0 * noise,
                _ if noise > 0.97 => 3.0,
                _ => 0.0,
            },
            Role::Server if off < 4 => 0.0,
            Role::Server => 318.0 + 30.0 * noise,
            Role::Backup => match clock {
                1..=3 => 2_600.0 + 900.0 * noise,
                _ => 140.0 + 30.0 * noise,
            },
            Role::Thing if noise < 0.55 => 0.0,
            Role::Thing => 1.0 + 9.0 * noise,
        };
        count as i64
    }

    /// For `/__sim/state`.
    pub fn dump(&mut self, now: Ms) -> Value {
        self.settle(now);
        let tags: Value = self
            .entities
            .iter()
            .map(|e| {
                let name = self.tags.iter().find(|t| t.tid == e.tid).map(|t| t.name.as_str());
                json!({"teid": e.teid, "tag": name, "type": e.kind, "value": e.value, "expiry": e.expiry})
            })
            .collect();
        let watched: Value = self
            .watched
            .iter()
            .map(|w| {
                json!({
                    "name": w.name, "description": w.description, "source": w.source, "expiry": w.expiry.map(zoneless),
                    "hostname": w.exact, "iagn": w.iagn,
                })
            })
            .collect();
        let breaches: Value = self
            .breaches
            .iter()
            .filter(|b| b.acknowledged || !b.comments.is_empty())
            .map(|b| {
                let comments: Vec<_> = b
                    .comments
                    .iter()
                    .map(|(t, u, m)| json!({"time": zulu(*t), "username": u, "message": m}))
                    .collect();
                json!({"pbid": b.pbid, "acknowledged": b.acknowledged, "comments": comments})
            })
            .collect();
        json!({"devices": self.devices.len(), "tags": tags, "watched": watched, "breaches": breaches})
    }
}

impl Device {
    /// The device as most replies show it; what is not known is left out, not null.
    pub fn json(&self) -> Map<String, Value> {
        let mut out = Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                out.insert(key.to_owned(), value);
            }
        };
        let seen = self.last.div_euclid(HOUR) * HOUR;
        put("did", Some(json!(self.did)));
        put("macaddress", self.mac.as_ref().map(|m| json!(m)));
        put("vendor", self.vendor.map(|v| json!(v)));
        put("ip", self.ip.as_ref().map(|ip| json!(ip)));
        put(
            "ips",
            self.ip.as_ref().map(
                |ip| json!([{"ip": ip, "timems": seen, "time": spaced(seen), "sid": self.sid}]),
            ),
        );
        put("sid", Some(json!(self.sid)));
        put("hostname", self.hostname.as_ref().map(|h| json!(h)));
        put("firstSeen", Some(json!(self.first)));
        put("lastSeen", Some(json!(self.last)));
        put("os", self.os.map(|o| json!(o)));
        put("devicelabel", self.label.as_ref().map(|l| json!(l)));
        put("typename", Some(json!(self.typename)));
        put("typelabel", Some(json!(self.typelabel)));
        out
    }
}

impl Tag {
    /// The tag as a list or a device shows it.
    pub fn json(&self, expiry: Ms) -> Value {
        json!({
            "tid": self.tid, "expiry": expiry, "thid": self.tid, "name": self.name, "restricted": self.restricted,
            "data": self.data, "isReferenced": self.referenced,
        })
    }
}
