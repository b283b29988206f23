//! Times in answers: the `Date` and `Retry-After` headers, read against a clock that is handed in.
//! Reads no clock itself.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// The longest `Retry-After` that is believed: a larger one would be a way to switch the console off.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// An HTTP date, `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text.trim()).ok()
}

/// Our clock minus the server's, in whole seconds.
pub(super) fn skew_s(date: Option<&str>, now: Timestamp) -> Option<i64> {
    Some(now.as_second() - http_date(date?)?.as_second())
}

/// How long `Retry-After` asks to wait: seconds, or a date, which is measured by the server's own clock where it told it.
pub(super) fn retry_after(text: &str, skew_s: Option<i64>, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Only too many digits can fail here.
        text.parse().map_or(LONGEST_WAIT, Duration::from_secs)
    } else {
        let server_now = now.as_second() - skew_s.unwrap_or(0);
        let seconds = http_date(text)?.as_second() - server_now;
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn skew_is_ours_minus_theirs() {
        assert_eq!(skew_s(Some(DATE), at(784_111_777 + 95)), Some(95));
        assert_eq!(skew_s(Some(DATE), at(784_111_777 - 95)), Some(-95));
        assert_eq!(skew_s(Some("yesterday"), at(0)), None);
        assert_eq!(skew_s(None, at(0)), None);
    }

    #[test]
    fn retry_after_takes_both_forms() {
        let now = at(784_111_777);
        let seconds = |text, skew| retry_after(text, skew, now).map(|wait| wait.as_secs());
        assert_eq!(seconds(" 7 ", None), Some(7));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:47 GMT", None), Some(10));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:27 GMT", None), Some(0));
        // our clock is 60 s ahead: by the server's clock the date is 70 s away
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:47 GMT", Some(60)), Some(70));
        assert_eq!(seconds("99999999999999999999999", None), Some(86_400));
        assert_eq!(seconds("soon", None), None);
        assert_eq!(seconds("-1", None), None);
        assert_eq!(seconds("", None), None);
    }
}
