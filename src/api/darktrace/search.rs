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

/// How many records one call looks at; `offset` reaches the rest `[XA]`.
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

/// Asks for an analysis: `GET /advancedsearch/api/analyze/{field}/{operation}/{query}` `[XA, OAS]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Analyze {
    /// Of which field: `@fields.source_ip`.
    pub field: String,
    /// What is worked out.
    pub operation: Analysis,
    /// Over which records.
    pub query: SearchQuery,
}

/// The query as XSOAR writes it, all keys, in its order `[XA]`.
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
            time: WireTime { from: moment(self.from), to: moment(self.to), user_interval: "0" },
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
        Ok(call("advanced search", Method::Get, path.segment("query", &query)?))
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
            Some(Counted { value: fields.get(value)?.line(), count: fields.count(count)? })
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

#[cfg(test)]
mod tests {
    use super::super::super::value::testing::*;
    use super::*;

    fn ask(operation: Analysis) -> Analyze {
        Analyze {
            field: "@fields.source_ip".into(),
            operation,
            query: SearchQuery {
                search: r#"@type:"ssl" AND @fields.dest_port:"443" ü"#.into(),
                from: "2022-12-10T09:00:00Z".parse().unwrap(),
                to: "2022-12-11T08:00:00.9Z".parse().unwrap(),
                offset: 10_000,
            },
        }
    }

    #[test]
    fn calls_are_exact() {
        let json = concat!(
            r#"{"search":"@type:\"ssl\" AND @fields.dest_port:\"443\" \u00fc","fields":[],"offset":"10000","#,
            r#""timeframe":"custom","graphmode":"count","time":{"from":"2022-12-10T09:00:00Z","#,
            r#""to":"2022-12-11T08:00:00Z","user_interval":"0"},"mode":"","analyze_field":""}"#
        );
        assert_eq!(ask(Analysis::Score).query.json().unwrap(), json);
        for (operation, word) in [
            (Analysis::Score, "score"),
            (Analysis::Trend, "trend"),
            (Analysis::Terms, "terms"),
            (Analysis::Mean, "mean"),
        ] {
            let call = ask(operation).call().unwrap();
            let prefix = format!("/advancedsearch/api/analyze/@fields.source_ip/{word}/");
            let coded = call.path.as_str().strip_prefix(&prefix).unwrap();
            let standard = coded.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
            assert_eq!(STANDARD.decode(standard).unwrap(), json.as_bytes());
            assert_eq!(wire(&ask(operation)), format!("Read GET {prefix}{coded}"));
            assert_eq!(word.parse(), Ok(operation));
            assert_eq!(operation.to_string(), word);
        }
    }

    #[test]
    fn the_three_special_characters_of_base64_are_encoded() {
        let mut operation = ask(Analysis::Score);
        let special = |path: &str| ["%2B", "%2F", "%3D"].map(|code| path.contains(code));
        let mut seen = [false; 3];
        for length in 1..6 {
            operation.query.search = "?>".repeat(length) + &"~".repeat(length % 3);
            let path = operation.call().unwrap().path;
            let tail = path.as_str().rsplit('/').next().unwrap();
            assert!(!tail.contains(['+', '=']), "{tail}");
            for (seen, now) in seen.iter_mut().zip(special(tail)) {
                *seen |= now;
            }
        }
        assert_eq!(seen, [true; 3]);
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        let mut backwards = ask(Analysis::Score);
        backwards.query.to = "2022-12-10T08:59:59Z".parse().unwrap();
        assert!(refused(&backwards).contains("ends before it begins"));
        let mut nothing = ask(Analysis::Score);
        nothing.field = " ".into();
        assert!(refused(&nothing).starts_with("metric"));
    }

    fn found(operation: Analysis, json: &str) -> Analysed {
        decode(&ask(operation), json).unwrap()
    }

    const HEAD: &str = r#""took":12,"timed_out":false,"_shards":{"total":5,"successful":5,"skipped":0,"failed":0},"darktraceChildError":"","kibana":{"index":["logstash"],"per_page":50}"#;

    #[test]
    fn a_score_is_read_from_the_hits() {
        let json = format!(
            r#"{{{HEAD},"hits":{{"total":8001,"max_score":null,"count":10000,
                "hits":[{{"id":"10.0.0.1","count":7}},{{"id":443,"count":3.0}},{{"id":"x"}},7]}},
                "aggregations":{{"score":{{"buckets":[]}}}}}}"#
        );
        assert_eq!(
            found(Analysis::Score, &json),
            Analysed {
                found: Found::Score(vec![
                    Counted { value: "10.0.0.1".into(), count: 7 },
                    Counted { value: "443".into(), count: 3 },
                ]),
                total: Some(8001),
                looked_at: Some(10_000),
                partial: None,
                took_ms: Some(12),
            }
        );
    }

    #[test]
    fn a_trend_is_read_from_the_hits() {
        let json = format!(
            r#"{{{HEAD},"hits":{{"total":{{"value":20573,"relation":"eq"}},"max_score":0,"count":10000,
                "hits":[{{"id":"ssl","count":7,"start":9,"trend":-22.5}},{{"id":"dns"}}]}}}}"#
        );
        let analysed = found(Analysis::Trend, &json);
        assert_eq!((analysed.total, analysed.looked_at), (Some(20_573), Some(10_000)));
        let Found::Trend(rows) = analysed.found else { panic!("{analysed:?}") };
        assert_eq!((rows[0].start, rows[0].trend), (Some(9.0), Some(-22.5)));
        assert_eq!((&*rows[1].value, rows[1].count, rows[1].trend), ("dns", None, None));
    }

    #[test]
    fn terms_and_mean_are_read_from_the_aggregations() {
        let json = format!(
            r#"{{{HEAD},"hits":{{"total":5,"hits":[]}},"aggregations":{{"terms":{{"doc_count_error_upper_bound":0,
                "sum_other_doc_count":2,"buckets":[{{"key":443,"doc_count":2}},{{"key":"x","doc_count":1}}]}}}}}}"#
        );
        let Found::Terms { rows, others } = found(Analysis::Terms, &json).found else { panic!() };
        let rows: Vec<(&str, u64)> = rows.iter().map(|row| (&*row.value, row.count)).collect();
        assert_eq!((rows, others), (vec![("443", 2), ("x", 1)], Some(2)));

        let json = format!(
            r#"{{{HEAD},"hits":{{"total":5,"hits":[]}},"aggregations":{{"stats":{{"count":10355,"min":0,"max":1.5e3,"avg":12.25,"sum":126848.75}}}}}}"#
        );
        let analysed = found(Analysis::Mean, &json);
        assert_eq!(analysed.looked_at, Some(10_355));
        assert_eq!(
            analysed.found,
            Found::Mean(Some(Stats {
                count: Some(10_355),
                min: Some(0.0),
                max: Some(1500.0),
                avg: Some(12.25),
                sum: Some(126_848.75),
            }))
        );
        for nothing in [
            r#"{"hits":{"total":0,"hits":[]},"aggregations":{"stats":{"count":0,"min":null,"max":null,"avg":null,"sum":0}}}"#,
            r#"{"hits":{"total":0,"hits":[]}}"#,
        ] {
            assert_eq!(found(Analysis::Mean, nothing).found, Found::Mean(None));
        }
    }

    #[test]
    fn a_part_is_said_to_be_one() {
        let partial = |more: &str| {
            let json = format!(r#"{{"hits":{{"total":0,"hits":[]}}{more}}}"#);
            found(Analysis::Score, &json).partial
        };
        assert_eq!(partial(""), None);
        assert_eq!(
            partial(r#","darktraceChildError":"probe-2""#).as_deref(),
            Some("probe-2 did not answer")
        );
        assert_eq!(partial(r#","timed_out":true"#).as_deref(), Some("the search ran out of time"));
        assert_eq!(
            partial(r#","_shards":{"failed":2}"#).as_deref(),
            Some("2 parts of the index did not answer")
        );
    }

    #[test]
    fn nothing_refusals_and_other_shapes() {
        let empty = r#"{"hits":{"total":0,"max_score":null,"hits":[]}}"#;
        assert_eq!(found(Analysis::Score, empty).found, Found::Score(vec![]));
        assert_eq!(found(Analysis::Trend, empty).found, Found::Trend(vec![]));
        assert_eq!(
            found(Analysis::Terms, empty).found,
            Found::Terms { rows: vec![], others: None }
        );
        let ask = ask(Analysis::Score);
        assert_eq!(cause(&ask, r#"{"error":"bad query"}"#), Cause::Refused("bad query".into()));
        assert_eq!(place(&ask, "{}"), "hits");
        assert_eq!(place(&ask, "[]"), ".");
    }

    #[test]
    fn no_answer_breaks_the_reader() {
        for operation in [Analysis::Score, Analysis::Trend, Analysis::Terms, Analysis::Mean] {
            survives(&ask(operation));
        }
    }
}
