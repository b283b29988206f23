//! Who each device talks to, by its role: the habits from which connections, records and graphs are made.

use super::super::rng::Rng;
use super::super::time::Ms;
use super::model::{Device, Endpoint, Peer, Role, Target};

/// The habits of one device.
pub fn habits(
    device: &Device,
    devices: &[Device],
    endpoints: &[Endpoint],
    rng: &mut Rng,
) -> Vec<Peer> {
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
    let by = |name: &str| endpoints.iter().position(|e| e.hostname == name).unwrap_or(0);
    let server = |i: usize| Target::Device(20 + i as i64);
    match device.role {
        Role::Silent => return Vec::new(),
        // device 1 of the manual: DNS, NTP, groups with negative numbers, a range of ports
        Role::Server if device.did == 1 => {
            add(Target::Device(2), 53, true, 24, "dns", 90);
            add(Target::Endpoint(by("dns.google")), 53, true, 19, "dns", 90);
            add(Target::Group(-5), 80, true, 12, "http", 900);
            add(Target::Endpoint(by("pool.ntp.org")), 123, true, 11, "ntp", 48);
            add(Target::Group(-3), 7_070, true, 10, "-", 300);
            add(Target::Device(3), 67, true, 9, "dhcp", 300);
            add(Target::Endpoint(by("s3.eu-central-1.amazonaws.com")), 443, true, 4, "ssl", 40_000);
            add(Target::Group(-6), 1_514, true, 4, "syslog", 500);
            add(Target::Endpoint(by("updates.vendor.example")), 80, true, 3, "http", 700);
            add(Target::Group(-4), 3_289, true, 2, "-", 100);
            add(Target::Group(-4), 1_124, true, 1, "-", 100);
            add(Target::Device(823), 22, true, 1, "ssh", 4_000);
        }
        Role::Server | Role::Backup => {
            add(Target::Device(2), 53, true, 20, "dns", 90);
            add(Target::Endpoint(by("windowsupdate.microsoft.com")), 443, true, 6, "ssl", 3_000);
            add(Target::Endpoint(by("pool.ntp.org")), 123, true, 4, "ntp", 48);
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
            add(server(if device.did % 2 == 0 { 2 } else { 3 }), 445, true, 12, "smb", 60_000);
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
            add(Target::Endpoint(by("updates.vendor.example")), 80, true, 2, "http", 700);
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
        Role::Saas => {
            add(Target::Endpoint(by("outlook.office365.com")), 443, true, 9, "ssl", 8_000)
        }
    }
    out.retain(|p| p.target != Target::Device(device.did) && known(p, devices));
    out
}

fn known(peer: &Peer, devices: &[Device]) -> bool {
    !matches!(peer.target, Target::Device(did) if !devices.iter().any(|d| d.did == did))
}
