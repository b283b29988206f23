//! A pasted list of endpoints: read, looked up two at a time, marked, watched together.

use std::collections::HashSet;

use super::{EndpointPane, Part};
use crate::api::darktrace::endpoints::{Endpoint, EndpointKind};
use crate::command::{Cx, PaneId, Target, Tone};
use crate::export::{self, Grid};
use crate::panes::lookup::{self, BATCH, named};
use crate::store::Store;
use crate::ui::table::ListState;

/// One text of a pasted list.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) text: String,
    pub(super) endpoint: Result<Endpoint, String>,
}

impl EndpointPane {
    pub(super) fn watch(&mut self, cx: &mut Cx<'_>) {
        let marked = (0..self.given.len())
            .filter(|index| self.part == Part::Batch && self.marked.contains(index))
            .filter_map(|index| self.given[index].endpoint.clone().ok());
        let mut wanted: Vec<Endpoint> = marked.collect();
        if wanted.is_empty() {
            wanted.extend(self.chosen());
        }
        let text: Vec<&str> = wanted.iter().map(|one| named(one).0).collect();
        cx.go(PaneId::Watched, Some(Target::Watch(text.join("\n"))));
    }

    pub(super) fn mark(&mut self, _cx: &mut Cx<'_>) {
        let at = self.given_list.cursor();
        if !self.marked.remove(&at) {
            self.marked.insert(at);
        }
        self.given_list.step(1, self.given.len());
    }

    /// Looks up a list: every text becomes a line, the endpoints among them are asked two at a time.
    pub(super) fn look_up_many(&mut self, pasted: &str, cx: &mut Cx<'_>) {
        let mut seen = HashSet::new();
        let mut given = Vec::new();
        for (_, text) in lookup::texts(pasted) {
            let endpoint = lookup::read(text);
            if endpoint.as_ref().is_ok_and(|one| !seen.insert(one.clone())) {
                continue;
            }
            given.push(Given { text: text.to_owned(), endpoint });
        }
        self.surplus = given.len().saturating_sub(BATCH);
        given.truncate(BATCH);
        if given.is_empty() {
            return cx.say(Tone::Mind, "the list is empty");
        }
        let endpoints: Vec<Endpoint> =
            given.iter().filter_map(|given| given.endpoint.clone().ok()).collect();
        for endpoint in &endpoints {
            self.asked.entry(endpoint.clone()).or_default();
        }
        self.given = given;
        self.given_list = ListState::default();
        self.marked.clear();
        self.part = Part::Batch;
        self.batch.start(endpoints, cx);
    }

    /// Asks those of the list that have no answer: the rest has one of this session.
    pub(super) fn look_up_rest(&mut self, cx: &mut Cx<'_>) {
        let endpoints: Vec<Endpoint> =
            self.given.iter().filter_map(|given| given.endpoint.clone().ok()).collect();
        self.batch.start(endpoints, cx);
    }

    /// The list with what was found, for export.
    pub(super) fn batch_grid(&self, store: &Store) -> Grid {
        let mut grid = Grid::new([
            "endpoint",
            "kind",
            "first_seen",
            "popularity",
            "dga_score",
            "devices",
            "remark",
        ])
        .title("Look-ups");
        for given in &self.given {
            let Ok(endpoint) = &given.endpoint else {
                let why = given.endpoint.as_ref().err().cloned().unwrap_or_default();
                let text = export::defang_text(&given.text);
                grid.push([
                    text,
                    "-".into(),
                    String::new(),
                    String::new(),
                    String::new(),
                    String::new(),
                    why,
                ]);
                continue;
            };
            let (name, kind) = named(endpoint);
            let report = lookup::report(store, endpoint);
            let number = |number: Option<f64>| number.map_or_else(|| "-".into(), |n| n.to_string());
            let devices = report.and_then(|report| report.devices.as_ref());
            let remark = match report {
                None => "no answer",
                Some(report) if report.kind == EndpointKind::Unknown => "unknown",
                Some(report) if report.kind == EndpointKind::InternalIp => "internal",
                Some(_) => "",
            };
            grid.push([
                lookup::shown(name),
                kind.to_owned(),
                crate::panes::grids::time(report.and_then(|report| report.first_seen.as_ref())),
                number(report.and_then(|report| report.popularity)),
                number(report.and_then(|report| report.dga_score)),
                devices.map_or_else(|| "-".into(), |devices| devices.len().to_string()),
                remark.to_owned(),
            ]);
        }
        grid
    }
}
