//! Arcanna's jobs: status, last processed, decision set. Enter opens a job's events.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::paint::{self, Look, freshness, put, rule, when};
use super::{Pane, Rows};
use crate::api::Product;
use crate::api::arcanna::jobs::{DecisionSet, Job, Jobs};
use crate::command::{Cx, PaneId, Ready, Row, Target};
use crate::job::Policy;
use crate::store::Store;
use crate::ui::table::{Column, ListState, Row as Cells, Table, Text, Width};
use crate::ui::text;

/// The pane.
#[derive(Default)]
pub struct JobsPane {
    list: ListState,
}

impl Rows for JobsPane {
    const ID: PaneId = PaneId::Jobs;
    const ROWS: &'static [Row<Self>] = &[
        Row {
            id: "jobs.open",
            title: "open the job's events in Triage",
            keys: &["enter"],
            hint: "triage",
            ready: has_job,
            run: Self::open_job,
        },
        Row {
            id: "jobs.decision-set",
            title: "read the decision set again",
            keys: &["L"],
            hint: "labels",
            ready: has_job,
            run: Self::decision_set,
        },
    ];
}

fn has_job(pane: &JobsPane, store: &Store) -> Ready {
    pane.current(store)
        .map(|_| ())
        .ok_or("there is no job under the cursor".into())
}

impl JobsPane {
    fn current<'a>(&self, store: &'a Store) -> Option<&'a Job> {
        store.job_list.value()?.get(self.list.cursor())
    }

    fn open_job(&mut self, cx: &mut Cx<'_>) {
        if let Some(job) = self.current(cx.store) {
            let target = Target::Job(job.id.clone());
            cx.go(PaneId::Triage, Some(target));
        }
    }

    fn decision_set(&mut self, cx: &mut Cx<'_>) {
        if let Some(job) = self.current(cx.store).map(|job| job.id.clone()) {
            cx.store.ask(DecisionSet { job }, Policy::Latest, cx.now);
        }
    }

    fn draw_list(&self, jobs: &[Job], look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let table = Table::new(vec![
            Column::new("ID", Width::Fixed(7)),
            Column::new("TITLE", Width::Flex(14, 3)),
            Column::new("STATUS", Width::Flex(9, 1)),
            Column::new("LAST", Width::Fixed(12)),
            Column::new("SEEN", Width::Fixed(7)).right(),
            Column::new("FEEDBACK", Width::Fixed(8)).right().rank(1),
            Column::new("LABELS", Width::Flex(12, 2)).rank(2),
        ]);
        table.draw(area, buf, look.theme, &self.list, jobs.len(), |index| {
            let job = &jobs[index];
            let count = |n: Option<u64>| n.map_or_else(|| "-".to_owned(), text::thousands);
            let runs = job
                .status
                .as_ref()
                .and_then(crate::api::arcanna::jobs::JobStatus::runs);
            let style = if runs == Some(false) {
                look.theme.dim
            } else {
                look.theme.text
            };
            Cells::new([
                Text::from(job.id.to_string()),
                Text::from(job.title.clone().unwrap_or_else(|| "-".into())),
                Text::styled(
                    status(job),
                    if runs == Some(true) {
                        look.theme.good
                    } else {
                        look.theme.warn
                    },
                ),
                Text::from(when(job.last_processed.as_ref(), look)),
                Text::from(count(job.processed)),
                Text::from(count(job.with_feedback)),
                Text::styled(
                    job.labels.as_deref().unwrap_or_default().join(" "),
                    look.theme.dim,
                ),
            ])
            .style(style)
        });
    }

    fn draw_job(job: &Job, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let title = format!("{} {}", job.id, job.title.as_deref().unwrap_or("-"));
        rule(buf, area, 0, look, &title, "");
        let dim = look.theme.dim;
        let named = |name: &'static str, value: Vec<Span<'static>>| {
            let mut spans = vec![Span::styled(format!(" {name:<17}"), dim)];
            spans.extend(value);
            Line::from(spans)
        };
        let plain = |value: String| vec![Span::raw(value)];
        let mut lines = vec![Line::default(), named("labels", labels(job, store, look))];
        let set = store.decision_sets.get(&job.id);
        if let Some(set) = set {
            let (words, style) = freshness(set, look);
            lines.push(named("decision set", vec![Span::styled(words, style)]));
        }
        lines.push(named(
            "category",
            plain(job.category.clone().unwrap_or_else(|| "-".into())),
        ));
        let points = job.decision_points.as_deref().unwrap_or_default();
        let points = if points.is_empty() {
            "-".to_owned()
        } else {
            points.join("  ")
        };
        lines.push(named("decision points", plain(points)));
        let retrain = match (&job.retrain_state, &job.retrain_message) {
            (Some(state), Some(message)) => format!("{state}  {message}"),
            (Some(state), None) => state.clone(),
            (None, message) => message.clone().unwrap_or_else(|| "-".into()),
        };
        lines.push(named("training", plain(retrain)));
        let trained = format!(
            "started {}   finished {}",
            when(job.last_train_started.as_ref(), look),
            when(job.last_train_finished.as_ref(), look)
        );
        lines.push(named("last training", plain(trained)));
        lines.push(named(
            "last feedback",
            plain(when(job.last_feedback.as_ref(), look)),
        ));
        if job.invalid == Some(true) {
            lines.push(named(
                "invalid",
                vec![Span::styled(
                    "the product marks this job as invalid",
                    look.theme.bad,
                )],
            ));
        }
        let area = Rect {
            y: area.y + 1.min(area.height),
            height: area.height.saturating_sub(1),
            ..area
        };
        paint::put_lines(buf, area, lines, 0);
    }
}

fn status(job: &Job) -> String {
    job.status
        .as_ref()
        .map_or_else(|| "-".to_owned(), |status| status.as_str().to_owned())
}

/// The labels with their digits: `1 Drop   2 Escalate`.
fn labels(job: &Job, store: &Store, look: &Look<'_>) -> Vec<Span<'static>> {
    let Some(labels) = store.labels(&job.id).filter(|labels| !labels.is_empty()) else {
        return vec![Span::raw("-")];
    };
    let spans = labels.iter().enumerate().flat_map(|(index, label)| {
        let digit = if index < 9 {
            format!("{} ", index + 1)
        } else {
            String::new()
        };
        [
            Span::styled(digit, look.theme.key),
            Span::styled(format!("{label}   "), look.theme.label),
        ]
    });
    spans.collect()
}

impl Pane for JobsPane {
    fn open(&mut self, target: Option<Target>, cx: &mut Cx<'_>) {
        if let Some(Target::Job(id)) = target
            && let Some(index) = cx
                .store
                .job_list
                .value()
                .and_then(|jobs| jobs.iter().position(|job| job.id == id))
        {
            self.list.select(index);
        }
        if cx.store.job_list.value().is_none() {
            cx.store.ask(Jobs, Policy::Join, cx.now);
        }
    }

    fn list(&mut self, store: &Store) -> Option<(&mut ListState, usize)> {
        Some((&mut self.list, store.job_list.value().map_or(0, Vec::len)))
    }

    fn grid(&self, store: &Store) -> Option<crate::export::Grid> {
        super::grids::jobs(store.job_list.value()?)
    }

    fn grid_row(&self) -> Option<usize> {
        Some(self.list.cursor())
    }

    fn heading(&self, store: &Store) -> String {
        store
            .job_list
            .value()
            .map_or_else(String::new, |jobs| jobs.len().to_string())
    }

    fn draw(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let remote = &store.job_list;
        let (words, style) = freshness(remote, look);
        match (remote.value(), &remote.error) {
            (None, Some((error, _))) => paint::failed(buf, area, look, error),
            (None, None) => {
                let words = if look.prefs.absent.contains(&Product::Arcanna) {
                    "Arcanna is not configured".to_owned()
                } else {
                    "loading the jobs".to_owned()
                };
                paint::empty(buf, area, look, &[words]);
            }
            (Some(jobs), _) if jobs.is_empty() => paint::empty(
                buf,
                area,
                look,
                &[
                    "No job carries this key.".into(),
                    "Attach the key to a job's External REST API input in Arcanna, then refresh."
                        .into(),
                ],
            ),
            (Some(jobs), _) => {
                let rows = (jobs.len() as u16 + 1).min((area.height.saturating_sub(2)).max(2) / 2);
                let rows = if area.height < 14 {
                    area.height.saturating_sub(1)
                } else {
                    rows
                };
                self.draw_list(
                    jobs,
                    look,
                    Rect {
                        height: rows,
                        ..area
                    },
                    buf,
                );
                let foot = area.height.saturating_sub(1);
                if area.height >= 14
                    && let Some(job) = self.current(store)
                {
                    let below = Rect {
                        y: area.y + rows + 1,
                        height: foot.saturating_sub(rows + 1),
                        ..area
                    };
                    Self::draw_job(job, store, look, below, buf);
                }
                put(
                    buf,
                    area,
                    foot,
                    &Line::from(Span::styled(format!(" {words}"), style)),
                );
            }
        }
        None
    }

    fn refresh(&mut self, cx: &mut Cx<'_>) {
        cx.store.ask(Jobs, Policy::Latest, cx.now);
    }

    fn changed(&mut self, cx: &mut Cx<'_>) {
        let len = cx.store.job_list.value().map_or(0, Vec::len);
        if self.list.cursor() >= len {
            self.list.select(len.saturating_sub(1));
        }
    }
}
