//! The words for every cause: what happened, why, what to do next. Plain, calm, precise.
//! Foreign words are quoted short and not yet cleaned for a terminal; no secret can reach this place.

use std::time::Duration;

use super::{ApiError, Cause, Explained, NotJson, Redirect, cut};
use crate::api::{Kind, Product};

/// Skews below this are no explanation for anything: the `Date` header has whole seconds and travels.
const NOTABLE_SKEW_S: u64 = 5;

pub(super) fn explain(error: &ApiError) -> Explained {
    let t = Teller::new(error);
    let (who, to, status) = (&t.who, &t.to, &t.status);
    match &*error.cause {
        Cause::NotConfigured => told(
            format!("{who} is not set up."),
            "No address or credentials are configured for it.",
            format!(
                "Run `socdeck init`, or set SOCDECK_{}_URL and its credentials.",
                who.to_uppercase()
            ),
        ),
        Cause::Misconfigured(why) => told(
            format!("The settings for {who} cannot be used: {}.", cut(why)),
            "",
            "Correct them (`socdeck config path` names the file, `socdeck config check` reads it), then try again.",
        ),
        Cause::BadInput(bad) => told(
            format!("The {}{} cannot be sent: {}.", bad.what, quoted(&bad.value), bad.why),
            "It was refused here; nothing was sent.",
            "Correct it and try again.",
        ),
        Cause::Unresolved(host) => told(
            format!("{who}'s host name has no address: {}.", cut(host)),
            "The name is misspelt, or this machine's name service does not know it (VPN off?).",
            "Check the URL in the settings and the VPN, then try again.",
        ),
        Cause::Unreachable(why) => told(
            format!("{who} cannot be reached: {}.", cut(why)),
            "Nothing was sent.",
            "Check address, port, VPN and proxy; `socdeck doctor` tests each step.",
        ),
        Cause::Tls(why) => told(
            format!("The connection to {who} is not trusted: {}.", cut(why)),
            "Nothing was sent: without trust the credentials would be at risk.",
            "Set ca_file to the authority's PEM file, or correct the server's certificate or the URL; `insecure = true` switches the check off for this product.",
        ),
        Cause::Unpinned(key) => told(
            format!("{who} presents a valid certificate that pin_sha256 does not name."),
            format!(
                "Nothing was sent. The sum of its public key is {key}. Either its key was replaced, or something else answers in its place."
            ),
            "Ask whoever runs it whether that is its key now; only then put the sum into pin_sha256.",
        ),
        Cause::ConnectTimeout(limit) => told(
            format!("{who} did not accept a connection within {}.", span(*limit)),
            "Nothing was sent. Often a firewall drops the packets, or the VPN is off.",
            "Check address, port and VPN, then try again.",
        ),
        Cause::AnswerTimeout(limit) => told(
            format!("{who} did not answer{to} within {}.", span(*limit)),
            "The request was sent; the server may still be working on it.",
            t.unknown("Try again, perhaps with a smaller range."),
        ),
        Cause::Broken(why) => told(
            format!("The connection to {who} broke: {}.", cut(why)),
            "The request may have been sent; no whole answer arrived.",
            t.unknown("Try again."),
        ),
        Cause::TooLarge(cap) => told(
            format!("{who}'s answer{to} is larger than {}.", size(*cap)),
            "It was not read to its end.",
            t.unknown("Ask for less: a shorter time range, fewer rows."),
        ),
        Cause::Redirect(redirect) => t.redirect(redirect),
        Cause::Credentials(words) => t.credentials(words),
        Cause::Clock => t.date(),
        Cause::Forbidden(words) => told(
            format!("{who} does not permit this request{}{status}.", t.named()),
            says(words),
            "The credentials were accepted, the permission or licence is missing: ask the administrator.",
        ),
        Cause::NotFound(words) => told(
            format!("{who} does not know what was asked for{status}."),
            says(words),
            "Check the id or name; if nothing at all is found, check the path in the URL of the settings.",
        ),
        Cause::Invalid(lines) => told(
            format!("{who} does not accept the arguments{}{status}.", t.named()),
            says(&lines.join("; ")),
            "Correct what it names and try again.",
        ),
        Cause::Limited(wait) => told(
            format!("{who} receives too many requests{status}."),
            match wait {
                Some(wait) => format!("It asks to wait {}.", span(*wait)),
                None => "It did not say how long to wait.".into(),
            },
            "Wait, then try again.",
        ),
        Cause::Server(words, wait) => told(
            format!("{who} failed while handling the request{}{status}.", t.named()),
            says(words),
            match wait {
                Some(wait) => t.unknown(&format!("Try again in {}.", span(*wait))),
                None => t.unknown("Try again later."),
            },
        ),
        Cause::Status(words) => told(
            format!("{who} refused the request{}{status}.", t.named()),
            says(words),
            "Check the URL in the settings and what the server says.",
        ),
        Cause::NotJson(what) => t.not_json(*what),
        Cause::Truncated => told(
            format!("{who}'s answer{to} stops in the middle."),
            "The server, or something in between, cut it off.",
            t.unknown("Try again."),
        ),
        Cause::Unexpected { at, why } => told(
            match at.as_str() {
                "." => format!("{who}'s answer{to} has another form than documented."),
                _ => {
                    format!("{who}'s answer{to} has another form than documented, at {}.", cut(at))
                }
            },
            cut(why),
            t.unknown(
                "The server may be newer or older than this program knows: please report it.",
            ),
        ),
        Cause::Refused(words) => told(
            format!("{who} said no{to}: {}.", cut(words).trim_end_matches('.')),
            "",
            "Correct what it names and try again.",
        ),
        Cause::Cancelled => told(
            format!("The request{} was cancelled.", t.named()),
            "",
            t.unknown("Ask again when you need it."),
        ),
        Cause::Crashed(why) => told(
            format!("The program failed while handling the request{}.", t.named()),
            cut(why),
            t.unknown("This is a fault of socdeck: please report it with the log file."),
        ),
    }
}

/// Who and what an error is about, in words.
struct Teller<'a> {
    error: &'a ApiError,
    /// `Arcanna`, `Darktrace` or `The server`.
    who: String,
    /// ` (HTTP 502)` or nothing.
    status: String,
    /// ` to “jobs”` or nothing.
    to: String,
}

impl<'a> Teller<'a> {
    fn new(error: &'a ApiError) -> Self {
        let name = cut(&error.name);
        Self {
            error,
            who: match error.product {
                Some(product) => product.to_string(),
                None => "The server".into(),
            },
            status: match error.status {
                Some(status) => format!(" (HTTP {status})"),
                None => String::new(),
            },
            to: if name.is_empty() { String::new() } else { format!(" to “{name}”") },
        }
    }

    /// ` “jobs”` or nothing.
    fn named(&self) -> &str {
        self.to.strip_prefix(" to").unwrap_or_default()
    }

    fn darktrace(&self) -> bool {
        self.error.product == Some(Product::Darktrace)
    }

    /// `your clock is 95 s behind its clock`, when that is worth telling.
    fn clock(&self) -> Option<String> {
        let skew = self.error.skew_s?;
        let size = skew.unsigned_abs();
        let way = if skew < 0 { "behind" } else { "ahead of" };
        (size >= NOTABLE_SKEW_S).then(|| format!("your clock is {size} s {way} its clock"))
    }

    /// What to do when a change may or may not have been made; a read changes nothing.
    fn unknown(&self, next: &str) -> String {
        if self.error.kind == Kind::Read {
            return next.to_owned();
        }
        format!("{next} If this was a change, look whether it was made before you repeat it.")
    }

    fn redirect(&self, redirect: &Redirect) -> Explained {
        let (who, request) = (&self.who, self.named());
        let unsent = "It was not followed, so the credentials stayed here.";
        match redirect {
            Redirect::Login => told(
                format!("{who} sends the request{request} to its log-in page."),
                "The signature is fine, but this address is not open to API tokens.",
                "Check the version and licence of the appliance, and whether the URL is that of the master.",
            ),
            Redirect::Denied => told(
                format!("{who} denies the request{request}."),
                "The signature is fine; the user the token belongs to lacks the permission.",
                "Ask the administrator for this permission, or use a token of a user who has it.",
            ),
            Redirect::SameOrigin(path) => told(
                format!("{who} redirects the request{request} to {}.", cut(path)),
                unsent,
                "Check the URL in the settings: probably a path before the API's own is missing, or too much.",
            ),
            Redirect::OtherOrigin(origin) => told(
                format!("{who} redirects the request{request} to another server, {}.", cut(origin)),
                unsent,
                "If that server is the right one, put it into the settings; if not, something in between (proxy, single sign-on) interferes.",
            ),
            Redirect::Downgrade(origin) => told(
                format!(
                    "{who} redirects the request{request} from https to unencrypted http, {}.",
                    cut(origin)
                ),
                unsent,
                "The reverse proxy before the server is set up wrongly: it must keep https in its redirects.",
            ),
            Redirect::Nowhere => told(
                format!(
                    "{who} redirects the request{request} without a usable address{}.",
                    self.status
                ),
                unsent,
                "Check the URL in the settings, and what stands between.",
            ),
        }
    }

    fn credentials(&self, words: &str) -> Explained {
        let (who, status) = (&self.who, &self.status);
        if !self.darktrace() {
            return told(
                format!("{who} did not accept the API key{status}."),
                says(words),
                "Check the API key: it must be pasted whole, still be valid, and be attached to the job's input.",
            );
        }
        let clock = self.clock().map(|clock| format!("Besides, {clock}."));
        let why = [says(words), clock.unwrap_or_default()];
        told(
            format!("{who} did not accept the tokens or the signature{status}."),
            why.join(" ").trim(),
            "Check the public and the private token: they must belong together, and each must be pasted whole.",
        )
    }

    fn date(&self) -> Explained {
        let who = &self.who;
        match self.clock() {
            Some(clock) => told(
                format!("{who} refused the date of the request: {clock}."),
                "Signed requests are accepted within about 30 minutes of the server's time.",
                "Set the clock (timedatectl set-ntp true) and try again.",
            ),
            None => told(
                format!("{who} refused the date of the request."),
                if self.error.skew_s.is_some() {
                    "By its Date header the clocks agree, so something in between may have written that header."
                } else {
                    "The clocks probably differ by more than about 30 minutes; the answer did not tell its own time."
                },
                "Compare `date -u` on both sides; set the wrong clock (timedatectl set-ntp true) and try again.",
            ),
        }
    }

    fn not_json(&self, what: NotJson) -> Explained {
        let (who, to, status) = (&self.who, &self.to, &self.status);
        match what {
            NotJson::LoginPage => told(
                format!("{who} answered{to} with a log-in page."),
                if self.darktrace() {
                    "The permission is missing, or something in between asks to log in."
                } else {
                    "Something in between (proxy, single sign-on) asks to log in, or the URL is that of the web console."
                },
                "Check the URL in the settings and the permissions of the key.",
            ),
            NotJson::Html => told(
                format!("{who} answered{to} with a web page, not with data."),
                "A proxy or captive portal answers instead, or the URL is that of the web console.",
                self.unknown("Check the URL in the settings and the proxy."),
            ),
            NotJson::Empty => told(
                format!("{who}'s answer{to} is empty{status}."),
                "",
                self.unknown("Try again."),
            ),
            NotJson::Text => told(
                format!("{who}'s answer{to} is not JSON."),
                "Something else answers at this address, or the server failed halfway.",
                self.unknown("Check the URL in the settings."),
            ),
        }
    }
}

fn told(what: impl Into<String>, why: impl Into<String>, next: impl Into<String>) -> Explained {
    Explained { what: what.into(), why: why.into(), next: next.into() }
}

/// `The server says: …`, or nothing.
fn says(words: &str) -> String {
    if words.is_empty() {
        return String::new();
    }
    let words = cut(words);
    let end = if words.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    format!("The server says: {words}{end}")
}

fn span(time: Duration) -> String {
    if time.subsec_millis() == 0 {
        format!("{} s", time.as_secs())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

/// ` “value”` with control characters made visible, or nothing.
fn quoted(value: &str) -> String {
    if value.is_empty() {
        return String::new();
    }
    format!(" “{}”", cut(&value.escape_debug().to_string()))
}

fn size(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    if bytes >= MIB && bytes.is_multiple_of(MIB) {
        format!("{} MiB", bytes / MIB)
    } else {
        format!("{bytes} bytes")
    }
}

#[cfg(test)]
mod tests;
