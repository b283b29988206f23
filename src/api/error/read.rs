//! Reads a 2xx body as JSON, and says what it is when it is none.
//! Tolerates a wrong content type and a byte order mark; judges by the bytes.

use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::words::{asks_to_log_in, cut, is_html};
use super::{Cause, NotJson};

/// Reads a 2xx body as JSON of the shape `T`.
pub(in crate::api) fn read_json<T: DeserializeOwned>(
    content_type: Option<&str>,
    body: &[u8],
) -> Result<T, Cause> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let body = body.trim_ascii();
    let Some(first) = body.first() else {
        return Err(Cause::NotJson(NotJson::Empty));
    };
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| (error.path().to_string(), error.into_inner()))
        .and_then(|value| match reader.end() {
            Ok(()) => Ok(value),
            Err(error) => Err((".".to_owned(), error)),
        });
    value.map_err(|(at, error)| {
        let structured = matches!(first, b'{' | b'[' | b'"');
        match error.classify() {
            Category::Data => Cause::Unexpected { at, why: cut(&error.to_string()) },
            Category::Eof if structured => Cause::Truncated,
            _ if structured => {
                Cause::Unexpected { at: ".".into(), why: cut(&format!("not valid JSON: {error}")) }
            }
            _ => Cause::NotJson(look(content_type, body)),
        }
    })
}

/// What a body that is no JSON looks like.
fn look(content_type: Option<&str>, body: &[u8]) -> NotJson {
    let text = String::from_utf8_lossy(body);
    if !is_html(content_type, &text) {
        NotJson::Text
    } else if asks_to_log_in(&text) {
        NotJson::LoginPage
    } else {
        NotJson::Html
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::Value;
    use serde_json::value::RawValue;

    #[derive(Debug, Deserialize)]
    struct Job {
        #[expect(dead_code, reason = "only its type matters here")]
        job_id: i64,
    }

    fn cause<T: DeserializeOwned>(body: &[u8]) -> Cause {
        read_json::<T>(None, body).map(|_| ()).unwrap_err()
    }

    #[test]
    fn what_is_no_json_is_named() {
        assert_eq!(cause::<Value>(b""), Cause::NotJson(NotJson::Empty));
        assert_eq!(cause::<Value>(b" \r\n"), Cause::NotJson(NotJson::Empty));
        assert_eq!(cause::<Value>(b"\xef\xbb\xbf"), Cause::NotJson(NotJson::Empty));
        assert_eq!(cause::<Value>(b"OK"), Cause::NotJson(NotJson::Text));
        assert_eq!(cause::<Value>(b"tru"), Cause::NotJson(NotJson::Text));
        assert_eq!(cause::<Value>(b"\x00\xff\xfe"), Cause::NotJson(NotJson::Text));
        assert_eq!(cause::<Value>(b"<?xml version='1.0'?><a/>"), Cause::NotJson(NotJson::Text));
        assert_eq!(cause::<Value>(b"<html><body>hi"), Cause::NotJson(NotJson::Html));
        assert_eq!(
            cause::<Value>(b"\n<html><title>Log In | Darktrace</title>"),
            Cause::NotJson(NotJson::LoginPage)
        );
    }

    #[test]
    fn json_that_stops_is_truncated() {
        for body in ["{", "[", "[1,", r#"{"a":"#, r#"{"a":"b"#, r#"[{"job_id":1},"#] {
            assert_eq!(cause::<Value>(body.as_bytes()), Cause::Truncated, "{body}");
        }
        assert_eq!(cause::<Vec<Job>>(br#"[{"job_id":1"#), Cause::Truncated);
    }

    #[test]
    fn another_shape_is_told_with_its_place() {
        let at = |cause| match cause {
            Cause::Unexpected { at, .. } => at,
            other => panic!("{other:?}"),
        };
        assert_eq!(at(cause::<Vec<Job>>(br#"[{"job_id":1},{"job_id":"x"}]"#)), "[1].job_id");
        assert_eq!(at(cause::<Vec<Job>>(br#"{"error":"x"}"#)), ".");
        assert_eq!(at(cause::<Value>(br#"{"a":1} trailing"#)), ".");
        assert_eq!(at(cause::<Value>(b"{\"a\":\"\xff\xfe\"}")), ".");
    }

    #[test]
    fn deep_nesting_is_an_error_not_a_crash() {
        for open in ["[", "{\"a\":"] {
            let deep = open.repeat(10_000);
            let Cause::Unexpected { why, .. } = cause::<Value>(deep.as_bytes()) else {
                panic!("expected a refusal");
            };
            assert!(why.contains("recursion limit"), "{why}");
        }
    }

    #[test]
    fn a_byte_order_mark_and_a_wrong_content_type_are_tolerated() {
        let value: Value = read_json(Some("text/html"), b"\xef\xbb\xbf{\"a\":1}\n").unwrap();
        assert_eq!(value["a"], 1);
        let raw: Box<RawValue> =
            read_json(None, br#" {"b":12345678901234567890123,"a":1.0} "#).unwrap();
        assert_eq!(raw.get(), r#"{"b":12345678901234567890123,"a":1.0}"#);
    }
}
