//! What each kind of setting accepts. A parser takes a value as written and says what it means, or what would be accepted.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::place::nearest;
use super::tree::Data;

/// Why a value is not accepted.
pub struct Bad {
    /// What is wrong, where "… is not accepted" would not do. Must not repeat a value that may hold a secret.
    pub what: Option<String>,
    /// What is accepted.
    pub allowed: String,
    /// The word that was probably meant.
    pub nearest: Option<String>,
}

impl Bad {
    /// Names what is accepted.
    pub fn allowed(allowed: impl Into<String>) -> Self {
        Self { what: None, allowed: allowed.into(), nearest: None }
    }

    /// Says in its own words what is wrong.
    pub fn what(what: impl Into<String>, allowed: impl Into<String>) -> Self {
        Self { what: Some(what.into()), ..Self::allowed(allowed) }
    }
}

/// True or false.
pub fn truth(data: &Data) -> Result<bool, Bad> {
    match data {
        Data::Bool(truth) => Ok(*truth),
        _ => Err(Bad::allowed("true or false")),
    }
}

/// A line of text: not empty, no control characters.
pub fn line(data: &Data) -> Result<String, Bad> {
    let allowed = "a line of text in quotes, not empty, without control characters";
    match data {
        Data::Text(text) if text.trim().is_empty() => Err(Bad::allowed(allowed)),
        Data::Text(text) if text.chars().any(char::is_control) => {
            Err(Bad::what("it holds a control character", allowed))
        }
        Data::Text(text) => Ok(text.clone()),
        _ => Err(Bad::allowed(allowed)),
    }
}

/// A key or token. The refusal never repeats it.
pub fn secret(data: &Data) -> Result<String, Bad> {
    let allowed = "text in quotes, visible ASCII characters without blanks";
    match data {
        Data::Text(text) if text.is_empty() => Err(Bad::what("it is empty", allowed)),
        Data::Text(text) => match text.chars().position(|c| !c.is_ascii_graphic()) {
            None => Ok(text.clone()),
            Some(index) => Err(Bad::what(
                format!("its character {} cannot be sent in a header", index + 1),
                allowed,
            )),
        },
        _ => Err(Bad::what("it is not text", allowed)),
    }
}

/// An integer within limits.
pub fn integer<T>(
    range: RangeInclusive<i64>,
    what: &'static str,
) -> impl Fn(&Data) -> Result<T, Bad>
where
    T: TryFrom<i64>,
{
    move |data| {
        let allowed = || match *range.end() {
            i64::MAX => format!("{what}: a whole number from {}", range.start()),
            end => format!("{what}: a whole number from {} to {end}", range.start()),
        };
        match data {
            Data::Integer(number) if range.contains(number) => {
                T::try_from(*number).map_err(|_| Bad::allowed(allowed()))
            }
            _ => Err(Bad::allowed(allowed())),
        }
    }
}

/// Milliseconds, 0 to a minute.
pub fn millis(data: &Data) -> Result<Duration, Bad> {
    integer::<u64>(0..=60_000, "milliseconds, 0 turns it off")(data).map(Duration::from_millis)
}

/// Units of time a person writes. Months and years are counted as 30 and 365 days.
const UNITS: [(&[&str], u64); 8] = [
    (&["ms", "millisecond", "milliseconds"], 1),
    (&["s", "sec", "second", "seconds"], 1_000),
    (&["m", "min", "minute", "minutes"], 60_000),
    (&["h", "hour", "hours"], 3_600_000),
    (&["d", "day", "days"], 86_400_000),
    (&["w", "week", "weeks"], 7 * 86_400_000),
    (&["month", "months"], 30 * 86_400_000),
    (&["y", "year", "years"], 365 * 86_400_000),
];

/// Reads `30s`, `500 ms`, `1 day`, `3 months`.
pub fn time_span(text: &str) -> Option<Duration> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..split].parse().ok()?;
    let unit = text[split..].trim().to_lowercase();
    let (_, factor) = UNITS.iter().find(|(names, _)| names.contains(&unit.as_str()))?;
    number.checked_mul(*factor).map(Duration::from_millis)
}

/// A length of time within limits, given in the form it is written in: `duration("1s", "10 minutes")`.
pub fn duration(
    least: &'static str,
    most: &'static str,
) -> impl Fn(&Data) -> Result<Duration, Bad> {
    move |data| {
        let refuse = || {
            Bad::allowed(format!(
                "a number and a unit in quotes, from \"{least}\" to \"{most}\" (units: ms, s, m, h, days, weeks, months)"
            ))
        };
        let Data::Text(text) = data else {
            return Err(refuse());
        };
        let span = time_span(text).ok_or_else(refuse)?;
        let within = time_span(least).is_some_and(|least| span >= least)
            && time_span(most).is_some_and(|most| span <= most);
        if within { Ok(span) } else { Err(refuse()) }
    }
}

/// One of a few words.
pub fn word<T>(data: &Data) -> Result<T, Bad>
where
    T: FromStr + strum::VariantNames,
{
    let refuse = |nearest| Bad {
        what: None,
        allowed: format!("one of: {}", T::VARIANTS.join(", ")),
        nearest,
    };
    match data {
        Data::Text(text) => {
            text.parse().map_err(|_| refuse(nearest(text, T::VARIANTS.iter().copied())))
        }
        _ => Err(refuse(None)),
    }
}

/// A path; a leading `~/` stands for the home folder.
pub fn path(data: &Data) -> Result<PathBuf, Bad> {
    let text = line(data).map_err(|bad| Bad {
        allowed: "a path in quotes; ~/ stands for the home folder".to_owned(),
        ..bad
    })?;
    match text.strip_prefix("~/") {
        None => Ok(PathBuf::from(text)),
        Some(rest) => std::env::home_dir().map(|home| home.join(rest)).ok_or_else(|| {
            Bad::what("the home folder is not known (HOME is not set)", "a full path")
        }),
    }
}

/// The address of a server: scheme, host, port, and a path where it lives behind one. No trailing slash is kept.
pub fn server(data: &Data) -> Result<String, Bad> {
    let allowed = "an address in quotes such as \"https://host\", \"https://host:8443\" or \"https://host/path\"";
    let Data::Text(text) = data else {
        return Err(Bad::allowed(allowed));
    };
    let text = text.trim();
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| {
            let head = text.get(..scheme.len())?;
            head.eq_ignore_ascii_case(scheme).then(|| &text[scheme.len()..])
        })
        .ok_or_else(|| {
            let what = if text.contains("://") {
                "its scheme is neither https nor http"
            } else {
                "it does not start with https://"
            };
            Bad::what(what, allowed)
        })?;
    let host = rest.split('/').next().unwrap_or_default();
    if rest.contains('@') {
        return Err(Bad::what(
            "it holds a user name or password, which belong in the credentials",
            allowed,
        ));
    }
    if rest.contains(['?', '#']) {
        return Err(Bad::what("it holds a query or fragment", allowed));
    }
    if rest.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err(Bad::what("it holds a blank or a character no address has", allowed));
    }
    let name_end = match host.strip_prefix('[') {
        Some(v6) => v6.find(']').map(|end| end + 2),
        None => Some(host.find(':').unwrap_or(host.len())),
    };
    let Some(name_end) = name_end.filter(|end| *end > 0 && host != "[]") else {
        return Err(Bad::what("it has no host", allowed));
    };
    match host[name_end..].strip_prefix(':') {
        Some(port) if port.parse::<u16>().is_ok_and(|port| port > 0) => {}
        None if host[name_end..].is_empty() => {}
        _ => {
            return Err(Bad::what("its port is not a number from 1 to 65535", allowed));
        }
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Hides what stands between `//` and `@`: the password of a proxy must not be shown.
pub fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => {
            format!("{}://…@{}", &url[..scheme], &url[at + 1..])
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Data {
        Data::Text(text.to_owned())
    }

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (written, ms) in [
            ("500ms", 500),
            ("5s", 5_000),
            ("10 s", 10_000),
            ("2 minutes", 120_000),
            ("1 day", 86_400_000),
            ("3 Months", 90 * 86_400_000),
        ] {
            assert_eq!(time_span(written), Some(Duration::from_millis(ms)), "{written}");
        }
        for bad in [
            "",
            "5",
            "s",
            "-1s",
            "1.5s",
            "1 fortnight",
            "99999999999999999999s",
            "18446744073709551615y",
        ] {
            assert_eq!(time_span(bad), None, "{bad}");
        }
    }

    #[test]
    fn addresses_are_checked_and_never_hold_credentials() {
        for (good, kept) in [
            ("https://a.example", "https://a.example"),
            ("https://a.example/", "https://a.example"),
            ("HTTPS://a.example:8443/arc//", "HTTPS://a.example:8443/arc"),
            ("http://[::1]:80", "http://[::1]:80"),
        ] {
            assert_eq!(server(&text(good)).ok().as_deref(), Some(kept));
        }
        for bad in [
            "a.example",
            "ftp://a",
            "https://",
            "https:///x",
            "https://:80",
            "https://[]",
            "https://[::1",
            "https://[::1]x",
            "https://a:0",
            "https://a:99999",
            "https://u:p@a",
            "https://a?x",
            "https://a b",
        ] {
            assert!(server(&text(bad)).is_err(), "{bad}");
        }
        let refused = server(&text("https://u:hunter2@a")).err().unwrap();
        assert!(refused.what.unwrap().contains("password"));
        assert_eq!(without_password("http://u:hunter2@proxy:3128"), "http://…@proxy:3128");
    }

    #[test]
    fn secrets_must_fit_a_header() {
        assert_eq!(secret(&text("aZ09-_=")).ok().as_deref(), Some("aZ09-_="));
        for bad in ["", "a b", "a\n", "schlüssel"] {
            let refused = secret(&text(bad)).err().unwrap();
            assert!(bad.is_empty() || !refused.what.unwrap().contains(bad));
        }
    }
}
