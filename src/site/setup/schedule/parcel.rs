//! A file on its way through a page: packed into a hidden field, and out of it again. A form can carry text only, so it is base64.

use crate::site::BODY_BYTES_MAX;
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use std::io::{Read, Write};

/// Largest file that a page takes, in bytes. `perihelion schedule import` takes larger ones.
const FILE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Largest form that holds one, in bytes: base64 is a third longer, and some of its letters are written as three.
pub(super) const FORM_BYTES_MAX: usize = BODY_BYTES_MAX;

/// What is said of a file that is too large.
const TOO_LARGE: &str = "That file has more than 8 MiB, which no programme has that a page takes; perihelion schedule import takes it.";
/// What is said of a parcel that came back otherwise than it went.
const TORN: &str = "That did not come back whole. Look at the programme once more.";

/// Packs a file.
pub(super) fn packed(bytes: &[u8]) -> String {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    // Writing into memory cannot fail.
    let packed = packer.write_all(bytes).and_then(|()| packer.finish()).unwrap_or_default();
    STANDARD.encode(packed)
}

/// Unpacks it.
pub(super) fn unpacked(text: &str) -> Result<Vec<u8>, String> {
    let packed = STANDARD.decode(text).map_err(|_| TORN.to_owned())?;
    let mut bytes = Vec::new();
    let unpacker = GzDecoder::new(packed.as_slice());
    unpacker.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(|_| TORN.to_owned())?;
    if bytes.is_empty() {
        return Err(TORN.to_owned());
    }
    if bytes.len() > FILE_BYTES_MAX { Err(TOO_LARGE.to_owned()) } else { Ok(bytes) }
}

/// A file that a browser's script has read.
pub(super) fn plain(text: &str) -> Result<Vec<u8>, String> {
    let bytes = STANDARD.decode(text).map_err(|_| TORN.to_owned())?;
    if bytes.len() > FILE_BYTES_MAX { Err(TOO_LARGE.to_owned()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_back_byte_for_byte_and_nothing_else_does() {
        let file: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        assert_eq!(unpacked(&packed(&file)).unwrap(), file);
        assert_eq!(plain(&STANDARD.encode(&file)).unwrap(), file);
        for torn in ["", "no base64!", "AAAA", &packed(b"")] {
            assert!(unpacked(torn).is_err(), "{torn}");
        }
        let bomb = packed(&vec![0; FILE_BYTES_MAX + 1]);
        assert!(bomb.len() < 64 * 1024);
        assert_eq!(unpacked(&bomb), Err(TOO_LARGE.to_owned()));
    }
}
