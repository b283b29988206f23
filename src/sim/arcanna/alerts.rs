//! The alerts Arcanna is fed with, as the documents of the tools that raise them. Addresses and host names are those of the
//! Darktrace side, so that an analyst can go from an alert to the device.

use serde_json::{Value, json};

use super::super::darktrace::Hosts;
use super::super::rng::Rng;
use super::super::time::{Ms, zulu};

/// A kind of alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Suricata,
    Beacon,
    Dga,
    Smb,
    Phishing,
    Dlp,
    OAuth,
    Brute,
    Edr,
}

/// The severity a document carries, 1 (least) to 4; 1 when it carries none.
pub fn severity(raw: &Value) -> i64 {
    raw.get("event").and_then(|e| e.get("severity")).and_then(Value::as_i64).unwrap_or(1)
}

const SURICATA: [(&str, &str, i64, u16); 12] = [
    ("ET SCAN Nmap Scripting Engine User-Agent Detected", "Web Application Attack", 2, 80),
    ("ET POLICY curl User-Agent Outbound", "Potential Corporate Privacy Violation", 1, 80),
    (
        "ET EXPLOIT Apache Log4j RCE Attempt (http ldap)",
        "Attempted Administrator Privilege Gain",
        4,
        8080,
    ),
    ("SURICATA HTTP unable to match response to request", "Generic Protocol Command Decode", 1, 80),
    ("SURICATA STREAM Packet with invalid ack", "Generic Protocol Command Decode", 1, 443),
    ("ET MALWARE Win32/AgentTesla Exfil via FTP", "A Network Trojan was detected", 4, 21),
    (
        "ET INFO Session Traversal Utilities for NAT (STUN Binding Request)",
        "Misc activity",
        1,
        3478,
    ),
    ("GPL SNMP public access udp", "Attempted Information Leak", 2, 161),
    (
        "ET TROJAN Cobalt Strike Malleable C2 JQuery Custom Profile",
        "A Network Trojan was detected",
        4,
        443,
    ),
    ("ET WEB_SERVER Possible SQL Injection Attempt UNION SELECT", "Web Application Attack", 3, 443),
    ("ET POLICY Dropbox Client Broadcasting", "Potential Corporate Privacy Violation", 1, 17500),
    ("ET SCAN Potential SSH Scan OUTBOUND", "Attempted Information Leak", 3, 22),
];

const EDR: [(&str, &str, &str, &str, i64); 9] = [
    ("LSASS memory read by unsigned process", "procdump64.exe", "cmd.exe", "T1003.001", 4),
    ("PowerShell with encoded command", "powershell.exe", "winword.exe", "T1059.001", 4),
    ("PowerShell with encoded command", "powershell.exe", "ccmexec.exe", "T1059.001", 1),
    ("Scheduled task created remotely", "schtasks.exe", "wmiprvse.exe", "T1053.005", 3),
    ("Shadow copies deleted", "vssadmin.exe", "cmd.exe", "T1490", 4),
    ("Service installed from user folder", "services.exe", "wininit.exe", "T1543.003", 3),
    ("Unsigned driver loaded", "System", "ntoskrnl.exe", "T1068", 2),
    ("Certutil used to download", "certutil.exe", "powershell.exe", "T1105", 3),
    ("Backup agent reads many files", "veeamagent.exe", "services.exe", "T1005", 1),
];

const SUBJECTS: [(&str, i64); 10] = [
    ("Invoice 88213 overdue, action required", 3),
    ("Your mailbox is almost full", 3),
    ("Voicemail from +49 30 901820", 2),
    ("Re: Re: contract draft v7", 1),
    ("Payroll update: confirm your bank details", 4),
    ("Shared document: Q3 forecast.xlsx", 2),
    ("Newsletter: what is new in October", 1),
    ("DHL: your parcel could not be delivered", 3),
    ("Sign-in from a new device", 2),
    ("URGENT wire transfer, please treat as confidential", 4),
];

const SENDERS: [(&str, &str); 7] = [
    ("billing@invoice-portal.example", "fail"),
    ("no-reply@parcel-tracking.example", "softfail"),
    ("it-service@cornpany.example", "fail"),
    ("partner@supplier.example", "pass"),
    ("news@vendor.example", "pass"),
    ("ceo.office@mail-relay.example", "none"),
    ("docs@share-files.example", "softfail"),
];

const USERS: [&str; 14] = [
    "a.novak",
    "b.hansen",
    "c.rossi",
    "d.weber",
    "e.silva",
    "f.dubois",
    "g.ivanova",
    "h.tanaka",
    "svc_backup",
    "svc_sql",
    "administrator",
    "i.mueller",
    "k.jensen",
    "l.garcia",
];

const COUNTRIES: [&str; 8] = [
    "Germany",
    "Romania",
    "United States",
    "Nigeria",
    "Viet Nam",
    "Netherlands",
    "Brazil",
    "Russian Federation",
];

const APPS: [(&str, &str, i64); 6] = [
    ("Mail Backup Pro", "Mail.ReadWrite offline_access", 4),
    ("Calendly", "Calendars.Read", 1),
    ("PDF Tools Free", "Files.ReadWrite.All Mail.Send", 4),
    ("Zoom for Outlook", "Calendars.ReadWrite", 1),
    ("Contact Sync", "Contacts.Read offline_access", 2),
    ("Survey Builder", "User.Read", 1),
];

/// One alert raised at this moment: the document and its title.
pub fn alert(kind: Kind, rng: &mut Rng, hosts: &Hosts, at: Ms) -> (Value, String) {
    let (mut doc, title) = match kind {
        Kind::Suricata => suricata(rng, hosts),
        Kind::Beacon => beacon(rng, hosts),
        Kind::Dga => dga(rng, hosts),
        Kind::Smb => smb(rng, hosts),
        Kind::Phishing => phishing(rng),
        Kind::Dlp => dlp(rng, hosts),
        Kind::OAuth => oauth(rng),
        Kind::Brute => brute(rng, hosts),
        Kind::Edr => edr(rng, hosts),
    };
    doc["@timestamp"] = json!(zulu(at));
    doc["event"]["created"] = json!(zulu(at));
    doc["event"]["kind"] = json!("alert");
    doc["event"]["id"] = json!(rng.hex(20));
    (doc, title)
}

fn suricata(rng: &mut Rng, hosts: &Hosts) -> (Value, String) {
    let (name, category, severity, port) = *rng.pick(&SURICATA);
    let inside = rng.pick(&hosts.internal);
    let outside = rng.pick(&hosts.external);
    let doc = json!({
        "rule": {"name": name, "category": category, "id": (2_000_000 + rng.below(30_000)).to_string()},
        "event": {"severity": severity, "module": "suricata", "dataset": "suricata.eve",
            "category": ["network", "intrusion_detection"], "type": [if severity > 2 { "denied" } else { "allowed" }]},
        "source": {"ip": inside.ip, "address": inside.ip, "port": rng.between(49_152, 65_535), "bytes": rng.between(300, 90_000),
            "packets": rng.between(3, 700)},
        "destination": {"ip": outside.ip, "address": outside.ip, "domain": outside.name, "port": port,
            "bytes": rng.between(200, 900_000), "packets": rng.between(3, 900)},
        "host": {"hostname": inside.name},
        "network": {"transport": if port == 161 || port == 3478 { "udp" } else { "tcp" }, "community_id": rng.hex(27)},
        "message": category,
        "suricata": {"eve": {"event_type": "alert", "in_iface": "ens4", "flow_id": rng.between(1 << 54, 1 << 60),
            "alert": {"signature": name, "category": category, "rev": rng.between(1, 9), "gid": 1}}},
    });
    (doc, name.to_owned())
}

fn beacon(rng: &mut Rng, hosts: &Hosts) -> (Value, String) {
    let inside = rng.pick(&hosts.internal);
    let outside = rng.pick(&hosts.rare);
    let interval = *rng.pick(&[30, 60, 300, 900]);
    let severity = if interval <= 60 { 4 } else { 3 };
    let doc = json!({
        "rule": {"name": "Periodic beaconing to rare external host", "category": "Command and Control", "id": "BCN-001"},
        "event": {"severity": severity, "module": "netflow-analytics", "dataset": "beacon", "category": ["network"]},
        "source": {"ip": inside.ip, "address": inside.ip, "port": rng.between(49_152, 65_535)},
        "destination": {"ip": outside.ip, "address": outside.ip, "domain": outside.name, "port": 443},
        "host": {"hostname": inside.name},
        "beacon": {"interval_s": interval, "jitter_percent": rng.between(0, 18), "connections": rng.between(40, 4_000)},
        "tls": {"client": {"ja3": rng.hex(32)}, "server": {"x509": {"issuer": {"common_name": "R11"}}}},
    });
    (doc, format!("Beaconing every {interval} s to {}", outside.name))
}

fn dga(rng: &mut Rng, hosts: &Hosts) -> (Value, String) {
    let inside = rng.pick(&hosts.internal);
    let length = rng.between(12, 22) as usize;
    let name: String = (0..length).map(|_| char::from(b'a' + rng.below(26) as u8)).collect();
    let domain = format!("{name}.{}", rng.pick(&["top", "xyz", "info", "biz"]));
    let queries = rng.between(20, 900);
    let doc = json!({
        "rule": {"name": "DNS queries to generated domains", "category": "Domain Generation Algorithm", "id": "DNS-017"},
        "event": {"severity": if queries > 400 { 4 } else { 2 }, "module": "zeek", "dataset": "zeek.dns", "category": ["network"]},
        "source": {"ip": inside.ip, "address": inside.ip, "port": rng.between(49_152, 65_535)},
        "destination": {"ip": hosts.dns, "address": hosts.dns, "port": 53},
        "host": {"hostname": inside.name},
        "dns": {"question": {"name": domain, "type": "A"}, "response_code": "NXDOMAIN", "queries": queries},
    });
    (doc, format!("Generated domain {domain}"))
}

fn smb(rng: &mut Rng, hosts: &Hosts) -> (Value, String) {
    let (from, to) = (rng.pick(&hosts.internal).clone(), rng.pick(&hosts.servers).clone());
    let name = *rng.pick(&[
        "Admin share accessed from workstation",
        "PsExec service created",
        "SMB write of executable",
    ]);
    let doc = json!({
        "rule": {"name": name, "category": "Lateral Movement", "id": "SMB-004"},
        "event": {"severity": rng.between(2, 4), "module": "zeek", "dataset": "zeek.smb_files", "category": ["network", "file"]},
        "source": {"ip": from.ip, "address": from.ip, "port": rng.between(49_152, 65_535)},
        "destination": {"ip": to.ip, "address": to.ip, "domain": to.name, "port": 445},
        "host": {"hostname": from.name},
        "user": {"name": rng.pick(&USERS)},
        "smb": {"share": rng.pick(&["ADMIN$", "C$", "IPC$", "finance"]), "file": rng.pick(&["PSEXESVC.exe", "update.dll", "q3.xlsx"])},
    });
    (doc, format!("{name}: {} to {}", from.name, to.name))
}

fn phishing(rng: &mut Rng) -> (Value, String) {
    let (subject, severity) = *rng.pick(&SUBJECTS);
    let (from, spf) = *rng.pick(&SENDERS);
    let to = rng.pick(&USERS);
    let doc = json!({
        "rule": {"name": "Reported message", "category": "Phishing"},
        "event": {"severity": if spf == "pass" { 1 } else { severity }, "module": "mail-gateway", "category": ["email"]},
        "email": {"subject": subject, "from": {"address": from}, "to": {"address": format!("{to}@company.example")},
            "spf": spf, "dkim": rng.pick(&["pass", "fail", "none"]), "url_count": rng.between(0, 3),
            "message_id": format!("<{}@{}>", rng.hex(16), from.split('@').nth(1).unwrap_or_default()),
            "attachments": if rng.chance(0.3) { json!([{"file": {"name": "invoice.htm", "size": rng.between(900, 90_000)}}]) } else { json!([]) }},
        "user": {"name": to},
        "reported_by": rng.pick(&["user", "gateway"]),
    });
    (doc, subject.to_owned())
}

fn dlp(rng: &mut Rng, hosts: &Hosts) -> (Value, String) {
    let host = rng.pick(&hosts.internal);
    let name = *rng.pick(&[
        "Card numbers leave by web",
        "Source code to private storage",
        "Customer list to USB",
        "Salary file by mail",
    ]);
    let extension = *rng.pick(&["xlsx", "zip", "pdf", "docx", "7z"]);
    let doc = json!({
        "rule": {"name": name, "category": "Data Loss"},
        "event": {"severity": rng.between(1, 4), "module": "dlp", "category": ["file"]},
        "source": {"ip": host.ip, "address": host.ip},
        "host": {"hostname": host.name},
        "user": {"name": rng.pick(&USERS)},
        "file": {"name": format!("export-{}.{extension}", rng.between(1, 99)), "extension": extension, "size": rng.between(9_000, 900_000_000)},
        "destination": {"domain": rng.pick(&["drive.google.com", "mega.nz", "wetransfer.com", "usb", "mail.example"])},
        "dlp": {"matches": rng.between(1, 4_000), "action": rng.pick(&["blocked", "allowed", "justified"])},
    });
    (doc, name.to_owned())
}

fn oauth(rng: &mut Rng) -> (Value, String) {
    let (app, scopes, severity) = *rng.pick(&APPS);
    let user = rng.pick(&USERS);
    let doc = json!({
        "rule": {"name": "OAuth consent granted", "category": "Cloud Identity"},
        "event": {"severity": severity, "module": "azure", "dataset": "azure.auditlogs", "category": ["iam"]},
        "user": {"name": user, "email": format!("{user}@company.example")},
        "source": {"ip": format!("198.51.100.{}", rng.between(2, 250)), "geo": {"country_name": rng.pick(&COUNTRIES)}},
        "oauth": {"app_name": app, "scopes": scopes.split(' ').collect::<Vec<_>>(), "verified_publisher": severity < 3},
    });
    (doc, format!("{user} consented to {app}"))
}

fn brute(rng: &mut Rng, hosts: &Hosts) -> (Value, String) {
    let user = *rng.pick(&USERS);
    let target = rng.pick(&hosts.servers);
    let failures = rng.between(8, 3_000);
    let outcome = if rng.chance(0.2) { "success" } else { "failure" };
    let from = if rng.chance(0.5) {
        rng.pick(&hosts.internal).ip.clone()
    } else {
        rng.pick(&hosts.rare).ip.clone()
    };
    let severity = match (outcome, failures) {
        ("success", _) => 4,
        (_, 1_000..) => 3,
        (_, 100..) => 2,
        _ => 1,
    };
    let doc = json!({
        "rule": {"name": "Many failed logins", "category": "Credential Access"},
        "event": {"severity": severity, "module": "system", "dataset": "system.auth", "category": ["authentication"], "outcome": outcome},
        "source": {"ip": from, "address": from, "geo": {"country_name": rng.pick(&COUNTRIES)}},
        "destination": {"ip": target.ip, "domain": target.name, "port": rng.pick(&[22, 3389, 389])},
        "host": {"hostname": target.name},
        "user": {"name": user},
        "oauth": {"app_name": null},
        "authentication": {"failures": failures, "window_s": 600},
    });
    (doc, format!("{failures} failed logins of {user} on {}", target.name))
}

fn edr(rng: &mut Rng, hosts: &Hosts) -> (Value, String) {
    let (name, process, parent, technique, severity) = *rng.pick(&EDR);
    let host = rng.pick(&hosts.servers);
    let doc = json!({
        "rule": {"name": name, "category": "Endpoint", "id": technique},
        "event": {"severity": severity, "module": "edr", "dataset": "edr.detections", "category": ["process"]},
        "threat": {"technique": {"id": technique}},
        "host": {"hostname": host.name, "ip": [host.ip], "os": {"name": "Windows Server 2022"}},
        "source": {"ip": host.ip, "address": host.ip},
        "user": {"name": rng.pick(&USERS), "domain": "CORP"},
        "process": {"name": process, "pid": rng.between(600, 60_000), "hash": {"sha256": rng.hex(64)},
            "command_line": format!("{process} -p {} -o C:\\Users\\Public\\{}.tmp", rng.hex(6), rng.hex(8)),
            "parent": {"name": parent, "pid": rng.between(300, 9_000)}},
    });
    (doc, format!("{name} on {}", host.name))
}
