//! The little language of the filter: `label:drop conf:<60 outlier:yes ip:10.0.0.0/8 age:<4h state:new -rule:SURICATA text`.
//!
//! Words are joined by "and"; a minus before a word turns it round; quotes keep blanks together and take a word as plain
//! text. Pure: an event goes in, yes or no comes out. Nothing here knows the list or the screen.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::api::arcanna::query::FoundEvent;
use crate::api::arcanna::{Decision, EventState};
use crate::api::value::Time;

/// Conditions that all hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Filter {
    text: String,
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq)]
struct Term {
    negated: bool,
    test: Test,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    Less,
    AtMost,
    Equal,
    AtLeast,
    Greater,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    /// The AI's label holds this.
    Label(String),
    /// The label given from here holds this.
    Yours(String),
    /// The confidence in percent.
    Conf(Compare, f64),
    Outlier(bool),
    /// An address among the decision points lies in this network.
    Ip(IpAddr, u8),
    /// How long ago, in seconds.
    Age(Compare, f64),
    State(String),
    Id(String),
    /// A decision point whose name holds the first has a value that holds the second.
    Point(String, String),
    /// Title, id or any decision point holds this.
    Text(String),
}

/// One event, as far as a filter looks at it.
pub(super) struct Subject<'a> {
    pub id: &'a str,
    pub found: Option<&'a FoundEvent>,
    pub decision: Option<&'a Decision>,
    /// The label given from here.
    pub yours: Option<&'a str>,
    pub skipped: bool,
    pub second: bool,
    pub now: Timestamp,
}

impl Filter {
    /// Reads what a person typed.
    ///
    /// # Errors
    /// A word whose value cannot be read: which one, and what it wants.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let terms = words(text)?.into_iter().map(|word| term(&word)).collect::<Result<_, _>>()?;
        Ok(Self { text: text.trim().to_owned(), terms })
    }

    /// What was typed.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it lets everything through.
    pub(super) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The only word of the filter, if it is a single plain one or `id:…`: it may be the id of an event.
    pub(super) fn single(&self) -> Option<&str> {
        match &self.terms[..] {
            [Term { negated: false, test: Test::Text(word) | Test::Id(word) }]
                if !word.contains(char::is_whitespace) =>
            {
                Some(word)
            }
            _ => None,
        }
    }

    /// Whether an event passes.
    pub(super) fn keeps(&self, event: &Subject<'_>) -> bool {
        self.terms.iter().all(|term| term.test.holds(event) != term.negated)
    }
}

/// A word as it was typed: where its key ends is only known where no quote came before the colon.
struct Word {
    negated: bool,
    key: Option<String>,
    value: String,
}

fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.peek().is_none() {
            return Ok(out);
        }
        let negated = chars.next_if_eq(&'-').is_some();
        let (mut key, mut value) = (None, String::new());
        let mut quoted = false;
        while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
            match c {
                '"' => {
                    quoted = true;
                    loop {
                        match chars.next() {
                            Some('"') => break,
                            Some(c) => value.push(c),
                            None => return Err("a quote is not closed".to_owned()),
                        }
                    }
                }
                ':' if key.is_none() && !quoted && is_key(&value) => {
                    key = Some(std::mem::take(&mut value).to_lowercase());
                }
                c => value.push(c),
            }
        }
        out.push(Word { negated, key, value });
    }
}

/// Whether a text can be a name: `2001:db8::1` and `12:30` are values.
fn is_key(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '@')
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@'))
}

fn term(word: &Word) -> Result<Term, String> {
    let value = word.value.trim();
    let lower = value.to_lowercase();
    let wants =
        |what: &str| Err(format!("{}: wants {what}", word.key.as_deref().unwrap_or_default()));
    let test = match word.key.as_deref() {
        None => Test::Text(lower),
        Some("label" | "ai") => Test::Label(lower),
        Some("you" | "mine") => Test::Yours(lower),
        Some("conf") => {
            let (how, rest) = compared(value, Compare::Equal);
            match rest.trim_end_matches('%').parse() {
                Ok(number) => Test::Conf(how, number),
                Err(_) => return wants("a number: conf:<60"),
            }
        }
        Some("outlier") => match lower.as_str() {
            "yes" | "true" | "1" => Test::Outlier(true),
            "no" | "false" | "0" => Test::Outlier(false),
            _ => return wants("yes or no"),
        },
        Some("ip" | "net") => match network(value) {
            Some((address, prefix)) => Test::Ip(address, prefix),
            None => return wants("an address or a network: ip:10.0.0.0/8"),
        },
        Some("age") => {
            let (how, rest) = compared(value, Compare::AtMost);
            match seconds(rest) {
                Some(age) => Test::Age(how, age),
                None => return wants("a time with its unit: age:<4h, age:>2d"),
            }
        }
        Some("state") => Test::State(lower),
        Some("id") => Test::Id(value.to_owned()),
        Some(_) if value.is_empty() => return wants("something to look for"),
        Some(name) => Test::Point(name.to_owned(), lower),
    };
    Ok(Term { negated: word.negated, test })
}

fn compared(text: &str, plain: Compare) -> (Compare, &str) {
    for (sign, how) in [
        ("<=", Compare::AtMost),
        (">=", Compare::AtLeast),
        ("<", Compare::Less),
        (">", Compare::Greater),
        ("=", Compare::Equal),
    ] {
        if let Some(rest) = text.strip_prefix(sign) {
            return (how, rest);
        }
    }
    (plain, text)
}

fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = crate::export::refang(address).parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        Some(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= most)?,
        None => most,
    };
    Some((address, prefix))
}

fn within(address: IpAddr, (net, prefix): (IpAddr, u8)) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)) << 96, 32),
        IpAddr::V6(v6) => (u128::from(v6), 128),
    };
    let ((a, long), (n, net_long)) = (bits(address), bits(net));
    let mask = match prefix {
        0 => 0,
        prefix => u128::MAX << (128 - u32::from(prefix)),
    };
    long == net_long && a & mask == n & mask
}

fn seconds(text: &str) -> Option<f64> {
    let unit = text.chars().next_back()?;
    let factor = match unit.to_ascii_lowercase() {
        's' => 1.0,
        'm' => 60.0,
        'h' => 3_600.0,
        'd' => 86_400.0,
        'w' => 604_800.0,
        _ => return None,
    };
    let number: f64 = text[..text.len() - unit.len_utf8()].parse().ok()?;
    number.is_finite().then_some(number * factor)
}

impl Compare {
    fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Self::Less => a < b,
            Self::AtMost => a <= b,
            Self::Equal => (a - b).abs() < 0.5,
            Self::AtLeast => a >= b,
            Self::Greater => a > b,
        }
    }
}

impl Test {
    fn holds(&self, event: &Subject<'_>) -> bool {
        let holds = |text: Option<&str>, needle: &str| {
            text.is_some_and(|text| text.to_lowercase().contains(needle))
        };
        let points = || event.found.iter().flat_map(|found| &found.decision_points);
        let title = event.found.and_then(|found| found.title.as_deref());
        match self {
            Self::Label(needle) => {
                holds(event.decision.and_then(|decision| decision.label.as_deref()), needle)
            }
            Self::Yours(needle) => holds(event.yours, needle),
            Self::Conf(how, wanted) => event
                .decision
                .and_then(|decision| decision.confidence?.percent())
                .is_some_and(|percent| how.holds(percent, *wanted)),
            Self::Outlier(wanted) => {
                event.decision.is_some_and(|decision| decision.outlier == Some(*wanted))
            }
            Self::Ip(address, prefix) => points().any(|(_, value)| {
                let target = crate::export::classify(value).target();
                target
                    .and_then(|target| target.parse().ok())
                    .is_some_and(|one| within(one, (*address, *prefix)))
            }),
            Self::Age(how, wanted) => {
                event.found.and_then(|found| found.time.as_ref()).and_then(Time::at).is_some_and(
                    |at| how.holds((event.now.as_second() - at.as_second()) as f64, *wanted),
                )
            }
            Self::State(needle) => states(event).any(|state| state.contains(needle.as_str())),
            Self::Id(needle) => event.id.contains(needle.as_str()),
            Self::Point(name, needle) => {
                (name == "rule" && holds(title, needle))
                    || points().any(|(point, value)| {
                        point.to_lowercase().contains(name.as_str())
                            && value.to_lowercase().contains(needle.as_str())
                    })
            }
            Self::Text(needle) => {
                holds(title, needle)
                    || holds(Some(event.id), needle)
                    || points().any(|(_, value)| holds(Some(value), needle))
            }
        }
    }
}

/// All words an event's state can be called by.
fn states<'a>(event: &'a Subject<'_>) -> impl Iterator<Item = String> + 'a {
    let decision = event.decision;
    let own = decision.map(|decision| match &decision.state {
        EventState::Pending => "pending".to_owned(),
        EventState::Error => "error".to_owned(),
        EventState::Ok => "ok".to_owned(),
        EventState::Other(word) => word.to_lowercase(),
    });
    let bucket =
        decision.and_then(|decision| decision.bucket_state.as_deref()).map(str::to_lowercase);
    let known = bucket.as_deref().is_some_and(|state| state != "new");
    let word = |on: bool, word: &str| on.then(|| word.to_owned());
    [
        own,
        bucket,
        word(known, "kb"),
        word(event.skipped, "skipped"),
        word(event.second, "second"),
        word(event.yours.is_some(), "labelled"),
        word(event.yours.is_none(), "unlabelled"),
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    fn kept(filter: &str) -> Vec<usize> {
        let filter = Filter::parse(filter).unwrap();
        let events = testing::events();
        let now = testing::NOW.parse().unwrap();
        (0..events.len())
            .filter(|index| {
                let found = &events[*index];
                filter.keeps(&Subject {
                    id: found.event_id.as_str(),
                    found: Some(found),
                    decision: found.arcanna.as_ref().map(|block| &block.decision),
                    yours: (*index == 1).then_some("Drop"),
                    skipped: *index == 2,
                    second: false,
                    now,
                })
            })
            .collect()
    }

    #[test]
    fn every_word_of_the_language_selects() {
        for (filter, expected) in [
            ("", vec![0, 1, 2, 3]),
            ("label:drop", vec![1]),
            ("-label:drop", vec![0, 2, 3]),
            ("conf:<60", vec![0]),
            ("conf:>=60%", vec![1, 2]),
            ("conf:47", vec![0]),
            ("outlier:yes", vec![2]),
            ("outlier:no -label:escalate", vec![1]),
            ("ip:10.128.0.0/16", vec![0, 1]),
            ("ip:10.128.0.6", vec![0]),
            ("ip:8[.]8[.]8[.]8", vec![0]),
            ("ip:0.0.0.0/0", vec![0, 1, 2]),
            ("ip:2001:db8::/32", vec![3]),
            ("age:<4h", vec![0, 1]),
            ("age:>1d", vec![3]),
            ("state:new", vec![0, 2]),
            ("state:kb", vec![1]),
            ("state:skipped", vec![2]),
            ("you:drop", vec![1]),
            ("-rule:SURICATA conf:>1", vec![1, 2]),
            ("rule:suricata", vec![0]),
            ("destination.port:443", vec![2]),
            ("id:1760", vec![1]),
            ("smb", vec![1]),
            ("\"admin share\"", vec![1]),
            ("rule.name:\"unable to match\"", vec![0]),
            ("\"label:drop\"", vec![]),
            ("-\"admin share\" -suricata", vec![2, 3]),
        ] {
            assert_eq!(kept(filter), expected, "{filter}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_what_it_wants() {
        for (filter, word) in [
            ("conf:high", "a number"),
            ("conf:<", "a number"),
            ("age:4", "unit"),
            ("ip:ten", "address"),
            ("ip:10.0.0.0/40", "network"),
            ("outlier:perhaps", "yes or no"),
            ("title \"open", "quote"),
            ("source.ip:", "something"),
        ] {
            let fault = Filter::parse(filter).unwrap_err();
            assert!(fault.contains(word), "{filter}: {fault}");
        }
    }

    #[test]
    fn one_plain_word_may_be_an_id() {
        let single = |text: &str| Filter::parse(text).unwrap().single().map(str::to_owned);
        assert_eq!(single("615471").as_deref(), Some("615471"));
        assert_eq!(single(" id:ab-CD ").as_deref(), Some("ab-CD"));
        for text in ["two words", "-615471", "\"a b\"", "label:x", ""] {
            assert_eq!(single(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,60}") {
            let _ = Filter::parse(&text);
        }
    }
}
