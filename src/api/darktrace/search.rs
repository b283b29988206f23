//! Advanced search: counting values of a field over the connections that a query matches (contract §5).
//!
//! The four analyses keep their data in different places of the answer; each is read from its own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Serialize;

use super::super::value::{Body, Fields, Node};
use super::super::{Answer, BadInput, Call, Cause, Method, Operation, Path};
use super::{call, json_body, missing, object, said};

/// How many records one call looks at; `offset` reaches the rest [XA].
pub const SLICE: u64 = 10_000;

/// What is worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::Display, strum::EnumString)]
#[strum(serialize_all = "lowercase")]
pub enum Analysis {
    /// Which values are most frequent.
    Score,
    /// Which values become more or less frequent.
    Trend,
    /// Which values there are, counted over everything.
    Terms,
    /// Least, greatest and mean of a number.
    Mean,
}

/// Which records are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SearchQuery {
    /// The query: `@type:"ssl" AND @fields.dest_port:"443"`.
    pub search: String,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// How many records to skip: multiples of [`SLICE`].
    pub offset: u64,
}

/// Asks for an analysis: `GET /advancedsearch/api/analyze/{field}/{operation}/{query}` [XA, OAS].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Analyze {
    /// Of which field: `@fields.source_ip`.
    pub field: String,
    /// What is worked out.
    pub operation: Analysis,
    /// Over which records.
    pub query: SearchQuery,
}

/// The query as XSOAR writes it, all keys, in its order [XA].
#[derive(Serialize)]
struct Wire<'a> {
    search: &'a str,
    fields: [&'a str; 0],
    offset: String,
    timeframe: &'a str,
    graphmode: &'a str,
    time: WireTime<'a>,
    mode: &'a str,
    analyze_field: &'a str,
}

#[derive(Serialize)]
struct WireTime<'a> {
    from: String,
    to: String,
    user_interval: &'a str,
}

impl SearchQuery {
    /// The query as JSON, before it becomes a path segment.
    ///
    /// # Errors
    /// A window that ends before it begins.
    pub fn json(&self) -> Result<String, BadInput> {
        let moment = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        if self.to < self.from {
            return Err(BadInput::new(
                "time window",
                &format!("{} to {}", moment(self.from), moment(self.to)),
                "it ends before it begins",
            ));
        }
        let wire = Wire {
            search: &self.search,
            fields: [],
            offset: self.offset.to_string(),
            timeframe: "custom",
            graphmode: "count",
            time: WireTime {
                from: moment(self.from),
                to: moment(self.to),
                user_interval: "0",
            },
            mode: "",
            analyze_field: "",
        };
        json_body("query", &wire)
    }
}

/// What an analysis found.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysed {
    /// The result, by its kind.
    pub found: Found,
    /// How many records match.
    pub total: Option<u64>,
    /// How many of them were looked at; less than `total` means that more slices remain.
    pub looked_at: Option<u64>,
    /// Why this is only a part: a probe that did not answer, or the time ran out. `None`: it is complete.
    pub partial: Option<String>,
    /// How long the server took, in milliseconds.
    pub took_ms: Option<u64>,
}

/// The result of an analysis.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Values and how often each was there.
    Score(Vec<Counted>),
    /// Values and how they change.
    Trend(Vec<Trending>),
    /// Values and how often each was there, over everything.
    Terms {
        /// The values listed.
        rows: Vec<Counted>,
        /// Records with values that are not listed.
        others: Option<u64>,
    },
    /// Figures of a number; `None` when no record has it.
    Mean(Option<Stats>),
}

/// A value and how often it was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The value; numbers as written.
    pub value: String,
    /// How often.
    pub count: u64,
}

/// A value and how it changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Trending {
    /// The value; numbers as written.
    pub value: String,
    /// How often.
    pub count: Option<u64>,
    /// How often at the start of the window.
    pub start: Option<f64>,
    /// The change; may be negative. Trends of several slices cannot be added.
    pub trend: Option<f64>,
}

/// Figures of a number.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Stats {
    /// How many records have it.
    pub count: Option<u64>,
    /// Least.
    pub min: Option<f64>,
    /// Greatest.
    pub max: Option<f64>,
    /// Mean.
    pub avg: Option<f64>,
    /// Sum.
    pub sum: Option<f64>,
}

impl Operation for Analyze {
    type Output = Analysed;

    fn call(&self) -> Result<Call, BadInput> {
        said("metric", &self.field)?;
        let query = STANDARD.encode(self.query.json()?);
        let path = Path::fixed("/advancedsearch/api/analyze").segment("metric", &self.field)?;
        let path = path.then(match self.operation {
            Analysis::Score => "score",
            Analysis::Trend => "trend",
            Analysis::Terms => "terms",
            Analysis::Mean => "mean",
        });
        Ok(call(
            "advanced search",
            Method::Get,
            path.segment("query", &query)?,
        ))
    }

    fn decode(&self, answer: &Answer) -> Result<Analysed, Cause> {
        let body = Body::read(answer)?;
        let fields = object(body.node())?;
        let hits = fields.object("hits");
        let aggregations = fields.object("aggregations").unwrap_or_default();
        if hits.is_none() && aggregations.is_empty() {
            return Err(missing("hits"));
        }
        let hits = hits.unwrap_or_default();
        let mut looked_at = hits.count("count");
        let found = match self.operation {
            Analysis::Score => Found::Score(counted(hits.get("hits"), "id", "count")),
            Analysis::Trend => Found::Trend(trending(hits.get("hits"))),
            Analysis::Terms => {
                let terms = aggregations.object("terms").unwrap_or_default();
                Found::Terms {
                    rows: counted(terms.get("buckets"), "key", "doc_count"),
                    others: terms.count("sum_other_doc_count"),
                }
            }
            Analysis::Mean => {
                let stats = aggregations.object("stats").map(|stats| Stats {
                    count: stats.count("count"),
                    min: stats.num("min"),
                    max: stats.num("max"),
                    avg: stats.num("avg"),
                    sum: stats.num("sum"),
                });
                let stats = stats.filter(|stats| stats.avg.is_some() || stats.count != Some(0));
                looked_at = looked_at.or(stats.and_then(|stats| stats.count));
                Found::Mean(stats)
            }
        };
        Ok(Analysed {
            found,
            total: total(&hits),
            looked_at,
            partial: partial(&fields),
            took_ms: fields.count("took"),
        })
    }
}

/// A number, or newer search engines' `{value, relation}`.
fn total(hits: &Fields<'_>) -> Option<u64> {
    let node = hits.get("total")?;
    node.count().or_else(|| node.fields()?.count("value"))
}

/// Why the result is only a part (contract §5).
fn partial(fields: &Fields<'_>) -> Option<String> {
    if let Some(child) = fields.word("darktraceChildError") {
        return Some(format!("{child} did not answer"));
    }
    if fields.flag("timed_out") == Some(true) {
        return Some("the search ran out of time".into());
    }
    let shards = fields.object("_shards")?;
    let failed = shards.count("failed").filter(|failed| *failed > 0)?;
    Some(format!("{failed} parts of the index did not answer"))
}

/// Rows of a value and a count; a row without either says nothing and is left out.
fn counted(node: Option<Node<'_>>, value: &str, count: &str) -> Vec<Counted> {
    let rows = node.map(Node::one_or_many).unwrap_or_default().into_iter();
    rows.filter_map(Node::fields)
        .filter_map(|fields| {
            Some(Counted {
                value: fields.get(value)?.line(),
                count: fields.count(count)?,
            })
        })
        .collect()
}

fn trending(node: Option<Node<'_>>) -> Vec<Trending> {
    let rows = node.map(Node::one_or_many).unwrap_or_default().into_iter();
    rows.filter_map(Node::fields)
        .filter_map(|fields| {
            Some(Trending {
                value: fields.get("id")?.line(),
                count: fields.count("count"),
                start: fields.num("start"),
                trend: fields.num("trend"),
            })
        })
        .collect()
}
