//! Darktrace's world as it is at the start. Everything follows from the seed; dates are relative to the start.

use serde_json::{Value, json};

use super::super::rng::{Rng, hash};
use super::super::time::{DAY, HOUR, MINUTE, Ms};
use super::habits::habits;
use super::model::{Breach, Device, Entity, Role, Tag, Watched, World};
use super::tables;

const NAMES: [&str; 20] = [
    "anovak", "bhansen", "crossi", "dweber", "esilva", "fdubois", "givanova", "htanaka",
    "imueller", "kjensen", "lgarcia", "mkeller", "nbauer", "osmith", "pmoreau", "rjones",
    "sokafor", "tnguyen", "uberg", "vlopez",
];

fn blank(did: i64, role: Role, start: Ms) -> Device {
    Device {
        did,
        role,
        ip: None,
        hostname: None,
        mac: None,
        vendor: None,
        os: None,
        typename: "server",
        typelabel: "Server",
        label: None,
        sid: 1,
        first: start - 200 * DAY,
        last: start - 2 * MINUTE,
        priority: 0,
        credentials: Vec::new(),
        custom: None,
    }
}

fn mac(rng: &mut Rng) -> String {
    let hex = rng.hex(10);
    (0..5).fold("0a".to_owned(), |mac, i| format!("{mac}:{}", &hex[i * 2..i * 2 + 2]))
}

/// The devices; four of them are those of the manual.
pub fn devices(seed: u64, start: Ms) -> Vec<Device> {
    let mut rng = Rng::new(seed, "devices");
    let text = |s: &str| Some(s.to_owned());
    let mut out = vec![
        Device {
            ip: text("172.31.16.10"),
            hostname: text("ip-172-31-16-10"),
            mac: text("0a:de:7b:52:10:01"),
            vendor: Some(""),
            os: Some("Linux"),
            first: start - 97 * DAY,
            ..blank(1, Role::Server, start)
        },
        Device {
            ip: text("172.31.16.2"),
            hostname: text("dns.corp.example"),
            mac: text("0a:de:7b:52:10:02"),
            vendor: Some("VMware, Inc."),
            typename: "dnsserver",
            typelabel: "DNS Server",
            priority: 2,
            ..blank(2, Role::Server, start)
        },
        // no hostname, no mac, no vendor [SEED]
        Device {
            ip: text("172.31.16.1"),
            first: start - 97 * DAY,
            last: start - 3 * DAY,
            ..blank(3, Role::Server, start)
        },
        Device {
            ip: text("172.31.32.146"),
            hostname: text("ip-172-31-32-146"),
            mac: text("0a:df:4b:52:64:7a"),
            vendor: Some(""),
            sid: 114,
            first: start - 38 * DAY,
            ..blank(823, Role::Server, start)
        },
    ];
    for (i, (name, typename, typelabel, role)) in tables::servers().enumerate() {
        out.push(Device {
            ip: Some(format!("10.20.2.{}", 10 + i)),
            hostname: text(name),
            mac: Some(mac(&mut rng)),
            vendor: Some("VMware, Inc."),
            os: Some(if i % 3 == 0 { "Linux" } else { "Windows Server 2022" }),
            typename,
            typelabel,
            sid: 11,
            priority: if typename == "dcserver" { 4 } else { rng.between(0, 2) },
            credentials: if i % 3 == 0 {
                Vec::new()
            } else {
                vec![("svc_backup".to_owned(), start - 9 * HOUR)]
            },
            ..blank(20 + i as i64, role, start)
        });
    }
    let workstations = tables::workstations();
    for i in 0..46_i64 {
        let [vendor, os] = *rng.pick(&workstations);
        let user = NAMES[i as usize % NAMES.len()];
        let laptop = rng.chance(0.6);
        out.push(Device {
            ip: Some(if i < 40 {
                format!("10.20.1.{}", 15 + i)
            } else {
                format!("10.30.7.{}", 20 + i)
            }),
            // some never told their name
            hostname: (!rng.chance(0.08)).then(|| {
                format!(
                    "{}-{user}{}.corp.example",
                    if laptop { "lt" } else { "ws" },
                    if i >= 20 { "2" } else { "" }
                )
            }),
            mac: (i < 40).then(|| mac(&mut rng)),
            vendor: (i < 40).then_some(vendor),
            os: Some(os),
            typename: if laptop { "laptop" } else { "desktop" },
            typelabel: if laptop { "Laptop" } else { "Desktop" },
            label: rng.chance(0.1).then(|| format!("{user}, 2nd floor")),
            sid: if i < 40 { 10 } else { 13 },
            first: start
                - rng.between(if i % 13 == 0 { 1 } else { 40 }, if i % 13 == 0 { 6 } else { 300 })
                    * DAY,
            last: start - rng.between(1, 600) * MINUTE,
            credentials: vec![(user.to_owned(), start - rng.between(1, 40) * HOUR)],
            ..blank(100 + i, Role::Desktop, start)
        });
    }
    for (i, (name, typename, typelabel, vendor)) in tables::things().enumerate() {
        out.push(Device {
            ip: Some(format!("10.20.3.{}", 5 + i)),
            hostname: text(name),
            mac: Some(mac(&mut rng)),
            vendor: Some(vendor),
            typename,
            typelabel,
            sid: 12,
            priority: if typename == "plc" { 3 } else { -1 },
            custom: (typename == "plc").then(
                || json!({"Asset": {"Owner": "Plant 4", "Tags": "[\"line\", \"critical\"]"}}),
            ),
            ..blank(300 + i as i64, Role::Thing, start)
        });
    }
    for (i, user) in NAMES.iter().take(9).enumerate() {
        out.push(Device {
            hostname: Some(format!("SaaS::Office365: {user}@corp.example")),
            typename: "saasprovider",
            typelabel: "SaaS Provider",
            sid: -9,
            credentials: vec![(format!("{user}@corp.example"), start - HOUR)],
            ..blank(600 + i as i64, Role::Saas, start)
        });
    }
    out.extend([
        // an agent outside the network
        Device {
            ip: text("192.168.178.31"),
            hostname: text("lt-homeoffice.corp.example"),
            typename: "laptop",
            typelabel: "Laptop",
            os: Some("Windows 11"),
            sid: -11,
            ..blank(701, Role::Desktop, start)
        },
        // known, never seen to connect
        Device {
            ip: text("10.20.3.99"),
            sid: 12,
            last: start - 25 * DAY,
            ..blank(702, Role::Silent, start)
        },
        // a name that attacks the terminal
        Device {
            ip: text("10.20.1.200"),
            hostname: text("ws-\u{1b}]52;c;ZXZpbA==\u{7}\u{1b}[41mred\u{1b}[0m-\u{202e}gnp.exe"),
            label: text("調査中 の端末 e\u{301}e\u{308}"),
            mac: text("0a:00:00:00:66:66"),
            vendor: Some("\u{9b}31mACME"),
            typename: "desktop",
            typelabel: "Desktop",
            sid: 10,
            ..blank(703, Role::Desktop, start)
        },
        // a device of another site, as a Unified View shows it
        Device {
            ip: text("10.90.4.7"),
            hostname: text("srv-remote-site.corp.example"),
            sid: 11,
            ..blank(1_000_000_000_001, Role::Server, start)
        },
    ]);
    out
}

/// The world of this seed.
pub fn world(seed: u64, start: Ms) -> World {
    let devices = devices(seed, start);
    let endpoints = tables::endpoints(start);
    let mut rng = Rng::new(seed, "habits");
    let peers = devices.iter().map(|d| habits(d, &devices, &endpoints, &mut rng)).collect();
    let tags = tables::tags();
    let entities = assignments(&devices, &tags, seed, start);
    World {
        seed,
        start,
        breaches: breaches(&devices, seed, start),
        devices,
        peers,
        endpoints,
        tags,
        entities,
        watched: watched(start),
        sources: vec!["Default".to_owned(), "ThreatIntel".to_owned()],
        records: None,
        next_id: 9_000,
    }
}

fn assignments(devices: &[Device], tags: &[Tag], seed: u64, start: Ms) -> Vec<Entity> {
    let mut rng = Rng::new(seed, "assignments");
    let mut out: Vec<Entity> = Vec::new();
    let mut put = |name: &str, kind, value: String, expiry| {
        if let Some(tag) = tags.iter().find(|t| t.name == name) {
            out.push(Entity { teid: 500 + out.len() as i64, tid: tag.tid, kind, value, expiry });
        }
    };
    for d in devices {
        let did = d.did.to_string();
        let mut on = |name: &str, expiry| put(name, "Device", did.clone(), expiry);
        if d.os.is_some_and(|o| o.starts_with("Windows")) {
            on("Microsoft Windows", 0);
        }
        if d.first > start - 7 * DAY {
            on("New Device", d.first + 14 * DAY);
        }
        match d.typename {
            "dcserver" => ["Domain Controller", "Key Asset", "Tier::0"].map(|t| on(t, 0)),
            "dnsserver" => ["DNS Server", "Key Asset", "Tier::1"].map(|t| on(t, 0)),
            _ => [(); 3],
        };
        if d.hostname.as_deref().is_some_and(|h| h.contains("web-edge")) {
            on("Internet Facing System", 0);
        }
        if d.role == Role::Backup {
            on("Exclude Data Transfer", 0);
        }
        if d.sid == -11 {
            on("cSensor Device", 0);
        }
        if d.role == Role::Desktop {
            on(if d.did % 2 == 0 { "Location::Berlin" } else { "Location::Oslo" }, 0);
            if rng.chance(0.08) {
                on("Active Threat", start + rng.between(2, 40) * HOUR);
            }
            if rng.chance(0.1) {
                on("High Risk", 0);
            }
            if rng.chance(0.1) {
                on("Conflicting User-Agents", start + 3 * DAY);
            }
        }
    }
    put("Active Threat", "Device", "1".to_owned(), start + 6 * HOUR);
    put("Admin", "Credential", "administrator".to_owned(), 0);
    put("Admin", "Device", "1".to_owned(), 0);
    // an entity whose device is gone: lists of devices are shorter than lists of entities
    put("Admin", "Device", "999999999".to_owned(), 0);
    put("Active Threat", "Device", "999999999".to_owned(), 0);
    out
}

fn watched(start: Ms) -> Vec<Watched> {
    [
        (
            "cdn-telemetry-sync.example",
            Some("C2 of case 4411"),
            "ThreatIntel",
            Some(start + 20 * DAY),
            false,
        ),
        ("203.0.113.77", Some("C2 of case 4411"), "ThreatIntel", Some(start + 20 * DAY), false),
        ("invoice-portal.example", Some("phishing wave"), "Default", None, false),
        ("login.cornpany.example", None, "Default", None, true),
    ]
    .map(|(name, description, source, expiry, exact)| Watched {
        name: name.to_owned(),
        description: description.map(str::to_owned),
        source: source.to_owned(),
        expiry,
        exact,
        iagn: false,
    })
    .to_vec()
}

fn breaches(devices: &[Device], seed: u64, start: Ms) -> Vec<Breach> {
    let mut rng = Rng::new(seed, "breaches");
    let mut times: Vec<Ms> = (0..72)
        .map(|i| {
            start - if i < 24 { rng.between(4 * MINUTE, DAY) } else { rng.between(DAY, 14 * DAY) }
        })
        .collect();
    times.sort_unstable();
    let picked = |roles: &[Role]| {
        devices.iter().filter(|d| roles.contains(&d.role)).map(|d| d.did).collect::<Vec<_>>()
    };
    let (clients, servers, saas) = (
        picked(&[Role::Desktop, Role::Thing]),
        picked(&[Role::Server, Role::Backup]),
        picked(&[Role::Saas]),
    );
    times
        .into_iter()
        .enumerate()
        .map(|(i, time)| {
            let model = rng.below(tables::models().len());
            let tables::Model { name, priority, .. } = &tables::models()[model];
            let did = match name {
                n if n.starts_with("System") => None,
                n if n.starts_with("SaaS") => Some(*rng.pick(&saas)),
                n if n.contains("Server") || n.contains("Internet Facing") => {
                    Some(*rng.pick(&servers))
                }
                _ => Some(*rng.pick(&clients)),
            };
            let score = (0.08 + 0.15 * *priority as f64 + 0.17 * rng.unit()).min(1.0);
            let commented = rng.chance(0.2);
            Breach {
                pbid: 4_100 + i as i64 * 7,
                model,
                did,
                time,
                created: time + rng.between(1_000, 90_000),
                score: (score * 1000.0).round() / 1000.0,
                acknowledged: rng.chance(0.25),
                comments: commented
                    .then(|| {
                        (
                            time + 25 * MINUTE,
                            "s.okafor".to_owned(),
                            "Known change, see ticket.".to_owned(),
                        )
                    })
                    .into_iter()
                    .collect(),
            }
        })
        .collect()
}

/// How alike two devices are, 0–100; equal for both ways round.
pub fn similarity(a: &Device, b: &Device) -> i64 {
    if a.did.min(b.did) == 1 && a.did.max(b.did) == 823 {
        return 99;
    }
    if a.did.min(b.did) == 1 && a.did.max(b.did) == 3 {
        return 100;
    }
    let spread = (hash(&format!("{}~{}", a.did.min(b.did), a.did.max(b.did))) % 18) as i64;
    let alike = [a.typename == b.typename, a.role == b.role, a.sid == b.sid, a.os == b.os];
    let points: i64 = alike
        .iter()
        .zip([38, 22, 12, 8])
        .map(|(same, points)| if *same { points } else { 0 })
        .sum();
    points + spread
}

/// The data of a tag made by a client: what it gave, with what is always there.
pub fn tag_data(given: Option<&Value>) -> Value {
    let mut data = json!({"auto": false, "color": 0, "description": "", "visibility": "Public"});
    for key in ["color", "description", "visibility"] {
        if let Some(value) = given.and_then(|g| g.get(key)) {
            data[key] = value.clone();
        }
    }
    data
}
