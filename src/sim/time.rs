//! The spellings of time the two products use. Inside the simulator a moment is milliseconds since 1970, `Ms`.

use jiff::Timestamp;

/// Milliseconds since 1970-01-01 UTC.
pub type Ms = i64;
/// One minute.
pub const MINUTE: Ms = 60_000;
/// One hour.
pub const HOUR: Ms = 60 * MINUTE;
/// One day.
pub const DAY: Ms = 24 * HOUR;

fn stamp(ms: Ms) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn spell(ms: Ms, form: &str) -> String {
    stamp(ms).strftime(form).to_string()
}

// the products keep microseconds; ours are made up from the milliseconds so that they look like theirs and stay the same
fn micros(ms: Ms) -> i64 {
    ms.rem_euclid(1000) * 1000 + (ms / 7).rem_euclid(1000)
}

/// `2025-07-14T20:34:06.946556Z`
pub fn zulu(ms: Ms) -> String {
    format!("{}.{:06}Z", spell(ms, "%Y-%m-%dT%H:%M:%S"), micros(ms))
}

/// `2025-07-24T15:51:01.731058+00:00`
pub fn offset(ms: Ms) -> String {
    format!("{}.{:06}+00:00", spell(ms, "%Y-%m-%dT%H:%M:%S"), micros(ms))
}

/// `2020-09-14 06:00:00`
pub fn spaced(ms: Ms) -> String {
    spell(ms, "%Y-%m-%d %H:%M:%S")
}

/// `2020-12-31T12:00:00`
pub fn zoneless(ms: Ms) -> String {
    spell(ms, "%Y-%m-%dT%H:%M:%S")
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, for the Date header.
pub fn http_date(ms: Ms) -> String {
    spell(ms, "%a, %d %b %Y %H:%M:%S GMT")
}

/// Reads every spelling a client may send: ISO with or without zone and fraction, blank instead of `T`, a bare date, the
/// compact `20260102T030405`, or milliseconds. A time without zone is UTC.
pub fn parse(text: &str) -> Option<Ms> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if text.len() >= 12 && digits(text) {
        return text.parse().ok();
    }
    let spelled = match text.split_once('T') {
        Some((day, clock))
            if digits(day) && digits(clock) && day.len() == 8 && clock.len() == 6 =>
        {
            format!(
                "{}-{}-{}T{}:{}:{}Z",
                &day[..4],
                &day[4..6],
                &day[6..],
                &clock[..2],
                &clock[2..4],
                &clock[4..]
            )
        }
        Some(_) => format!("{text}Z"),
        None => match text.split_once(' ') {
            Some((day, clock)) => format!("{day}T{clock}Z"),
            None => format!("{text}T00:00:00Z"),
        },
    };
    spelled.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_names_the_same_moment() {
        let at = 1_767_323_045_000;
        for text in [
            "20260102T030405",
            "2026-01-02 03:04:05",
            "2026-01-02T03:04:05.000000+00:00",
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05",
            "2026-01-02T05:04:05+02:00",
            "1767323045000",
        ] {
            assert_eq!(parse(text), Some(at), "{text}");
        }
        assert_eq!(parse("2026-01-02"), Some(at - 3 * HOUR - 4 * MINUTE - 5000));
        assert_eq!(parse("yesterday"), None);
        assert_eq!(spaced(at), "2026-01-02 03:04:05");
        assert_eq!(http_date(at), "Fri, 02 Jan 2026 03:04:05 GMT");
        assert_eq!(parse(&zulu(at + 7)), Some(at + 7));
    }
}
