//! Positions and file names as strangers write them: understood or refused with a sentence, and never two readings of one.

use http::HeaderValue;
use testkit::fuzz::{config, near, near_text, proptest};

use super::*;

const QUERIES: [&str; 3] =
    ["after=0.1f2e3d4c5b6a7988.42", "x=1&after=3.00ff.9007199254740991&y", "after=0.a.1&after=0.a.2"];
const IDS: [&str; 2] = ["0.1f2e3d4c5b6a7988.42", "12.ff.0"];
const CHUNKS: [&str; 3] = ["0.json", "1234.json", "9007199254740991.json"];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_position_is_understood_or_refused(query in near_text(&QUERIES), id in near(&IDS)) {
        if let Ok(Some(position)) = wanted(Some(&query), None) {
            let again = format!("after={position}");
            assert_eq!(wanted(Some(&again), None).ok().flatten(), Some(position));
        }
        let Ok(id) = HeaderValue::from_bytes(&id) else { return Ok(()) };
        match wanted(Some(&query), Some(&id)) {
            Ok(Some(position)) if !id.is_empty() => {
                let told = id.to_str().expect("a position is text");
                assert_eq!(told.parse::<Position>().ok(), Some(position), "the header beats the query");
            }
            Ok(_) => assert!(id.is_empty() , "a header was passed over"),
            Err(refused) => assert_eq!(refused.response().status(), 400),
        }
    }

    #[test]
    fn a_chunk_has_one_name(file in near_text(&CHUNKS)) {
        if let Some(n) = files::chunk_number(&file) {
            assert_eq!(format!("{n}.json"), file);
        }
    }
}
