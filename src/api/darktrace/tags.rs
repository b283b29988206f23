//! Tags: which there are, which devices carry one, which a device carries, and putting one on or taking it off.

use super::super::value::{Body, Fields, Node, Shape, Time};
use super::super::{Answer, BadInput, Call, Cause, Method, Operation, Path};
use super::devices::Device;
use super::{Reply, array, call, missing, object, one_device, refusal, rows, said};

/// A tag, as it exists or as a device carries it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tag {
    /// Its number.
    pub tid: Option<i64>,
    /// Its name; `a::b` are scoped, a device carries one per scope `[OAS]`.
    pub name: Option<String>,
    /// When it leaves the device; `None` never. In the list of all tags: the tag's default.
    pub expiry: Option<Time>,
    /// Only Darktrace itself may apply it.
    pub restricted: Option<bool>,
    /// Models refer to it.
    pub referenced: Option<bool>,
    /// Hue, 0 to 360.
    pub hue: Option<f64>,
    /// What it is for.
    pub description: Option<String>,
    /// Applied by models.
    pub auto: Option<bool>,
    /// `Public`
    pub visibility: Option<String>,
}

impl Tag {
    pub(super) fn read(fields: &Fields<'_>) -> Self {
        let data = fields.object("data").unwrap_or_default();
        Self {
            tid: fields.int("tid"),
            name: fields.word("name"),
            expiry: fields.time("expiry"),
            restricted: fields.flag("restricted"),
            referenced: fields.flag("isReferenced"),
            hue: data.num("color"),
            description: data.word("description"),
            auto: data.flag("auto"),
            visibility: data.word("visibility"),
        }
    }
}

/// One assignment of a tag.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TagEntity {
    /// The assignment's number.
    pub teid: Option<i64>,
    /// The tag's number.
    pub tid: Option<i64>,
    /// `Device` or `Credential`.
    pub kind: Option<String>,
    /// The device's number as text, or the credential.
    pub value: Option<String>,
    /// Whether it still holds.
    pub valid: Option<bool>,
    /// When it ends; `None` never.
    pub expiry: Option<Time>,
}

impl TagEntity {
    fn read(fields: &Fields<'_>) -> Self {
        Self {
            teid: fields.int("teid"),
            tid: fields.int("tid"),
            kind: fields.word("entityType"),
            value: fields.word("entityValue"),
            valid: fields.flag("valid"),
            expiry: fields.time("expiry"),
        }
    }

    /// The device's number, where the entity is a device.
    pub fn did(&self) -> Option<i64> {
        if self.kind.as_deref() == Some("Credential") {
            return None;
        }
        self.value.as_deref()?.trim().parse().ok()
    }
}

/// Who carries a tag. There can be fewer devices than entities: not every entity is a device, or still known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Holders {
    /// The assignments.
    pub entities: Vec<TagEntity>,
    /// The devices among them with their details.
    pub devices: Vec<Device>,
}

/// Asks who carries a tag: `GET /tags/entities?fulldevicedetails=true&tag=…` `[XA]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaggedDevices {
    /// The tag's name.
    pub tag: String,
}

impl Operation for TaggedDevices {
    type Output = Holders;

    fn call(&self) -> Result<Call, BadInput> {
        said("tag", &self.tag)?;
        Ok(call("tagged devices", Method::Get, Path::fixed("/tags/entities"))
            .query("fulldevicedetails", "true")
            .query("tag", &self.tag))
    }

    /// `{entities, devices}`, or the bare array of entities `[OAS]`; `{}` is nobody.
    fn decode(&self, answer: &Answer) -> Result<Holders, Cause> {
        let body = Body::read(answer)?;
        let node = body.node();
        if node.shape() == Shape::Array {
            return Ok(Holders {
                entities: rows(array(node)?, "", TagEntity::read)?,
                devices: Vec::new(),
            });
        }
        let fields = object(node)?;
        if !fields.is_empty() && !fields.has("entities") && !fields.has("devices") {
            return Err(missing("entities"));
        }
        let part = |key| fields.get(key).map(Node::one_or_many).unwrap_or_default();
        Ok(Holders {
            entities: rows(part("entities"), "entities", TagEntity::read)?,
            devices: rows(part("devices"), "devices", Device::read)?,
        })
    }
}

/// Asks which tags a device carries: `GET /tags/entities?did=…` `[XA]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceTags {
    /// Which device.
    pub did: i64,
}

impl Operation for DeviceTags {
    type Output = Vec<Tag>;

    fn call(&self) -> Result<Call, BadInput> {
        Ok(call("device tags", Method::Get, Path::fixed("/tags/entities"))
            .query("did", self.did.to_string()))
    }

    fn decode(&self, answer: &Answer) -> Result<Vec<Tag>, Cause> {
        read_tags(answer)
    }
}

/// Lists all tags: `GET /tags` `[OAS]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tags;

impl Operation for Tags {
    type Output = Vec<Tag>;

    fn call(&self) -> Result<Call, BadInput> {
        Ok(call("tags", Method::Get, Path::fixed("/tags")))
    }

    fn decode(&self, answer: &Answer) -> Result<Vec<Tag>, Cause> {
        read_tags(answer)
    }
}

/// An array of tags, an object that holds it as `tags`, or one tag.
fn read_tags(answer: &Answer) -> Result<Vec<Tag>, Cause> {
    let body = Body::read(answer)?;
    let mut node = body.node();
    if let Some(fields) = node.fields() {
        if let Some(cause) = refusal(&fields) {
            return Err(cause);
        }
        if fields.has("tid") && fields.has("name") {
            return Ok(vec![Tag::read(&fields)]);
        }
        node = fields.get("tags").unwrap_or(node);
    }
    rows(array(node)?, "", Tag::read)
}

/// Puts an existing tag on a device: `POST /tags/entities`, form `[XA, OAS, LAB]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagDevice {
    /// Which device.
    pub did: i64,
    /// The tag's name; it must exist.
    pub tag: String,
    /// For how many seconds; `None` for good.
    pub duration_s: Option<u64>,
}

impl Operation for TagDevice {
    type Output = Reply;

    fn call(&self) -> Result<Call, BadInput> {
        one_device(self.did)?;
        said("tag", &self.tag)?;
        let mut form = vec![("did".to_owned(), self.did.to_string())];
        if let Some(duration) = self.duration_s {
            form.push(("duration".to_owned(), duration.to_string()));
        }
        form.push(("tag".to_owned(), self.tag.clone()));
        Ok(call("tag device", Method::Post, Path::fixed("/tags/entities")).form(form))
    }

    /// `{"tid": 57}`, `{"response":"SUCCESS"}` or anything else that does not say no.
    fn decode(&self, answer: &Answer) -> Result<Reply, Cause> {
        Reply::read(answer)
    }
}

/// Takes a tag off a device: `DELETE /tags/entities?did=…&tag=…` `[OAS]`.
///
/// Gateways were seen to answer 502 although it was done `[LAB]`: read again to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UntagDevice {
    /// Which device.
    pub did: i64,
    /// The tag's name.
    pub tag: String,
}

impl Operation for UntagDevice {
    type Output = Reply;

    fn call(&self) -> Result<Call, BadInput> {
        one_device(self.did)?;
        said("tag", &self.tag)?;
        Ok(call("untag device", Method::Delete, Path::fixed("/tags/entities"))
            .query("did", self.did.to_string())
            .query("tag", &self.tag))
    }

    fn decode(&self, answer: &Answer) -> Result<Reply, Cause> {
        Reply::read(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::value::testing::*;
    use super::*;

    fn tagged() -> TaggedDevices {
        TaggedDevices { tag: "Active Threat".into() }
    }

    fn tag_device(did: i64, tag: &str) -> TagDevice {
        TagDevice { did, tag: tag.into(), duration_s: Some(3600) }
    }

    fn untag(did: i64, tag: &str) -> UntagDevice {
        UntagDevice { did, tag: tag.into() }
    }

    #[test]
    fn calls_are_exact() {
        assert_eq!(
            wire(&tagged()),
            "Read GET /tags/entities?fulldevicedetails=true&tag=Active%20Threat"
        );
        assert_eq!(wire(&DeviceTags { did: 2 }), "Read GET /tags/entities?did=2");
        assert_eq!(wire(&Tags), "Read GET /tags");
        assert_eq!(
            wire(&tag_device(2, "Active Threat")),
            "Once POST /tags/entities form did=2&duration=3600&tag=Active Threat"
        );
        let forever = TagDevice { duration_s: None, ..tag_device(2, "a::b") };
        assert_eq!(wire(&forever), "Once POST /tags/entities form did=2&tag=a::b");
        assert_eq!(
            wire(&untag(2, "a::b & c")),
            "Once DELETE /tags/entities?did=2&tag=a%3A%3Ab%20%26%20c"
        );
    }

    #[test]
    fn groups_and_empty_names_are_refused() {
        for did in [0, -6] {
            assert!(refused(&tag_device(did, "x")).starts_with("device id"));
            assert!(refused(&untag(did, "x")).starts_with("device id"));
        }
        for bad in ["", " ", "a\nb"] {
            assert!(refused(&tag_device(1, bad)).starts_with("tag"));
            assert!(refused(&untag(1, bad)).starts_with("tag"));
            assert!(refused(&TaggedDevices { tag: bad.into() }).starts_with("tag"));
        }
    }

    #[test]
    fn holders_are_read_from_both_forms() {
        let entities = r#"[{"teid":1,"tehid":2,"tid":57,"entityType":"Device","entityValue":"2","valid":true},
            {"teid":2,"tid":57,"entityType":"Device","entityValue":"999999999","valid":true,"expiry":1702038492000.0},
            {"teid":3,"tid":57,"entityType":"Credential","entityValue":"42","valid":false,"expiry":0}]"#;
        let whole = format!(
            r#"{{"entities":{entities},"devices":[{{"did":2,"sid":-11,"tags":[],"credentials":[]}}]}}"#
        );
        let holders = decode(&tagged(), &whole).unwrap();
        let dids: Vec<Option<i64>> = holders.entities.iter().map(TagEntity::did).collect();
        assert_eq!(dids, [Some(2), Some(999_999_999), None]);
        assert_eq!(holders.entities[0].expiry, None);
        assert_eq!(
            holders.entities[1].expiry.as_ref().unwrap().to_string(),
            "2023-12-08T12:28:12Z"
        );
        assert_eq!((holders.entities[2].valid, &holders.entities[2].expiry), (Some(false), &None));
        assert_eq!(holders.devices.len(), 1);
        assert_eq!(holders.devices[0].tags, Some(vec![]));
        assert_eq!(holders.devices[0].credentials, Some(vec![]));

        let bare = decode(&tagged(), entities).unwrap();
        assert_eq!((bare.entities, bare.devices), (holders.entities, vec![]));
        for nobody in ["[]", "{}", r#"{"entities":[],"devices":[]}"#, r#"{"devices":null}"#] {
            assert_eq!(decode(&tagged(), nobody).unwrap(), Holders::default(), "{nobody}");
        }
        assert_eq!(place(&tagged(), r#"{"x":1}"#), "entities");
        assert_eq!(place(&tagged(), r#"{"entities":[1]}"#), "entities[0]");
        assert_eq!(place(&tagged(), r#"{"devices":"x"}"#), "devices[0]");
    }

    #[test]
    fn tags_are_read_with_whatever_they_hold() {
        let tags = decode(
            &DeviceTags { did: 2 },
            r#"[{"tid":57,"expiry":0,"thid":58,"name":"Admin","restricted":false,"isReferenced":true,
                 "data":{"auto":true,"color":134,"description":"","visibility":"Public"}},
                {"tid":58,"expiry":1702038492000,"name":"cSensor","restricted":true,"data":{"color":"200"}},
                {"name":"bare","data":null,"tid":"59"}]"#,
        )
        .unwrap();
        assert_eq!(
            tags[0],
            Tag {
                tid: Some(57),
                name: Some("Admin".into()),
                expiry: None,
                restricted: Some(false),
                referenced: Some(true),
                hue: Some(134.0),
                description: None,
                auto: Some(true),
                visibility: Some("Public".into()),
            }
        );
        assert_eq!((tags[1].auto, tags[1].hue), (None, Some(200.0)));
        assert!(tags[1].expiry.is_some());
        assert_eq!((tags[2].tid, tags[2].restricted), (Some(59), None));
        assert_eq!(decode(&Tags, "[]").unwrap(), []);
        let one = decode(&Tags, r#"{"tid":5,"name":"DISK ERROR"}"#).unwrap();
        assert_eq!(one.len(), 1);
    }

    #[test]
    fn refusals_and_other_shapes() {
        let body = r#"{"tags":"DATANOTFOUND ERROR"}"#;
        let words = Cause::NotFound("tags: DATANOTFOUND ERROR".into());
        assert_eq!(cause(&tagged(), body), words);
        assert_eq!(cause(&tag_device(2, "x"), body), words);
        assert_eq!(cause(&untag(2, "x"), body), words);
        assert_eq!(cause(&DeviceTags { did: 2 }, body), words);
        assert_eq!(cause(&Tags, r#"{"error":"Forbidden"}"#), Cause::Refused("Forbidden".into()));
        assert_eq!(place(&Tags, "{}"), ".");
        assert_eq!(place(&Tags, "[[]]"), "[0]");
    }

    #[test]
    fn a_tagging_says_which_tag() {
        let reply = decode(&tag_device(2, "x"), r#"{"tid": 57}"#).unwrap();
        assert_eq!(reply.tid, Some(57));
        let reply = decode(&tag_device(2, "x"), r#"{"response":"SUCCESS"}"#).unwrap();
        assert_eq!(reply.said, "SUCCESS");
        assert_eq!(decode(&untag(2, "x"), "").unwrap(), Reply::default());
    }

    #[test]
    fn no_answer_breaks_the_reader() {
        survives(&tagged());
        survives(&DeviceTags { did: 2 });
        survives(&Tags);
        survives(&tag_device(2, "x"));
        survives(&untag(2, "x"));
    }
}
