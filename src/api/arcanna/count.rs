//! Counting a job's open events without reading them: the structured query with `count_results_only` (contract §3.4).

use serde_json::json;

use super::super::{Answer, BadInput, Call, Cause, Operation};
use super::query::{Filter, Operator, QueryEvents};
use super::{JobId, missing};

/// Counts the events of a job whose bucket has no feedback yet: `bucket_state` is `new` (contract §3.4, for jobs with buckets;
/// the word of other jobs is not documented).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CountOpen {
    /// Which job.
    pub job: JobId,
    /// Only those of less confidence, in percent.
    pub below: Option<u8>,
}

impl CountOpen {
    /// What the key must be allowed `[MCP]`.
    pub const SCOPE: &str = "read:event_query";

    fn query(&self) -> QueryEvents {
        let filter = |field: &str, operator, value| Filter {
            field: field.to_owned(),
            operator,
            value: Some(value),
        };
        let open = filter("arcanna.bucket_state", Operator::Is, json!("new"));
        let low = self
            .below
            .map(|below| filter("arcanna.confidence_score", Operator::Less, json!(below)));
        QueryEvents {
            filters: std::iter::once(open).chain(low).collect(),
            decision_points_only: true,
            count_only: true,
            ..QueryEvents::newest(self.job.clone(), 1)
        }
    }
}

impl Operation for CountOpen {
    type Output = u64;

    fn call(&self) -> Result<Call, BadInput> {
        let mut call = self.query().call()?;
        call.name = "count open events".into();
        Ok(call)
    }

    /// A server that answers with rows alone counts nothing.
    fn decode(&self, answer: &Answer) -> Result<u64, Cause> {
        self.query().decode(answer)?.total.ok_or_else(|| missing("total_count"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::value::testing::*;
    use super::*;

    #[test]
    fn calls_are_exact() {
        let all = CountOpen { job: 1201.into(), below: None };
        assert_eq!(
            wire(&all),
            concat!(
                r#"Read POST /api/v2/events/query json {"job_ids":[1201],"date_field":"@timestamp","size":1,"page":0,"#,
                r#""sort_by_column":"@timestamp","sort_order":"desc","filters":[{"field":"arcanna.bucket_state","#,
                r#""operator":"is","value":"new"}],"decision_points_only":true,"count_results_only":true}"#
            )
        );
        let low = CountOpen { below: Some(60), ..all };
        let wire = wire(&low);
        assert!(
            wire.contains(r#"{"field":"arcanna.confidence_score","operator":"lt","value":60}"#),
            "{wire}"
        );
    }

    #[test]
    fn only_a_count_is_a_count() {
        let ask = CountOpen { job: 1201.into(), below: None };
        assert_eq!(decode(&ask, r#"{"events":[],"total_count":212}"#).unwrap(), 212);
        assert_eq!(place(&ask, "[]"), "total_count");
        assert_eq!(place(&ask, r#"{"events":[]}"#), "total_count");
        survives(&ask);
    }
}
