//! What an answer that is no success means: status, a few headers and the body's words become a [`Cause`].
//! Plain data in, plain data out; the two contracts' own signals are known here and nowhere else.

use std::time::Duration;

use serde_json::Value;

use super::words::{any_value, bare, statements, summary};
use super::{Cause, Redirect};
use crate::api::Product;

/// An answer that is no success, as far as it tells anything.
pub(in crate::api) struct Reply<'a> {
    /// Who answered.
    pub product: Product,
    /// HTTP status, not 2xx.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// Where `Location` points, judged by address alone.
    pub redirect: Option<Redirect>,
    /// `Retry-After`.
    pub retry_after: Option<Duration>,
    /// The body, or its beginning.
    pub body: &'a str,
}

/// The cause a reply tells.
pub(in crate::api) fn classify(reply: &Reply) -> Cause {
    if (300..400).contains(&reply.status) {
        return Cause::Redirect(redirect(reply));
    }
    let value = serde_json::from_str::<Value>(bare(reply.body)).ok();
    if reply.product == Product::Darktrace
        && (400..500).contains(&reply.status)
        && let Some(cause) = value.as_ref().and_then(darktrace)
    {
        return cause;
    }
    let words = || summary(reply.content_type, reply.body);
    let lines = || value.as_ref().map(statements).unwrap_or_default();
    match reply.status {
        401 => Cause::Credentials(words()),
        403 => Cause::Forbidden(words()),
        404 => Cause::NotFound(words()),
        407 => Cause::Unreachable("the proxy asks for a user name and password (407)".into()),
        422 => Cause::Invalid(lines_or(lines(), words)),
        400 => match lines() {
            lines if lines.is_empty() => Cause::Status(words()),
            lines => Cause::Invalid(lines),
        },
        429 => Cause::Limited(reply.retry_after),
        500..600 => Cause::Server(words(), reply.retry_after),
        _ => Cause::Status(words()),
    }
}

fn lines_or(lines: Vec<String>, words: impl Fn() -> String) -> Vec<String> {
    if !lines.is_empty() {
        return lines;
    }
    let words = words();
    if words.is_empty() { lines } else { vec![words] }
}

/// Darktrace's own signals. The envelope differs per route, so values are matched wherever they stand `[LAB]`.
fn darktrace(value: &Value) -> Option<Cause> {
    let says = |what: &str| any_value(value, &|text| text.eq_ignore_ascii_case(what));
    if says("API SIGNATURE ERROR") {
        return Some(Cause::Credentials("API SIGNATURE ERROR".into()));
    }
    if says("API DATE ERROR") {
        return Some(Cause::Clock);
    }
    if any_value(value, &|text| text.starts_with("DATANOTFOUND")) {
        return Some(Cause::NotFound(summary_of(value)));
    }
    if says("INPUT ERROR") {
        return Some(Cause::Invalid(statements(value)));
    }
    None
}

/// `tags: DATANOTFOUND ERROR`: here the key is the name of what was asked for `[IBM]`.
fn summary_of(value: &Value) -> String {
    let known = value.as_object().and_then(|fields| {
        let (key, value) = fields.iter().find(|(_, value)| {
            value.as_str().is_some_and(|text| text.starts_with("DATANOTFOUND"))
        })?;
        Some(super::cut(&format!("{key}: {}", value.as_str()?)))
    });
    known.unwrap_or_else(|| "DATANOTFOUND ERROR".into())
}

/// Which redirect it is: Darktrace tells two stories by a path, or only in the body `[XA]`.
fn redirect(reply: &Reply) -> Redirect {
    let told = reply.redirect.clone().unwrap_or(Redirect::Nowhere);
    if reply.product != Product::Darktrace {
        return told;
    }
    let path = match &told {
        Redirect::SameOrigin(path) => path.as_str(),
        // "Found. Redirecting to /login"
        Redirect::Nowhere => reply.body.rsplit(' ').next().unwrap_or_default().trim(),
        _ => return told,
    };
    let path = path.trim_end_matches('/');
    if path.ends_with("/login") {
        Redirect::Login
    } else if path.ends_with("/403") {
        Redirect::Denied
    } else {
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(product: Product, status: u16, body: &str) -> Reply<'_> {
        Reply { product, status, content_type: None, redirect: None, retry_after: None, body }
    }

    fn dark(status: u16, body: &str) -> Cause {
        classify(&reply(Product::Darktrace, status, body))
    }

    fn arc(status: u16, body: &str) -> Cause {
        classify(&reply(Product::Arcanna, status, body))
    }

    #[test]
    fn darktrace_tells_by_values_wherever_they_stand() {
        let signature = Cause::Credentials("API SIGNATURE ERROR".into());
        for body in [
            r#"{"response": "API SIGNATURE ERROR"}"#,
            r#"{"a":[{"b":{"c":"API SIGNATURE ERROR"}}],"z":1}"#,
            r#"["API SIGNATURE ERROR"]"#,
            r#""api signature error ""#,
        ] {
            assert_eq!(dark(400, body), signature, "{body}");
            assert_eq!(dark(401, body), signature, "{body}");
        }
        assert_eq!(dark(400, r#"{"response": "API DATE ERROR"}"#), Cause::Clock);
        assert_eq!(
            dark(400, r#"{"response":"INPUT ERROR","error":"did"}"#),
            Cause::Invalid(vec!["did".into(), "INPUT ERROR".into()])
        );
        assert_eq!(
            dark(400, r#"{"tags": "DATANOTFOUND ERROR"}"#),
            Cause::NotFound("tags: DATANOTFOUND ERROR".into())
        );
        // a key of that name says nothing
        assert_eq!(
            dark(400, r#"{"API SIGNATURE ERROR": 1}"#),
            Cause::Status(r#"{"API SIGNATURE ERROR": 1}"#.into())
        );
        // and Arcanna has no such signal
        assert_eq!(
            arc(400, r#"{"detail": "API SIGNATURE ERROR"}"#),
            Cause::Invalid(vec!["API SIGNATURE ERROR".into()])
        );
    }

    #[test]
    fn each_status_has_its_cause() {
        assert_eq!(arc(401, r#"{"detail":"bad key"}"#), Cause::Credentials("bad key".into()));
        assert_eq!(arc(403, ""), Cause::Forbidden(String::new()));
        assert_eq!(dark(403, r#"{"error":"Forbidden"}"#), Cause::Forbidden("Forbidden".into()));
        assert_eq!(
            arc(404, "<html><title>Nope</title>"),
            Cause::NotFound("an HTML page titled “Nope”".into())
        );
        assert_eq!(
            arc(422, r#"{"detail":[{"loc":["query","id"],"msg":"missing"}]}"#),
            Cause::Invalid(vec!["query.id: missing".into()])
        );
        assert_eq!(arc(422, ""), Cause::Invalid(vec![]));
        assert_eq!(arc(422, "no"), Cause::Invalid(vec!["no".into()]));
        assert_eq!(arc(400, "bad"), Cause::Status("bad".into()));
        assert_eq!(arc(429, ""), Cause::Limited(None));
        assert_eq!(arc(502, ""), Cause::Server(String::new(), None));
        assert_eq!(arc(418, "tea"), Cause::Status("tea".into()));
        assert_eq!(arc(101, ""), Cause::Status(String::new()));
        assert!(matches!(arc(407, ""), Cause::Unreachable(_)));
    }

    #[test]
    fn waits_are_kept() {
        let wait = Some(Duration::from_secs(3));
        for (status, expected) in
            [(429, Cause::Limited(wait)), (503, Cause::Server(String::new(), wait))]
        {
            let reply = Reply { retry_after: wait, ..reply(Product::Arcanna, status, "") };
            assert_eq!(classify(&reply), expected);
        }
    }

    #[test]
    fn redirects_say_which_kind() {
        let told =
            |product, redirect, body| classify(&Reply { redirect, ..reply(product, 302, body) });
        let same = |path: &str| Some(Redirect::SameOrigin(path.into()));
        let dark = Product::Darktrace;
        for (redirect, body, expected) in [
            (same("/login"), "", Redirect::Login),
            (same("/prefix/login/"), "", Redirect::Login),
            (None, "Found. Redirecting to /login\n", Redirect::Login),
            (same("/403"), "", Redirect::Denied),
            (None, "Found. Redirecting to /403", Redirect::Denied),
            (same("/other"), "Found. Redirecting to /login", Redirect::SameOrigin("/other".into())),
            (None, "", Redirect::Nowhere),
        ] {
            assert_eq!(told(dark, redirect, body), Cause::Redirect(expected));
        }
        let elsewhere = Redirect::OtherOrigin("https://idp.example".into());
        assert_eq!(told(dark, Some(elsewhere.clone()), ""), Cause::Redirect(elsewhere));
        assert_eq!(
            told(Product::Arcanna, same("/login"), ""),
            Cause::Redirect(Redirect::SameOrigin("/login".into()))
        );
    }
}
