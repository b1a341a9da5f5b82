//! The licences of Flickr by number, in the words by which people know them. Numbers that Flickr adds later have no words
//! here: nothing is said rather than something wrong.

/// The licence's name.
pub(super) fn name(id: &str) -> Option<&'static str> {
    Some(match id.trim() {
        "0" => "All rights reserved",
        "1" => "CC BY-NC-SA 2.0",
        "2" => "CC BY-NC 2.0",
        "3" => "CC BY-NC-ND 2.0",
        "4" => "CC BY 2.0",
        "5" => "CC BY-SA 2.0",
        "6" => "CC BY-ND 2.0",
        "7" => "No known copyright restrictions",
        "8" => "United States government work",
        "9" => "Public domain (CC0)",
        "10" => "Public domain",
        "11" => "CC BY 4.0",
        "12" => "CC BY-SA 4.0",
        "13" => "CC BY-ND 4.0",
        "14" => "CC BY-NC 4.0",
        "15" => "CC BY-NC-SA 4.0",
        "16" => "CC BY-NC-ND 4.0",
        _ => return None,
    })
}
