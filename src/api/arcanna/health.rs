//! Whether Arcanna is there and what the key may do. None of these calls changes anything.

use super::super::value::{Body, Node, Shape};
use super::super::{Answer, BadInput, Call, Cause, Method, Operation, Path};
use super::{array, call, missing, object, refusal, unexpected, words_of};

/// Asks whether the server is up and the input key is valid: `GET /api/v1/health/` `[XN, FS2, INP]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health;

/// The answer of [`Health`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthReport {
    /// The key is accepted. Never `false`: an unaccepted key is [`Cause::Credentials`].
    pub authorised: bool,
}

impl Operation for Health {
    type Output = HealthReport;

    fn call(&self) -> Result<Call, BadInput> {
        Ok(call("health", Method::Get, Path::fixed("/api/v1/health/")))
    }

    /// `{"status": bool}`, older `{"connected": bool}`. A 200 with `false` means: server up, key not accepted `[INP]`.
    fn decode(&self, answer: &Answer) -> Result<HealthReport, Cause> {
        let body = Body::read(answer)?;
        let fields = object(body.node())?;
        match fields.first(&["status", "connected"]) {
            Some(node) => match authorised(node) {
                Some(true) => Ok(HealthReport { authorised: true }),
                Some(false) => {
                    Err(Cause::Credentials(refusal(&fields).unwrap_or_else(|| body.node().line())))
                }
                None => match refusal(&fields) {
                    Some(words) => Err(Cause::Refused(words)),
                    None => Err(unexpected("status", "true or false", node)),
                },
            },
            None => match refusal(&fields) {
                Some(words) => Err(Cause::Refused(words)),
                None => Err(missing("status")),
            },
        }
    }
}

fn authorised(node: Node<'_>) -> Option<bool> {
    if node.shape() == Shape::Text {
        return node
            .text()
            .filter(|text| text.trim().eq_ignore_ascii_case("ok"))
            .map(|_| true)
            .or_else(|| node.flag());
    }
    node.flag()
}

/// Asks the same of the management API: `GET /api/v2/health/`, where the status is a text `[MCP]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HealthV2;

/// The answer of [`HealthV2`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthV2Report {
    /// The status word, `OK`.
    pub status: String,
    /// Remarks, where there are any.
    pub reason: Option<String>,
}

impl Operation for HealthV2 {
    type Output = HealthV2Report;

    fn call(&self) -> Result<Call, BadInput> {
        Ok(call("management health", Method::Get, Path::fixed("/api/v2/health/")))
    }

    /// Any status but `OK` is [`Cause::Refused`] with the server's reason.
    fn decode(&self, answer: &Answer) -> Result<HealthV2Report, Cause> {
        let body = Body::read(answer)?;
        let fields = object(body.node())?;
        if let Some(words) = refusal(&fields) {
            return Err(Cause::Refused(words));
        }
        let status = fields.word("status").ok_or_else(|| missing("status"))?;
        if !status.trim().eq_ignore_ascii_case("ok") && status != "true" {
            return Err(Cause::Refused(format!("status {status}")));
        }
        Ok(HealthV2Report {
            status,
            reason: fields.first(&["reason", "reason_details"]).and_then(words_of),
        })
    }
}

/// Asks what the management key may do: `GET /api/v2/token/scopes` `[MCP]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes;

impl Scopes {
    /// The name of its call.
    pub const NAME: &str = "scopes";
}

/// The scopes of a key, `action:category[:resource_type[:resource_id]]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Granted {
    /// As the server named them.
    pub scopes: Vec<String>,
}

impl Granted {
    /// Whether the key holds `action:category`, be it for everything or for one resource only.
    pub fn allows(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| {
            let mut parts = held.splitn(3, ':');
            let (action, category) = (parts.next(), parts.next());
            scope.split_once(':') == action.zip(category)
        })
    }
}

impl Operation for Scopes {
    type Output = Granted;

    fn call(&self) -> Result<Call, BadInput> {
        Ok(call(Self::NAME, Method::Get, Path::fixed("/api/v2/token/scopes")))
    }

    fn decode(&self, answer: &Answer) -> Result<Granted, Cause> {
        let body = Body::read(answer)?;
        let scopes = array(body.node())?.into_iter().filter_map(Node::word);
        Ok(Granted { scopes: scopes.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::value::testing::*;
    use super::*;

    #[test]
    fn calls_are_exact() {
        assert_eq!(wire(&Health), "Read GET /api/v1/health/");
        assert_eq!(wire(&HealthV2), "Read GET /api/v2/health/");
        assert_eq!(wire(&Scopes), "Read GET /api/v2/token/scopes");
    }

    #[test]
    fn health_needs_a_key_that_is_accepted() {
        for good in [
            r#"{"status": true}"#,
            r#"{"connected": true, "version": "1.40"}"#,
            r#"{"status": "OK"}"#,
        ] {
            assert!(decode(&Health, good).unwrap().authorised, "{good}");
        }
        for bad in [r#"{"status": false}"#, r#"{"connected": false}"#] {
            assert!(matches!(cause(&Health, bad), Cause::Credentials(_)), "{bad}");
        }
        assert_eq!(
            cause(&Health, r#"{"detail": "Not authenticated"}"#),
            Cause::Refused("Not authenticated".into())
        );
        assert_eq!(place(&Health, "{}"), "status");
        assert_eq!(place(&Health, r#"{"status": [1]}"#), "status");
        assert_eq!(place(&Health, "[true]"), ".");
    }

    #[test]
    fn management_health_has_a_status_text() {
        let report = decode(&HealthV2, r#"{"status": "OK", "reason": "", "reason_details": ""}"#);
        assert_eq!(report.unwrap(), HealthV2Report { status: "OK".into(), reason: None });
        assert_eq!(
            cause(
                &HealthV2,
                r#"{"status": "NOK", "reason": "no licence", "reason_details": ["a", "b"]}"#
            ),
            Cause::Refused("no licence: a; b".into())
        );
        assert_eq!(
            cause(&HealthV2, r#"{"status": "DEGRADED"}"#),
            Cause::Refused("status DEGRADED".into())
        );
    }

    #[test]
    fn scopes_count_by_their_first_two_parts() {
        let granted = decode(
            &Scopes,
            r#"["read:event_query", "write:event_feedback:job:1201", "public", 7]"#,
        )
        .unwrap();
        assert!(granted.allows("read:event_query"));
        assert!(granted.allows("write:event_feedback"));
        assert!(!granted.allows("read:event"));
        assert!(!granted.allows("write:event_query"));
        assert_eq!(
            cause(&Scopes, r#"{"detail": "Invalid key"}"#),
            Cause::Refused("Invalid key".into())
        );
        assert_eq!(place(&Scopes, r#"{"scopes": []}"#), ".");
    }

    #[test]
    fn no_answer_breaks_the_reader() {
        survives(&Health);
        survives(&HealthV2);
        survives(&Scopes);
    }
}
