//! The objects on the wire that are no entries: hello, beat, window, bye, and head.

use model::{Epoch, Seq};
use serde::Serialize;

/// What halley says between entries. Serialises to `{"hello":{...}}` and so on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Signal {
    /// The first object of every stream: the position really used.
    Hello {
        /// The log.
        epoch: Epoch,
        /// Entries begin behind this seq.
        after: Seq,
        /// The newest entry.
        top: Seq,
        /// The seq before the oldest entry that can be had here.
        base: Seq,
        /// Whether the stream goes on where the client was.
        resumed: bool,
    },
    /// A sign of life, and what the client should have by now.
    Beat {
        /// The newest entry.
        top: Seq,
    },
    /// Entries between the client's position and the tail have to come from the archive.
    Window {
        /// The client's position.
        after: Seq,
        /// Where the tail begins.
        base: Seq,
        /// Where the archive answers what lies between.
        archive: String,
    },
    /// This connection ends; come back after so many milliseconds.
    Bye {
        /// See there.
        retry_ms: u64,
        /// `lag`: the client did not read fast enough. Absent when it is not the client's doing.
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<&'static str>,
    },
}

impl Signal {
    /// The JSON object.
    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).expect("plain data")
    }
}

/// `head.json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Head {
    /// The log.
    pub(crate) epoch: Epoch,
    /// The newest entry.
    pub(crate) top: Seq,
    /// The seq before the oldest entry that can be had here.
    pub(crate) base: Seq,
}

/// Where the archive answers what a tail no longer holds.
pub(crate) fn archive_link(slug: &str, after: Seq) -> String {
    format!("/api/v1/events/{slug}/items?after={after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_read_as_the_protocol_says() {
        let epoch = Epoch::new(0, 0xab);
        let hello = Signal::Hello { epoch: epoch.clone(), after: 3, top: 9, base: 0, resumed: true };
        let text = format!(r#"{{"hello":{{"epoch":"{epoch}","after":3,"top":9,"base":0,"resumed":true}}}}"#);
        assert_eq!(hello.json(), text);
        assert_eq!(Signal::Beat { top: 9 }.json(), r#"{"beat":{"top":9}}"#);
        let window = Signal::Window { after: 1, base: 5, archive: archive_link("rustfest", 1) };
        assert_eq!(
            window.json(),
            r#"{"window":{"after":1,"base":5,"archive":"/api/v1/events/rustfest/items?after=1"}}"#
        );
        assert_eq!(Signal::Bye { retry_ms: 40, why: None }.json(), r#"{"bye":{"retry_ms":40}}"#);
        let lag = Signal::Bye { retry_ms: 40, why: Some("lag") };
        assert_eq!(lag.json(), r#"{"bye":{"retry_ms":40,"why":"lag"}}"#);
    }
}
