//! Reading a file that a person named: never more of it than a limit, whatever it is (a disk image, `/dev/zero`).

use std::fs::File;
use std::io::{Error, ErrorKind, Read};
use std::path::Path;

/// The file's bytes.
///
/// # Errors
/// What the system says, or [`ErrorKind::FileTooLarge`] with the limit.
pub(crate) fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    File::open(path)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(Error::new(ErrorKind::FileTooLarge, format!("it has more than {bytes_max} bytes")));
    }
    Ok(bytes)
}

/// The same as text, which must be UTF-8.
///
/// # Errors
/// Those of [`read`], and [`ErrorKind::InvalidData`].
pub(crate) fn read_text(path: &Path, bytes_max: u64) -> Result<String, Error> {
    String::from_utf8(read(path, bytes_max)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        Error::new(ErrorKind::InvalidData, format!("line {line} is not UTF-8"))
    })
}
