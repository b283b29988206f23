//! The watched list: reading it, adding to it, removing from it.
//!
//! What is added reaches every analyst. Autonomous response (`iagn`) and wiping the list (`removeall`) are never sent:
//! no field for them exists here.

use jiff::Timestamp;
use serde::Serialize;

use super::super::value::{Body, Node, Time};
use super::super::{Answer, BadInput, Call, Cause, Method, Operation, Path};
use super::{array, call, json_body, refusal, said};

/// Puts endpoints on the watched list: `POST /intelfeed`, JSON `[OAS, XA]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WatchAdd {
    /// Addresses, host names, domains.
    pub entries: Vec<String>,
    /// Why, less than 256 characters.
    pub description: Option<String>,
    /// Under which source's name, less than 64 characters; `None` is the server's default source.
    pub source: Option<String>,
    /// When they leave the list.
    pub expiry: Option<Timestamp>,
    /// Match the exact host only, not what is below it.
    pub hostname: bool,
}

#[derive(Serialize)]
struct AddBody<'a> {
    addlist: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<bool>,
}

/// What became of a change to the list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WatchReply {
    /// The server's word, `SUCCESS`; empty when it said nothing.
    pub response: String,
    /// How many entries are new; 0 with SUCCESS means they were there. Older servers do not say.
    pub added: Option<u64>,
    /// How many entries were changed.
    pub updated: Option<u64>,
}

impl WatchReply {
    fn read(answer: &Answer) -> Result<Self, Cause> {
        let Some(body) = Body::read_if_any(answer)? else {
            return Ok(Self::default());
        };
        let parts = body.node().one_or_many();
        let first = parts.into_iter().find_map(Node::fields);
        let fields = first.unwrap_or_default();
        if let Some(cause) = refusal(&fields) {
            return Err(cause);
        }
        Ok(Self {
            response: fields.word("response").unwrap_or_else(|| body.node().line()),
            added: fields.count("added"),
            updated: fields.count("updated"),
        })
    }
}

/// Refuses a text of `limit` characters or more.
fn shorter_than(limit: usize, what: &'static str, text: Option<&str>) -> Result<(), BadInput> {
    let Some(text) = text else { return Ok(()) };
    said(what, text)?;
    let length = text.chars().count();
    if length < limit {
        return Ok(());
    }
    Err(BadInput::new(
        what,
        text,
        format!("it has {length} characters, and must have less than {limit}"),
    ))
}

/// An entry cannot hold what parts entries.
fn entry(text: &str) -> Result<&str, BadInput> {
    let text = text.trim();
    said("entry", text)?;
    if text.contains([',', ' ']) {
        return Err(BadInput::new(
            "entry",
            text,
            "it holds a comma or a blank: entries are given one by one",
        ));
    }
    Ok(text)
}

impl Operation for WatchAdd {
    type Output = WatchReply;

    fn call(&self) -> Result<Call, BadInput> {
        if self.entries.is_empty() {
            return Err(BadInput::new("entry", "", "there is none"));
        }
        let entries: Result<Vec<&str>, _> = self.entries.iter().map(|text| entry(text)).collect();
        shorter_than(256, "description", self.description.as_deref())?;
        shorter_than(64, "source", self.source.as_deref())?;
        let body = AddBody {
            addlist: entries?.join(","),
            description: self.description.as_deref(),
            source: self.source.as_deref(),
            expiry: self.expiry.map(|at| at.strftime("%Y-%m-%dT%H:%M:%S").to_string()),
            hostname: self.hostname.then_some(true),
        };
        Ok(call("watch", Method::Post, Path::fixed("/intelfeed"))
            .json(json_body("watched list entry", &body)?))
    }

    fn decode(&self, answer: &Answer) -> Result<WatchReply, Cause> {
        WatchReply::read(answer)
    }
}

/// Takes an entry off the watched list: `POST /intelfeed` with `removeentry` `[OAS]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchRemove {
    /// Which entry.
    pub entry: String,
    /// Whose entry; needed where several sources exist.
    pub source: Option<String>,
}

#[derive(Serialize)]
struct RemoveBody<'a> {
    removeentry: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
}

impl Operation for WatchRemove {
    type Output = WatchReply;

    fn call(&self) -> Result<Call, BadInput> {
        shorter_than(64, "source", self.source.as_deref())?;
        let body = RemoveBody { removeentry: entry(&self.entry)?, source: self.source.as_deref() };
        Ok(call("unwatch", Method::Post, Path::fixed("/intelfeed"))
            .json(json_body("watched list entry", &body)?))
    }

    fn decode(&self, answer: &Answer) -> Result<WatchReply, Cause> {
        WatchReply::read(answer)
    }
}

/// Reads the watched list: `GET /intelfeed?fulldetails=true` `[OAS]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WatchList {
    /// Only this source's entries.
    pub source: Option<String>,
}

/// An entry of the watched list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Watched {
    /// Address, host name or domain.
    pub name: String,
    /// Why it is there.
    pub description: Option<String>,
    /// When it leaves the list.
    pub expiry: Option<Time>,
    /// How sure its source is.
    pub strength: Option<f64>,
    /// Autonomous response is on for it. Set elsewhere, never from here.
    pub responds: Option<bool>,
}

impl Operation for WatchList {
    type Output = Vec<Watched>;

    fn call(&self) -> Result<Call, BadInput> {
        if let Some(source) = &self.source {
            said("source", source)?;
        }
        Ok(call("watched list", Method::Get, Path::fixed("/intelfeed"))
            .query("fulldetails", "true")
            .query_opt("source", self.source.as_deref()))
    }

    /// Objects; servers that know no details answer with bare names.
    fn decode(&self, answer: &Answer) -> Result<Vec<Watched>, Cause> {
        let body = Body::read(answer)?;
        let entries = array(body.node())?.into_iter();
        Ok(entries
            .filter_map(|node| match node.fields() {
                Some(fields) => Some(Watched {
                    name: fields.word("name")?,
                    description: fields.word("description"),
                    expiry: fields.time("expiry"),
                    strength: fields.num("strength"),
                    responds: fields.flag("iagn"),
                }),
                None => node.word().map(|name| Watched { name, ..Watched::default() }),
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::value::testing::*;
    use super::*;

    fn add(entries: &[&str]) -> WatchAdd {
        WatchAdd {
            entries: entries.iter().map(ToString::to_string).collect(),
            ..WatchAdd::default()
        }
    }

    fn remove(entry: &str) -> WatchRemove {
        WatchRemove { entry: entry.into(), source: None }
    }

    #[test]
    fn calls_are_exact() {
        assert_eq!(wire(&add(&["8.8.8.8"])), r#"Once POST /intelfeed json {"addlist":"8.8.8.8"}"#);
        let full = WatchAdd {
            description: Some("Zürich \"C2\"".into()),
            source: Some("S".into()),
            expiry: Some("2020-12-31T12:00:00.5Z".parse().unwrap()),
            hostname: true,
            ..add(&["a.com", " 1.1.1.1 "])
        };
        assert_eq!(
            wire(&full),
            concat!(
                r#"Once POST /intelfeed json {"addlist":"a.com,1.1.1.1","description":"Z\u00fcrich \"C2\"","#,
                r#""source":"S","expiry":"2020-12-31T12:00:00","hostname":true}"#
            )
        );
        assert_eq!(wire(&remove("a.com")), r#"Once POST /intelfeed json {"removeentry":"a.com"}"#);
        let sourced = WatchRemove { source: Some("S".into()), ..remove("a.com") };
        assert_eq!(
            wire(&sourced),
            r#"Once POST /intelfeed json {"removeentry":"a.com","source":"S"}"#
        );
        assert_eq!(wire(&WatchList::default()), "Read GET /intelfeed?fulldetails=true");
        let source = Some("S 1".to_owned());
        assert_eq!(
            wire(&WatchList { source }),
            "Read GET /intelfeed?fulldetails=true&source=S%201"
        );
    }

    #[test]
    fn what_would_change_more_than_meant_is_refused() {
        for bad in ["", " ", "a,b", "a b", "a\nb"] {
            assert!(refused(&add(&["ok.com", bad])).starts_with("entry"), "{bad:?}");
            assert!(refused(&remove(bad)).starts_with("entry"), "{bad:?}");
        }
        assert!(refused(&add(&[])).starts_with("entry"));
        let described = |text: String| WatchAdd { description: Some(text), ..add(&["a.com"]) };
        assert!(described("ü".repeat(255)).call().is_ok());
        assert!(refused(&described("ü".repeat(256))).contains("256 characters"));
        assert!(refused(&described(" ".into())).starts_with("description"));
        let source = WatchAdd { source: Some("s".repeat(64)), ..add(&["a.com"]) };
        assert!(refused(&source).starts_with("source"));
    }

    #[test]
    fn the_reply_tells_what_was_new() {
        let reply = |body: &str| decode(&add(&["a.com"]), body).unwrap();
        let known = reply(r#"{"response":"SUCCESS","added":0,"updated":0}"#);
        assert_eq!(
            known,
            WatchReply { response: "SUCCESS".into(), added: Some(0), updated: Some(0) }
        );
        let older = reply(r#"{"response":"SUCCESS"}"#);
        assert_eq!((older.added, older.updated), (None, None));
        assert_eq!(reply(r#"{"added":"2"}"#).added, Some(2));
        assert_eq!(reply(""), WatchReply::default());
        assert_eq!(
            cause(&add(&["a.com"]), r#"{"response":"INPUT ERROR"}"#),
            Cause::Refused("INPUT ERROR".into())
        );
        assert_eq!(
            cause(&remove("a.com"), r#"{"error":"source needed"}"#),
            Cause::Refused("source needed".into())
        );
    }

    #[test]
    fn the_list_is_read_with_and_without_details() {
        let list = WatchList::default();
        let watched = decode(
            &list,
            r#"[{"name":"a.com","description":"","expiry":"2020-12-31T12:00:00","strength":"100","iagn":true},
                "b.com", {"strength":100}, null, {"name":"c.com","expiry":null}]"#,
        )
        .unwrap();
        let names: Vec<&str> = watched.iter().map(|entry| &*entry.name).collect();
        assert_eq!(names, ["a.com", "b.com", "c.com"]);
        let first = &watched[0];
        assert_eq!((&first.description, first.strength), (&None, Some(100.0)));
        assert_eq!(first.expiry.as_ref().unwrap().to_string(), "2020-12-31T12:00:00Z");
        assert_eq!((first.responds, watched[1].responds), (Some(true), None));
        assert_eq!(decode(&list, "[]").unwrap(), []);
        assert_eq!(cause(&list, r#"{"error":"Forbidden"}"#), Cause::Refused("Forbidden".into()));
        assert_eq!(place(&list, "{}"), ".");
    }

    #[test]
    fn no_answer_breaks_the_reader() {
        survives(&add(&["a.com"]));
        survives(&remove("a.com"));
        survives(&WatchList::default());
    }
}
