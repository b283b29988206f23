//! Faults on demand: what goes wrong, where, and how often. The grammar is [`GRAMMAR`]. Faults are applied by the server
//! in front of both products; the products' rooms never know of them.

use std::time::Duration;

use super::rng::Rng;

/// The grammar of a fault, for `--help`.
pub const GRAMMAR: &str = "\
WHAT[@PATH-PREFIX[:METHOD]][,xN][,N%]

  PATH-PREFIX  requests whose path starts with this (default: every request of both products)
  METHOD       only this method, e.g. PUT
  xN           the first N matching requests, then normal
  N%           about N of 100 matching requests

WHAT
  503              this status, any of 400..599, with the body the product or its gateway would send
  429=8            this status with Retry-After: 8
  unauthorized     401
  reset            the connection is reset before any answer; the request is not acted on
  applied502       the request is acted on, the answer is a gateway's 502 page (any status of 400..599)
  appliedreset     the request is acted on, then the connection is reset
  truncated        half of the body, then the connection closes; Content-Length says the whole
  badjson          a complete answer whose JSON text stops half way
  html             200 with the login page (title Log In | Darktrace)
  redirect=login   302 to /login; redirect=403 to /403; redirect=URL to any address
  empty            200 without a body
  slow=MS          the body in 32 pieces, MS milliseconds apart
  latency=MS       the answer MS milliseconds later
  hang             no answer at all
  huge             200 with a JSON body of more than 64 MiB
  gzip             the answer compressed, where the client accepts it
  skew=SECONDS     the server's clock is ahead by this (behind: -SECONDS)

examples: 503@/api/v1/events:PUT,x3   reset@/tags,20%   latency=2000   appliedreset@/api/v1/jobs/1201/train";

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// This status instead of the answer, with `Retry-After` seconds if given.
    Status(u16, Option<u64>),
    /// The connection is reset, nothing done.
    Reset,
    /// Done, but this status is answered.
    Applied(u16),
    /// Done, but the connection is reset.
    AppliedReset,
    /// The body stops half way and the connection closes.
    Truncated,
    /// The JSON text stops half way, the answer does not.
    BadJson,
    /// 200 with the login page.
    Html,
    /// 302 to this address.
    Redirect(String),
    /// 200 and no body.
    Empty,
    /// The body in pieces this far apart.
    Slow(Duration),
    /// The answer this much later.
    Latency(Duration),
    /// No answer.
    Hang,
    /// A body of more than 64 MiB.
    Huge,
    /// A compressed answer.
    Gzip,
    /// The server's clock is ahead by this many seconds.
    Skew(i64),
}

/// One fault: what, where, how often.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    spec: String,
    what: What,
    prefix: String,
    method: Option<String>,
    left: Option<u64>,
    percent: Option<u8>,
}

impl Fault {
    /// The text it was made from.
    pub fn spec(&self) -> &str {
        &self.spec
    }

    /// How many more times it strikes; `None`: without end.
    pub fn left(&self) -> Option<u64> {
        self.left
    }

    fn strikes(&mut self, method: &str, path: &str, dice: &mut Rng) -> bool {
        let here =
            path.starts_with(&self.prefix) && self.method.as_deref().is_none_or(|m| m == method);
        if !here
            || self.left == Some(0)
            || self.percent.is_some_and(|p| dice.below(100) >= usize::from(p))
        {
            return false;
        }
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        true
    }
}

/// What strikes one request: all delays and the skew, and the first of the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strike {
    /// Added to the latency.
    pub delay: Duration,
    /// Seconds the clock is ahead.
    pub skew: i64,
    /// Instead of the plain answer.
    pub what: Option<What>,
}

/// The faults in force, in the order given.
#[derive(Debug)]
pub struct Faults {
    list: Vec<Fault>,
    dice: Rng,
}

impl Faults {
    /// These faults; the seed decides which requests a percentage strikes.
    pub fn new(list: Vec<Fault>, seed: u64) -> Self {
        Self { list, dice: Rng::new(seed, "faults") }
    }

    /// One more.
    pub fn add(&mut self, fault: Fault) {
        self.list.push(fault);
    }

    /// None any more.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// Those in force.
    pub fn list(&self) -> &[Fault] {
        &self.list
    }

    /// What strikes this request; counts it.
    pub fn strike(&mut self, method: &str, path: &str) -> Strike {
        let mut strike = Strike::default();
        for fault in &mut self.list {
            let settled =
                strike.what.is_some() && !matches!(fault.what, What::Latency(_) | What::Skew(_));
            if settled || !fault.strikes(method, path, &mut self.dice) {
                continue;
            }
            match &fault.what {
                What::Latency(delay) => strike.delay += *delay,
                What::Skew(seconds) => strike.skew += seconds,
                other => strike.what = Some(other.clone()),
            }
        }
        strike
    }
}

/// Reads a fault. The error says what is wrong and shows the allowed forms.
pub fn parse_fault(spec: &str) -> Result<Fault, String> {
    read(spec.trim()).map_err(|why| format!("fault {spec:?}: {why}\n\n{GRAMMAR}"))
}

fn read(spec: &str) -> Result<Fault, String> {
    let (mut rest, mut left, mut percent) = (spec, None, None);
    while let Some((before, option)) = rest.rsplit_once(',') {
        if let Some(count) = option.strip_prefix('x').and_then(|n| n.parse::<u64>().ok()) {
            left = Some(count);
        } else if let Some(share) = option.strip_suffix('%').and_then(|n| n.parse::<u8>().ok()) {
            if share > 100 {
                return Err(format!("{share}% is more than always"));
            }
            percent = Some(share);
        } else {
            break;
        }
        rest = before;
    }
    let (what, place) =
        rest.split_once("@/").map_or((rest, None), |(what, place)| (what, Some(place)));
    let (prefix, method) = match place {
        None => ("/".to_owned(), None),
        Some(place) => match place.rsplit_once(':') {
            Some((path, method)) => {
                let method = method.to_ascii_uppercase();
                if !["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"].contains(&method.as_str()) {
                    return Err(format!(
                        "{method:?} is no method: GET, POST, PUT, DELETE, HEAD or PATCH"
                    ));
                }
                (format!("/{path}"), Some(method))
            }
            None => (format!("/{place}"), None),
        },
    };
    Ok(Fault { spec: spec.to_owned(), what: read_what(what)?, prefix, method, left, percent })
}

fn read_what(text: &str) -> Result<What, String> {
    let (name, value) = text.split_once('=').map_or((text, None), |(n, v)| (n, Some(v)));
    let status = |digits: &str| match digits.parse::<u16>() {
        Ok(code @ 400..=599) => Ok(code),
        _ => Err(format!("{digits:?} is no status of 400..599")),
    };
    let whole = |unit: &str| {
        let text = value.ok_or_else(|| format!("{name} needs a value: {name}={unit}"))?;
        text.parse::<u64>().map_err(|_| format!("{text:?} is no whole number ({name}={unit})"))
    };
    let plain = |what: What| match value {
        None => Ok(what),
        Some(value) => Err(format!("{name} takes no value, {value:?} was given")),
    };
    match name {
        "reset" => plain(What::Reset),
        "appliedreset" => plain(What::AppliedReset),
        "truncated" => plain(What::Truncated),
        "badjson" => plain(What::BadJson),
        "html" => plain(What::Html),
        "empty" => plain(What::Empty),
        "hang" => plain(What::Hang),
        "huge" => plain(What::Huge),
        "gzip" => plain(What::Gzip),
        "unauthorized" => plain(What::Status(401, None)),
        "slow" => Ok(What::Slow(Duration::from_millis(whole("MS")?))),
        "latency" => Ok(What::Latency(Duration::from_millis(whole("MS")?))),
        "skew" => match value.map(str::parse::<i64>) {
            Some(Ok(seconds)) if seconds.unsigned_abs() < 1_000_000_000 => Ok(What::Skew(seconds)),
            _ => Err("skew needs whole seconds: skew=95 or skew=-95".to_owned()),
        },
        "redirect" => match value {
            Some("login") => Ok(What::Redirect("/login".to_owned())),
            Some("403") => Ok(What::Redirect("/403".to_owned())),
            Some(url) if url.starts_with('/') || url.contains("://") => {
                Ok(What::Redirect(url.to_owned()))
            }
            _ => Err("redirect needs login, 403 or an address".to_owned()),
        },
        digits if digits.starts_with(|c: char| c.is_ascii_digit()) => {
            let retry = value.map(|_| whole("SECONDS")).transpose()?;
            Ok(What::Status(status(digits)?, retry))
        }
        applied if applied.starts_with("applied") => {
            plain(What::Applied(status(&applied["applied".len()..])?))
        }
        "" => Err("nothing is said to go wrong".to_owned()),
        other => Err(format!("{other:?} is no fault")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(spec: &str) -> What {
        parse_fault(spec).unwrap_or_else(|e| panic!("{e}")).what
    }

    #[test]
    fn reads_every_form_of_the_grammar() {
        assert_eq!(what("503"), What::Status(503, None));
        assert_eq!(what("429=8@/tags"), What::Status(429, Some(8)));
        assert_eq!(what("applied502@/tags/entities:DELETE"), What::Applied(502));
        assert_eq!(
            what("redirect=https://other.example/a,b@c,x1"),
            What::Redirect("https://other.example/a,b@c".into())
        );
        assert_eq!(what("skew=-95"), What::Skew(-95));
        assert_eq!(what("slow=10"), What::Slow(Duration::from_millis(10)));
        for line in
            GRAMMAR.lines().skip_while(|l| *l != "WHAT").skip(1).take_while(|l| !l.is_empty())
        {
            let word =
                line.split_whitespace().next().unwrap().replace("MS", "5").replace("SECONDS", "5");
            what(&word);
        }
    }

    #[test]
    fn says_what_is_wrong_and_what_is_allowed() {
        for bad in [
            "",
            "9",
            "200",
            "slow",
            "slow=x",
            "explode",
            "503@/x:FETCH",
            "503,200%",
            "reset=1",
            "redirect=there",
        ] {
            let error = parse_fault(bad).unwrap_err();
            assert!(error.contains("PATH-PREFIX"), "{error}");
        }
    }

    #[test]
    fn strikes_by_place_method_and_count() {
        let mut faults = Faults::new(vec![parse_fault("503@/api/v1/events:PUT,x2").unwrap()], 1);
        let mut hit = |method: &str, path: &str| faults.strike(method, path).what.is_some();
        assert!(!hit("GET", "/api/v1/events/1/2"));
        assert!(!hit("PUT", "/tags"));
        assert!(hit("PUT", "/api/v1/events/1/2/feedback"));
        assert!(hit("PUT", "/api/v1/events/1/2/feedback"));
        assert!(!hit("PUT", "/api/v1/events/1/2/feedback"));
    }

    #[test]
    fn a_percentage_strikes_about_that_often_and_delays_add_up() {
        let mut faults = Faults::new(vec![parse_fault("reset,20%").unwrap()], 7);
        let hits = (0..1000).filter(|_| faults.strike("GET", "/tags").what.is_some()).count();
        assert!((150..250).contains(&hits), "{hits}");
        let list = ["latency=5", "503", "latency=7@/tags", "skew=3", "404"]
            .map(|s| parse_fault(s).unwrap())
            .to_vec();
        let strike = Faults::new(list, 1).strike("GET", "/tags");
        assert_eq!(
            strike,
            Strike {
                delay: Duration::from_millis(12),
                skew: 3,
                what: Some(What::Status(503, None))
            }
        );
    }
}
