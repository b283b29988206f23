//! How a job's model does against what people decided (contract §3.11): every figure may be null, and null is never 0.

use super::super::value::{Body, Fields, Node};
use super::super::{Answer, BadInput, Call, Cause, Kind, Method, Operation, Path};
use super::{EventId, JobId, call, object, refusal, said};

/// Asks for a job's figures: `POST /api/v2/metrics/job?job_id=…` with an empty object `[MCP, DOC]`, which changes nothing.
/// It takes the scope [`JobMetrics::SCOPE`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobMetrics {
    /// Which job.
    pub job: JobId,
}

impl JobMetrics {
    /// What the key must be allowed `[MCP]`.
    pub const SCOPE: &str = "read:job_metrics";
}

/// The answer of [`JobMetrics`]. Shares are between 0 and 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Metrics {
    /// Begin of the time it is about, as the server wrote it: the form is not documented.
    pub since: Option<String>,
    /// Its end.
    pub until: Option<String>,
    /// How often the model said what people decided.
    pub accuracy: Option<f64>,
    /// The mean of the labels' F1.
    pub f1: Option<f64>,
    /// The mean of the labels' precision.
    pub precision: Option<f64>,
    /// The mean of the labels' recall.
    pub recall: Option<f64>,
    /// What it saved people, in minutes.
    pub saved_minutes: Option<f64>,
    /// Counts by label and label; which side is the truth is not documented.
    pub confusion: Option<Vec<Vec<u64>>>,
    /// The figures of each label, in the server's order.
    pub labels: Vec<(String, LabelMetrics)>,
    /// The model that decides now.
    pub model: Option<String>,
    /// Events it is about.
    pub events: Option<u64>,
    /// Of those in the knowledge base.
    pub in_knowledge_base: Option<u64>,
    /// Of those with a consensus.
    pub with_consensus: Option<u64>,
    /// What people decided otherwise since the model learnt it.
    pub changed: Changed,
}

/// The figures of one label.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LabelMetrics {
    /// Of what the model called so, the share that was.
    pub precision: Option<f64>,
    /// Of what was so, the share the model called so.
    pub recall: Option<f64>,
    /// Both in one.
    pub f1: Option<f64>,
    /// Called so and so.
    pub right: Option<u64>,
    /// Called so and not so.
    pub wrong: Option<u64>,
    /// Not called so but so.
    pub missed: Option<u64>,
}

/// `changed_consensus_after_training`: a ready queue for review.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changed {
    /// How many events.
    pub total: Option<u64>,
    /// The first of them; the server names at most 100 `[MCP]`.
    pub events: Vec<EventId>,
}

impl Operation for JobMetrics {
    type Output = Metrics;

    fn call(&self) -> Result<Call, BadInput> {
        let job = self.job.to_string();
        said("job id", &job)?;
        Ok(call("job metrics", Method::Post, Path::fixed("/api/v2/metrics/job"))
            .query("job_id", job)
            .json("{}".to_owned())
            .kind(Kind::Read))
    }

    fn decode(&self, answer: &Answer) -> Result<Metrics, Cause> {
        let body = Body::read(answer)?;
        let fields = object(body.node())?;
        if let Some(words) = refusal(&fields) {
            return Err(Cause::Refused(words));
        }
        let overall = |name: &str| fields.num(&format!("overall_{name}"));
        let labels = fields.object("metrics_per_decision").unwrap_or_default();
        Ok(Metrics {
            since: fields.word("start_time"),
            until: fields.word("end_time"),
            accuracy: overall("accuracy"),
            f1: overall("f1_score"),
            precision: overall("precision"),
            recall: overall("recall"),
            saved_minutes: fields.num("time_saved_minutes"),
            confusion: fields.get("confusion_matrix").and_then(matrix),
            labels: labels
                .iter()
                .map(|(label, node)| {
                    let fields = node.fields().unwrap_or_default();
                    (label.to_owned(), LabelMetrics::read(&fields))
                })
                .collect(),
            model: fields.word("active_model_id"),
            events: fields.count("total_events"),
            in_knowledge_base: fields.count("total_events_in_knowledge_base"),
            with_consensus: fields.count("total_events_with_consensus"),
            changed: fields
                .object("changed_consensus_after_training")
                .map(|changed| Changed {
                    total: changed.count("total_events"),
                    events: changed
                        .get("top_events_ids")
                        .map(|ids| {
                            ids.one_or_many().into_iter().filter_map(EventId::read).collect()
                        })
                        .unwrap_or_default(),
                })
                .unwrap_or_default(),
        })
    }
}

impl LabelMetrics {
    fn read(fields: &Fields<'_>) -> Self {
        Self {
            precision: fields.num("precision"),
            recall: fields.num("recall"),
            f1: fields.num("f1_score"),
            right: fields.count("true_positives"),
            wrong: fields.count("false_positives"),
            missed: fields.count("false_negatives"),
        }
    }
}

/// Rows of counts; a row or a cell of another kind makes the whole unknown: half a matrix misleads.
fn matrix(node: Node<'_>) -> Option<Vec<Vec<u64>>> {
    let row = |node: Node<'_>| node.items()?.into_iter().map(Node::count).collect();
    let rows: Vec<Vec<u64>> = node.items()?.into_iter().map(row).collect::<Option<_>>()?;
    (!rows.is_empty()).then_some(rows)
}

#[cfg(test)]
mod tests {
    use super::super::super::value::testing::*;
    use super::*;

    fn ask() -> JobMetrics {
        JobMetrics { job: 1202.into() }
    }

    #[test]
    fn calls_are_exact() {
        assert_eq!(wire(&ask()), "Read POST /api/v2/metrics/job?job_id=1202 json {}");
        let name = JobMetrics { job: "edge & core".into() };
        assert_eq!(wire(&name), "Read POST /api/v2/metrics/job?job_id=edge%20%26%20core json {}");
        assert!(refused(&JobMetrics { job: " ".into() }).starts_with("job id"));
    }

    #[test]
    fn every_figure_is_read() {
        let read = decode(
            &ask(),
            r#"{"start_time":null,"end_time":"2026-11-20","overall_accuracy":0.91,"overall_f1_score":0.9,
                "overall_recall":"0.89","overall_precision":1,"time_saved_minutes":120,
                "confusion_matrix":[[1204,88],[41,367]],
                "metrics_per_decision":{"Drop":{"precision":0.97,"recall":0.93,"f1_score":0.95,"true_positives":1204,
                  "true_negatives":367,"false_positives":41,"false_negatives":88},"Escalate":{}},
                "active_model_id":"generic-1-1202-model-1.hdf5","all_model_ids":["a"],"total_events":1700,
                "total_events_in_knowledge_base":900,"total_events_with_consensus":null,
                "changed_consensus_after_training":{"total_events":12,"top_events_ids":["1",2],"top_buckets_ids":null}}"#,
        )
        .unwrap();
        assert_eq!((read.since, read.until.as_deref()), (None, Some("2026-11-20")));
        assert_eq!((read.accuracy, read.f1), (Some(0.91), Some(0.9)));
        assert_eq!((read.recall, read.precision), (Some(0.89), Some(1.0)));
        assert_eq!(read.saved_minutes, Some(120.0));
        assert_eq!(read.confusion, Some(vec![vec![1204, 88], vec![41, 367]]));
        assert_eq!(read.labels[0].0, "Drop");
        let drop = read.labels[0].1;
        assert_eq!((drop.right, drop.wrong, drop.missed), (Some(1204), Some(41), Some(88)));
        assert_eq!(read.labels[1], ("Escalate".to_owned(), LabelMetrics::default()));
        assert_eq!((read.events, read.with_consensus), (Some(1700), None));
        assert_eq!(read.changed.total, Some(12));
        assert_eq!(read.changed.events, ["1".into(), "2".into()]);
    }

    #[test]
    fn null_missing_and_odd_are_unknown_and_never_zero() {
        assert_eq!(decode(&ask(), "{}").unwrap(), Metrics::default());
        let odd = decode(
            &ask(),
            r#"{"overall_accuracy":null,"overall_f1_score":"NaN","confusion_matrix":[[1,2],[3,"x"]],
                "metrics_per_decision":[1],"total_events":-3,"changed_consensus_after_training":[]}"#,
        )
        .unwrap();
        assert_eq!(odd, Metrics::default());
        for matrix in ["[]", "7", "[1,2]", "[[1],null]"] {
            let read = decode(&ask(), &format!(r#"{{"confusion_matrix":{matrix}}}"#)).unwrap();
            assert_eq!(read.confusion, None, "{matrix}");
        }
        assert_eq!(place(&ask(), "[]"), ".");
        assert_eq!(
            cause(&ask(), r#"{"error":"Model not found","details":"no model"}"#),
            Cause::Refused("Model not found: no model".into())
        );
    }

    #[test]
    fn no_answer_breaks_the_reader() {
        survives(&ask());
    }
}
