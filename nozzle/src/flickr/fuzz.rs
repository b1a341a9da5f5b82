//! Answers as no server should send them: each is read or refused, and every photo in them passes admit within its bounds.

use testkit::fuzz::{config, near, proptest};

use super::{answer, photo};
use crate::admit::fuzz::hold_message;
use crate::source::Upstream;

const ANSWERS: [&str; 4] = [
    r##"{"photos":{"page":1,"pages":1,"perpage":500,"total":"2","photo":[{"id":"53","owner":"7@N01","secret":"ab12","server":"65535",
    "farm":66,"title":"Hall 1 &amp; #rustfest","ispublic":1,"license":"4","description":{"_content":"One\ntwo <a href=\"https://w.example\"
    rel=\"noreferrer nofollow\">w.example</a> &#8230;"},"dateupload":"1780000000","lastupdate":"1780000100","ownername":"Ada","tags":
    "rustfest geo:lat=1.5 hall1","media":"photo","url_l":"https://live.staticflickr.com/65535/53_ab12_b.jpg","height_l":683,"width_l":"1024",
    "pathalias":"ada","count_faves":"3","iconserver":"12","iconfarm":5},{"id":54,"title":{"_content":"b"},"media":"video"}]},"stat":"ok"}"##,
    r#"jsonFlickrApi({"photo":{"id":"53","secret":"ab12","server":"65535","dateuploaded":"1780000000","license":"9","owner":{"nsid":"7@N01",
    "username":"Ada","path_alias":null,"iconserver":"1"},"title":{"_content":"DSC_0412"},"description":{"_content":"<b>k</b>"},"visibility":
    {"ispublic":1},"dates":{"posted":"1780000000","lastupdate":"1780000100"},"tags":{"tag":[{"raw":"A b","_content":"ab","machine_tag":0}]},
    "comments":{"_content":"2"},"safety_level":"1"},"stat":"ok"})"#,
    r#"<?xml version="1.0" encoding="utf-8" ?><rsp stat="ok"><photos page="1" pages="2" total="2"><photo id="53" owner="7@N01" secret="ab12"
    server="65535" title="St Paul&#039;s &amp; more" ispublic="1" dateupload="1780000000" license="0" ownername="Ada" pathalias="ada"><description>
    &lt;a href=&quot;https://w.example&quot;&gt;w&lt;/a&gt;<![CDATA[<i>]]></description></photo><photo id="54" ispublic="0" /></photos></rsp>"#,
    r#"<rsp stat="fail"><err code="100" msg="Invalid API Key (Key has invalid format)" /></rsp>"#,
];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_answer_is_read_or_refused(bytes in near(&ANSWERS)) {
        let Ok(document) = answer::read(&bytes) else { return Ok(()) };
        let list = photo::one_or_more(&document["photos"]["photo"]);
        for raw in list.iter().chain([&document["photo"], &document]) {
            hold_message(match photo::read(raw) {
                Ok(photo) => Upstream::Post(Box::new(photo.draft)),
                Err(message) => message,
            });
        }
    }
}
