//! Darktrace's world as it is at the start. Everything follows from the seed; dates are relative to the start.

use serde_json::{Value, json};

use super::super::rng::{Rng, hash};
use super::super::time::{DAY, HOUR, MINUTE, Ms};
use super::model::{Breach, Device, Endpoint, Entity, Peer, Role, Tag, Target, Watched, World};

/// Name, priority, category, description, MITRE technique.
pub type Model = (
    &'static str,
    i64,
    &'static str,
    &'static str,
    Option<&'static str>,
);

/// The models that breach.
pub const MODELS: [Model; 16] = [
    (
        "Device::Anomalous SMB Followed By Multiple Model Breaches",
        5,
        "Critical",
        "SMB activity, then more.",
        Some("T1021.002"),
    ),
    (
        "Compromise::Beaconing Activity To Rare External Endpoint",
        4,
        "Suspicious",
        "Regular connections to a rare place.",
        Some("T1071.001"),
    ),
    (
        "Anomalous Connection::Data Sent to Rare Domain",
        4,
        "Suspicious",
        "Much data to a place nobody visits.",
        Some("T1041"),
    ),
    (
        "Compromise::DGA Beacon",
        5,
        "Critical",
        "Connections to generated names.",
        Some("T1568.002"),
    ),
    (
        "Device::New or Uncommon WMI Activity",
        2,
        "Informational",
        "WMI from a device that does not use it.",
        Some("T1047"),
    ),
    (
        "User::New Admin Credentials on Client",
        3,
        "Informational",
        "An administrator's credential on a client.",
        Some("T1078"),
    ),
    (
        "Device::Suspicious SMB Scanning Activity",
        4,
        "Suspicious",
        "Many SMB sessions.",
        Some("T1135"),
    ),
    (
        "Compliance::Cloud Storage Upload",
        1,
        "Informational",
        "An upload to private storage.",
        None,
    ),
    (
        "Anomalous File::EXE from Rare External Location",
        4,
        "Suspicious",
        "A program from a rare place.",
        Some("T1105"),
    ),
    (
        "SaaS::Access::Unusual External Source for SaaS Credential Use",
        4,
        "Suspicious",
        "A login from far away.",
        Some("T1078.004"),
    ),
    (
        "Device::Network Scan",
        3,
        "Suspicious",
        "Many hosts contacted in little time.",
        Some("T1046"),
    ),
    (
        "Unusual Activity::Unusual External Data Transfer",
        3,
        "Informational",
        "More data than usual leaves.",
        Some("T1048"),
    ),
    (
        "Device::Internet Facing Device with High Priority Alert",
        5,
        "Critical",
        "A server seen from outside alerts.",
        None,
    ),
    (
        "Anomalous Server Activity::Rare External from Server",
        3,
        "Informational",
        "A server calls a rare place.",
        None,
    ),
    (
        "System::System",
        0,
        "Informational",
        "The appliance speaks of itself.",
        None,
    ),
    (
        "Infrastructure::New Device to Server \u{1b}[31m\u{202e}tset",
        2,
        "Informational",
        "A name no honest source sends.",
        None,
    ),
];

const WORKSTATIONS: [(&str, &str); 6] = [
    ("Dell Inc.", "Windows 10"),
    ("LENOVO", "Windows 11"),
    ("Apple, Inc.", "Mac OS X"),
    ("Intel Corporate", "Windows 10"),
    ("HP Inc.", "Windows 11"),
    ("", "Linux"),
];

const SERVERS: [(&str, &str, &str, Role); 14] = [
    (
        "dc01.corp.example",
        "dcserver",
        "Domain Controller",
        Role::Server,
    ),
    (
        "dc02.corp.example",
        "dcserver",
        "Domain Controller",
        Role::Server,
    ),
    (
        "fs-berlin.corp.example",
        "fileserver",
        "File Server",
        Role::Server,
    ),
    (
        "fs-oslo.corp.example",
        "fileserver",
        "File Server",
        Role::Server,
    ),
    ("sql-prod-1.corp.example", "server", "Server", Role::Server),
    ("sql-prod-2.corp.example", "server", "Server", Role::Server),
    ("backup01.corp.example", "server", "Server", Role::Backup),
    ("backup02.corp.example", "server", "Server", Role::Backup),
    ("backup-oslo.corp.example", "server", "Server", Role::Backup),
    ("web-edge-1.corp.example", "server", "Server", Role::Server),
    ("web-edge-2.corp.example", "server", "Server", Role::Server),
    ("mail-gw.corp.example", "server", "Server", Role::Server),
    ("proxy.corp.example", "proxy", "Proxy Server", Role::Server),
    ("jump.corp.example", "server", "Server", Role::Server),
];

const THINGS: [(&str, &str, &str, &str); 8] = [
    ("printer-2f", "printer", "Printer", "Hewlett Packard"),
    ("printer-3f", "printer", "Printer", "Brother Industries"),
    ("cam-gate-1", "camera", "Camera", "Axis Communications AB"),
    ("cam-gate-2", "camera", "Camera", "Axis Communications AB"),
    ("voip-118", "voip", "VOIP", "Yealink"),
    ("plc-line-4", "plc", "PLC", "Siemens AG"),
    ("tv-lobby", "iot", "IoT", "Samsung Electronics"),
    (
        "ap-floor-2",
        "networkinfrastructure",
        "Network Infrastructure",
        "Ubiquiti Inc",
    ),
];

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
    (0..5).fold("0a".to_owned(), |mac, i| {
        format!("{mac}:{}", &hex[i * 2..i * 2 + 2])
    })
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
    for (i, (name, typename, typelabel, role)) in SERVERS.into_iter().enumerate() {
        out.push(Device {
            ip: Some(format!("10.20.2.{}", 10 + i)),
            hostname: text(name),
            mac: Some(mac(&mut rng)),
            vendor: Some("VMware, Inc."),
            os: Some(if i % 3 == 0 {
                "Linux"
            } else {
                "Windows Server 2022"
            }),
            typename,
            typelabel,
            sid: 11,
            priority: if typename == "dcserver" {
                4
            } else {
                rng.between(0, 2)
            },
            credentials: if i % 3 == 0 {
                Vec::new()
            } else {
                vec![("svc_backup".to_owned(), start - 9 * HOUR)]
            },
            ..blank(20 + i as i64, role, start)
        });
    }
    for i in 0..46_i64 {
        let (vendor, os) = *rng.pick(&WORKSTATIONS);
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
                - rng.between(
                    if i % 13 == 0 { 1 } else { 40 },
                    if i % 13 == 0 { 6 } else { 300 },
                ) * DAY,
            last: start - rng.between(1, 600) * MINUTE,
            credentials: vec![(user.to_owned(), start - rng.between(1, 40) * HOUR)],
            ..blank(100 + i, Role::Desktop, start)
        });
    }
    for (i, (name, typename, typelabel, vendor)) in THINGS.into_iter().enumerate() {
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

/// Hostname, address, network, place (country, city, latitude, longitude), popularity, dga score, first seen days ago.
type Place = (&'static str, &'static str, f64, f64);
type EndpointRow = (
    &'static str,
    Option<&'static str>,
    &'static str,
    Place,
    i64,
    i64,
    i64,
);

const US: Place = ("United States", "", 37.751, -97.822);
const DE: Place = ("Germany", "Frankfurt am Main", 50.1188, 8.6843);
const NL: Place = ("Netherlands", "Amsterdam", 52.3759, 4.8975);
const RU: Place = ("Russia", "Moscow", 55.7483, 37.6171);
const IE: Place = ("Ireland", "Dublin", 53.3379, -6.2591);
const VN: Place = ("Vietnam", "", 16.1667, 107.8333);

const ENDPOINTS: [EndpointRow; 26] = [
    (
        "dns.google",
        Some("8.8.8.8"),
        "AS15169 Google LLC",
        US,
        100,
        0,
        300,
    ),
    (
        "one.one.one.one",
        Some("1.1.1.1"),
        "AS13335 Cloudflare, Inc.",
        US,
        97,
        0,
        300,
    ),
    (
        "www.google.com",
        Some("142.250.74.100"),
        "AS15169 Google LLC",
        US,
        100,
        0,
        300,
    ),
    (
        "outlook.office365.com",
        Some("52.97.135.114"),
        "AS8075 Microsoft Corporation",
        IE,
        99,
        0,
        290,
    ),
    (
        "login.microsoftonline.com",
        Some("20.190.160.20"),
        "AS8075 Microsoft Corporation",
        IE,
        99,
        0,
        290,
    ),
    (
        "github.com",
        Some("140.82.121.4"),
        "AS36459 GitHub, Inc.",
        DE,
        88,
        0,
        280,
    ),
    (
        "windowsupdate.microsoft.com",
        Some("13.107.4.50"),
        "AS8068 Microsoft Corporation",
        US,
        98,
        0,
        300,
    ),
    (
        "slack.com",
        Some("3.68.170.153"),
        "AS16509 Amazon.com, Inc.",
        DE,
        91,
        0,
        260,
    ),
    (
        "s3.eu-central-1.amazonaws.com",
        Some("52.219.170.26"),
        "AS16509 Amazon.com, Inc.",
        DE,
        90,
        0,
        300,
    ),
    (
        "pool.ntp.org",
        Some("162.159.200.1"),
        "AS13335 Cloudflare, Inc.",
        US,
        95,
        0,
        300,
    ),
    (
        "updates.vendor.example",
        Some("198.51.100.20"),
        "AS64500 Example Vendor",
        DE,
        64,
        0,
        180,
    ),
    (
        "drive.google.com",
        Some("142.250.74.110"),
        "AS15169 Google LLC",
        US,
        93,
        0,
        250,
    ),
    (
        "mega.nz",
        Some("31.216.145.5"),
        "AS205809 Mega Limited",
        NL,
        31,
        0,
        44,
    ),
    (
        "wetransfer.com",
        Some("18.66.102.51"),
        "AS16509 Amazon.com, Inc.",
        NL,
        47,
        0,
        120,
    ),
    (
        "pastebin.com",
        Some("104.20.67.143"),
        "AS13335 Cloudflare, Inc.",
        US,
        29,
        0,
        71,
    ),
    (
        "cdn-telemetry-sync.example",
        Some("203.0.113.77"),
        "AS64511 Bulletproof Hosting",
        RU,
        2,
        12,
        3,
    ),
    (
        "qzxkvwpqhjtl.top",
        Some("203.0.113.90"),
        "AS64511 Bulletproof Hosting",
        RU,
        1,
        97,
        2,
    ),
    (
        "mzpwlqakrnxe.xyz",
        Some("203.0.113.91"),
        "AS64511 Bulletproof Hosting",
        RU,
        1,
        95,
        2,
    ),
    (
        "invoice-portal.example",
        Some("192.0.2.44"),
        "AS64499 Cheap Hosts",
        VN,
        3,
        8,
        5,
    ),
    (
        "share-files.example",
        Some("192.0.2.45"),
        "AS64499 Cheap Hosts",
        VN,
        4,
        5,
        6,
    ),
    (
        "ftp.parcel-tracking.example",
        Some("192.0.2.90"),
        "AS64499 Cheap Hosts",
        NL,
        2,
        4,
        9,
    ),
    (
        "stun.mail-relay.example",
        Some("198.51.100.199"),
        "AS64502 Transit",
        NL,
        11,
        0,
        60,
    ),
    (
        "tor-entry.example",
        Some("203.0.113.200"),
        "AS64511 Bulletproof Hosting",
        NL,
        1,
        0,
        1,
    ),
    (
        "xn--80ak6aa92e.example",
        Some("203.0.113.201"),
        "AS64511 Bulletproof Hosting",
        RU,
        1,
        31,
        1,
    ),
    // known by name only, and nothing else: the example of the manual
    ("cats.com", None, "", US, 0, 0, 110),
    (
        "evil\u{1b}[7m.example",
        Some("203.0.113.202"),
        "AS64511 \u{202e}gnitsoH",
        RU,
        1,
        66,
        1,
    ),
];

/// The external endpoints.
pub fn endpoints(start: Ms) -> Vec<Endpoint> {
    ENDPOINTS
        .iter()
        .map(
            |(hostname, ip, asn, place, popularity, dga, days)| Endpoint {
                hostname,
                ip: *ip,
                asn,
                place: *place,
                popularity: *popularity,
                dga: *dga,
                first: start - days * DAY - 41_000 * (popularity + 1),
            },
        )
        .collect()
}

/// Name, hue, description, restricted, referenced, with `auto` and `visibility`.
const TAGS: [(&str, i64, &str, bool, bool, bool); 26] = [
    (
        "Active Threat",
        0,
        "A threat is being worked on",
        false,
        true,
        true,
    ),
    ("Admin", 200, "Used by administrators", false, true, true),
    (
        "Key Asset",
        100,
        "Matters to the business",
        false,
        true,
        true,
    ),
    ("High Risk", 5, "", false, true, true),
    (
        "New Device",
        134,
        "Seen for the first time",
        true,
        true,
        true,
    ),
    ("Domain Controller", 217, "", false, true, true),
    (
        "DNS Server",
        112,
        "Devices receiving and making DNS queries",
        false,
        true,
        true,
    ),
    (
        "Internet Facing System",
        12,
        "Reached from outside",
        false,
        true,
        true,
    ),
    ("Microsoft Windows", 142, "", true, true, true),
    ("Linux", 60, "", true, false, true),
    (
        "Security Device",
        280,
        "Scans are expected",
        false,
        true,
        true,
    ),
    (
        "Vulnerability Scanner",
        285,
        "Scans are its work",
        false,
        true,
        true,
    ),
    (
        "Exclude Data Transfer",
        300,
        "Backups and the like",
        false,
        true,
        true,
    ),
    ("Conflicting User-Agents", 30, "", true, true, true),
    ("Re-Activated Device", 178, "", true, true, true),
    (
        "Under Investigation",
        45,
        "Somebody looks at it",
        false,
        false,
        true,
    ),
    ("False Positive Source", 90, "", false, false, true),
    ("Quarantine Candidate", 355, "", false, false, true),
    ("VIP", 52, "Handle with care", false, false, true),
    ("Location::Berlin", 220, "", false, false, true),
    ("Location::Oslo", 221, "", false, false, true),
    ("Tier::0", 10, "", false, false, true),
    ("Tier::1", 11, "", false, false, true),
    ("cSensor Device", 180, "", true, false, false),
    ("CVE-2021-44228", 3, "", true, false, false),
    (
        "Odd\u{1b}[32mTag\u{202e}gat",
        77,
        "\u{1b}]0;owned\u{7}",
        false,
        false,
        true,
    ),
];

/// The world of this seed.
pub fn world(seed: u64, start: Ms) -> World {
    let devices = devices(seed, start);
    let endpoints = endpoints(start);
    let mut rng = Rng::new(seed, "habits");
    let peers = devices
        .iter()
        .map(|d| habits(d, &devices, &endpoints, &mut rng))
        .collect();
    let tags: Vec<Tag> = TAGS
        .iter()
        .enumerate()
        .map(
            |(i, (name, colour, description, restricted, referenced, more))| {
                let mut data = json!({"color": colour, "description": description});
                if *more {
                    data["auto"] = json!(false);
                    data["visibility"] = json!(if i % 4 == 0 { "Public" } else { "" });
                }
                let (name, restricted, referenced) = ((*name).to_owned(), *restricted, *referenced);
                Tag {
                    tid: 10 + i as i64 * 3,
                    name,
                    restricted,
                    referenced,
                    data,
                }
            },
        )
        .collect();
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

fn habits(device: &Device, devices: &[Device], endpoints: &[Endpoint], rng: &mut Rng) -> Vec<Peer> {
    let mut out: Vec<Peer> = Vec::new();
    let base = device.first + 31_000;
    let mut add = |target, port, out_: bool, weight, service, bytes| {
        out.push(Peer {
            target,
            port,
            out: out_,
            weight,
            service,
            bytes,
            first: base + (out.len() as Ms) * 761_000,
        });
    };
    let by = |name: &str| {
        endpoints
            .iter()
            .position(|e| e.hostname == name)
            .unwrap_or(0)
    };
    let server = |i: usize| Target::Device(20 + i as i64);
    match device.role {
        Role::Silent => return Vec::new(),
        // device 1 of the manual: DNS, NTP, groups with negative numbers, a range of ports
        Role::Server if device.did == 1 => {
            add(Target::Device(2), 53, true, 24, "dns", 90);
            add(Target::Endpoint(by("dns.google")), 53, true, 19, "dns", 90);
            add(Target::Group(-5), 80, true, 12, "http", 900);
            add(
                Target::Endpoint(by("pool.ntp.org")),
                123,
                true,
                11,
                "ntp",
                48,
            );
            add(Target::Group(-3), 7_070, true, 10, "-", 300);
            add(Target::Device(3), 67, true, 9, "dhcp", 300);
            add(
                Target::Endpoint(by("s3.eu-central-1.amazonaws.com")),
                443,
                true,
                4,
                "ssl",
                40_000,
            );
            add(Target::Group(-6), 1_514, true, 4, "syslog", 500);
            add(
                Target::Endpoint(by("updates.vendor.example")),
                80,
                true,
                3,
                "http",
                700,
            );
            add(Target::Group(-4), 3_289, true, 2, "-", 100);
            add(Target::Group(-4), 1_124, true, 1, "-", 100);
            add(Target::Device(823), 22, true, 1, "ssh", 4_000);
        }
        Role::Server | Role::Backup => {
            add(Target::Device(2), 53, true, 20, "dns", 90);
            add(
                Target::Endpoint(by("windowsupdate.microsoft.com")),
                443,
                true,
                6,
                "ssl",
                3_000,
            );
            add(
                Target::Endpoint(by("pool.ntp.org")),
                123,
                true,
                4,
                "ntp",
                48,
            );
            if device.role == Role::Backup {
                for i in [2, 3, 4, 5, 9] {
                    add(server(i), 445, true, 14, "smb", 900_000);
                }
                add(
                    Target::Endpoint(by("s3.eu-central-1.amazonaws.com")),
                    443,
                    true,
                    16,
                    "ssl",
                    2_000_000,
                );
            }
            let port = match device.typename {
                "dcserver" => 88,
                "fileserver" => 445,
                "dnsserver" => 53,
                "proxy" => 3_128,
                _ => 443,
            };
            let service = match port {
                88 => "kerberos",
                445 => "smb",
                53 => "dns",
                3_128 => "http",
                _ => "ssl",
            };
            for _ in 0..9 {
                add(
                    Target::Device(100 + rng.between(0, 45)),
                    port,
                    false,
                    rng.between(3, 12) as u32,
                    service,
                    9_000,
                );
            }
            if device.typename == "dcserver" {
                add(Target::Group(-6), 389, false, 12, "ldap", 2_000);
            }
        }
        Role::Desktop => {
            add(Target::Device(2), 53, true, 18, "dns", 90);
            add(server(0), 88, true, 6, "kerberos", 1_500);
            add(
                server(if device.did % 2 == 0 { 2 } else { 3 }),
                445,
                true,
                12,
                "smb",
                60_000,
            );
            for name in [
                "www.google.com",
                "outlook.office365.com",
                "login.microsoftonline.com",
                "slack.com",
            ] {
                add(
                    Target::Endpoint(by(name)),
                    443,
                    true,
                    rng.between(5, 16) as u32,
                    "ssl",
                    20_000,
                );
            }
            for _ in 0..3 {
                add(
                    Target::Endpoint(5 + rng.below(9)),
                    443,
                    true,
                    rng.between(1, 5) as u32,
                    "ssl",
                    30_000,
                );
            }
            add(
                Target::Endpoint(by("updates.vendor.example")),
                80,
                true,
                2,
                "http",
                700,
            );
            if rng.chance(0.35) {
                let rare = 15 + rng.below(9);
                add(
                    Target::Endpoint(rare),
                    if rare == 20 { 21 } else { 443 },
                    true,
                    3,
                    "ssl",
                    250_000,
                );
            }
            if rng.chance(0.3) {
                add(Target::Group(-3), 5_353, true, 2, "-", 100);
            }
        }
        Role::Thing => {
            add(Target::Device(2), 53, true, 8, "dns", 90);
            add(Target::Group(-3), 1_900, true, 3, "-", 200);
            add(server(9), 443, true, 2, "ssl", 2_000);
        }
        Role::Saas => add(
            Target::Endpoint(by("outlook.office365.com")),
            443,
            true,
            9,
            "ssl",
            8_000,
        ),
    }
    out.retain(|p| p.target != Target::Device(device.did) && known(p, devices));
    out
}

fn known(peer: &Peer, devices: &[Device]) -> bool {
    !matches!(peer.target, Target::Device(did) if !devices.iter().any(|d| d.did == did))
}

fn assignments(devices: &[Device], tags: &[Tag], seed: u64, start: Ms) -> Vec<Entity> {
    let mut rng = Rng::new(seed, "assignments");
    let mut out: Vec<Entity> = Vec::new();
    let mut put = |name: &str, kind, value: String, expiry| {
        if let Some(tag) = tags.iter().find(|t| t.name == name) {
            out.push(Entity {
                teid: 500 + out.len() as i64,
                tid: tag.tid,
                kind,
                value,
                expiry,
            });
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
        if d.hostname
            .as_deref()
            .is_some_and(|h| h.contains("web-edge"))
        {
            on("Internet Facing System", 0);
        }
        if d.role == Role::Backup {
            on("Exclude Data Transfer", 0);
        }
        if d.sid == -11 {
            on("cSensor Device", 0);
        }
        if d.role == Role::Desktop {
            on(
                if d.did % 2 == 0 {
                    "Location::Berlin"
                } else {
                    "Location::Oslo"
                },
                0,
            );
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
        (
            "203.0.113.77",
            Some("C2 of case 4411"),
            "ThreatIntel",
            Some(start + 20 * DAY),
            false,
        ),
        (
            "invoice-portal.example",
            Some("phishing wave"),
            "Default",
            None,
            false,
        ),
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
            start
                - if i < 24 {
                    rng.between(4 * MINUTE, DAY)
                } else {
                    rng.between(DAY, 14 * DAY)
                }
        })
        .collect();
    times.sort_unstable();
    let picked = |roles: &[Role]| {
        devices
            .iter()
            .filter(|d| roles.contains(&d.role))
            .map(|d| d.did)
            .collect::<Vec<_>>()
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
            let model = rng.below(MODELS.len());
            let (name, priority, ..) = MODELS[model];
            let did = match name {
                n if n.starts_with("System") => None,
                n if n.starts_with("SaaS") => Some(*rng.pick(&saas)),
                n if n.contains("Server") || n.contains("Internet Facing") => {
                    Some(*rng.pick(&servers))
                }
                _ => Some(*rng.pick(&clients)),
            };
            let score = (0.08 + 0.15 * priority as f64 + 0.17 * rng.unit()).min(1.0);
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
    let alike = [
        a.typename == b.typename,
        a.role == b.role,
        a.sid == b.sid,
        a.os == b.os,
    ];
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
