//! Elasticsearch's date arithmetic in the bounds of a range: `now-7d/d`, `2026-01-02||+1M`. Contract arcanna.md §3.5 passes
//! queries through, and what people write in them is relative to now.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};
use serde_json::Value;

use super::super::time::{Ms, parse, zulu};

/// The query with every bound of a range that is arithmetic worked out.
pub fn worked_out(query: &Value, now: Ms) -> Value {
    match query {
        Value::Array(items) => items.iter().map(|item| worked_out(item, now)).collect(),
        Value::Object(fields) => {
            let each = fields.iter().map(|(key, value)| match key.as_str() {
                "range" => (key.clone(), bounds(value, now)),
                _ => (key.clone(), worked_out(value, now)),
            });
            Value::Object(each.collect())
        }
        other => other.clone(),
    }
}

fn bounds(range: &Value, now: Ms) -> Value {
    let Some(fields) = range.as_object() else {
        return range.clone();
    };
    let field = |value: &Value| {
        let Some(bounds) = value.as_object() else {
            return value.clone();
        };
        let bound = |(name, value): (&String, &Value)| {
            // what is rounded covers its whole day where the bound is an upper one
            let up = matches!(name.as_str(), "gt" | "lte" | "to");
            let moment = value.as_str().and_then(|text| moment(text, up, now));
            (name.clone(), moment.map_or_else(|| value.clone(), |at| Value::String(zulu(at))))
        };
        Value::Object(bounds.iter().map(bound).collect())
    };
    Value::Object(fields.iter().map(|(name, value)| (name.clone(), field(value))).collect())
}

/// The moment an expression names; `None` when it is no arithmetic.
fn moment(text: &str, up: bool, now: Ms) -> Option<Ms> {
    let (start, mut rest) = if let Some(rest) = text.strip_prefix("now") {
        (now, rest)
    } else {
        let (date, rest) = text.split_once("||")?;
        (parse(date)?, rest)
    };
    let mut at = Timestamp::from_millisecond(start).ok()?.to_zoned(TimeZone::UTC);
    while let Some(sign) = rest.chars().next() {
        rest = &rest[sign.len_utf8()..];
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let count: i64 = if digits == 0 { 1 } else { rest[..digits].parse().ok()? };
        rest = &rest[digits..];
        let unit = rest.chars().next()?;
        rest = &rest[unit.len_utf8()..];
        at = match sign {
            '+' => at.checked_add(span(unit, count)?).ok()?,
            '-' => at.checked_sub(span(unit, count)?).ok()?,
            '/' if digits == 0 => {
                let begin = begin_of(&at, unit)?;
                if up {
                    let next = begin.checked_add(span(unit, 1)?).ok()?;
                    next.checked_sub(Span::new().milliseconds(1)).ok()?
                } else {
                    begin
                }
            }
            _ => return None,
        };
    }
    Some(at.timestamp().as_millisecond())
}

fn span(unit: char, count: i64) -> Option<Span> {
    let span = Span::new();
    match unit {
        's' => span.try_seconds(count),
        'm' => span.try_minutes(count),
        'h' | 'H' => span.try_hours(count),
        'd' => span.try_days(count),
        'w' => span.try_weeks(count),
        'M' => span.try_months(count),
        'y' => span.try_years(count),
        _ => return None,
    }
    .ok()
}

/// The beginning of the second, minute, …, year a moment lies in.
fn begin_of(at: &Zoned, unit: char) -> Option<Zoned> {
    let day = |date: Date| date.to_zoned(TimeZone::UTC).ok();
    let date = at.date();
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' | 'H' => 3_600,
        'd' => return day(date),
        'w' => {
            let since_monday = i64::from(date.weekday().to_monday_zero_offset());
            return day(date.checked_sub(Span::new().days(since_monday)).ok()?);
        }
        'M' => return day(date.first_of_month()),
        'y' => return day(date.first_of_year()),
        _ => return None,
    };
    let second = at.timestamp().as_second();
    Some(Timestamp::from_second(second - second.rem_euclid(seconds)).ok()?.to_zoned(TimeZone::UTC))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn expressions_name_moments() {
        let now = parse("2026-03-31T13:14:15Z").unwrap();
        for (text, up, wanted) in [
            ("now", false, "2026-03-31T13:14:15Z"),
            ("now-7d", false, "2026-03-24T13:14:15Z"),
            ("now-1M/M", false, "2026-02-01"),
            ("now/d", false, "2026-03-31"),
            ("now/d", true, "2026-03-31T23:59:59.999Z"),
            ("now-1h/h", false, "2026-03-31T12:00:00Z"),
            ("now/w", false, "2026-03-30"),
            ("now+2y/y", false, "2028-01-01"),
            ("2026-01-02||+1d-30m", false, "2026-01-02T23:30:00Z"),
        ] {
            assert_eq!(moment(text, up, now), parse(wanted), "{text}");
        }
        for text in ["", "nowhere", "now-7", "now-7q", "now/2d", "now 7d", "2026-01-02", "x||+1d"] {
            assert_eq!(moment(text, false, now), None, "{text}");
        }
    }

    #[test]
    fn only_bounds_of_ranges_are_touched() {
        let query = json!({"bool": {"must": [
            {"range": {"@timestamp": {"gte": "now-1d", "lt": 5, "format": "now"}}},
            {"term": {"title": "now-1d"}},
        ]}});
        let worked = worked_out(&query, 86_400_000);
        assert_eq!(worked["bool"]["must"][0]["range"]["@timestamp"]["lt"], 5);
        assert_eq!(worked["bool"]["must"][1], query["bool"]["must"][1]);
        let bound = &worked["bool"]["must"][0]["range"]["@timestamp"]["gte"];
        assert_eq!(parse(bound.as_str().unwrap()), Some(0));
    }
}
