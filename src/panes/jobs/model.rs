//! What is known of how a job's model does: its figures, each label's, the confusion matrix, and what people decided otherwise
//! since it learnt. Nothing is claimed that the server's own figures do not say.

use ratatui::text::Span;

use super::draw::Fact;
use super::figures;
use crate::api::arcanna::JobId;
use crate::api::arcanna::metrics::{LabelMetrics, Metrics};
use crate::panes::paint::{Look, freshness};
use crate::store::Store;
use crate::ui::text;

/// Event ids told beside a count.
const IDS: usize = 5;

/// Cells of a label in front of its figures.
const NAME: usize = 14;

/// Which side of the matrix is the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// A row is what was so, a column what the model said.
    Rows,
    /// The other way round.
    Columns,
    /// The figures do not tell.
    Unknown,
}

/// The facts of a model, the most useful first.
pub(super) fn facts(job: &JobId, store: &Store, look: &Look<'_>) -> Vec<Fact> {
    let theme = look.theme;
    let Some(remote) = figures::metrics(store, job) else {
        return Vec::new();
    };
    let Some(metrics) = remote.value() else {
        let (words, style) = freshness(remote, look);
        return vec![("model", vec![Span::styled(words, style)])];
    };
    let mut facts = vec![("model", overall(metrics, look))];
    if let Some(fact) = changed(metrics, look) {
        facts.push(("changed", fact));
    }
    let mut name = "per label";
    for (label, figures) in &metrics.labels {
        facts.push((name, per_label(label, figures, look)));
        name = "";
    }
    facts.extend(confusion(job, metrics, store, look));
    if let Some((error, _)) = &remote.error {
        facts.push(("", vec![Span::styled(error.to_string(), theme.bad)]));
    }
    facts
}

/// A share in percent; `-` where it is not known. A number that is no share is told as it came.
pub(super) fn share(share: Option<f64>) -> String {
    match share {
        None => "-".to_owned(),
        Some(share) if (0.0..=1.0).contains(&share) => format!("{:.0}%", share * 100.0),
        Some(odd) => format!("{odd}"),
    }
}

fn overall(metrics: &Metrics, look: &Look<'_>) -> Vec<Span<'static>> {
    let theme = look.theme;
    let mut spans = Vec::new();
    for (name, value) in [
        ("accuracy", metrics.accuracy),
        ("F1", metrics.f1),
        ("precision", metrics.precision),
        ("recall", metrics.recall),
    ] {
        spans.push(Span::styled(format!("{name} "), theme.dim));
        spans.push(Span::raw(format!("{}   ", share(value))));
    }
    let time = match (&metrics.since, &metrics.until) {
        (None, None) => String::new(),
        (since, until) => {
            let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "..".to_owned());
            format!("of {} to {}", side(since), side(until))
        }
    };
    spans.push(Span::styled(time, theme.dim));
    spans
}

fn changed(metrics: &Metrics, look: &Look<'_>) -> Option<Vec<Span<'static>>> {
    let theme = look.theme;
    let total = metrics
        .changed
        .total
        .or((!metrics.changed.events.is_empty()).then_some(metrics.changed.events.len() as u64))?;
    if total == 0 {
        let words = "no consensus changed since the training".to_owned();
        return Some(vec![Span::styled(words, theme.dim)]);
    }
    let ids: Vec<_> =
        metrics.changed.events.iter().take(IDS).map(|id| text::short_id(id.as_str(), 4)).collect();
    let words = if total == 1 {
        "1 event changed consensus since the training".to_owned()
    } else {
        format!("{} events changed consensus since the training", text::thousands(total))
    };
    let mut spans = vec![Span::styled(words, theme.warn)];
    if !ids.is_empty() {
        spans.push(Span::styled(format!("   {} lists ", look.key("jobs.changed")), theme.dim));
        spans.push(Span::styled(ids.join("  "), theme.dim));
    }
    Some(spans)
}

fn per_label(label: &str, figures: &LabelMetrics, look: &Look<'_>) -> Vec<Span<'static>> {
    let theme = look.theme;
    let name = text::fit(&text::clean(label), NAME, theme.ellipsis());
    let mut spans = vec![Span::styled(format!("{name} "), theme.label)];
    for (name, value) in
        [("precision", figures.precision), ("recall", figures.recall), ("F1", figures.f1)]
    {
        spans.push(Span::styled(format!("{name} "), theme.dim));
        spans.push(Span::raw(format!("{:<5} ", share(value))));
    }
    spans
}

/// The labels whose order the matrix follows, and which side is the truth, as far as the figures of each label prove it.
fn axes(labels: &[String], matrix: &[Vec<u64>], metrics: &Metrics) -> Option<Side> {
    let size = labels.len();
    if matrix.len() != size || matrix.iter().any(|row| row.len() != size) {
        return None;
    }
    let (mut rows, mut columns, mut told) = (true, true, 0);
    for (at, label) in labels.iter().enumerate() {
        let own = metrics.labels.iter().find(|(one, _)| one == label).map(|(_, own)| own);
        let Some((right, wrong, missed)) =
            own.and_then(|own| Some((own.right?, own.wrong?, own.missed?)))
        else {
            continue;
        };
        told += 1;
        let sum = |cells: &mut dyn Iterator<Item = u64>| {
            cells.fold(0_u64, u64::saturating_add).saturating_sub(matrix[at][at])
        };
        let row = sum(&mut matrix[at].iter().copied());
        let column = sum(&mut matrix.iter().map(|row| row[at]));
        if matrix[at][at] != right {
            return None;
        }
        rows &= row == missed && column == wrong;
        columns &= row == wrong && column == missed;
    }
    Some(match (told == size, rows, columns) {
        (true, true, false) => Side::Rows,
        (true, false, true) => Side::Columns,
        // Neither fits: the matrix is about something else than the figures, so its labels are not known.
        (true, false, false) => return None,
        _ => Side::Unknown,
    })
}

fn confusion(job: &JobId, metrics: &Metrics, store: &Store, look: &Look<'_>) -> Vec<Fact> {
    let theme = look.theme;
    let Some(matrix) = &metrics.confusion else {
        return Vec::new();
    };
    let known = store.labels(job).unwrap_or_default();
    let listed: Vec<String> = metrics.labels.iter().map(|(label, _)| label.clone()).collect();
    let found = [known, &listed]
        .into_iter()
        .find_map(|labels| Some((labels.to_vec(), axes(labels, matrix, metrics)?)));
    let Some((labels, side)) = found else {
        let size = format!("{} x {}", matrix.len(), matrix.first().map_or(0, Vec::len));
        let words = format!("{size} counts that do not fit the job's labels: not shown");
        return vec![("confusion", vec![Span::styled(words, theme.dim)])];
    };
    let (down, across) = match side {
        Side::Rows => ("truth", "said"),
        Side::Columns => ("said", "truth"),
        Side::Unknown => ("", ""),
    };
    let wide = labels.iter().map(|label| text::width(&text::clean(label))).max().unwrap_or(0);
    let wide = wide.clamp(4, NAME);
    let cell = (wide + across.len() + 1).max(7);
    let name = |label: &str| text::fit(&text::clean(label), wide, theme.ellipsis());
    let mut head = vec![Span::raw(" ".repeat(wide + down.len() + 1))];
    head.extend(labels.iter().map(|label| {
        let label = text::cut(&text::clean(label), wide, theme.ellipsis()).into_owned();
        let words = format!("{across} {label}");
        Span::styled(format!("  {}", text::fit_right(words.trim(), cell, "")), theme.dim)
    }));
    let mut facts = vec![("confusion", head)];
    for (label, row) in labels.iter().zip(matrix) {
        let lead = format!("{down} {}", name(label));
        let lead = if down.is_empty() { name(label) + " " } else { lead };
        let mut spans = vec![Span::styled(lead, theme.dim)];
        spans.extend(row.iter().map(|count| {
            Span::raw(format!("  {}", text::fit_right(&text::thousands(*count), cell, "")))
        }));
        facts.push(("", spans));
    }
    if side == Side::Unknown {
        let words = "in the order of the labels; the server does not tell which side is the truth";
        facts.push(("", vec![Span::styled(words, theme.dim)]));
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::arcanna::metrics::JobMetrics;
    use crate::api::{Answer, Operation};

    fn read(matrix: &str, drop: [u64; 3], escalate: [u64; 3]) -> Metrics {
        let of = |[right, wrong, missed]: [u64; 3]| {
            format!(
                r#"{{"true_positives":{right},"false_positives":{wrong},"false_negatives":{missed}}}"#
            )
        };
        let json = format!(
            r#"{{"confusion_matrix":{matrix},"metrics_per_decision":{{"Drop":{},"Escalate":{}}}}}"#,
            of(drop),
            of(escalate)
        );
        JobMetrics { job: 1.into() }.decode(&Answer::from_json(&json)).unwrap()
    }

    #[test]
    fn an_axis_is_claimed_only_where_the_figures_prove_it() {
        let labels = ["Drop".to_owned(), "Escalate".to_owned()];
        let axes =
            |metrics: &Metrics| super::axes(&labels, metrics.confusion.as_ref().unwrap(), metrics);
        let rows = read("[[1204,88],[41,367]]", [1204, 41, 88], [367, 88, 41]);
        assert_eq!(axes(&rows), Some(Side::Rows));
        let columns = read("[[1204,41],[88,367]]", [1204, 41, 88], [367, 88, 41]);
        assert_eq!(axes(&columns), Some(Side::Columns));
        let both = read("[[5,2],[2,6]]", [5, 2, 2], [6, 2, 2]);
        assert_eq!(axes(&both), Some(Side::Unknown), "symmetric: either could be");
        let other = read("[[367,41],[88,1204]]", [1204, 41, 88], [367, 88, 41]);
        assert_eq!(axes(&other), None, "the labels stand in another order");
        let larger = read("[[1,2,3],[1,2,3],[1,2,3]]", [1, 1, 1], [1, 1, 1]);
        assert_eq!(axes(&larger), None);
        let mut silent = rows;
        silent.labels.clear();
        assert_eq!(axes(&silent), Some(Side::Unknown), "nothing proves it");
    }

    #[test]
    fn a_share_is_never_made_up() {
        assert_eq!(share(None), "-");
        assert_eq!(share(Some(0.0)), "0%");
        assert_eq!(share(Some(0.914)), "91%");
        assert_eq!(share(Some(91.4)), "91.4", "no share: as it came");
    }
}
