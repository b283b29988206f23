//! What an analysis found, slice by slice, put together where that means something.
//!
//! A call looks at 10,000 records. Counts of several slices are added; trends and figures cannot be, so each slice stands
//! alone. What was covered is always known, what was not is said.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::api::darktrace::search::{Analysed, Analyze, Counted, Found, SLICE, Stats, Trending};
use crate::export::{self, Grid, Indicator};
use crate::store::{Remote, Store};

/// One question and how many slices of its answer were asked for.
#[derive(Debug, Clone)]
pub struct Run {
    /// The question, at offset 0.
    pub first: Analyze,
    /// The time as it was written.
    pub time: String,
    /// When it was asked.
    pub at: jiff::Timestamp,
    /// Slices asked for.
    pub slices: u64,
    /// The line the cursor was on when it was left.
    pub cursor: usize,
}

impl Run {
    /// The question of one slice.
    pub fn slice(&self, index: u64) -> Analyze {
        let mut ask = self.first.clone();
        ask.query.offset = index * SLICE;
        ask
    }

    /// The slices' places in the store, those that were asked.
    pub fn remotes<'a>(&'a self, store: &'a Store) -> impl Iterator<Item = &'a Remote<Analysed>> {
        (0..self.slices).filter_map(|index| store.analyses.get(&self.slice(index)))
    }

    /// The slices that have an answer, with their numbers from 1.
    fn answers<'a>(&'a self, store: &'a Store) -> Vec<(u64, &'a Analysed)> {
        let slice = |index| {
            let remote = store.analyses.get(&self.slice(index))?;
            remote.value().map(|value| (index + 1, value))
        };
        (0..self.slices).filter_map(slice).collect()
    }

    /// The last slice asked for has failed or was stopped: it is asked again instead of the next.
    pub fn broken(&self, store: &Store) -> bool {
        let last = store.analyses.get(&self.slice(self.slices - 1));
        last.is_none_or(|remote| !remote.pending && remote.value().is_none())
    }

    /// Whether a slice is under way.
    pub fn pending(&self, store: &Store) -> bool {
        self.remotes(store).any(|remote| remote.pending)
    }
}

/// A line of the result.
#[derive(Debug, Clone, PartialEq)]
pub enum Line<'a> {
    /// A value and how often it was there, over all slices.
    Count(Counted),
    /// A value and its change, in one slice.
    Trend(u64, &'a Trending),
    /// Figures of one slice.
    Mean(u64, Stats),
}

impl Line<'_> {
    /// The value the line is about; figures have none.
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Count(row) => Some(&row.value),
            Self::Trend(_, row) => Some(&row.value),
            Self::Mean(..) => None,
        }
    }
}

/// What was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Records looked at, in all slices.
    pub seen: Option<u64>,
    /// Records that match.
    pub total: Option<u64>,
    /// Slices that have an answer.
    pub slices: usize,
    /// Whether more records match than were looked at.
    pub more: bool,
    /// How long the service took, in milliseconds.
    pub took: u64,
    /// Why it is only a part, one sentence a slice.
    pub partial: Vec<String>,
    /// Records with values that were not listed.
    pub others: u64,
}

/// Everything shown of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Results<'a> {
    /// Lines, the weightiest first; trends and figures by slice.
    pub lines: Vec<Line<'a>>,
    /// What was looked at.
    pub coverage: Coverage,
}

impl<'a> Results<'a> {
    /// Puts the answers of a run together.
    pub fn of(run: &'a Run, store: &'a Store) -> Self {
        let answers = run.answers(store);
        Self { lines: lines(&answers), coverage: coverage(&answers) }
    }

    /// What a count is a share of: the records looked at, or the counts' own sum where that is larger.
    pub fn whole(&self) -> u64 {
        let counts = self.lines.iter().filter_map(|line| match line {
            Line::Count(row) => Some(row.count),
            _ => None,
        });
        counts.fold(0, u64::saturating_add).max(self.coverage.seen.unwrap_or(0))
    }
}

/// The results as a table, in the order they are shown.
pub fn grid(run: &Run, store: &Store) -> Option<Grid> {
    let results = Results::of(run, store);
    let mut grid =
        Grid::new([run.first.field.as_str(), "count", "change", "min", "max", "mean", "sum"])
            .title(format!("Darktrace search, {}", export::defang_text(&run.time)));
    let value = |text: &str| match export::classify(text) {
        Indicator::Unknown { .. } => export::defang_text(text),
        found if found.is_internal() => text.to_owned(),
        found => found.defanged(),
    };
    let number = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
    let count = |count: Option<u64>| count.map(|count| count.to_string()).unwrap_or_default();
    for line in &results.lines {
        let none = String::new;
        grid.push(match line {
            Line::Count(row) => {
                [value(&row.value), row.count.to_string(), none(), none(), none(), none(), none()]
            }
            Line::Trend(_, row) => [
                value(&row.value),
                count(row.count),
                number(row.trend),
                none(),
                none(),
                none(),
                none(),
            ],
            Line::Mean(_, stats) => [
                "-".to_owned(),
                count(stats.count),
                none(),
                number(stats.min),
                number(stats.max),
                number(stats.avg),
                number(stats.sum),
            ],
        });
    }
    let coverage = &results.coverage;
    if let (Some(seen), Some(total)) = (coverage.seen, coverage.total) {
        grid.note = Some(format!("{seen} of {total} records were looked at"));
    }
    (!grid.rows.is_empty()).then_some(grid)
}

fn lines<'a>(answers: &[(u64, &'a Analysed)]) -> Vec<Line<'a>> {
    let mut counts: Vec<Counted> = Vec::new();
    let mut place: HashMap<&str, usize> = HashMap::new();
    let mut lines = Vec::new();
    for &(slice, answer) in answers {
        match &answer.found {
            Found::Score(rows) | Found::Terms { rows, .. } => {
                for row in rows {
                    if let Some(&at) = place.get(row.value.as_str()) {
                        counts[at].count = counts[at].count.saturating_add(row.count);
                    } else {
                        place.insert(&row.value, counts.len());
                        counts.push(row.clone());
                    }
                }
            }
            Found::Trend(rows) => lines.extend(rows.iter().map(|row| Line::Trend(slice, row))),
            Found::Mean(stats) => lines.extend(stats.map(|stats| Line::Mean(slice, stats))),
        }
    }
    counts.sort_by_key(|row| std::cmp::Reverse(row.count));
    lines.extend(counts.into_iter().map(Line::Count));
    lines
}

fn coverage(answers: &[(u64, &Analysed)]) -> Coverage {
    let mut coverage = Coverage { slices: answers.len(), ..Coverage::default() };
    for (slice, answer) in answers {
        coverage.total = answer.total.or(coverage.total);
        coverage.took += answer.took_ms.unwrap_or(0);
        if let Some(seen) = answer.looked_at {
            coverage.seen = Some(coverage.seen.unwrap_or(0).saturating_add(seen));
        }
        if let Some(why) = &answer.partial {
            let of = if answers.len() > 1 { format!("slice {slice}: {why}") } else { why.clone() };
            coverage.partial.push(of);
        }
        if let Found::Terms { others, .. } = &answer.found {
            coverage.others = coverage.others.saturating_add(others.unwrap_or(0));
        }
    }
    let reached = answers.len() as u64 * SLICE;
    coverage.more = match (coverage.seen, coverage.total) {
        (seen, Some(total)) => reached < total && seen.is_none_or(|seen| seen < total),
        // A full slice without a total: there may be more.
        (Some(seen), None) => seen >= reached,
        (None, None) => false,
    } && !answers.is_empty();
    coverage
}

/// What a value can be opened as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pivot {
    /// Something outside: a look-up.
    Endpoint(String),
    /// Something inside: a device.
    Device(String),
}

/// What a value of a field can be opened as; `None` for ports, sizes, types and free text.
pub fn pivot(field: &str, value: &str) -> Option<Pivot> {
    let indicator = export::classify(value);
    let target = indicator.target()?;
    let named = |name: &str| {
        let last = name.rsplit('.').next().unwrap_or_default();
        name.contains('.') && last.starts_with(|c: char| c.is_ascii_alphabetic())
    };
    let host = match &indicator {
        Indicator::Ip { .. } => true,
        // A word without a dot is a host only where the field holds hosts.
        Indicator::Host { name, .. } => {
            named(name) || (field.ends_with("_host") && !name.is_empty())
        }
        Indicator::Url { scheme, host, .. } => {
            !scheme.is_empty() || host.target().is_some_and(|name| named(&name))
        }
        Indicator::Net { .. } | Indicator::Email { .. } | Indicator::Unknown { .. } => false,
    };
    // A path with a file's name in it (`/index.php`) has no host.
    let host = host && !value.starts_with('/');
    host.then(
        || {
            if indicator.is_internal() { Pivot::Device(target) } else { Pivot::Endpoint(target) }
        },
    )
}

/// A value as it is shown: defanged where it lies outside, else cleaned running text.
pub fn shown(field: &str, value: &str) -> String {
    match pivot(field, value) {
        Some(Pivot::Endpoint(_)) => export::defang(value),
        Some(Pivot::Device(_)) => value.to_owned(),
        None if value.parse::<IpAddr>().is_ok() => value.to_owned(),
        None => export::defang_text(value),
    }
}

/// A figure as it is read: whole numbers with commas, others with three digits behind the point.
pub fn figure(value: Option<f64>) -> String {
    let Some(value) = value.filter(|value| value.is_finite()) else {
        return "-".to_owned();
    };
    let sign = if value < 0.0 { "-" } else { "" };
    let size = value.abs();
    if size >= 1e15 {
        return format!("{value:e}");
    }
    let rounded = (size * 1000.0).round() / 1000.0;
    let whole = crate::ui::text::thousands(rounded.trunc() as u64);
    let rest = format!("{:.3}", rounded.fract());
    let rest = rest.trim_start_matches('0').trim_end_matches('0');
    format!("{sign}{whole}{}", rest.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(rows: &[(&str, u64)]) -> Vec<Counted> {
        rows.iter()
            .map(|(value, count)| Counted { value: (*value).into(), count: *count })
            .collect()
    }

    fn answer(found: Found, seen: Option<u64>, total: Option<u64>) -> Analysed {
        Analysed { found, total, looked_at: seen, partial: None, took_ms: Some(11) }
    }

    #[test]
    fn counts_of_slices_are_added_by_value() {
        let one = answer(Found::Score(counted(&[("a", 5), ("b", 4)])), Some(10_000), Some(20_573));
        let two = answer(Found::Score(counted(&[("b", 3), ("c", 6)])), Some(10_000), Some(20_573));
        let answers = [(1, &one), (2, &two)];
        let rows: Vec<_> = lines(&answers)
            .into_iter()
            .map(|line| match line {
                Line::Count(row) => (row.value, row.count),
                _ => panic!("a count"),
            })
            .collect();
        assert_eq!(rows, [("b".into(), 7), ("c".into(), 6), ("a".into(), 5)]);
        let coverage = coverage(&answers);
        assert_eq!(
            (coverage.seen, coverage.total, coverage.more, coverage.took),
            (Some(20_000), Some(20_573), true, 22)
        );
    }

    #[test]
    fn trends_and_figures_stay_with_their_slice() {
        let trend = |value: &str| Trending {
            value: value.into(),
            count: Some(1),
            start: None,
            trend: Some(-1.5),
        };
        let one = answer(Found::Trend(vec![trend("a")]), Some(10_000), Some(20_000));
        let two = answer(Found::Trend(vec![trend("a")]), Some(10_000), Some(20_000));
        let both = [(1, &one), (2, &two)];
        let lines = lines(&both);
        assert_eq!(lines.len(), 2);
        assert!(matches!(lines[1], Line::Trend(2, _)));
        assert!(!coverage(&both).more, "all were looked at");
        let none = answer(Found::Mean(None), Some(0), Some(0));
        assert!(super::lines(&[(1, &none)]).is_empty());
    }

    #[test]
    fn what_was_not_looked_at_is_known() {
        let more = |seen, total| {
            let found = Found::Score(Vec::new());
            coverage(&[(1, &answer(found, seen, total))]).more
        };
        assert!(more(Some(9_871), Some(20_573)));
        assert!(!more(Some(9_871), Some(9_871)));
        // The mean's own count may pass the slice (contract §5).
        assert!(!more(Some(10_355), Some(10_355)));
        assert!(more(Some(10_000), None));
        assert!(!more(Some(40), None));
        assert!(!more(None, None));
        assert!(!coverage(&[]).more);
        let mut partial = answer(Found::Score(Vec::new()), Some(1), Some(1));
        partial.partial = Some("probe 7 did not answer".into());
        assert_eq!(coverage(&[(1, &partial)]).partial, ["probe 7 did not answer"]);
        assert_eq!(
            coverage(&[(1, &partial), (2, &partial)]).partial[1],
            "slice 2: probe 7 did not answer"
        );
    }

    #[test]
    fn values_open_as_what_they_are() {
        let outside = |text: &str| Some(Pivot::Endpoint(text.into()));
        let inside = |text: &str| Some(Pivot::Device(text.into()));
        for (field, value, wanted) in [
            ("@fields.dest_ip", "8.8.8.8", outside("8.8.8.8")),
            ("@fields.dest_ip", "10.1.2.3", inside("10.1.2.3")),
            ("@fields.dest_ip", "2001:db8::1", outside("2001:db8::1")),
            ("@fields.host", "evil-cdn.top", outside("evil-cdn.top")),
            ("@fields.source_host", "web-02", inside("web-02")),
            ("@fields.host", "srv.corp", inside("srv.corp")),
            ("@fields.uri", "http://a.com/x", outside("a.com")),
            ("@fields.uri", "/index.php", None),
            ("@fields.dest_port", "443", None),
            ("@type", "ssl", None),
            ("@fields.duration", "0.5", None),
            ("@fields.user_agent", "curl/8.1", None),
            ("@fields.user_agent", "Mozilla/5.0 (X11; Linux)", None),
            ("@fields.x", "", None),
        ] {
            assert_eq!(pivot(field, value), wanted, "{field} {value}");
        }
        assert_eq!(shown("@fields.dest_ip", "8.8.8.8"), "8[.]8[.]8[.]8");
        assert_eq!(shown("@fields.dest_ip", "10.1.2.3"), "10.1.2.3");
        assert_eq!(shown("@fields.dest_port", "443"), "443");
        assert_eq!(shown("@fields.uri", "see http://a.com/x now"), "see hxxp://a[.]com/x now");
    }

    #[test]
    fn figures_read_well() {
        for (value, wanted) in [
            (Some(0.0), "0"),
            (Some(1_234.0), "1,234"),
            (Some(-0.5), "-0.5"),
            (Some(12.3456), "12.346"),
            (Some(0.9999), "1"),
            (None, "-"),
            (Some(f64::NAN), "-"),
        ] {
            assert_eq!(figure(value), wanted);
        }
    }
}
