//! What a file is, by its first bytes. What a server claims is not asked.

/// A picture that we pass on. Never SVG: it is a document that can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Picture {
    Png,
    Jpeg,
    Webp,
    Gif,
}

impl Picture {
    /// The content type.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
        }
    }
}

/// The kind; none for everything that is no picture of ours.
pub(super) fn kind(bytes: &[u8]) -> Option<Picture> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Picture::Png),
        [0xff, 0xd8, 0xff, ..] => Some(Picture::Jpeg),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Picture::Webp),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Picture::Gif),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_bytes_and_documents_are_not_pictures() {
        assert_eq!(kind(b"\x89PNG\r\n\x1a\nrest"), Some(Picture::Png));
        assert_eq!(kind(b"RIFF\0\0\0\0WEBPVP8 "), Some(Picture::Webp));
        assert_eq!(kind(b"GIF89a"), Some(Picture::Gif));
        assert_eq!(kind(b"\xff\xd8\xff\xe0"), Some(Picture::Jpeg));
        for other in [
            &b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..],
            b"<!doctype html>",
            b"GIF88a",
            b"",
            b"\x89PNG",
        ] {
            assert_eq!(kind(other), None);
        }
    }
}
