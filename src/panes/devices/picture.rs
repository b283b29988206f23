//! What the chart shows before it is drawn: series with their gaps filled, what they are narrowed to, what is asked for them.

use jiff::Timestamp;

use super::{DevicesPane, Narrow, Part};
use crate::api::darktrace::connections::{ConnectionInfo, ConnectionSeries, DataType, DeviceInfo};
use crate::command::Cx;
use crate::export;
use crate::store::{Remote, Store};
use crate::ui::chart::{HOUR, Hours};
use crate::ui::input::Field;
use crate::ui::text;

/// Hours of the picture: four weeks, as far as the server looks back `[OAS]`.
pub(super) const HOURS: i64 = 28 * 24;

/// Similar devices drawn beside one.
pub(super) const BESIDE: u32 = 4;

/// Hours a column can stand for: all divide four weeks.
const GRAINS: [i64; 12] = [1, 2, 3, 4, 6, 7, 8, 12, 14, 24, 28, 42];

/// The series of a device with its gaps filled.
pub(super) struct Picture<'a> {
    pub(super) did: Option<i64>,
    pub(super) series: &'a ConnectionSeries,
    pub(super) hours: Hours,
}

impl<'a> Picture<'a> {
    fn new(series: &'a ConnectionSeries, until: Timestamp) -> Self {
        let points: Vec<(i64, f64)> = series
            .graph
            .iter()
            .flatten()
            .map(|point| (point.at.as_second(), point.count))
            .collect();
        // Up to the end of the hour the answer came in.
        let end = (until.as_second().div_euclid(HOUR) + 1) * HOUR;
        Self { did: series.did, series, hours: Hours::new(&points, end - HOURS * HOUR, end) }
    }

    /// Points of the answer that are in the picture.
    fn points(&self) -> usize {
        self.series.graph.as_ref().map_or(0, Vec::len) - self.hours.left_out
    }
}

/// The pictures of an answer: the device itself, then those like it, the most alike first.
pub(super) fn pictures(remote: &Remote<DeviceInfo>) -> Vec<Picture<'_>> {
    let (Some(info), Some(fetched)) = (remote.value(), remote.fetched) else {
        return Vec::new();
    };
    let mut all: Vec<Picture<'_>> =
        info.series.iter().map(|series| Picture::new(series, fetched)).collect();
    let alike = |picture: &Picture<'_>| picture.series.similarity.unwrap_or(f64::MIN);
    if let Some((_, others)) = all.split_first_mut() {
        others.sort_by(|a, b| alike(b).total_cmp(&alike(a)));
    }
    all
}

/// The hours that are not zero, newest first: their start and value.
pub(super) fn numbers(hours: &Hours) -> Vec<(i64, f64)> {
    let all = hours.values.iter().enumerate();
    let mut rows: Vec<(i64, f64)> = all
        .filter(|(_, value)| **value > 0.0)
        .map(|(slot, value)| (hours.start + slot as i64 * HOUR, *value))
        .collect();
    rows.reverse();
    rows
}

/// Hours per column so that four weeks fit into this many columns.
pub(super) fn grain(room: usize) -> i64 {
    let fits = |grain: &&i64| (HOURS / **grain) as usize <= room;
    GRAINS.iter().find(fits).copied().unwrap_or(42)
}

/// What is counted, as a title.
pub(super) fn counted(metric: DataType) -> &'static str {
    match metric {
        DataType::Connections => "CONNECTIONS",
        DataType::SizeOut => "SIZE OUT",
        DataType::SizeIn => "SIZE IN",
    }
}

/// A value of a metric as people read it.
pub(super) fn amount(metric: DataType, value: f64) -> String {
    let whole = value.round().max(0.0) as u64;
    match metric {
        DataType::Connections => text::thousands(whole),
        DataType::SizeOut | DataType::SizeIn => text::bytes(whole),
    }
}

/// `71 points, 601 zero hours filled`, and what could not be shown.
pub(super) fn filled(picture: &Picture<'_>) -> String {
    let left_out = picture.hours.left_out;
    let mut words =
        format!("{} points, {} zero hours filled", picture.points(), picture.hours.filled);
    if left_out > 0 {
        words = format!("{words}, {left_out} outside the 28 days not shown");
    }
    words
}

impl DevicesPane {
    /// What is asked for the chart of a device.
    pub(super) fn connections_of(&self, did: i64) -> ConnectionInfo {
        let (domain, destination) = match &self.narrow {
            None => (None, None),
            Some(Narrow::Domain(domain)) => (Some(domain.clone()), None),
            Some(Narrow::Device(did)) => (None, Some(*did)),
        };
        ConnectionInfo {
            did,
            data_type: self.metric,
            external_domain: domain,
            destination_did: destination,
            port: None,
            show_all_graph_data: false,
            similar_devices: self.beside.then_some(BESIDE),
            full_device_details: true,
            interval_hours: Some(1),
        }
    }

    /// The answer the chart is drawn from. With similar devices wanted, the plain answer serves until theirs is there.
    pub(super) fn graph<'a>(&self, store: &'a Store) -> Option<&'a Remote<DeviceInfo>> {
        let wanted = self.connections_of(self.did(store)?);
        let plain = ConnectionInfo { similar_devices: None, ..wanted.clone() };
        let full = store.connections.get(&wanted);
        full.filter(|remote| remote.value().is_some() || remote.error.is_some())
            .or_else(|| store.connections.get(&plain))
            .or(full)
    }

    pub(super) fn ask_narrow(&mut self, _cx: &mut Cx<'_>) {
        let mut field = Field::new("only connections to: ")
            .placeholder("a domain, a device id, 0 for everything external; empty for all")
            .history(self.narrowed.clone());
        if let Some(narrow) = &self.narrow {
            field.set(&match narrow {
                Narrow::Domain(domain) => domain.clone(),
                Narrow::Device(did) => did.to_string(),
            });
        }
        self.field = Some((super::Asks::Narrow, field));
    }

    pub(super) fn next_metric(&mut self, cx: &mut Cx<'_>) {
        self.metric = match self.metric {
            DataType::Connections => DataType::SizeOut,
            DataType::SizeOut => DataType::SizeIn,
            DataType::SizeIn => DataType::Connections,
        };
        self.ask_chart(false, cx);
    }

    pub(super) fn toggle_beside(&mut self, cx: &mut Cx<'_>) {
        self.beside = !self.beside;
        self.ask_chart(false, cx);
    }

    pub(super) fn toggle_numbers(&mut self, _cx: &mut Cx<'_>) {
        self.as_numbers = !(self.as_numbers && self.part == Part::Chart);
        self.part = Part::Chart;
    }
}

impl Narrow {
    /// What a person typed: a number is a destination, everything else a domain, refanged.
    pub(super) fn read(typed: &str) -> Option<Self> {
        let typed = typed.trim();
        if typed.is_empty() {
            return None;
        }
        let number = typed.strip_prefix("did ").unwrap_or(typed).trim();
        Some(match number.parse() {
            Ok(did) => Self::Device(did),
            // Of a URL only the host is a domain.
            Err(_) => Self::Domain(
                export::classify(typed)
                    .target()
                    .unwrap_or_else(|| export::refang(typed).into_owned()),
            ),
        })
    }

    pub(super) fn words(&self) -> String {
        match self {
            Self::Domain(domain) => export::defang(domain),
            Self::Device(0) => "everything external".to_owned(),
            Self::Device(did) => format!("did {did}"),
        }
    }
}
