//! Darktrace's side of an event, in few words: the device and its tags, its connections over four weeks, how common the other
//! end is. A block beside the decision points, or a strip below them on a wide screen.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::context::View;
use crate::api::Product;
use crate::api::darktrace::connections::DeviceInfo;
use crate::api::darktrace::endpoints::EndpointReport;
use crate::export;
use crate::panes::paint::{Look, when};
use crate::store::{EventKey, Remote, Store};
use crate::ui::chart::{self, Fold, Hours};
use crate::ui::text;

/// Popularity up to which the other end is called rare. 0 is nobody, 100 everybody.
const RARE: f64 = 10.0;

/// The window of the connection graph: four weeks, in hours.
const WINDOW: i64 = 28 * 24;

/// The block's lines, its title first.
pub(super) fn block(
    store: &Store,
    look: &Look<'_>,
    event: &EventKey,
    width: usize,
) -> Vec<Line<'static>> {
    let view = View::of(store, event);
    let mut head = title(&view, look);
    let alerts = breached(&view, store, look, "  breaches ");
    let room = text_width(&head.spans) + text_width(&alerts) <= width;
    // Where the title has no room for them they get a row, unless there were none.
    let row = !room && lately(&view, store, look).is_some_and(|(_, week)| week > 0);
    if room {
        head.spans.extend(alerts);
    }
    let mut lines = vec![head];
    if let Some(words) = nothing(&view, look) {
        lines.push(Line::from(Span::styled(words, look.theme.dim)));
        return lines;
    }
    if view.internal.is_some() {
        let mut spans = host(&view, look);
        // The name gives way to what the device is.
        let kind: usize = spans.iter().skip(1).map(|span| text::width(&span.content)).sum();
        if let Some(name) = spans.first_mut() {
            let room = width.saturating_sub(8 + kind);
            let clean = text::clean(&name.content);
            name.content = text::cut(&clean, room, look.theme.ellipsis()).into_owned().into();
        }
        lines.push(fact("host", spans, look));
        lines.push(fact("tags", tags(&view, look), look));
        if view.device.is_some() {
            lines.push(fact("seen", seen(&view, look), look));
        }
        lines.push(fact("conn", line(&view, look, width.saturating_sub(12)), look));
    }
    if view.external.is_some() {
        let mut spans = peer(&view, look, "pop ");
        // How common it is matters more than the end of a long name.
        let rest: usize = spans.iter().skip(1).map(|span| text::width(&span.content)).sum();
        if let Some(name) = spans.first_mut() {
            let room = width.saturating_sub(10 + rest);
            let cut = text::cut(name.content.trim_end(), room, look.theme.ellipsis());
            name.content = format!("{cut}  ").into();
        }
        lines.push(fact("peer", spans, look));
    }
    if row {
        lines.push(Line::from(breached(&view, store, look, " breaches  ")));
    }
    lines
}

/// The strip of a wide screen: what stands in its rule, and its three lines.
pub(super) fn strip(
    store: &Store,
    look: &Look<'_>,
    event: &EventKey,
    width: usize,
) -> (String, Vec<Line<'static>>) {
    let view = View::of(store, event);
    let head = if view.device.is_some() {
        let did = view.device.and_then(|one| one.did);
        let did = did.map_or_else(String::new, |did| format!("  did {did}"));
        let host: String = host(&view, look).iter().map(|span| span.content.as_ref()).collect();
        format!("DARKTRACE{did}  {host}  {}", age(&view, look))
    } else {
        "DARKTRACE".to_owned()
    };
    if let Some(words) = nothing(&view, look) {
        return (head, vec![Line::from(Span::styled(format!(" {words}"), look.theme.dim))]);
    }
    let mut tagged = tags(&view, look);
    if view.device.is_some() {
        tagged.push(Span::styled("     seen ", look.theme.dim));
        tagged.extend(seen(&view, look));
        tagged.extend(breached(&view, store, look, "     breaches "));
    }
    let mut other = peer(&view, look, "popularity ");
    if let Some(report) = view.peer.and_then(Remote::value) {
        other.extend(more(report, look));
    }
    let lines = vec![
        fact("tags", tagged, look),
        fact("conn", line(&view, look, width.saturating_sub(50).min(112)), look),
        fact("peer", other, look),
    ];
    (head, lines)
}

fn fact(name: &str, value: Vec<Span<'static>>, look: &Look<'_>) -> Line<'static> {
    let mut spans = vec![Span::styled(format!(" {name}  "), look.theme.dim)];
    spans.extend(value);
    Line::from(spans)
}

fn title(view: &View<'_>, look: &Look<'_>) -> Line<'static> {
    let did = view.device.and_then(|device| device.did);
    let did = did.map_or_else(String::new, |did| format!("  did {did}"));
    Line::from(vec![
        Span::styled(format!(" DARKTRACE{did}"), look.theme.title),
        Span::styled(format!("  {}", age(view, look)), look.theme.dim),
    ])
}

/// When what is shown was read, or that it is being read.
fn age(view: &View<'_>, look: &Look<'_>) -> String {
    let parts = [
        view.search.map(|one| (one.pending, one.fetched)),
        view.tags.map(|one| (one.pending, one.fetched)),
        view.connections.map(|one| (one.pending, one.fetched)),
        view.peer.map(|one| (one.pending, one.fetched)),
    ];
    let oldest = parts.iter().flatten().filter_map(|(_, at)| *at).min();
    match oldest {
        _ if parts.iter().flatten().any(|(pending, at)| *pending && at.is_none()) => {
            "loading".to_owned()
        }
        Some(at) => format!("read {}", look.tell(at)),
        None => String::new(),
    }
}

/// Why there is nothing to show, where there is not.
fn nothing(view: &View<'_>, look: &Look<'_>) -> Option<String> {
    if look.prefs.absent.contains(&Product::Darktrace) {
        Some(" not configured".to_owned())
    } else if view.internal.is_none() && view.external.is_none() {
        Some(" the event names no address or host".to_owned())
    } else {
        None
    }
}

fn plain(words: impl Into<String>, style: Style) -> Vec<Span<'static>> {
    vec![Span::styled(words.into(), style)]
}

/// Why a value is not there: on its way, failed, or not asked yet.
fn absent<T>(remote: Option<&Remote<T>>, look: &Look<'_>) -> Vec<Span<'static>> {
    match remote {
        Some(remote) if remote.pending => plain("loading", look.theme.dim),
        Some(Remote { error: Some((error, _)), .. }) => plain(error.explain().what, look.theme.bad),
        _ => plain("-", look.theme.dim),
    }
}

fn host(view: &View<'_>, look: &Look<'_>) -> Vec<Span<'static>> {
    let Some(device) = view.device else {
        return match (&view.internal, view.search.and_then(Remote::value)) {
            (Some(address), Some(_)) => {
                plain(format!("{} is no device it knows", address.text), look.theme.dim)
            }
            (Some(_), None) => absent(view.search, look),
            (None, _) => plain("no internal address", look.theme.dim),
        };
    };
    let name = device.name().unwrap_or("-").to_owned();
    let mut spans = plain(name, look.theme.text);
    if let Some(kind) = device.type_label.as_ref().or(device.type_name.as_ref()) {
        spans.push(Span::styled(format!("   {kind}"), look.theme.dim));
    }
    spans
}

fn tags(view: &View<'_>, look: &Look<'_>) -> Vec<Span<'static>> {
    let Some(tags) = view.tags.and_then(Remote::value) else {
        return if view.device.is_some() {
            absent(view.tags, look)
        } else {
            plain("-", look.theme.dim)
        };
    };
    let names: Vec<&str> = tags.iter().filter_map(|tag| tag.name.as_deref()).collect();
    if names.is_empty() {
        plain("none", look.theme.dim)
    } else {
        plain(names.join("  "), look.theme.accent)
    }
}

fn seen(view: &View<'_>, look: &Look<'_>) -> Vec<Span<'static>> {
    let Some(device) = view.device else {
        return plain("-", look.theme.dim);
    };
    let words = format!(
        "{} .. {}",
        when(device.first_seen.as_ref(), look),
        when(device.last_seen.as_ref(), look)
    );
    plain(words, look.theme.text)
}

fn text_width(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|span| text::width(&span.content)).sum()
}

/// How many model breaches the device had in the last day and in the last week, where that is known.
fn lately(view: &View<'_>, store: &Store, look: &Look<'_>) -> Option<(usize, usize)> {
    store.breaches.counts(view.device?.did?, look.clock.now)
}

/// The same in words: `breaches 24h 0  7d 2`.
fn breached(
    view: &View<'_>,
    store: &Store,
    look: &Look<'_>,
    name: &'static str,
) -> Vec<Span<'static>> {
    let Some((day, week)) = lately(view, store, look) else {
        return Vec::new();
    };
    let style = if day > 0 { look.theme.warn } else { look.theme.text };
    vec![
        Span::styled(name, look.theme.dim),
        Span::styled(format!("24h {day}"), style),
        Span::raw(format!("  7d {week}")),
    ]
}

/// Four weeks of connections in one row.
fn line(view: &View<'_>, look: &Look<'_>, width: usize) -> Vec<Span<'static>> {
    let Some(info) = view.connections.and_then(Remote::value) else {
        return if view.device.is_some() {
            absent(view.connections, look)
        } else {
            plain("-", look.theme.dim)
        };
    };
    let Some(hours) = hours(info, look) else {
        return plain("no connections known", look.theme.dim);
    };
    let (_, columns) = hours.columns(width.clamp(14, 112), Fold::Max);
    let mut spans = vec![
        Span::styled("28d ", look.theme.dim),
        Span::styled(chart::sparkline(&columns, &look.theme.glyphs), look.theme.accent),
    ];
    if width > 40
        && let Some((at, most)) = hours.peak()
        && let Ok(at) = jiff::Timestamp::from_second(at)
    {
        let words = format!("  max {}/h {}", text::thousands(most as u64), look.tell(at));
        spans.push(Span::styled(words, look.theme.dim));
    }
    spans
}

/// The graph of the device asked for, gaps filled with zero.
pub(super) fn hours(info: &DeviceInfo, look: &Look<'_>) -> Option<Hours> {
    let graph = info.series.first()?.graph.as_ref()?;
    let points: Vec<(i64, f64)> =
        graph.iter().map(|point| (point.at.as_second(), point.count)).collect();
    let end = look.clock.now.as_second();
    let hours = Hours::new(&points, end - WINDOW * chart::HOUR, end);
    (hours.total() > 0.0).then_some(hours)
}

fn peer(view: &View<'_>, look: &Look<'_>, word: &'static str) -> Vec<Span<'static>> {
    let theme = look.theme;
    let Some(address) = &view.external else {
        return plain("no external address", theme.dim);
    };
    let mut spans = plain(format!("{}  ", export::defang(&address.text)), theme.text);
    let Some(report) = view.peer.and_then(Remote::value) else {
        spans.extend(absent(view.peer, look));
        return spans;
    };
    match report.popularity {
        Some(popularity) => {
            spans.push(Span::styled(word, theme.dim));
            spans.push(Span::raw(format!("{popularity:.0}")));
            if popularity <= RARE {
                spans.push(Span::styled(" RARE", theme.warn));
            }
        }
        None => spans.push(Span::styled(format!("{word}-"), theme.dim)),
    }
    spans
}

fn more(report: &EndpointReport, look: &Look<'_>) -> Vec<Span<'static>> {
    let theme = look.theme;
    let mut spans = Vec::new();
    let mut tell = |name: &str, value: String| {
        spans.push(Span::styled(format!("   {name} "), theme.dim));
        spans.push(Span::raw(value));
    };
    tell("first", when(report.first_seen.as_ref(), look));
    if let Some(score) = report.dga_score {
        tell("dga", format!("{score:.0}"));
    }
    let country = report
        .location
        .country
        .clone()
        .or_else(|| report.locations.as_ref()?.first()?.country.clone());
    if let Some(country) = country {
        tell("in", country);
    }
    if let Some(asn) = &report.asn {
        tell("asn", asn.clone());
    }
    if let Some(devices) = &report.devices {
        tell("internal devices that met it", devices.len().to_string());
    }
    spans
}
