//! Finding the words in a body that is not the answer hoped for: what kind of text it is, what it says, cut to a length
//! a person reads. Cleaning for the terminal is not done here.

use serde_json::Value;

/// The longest quotation of a server, in characters.
const QUOTE: usize = 300;

/// Cuts a text to about 300 characters and its blanks to single ones.
pub(in crate::api) fn cut(text: &str) -> String {
    let mut words = String::new();
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
        if words.len() > QUOTE * 4 {
            break;
        }
    }
    match words.char_indices().nth(QUOTE) {
        Some((end, _)) => format!("{}…", words[..end].trim_end()),
        None => words,
    }
}

/// The text without a byte order mark and outer blanks.
pub(super) fn bare(text: &str) -> &str {
    text.trim_start_matches('\u{feff}').trim()
}

/// Whether a text is an HTML page: by what it starts with, or by its content type where it starts with a tag.
pub(super) fn is_html(content_type: Option<&str>, text: &str) -> bool {
    let text = bare(text);
    if !text.starts_with('<') {
        return false;
    }
    let head: String = text.chars().take(1024).collect::<String>().to_ascii_lowercase();
    let named = content_type.is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    named
        || ["<!doctype html", "<html", "<head", "<body", "<title"]
            .iter()
            .any(|mark| head.contains(mark))
}

/// The title of an HTML page, decoded as far as titles need.
pub(super) fn title(html: &str) -> Option<String> {
    let lower = html.to_ascii_lowercase();
    let tag = lower.find("<title")?;
    let start = tag + lower[tag..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let title = cut(&html[start..end])
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
    (!title.is_empty()).then_some(title)
}

/// Whether an HTML page asks to log in: Darktrace's title `[XM]`, or a password field.
pub(super) fn asks_to_log_in(html: &str) -> bool {
    let known = title(html).is_some_and(|title| {
        let title = title.to_ascii_lowercase();
        title.contains("log in") && title.contains("darktrace")
    });
    let lower = html.to_ascii_lowercase();
    known
        || ["type=\"password\"", "type='password'", "type=password"]
            .iter()
            .any(|field| lower.contains(field))
}

/// Whether any string value of a JSON text, however deep, satisfies `wanted`; the keys do not matter.
pub(super) fn any_value(value: &Value, wanted: &impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => wanted(text.trim()),
        Value::Array(items) => items.iter().any(|item| any_value(item, wanted)),
        Value::Object(fields) => fields.values().any(|item| any_value(item, wanted)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// What a body says, one line per statement: `FastAPI`'s `detail` array as `place: message`, and every key known to hold
/// words (contract arcanna §1.2, darktrace §2).
pub(super) fn statements(value: &Value) -> Vec<String> {
    const KEYS: [&str; 9] = [
        "detail",
        "error",
        "error_message",
        "message",
        "details",
        "reason",
        "reason_details",
        "response",
        "errors",
    ];
    let mut lines = Vec::new();
    match value {
        Value::Object(fields) => {
            for key in KEYS {
                if let Some(value) = fields.get(key) {
                    collect(value, &mut lines);
                }
            }
            if lines.is_empty()
                && let Some(inner) = fields.get("request").filter(|inner| inner.is_object())
            {
                lines = statements(inner);
            }
        }
        other => collect(other, &mut lines),
    }
    lines.dedup();
    lines
}

fn collect(value: &Value, lines: &mut Vec<String>) {
    /// More problems than this help nobody.
    const MOST: usize = 20;
    match value {
        Value::Array(items) => {
            for item in items.iter().take(MOST) {
                collect(item, lines);
            }
        }
        Value::Object(fields) => {
            let message = ["msg", "message", "detail", "error"]
                .iter()
                .find_map(|key| fields.get(*key)?.as_str());
            let line = match (place(fields.get("loc")), message) {
                (Some(place), Some(message)) => format!("{place}: {message}"),
                (None, Some(message)) => message.to_owned(),
                (_, None) => value.to_string(),
            };
            push(&line, lines);
        }
        Value::String(text) => push(text, lines),
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => push(&value.to_string(), lines),
    }
}

fn push(text: &str, lines: &mut Vec<String>) {
    let line = cut(text);
    if !line.is_empty() {
        lines.push(line);
    }
}

/// `["body", "items", 0, "id"]` as `body.items[0].id`.
fn place(loc: Option<&Value>) -> Option<String> {
    let mut place = String::new();
    match loc? {
        Value::Array(parts) => {
            for part in parts {
                match part {
                    Value::Number(index) => {
                        place.push('[');
                        place.push_str(&index.to_string());
                        place.push(']');
                    }
                    Value::String(name) if place.is_empty() => place.push_str(name),
                    Value::String(name) => {
                        place.push('.');
                        place.push_str(name);
                    }
                    _ => {}
                }
            }
        }
        Value::String(name) => place.push_str(name),
        _ => {}
    }
    (!place.is_empty()).then_some(place)
}

/// One line about a body: its own words, the title of a page, or its beginning.
pub(super) fn summary(content_type: Option<&str>, body: &str) -> String {
    let text = bare(body);
    if is_html(content_type, text) {
        return match title(text) {
            Some(title) => format!("an HTML page titled “{title}”"),
            None => "an HTML page".into(),
        };
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value) => {
            let lines = statements(&value);
            if lines.is_empty() { cut(text) } else { cut(&lines.join("; ")) }
        }
        Err(_) => cut(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_are_cut_by_characters() {
        let long = "ü".repeat(5000);
        assert_eq!(cut(&long).chars().count(), QUOTE + 1);
        assert_eq!(cut(" a\r\n  b\t"), "a b");
        let words = "ab ".repeat(2000);
        assert!(cut(&words).chars().count() <= QUOTE + 1);
    }

    #[test]
    fn statements_of_every_known_envelope() {
        let cases = [
            (
                json!({"detail":[
                    {"loc":["query","model_id"],"msg":"field required","type":"value_error"},
                    {"loc":["body","items",0,"id"],"msg":"not an int"}]}),
                vec!["query.model_id: field required", "body.items[0].id: not an int"],
            ),
            (json!({"detail":"Not authenticated"}), vec!["Not authenticated"]),
            (
                json!({"error":"Model not found","details":"no such id"}),
                vec!["Model not found", "no such id"],
            ),
            (json!({"error_message":"","status":"ERROR"}), vec![]),
            (
                json!({"request":{"status":"NOK","reason":"busy","reason_details":["a","b"]}}),
                vec!["busy", "a", "b"],
            ),
            (json!({"response":"INPUT ERROR"}), vec!["INPUT ERROR"]),
            (json!({"detail":{"message":"in an object"}}), vec!["in an object"]),
            (json!("plain"), vec!["plain"]),
            (json!({"other":1}), vec![]),
        ];
        for (value, expected) in cases {
            assert_eq!(statements(&value), expected, "{value}");
        }
    }

    #[test]
    fn pages_are_summarised_never_dumped() {
        let page = "\u{feff}<!DOCTYPE html><html><head><TITLE>502 Bad &amp; Gone</TITLE></head><body>secret stack</body>";
        assert_eq!(summary(None, page), "an HTML page titled “502 Bad & Gone”");
        assert_eq!(summary(Some("text/html"), "<p>x</p>"), "an HTML page");
        assert_eq!(summary(None, "upstream connect error"), "upstream connect error");
        assert_eq!(summary(None, r#"{"code": 7}"#), r#"{"code": 7}"#);
        assert_eq!(summary(None, ""), "");
    }

    #[test]
    fn log_in_pages_are_known() {
        assert!(asks_to_log_in("<title>Log In | Darktrace</title>"));
        assert!(asks_to_log_in("<form><INPUT TYPE='password'></form>"));
        assert!(!asks_to_log_in("<title>Log In to the Wi-Fi</title>"));
    }
}
