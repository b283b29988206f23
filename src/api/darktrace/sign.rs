//! How a Darktrace request is signed: pure functions, no clock, no network.
//!
//! The signature is HMAC-SHA1 over `<request>` LF `<public token>` LF `<date>`; method, host and a path prefix of the base URL are
//! not part of it (contract §1.1). What is signed is what is sent, byte for byte (§1.3), so the wire forms are made here too.

use std::borrow::Cow;
use std::io;

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sha1::Sha1;

use crate::api::call::{encode, no_control};
use crate::api::{BadInput, Body, Call, Method};

/// Which text of a GET's or DELETE's query is signed. A live appliance took both `[LAB]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuerySigning {
    /// The query exactly as it is on the wire, percent-encoded.
    #[default]
    AsSent,
    /// The decoded query (`tag=Active Threat`), the vendor's own clients' way `[XA]`, for appliances that insist on it.
    Decoded,
}

/// Path and query of a Darktrace call as they go over the wire: keys in byte order (equal keys keep their order), values
/// percent-encoded. A POST has no query here: one in the URL is not part of the signature `[LAB S4]`, so it is never sent.
pub fn wire_target(call: &Call) -> String {
    with_query(call, &wire_query(call))
}

/// The body as it goes over the wire: JSON as it stands, a form as `application/x-www-form-urlencoded` in its own order.
pub fn wire_body(body: &Body) -> Option<Cow<'_, str>> {
    match body {
        Body::Empty => None,
        Body::Json(text) => Some(Cow::Borrowed(text)),
        Body::Form(fields) => Some(Cow::Owned(form(fields))),
    }
}

/// The first line of the signed text: path and query of a GET or DELETE, path, `?` and body of a POST.
pub fn request_text(call: &Call, signing: QuerySigning) -> String {
    if takes_query(call) {
        return match signing {
            QuerySigning::AsSent => wire_target(call),
            QuerySigning::Decoded => with_query(call, &decoded_query(call)),
        };
    }
    match wire_body(&call.body) {
        Some(body) => format!("{}?{body}", call.path),
        None => call.path.to_string(),
    }
}

/// The `DTAPI-Signature` header: 40 lower-case hex digits.
pub fn signature(public: &str, private: &str, request_text: &str, date: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(private.as_bytes())
        .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
    for part in [request_text, "\n", public, "\n", date] {
        mac.update(part.as_bytes());
    }
    hex::encode(mac.finalize().into_bytes())
}

/// The `DTAPI-Date` header, `2026-01-02 03:04:05` in UTC: the one form both lab appliances took at all times `[LAB]`.
pub fn date(now: jiff::Timestamp) -> String {
    now.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Refuses what cannot be signed safely.
///
/// # Errors
/// A control character anywhere (a line feed would forge a line of the signed text), a query on a POST and a body on a GET
/// or DELETE (neither is covered by the signature).
pub fn check(call: &Call) -> Result<(), BadInput> {
    no_control("path", call.path.as_str())?;
    for (key, value) in &call.query {
        no_control("query key", key)?;
        no_control("query value", value)?;
    }
    match &call.body {
        Body::Empty => {}
        Body::Json(text) => no_control("JSON body", text)?,
        Body::Form(fields) => {
            for (key, value) in fields {
                no_control("form field", key)?;
                no_control("form value", value)?;
            }
        }
    }
    if takes_query(call) {
        if call.body != Body::Empty {
            let why = "the signature of a GET or DELETE does not cover a body";
            return Err(BadInput::new("body", "", why));
        }
    } else if let Some((key, _)) = call.query.first() {
        let why = "the signature of a POST does not cover a query";
        return Err(BadInput::new("query", key, why));
    }
    Ok(())
}

/// JSON as Darktrace's own clients send it: compact, ASCII, everything else as `\uXXXX` (contract §1.4), so that no two sides
/// can differ about the bytes that were signed.
///
/// # Errors
/// Those of the value's own `Serialize`.
pub fn ascii_json<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    let mut bytes = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, Ascii))?;
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

/// Escapes what is not printable ASCII inside strings.
struct Ascii;

impl serde_json::ser::Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut units = [0u16; 2];
        for c in fragment.chars() {
            if matches!(c, ' '..='~') {
                writer.write_all(&[c as u8])?;
            } else {
                for unit in c.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

fn takes_query(call: &Call) -> bool {
    matches!(call.method, Method::Get | Method::Delete)
}

fn with_query(call: &Call, query: &str) -> String {
    if query.is_empty() || !takes_query(call) {
        return call.path.to_string();
    }
    format!("{}?{query}", call.path)
}

fn sorted(call: &Call) -> Vec<&(String, String)> {
    let mut pairs: Vec<_> = call.query.iter().collect();
    pairs.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
    pairs
}

fn wire_query(call: &Call) -> String {
    let pair = |(key, value): &(String, String)| format!("{}={}", encode(key), encode(value));
    let pairs: Vec<_> = sorted(call).into_iter().map(pair).collect();
    pairs.join("&")
}

fn decoded_query(call: &Call) -> String {
    let pairs: Vec<_> =
        sorted(call).into_iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join("&")
}

/// Everything but what WHATWG's form encoding leaves alone, and the blank, which becomes `+`.
const FORM: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_').remove(b' ');

fn form(fields: &[(String, String)]) -> String {
    let part = |text: &str| utf8_percent_encode(text, FORM).to_string().replace(' ', "+");
    let pairs: Vec<_> =
        fields.iter().map(|(key, value)| format!("{}={}", part(key), part(value))).collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Path, Product};

    const SPACED: &str = "2026-01-02 03:04:05";

    /// The known answers of contract §1.5, made with another implementation.
    const VECTORS: [(&str, &str, &str); 17] = [
        ("/tags", SPACED, "ca5601f480d792fcb37daee75e7fe24bfef33ad0"),
        ("/tags", "20260102T030405", "31ba039e056cc4d909c75c2b855cc638704b61e3"),
        ("/similardevices?did=1&count=2", SPACED, "7547e0663125da5da672073ed2f4eb807cf530d2"),
        ("/similardevices?count=2&did=1", SPACED, "c4ff883dd7f97b5b216e0c8d79762ea1deb08082"),
        (
            "/tags/entities?fulldevicedetails=true&tag=Active Threat",
            SPACED,
            "165d30e43f57b6601eead037243e37ab92bd5356",
        ),
        (
            "/tags/entities?fulldevicedetails=true&tag=Active+Threat",
            SPACED,
            "a530a3f271ce1ecf14e2881a1a8ce2287c804df4",
        ),
        (
            "/tags/entities?fulldevicedetails=true&tag=Active%20Threat",
            SPACED,
            "fcda5d6ecce6bcc8fa01bf9836462e1cf1ec3f5c",
        ),
        (
            "/tags/entities?did=2&tag=Active+Threat",
            SPACED,
            "6367a0f551471e11b3099a5cfb201bd0f95aa301",
        ),
        (
            "/tags/entities?did=2&tag=Active Threat",
            SPACED,
            "a417c8ddca6b43edfcae86d73904bae5439694c3",
        ),
        (r#"/intelfeed?{"addlist":"8.8.8.8"}"#, SPACED, "5e39e9deaa4876271752f96787110e00952543e0"),
        (
            r#"/intelfeed?{"addlist": "8.8.8.8"}"#,
            SPACED,
            "cade808296aaf7c27294d6609fe8726811f8244b",
        ),
        (
            r#"/modelbreaches/101/comments?{"message":"Test Comment"}"#,
            SPACED,
            "688b33294da2f2a7260b2a1238f7aea984435162",
        ),
        ("/tags/entities?tag=Zürich", SPACED, "2ee255246ebecdc03e326093a42f9546871e91ea"),
        ("/tags/entities?tag=Z%C3%BCrich", SPACED, "f72faa3ea2d4c71d5da1e97210393fee26c0fd0d"),
        (
            "/advancedsearch/api/analyze/@fields.source_ip/score/eyJhIjoxfQ==",
            SPACED,
            "23ac9e45343c3af59617d256b62ec42f3fd3fd6c",
        ),
        (
            "/advancedsearch/api/analyze/@fields.source_ip/score/eyJhIjoxfQ%3D%3D",
            SPACED,
            "35c67b80bb20877cedf88739bffa13ba5cd639c5",
        ),
        (
            "/advancedsearch/api/analyze/@fields.source_ip/score/eyJhIjoxfQ",
            SPACED,
            "864717507abdb202548083e7aa96433382790c06",
        ),
    ];

    fn call(method: Method, path: &'static str) -> Call {
        Call::new(Product::Darktrace, "test", method, Path::fixed(path))
    }

    #[test]
    fn the_seventeen_known_answers() {
        for (request, date, expected) in VECTORS {
            let got = signature("examplepub", "examplepri", request, date);
            assert_eq!(got, expected, "{request} {date}");
        }
    }

    #[test]
    fn calls_are_signed_as_they_are_sent() {
        let tagged = call(Method::Get, "/tags/entities")
            .query("tag", "Active Threat")
            .query("fulldevicedetails", "true");
        let search = Path::fixed("/advancedsearch/api/analyze")
            .segment("field", "@fields.source_ip")
            .unwrap()
            .then("score")
            .segment("query", "eyJhIjoxfQ==")
            .unwrap();
        let fields = vec![
            ("did".to_owned(), "2".to_owned()),
            ("tag".to_owned(), "Active Threat".to_owned()),
        ];
        let comment = ascii_json(&serde_json::json!({"message": "Test Comment"})).unwrap();
        let cases = [
            (
                call(Method::Get, "/similardevices").query("did", "1").query("count", "2"),
                QuerySigning::AsSent,
                3,
            ),
            (tagged.clone(), QuerySigning::Decoded, 4),
            (tagged, QuerySigning::AsSent, 6),
            (call(Method::Post, "/tags/entities").form(fields), QuerySigning::Decoded, 7),
            (
                call(Method::Post, "/intelfeed").json(r#"{"addlist":"8.8.8.8"}"#.into()),
                QuerySigning::AsSent,
                9,
            ),
            (
                call(Method::Post, "/modelbreaches/101/comments").json(comment),
                QuerySigning::AsSent,
                11,
            ),
            (call(Method::Get, "/tags/entities").query("tag", "Zürich"), QuerySigning::Decoded, 12),
            (
                call(Method::Delete, "/tags/entities").query("tag", "Zürich"),
                QuerySigning::AsSent,
                13,
            ),
            (
                Call::new(Product::Darktrace, "search", Method::Get, search),
                QuerySigning::Decoded,
                15,
            ),
        ];
        for (call, signing, vector) in cases {
            assert_eq!(request_text(&call, signing), VECTORS[vector].0);
            assert!(check(&call).is_ok());
        }
        assert_eq!(request_text(&call(Method::Post, "/x"), QuerySigning::AsSent), "/x");
    }

    #[test]
    fn equal_keys_keep_their_order_and_empty_values_stay() {
        let call = call(Method::Get, "/deviceinfo")
            .query("saasfilter", "b*")
            .query("oid", "")
            .query("saasfilter", "a*");
        assert_eq!(wire_target(&call), "/deviceinfo?oid=&saasfilter=b%2A&saasfilter=a%2A");
    }

    #[test]
    fn forms_follow_the_browser_rule() {
        let fields = vec![("tag".to_owned(), "a b,c&d=e+ü~*-._".to_owned())];
        let body = Body::Form(fields);
        assert_eq!(wire_body(&body).as_deref(), Some("tag=a+b%2Cc%26d%3De%2B%C3%BC%7E*-._"));
    }

    #[test]
    fn json_is_ascii_with_surrogate_pairs() {
        let value = serde_json::json!({"k\u{e9}y": "z\u{fc}rich 😀 \u{7f}\u{9b}\"\\\n</"});
        let text = ascii_json(&value).unwrap();
        assert_eq!(text, r#"{"k\u00e9y":"z\u00fcrich \ud83d\ude00 \u007f\u009b\"\\\n</"}"#);
        let back: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back, value);
    }

    #[test]
    fn no_signed_line_can_be_forged() {
        let bad = [
            call(Method::Get, "/tags").query("tag", "a\nb"),
            call(Method::Get, "/tags").query("t\rag", "a"),
            call(Method::Post, "/intelfeed").json("{\n}".into()),
            call(Method::Post, "/tags").form(vec![("tag".into(), "\u{0}".into())]),
            call(Method::Post, "/tags").query("did", "1"),
            call(Method::Get, "/tags").json("{}".into()),
            call(Method::Get, "/tags\n/x"),
        ];
        for call in bad {
            assert!(check(&call).is_err(), "{call:?}");
        }
    }

    #[test]
    fn the_date_is_utc_with_a_blank() {
        let when = "2026-01-02T04:04:05.9+01:00".parse().unwrap();
        assert_eq!(date(when), SPACED);
    }
}
