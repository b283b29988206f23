//! Turns a call into the request that is sent: address, headers, credentials, body.
//! The only place where credentials meet a request; they never come back out of it.

use jiff::Timestamp;
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method as HttpMethod, Request};
use secrecy::{ExposeSecret, SecretString};

use super::Auth;
use super::base::Base;
use crate::api::darktrace::sign;
use crate::api::error::Cause;
use crate::api::{BadInput, Body, Call, Method};

const API_KEY: HeaderName = HeaderName::from_static("x-arcanna-api-key");
const TOKEN: HeaderName = HeaderName::from_static("dtapi-token");
const DATE: HeaderName = HeaderName::from_static("dtapi-date");
const SIGNATURE: HeaderName = HeaderName::from_static("dtapi-signature");

/// The request of a call, signed for `now`.
pub(super) fn make(
    base: &Base,
    auth: &Auth,
    call: &Call,
    now: Timestamp,
) -> Result<Request, Cause> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    match call.body {
        // Said aloud: a POST of unknown length is refused by some servers (411).
        Body::Empty if matches!(call.method, Method::Post | Method::Put) => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        Body::Empty => {}
        Body::Json(_) => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Body::Form(_) => {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.insert(CONTENT_TYPE, form);
        }
    }
    let target = match auth {
        Auth::Arcanna { api_key } => {
            headers.insert(API_KEY, secret("API key", visible("API key", api_key)?)?);
            call.target()
        }
        Auth::Darktrace { public, private, query } => {
            sign::check(call).map_err(Cause::BadInput)?;
            let public = visible("public token", public)?;
            let private = visible("private token", private)?;
            let date = sign::date(now);
            let text = sign::request_text(call, *query);
            let signature = sign::signature(public, private, &text, &date);
            headers.insert(TOKEN, secret("public token", public)?);
            headers.insert(DATE, secret("date", &date)?);
            headers.insert(SIGNATURE, secret("signature", &signature)?);
            sign::wire_target(call)
        }
    };
    let Some(url) = base.join(&target) else {
        let why = "the address would not arrive as it was written";
        return Err(Cause::BadInput(BadInput::new("address", &target, why)));
    };
    let mut request = Request::new(method(call.method), url);
    *request.headers_mut() = headers;
    if let Some(body) = sign::wire_body(&call.body) {
        *request.body_mut() = Some(body.into_owned().into());
    }
    Ok(request)
}

fn method(method: Method) -> HttpMethod {
    match method {
        Method::Get => HttpMethod::GET,
        Method::Post => HttpMethod::POST,
        Method::Put => HttpMethod::PUT,
        Method::Delete => HttpMethod::DELETE,
    }
}

/// A credential as it is used: trimmed (files end with a line feed), visible ASCII only. The refusal never shows it.
fn visible<'a>(what: &str, credential: &'a SecretString) -> Result<&'a str, Cause> {
    let text = credential.expose_secret().trim();
    let wrong = if text.is_empty() {
        "is empty"
    } else if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text);
    } else {
        "holds a blank or a character that is not plain ASCII: was it pasted whole?"
    };
    Err(Cause::Misconfigured(format!("the {what} {wrong}")))
}

/// A header value that logs never show.
fn secret(what: &str, text: &str) -> Result<HeaderValue, Cause> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| Cause::Misconfigured(format!("the {what} cannot be a header value")))?;
    value.set_sensitive(true);
    Ok(value)
}

/// The signature of a request that was made, for hiding it where it comes back.
pub(super) fn signature(request: &Request) -> Option<&[u8]> {
    request.headers().get(SIGNATURE).map(HeaderValue::as_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Path, Product};

    fn base() -> Base {
        Base::parse("https://host/prefix/").unwrap()
    }

    fn arcanna(key: &str) -> Auth {
        Auth::Arcanna { api_key: key.to_owned().into() }
    }

    fn darktrace() -> Auth {
        Auth::Darktrace {
            public: "examplepub".to_owned().into(),
            private: "examplepri\n".to_owned().into(),
            query: sign::QuerySigning::AsSent,
        }
    }

    fn get(product: Product, path: &'static str) -> Call {
        Call::new(product, "test", Method::Get, Path::fixed(path))
    }

    #[test]
    fn the_prefix_is_sent_but_not_signed() {
        let now = "2026-01-02T03:04:05Z".parse().unwrap();
        let call = get(Product::Darktrace, "/similardevices").query("did", "1").query("count", "2");
        let request = make(&base(), &darktrace(), &call, now).unwrap();
        assert_eq!(request.url().as_str(), "https://host/prefix/similardevices?count=2&did=1");
        assert_eq!(request.headers()[SIGNATURE], "c4ff883dd7f97b5b216e0c8d79762ea1deb08082");
        assert_eq!(request.headers()[DATE], "2026-01-02 03:04:05");
        assert!(!format!("{request:?}").contains("example"), "{request:?}");
    }

    #[test]
    fn keys_are_trimmed_and_never_shown_when_refused() {
        let call = get(Product::Arcanna, "/api/v1/jobs/");
        let request = make(&base(), &arcanna(" s3cret\r\n"), &call, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(request.headers()[API_KEY], "s3cret");
        assert!(!format!("{request:?}").contains("s3cret"));
        for key in ["", " \n", "s3cret two", "s3cr\u{e9}t", "s3cret\nx: y"] {
            let cause = make(&base(), &arcanna(key), &call, Timestamp::UNIX_EPOCH).unwrap_err();
            assert!(matches!(&cause, Cause::Misconfigured(text) if !text.contains("s3cr")));
        }
    }

    #[test]
    fn an_address_that_would_change_is_never_sent() {
        let call = get(Product::Arcanna, "/api/v1/events/../jobs");
        let cause = make(&base(), &arcanna("key"), &call, Timestamp::UNIX_EPOCH).unwrap_err();
        assert!(matches!(cause, Cause::BadInput(_)), "{cause:?}");
    }
}
