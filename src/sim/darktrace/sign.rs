//! The gate: token, date window and signature, as darktrace.md §1 and §8 say. Strict on paths and bodies, lenient on how a
//! query is spelled, as the real appliances are.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::super::Credentials;
use super::super::time::{self, MINUTE};
use super::super::wire::{Reply, Request, plus};

/// How far a client's clock may be off [IBM, OAS, LAB].
const WINDOW: i64 = 30 * MINUTE;

// [LAB] saw 35 and 30 bytes, and 45 on advanced search; these texts have exactly those lengths.
// Assumption: the keys, and the form of the longer one.
fn refuse(request: &Request, what: &str) -> Reply {
    let body = if request.path.starts_with("/advancedsearch/") {
        format!("{{\"error\": {{\"message\": \"{what}\"}}}}")
    } else {
        format!("{{\"response\": \"{what}\"}}")
    };
    Reply { status: 400, kind: "application/json", headers: Vec::new(), body: body.into_bytes() }
}

/// Lets a request pass, or says what is wrong with it.
pub fn verify(request: &Request, credentials: &Credentials) -> Result<(), Reply> {
    let bad = || refuse(request, "API SIGNATURE ERROR");
    let token = request.header("dtapi-token").ok_or_else(bad)?;
    let signature = request.header("dtapi-signature").ok_or_else(bad)?;
    let date = request.header("dtapi-date").unwrap_or_default();
    if token != credentials.darktrace_public_token {
        return Err(bad());
    }
    let near = readable(date).is_some_and(|at| (at - request.now).abs() <= WINDOW);
    if !near {
        return Err(refuse(request, "API DATE ERROR"));
    }
    let holds = candidates(request)
        .iter()
        .any(|text| sign(&credentials.darktrace_private_token, text, token, date) == signature);
    if holds { Ok(()) } else { Err(bad()) }
}

/// The four date forms: compact, with a blank, ISO with micros and offset, ISO without zone.
fn readable(date: &str) -> Option<i64> {
    // a bare day or a number is no date here, though it is one elsewhere
    (date.len() >= 15).then(|| time::parse(date)).flatten()
}

/// The texts that may have been signed.
fn candidates(request: &Request) -> Vec<Vec<u8>> {
    let path = request.path.as_bytes();
    let with = |rest: &[u8]| [path, b"?", rest].concat();
    if request.method == "POST" || request.method == "PUT" {
        // [LAB S4]: only the body counts, an URL query is left out
        return vec![if request.body.is_empty() { path.to_vec() } else { with(&request.body) }];
    }
    match request.query.as_deref() {
        None | Some("") => vec![path.to_vec()],
        Some(query) => vec![with(query.as_bytes()), with(plus(query).as_bytes())],
    }
}

fn sign(key: &str, text: &[u8], token: &str, date: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key.as_bytes()) else {
        return String::new();
    };
    mac.update(text);
    mac.update(b"\n");
    mac.update(token.as_bytes());
    mac.update(b"\n");
    mac.update(date.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_the_contracts_vectors() {
        for (text, date, digest) in [
            ("/tags", "2026-01-02 03:04:05", "ca5601f480d792fcb37daee75e7fe24bfef33ad0"),
            ("/tags", "20260102T030405", "31ba039e056cc4d909c75c2b855cc638704b61e3"),
            (
                "/tags/entities?tag=Zürich",
                "2026-01-02 03:04:05",
                "2ee255246ebecdc03e326093a42f9546871e91ea",
            ),
            (
                "/intelfeed?{\"addlist\":\"8.8.8.8\"}",
                "2026-01-02 03:04:05",
                "5e39e9deaa4876271752f96787110e00952543e0",
            ),
        ] {
            assert_eq!(sign("examplepri", text.as_bytes(), "examplepub", date), digest, "{text}");
        }
    }

    #[test]
    fn errors_have_the_observed_lengths() {
        let request = |path: &str| Request {
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: None,
            headers: Vec::new(),
            body: Vec::new(),
            now: 0,
        };
        assert_eq!(refuse(&request("/tags"), "API SIGNATURE ERROR").body.len(), 35);
        assert_eq!(refuse(&request("/tags"), "API DATE ERROR").body.len(), 30);
        assert_eq!(refuse(&request("/advancedsearch/api/x"), "API SIGNATURE ERROR").body.len(), 45);
    }
}
