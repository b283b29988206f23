//! Model breaches: listing them, acknowledging and commenting. Their connections are in [`super::breach_log`].

use jiff::Timestamp;
use serde_json::json;

use super::super::value::{Body, Fields, Node, Shape, Time};
use super::super::{Answer, BadInput, Call, Cause, Method, Operation, Path};
use super::devices::Device;
use super::{Reply, array, call, flag, json_body, missing, object, rows};

pub use super::breach_log::{BreachDetails, BreachLog, LogRow};

/// Lists model breaches: `GET /modelbreaches` `[OAS, XM]`. The server pages nothing: the window and the score bound it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Breaches {
    /// From when until when. `None`: everything the server holds, at most a year.
    pub window: Option<(Timestamp, Timestamp)>,
    /// At least this score, 0 to 1.
    pub min_score: Option<f64>,
    /// Only of this device.
    pub did: Option<i64>,
    /// With those already acknowledged.
    pub include_acknowledged: bool,
}

/// One model breach by its number: `GET /modelbreaches?pbid=…` `[XM]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachById {
    /// Which breach.
    pub pbid: i64,
}

/// A model breach. Everything but its number may be missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Breach {
    /// Its number.
    pub pbid: i64,
    /// When its first activity was.
    pub time: Option<Time>,
    /// When it was made.
    pub created: Option<Time>,
    /// How many comments it has.
    pub comments: Option<u64>,
    /// Its score, 0 to 1.
    pub score: Option<f64>,
    /// The model that was breached.
    pub model: Model,
    /// Acknowledged; undocumented in lists, so often unknown.
    pub acknowledged: Option<bool>,
    /// Its address in the console.
    pub url: Option<String>,
    /// The device; breaches of the system itself have none.
    pub device: Option<Device>,
    /// What was measured.
    pub components: Vec<Component>,
}

/// A model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Model {
    /// `Folder::Sub::Name`
    pub name: Option<String>,
    /// 0 to 3 informational, 4 suspicious, 5 critical `[OAS]`.
    pub priority: Option<i64>,
    /// `Informational`, `Suspicious`, `Critical`.
    pub category: Option<String>,
    /// A matter of compliance.
    pub compliance: Option<bool>,
    /// What it looks for.
    pub description: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// MITRE's tactics and techniques, as the model names them.
    pub mitre: Vec<String>,
}

/// What was measured in a breach.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Component {
    /// When.
    pub time: Option<Time>,
    /// `External Data Transfer`
    pub metric: Option<String>,
    /// How much.
    pub size: Option<f64>,
    /// From how much on it counts.
    pub threshold: Option<f64>,
    /// The conditions that held: what was looked at, how, against what, and what it was.
    pub filters: Vec<TriggeredFilter>,
}

/// A condition of a model that held.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TriggeredFilter {
    /// What was looked at: `Connection hostname`.
    pub what: Option<String>,
    /// How: `matches`.
    pub comparator: Option<String>,
    /// Against what.
    pub against: Option<String>,
    /// What it was.
    pub was: Option<String>,
}

impl Breach {
    fn read(node: Node<'_>, at: &str) -> Result<Self, Cause> {
        let fields = node.fields().ok_or_else(|| super::unexpected(at, "an object", node))?;
        let pbid = fields
            .int("pbid")
            .ok_or_else(|| missing(format!("{at}.pbid").trim_start_matches('.')))?;
        let percent = || fields.num("percentscore").map(|score| score / 100.0);
        Ok(Self {
            pbid,
            time: fields.time("time"),
            created: fields.time("creationTime"),
            comments: fields.count("commentCount"),
            // grouped by device, `score` is the device's and `pbscore` the breach's
            score: fields.first(&["pbscore", "score"]).and_then(Node::num).or_else(percent),
            model: Model::read(&fields),
            acknowledged: fields
                .get("acknowledged")
                .and_then(|node| node.flag().or(node.fields().map(|_| true))),
            url: fields.word("breachUrl"),
            // with `deviceattop=false` it stands in what was measured
            device: fields
                .object("device")
                .or_else(|| measured_on(&fields))
                .map(|device| Device::read(&device)),
            components: fields.each("triggeredComponents", Component::read).unwrap_or_default(),
        })
    }
}

/// The device of the first component that names one.
fn measured_on<'a>(fields: &Fields<'a>) -> Option<Fields<'a>> {
    let components = fields.get("triggeredComponents")?;
    components
        .one_or_many()
        .into_iter()
        .filter_map(Node::fields)
        .find_map(|part| part.object("device"))
}

impl Model {
    /// The model as it was then; as it is now; or the only one there is.
    fn read(fields: &Fields<'_>) -> Self {
        let Some(outer) = fields.object("model") else {
            return Self::default();
        };
        let model = outer.object("then").or_else(|| outer.object("now")).unwrap_or(outer);
        Self {
            name: model.word("name"),
            priority: model.int("priority"),
            category: model.word("category"),
            compliance: model.flag("compliance"),
            description: model.word("description"),
            tags: model.words("tags").unwrap_or_default(),
            mitre: model.object("mitre").map_or_else(Vec::new, |mitre| {
                let named = |key| mitre.words(key).unwrap_or_default();
                [named("tactics"), named("techniques")].concat()
            }),
        }
    }
}

impl Component {
    fn read(fields: &Fields<'_>) -> Self {
        let metric = fields.object("metric").unwrap_or_default();
        Self {
            time: fields.time("time"),
            metric: metric.word("label").or_else(|| metric.word("name")),
            size: fields.num("size"),
            threshold: fields.num("threshold"),
            filters: fields
                .each("triggeredFilters", |filter| {
                    let part = |key| {
                        let value = filter.object(key)?;
                        value.first(&["value"]).map(Node::line)
                    };
                    TriggeredFilter {
                        what: filter.word("filterType"),
                        comparator: filter.word("comparatorType"),
                        against: part("arguments"),
                        was: part("trigger"),
                    }
                })
                .unwrap_or_default(),
        }
    }
}

impl Operation for Breaches {
    type Output = Vec<Breach>;

    fn call(&self) -> Result<Call, BadInput> {
        if let Some(score) = self.min_score
            && !(0.0..=1.0).contains(&score)
        {
            return Err(BadInput::new("score", &score.to_string(), "it is not between 0 and 1"));
        }
        let millis = |at: Timestamp| at.as_millisecond().to_string();
        Ok(call("model breaches", Method::Get, Path::fixed("/modelbreaches"))
            // by creation: those made late from earlier activity are not missed
            .query("creationtime", flag(true))
            .query("deviceattop", flag(true))
            .query_opt("did", self.did.map(|did| did.to_string()))
            .query_opt("endtime", self.window.map(|(_, to)| millis(to)))
            .query("includeacknowledged", flag(self.include_acknowledged))
            .query("minimal", flag(false))
            .query_opt("minscore", self.min_score.map(|score| score.to_string()))
            .query_opt("starttime", self.window.map(|(from, _)| millis(from))))
    }

    /// An array; a single breach may come as an object.
    fn decode(&self, answer: &Answer) -> Result<Vec<Breach>, Cause> {
        read_breaches(answer)
    }
}

impl Operation for BreachById {
    type Output = Option<Breach>;

    fn call(&self) -> Result<Call, BadInput> {
        Ok(call("model breach", Method::Get, Path::fixed("/modelbreaches"))
            .query("deviceattop", flag(true))
            .query("includeacknowledged", flag(true))
            .query("minimal", flag(false))
            .query("pbid", self.pbid.to_string()))
    }

    fn decode(&self, answer: &Answer) -> Result<Option<Breach>, Cause> {
        let found = read_breaches(answer)?;
        Ok(found.into_iter().find(|breach| breach.pbid == self.pbid))
    }
}

pub(super) fn read_breaches(answer: &Answer) -> Result<Vec<Breach>, Cause> {
    let body = Body::read(answer)?;
    let node = body.node();
    if node.shape() == Shape::Object {
        let fields = object(node)?;
        if fields.is_empty() {
            return Ok(Vec::new());
        }
        return Ok(vec![Breach::read(node, "")?]);
    }
    let items = array(node)?.into_iter().enumerate();
    items.map(|(index, node)| Breach::read(node, &format!("[{index}]"))).collect()
}

fn breach_path(pbid: i64) -> Result<Path, BadInput> {
    Path::fixed("/modelbreaches").segment("breach number", &pbid.to_string())
}

/// Acknowledges a breach, or takes that back: `POST /modelbreaches/{pbid}/acknowledge`, form `[X0, SP, IBM]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledge {
    /// Which breach.
    pub pbid: i64,
    /// `false` takes it back.
    pub on: bool,
}

impl Operation for Acknowledge {
    type Output = Reply;

    fn call(&self) -> Result<Call, BadInput> {
        let (name, verb) = if self.on {
            ("acknowledge", "acknowledge")
        } else {
            ("take back acknowledgement", "unacknowledge")
        };
        let path = breach_path(self.pbid)?.then(verb);
        Ok(call(name, Method::Post, path).form(vec![(verb.to_owned(), "true".to_owned())]))
    }

    /// `{"response":"SUCCESS"}`, or Unified View's array `[XM]`.
    fn decode(&self, answer: &Answer) -> Result<Reply, Cause> {
        Reply::read(answer)
    }
}

/// Reads a breach's comments: `GET /modelbreaches/{pbid}/comments` `[OAS]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comments {
    /// Which breach.
    pub pbid: i64,
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comment {
    /// What it says.
    pub message: Option<String>,
    /// Who wrote it.
    pub username: Option<String>,
    /// When.
    pub time: Option<Time>,
}

impl Operation for Comments {
    type Output = Vec<Comment>;

    fn call(&self) -> Result<Call, BadInput> {
        let path = breach_path(self.pbid)?.then("comments");
        Ok(call("comments", Method::Get, path))
    }

    fn decode(&self, answer: &Answer) -> Result<Vec<Comment>, Cause> {
        let body = Body::read(answer)?;
        rows(array(body.node())?, "", |fields| Comment {
            message: fields.word("message"),
            username: fields.word("username"),
            time: fields.time("time"),
        })
    }
}

/// Comments on a breach: `POST /modelbreaches/{pbid}/comments`, JSON `[OAS, XM]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddComment {
    /// Which breach.
    pub pbid: i64,
    /// What to say.
    pub message: String,
}

impl Operation for AddComment {
    type Output = Reply;

    fn call(&self) -> Result<Call, BadInput> {
        if self.message.trim().is_empty() {
            return Err(BadInput::new("comment", &self.message, "it is empty"));
        }
        let path = breach_path(self.pbid)?.then("comments");
        let body = json!({ "message": self.message });
        Ok(call("add comment", Method::Post, path).json(json_body("comment", &body)?))
    }

    /// `{"response":"SUCCESS"}`, or the comment in an array.
    fn decode(&self, answer: &Answer) -> Result<Reply, Cause> {
        Reply::read(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::value::testing::*;
    use super::*;

    fn acknowledge(on: bool) -> Acknowledge {
        Acknowledge { pbid: 95, on }
    }

    fn comment(message: &str) -> AddComment {
        AddComment { pbid: 101, message: message.into() }
    }

    #[test]
    fn calls_are_exact() {
        assert_eq!(
            wire(&Breaches::default()),
            "Read GET /modelbreaches?creationtime=true&deviceattop=true&includeacknowledged=false&minimal=false"
        );
        let full = Breaches {
            window: Some((
                "2020-09-14T06:00:00Z".parse().unwrap(),
                "2020-09-14T07:00:00.25Z".parse().unwrap(),
            )),
            min_score: Some(0.75),
            did: Some(2),
            include_acknowledged: true,
        };
        assert_eq!(
            wire(&full),
            concat!(
                "Read GET /modelbreaches?creationtime=true&deviceattop=true&did=2&endtime=1600066800250",
                "&includeacknowledged=true&minimal=false&minscore=0.75&starttime=1600063200000"
            )
        );
        assert!(full.call().unwrap().query.is_sorted());
        assert_eq!(
            wire(&BreachById { pbid: 95 }),
            "Read GET /modelbreaches?deviceattop=true&includeacknowledged=true&minimal=false&pbid=95"
        );
        assert_eq!(
            wire(&acknowledge(true)),
            "Once POST /modelbreaches/95/acknowledge form acknowledge=true"
        );
        assert_eq!(
            wire(&acknowledge(false)),
            "Once POST /modelbreaches/95/unacknowledge form unacknowledge=true"
        );
        assert_eq!(wire(&Comments { pbid: 95 }), "Read GET /modelbreaches/95/comments");
        assert_eq!(
            wire(&comment("Test Comment")),
            r#"Once POST /modelbreaches/101/comments json {"message":"Test Comment"}"#
        );
        assert!(wire(&comment("ü\n")).ends_with(r#"{"message":"\u00fc\n"}"#));
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for score in [-0.1, 1.1, f64::NAN] {
            let bad = Breaches { min_score: Some(score), ..Breaches::default() };
            assert!(refused(&bad).starts_with("score"));
        }
        assert!(refused(&comment(" ")).starts_with("comment"));
    }

    const ONE: &str = r#"{"pbid":95,"time":1600063200000,"creationTime":1600063260000,"commentCount":1,"score":0.674,
        "model":{"then":{"name":"Anomalous Connection::Data to New Endpoint","priority":3,"category":"Suspicious",
          "compliance":false,"tags":["AP: Egress"],"actions":{"setPriority":[1]}},"now":{"name":"newer"}},
        "triggeredComponents":[{"time":1600063200000,"size":5,"threshold":"2","metric":{"name":"m","label":"Data out"},
          "triggeredFilters":[{"filterType":"Hostname","comparatorType":"matches","arguments":{"value":"x"},
            "trigger":{"value":"a.com"}},{}]}],
        "device":{"did":2,"hostname":"h"}}"#;

    #[test]
    fn breaches_are_read_from_every_form() {
        let list = decode(&Breaches::default(), &format!("[{ONE}]")).unwrap();
        let breach = &list[0];
        assert_eq!((breach.pbid, breach.score), (95, Some(0.674)));
        assert_eq!(
            breach.model.name.as_deref(),
            Some("Anomalous Connection::Data to New Endpoint")
        );
        assert_eq!(breach.model.tags, ["AP: Egress"]);
        assert_eq!((breach.acknowledged, breach.comments), (None, Some(1)));
        assert_eq!(breach.device.as_ref().unwrap().did, Some(2));
        let component = &breach.components[0];
        assert_eq!(
            (component.metric.as_deref(), component.threshold),
            (Some("Data out"), Some(2.0))
        );
        assert_eq!(component.filters[0].was.as_deref(), Some("a.com"));
        assert_eq!(component.filters[1], TriggeredFilter::default());

        let ask = BreachById { pbid: 95 };
        assert_eq!(decode(&ask, ONE).unwrap().as_ref(), Some(breach));
        let many = format!(r#"[{{"pbid":1}},{ONE}]"#);
        assert_eq!(decode(&ask, &many).unwrap().as_ref(), Some(breach));
        for none in ["[]", "{}", r#"[{"pbid":1}]"#] {
            assert_eq!(decode(&ask, none).unwrap(), None, "{none}");
        }
        let odd = decode(
            &Breaches::default(),
            r#"[{"pbid":"7","percentscore":61,"model":{"name":"only","priority":5},"acknowledged":{"user":"u"}},
                {"pbid":8,"score":0.9,"pbscore":0.4,"acknowledged":false,"model":null,"device":null}]"#,
        )
        .unwrap();
        assert_eq!((odd[0].pbid, odd[0].score), (7, Some(0.61)));
        assert_eq!(odd[0].model.name.as_deref(), Some("only"));
        assert_eq!((odd[0].acknowledged, odd[1].acknowledged), (Some(true), Some(false)));
        assert_eq!((odd[1].score, &odd[1].device), (Some(0.4), &None));

        assert_eq!(place(&Breaches::default(), "[{}]"), "[0].pbid");
        assert_eq!(place(&Breaches::default(), "[1]"), "[0]");
        assert_eq!(place(&ask, r#"{"x":1}"#), "pbid");
        assert_eq!(
            cause(&ask, r#"{"response":"INPUT ERROR"}"#),
            Cause::Refused("INPUT ERROR".into())
        );
    }

    #[test]
    fn acknowledging_and_commenting_are_answered_in_two_forms_each() {
        let said = decode(&acknowledge(true), r#"{"response":"SUCCESS"}"#).unwrap();
        assert_eq!(said.said, "SUCCESS");
        let unified = r#"[{"replicate":true,"data":[{"did":1000000000001,"pid":601008,"time":1732571994,"score":73}]}]"#;
        assert_eq!(decode(&acknowledge(true), unified).unwrap().said, unified);
        let stored =
            r#"[{"message":"m","username":"u","time":1600063200000,"pid":1,"commentid":2}]"#;
        assert!(decode(&comment("m"), stored).is_ok());
        assert_eq!(cause(&comment("m"), r#"{"error":"x"}"#), Cause::Refused("x".into()));
    }

    #[test]
    fn comments_are_read() {
        let ask = Comments { pbid: 95 };
        let comments = decode(
            &ask,
            r#"[{"message":"m","username":"u","time":1600063200000,"pid":1},{"message":null}]"#,
        )
        .unwrap();
        assert_eq!(comments[0].message.as_deref(), Some("m"));
        assert_eq!(comments[0].time.as_ref().unwrap().to_string(), "2020-09-14T06:00:00Z");
        assert_eq!(comments[1], Comment::default());
        assert_eq!(decode(&ask, "[]").unwrap(), []);
        assert_eq!(place(&ask, "{}"), ".");
    }

    #[test]
    fn no_answer_breaks_the_reader() {
        survives(&Breaches::default());
        survives(&BreachById { pbid: 95 });
        survives(&acknowledge(true));
        survives(&Comments { pbid: 95 });
        survives(&comment("m"));
    }
}
