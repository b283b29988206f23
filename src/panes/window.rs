//! A time window in a person's words: `last 2h`, `today`, `2026-11-20 08:00..09:30`, `+-15m of 2026-11-20T08:00Z`.
//!
//! Pure: now is handed in, and everything is UTC, as the service wants it. A text that is no window is refused with what is
//! allowed; nothing is guessed.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// What a person may write, for sentences and placeholders.
pub const ALLOWED: &str =
    "last 2h, today, 2026-11-20 08:00..09:30, -15m..now, +-15m of 2026-11-20T08:00Z";

/// Windows that are offered, from the least to the most usual.
pub const OFFERED: [&str; 8] =
    ["last 28d", "last 7d", "yesterday", "today", "last 24h", "last 15m", "last 2h", "last 1h"];

/// A window, both ends in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first second.
    pub from: Timestamp,
    /// Its last second.
    pub to: Timestamp,
}

/// A point a person named: a moment, or a whole day.
#[derive(Debug, Clone, Copy)]
enum Point {
    At(Timestamp),
    Day(Date),
}

impl Point {
    fn begin(self) -> Result<Timestamp, String> {
        match self {
            Self::At(at) => Ok(at),
            Self::Day(day) => utc(day.to_datetime(Time::midnight())),
        }
    }

    /// A day ends with its last second.
    fn end(self) -> Result<Timestamp, String> {
        match self {
            Self::At(at) => Ok(at),
            Self::Day(day) => utc(day.to_datetime(Time::constant(23, 59, 59, 0))),
        }
    }
}

/// Reads a window.
///
/// # Errors
/// What is wrong, and what is allowed.
pub fn parse(text: &str, now: Timestamp) -> Result<Window, String> {
    let now = floor(now);
    let text = text.trim();
    if text.is_empty() {
        return Err(format!("the time is empty; allowed: {ALLOWED}"));
    }
    let lower = text.to_ascii_lowercase();
    if let Some(around) = ["+-", "+/-", "±"].into_iter().find_map(|sign| lower.strip_prefix(sign))
    {
        return around_point(around, now);
    }
    if let Some((from, to)) = text.split_once("..") {
        return between(from, to, now);
    }
    let span = lower.strip_prefix("last ").unwrap_or(&lower);
    if let Some(span) = duration(span.strip_prefix('-').unwrap_or(span)) {
        return Ok(Window { from: minus(now, span?)?, to: now });
    }
    match point(text, now, None)? {
        Some(Point::Day(day)) => {
            let from = Point::Day(day).begin()?;
            let end = Point::Day(day).end()?;
            let to = if from <= now { end.min(now) } else { end };
            Ok(Window { from, to })
        }
        Some(Point::At(_)) => {
            Err(format!("'{text}' is one moment, not a window; +-15m of {text} is one"))
        }
        None => Err(format!("'{text}' is no time window; allowed: {ALLOWED}")),
    }
}

fn around_point(text: &str, now: Timestamp) -> Result<Window, String> {
    let parts = [" of ", " around "].into_iter().find_map(|word| text.split_once(word));
    let Some((span, at)) = parts else {
        return Err("+- wants a span and a moment: +-15m of 2026-11-20T08:00Z".to_owned());
    };
    let span = duration(span.trim()).ok_or_else(|| {
        format!("'{}' is no span; allowed: 30s, 15m, 2h, 1d, 1w, 1h30m", span.trim())
    })??;
    match point(at, now, None)? {
        Some(Point::At(at)) => Ok(Window { from: minus(at, span)?, to: plus(at, span)? }),
        Some(Point::Day(_)) => Err(format!(
            "'{}' is a day: +- wants a moment, such as {}T08:00Z",
            at.trim(),
            at.trim()
        )),
        None => Err(not_a_point(at)),
    }
}

fn between(from: &str, to: &str, now: Timestamp) -> Result<Window, String> {
    let (from, to) = (from.trim(), to.trim());
    if from.is_empty() {
        return Err(format!("the window has no beginning; allowed: {ALLOWED}"));
    }
    let begin = point(from, now, None)?.ok_or_else(|| not_a_point(from))?;
    let day = match begin {
        Point::At(at) => at.to_zoned(TimeZone::UTC).date(),
        Point::Day(day) => day,
    };
    let end = if to.is_empty() {
        Point::At(now)
    } else {
        point(to, now, Some(day))?.ok_or_else(|| not_a_point(to))?
    };
    let (from_at, to_at) = (begin.begin()?, end.end()?);
    if to_at < from_at {
        return Err(format!(
            "it ends before it begins: {}..{}; past midnight both ends want a day",
            told(from_at),
            told(to_at)
        ));
    }
    Ok(Window { from: from_at, to: to_at })
}

fn not_a_point(text: &str) -> String {
    format!(
        "'{}' is no moment; allowed: now, -15m, 08:00, 2026-11-20, 2026-11-20 08:00, 2026-11-20T08:00Z",
        text.trim()
    )
}

/// A moment or a day. A time alone is of `day`, else of today.
fn point(text: &str, now: Timestamp, day: Option<Date>) -> Result<Option<Point>, String> {
    let text = text.trim();
    let today = now.to_zoned(TimeZone::UTC).date();
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "now" => return Ok(Some(Point::At(now))),
        "today" => return Ok(Some(Point::Day(today))),
        "yesterday" => {
            let day = today.yesterday().map_err(|_| too_far())?;
            return Ok(Some(Point::Day(day)));
        }
        _ => {}
    }
    if let Some(span) = lower.strip_prefix('-').and_then(duration) {
        return Ok(Some(Point::At(minus(now, span?)?)));
    }
    if let Some(span) = lower.strip_suffix(" ago").and_then(|span| duration(span.trim())) {
        return Ok(Some(Point::At(minus(now, span?)?)));
    }
    // with a time zone: told in UTC from here on
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Some(Point::At(floor(at))));
    }
    let civil = lower.replacen('t', " ", 1);
    let civil = civil.strip_suffix('z').unwrap_or(&civil).trim();
    for format in ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"] {
        if let Ok(at) = DateTime::strptime(format, civil) {
            return Ok(Some(Point::At(utc(at)?)));
        }
    }
    if let Ok(day) = Date::strptime("%Y-%m-%d", civil) {
        return Ok(Some(Point::Day(day)));
    }
    for format in ["%H:%M:%S", "%H:%M"] {
        if let Ok(time) = Time::strptime(format, civil) {
            let at = day.unwrap_or(today).to_datetime(time);
            return Ok(Some(Point::At(utc(at)?)));
        }
    }
    Ok(None)
}

/// A span: `15m`, `1h30m`, `2 hours`. `None` when it does not look like one.
fn duration(text: &str) -> Option<Result<SignedDuration, String>> {
    let mut rest = text.trim();
    if !rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut seconds = 0i64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let each = match unit {
            "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 7 * 86_400,
            "" if number == text.trim() => {
                return Some(Err(format!("'{text}' of what? allowed: {text}m, {text}h, {text}d")));
            }
            _ => return None,
        };
        let part = number.parse::<i64>().ok().and_then(|n| n.checked_mul(each));
        seconds = match part.and_then(|part| seconds.checked_add(part)) {
            Some(sum) => sum,
            None => return Some(Err(too_far())),
        };
        rest = after.trim_start();
    }
    if seconds == 0 {
        return Some(Err(format!("'{text}' is no time at all")));
    }
    Some(Ok(SignedDuration::from_secs(seconds)))
}

fn too_far() -> String {
    "that is further away than calendars go".to_owned()
}

fn minus(at: Timestamp, span: SignedDuration) -> Result<Timestamp, String> {
    at.checked_sub(span).map_err(|_| too_far())
}

fn plus(at: Timestamp, span: SignedDuration) -> Result<Timestamp, String> {
    at.checked_add(span).map_err(|_| too_far())
}

fn utc(civil: DateTime) -> Result<Timestamp, String> {
    let zoned = civil.to_zoned(TimeZone::UTC);
    zoned.map(|zoned| zoned.timestamp()).map_err(|_| too_far())
}

fn floor(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn told(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

impl Window {
    /// The window in full: `2026-11-20 08:00:00Z .. 09:30:00Z`; the second day is left out when it is the first.
    pub fn told(&self) -> String {
        let same =
            self.from.to_zoned(TimeZone::UTC).date() == self.to.to_zoned(TimeZone::UTC).date();
        let to = if same { self.to.strftime("%H:%M:%SZ").to_string() } else { told(self.to) };
        format!("{} .. {to}", told(self.from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-22T06:40:12.5Z";

    fn read(text: &str) -> Result<String, String> {
        let now = NOW.parse().unwrap();
        parse(text, now).map(|window| {
            let at = |at: Timestamp| at.strftime("%d %H:%M:%S").to_string();
            format!("{}..{}", at(window.from), at(window.to))
        })
    }

    #[test]
    fn words_are_windows() {
        for (text, wanted) in [
            ("last 2h", "22 04:40:12..22 06:40:12"),
            ("2h", "22 04:40:12..22 06:40:12"),
            (" Last 90 minutes ", "22 05:10:12..22 06:40:12"),
            ("-1h30m", "22 05:10:12..22 06:40:12"),
            ("1d", "21 06:40:12..22 06:40:12"),
            ("1w", "15 06:40:12..22 06:40:12"),
            ("-15m..now", "22 06:25:12..22 06:40:12"),
            ("-15m..", "22 06:25:12..22 06:40:12"),
            ("2h ago..1h ago", "22 04:40:12..22 05:40:12"),
            ("-2h..-1h", "22 04:40:12..22 05:40:12"),
            ("today", "22 00:00:00..22 06:40:12"),
            ("yesterday", "21 00:00:00..21 23:59:59"),
            ("yesterday..now", "21 00:00:00..22 06:40:12"),
            ("2026-11-20", "20 00:00:00..20 23:59:59"),
            ("2026-11-18..2026-11-20", "18 00:00:00..20 23:59:59"),
            ("2026-11-20 08:00..09:30", "20 08:00:00..20 09:30:00"),
            ("2026-11-20 08:00:05..09:30:10", "20 08:00:05..20 09:30:10"),
            ("2026-11-20T08:00Z..2026-11-21T01:00Z", "20 08:00:00..21 01:00:00"),
            ("2026-11-20 23:00..2026-11-21 01:00", "20 23:00:00..21 01:00:00"),
            ("05:00..06:30", "22 05:00:00..22 06:30:00"),
            ("2026-11-20T08:00:00+02:00..now", "20 06:00:00..22 06:40:12"),
            ("+-15m of 2026-11-20T08:00Z", "20 07:45:00..20 08:15:00"),
            ("±15m of 2026-11-20 08:00", "20 07:45:00..20 08:15:00"),
            ("+/-1h around 05:00", "22 04:00:00..22 06:00:00"),
            ("+-1m of now", "22 06:39:12..22 06:41:12"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_window_says_what_is() {
        for (text, word) in [
            ("", "is empty"),
            ("soon", "last 2h, today"),
            ("2", "of what?"),
            ("last 2", "of what?"),
            ("2 moons", "is no time window"),
            ("0m", "no time at all"),
            ("2026-13-40", "is no time window"),
            ("2026-11-20 08:00", "one moment, not a window"),
            ("08:00", "+-15m of 08:00"),
            ("..now", "no beginning"),
            ("soon..now", "'soon' is no moment"),
            ("-15m..then", "'then' is no moment"),
            ("2026-11-20 09:30..08:00", "ends before it begins"),
            ("23:00..01:00", "both ends want a day"),
            ("+-15m", "a span and a moment"),
            ("+-soon of now", "is no span"),
            ("+-15m of today", "is a day"),
            ("+-15m of then", "is no moment"),
            ("99999999999999999999d", "further away"),
            ("9999999w", "further away"),
        ] {
            let why = read(text).expect_err(text);
            assert!(why.contains(word), "{text}: {why}");
        }
    }

    #[test]
    fn everything_offered_is_a_window_and_so_is_everything_that_is_allowed() {
        for text in OFFERED.into_iter().chain(ALLOWED.split(", ")) {
            assert!(read(text).is_ok(), "{text}: {:?}", read(text));
        }
    }

    #[test]
    fn a_window_is_told_in_full() {
        let now = NOW.parse().unwrap();
        assert_eq!(parse("-15m..now", now).unwrap().told(), "2026-11-22 06:25:12Z .. 06:40:12Z");
        assert_eq!(
            parse("1d", now).unwrap().told(),
            "2026-11-21 06:40:12Z .. 2026-11-22 06:40:12Z"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "\\PC{0,40}") {
            let now = NOW.parse().unwrap();
            if let Ok(window) = parse(&text, now) {
                proptest::prop_assert!(window.from <= window.to);
            }
        }
    }
}
