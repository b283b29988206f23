//! What panes show as tables for export: jobs, devices, an endpoint, writes, calls. Times are UTC; foreign text is defanged, the
//! table's forms clean it.

use jiff::Timestamp;

use crate::api::arcanna::jobs::Job;
use crate::api::darktrace::devices::Device;
use crate::api::darktrace::endpoints::EndpointReport;
use crate::api::value::Time;
use crate::api::{Call, Product};
use crate::command::Take;
use crate::export::{self, Grid};
use crate::outbox::{Row as Write, State};
use crate::store::{Entry, Outcome};

/// A moment as it stands in files.
pub(super) fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// A product's point in time as it stands in files.
pub(super) fn time(at: Option<&Time>) -> String {
    match at {
        Some(Time::At(at)) => utc(*at),
        Some(Time::Unread(words)) => export::defang_text(words),
        None => "-".to_owned(),
    }
}

fn text(value: Option<&str>) -> String {
    value.map_or_else(|| "-".to_owned(), export::defang_text)
}

fn number(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// Nothing to export is no table.
fn filled(grid: Grid) -> Option<Grid> {
    (!grid.rows.is_empty()).then_some(grid)
}

/// Arcanna's jobs.
pub(super) fn jobs(jobs: &[Job]) -> Option<Grid> {
    let mut grid = Grid::new([
        "job",
        "title",
        "status",
        "labels",
        "processed",
        "with_feedback",
        "last_processed",
        "last_trained",
    ])
    .title(format!("{} jobs", Product::Arcanna));
    for job in jobs {
        grid.push([
            job.id.to_string(),
            text(job.title.as_deref()),
            job.status.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            job.labels.as_ref().map_or_else(|| "-".to_owned(), |labels| labels.join(", ")),
            number(job.processed),
            number(job.with_feedback),
            time(job.last_processed.as_ref()),
            time(job.last_train_finished.as_ref()),
        ]);
    }
    filled(grid)
}

/// Darktrace devices.
pub(super) fn devices(devices: &[&Device], title: &str) -> Option<Grid> {
    let mut grid =
        Grid::new(["did", "name", "ip", "mac", "type", "os", "vendor", "first_seen", "last_seen"])
            .title(format!("{} devices {}", Product::Darktrace, export::defang_text(title)));
    for device in devices {
        grid.push([
            number(device.did),
            text(device.name()),
            text(device.ip.as_deref()),
            text(device.mac.as_deref()),
            text(device.type_label.as_deref().or(device.type_name.as_deref())),
            text(device.os.as_deref()),
            text(device.vendor.as_deref()),
            time(device.first_seen.as_ref()),
            time(device.last_seen.as_ref()),
        ]);
    }
    filled(grid)
}

/// What is known of an endpoint, one fact a row; `endpoint` is what was looked up.
pub(super) fn endpoint(endpoint: &str, report: &EndpointReport) -> Grid {
    let mut grid = Grid::new(["fact", "value"]).title(format!(
        "{} endpoint {}",
        Product::Darktrace,
        export::defang(endpoint)
    ));
    let place = report
        .location
        .country
        .as_deref()
        .or_else(|| report.locations.as_ref()?.first()?.country.as_deref());
    for (name, value) in [
        ("endpoint", export::defang(endpoint)),
        ("first seen", time(report.first_seen.as_ref())),
        ("popularity", number(report.popularity)),
        ("dga score", number(report.dga_score)),
        ("country", text(place)),
        ("asn", text(report.asn.as_deref())),
        ("devices that met it", number(report.devices.as_ref().map(Vec::len))),
    ] {
        grid.push([name.to_owned(), value]);
    }
    for ip in report.ips.iter().flatten() {
        let address = ip.ip.as_deref().map_or_else(|| "-".to_owned(), export::defang);
        grid.push([
            "address".to_owned(),
            format!("{address} {} .. {}", time(ip.first.as_ref()), time(ip.last.as_ref())),
        ]);
    }
    for device in report.devices.iter().flatten() {
        let name = text(device.name());
        grid.push(["device".to_owned(), format!("{} {name}", number(device.did))]);
    }
    grid
}

/// An endpoint in one of the forms it is copied in.
pub(super) fn endpoint_taken(
    what: Take,
    name: &str,
    report: Option<&EndpointReport>,
) -> Option<String> {
    match what {
        Take::Id | Take::Indicator => Some(export::defang(name)),
        Take::Raw => Some(name.to_owned()),
        Take::Line => {
            let popularity = number(report?.popularity);
            Some(format!("{} popularity {popularity}", export::defang(name)))
        }
        Take::Markdown => Some(endpoint(name, report?).markdown()),
        Take::Json => Some(endpoint(name, report?).json()),
        Take::Link => None,
    }
}

/// Entries of the watched list: name, reason, expiry, whose it is.
pub(super) fn watched<'a>(
    entries: impl Iterator<Item = (&'a str, Option<&'a str>, Option<&'a Time>, &'static str)>,
) -> Option<Grid> {
    let mut grid = Grid::new(["entry", "reason", "expires", "whose"]).title("Watched list");
    for (name, reason, expiry, whose) in entries {
        grid.push([export::defang(name), text(reason), time(expiry), whose.to_owned()]);
    }
    filled(grid)
}

/// What was written from here.
pub(super) fn writes<'a>(rows: impl Iterator<Item = &'a Write>) -> Option<Grid> {
    let mut grid = Grid::new(["write", "staged", "what", "state", "words", "attempts", "note"])
        .title("Writes");
    for row in rows {
        let (state, words) = match &row.state {
            State::Grace => ("in grace", None),
            State::Held => ("held", None),
            State::Due => ("waiting", row.trouble.as_deref()),
            State::Sending => ("sending", None),
            State::Sent(words) => ("sent", Some(words.as_str())),
            State::Parked(words) => ("parked", Some(words.as_str())),
            State::Unknown(words) => ("unknown", Some(words.as_str())),
            State::Undone => ("undone", row.trouble.as_deref()),
        };
        grid.push([
            row.id.to_string(),
            utc(row.staged),
            export::defang_text(&row.draft.act.summary()),
            state.to_owned(),
            text(words),
            row.attempts.to_string(),
            row.draft.note.as_deref().map(export::defang_text).unwrap_or_default(),
        ]);
    }
    filled(grid)
}

/// A request as it stands in files: values in its address are defanged each by itself.
pub(super) fn request(call: &Call) -> String {
    const BETWEEN: [char; 4] = ['?', '&', '=', ' '];
    let text = call.to_string();
    let part = |part: &str| {
        let value = part.trim_end_matches(BETWEEN);
        export::defang_text(value) + &part[value.len()..]
    };
    text.split_inclusive(BETWEEN).map(part).collect()
}

/// What was asked of the products: each call, and how it ended if it has.
pub(super) fn calls<'a>(rows: impl Iterator<Item = (&'a Call, Option<&'a Entry>)>) -> Option<Grid> {
    let mut grid =
        Grid::new(["ended", "product", "call", "attempts", "answer", "ms"]).title("Calls");
    for (call, entry) in rows {
        let (answer, took) = match entry.map(|entry| &entry.outcome) {
            Some(Outcome::Answered(status, took, _)) => {
                (status.to_string(), took.as_millis().to_string())
            }
            Some(Outcome::Failed(error)) => {
                (export::defang_text(&error.to_string()), "-".to_owned())
            }
            None => ("under way".to_owned(), "-".to_owned()),
        };
        grid.push([
            entry.map_or_else(|| "-".to_owned(), |entry| utc(entry.at)),
            call.product.to_string(),
            request(call),
            number(entry.map(|entry| entry.attempts)),
            answer,
            took,
        ]);
    }
    filled(grid)
}
