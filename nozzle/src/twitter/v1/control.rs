//! One message of a v1.1 stream: a tweet, or one of the one-key control messages.

use serde_json::Value;

use super::status;
use crate::source::{AccountChange, Deleter, SourceEnd, Upstream, sample};
use crate::twitter::runs::is_everywhere;
use crate::wire::lenient;

/// What a message comes to.
#[derive(Debug)]
pub(super) enum Told {
    /// To tell, with the tweet's id if it is one.
    Message(Upstream, Option<String>),
    /// The stream ends.
    End(SourceEnd),
}

/// `limit` counts since the connection began, in several series that are not told apart.
#[derive(Debug, Default)]
pub(super) struct Limits {
    highest: u64,
}

impl Limits {
    fn delta(&mut self, track: Option<u64>) -> Option<u64> {
        let delta = track?.checked_sub(self.highest).filter(|delta| *delta > 0)?;
        self.highest += delta;
        Some(delta)
    }
}

/// Reads one message.
pub(super) fn read(line: &[u8], limits: &mut Limits) -> Told {
    let malformed = |reason| Told::Message(Upstream::Malformed { reason, sample: sample(line) }, None);
    if std::str::from_utf8(line).is_err() {
        return malformed("utf8");
    }
    if let Some((message, id)) = status::read(line) {
        return Told::Message(message, Some(id));
    }
    match serde_json::from_slice::<Value>(line) {
        Ok(Value::Object(message)) if message.is_empty() => malformed("empty"),
        Ok(Value::Object(message)) => {
            // A tweet without an id, or something that a time or a number may stand beside.
            let is_tweet =
                ["text", "full_text", "retweeted_status"].iter().any(|key| message.contains_key(*key));
            let told = message.iter().find_map(|(kind, body)| control(kind, body, limits));
            match told {
                _ if is_tweet => malformed("no_id"),
                Some(told) => told.unwrap_or_else(|| malformed("no_id")),
                None => Told::Message(Upstream::Ignored { kind: "unknown_message" }, None),
            }
        }
        Ok(_) => malformed("not_an_object"),
        Err(_) => malformed("json"),
    }
}

/// `None` for a key that is no message; `Some(None)` for a message that names nothing.
fn control(kind: &str, body: &Value, limits: &mut Limits) -> Option<Option<Told>> {
    let ignored = |kind| Some(Told::Message(Upstream::Ignored { kind }, None));
    Some(match kind {
        "delete" => {
            let deleted = id(&body["status"]).or_else(|| id(body)).map(|id| format!("x:{id}"));
            deleted.map(|name| Told::Message(Upstream::Delete { name, by: Deleter::Author }, None))
        }
        "limit" => {
            let undelivered = limits.delta(body["track"].as_u64());
            Some(Told::Message(Upstream::Limit { undelivered }, None))
        }
        "status_withheld" => withheld(body),
        "disconnect" => Some(Told::End(disconnected(body))),
        "warning" => {
            tracing::warn!(warning.code = %text(&body["code"]), "the stream warns that it may be cut");
            ignored("warning")
        }
        "user_withheld" => withheld_user(body),
        // No places are kept, so there is nothing to scrub.
        "scrub_geo" => ignored("scrub_geo"),
        "friends" | "friends_str" | "event" | "direct_message" | "control" | "sitestream" | "for_user"
        | "close" => ignored("not_a_post"),
        _ => return None,
    })
}

fn id(body: &Value) -> Option<String> {
    let text = body["id_str"].as_str().map(str::to_owned);
    text.or_else(|| body["id"].as_u64().map(|n| n.to_string())).filter(|id| !id.is_empty())
}

fn is_withheld_everywhere(body: &Value) -> bool {
    is_everywhere(lenient::texts_of(&body["withheld_in_countries"]).iter())
}

/// An account that is withheld from everybody is hidden: the law may change its mind, and then the account is back.
fn withheld_user(body: &Value) -> Option<Told> {
    let message = match is_withheld_everywhere(body) {
        true => {
            let name = format!("x:{}", id(body)?);
            Upstream::Account { name, change: AccountChange::Hidden }
        }
        false => Upstream::Ignored { kind: "withheld_somewhere" },
    };
    Some(Told::Message(message, None))
}

fn withheld(body: &Value) -> Option<Told> {
    let message = match is_withheld_everywhere(body) {
        true => Upstream::Delete { name: format!("x:{}", id(body)?), by: Deleter::Law },
        false => Upstream::Ignored { kind: "withheld_somewhere" },
    };
    Some(Told::Message(message, None))
}

/// 2 and 7: somebody logged in with our key; coming back at once would throw *them* out. 6: the key is gone.
fn disconnected(body: &Value) -> SourceEnd {
    let code = body["code"].as_i64().or_else(|| body["code"].as_str()?.parse().ok());
    let words = format!("disconnected, code {}: {}", code.unwrap_or(0), text(&body["reason"]));
    match code {
        Some(2 | 7 | 420) => SourceEnd::Throttled(words),
        Some(6) => SourceEnd::NeedsCredentials(words),
        _ => SourceEnd::Refused(words),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map(|words| sample(words.as_bytes())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Told {
        read(line.as_bytes(), &mut Limits::default())
    }

    fn ignored(line: &str) -> &'static str {
        match told(line) {
            Told::Message(Upstream::Ignored { kind }, None) => kind,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn control_messages_are_told_apart() {
        let delete = r#"{"delete":{"status":{"id":1234,"id_str":"1234","user_id":3},"timestamp_ms":"1"}}"#;
        let Told::Message(Upstream::Delete { name, by: Deleter::Author }, None) = told(delete) else {
            panic!()
        };
        assert_eq!(name, "x:1234");
        assert!(matches!(
            told(r#"{"delete":{"status":{}}}"#),
            Told::Message(Upstream::Malformed { .. }, None)
        ));
        assert_eq!(ignored(r#"{"scrub_geo":{"user_id":1,"up_to_status_id":2}}"#), "scrub_geo");
        assert_eq!(
            ignored(r#"{"user_withheld":{"id":2,"withheld_in_countries":["de"]}}"#),
            "withheld_somewhere"
        );
        let hidden = told(r#"{"user_withheld":{"id":2,"withheld_in_countries":["XX"]}}"#);
        assert!(matches!(
            hidden,
            Told::Message(Upstream::Account { change: AccountChange::Hidden, .. }, None)
        ));
        assert_eq!(ignored(r#"{"warning":{"code":"FALLING_BEHIND","percent_full":60}}"#), "warning");
        assert_eq!(ignored(r#"{"timestamp_ms":"1","warning":{"code":"FALLING_BEHIND"}}"#), "warning");
        assert_eq!(ignored(r#"{"created_at":"?","event":"favorite","source":{"id":1}}"#), "not_a_post");
        assert_eq!(ignored(r#"{"unknown_data":{"new_twitter_type":"unexpected"}}"#), "unknown_message");
        assert_eq!(
            ignored(r#"{"status_withheld":{"id":1,"user_id":2,"withheld_in_countries":["DE"]}}"#),
            "withheld_somewhere"
        );
        let law = told(r#"{"status_withheld":{"id":1,"user_id":2,"withheld_in_countries":["XY"]}}"#);
        assert!(matches!(law, Told::Message(Upstream::Delete { by: Deleter::Law, .. }, None)));
        let law = told(r#"{"status_withheld":{"id":1,"withheld_in_countries":"DE, XX"}}"#);
        assert!(matches!(law, Told::Message(Upstream::Delete { by: Deleter::Law, .. }, None)));
    }

    #[test]
    fn limits_count_since_the_connection_and_may_go_down() {
        let mut limits = Limits::default();
        let mut delta =
            |track: u64| match read(format!(r#"{{"limit":{{"track":{track}}}}}"#).as_bytes(), &mut limits) {
                Told::Message(Upstream::Limit { undelivered }, None) => undelivered,
                other => panic!("{other:?}"),
            };
        assert_eq!([delta(10), delta(25), delta(4), delta(26)], [Some(10), Some(15), None, Some(1)]);
    }

    #[test]
    fn a_second_login_is_not_answered_with_a_reconnect() {
        for (code, want) in
            [("2", "slow"), ("7", "slow"), ("\"420\"", "slow"), ("6", "credentials"), ("4", "refused")]
        {
            let Told::End(end) =
                told(&format!(r#"{{"disconnect":{{"code":{code},"stream_name":"s","reason":"r"}}}}"#))
            else {
                panic!("{code}")
            };
            assert!(end.to_string().contains(want), "{code}: {end}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_malformed() {
        for (line, want) in [
            ("{\"id\":12,\"text\":\"cut", "json"),
            ("[1]", "not_an_object"),
            ("{}", "empty"),
            (r#"{"id":null,"text":"no id","event":"x"}"#, "no_id"),
            (r#"{"id":5,"text":"RT","retweeted_status":{"text":"no id"}}"#, "no_id"),
            ("<html>", "json"),
        ] {
            match told(line) {
                Told::Message(Upstream::Malformed { reason, .. }, None) => assert_eq!(reason, want),
                other => panic!("{line}: {other:?}"),
            }
        }
        let bytes = read(b"\xff\xfe", &mut Limits::default());
        assert!(matches!(bytes, Told::Message(Upstream::Malformed { reason: "utf8", .. }, None)));
    }
}
