//! What is looked at before something goes on the watched list: each line refanged, typed, compared, and judged.
//!
//! Pure: the list, the look-ups and our own names are handed in. What is refused here cannot be sent; what is doubtful is
//! said. Autonomous response has no place in it.

use std::collections::{HashMap, HashSet};

use crate::api::darktrace::endpoints::Endpoint;
use crate::api::darktrace::watchlist::Watched;
use crate::export::{self, Indicator};
use crate::panes::lookup;
use crate::store::{Remote, Store};

/// Entries from which a second person should look.
pub const MANY: usize = 25;

/// What became of one given text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Goes on the list.
    Good,
    /// Goes on the list; why one should think twice.
    Doubtful(String),
    /// Was given twice; the line it was first given on.
    Twice(usize),
    /// Is there already; until when and why, as far as known.
    There(String),
    /// Is nothing that could be watched; why.
    Invalid(String),
    /// Must not be watched; why.
    Refused(String),
}

/// One given text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its line, from 1.
    pub line: usize,
    /// As it was given.
    pub given: String,
    /// As it will be sent; empty when it is nothing.
    pub entry: String,
    /// What becomes of it.
    pub verdict: Verdict,
    /// What was left away: a port, a path.
    pub left: Option<&'static str>,
}

/// Everything that was given, judged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preflight {
    /// In the order they were given.
    pub checks: Vec<Check>,
}

/// What is known while judging.
#[derive(Debug, Default)]
pub struct Known<'a> {
    /// The whole list, when it was read.
    pub list: Option<&'a [Watched]>,
    /// Our own entries, when they were read.
    pub own: Option<&'a [Watched]>,
    /// Look-ups of the session.
    pub endpoints:
        Option<&'a HashMap<Endpoint, Remote<crate::api::darktrace::endpoints::EndpointReport>>>,
    /// Names of our own devices, in lower case.
    pub devices: HashSet<String>,
    /// Domains that are ours, in lower case.
    pub domains: &'a [String],
}

/// The names of devices the session has met.
pub fn device_names(store: &Store) -> HashSet<String> {
    let single = store.devices.values().filter_map(Remote::value).flatten();
    let found =
        store.device_lists.values().filter_map(Remote::value).flat_map(|page| &page.devices);
    let similar = store.similar.values().filter_map(Remote::value).flatten();
    let tagged =
        store.tagged.values().filter_map(Remote::value).flat_map(|holders| &holders.devices);
    let met = store
        .endpoints
        .values()
        .filter_map(Remote::value)
        .filter_map(|report| report.devices.as_ref())
        .flatten();
    single
        .chain(found)
        .chain(similar)
        .chain(tagged)
        .chain(met)
        .filter_map(|device| device.hostname.as_deref())
        .filter(|name| name.contains('.'))
        .map(str::to_ascii_lowercase)
        .collect()
}

impl Preflight {
    /// Judges everything that was given.
    pub fn of(pasted: &str, known: &Known<'_>) -> Self {
        let mut first: HashMap<String, usize> = HashMap::new();
        let checks = lookup::texts(pasted).map(|(line, given)| {
            let (entry, left, verdict) = match entry_of(given) {
                Ok((entry, left)) => {
                    let verdict = match first.get(&entry) {
                        Some(line) => Verdict::Twice(*line),
                        None => known.judge(&entry),
                    };
                    first.entry(entry.clone()).or_insert(line);
                    (entry, left, verdict)
                }
                Err(verdict) => (String::new(), None, verdict),
            };
            Check { line, given: given.to_owned(), entry, verdict, left }
        });
        Self { checks: checks.collect() }
    }

    /// What goes on the list, in the order it was given.
    pub fn entries(&self) -> Vec<String> {
        let going = self
            .checks
            .iter()
            .filter(|check| matches!(check.verdict, Verdict::Good | Verdict::Doubtful(_)));
        going.map(|check| check.entry.clone()).collect()
    }

    /// How many there are of a kind of verdict.
    pub fn count(&self, is: fn(&Verdict) -> bool) -> usize {
        self.checks.iter().filter(|check| is(&check.verdict)).count()
    }

    /// What to look up: what goes on the list.
    pub fn endpoints(&self) -> Vec<Endpoint> {
        let entries = self.entries();
        entries.iter().filter_map(|entry| lookup::read(entry).ok()).collect()
    }
}

/// The entry a text stands for, and what of the text is left away.
fn entry_of(given: &str) -> Result<(String, Option<&'static str>), Verdict> {
    let indicator = export::classify(given);
    let left = match &indicator {
        Indicator::Url { .. } => Some("its host alone is watched"),
        Indicator::Ip { port: Some(_), .. } | Indicator::Host { port: Some(_), .. } => {
            Some("without the port")
        }
        _ => None,
    };
    match &indicator {
        Indicator::Unknown { why, .. } => Err(Verdict::Invalid((*why).to_owned())),
        Indicator::Email { .. } => {
            Err(Verdict::Invalid("a mail address cannot be watched; its domain can".to_owned()))
        }
        Indicator::Net { .. } if indicator.is_internal() => {
            Err(Verdict::Refused("a range inside the network".to_owned()))
        }
        Indicator::Net { .. } => Err(Verdict::Invalid(
            "a range of addresses cannot be watched; single addresses can".to_owned(),
        )),
        _ => indicator
            .target()
            .map(|entry| (entry, left))
            .ok_or_else(|| Verdict::Invalid("it names nothing to watch".to_owned())),
    }
}

impl Known<'_> {
    fn judge(&self, entry: &str) -> Verdict {
        if export::classify(entry).is_internal() {
            return Verdict::Refused("it is inside the network".to_owned());
        }
        if let Some(domain) = self.domains.iter().find(|domain| {
            entry == domain.as_str()
                || lookup::is_below(entry, domain)
                || lookup::is_below(domain, entry)
        }) {
            return Verdict::Refused(format!("it is ours: {domain}"));
        }
        let device = self
            .devices
            .iter()
            .filter(|name| *name == entry || lookup::is_below(name, entry))
            .min();
        if let Some(device) = device {
            return Verdict::Refused(format!("it is ours: the device {device}"));
        }
        let at = |list: Option<&'_ [Watched]>| {
            let list = list.unwrap_or_default();
            list.iter().find(|one| one.name.eq_ignore_ascii_case(entry)).map(reason)
        };
        if at(self.own).is_some() {
            return Verdict::Doubtful(
                "it is yours already: reason and expiry are replaced".to_owned(),
            );
        }
        if let Some(reason) = at(self.list) {
            return Verdict::There(reason);
        }
        if let Some(popularity) = self.popularity(entry)
            && popularity >= lookup::POPULAR
        {
            return Verdict::Doubtful(format!("popularity {popularity}: much noise"));
        }
        let above = self.list.unwrap_or_default().iter().find(|one| {
            entry.parse::<std::net::IpAddr>().is_err() && lookup::is_below(entry, &one.name)
        });
        match above {
            Some(above) => Verdict::Doubtful(format!(
                "{} is watched, which may cover it",
                export::defang(&above.name)
            )),
            None => Verdict::Good,
        }
    }

    fn popularity(&self, entry: &str) -> Option<f64> {
        let endpoint = lookup::read(entry).ok()?;
        self.endpoints?.get(&endpoint)?.value()?.popularity
    }
}

/// An entry's reason in a few words.
fn reason(entry: &Watched) -> String {
    entry.description.clone().unwrap_or_else(|| "no reason given".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::darktrace::endpoints::EndpointReport;

    fn watched(name: &str) -> Watched {
        Watched { name: name.into(), description: Some("case 1".into()), ..Watched::default() }
    }

    fn verdicts(pasted: &str, known: &Known<'_>) -> Vec<Verdict> {
        let checks = Preflight::of(pasted, known).checks;
        checks.into_iter().map(|check| check.verdict).collect()
    }

    #[test]
    fn what_is_inside_or_ours_is_refused() {
        let domains = ["acme.example".to_owned()];
        let known = Known {
            devices: HashSet::from(["web-02.shop.example".to_owned()]),
            domains: &domains,
            ..Known::default()
        };
        for inside in [
            "10.0.0.1",
            "10.0.0.0/8",
            "10[.]128[.]0[.]6:443",
            "hxxp://192.168.1.1/x",
            "fd00::1",
            "localhost",
            "dc.corp",
            "acme.example",
            "mail.acme.example",
            "web-02.shop.example",
            "shop.example",
        ] {
            let found = verdicts(inside, &known);
            assert!(matches!(found.as_slice(), [Verdict::Refused(_)]), "{inside}: {found:?}");
            assert!(Preflight::of(inside, &known).entries().is_empty());
        }
    }

    #[test]
    fn every_form_becomes_one_entry_and_doubles_are_left_out() {
        let pasted = "# from the report\n\
                      hxxps://cats[.]com/a,b?c\n\
                      8.8.8[.]8:53, cats.com;evil-cdn[.]top\n\
                      n/a\n\
                      user@cats.com\n\
                      8.8.0.0/16";
        let flight = Preflight::of(pasted, &Known::default());
        assert_eq!(flight.entries(), ["cats.com", "8.8.8.8", "evil-cdn.top"]);
        let of = |given: &str| flight.checks.iter().find(|check| check.given == given).unwrap();
        assert_eq!(of("hxxps://cats[.]com/a,b?c").left, Some("its host alone is watched"));
        assert_eq!(of("8.8.8[.]8:53").left, Some("without the port"));
        assert_eq!(of("cats.com").verdict, Verdict::Twice(2));
        assert!(matches!(of("8.8.0.0/16").verdict, Verdict::Invalid(_)));
        assert_eq!(flight.count(|v| matches!(v, Verdict::Twice(_))), 1);
        assert!(matches!(of("user@cats.com").verdict, Verdict::Invalid(_)));
        assert_eq!(of("n/a").line, 4);
    }

    #[test]
    fn what_is_there_already_is_left_out_and_what_is_ours_is_updated() {
        let list = [watched("Cats.com"), watched("evil.top")];
        let own = [watched("evil.top")];
        let known = Known { list: Some(&list), own: Some(&own), ..Known::default() };
        let found = verdicts("cats.com a.cats.com evil.top new.top", &known);
        assert_eq!(found[0], Verdict::There("case 1".into()));
        assert!(matches!(&found[1], Verdict::Doubtful(why) if why.contains("cats[.]com")));
        assert!(matches!(&found[2], Verdict::Doubtful(why) if why.contains("yours already")));
        assert_eq!(found[3], Verdict::Good);
    }

    #[test]
    fn what_everybody_talks_to_is_doubtful() {
        let mut remote = Remote::default();
        let report = EndpointReport { popularity: Some(97.0), ..EndpointReport::default() };
        remote.arrived(report, "2026-11-20T14:05:00Z".parse().unwrap());
        let endpoints = HashMap::from([(Endpoint::Hostname("cats.com".into()), remote)]);
        let known = Known { endpoints: Some(&endpoints), ..Known::default() };
        let found = verdicts("cats.com dogs.com", &known);
        assert!(matches!(&found[0], Verdict::Doubtful(why) if why.contains("97")));
        assert_eq!(found[1], Verdict::Good);
    }

    proptest::proptest! {
        #[test]
        fn nothing_internal_ever_gets_through(text in "[0-9a-f.:/\\[\\]hxtp ,]{0,40}") {
            for entry in Preflight::of(&text, &Known::default()).entries() {
                proptest::prop_assert!(!export::classify(&entry).is_internal(), "{entry}");
                proptest::prop_assert!(!entry.contains([',', ' ', '/']), "{entry}");
            }
        }
    }
}
