//! What the world is made of, read from the tables under `assets/demo` (tab-separated, compiled in), and the few rows no
//! honest source sends, which stand here because a table with escape sequences would attack whoever prints it.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::super::time::{DAY, Ms};
use super::model::{Endpoint, Role, Tag};

/// A model that breaches.
#[derive(Debug)]
pub struct Model {
    pub name: &'static str,
    pub priority: i64,
    pub category: &'static str,
    pub description: &'static str,
    /// MITRE technique.
    pub technique: Option<&'static str>,
}

/// A server: hostname, typename, typelabel, role.
pub type Server = (&'static str, &'static str, &'static str, Role);
/// A thing: hostname, typename, typelabel, vendor.
pub type Thing = (&'static str, &'static str, &'static str, &'static str);

const MODELS: &str = include_str!("../../../assets/demo/models.tsv");
const SERVERS: &str = include_str!("../../../assets/demo/servers.tsv");
const THINGS: &str = include_str!("../../../assets/demo/things.tsv");
const WORKSTATIONS: &str = include_str!("../../../assets/demo/workstations.tsv");
const ENDPOINTS: &str = include_str!("../../../assets/demo/endpoints.tsv");
const TAGS: &str = include_str!("../../../assets/demo/tags.tsv");

/// The rows of a table with this many columns. A row with another number is left out; a test sees to it that there is none.
fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .filter_map(|line| line.split('\t').collect::<Vec<_>>().try_into().ok())
}

fn number(text: &str) -> i64 {
    text.parse().unwrap_or_default()
}

fn filled(text: &'static str) -> Option<&'static str> {
    Some(text).filter(|t| !t.is_empty())
}

/// The models that breach.
pub fn models() -> &'static [Model] {
    static LIST: LazyLock<Vec<Model>> = LazyLock::new(|| {
        let hostile = [
            "Infrastructure::New Device to Server \u{1b}[31m\u{202e}tset",
            "2",
            "Informational",
            "A name no honest source sends.",
            "",
        ];
        rows::<5>(MODELS)
            .chain([hostile])
            .map(|[name, priority, category, description, technique]| Model {
                name,
                priority: number(priority),
                category,
                description,
                technique: filled(technique),
            })
            .collect()
    });
    &LIST
}

/// The servers.
pub fn servers() -> impl Iterator<Item = Server> {
    rows::<4>(SERVERS).map(|[name, typename, typelabel, role]| {
        (name, typename, typelabel, if role == "Backup" { Role::Backup } else { Role::Server })
    })
}

/// Printers, cameras and the like.
pub fn things() -> impl Iterator<Item = Thing> {
    rows::<4>(THINGS).map(|[name, typename, typelabel, vendor]| (name, typename, typelabel, vendor))
}

/// Vendor and system of clients.
pub fn workstations() -> Vec<[&'static str; 2]> {
    rows::<2>(WORKSTATIONS).collect()
}

/// The external endpoints.
pub fn endpoints(start: Ms) -> Vec<Endpoint> {
    let hostile = [
        "evil\u{1b}[7m.example",
        "203.0.113.202",
        "AS64511 \u{202e}gnitsoH",
        "Russia",
        "Moscow",
        "55.7483",
        "37.6171",
        "1",
        "66",
        "1",
    ];
    rows::<10>(ENDPOINTS)
        .chain([hostile])
        .map(|[hostname, ip, asn, country, city, latitude, longitude, popularity, dga, days]| {
            let degrees = |text: &str| text.parse().unwrap_or_default();
            Endpoint {
                hostname,
                ip: filled(ip),
                asn,
                place: (country, city, degrees(latitude), degrees(longitude)),
                popularity: number(popularity),
                dga: number(dga),
                first: start - number(days) * DAY - 41_000 * (number(popularity) + 1),
            }
        })
        .collect()
}

/// The tags.
pub fn tags() -> Vec<Tag> {
    let hostile =
        ["Odd\u{1b}[32mTag\u{202e}gat", "77", "\u{1b}]0;owned\u{7}", "false", "false", "true"];
    rows::<6>(TAGS)
        .chain([hostile])
        .enumerate()
        .map(|(i, [name, hue, description, restricted, referenced, more])| Tag {
            tid: 10 + i as i64 * 3,
            name: name.to_owned(),
            restricted: restricted == "true",
            referenced: referenced == "true",
            data: tag_data(number(hue), description, more == "true", i),
        })
        .collect()
}

// the tags of agents and of vulnerabilities lack `auto` and `visibility` [XA]
fn tag_data(hue: i64, description: &str, more: bool, place: usize) -> Value {
    let mut data = json!({"color": hue, "description": description});
    if more {
        data["auto"] = json!(false);
        data["visibility"] = json!(if place.is_multiple_of(4) { "Public" } else { "" });
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_of_a_table_is_left_out() {
        let lines = |table: &str| table.lines().filter(|l| !l.starts_with('#')).count();
        assert_eq!(models().len(), lines(MODELS) + 1);
        assert_eq!(servers().count(), lines(SERVERS));
        assert_eq!(things().count(), lines(THINGS));
        assert_eq!(workstations().len(), lines(WORKSTATIONS));
        assert_eq!(endpoints(0).len(), lines(ENDPOINTS) + 1);
        assert_eq!(tags().len(), lines(TAGS) + 1);
        assert!(models().iter().all(|m| (0..=5).contains(&m.priority)));
        assert!(endpoints(0).iter().all(|e| e.place.2.abs() > 1.0 && e.first < 0));
    }
}
