//! What is taken away: the list, one breach as ticket text, its comments, its connections. Times in UTC, what strangers wrote
//! defanged.

use super::detail::{device_words, filter_words, standing, tag_words};
use super::draw::{device, score};
use super::pivots::outside;
use super::{BreachesPane, Part};
use crate::api::Product;
use crate::api::darktrace::breaches::{Breach, LogRow};
use crate::command::{Prefs, Take};
use crate::export::{self, Grid};
use crate::panes::grids::time;
use crate::panes::lookup;
use crate::store::Store;
use crate::ui::text::clean;

/// Connections that a ticket names.
const TOLD: usize = 10;

fn safe(words: &str) -> String {
    export::defang_text(&clean(words))
}

fn some(words: Option<&str>) -> String {
    words.filter(|words| !words.is_empty()).map_or_else(|| "-".to_owned(), safe)
}

fn number(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// One end of a connection: defanged whole when it lies outside.
fn end(row: &LogRow, name: Option<&str>, ip: Option<&str>) -> String {
    match name.or(ip) {
        Some(text) if outside(row) == Some(text) => export::defang(&clean(text)),
        text => some(text),
    }
}

fn ends(row: &LogRow) -> [String; 2] {
    [
        end(row, row.source.as_deref(), row.source_ip.as_deref()),
        end(row, row.destination.as_deref(), row.destination_ip.as_deref()),
    ]
}

impl BreachesPane {
    /// What the chosen part shows, as a table.
    pub(super) fn table(&self, store: &Store) -> Option<Grid> {
        let pbid = self.chosen?;
        let mut grid = match self.part {
            Part::Info => Grid::new([
                "pbid",
                "created",
                "first_activity",
                "score",
                "model",
                "device",
                "did",
                "ip",
                "category",
                "priority",
                "tags",
                "acknowledged",
                "comments",
            ])
            .title(format!(
                "{} model breaches, {}",
                Product::Darktrace,
                safe(&self.reach.text())
            )),
            Part::Comments => {
                Grid::new(["time", "user", "comment"]).title(format!("Comments on breach {pbid}"))
            }
            Part::Connections => Grid::new([
                "time",
                "direction",
                "source",
                "destination",
                "port",
                "protocol",
                "application",
                "country",
                "uid",
            ])
            .title(format!("Connections of breach {pbid}")),
        };
        match self.part {
            Part::Info => {
                for breach in self.shown.iter().filter_map(|pbid| store.breaches.get(*pbid)) {
                    grid.push(listed(breach, store));
                }
            }
            Part::Comments => {
                for comment in self.comments(store) {
                    grid.push([
                        time(comment.time.as_ref()),
                        some(comment.username.as_deref()),
                        some(comment.message.as_deref()),
                    ]);
                }
            }
            Part::Connections => {
                for row in self.log(store) {
                    let [source, destination] = ends(row);
                    grid.push([
                        time(row.time.as_ref()),
                        some(row.direction.as_deref()),
                        source,
                        destination,
                        number(row.port),
                        some(row.protocol.as_deref()),
                        some(row.application.as_deref()),
                        some(row.country.as_deref()),
                        some(row.uid.as_deref()),
                    ]);
                }
            }
        }
        (!grid.rows.is_empty()).then_some(grid)
    }

    /// What is copied of the breach under the cursor; the rest is made of [`Self::table`].
    pub(super) fn taken(&self, what: Take, store: &Store, prefs: &Prefs) -> Option<String> {
        match (what, self.part) {
            (Take::Id, _) => self.chosen.map(|pbid| pbid.to_string()),
            (Take::Link, _) => lookup::breach_link(prefs, self.chosen?),
            (Take::Markdown, Part::Info) => Some(self.ticket(store)?.markdown()),
            (Take::Json, Part::Info) => Some(self.ticket(store)?.json()),
            (Take::Indicator, _) => self.external(store).map(|name| export::defang(&name)),
            (Take::Raw, _) => self.external(store),
            _ => None,
        }
    }

    /// Everything known of the breach, one fact a row.
    fn ticket(&self, store: &Store) -> Option<Grid> {
        let breach = self.breach(store)?;
        let mut grid = Grid::new(["fact", "value"]).title(format!(
            "{} model breach {}",
            Product::Darktrace,
            breach.pbid
        ));
        let mut add = |name: &str, value: String| {
            if !value.is_empty() && value != "-" {
                grid.push([name.to_owned(), value]);
            }
        };
        add("model", some(breach.model.name.as_deref()));
        add("score", safe(&standing(breach, store)));
        add("device", safe(&device_words(breach)));
        add("device tags", some(tag_words(breach, store).as_deref()));
        add("alerted", time(breach.created.as_ref()));
        add("first activity", time(breach.time.as_ref()));
        add("looks for", some(breach.model.description.as_deref()));
        add("mitre", safe(&breach.model.mitre.join(", ")));
        for component in &breach.components {
            let size = component.size.map_or_else(String::new, |size| format!(" {size}"));
            add("triggered", safe(&format!("{}{size}", some(component.metric.as_deref()))));
            for filter in &component.filters {
                add("condition", safe(&filter_words(filter)));
            }
        }
        for comment in self.comments(store) {
            let words = format!(
                "{} {}: {}",
                time(comment.time.as_ref()),
                some(comment.username.as_deref()),
                some(comment.message.as_deref())
            );
            add("comment", words);
        }
        let log = self.log(store);
        for row in log.iter().take(TOLD) {
            let [source, destination] = ends(row);
            let (at, port) = (time(row.time.as_ref()), number(row.port));
            let application = some(row.application.as_deref());
            add("connection", format!("{at} {source} to {destination} port {port} {application}"));
        }
        if log.len() > TOLD {
            add("connection", format!("and {} more", log.len() - TOLD));
        }
        Some(grid)
    }
}

fn listed(breach: &Breach, store: &Store) -> [String; 13] {
    let of = breach.device.as_ref();
    [
        breach.pbid.to_string(),
        time(breach.created.as_ref()),
        time(breach.time.as_ref()),
        score(breach),
        some(breach.model.name.as_deref()),
        safe(&device(breach)),
        number(of.and_then(|device| device.did)),
        some(of.and_then(|device| device.ip.as_deref())),
        some(breach.model.category.as_deref()),
        number(breach.model.priority),
        safe(&breach.model.tags.join(", ")),
        match store.breaches.acknowledged(breach.pbid) {
            Some(is) => if is { "yes" } else { "no" }.to_owned(),
            None => "-".to_owned(),
        },
        number(breach.comments),
    ]
}
