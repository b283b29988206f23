//! A request as it came and a reply as it will go, without axum's types: what the two products' rooms work on. Nothing here
//! knows a product. The raw path and query are kept, because signatures are made over them.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::time::Ms;

/// One request, read whole.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path as received, percent-encoding included.
    pub path: String,
    /// The query as received, without `?`.
    pub query: Option<String>,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as received.
    pub body: Vec<u8>,
    /// The server's clock when it came.
    pub now: Ms,
}

impl Request {
    /// The first header of this lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The path's parts, each decoded; the empty one after a final slash is left out.
    pub fn segments(&self) -> Vec<String> {
        self.path.trim_start_matches('/').trim_end_matches('/').split('/').map(percent).collect()
    }

    /// The query's pairs, decoded, in order.
    pub fn pairs(&self) -> Vec<(String, String)> {
        self.query.as_deref().map(form).unwrap_or_default()
    }

    /// The first query value of this exact name.
    pub fn param(&self, name: &str) -> Option<String> {
        self.pairs().into_iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// A parameter that is there and not empty.
    pub fn filled(&self, name: &str) -> Option<String> {
        self.param(name).filter(|v| !v.is_empty())
    }

    /// A parameter as an integer: `Ok(None)` when absent or empty, the text when it is no integer.
    pub fn int(&self, name: &str) -> Result<Option<i64>, String> {
        match self.filled(name) {
            None => Ok(None),
            Some(text) => text.trim().parse().map(Some).map_err(|_| text),
        }
    }

    /// A parameter as a boolean. Only lower-case `true` is true, as on the real servers.
    pub fn flag(&self, name: &str, otherwise: bool) -> bool {
        self.param(name).map_or(otherwise, |v| v == "true")
    }

    /// True when the body says it is a form.
    pub fn is_form(&self) -> bool {
        self.header("content-type")
            .is_some_and(|t| t.starts_with("application/x-www-form-urlencoded"))
    }

    /// The body as JSON, if it is.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Decodes `%XX`.
pub fn percent(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Decodes `%XX` and `+`.
pub fn plus(text: &str) -> String {
    percent(&text.replace('+', " "))
}

/// The pairs of a query or a form.
pub fn form(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            pair.split_once('=')
                .map_or_else(|| (plus(pair), String::new()), |(n, v)| (plus(n), plus(v)))
        })
        .collect()
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The Content-Type.
    pub kind: &'static str,
    /// More headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// 200 with JSON.
    pub fn ok(value: &Value) -> Self {
        Self::json(200, value)
    }

    /// JSON with a status.
    pub fn json(status: u16, value: &Value) -> Self {
        Self {
            status,
            kind: "application/json",
            headers: Vec::new(),
            body: value.to_string().into_bytes(),
        }
    }

    /// Plain text.
    pub fn text(status: u16, text: &str) -> Self {
        Self {
            status,
            kind: "text/plain; charset=utf-8",
            headers: Vec::new(),
            body: text.as_bytes().to_vec(),
        }
    }

    /// An HTML page.
    pub fn html(status: u16, title: &str, body: &str) -> Self {
        let page = format!(
            "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>{body}</body></html>\n"
        );
        Self {
            status,
            kind: "text/html; charset=utf-8",
            headers: Vec::new(),
            body: page.into_bytes(),
        }
    }

    /// What a gateway in front of the product says when it got no answer.
    pub fn gateway(status: u16) -> Self {
        let title = match status {
            502 => "502 Bad Gateway",
            503 => "503 Service Temporarily Unavailable",
            504 => "504 Gateway Time-out",
            _ => "Error",
        };
        Self::html(
            status,
            title,
            &format!("<center><h1>{title}</h1></center><hr><center>nginx</center>"),
        )
    }

    /// 302 with the body text an Express server gives, which clients look at.
    pub fn redirect(target: &str) -> Self {
        Self::text(302, &format!("Found. Redirecting to {target}")).with("location", target)
    }

    /// With one more header.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}
