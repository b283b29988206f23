//! A device as a whole, to be read elsewhere or pinned: facts, tags, those like it, peers, and its chart day by day.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::picture::{Picture, amount, counted, filled, numbers, pictures};
use super::{DevicesPane, Part};
use crate::command::Target;
use crate::export::Grid;
use crate::panes::grids::{self, utc};
use crate::panes::piece::Piece;
use crate::store::Store;

/// Similar devices and peers that are named in the ticket text; the data has all.
const NAMED: usize = 10;

/// Hours of a day.
const DAY: usize = 24;

impl DevicesPane {
    /// The line under the cursor of a list of others; else the device with everything that is known of it.
    pub(super) fn whole_device(&self, store: &Store) -> Option<Piece> {
        let did = self.did(store)?;
        let others = match self.part {
            Part::Similar => Some("device"),
            Part::Peers => Some("peer"),
            _ => None,
        };
        if let Some(kind) = others {
            let mut piece = Piece::of_grid(kind, self.shown(store)?, self.shown_row())?;
            let of = piece.table.title.clone().unwrap_or_default();
            piece.title = format!("{of}: {}", piece.title);
            piece.target = Some(Target::Device(did));
            return Some(piece);
        }
        let device = self.device(store)?;
        let table = grids::devices(&[device], &format!("did {did}"))?;
        let named = |name: &str| {
            let at = table.headers.iter().position(|header| header == name)?;
            table.rows.first()?.get(at).filter(|cell| *cell != "-").cloned()
        };
        let title = [Some(format!("did {did}")), named("name"), named("ip")];
        let title: Vec<String> = title.into_iter().flatten().collect();
        let mut out = vec![format!("### Darktrace device {}", title.join(" "))];
        for (words, name) in [
            ("MAC", "mac"),
            ("Type", "type"),
            ("OS", "os"),
            ("Vendor", "vendor"),
            ("First seen", "first_seen"),
            ("Last seen", "last_seen"),
        ] {
            out.extend(named(name).map(|value| format!("- {words}: {value}")));
        }
        let mut data = Map::new();
        data.insert("device".to_owned(), rows(&table).into_iter().next().unwrap_or_default());
        for (part, name) in
            [(Part::Tags, "tags"), (Part::Similar, "similar"), (Part::Peers, "peers")]
        {
            let Some(grid) = self.part_of(part, store) else { continue };
            out.push(format!("- {}: {}", title_of(name), first_cells(part, &grid)));
            data.insert(name.to_owned(), Value::Array(rows(&grid)));
        }
        let mut text = out.join("\n") + "\n";
        let all = self.graph(store).map(pictures).unwrap_or_default();
        if let Some(picture) = all.first() {
            let (words, chart) = self.chart_text(picture);
            text.push_str(&words);
            data.insert("chart".to_owned(), chart);
        }
        Some(Piece {
            kind: "device".to_owned(),
            title: title.join("  "),
            target: Some(Target::Device(did)),
            markdown: text,
            json: format!("{:#}\n", Value::Object(data)),
            table,
        })
    }

    /// The chart day by day as ticket text, hour by hour as data.
    fn chart_text(&self, picture: &Picture<'_>) -> (String, Value) {
        let hours = &picture.hours;
        let at = |second: i64| Timestamp::from_second(second).map(utc).unwrap_or_default();
        let metric = counted(self.metric).to_lowercase();
        let mut grid = Grid::new(["day (UTC)", metric.as_str(), "busiest hour", "in it"]);
        let first = hours.start.div_euclid(86_400);
        let last = (hours.start + hours.values.len() as i64 * 3_600 - 1).div_euclid(86_400);
        for day in first..=last {
            let of_day = |(slot, value): (usize, &f64)| {
                let second = hours.start + slot as i64 * 3_600;
                (second.div_euclid(86_400) == day).then_some((second, *value))
            };
            let inside: Vec<(i64, f64)> =
                hours.values.iter().enumerate().filter_map(of_day).take(DAY).collect();
            let sum: f64 = inside.iter().map(|(_, value)| value).sum();
            let busiest = inside.iter().max_by(|a, b| a.1.total_cmp(&b.1));
            let Some((hour, most)) = busiest.filter(|(_, most)| *most > 0.0) else {
                continue;
            };
            grid.push([
                at(day * 86_400).chars().take(10).collect(),
                amount(self.metric, sum),
                at(*hour).chars().skip(11).take(5).collect::<String>() + "Z",
                amount(self.metric, *most),
            ]);
        }
        grid.note = Some(format!("28 days; days without any are left out; {}", filled(picture)));
        let points: Map<String, Value> = numbers(hours)
            .into_iter()
            .rev()
            .map(|(second, value)| (at(second), Value::from(value)))
            .collect();
        let chart = json!({ "metric": metric, "from": at(hours.start), "hours": points });
        (format!("\n{}", grid.markdown()), chart)
    }
}

fn title_of(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The first few rows, each in a few words.
fn first_cells(part: Part, grid: &Grid) -> String {
    let row = |row: &Vec<String>| {
        let cell = |at: usize| row.get(at).map_or("", String::as_str);
        match part {
            Part::Tags if cell(1) != "never" => format!("{} (until {})", cell(0), cell(1)),
            Part::Tags => cell(0).to_owned(),
            Part::Similar => format!("did {} {}", cell(0), cell(1)),
            _ => format!("{}% {} {} {}", cell(0), cell(1), cell(2), cell(3)),
        }
    };
    let mut named: Vec<String> = grid.rows.iter().take(NAMED).map(row).collect();
    if grid.rows.len() > NAMED {
        named.push(format!("{} more", grid.rows.len() - NAMED));
    }
    named.join("; ")
}

/// The rows of a table as objects.
fn rows(grid: &Grid) -> Vec<Value> {
    match serde_json::from_str(&grid.json()) {
        Ok(Value::Array(rows)) => rows,
        _ => Vec::new(),
    }
}
