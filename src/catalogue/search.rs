//! `darktrace-run-advanced-search-analysis`: each analysis' table from where its data sits in the answer.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

use super::args::{Arg, Args, Kind, Need};
use super::darktrace::{context, whole};
use super::run::{Outcome, Reply, once};
use super::table::{Cell, Table};
use super::{Entry, Json};
use crate::api::Product;
use crate::api::darktrace::search::{Analysed, Analysis, Analyze, SLICE, SearchQuery};

const fn required(
    name: &'static str,
    alias: &'static [&'static str],
    kind: Kind,
    help: &'static str,
) -> Arg {
    Arg { name, aliases: alias, need: Need::Required, kind, help }
}

/// `darktrace-run-advanced-search-analysis`
pub(super) static RUN_ADVANCED_SEARCH_ANALYSIS: Entry = Entry {
    name: "darktrace-run-advanced-search-analysis",
    title: "Count the values of a field over the connections a query matches",
    product: Product::Darktrace,
    write: false,
    args: &[
        required("initialDate", &["initial_date"], Kind::Day, "first day, UTC"),
        required("initialTime", &["initial_time"], Kind::Clock, "time on the first day, UTC"),
        required("endDate", &["end_date"], Kind::Day, "last day, UTC"),
        required("endTime", &["end_time"], Kind::Clock, "time on the last day, UTC"),
        required(
            "query",
            &[],
            Kind::Text,
            "the query, such as @type:\"ssl\" AND @fields.dest_port:\"443\"",
        ),
        required(
            "operation",
            &[],
            Kind::OneOf(&["score", "trend", "terms", "mean"]),
            "what is worked out",
        ),
        required("metric", &[], Kind::Text, "of which field, such as @fields.source_ip"),
        Arg {
            name: "offset",
            aliases: &[],
            need: Need::Default("0"),
            kind: Kind::Whole(0),
            help: "records to skip; one call looks at 10,000",
        },
    ],
    plan: |args| {
        let from = moment(args, "initialDate", "initialTime")?;
        let to = moment(args, "endDate", "endTime")?;
        if to < from {
            return Err("the window ends before it begins".to_owned());
        }
        let operation = Analyze {
            field: args.text("metric"),
            operation: args
                .text("operation")
                .parse()
                .map_err(|error: strum::ParseError| error.to_string())?,
            query: SearchQuery {
                search: args.text("query"),
                from,
                to,
                offset: whole(args, "offset")?.unsigned_abs(),
            },
        };
        Ok(once(operation, analysed))
    },
};

fn moment(args: &Args, day: &str, time: &str) -> Result<Timestamp, String> {
    let text = format!("{}T{}", args.text(day), args.text(time));
    text.parse::<DateTime>()
        .and_then(|civil| civil.to_zoned(TimeZone::UTC))
        .map(|zoned| zoned.timestamp())
        .and_then(|at| at.round(Unit::Second))
        .map_err(|error| format!("`{day}` and `{time}` name no time: {error}"))
}

/// Where an analysis keeps its rows, and their columns.
fn rows(operation: Analysis, answer: &Json) -> (Vec<Json>, &'static [&'static str]) {
    let list = |path: &[&str]| answer.at(path).map_or(&[][..], Json::items).to_vec();
    match operation {
        Analysis::Score => (list(&["hits", "hits"]), &["id", "count"]),
        Analysis::Trend => (list(&["hits", "hits"]), &["id", "count", "start", "trend"]),
        Analysis::Terms => (list(&["aggregations", "terms", "buckets"]), &["key", "doc_count"]),
        Analysis::Mean => (
            answer
                .at(&["aggregations", "stats"])
                .filter(|stats| **stats != Json::Null)
                .cloned()
                .into_iter()
                .collect(),
            &["count", "min", "max", "avg", "sum"],
        ),
    }
}

fn analysed(operation: &Analyze, reply: Reply<Analysed>) -> Outcome {
    let (rows, heads) = rows(operation.operation, &reply.json);
    let cells =
        rows.iter().map(|row| heads.iter().map(|head| Cell::of(row.get(head))).collect()).collect();
    let found = reply.output;
    let mut notes = Vec::new();
    if let Some(why) = &found.partial {
        notes.push(format!("warning: this is only a part of the result: {why}"));
    }
    let offset = operation.query.offset;
    match (found.looked_at, found.total) {
        (Some(seen), Some(total)) if offset + seen < total => notes.push(format!(
            "looked at {seen} of {total} matching records from {offset} on; offset={} goes on",
            offset + SLICE
        )),
        (Some(seen), Some(total)) => {
            notes.push(format!("looked at {seen} of {total} matching records"));
        }
        (Some(seen), None) => notes.push(format!("looked at {seen} records")),
        (None, Some(total)) => notes.push(format!("{total} records match")),
        (None, None) => {}
    }
    if rows.is_empty() {
        notes.push("the analysis found nothing".to_owned());
    }
    Outcome {
        table: Table::rows("Results for Advanced Search Query", heads, cells),
        rows,
        context: context("AdvancedSearch", reply.json),
        notes,
        ..Outcome::empty(RUN_ADVANCED_SEARCH_ANALYSIS.name, reply.raw)
    }
}
