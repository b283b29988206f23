//! Structured filters: which events a `filters` array keeps. Used by the event query, by the metrics and by reprocessing.
//! Looks at the full document of an event, so every field the lists name can be asked for.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::super::time;
use super::super::wire::Reply;
use super::model::at;
use super::{invalid, problem};

/// The operators [DOC metrics-api].
pub const OPERATORS: [&str; 14] = [
    "is",
    "is not",
    "is one of",
    "is not one of",
    "starts with",
    "not starts with",
    "contains",
    "not contains",
    "exists",
    "not exists",
    "lt",
    "lte",
    "gt",
    "gte",
];

/// One condition.
#[derive(Debug, Clone)]
pub struct Filter {
    field: String,
    operator: String,
    value: Value,
}

/// Reads a `filters` value; absent and null mean none.
pub fn read(value: Option<&Value>) -> Result<Vec<Filter>, Reply> {
    let list = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(super::bad_field("filters", "value is not a valid list")),
    };
    list.iter().enumerate().map(|(i, item)| one(i, item)).collect()
}

fn one(index: usize, item: &Value) -> Result<Filter, Reply> {
    let wrong = |name: &str, message: &str| {
        Err(invalid(&[problem(
            &[json!("body"), json!("filters"), json!(index), json!(name)],
            message,
            "value_error",
        )]))
    };
    let Some(field) = item.get("field").and_then(Value::as_str) else {
        return wrong("field", "field required");
    };
    let Some(operator) = item.get("operator").and_then(Value::as_str) else {
        return wrong("operator", "field required");
    };
    if !OPERATORS.contains(&operator) {
        return wrong(
            "operator",
            &format!("value is not a valid enumeration member; permitted: {OPERATORS:?}"),
        );
    }
    let value = item.get("value").cloned().unwrap_or_default();
    if operator.ends_with("one of") && !value.is_array() {
        return wrong("value", "value is not a valid list");
    }
    Ok(Filter { field: field.to_owned(), operator: operator.to_owned(), value })
}

/// The value of a field of a full document: with or without `.keyword`, the attention fields with or without `arcanna.`.
pub fn field<'a>(document: &'a Value, name: &str) -> Option<&'a Value> {
    let name = name.strip_suffix(".keyword").unwrap_or(name);
    let found = at(document, name)
        .or_else(|| name.starts_with("attention").then(|| at(document.get("arcanna")?, name))?);
    found.filter(|v| !v.is_null())
}

/// A value as a person would type it.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Compares as numbers, as times, or as text, whichever both are.
pub fn compare(a: &Value, b: &Value) -> Ordering {
    let number = |v: &Value| v.as_f64().or_else(|| v.as_str()?.parse().ok());
    if let (Some(a), Some(b)) = (number(a), number(b)) {
        return a.total_cmp(&b);
    }
    let moment = |v: &Value| v.as_str().and_then(time::parse);
    match (moment(a), moment(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => text(a).cmp(&text(b)),
    }
}

/// True when any value (of a list) or the value itself passes.
fn any(value: &Value, test: impl Fn(&Value) -> bool) -> bool {
    value.as_array().map_or_else(|| test(value), |list| list.iter().any(&test))
}

impl Filter {
    /// Does this document pass?
    pub fn keeps(&self, document: &Value) -> bool {
        let found = field(document, &self.field);
        let same = |a: &Value, b: &Value| text(a).eq_ignore_ascii_case(&text(b));
        let holds = |test: &dyn Fn(&Value) -> bool| found.is_some_and(|f| any(f, test));
        let wanted = text(&self.value).to_lowercase();
        match self.operator.as_str() {
            "is" => holds(&|f| same(f, &self.value)),
            "is not" => !holds(&|f| same(f, &self.value)),
            "is one of" => holds(&|f| any(&self.value, |v| same(f, v))),
            "is not one of" => !holds(&|f| any(&self.value, |v| same(f, v))),
            "starts with" => holds(&|f| text(f).to_lowercase().starts_with(&wanted)),
            "not starts with" => !holds(&|f| text(f).to_lowercase().starts_with(&wanted)),
            "contains" => holds(&|f| text(f).to_lowercase().contains(&wanted)),
            "not contains" => !holds(&|f| text(f).to_lowercase().contains(&wanted)),
            "exists" => found.is_some(),
            "not exists" => found.is_none(),
            "lt" => holds(&|f| compare(f, &self.value) == Ordering::Less),
            "lte" => holds(&|f| compare(f, &self.value) != Ordering::Greater),
            "gt" => holds(&|f| compare(f, &self.value) == Ordering::Greater),
            _ => holds(&|f| compare(f, &self.value) != Ordering::Less),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_keeps_what_it_says() {
        let doc =
            json!({"a": {"b": "Alpha"}, "n": 7, "t": ["x", "y"], "flag": true, "d.e": "dotted"});
        for (field, operator, value, keeps) in [
            ("a.b", "is", json!("alpha"), true),
            ("a.b.keyword", "is not", json!("Alpha"), false),
            ("t", "is one of", json!(["y", "z"]), true),
            ("t", "is not one of", json!(["z"]), true),
            ("a.b", "starts with", json!("Al"), true),
            ("a.b", "not contains", json!("ph"), false),
            ("gone", "not exists", json!(null), true),
            ("gone", "is not", json!("x"), true),
            ("n", "lt", json!(7), false),
            ("n", "lte", json!("7"), true),
            ("n", "gt", json!(6.5), true),
            ("flag", "is", json!(true), true),
            ("d.e", "contains", json!("TT"), true),
        ] {
            let filters =
                read(Some(&json!([{"field": field, "operator": operator, "value": value}])))
                    .unwrap();
            assert_eq!(filters[0].keeps(&doc), keeps, "{field} {operator} {value}");
        }
        assert_eq!(
            read(Some(&json!([{"field": "a", "operator": "like"}]))).unwrap_err().status,
            422
        );
    }
}
