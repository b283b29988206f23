//! Model breaches: listing them, their connections, acknowledging and commenting.

use jiff::Timestamp;
use serde_json::json;
use serde_json::value::RawValue;

use super::super::value::{Body, Fields, Node, Shape, Time};
use super::super::{Answer, BadInput, Call, Cause, Method, Operation, Path};
use super::devices::Device;
use super::{Reply, array, call, flag, json_body, missing, object, refusal, rows};

/// Lists model breaches: `GET /modelbreaches` [OAS, XM]. The server pages nothing: the window and the score bound it.
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

/// One model breach by its number: `GET /modelbreaches?pbid=…` [XM].
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
    /// 0 to 3 informational, 4 suspicious, 5 critical [OAS].
    pub priority: Option<i64>,
    /// `Informational`, `Suspicious`, `Critical`.
    pub category: Option<String>,
    /// A matter of compliance.
    pub compliance: Option<bool>,
    /// What it looks for.
    pub description: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
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
        let fields = node
            .fields()
            .ok_or_else(|| super::unexpected(at, "an object", node))?;
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
            score: fields
                .first(&["pbscore", "score"])
                .and_then(Node::num)
                .or_else(percent),
            model: Model::read(&fields),
            acknowledged: fields
                .get("acknowledged")
                .and_then(|node| node.flag().or(node.fields().map(|_| true))),
            url: fields.word("breachUrl"),
            device: fields.object("device").map(|device| Device::read(&device)),
            components: fields
                .each("triggeredComponents", Component::read)
                .unwrap_or_default(),
        })
    }
}

impl Model {
    /// The model as it was then; as it is now; or the only one there is.
    fn read(fields: &Fields<'_>) -> Self {
        let Some(outer) = fields.object("model") else {
            return Self::default();
        };
        let model = outer
            .object("then")
            .or_else(|| outer.object("now"))
            .unwrap_or(outer);
        Self {
            name: model.word("name"),
            priority: model.int("priority"),
            category: model.word("category"),
            compliance: model.flag("compliance"),
            description: model.word("description"),
            tags: model.words("tags").unwrap_or_default(),
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
            return Err(BadInput::new(
                "score",
                &score.to_string(),
                "it is not between 0 and 1",
            ));
        }
        let millis = |at: Timestamp| at.as_millisecond().to_string();
        Ok(
            call("model breaches", Method::Get, Path::fixed("/modelbreaches"))
                // by creation: those made late from earlier activity are not missed
                .query("creationtime", flag(true))
                .query("deviceattop", flag(true))
                .query_opt("did", self.did.map(|did| did.to_string()))
                .query_opt("endtime", self.window.map(|(_, to)| millis(to)))
                .query("includeacknowledged", flag(self.include_acknowledged))
                .query("minimal", flag(false))
                .query_opt("minscore", self.min_score.map(|score| score.to_string()))
                .query_opt("starttime", self.window.map(|(from, _)| millis(from))),
        )
    }

    /// An array; a single breach may come as an object.
    fn decode(&self, answer: &Answer) -> Result<Vec<Breach>, Cause> {
        read_breaches(answer)
    }
}

impl Operation for BreachById {
    type Output = Option<Breach>;

    fn call(&self) -> Result<Call, BadInput> {
        Ok(
            call("model breach", Method::Get, Path::fixed("/modelbreaches"))
                .query("deviceattop", flag(true))
                .query("includeacknowledged", flag(true))
                .query("minimal", flag(false))
                .query("pbid", self.pbid.to_string()),
        )
    }

    fn decode(&self, answer: &Answer) -> Result<Option<Breach>, Cause> {
        let found = read_breaches(answer)?;
        Ok(found.into_iter().find(|breach| breach.pbid == self.pbid))
    }
}

fn read_breaches(answer: &Answer) -> Result<Vec<Breach>, Cause> {
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
    items
        .map(|(index, node)| Breach::read(node, &format!("[{index}]")))
        .collect()
}

fn breach_path(pbid: i64) -> Result<Path, BadInput> {
    Path::fixed("/modelbreaches").segment("breach number", &pbid.to_string())
}

/// Acknowledges a breach, or takes that back: `POST /modelbreaches/{pbid}/acknowledge`, form [X0, SP, IBM].
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

    /// `{"response":"SUCCESS"}`, or Unified View's array [XM].
    fn decode(&self, answer: &Answer) -> Result<Reply, Cause> {
        Reply::read(answer)
    }
}

/// Reads a breach's comments: `GET /modelbreaches/{pbid}/comments` [OAS].
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

/// Comments on a breach: `POST /modelbreaches/{pbid}/comments`, JSON [OAS, XM].
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

/// Reads the connections behind a breach: `GET /details?pbid=…` [XM, OAS].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachDetails {
    /// Which breach.
    pub pbid: i64,
    /// At most this many connections.
    pub count: u32,
}

/// A breach's log.
#[derive(Debug, Clone, Default)]
pub struct BreachLog {
    /// The breach itself, as the server's first row tells it.
    pub breach: Option<LogRow>,
    /// The connections.
    pub rows: Vec<LogRow>,
}

/// A row of a breach's log.
#[derive(Debug, Clone)]
pub struct LogRow {
    /// When.
    pub time: Option<Time>,
    /// `policybreach`, `connection`, …
    pub action: Option<String>,
    /// The connection's id.
    pub uid: Option<String>,
    /// From which device.
    pub source_did: Option<i64>,
    /// To which device.
    pub destination_did: Option<i64>,
    /// From where.
    pub source: Option<String>,
    /// To where.
    pub destination: Option<String>,
    /// To which port.
    pub port: Option<i64>,
    /// `TCP`
    pub protocol: Option<String>,
    /// `HTTPS`
    pub application: Option<String>,
    /// `out`, `in`
    pub direction: Option<String>,
    /// The row as it came.
    pub raw: Box<RawValue>,
}

impl LogRow {
    fn read(node: Node<'_>) -> Option<Self> {
        let fields = node.fields()?;
        let party = |text: &str, device: &str| {
            fields.word(text).or_else(|| {
                let device = fields.object(device)?;
                device.first(&["hostname", "ip", "name"])?.word()
            })
        };
        Some(Self {
            time: fields.first(&["timems", "time"]).and_then(Node::time),
            action: fields.first(&["action", "eventType"]).and_then(Node::word),
            uid: fields.word("uid"),
            source_did: fields.int("sdid"),
            destination_did: fields.int("ddid"),
            source: party("source", "sourceDevice"),
            destination: party("destination", "destinationDevice"),
            port: fields
                .first(&["destinationPort", "port"])
                .and_then(Node::int),
            protocol: fields.word("protocol"),
            application: fields.word("applicationprotocol"),
            direction: fields.word("direction"),
            raw: node.keep(),
        })
    }
}

impl Operation for BreachDetails {
    type Output = BreachLog;

    fn call(&self) -> Result<Call, BadInput> {
        // the first row is the breach itself
        let count = u64::from(self.count) + 1;
        Ok(call("breach details", Method::Get, Path::fixed("/details"))
            .query("count", count.to_string())
            .query("pbid", self.pbid.to_string()))
    }

    fn decode(&self, answer: &Answer) -> Result<BreachLog, Cause> {
        let body = Body::read(answer)?;
        let node = body.node();
        if let Some(cause) = node.fields().and_then(|fields| refusal(&fields)) {
            return Err(cause);
        }
        let mut log = BreachLog::default();
        for row in array(node)?.into_iter().filter_map(LogRow::read) {
            if log.breach.is_none() && row.action.as_deref() == Some("policybreach") {
                log.breach = Some(row);
            } else {
                log.rows.push(row);
            }
        }
        Ok(log)
    }
}
