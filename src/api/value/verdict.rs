//! Bodies that say no in words no product documents, but anyone would read as no.

use super::{Fields, Shape};

/// The longest object whose `code` is taken for a verdict: in a larger one it is data.
const SMALL: usize = 6;

/// The words of a body that says no by `success` or `ok` being false, by an HTTP status in `code`, or by a `response`
/// that is an error; `None` when it does not.
pub(in crate::api) fn says_no(fields: &Fields<'_>) -> Option<String> {
    let words = || {
        let keys = ["message", "msg", "reason", "error", "detail", "response"];
        let texts = keys.into_iter().filter_map(|key| fields.text(key));
        texts.into_iter().find(|text| !text.trim().is_empty())
    };
    for key in ["success", "ok"] {
        let verdict = fields.get(key).filter(|node| node.shape() == Shape::Boolean);
        if verdict.and_then(super::Node::flag) == Some(false) {
            return Some(words().unwrap_or_else(|| format!("{key} is false")));
        }
    }
    if fields.len() <= SMALL {
        let code = ["code", "status_code", "statusCode", "status"];
        let code = code.into_iter().filter_map(|key| fields.int(key));
        if let Some(code) = code.into_iter().find(|code| (400..600).contains(code)) {
            return Some(words().unwrap_or_else(|| format!("code {code}")));
        }
    }
    let response = fields.text("response").filter(|text| {
        let loud = text.trim().to_ascii_uppercase();
        let code = text.trim() == loud && loud.ends_with(" ERROR");
        code || loud.starts_with("ERROR") || loud.starts_with("FAIL")
    });
    response.and_then(|_| words())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> Option<String> {
        says_no(&serde_json::from_str::<Fields>(body).unwrap())
    }

    #[test]
    fn a_no_in_other_words_is_a_no() {
        for (body, words) in [
            (r#"{"success":false}"#, "success is false"),
            (r#"{"ok":false,"message":"busy"}"#, "busy"),
            (r#"{"code":500,"message":"internal"}"#, "internal"),
            (r#"{"statusCode":403}"#, "code 403"),
            (r#"{"status":404,"error":"Not Found","path":"/x"}"#, "Not Found"),
            (r#"{"response":"Failed"}"#, "Failed"),
            (r#"{"response":"INPUT ERROR"}"#, "INPUT ERROR"),
        ] {
            assert_eq!(told(body).as_deref(), Some(words), "{body}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for body in [
            "{}",
            r#"{"success":true,"ok":true,"code":200,"response":"SUCCESS"}"#,
            r#"{"success":"false positives are welcome","ok":0,"code":7}"#,
            r#"{"response":"No error"}"#,
            r#"{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"code":443}"#,
        ] {
            assert_eq!(told(body), None, "{body}");
        }
    }
}
