//! Endpoints as panes speak of them: read from what a person wrote, looked up a few at a time, judged in a word.
//!
//! What a look-up found is in the store; nothing here keeps an answer. Nothing is resolved and nothing is guessed: what
//! was not looked up has no mark.

use std::collections::VecDeque;

use ratatui::style::Style;

use crate::api::Operation;
use crate::api::darktrace::endpoints::{Endpoint, EndpointDetails, EndpointKind, EndpointReport};
use crate::api::darktrace::watchlist::Watched;
use crate::command::{Cx, Prefs};
use crate::export::{self, Indicator};
use crate::job::{Policy, Slot};
use crate::store::{Remote, Store};
use crate::ui::theme::Theme;

/// Popularity up to which an endpoint is called rare. 0 is nobody, 100 everybody.
pub const RARE: f64 = 10.0;

/// Popularity from which watching an endpoint would mean much noise.
pub const POPULAR: f64 = 50.0;

/// Score from which a name is called generated.
pub const GENERATED: f64 = 50.0;

/// Endpoints one batch takes.
pub const BATCH: usize = 50;

/// Look-ups of a batch under way at a time.
const AT_ONCE: usize = 2;

/// The page of a model breach in Darktrace: `<base>/#modelbreach/<pbid>` (contract: the two connectors' form). It is the
/// only link to a product whose form is known. `None` without an address.
pub fn breach_link(prefs: &Prefs, pbid: i64) -> Option<String> {
    let base = prefs.darktrace_url.as_deref()?.trim_end_matches('/');
    Some(format!("{base}/#modelbreach/{pbid}"))
}

/// Reads what a person typed or pasted: `hxxp://cats[.]com/a`, `8.8.8[.]8:443`, `[2001:db8::1]`.
///
/// # Errors
/// Why it is no endpoint, in words.
pub fn read(text: &str) -> Result<Endpoint, String> {
    let indicator = export::classify(text);
    let address = |target: &String| target.parse::<std::net::IpAddr>().is_ok();
    match (&indicator, indicator.target()) {
        (Indicator::Unknown { text, why }, _) => {
            Err(format!("'{text}' is no address, host name or URL: {why}"))
        }
        (Indicator::Email { .. }, _) => {
            Err("a mail address is no endpoint; look up its domain".to_owned())
        }
        (_, None) => Err("a range of addresses is no endpoint; look up one address".to_owned()),
        (_, Some(target)) if address(&target) => Ok(Endpoint::Ip(target)),
        (_, Some(target)) => Ok(Endpoint::Hostname(target)),
    }
}

/// An endpoint's text and what it is.
pub fn named(endpoint: &Endpoint) -> (&str, &'static str) {
    match endpoint {
        Endpoint::Ip(text) => (text, "IP"),
        Endpoint::Hostname(text) => (text, "hostname"),
    }
}

/// An indicator as it is shown: defanged when it lies outside, as it stands when it is one of ours.
pub fn shown(text: &str) -> String {
    let indicator = export::classify(text);
    if indicator.is_internal() { text.to_owned() } else { indicator.defanged() }
}

/// The query of advanced search that finds what talked to something, in any form a person wrote it. A name is looked for
/// in every field: which of them hold names differs by protocol.
pub fn query(text: &str) -> Option<String> {
    Some(match read(text).ok()? {
        Endpoint::Ip(ip) => format!("@fields.dest_ip:\"{ip}\""),
        Endpoint::Hostname(name) => format!("\"{name}\""),
    })
}

/// The texts of what was pasted, with their lines from 1: one a line, or several with blanks or commas between. `#` begins
/// a line of remarks.
pub fn texts(pasted: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = pasted.lines().enumerate();
    lines.filter(|(_, line)| !line.trim_start().starts_with('#')).flat_map(|(index, line)| {
        line.split_whitespace()
            .flat_map(|word| {
                // A comma inside a URL belongs to it.
                let whole = word.contains('/');
                word.split(move |c| !whole && matches!(c, ',' | ';'))
            })
            .filter(|text| !text.is_empty())
            .map(move |text| (index + 1, text))
    })
}

/// The largest file of indicators, in bytes.
const FILE_MAX: u64 = 1024 * 1024;

/// Reads a file of indicators a person named; `~/` is their home.
///
/// # Errors
/// Why it cannot be read, in words.
pub fn read_file(path: &str) -> Result<String, String> {
    let path = match path.strip_prefix("~/") {
        Some(rest) => {
            std::env::var_os("HOME").map(std::path::PathBuf::from).unwrap_or_default().join(rest)
        }
        None => path.into(),
    };
    let facts = std::fs::metadata(&path).map_err(|error| error.to_string())?;
    if !facts.is_file() {
        return Err("it is not a plain file".to_owned());
    }
    if facts.len() > FILE_MAX {
        return Err("it is larger than 1 MiB".to_owned());
    }
    std::fs::read_to_string(&path).map_err(|error| error.to_string())
}

/// Which parts of an answer are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flags {
    /// Addresses and places.
    pub info: bool,
    /// Devices that connected to it.
    pub devices: bool,
    /// Popularity and the score for generated names.
    pub score: bool,
}

impl Default for Flags {
    fn default() -> Self {
        Self { info: true, devices: true, score: true }
    }
}

/// The look-up of an endpoint.
pub fn details(endpoint: Endpoint, flags: Flags) -> EndpointDetails {
    EndpointDetails {
        endpoint,
        additional_info: flags.info,
        devices: flags.devices,
        score: flags.score,
    }
}

/// Where a look-up runs, to cancel it.
pub fn slot(details: &EndpointDetails) -> Option<Slot> {
    let call = details.call().ok()?;
    Some(Slot::new(format!("{} {}", call.product, call)))
}

/// The answer of a look-up, if there is one.
pub fn report<'a>(store: &'a Store, endpoint: &Endpoint) -> Option<&'a EndpointReport> {
    store.endpoints.get(endpoint).and_then(Remote::value)
}

/// What a look-up found, in a word each, with its style: `RARE`, `dga 87`, `internal`.
pub fn verdict(report: &EndpointReport, theme: &Theme) -> Vec<(String, Style)> {
    let mut words = Vec::new();
    match report.kind {
        EndpointKind::InternalIp => words.push(("internal".to_owned(), theme.dim)),
        EndpointKind::Unknown => words.push(("unknown here".to_owned(), theme.warn)),
        EndpointKind::Hostname | EndpointKind::ExternalIp => match report.popularity {
            Some(popularity) if popularity <= RARE => words.push(("RARE".to_owned(), theme.warn)),
            Some(_) => words.push(("common".to_owned(), theme.dim)),
            None => {}
        },
    }
    if let Some(score) = report.dga_score.filter(|score| *score >= GENERATED) {
        words.push((format!("dga {score}"), theme.warn));
    }
    words
}

/// What the session knows of an endpoint: the look-up's verdict and whether it is watched.
pub fn marks(store: &Store, endpoint: &Endpoint, theme: &Theme) -> Vec<(String, Style)> {
    let mut words = report(store, endpoint).map_or_else(Vec::new, |found| verdict(found, theme));
    if watched(store, named(endpoint).0).is_some_and(|entry| entry.is_some()) {
        words.push(("watched".to_owned(), theme.bad));
    }
    words
}

/// The entry of the watched list that covers a name: itself, or a domain above it. `None` when the list was not read.
pub fn watched<'a>(store: &'a Store, name: &str) -> Option<Option<&'a Watched>> {
    let list = store.watch_lists.get(&None).and_then(Remote::value)?;
    let covers = |entry: &&Watched| {
        let entry = &entry.name;
        name.eq_ignore_ascii_case(entry)
            || (name.parse::<std::net::IpAddr>().is_err() && is_below(name, entry))
    };
    let exact = list.iter().find(|entry| entry.name.eq_ignore_ascii_case(name));
    Some(exact.or_else(|| list.iter().find(covers)))
}

/// Whether a name lies below a domain: `a.cats.com` below `cats.com`.
pub fn is_below(name: &str, domain: &str) -> bool {
    let (name, domain) = (name.to_ascii_lowercase(), domain.to_ascii_lowercase());
    name.strip_suffix(&domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

/// Look-ups of many endpoints, two at a time, until all have an answer or they are stopped.
#[derive(Debug, Default)]
pub struct Batch {
    waiting: VecDeque<Endpoint>,
    live: Vec<Endpoint>,
}

impl Batch {
    /// Begins anew with these; what already has an answer is not asked again.
    pub fn start(&mut self, endpoints: impl IntoIterator<Item = Endpoint>, cx: &mut Cx<'_>) {
        self.stop(cx);
        self.waiting = endpoints.into_iter().collect();
        self.step(cx);
    }

    /// Goes on: to be called whenever something landed.
    pub fn step(&mut self, cx: &mut Cx<'_>) {
        self.live.retain(|endpoint| {
            cx.store.endpoints.get(endpoint).is_some_and(|remote| remote.pending)
        });
        while self.live.len() < AT_ONCE {
            let Some(endpoint) = self.waiting.pop_front() else {
                return;
            };
            if report(cx.store, &endpoint).is_some() {
                continue;
            }
            cx.store.ask(details(endpoint.clone(), Flags::default()), Policy::Join, cx.now);
            // What could not be sent has failed at once and is not awaited.
            let pending = cx.store.endpoints.get(&endpoint);
            if pending.is_some_and(|remote| remote.pending) {
                self.live.push(endpoint);
            }
        }
    }

    /// Whether look-ups wait or are under way.
    pub fn is_running(&self) -> bool {
        !self.waiting.is_empty() || !self.live.is_empty()
    }

    /// Whether this one waits for its turn.
    pub fn waits(&self, endpoint: &Endpoint) -> bool {
        self.waiting.contains(endpoint)
    }

    /// How many have no answer yet.
    pub fn left(&self) -> usize {
        self.waiting.len() + self.live.len()
    }

    /// Forgets what waits; what is under way goes on.
    pub fn forget(&mut self) {
        self.waiting.clear();
    }

    /// Stops: what waits is not asked, what is under way is cancelled.
    pub fn stop(&mut self, cx: &mut Cx<'_>) {
        self.waiting.clear();
        for endpoint in self.live.drain(..) {
            if let Some(slot) = slot(&details(endpoint, Flags::default())) {
                cx.store.cancel(&slot);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_form_is_refanged_and_typed() {
        let host = |text: &str| Ok(Endpoint::Hostname(text.into()));
        let ip = |text: &str| Ok(Endpoint::Ip(text.into()));
        for (text, wanted) in [
            ("cats.com", host("cats.com")),
            ("hxxp://cats[.]com/a?b", host("cats.com")),
            ("https://8.8.8[.]8:8443/x", ip("8.8.8.8")),
            (" 8.8.8.8:443 ", ip("8.8.8.8")),
            ("[2001:db8::1]:443", ip("2001:db8::1")),
            ("2001:db8::1", ip("2001:db8::1")),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
        for bad in ["", "a b", "not a host!", "1.2.3.999"] {
            assert!(read(bad).is_err(), "{bad:?} -> {:?}", read(bad));
        }
    }

    #[test]
    fn a_domain_covers_what_is_below_it_and_no_other() {
        assert!(is_below("a.cats.com", "Cats.com"));
        assert!(!is_below("cats.com", "cats.com"));
        assert!(!is_below("wildcats.com", "cats.com"));
        assert!(!is_below(".cats.com", "cats.com"));
    }

    #[test]
    fn a_breach_has_a_page_where_there_is_an_address() {
        let mut prefs = crate::panes::testing::prefs();
        assert_eq!(breach_link(&prefs, 103), None);
        prefs.darktrace_url = Some("https://dt.example/".into());
        assert_eq!(
            breach_link(&prefs, 103).as_deref(),
            Some("https://dt.example/#modelbreach/103")
        );
    }
}
