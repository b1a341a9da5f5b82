//! The QR code beside "Join in": an address as the path of a small SVG, drawn on the server, so that it is there before any script is.

use qrcode::{Color, EcLevel, QrCode};

/// Light modules around the code, as the standard asks for.
const QUIET: usize = 4;

/// A code as `wall.html` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Qr {
    /// Side of the picture, quiet zone included, in modules.
    pub(super) side: usize,
    /// `M4 4h7v1h-7z...`: its dark modules, run by run.
    pub(super) path: String,
}

impl Qr {
    /// The code of an address; none for one that is longer than a code holds. As large modules as there are, then as much
    /// redundancy as fits into as many of them.
    pub(super) fn of(address: &str) -> Option<Self> {
        let at = |level| QrCode::with_error_correction_level(address.as_bytes(), level).ok();
        let least = at(EcLevel::L)?;
        let better = [EcLevel::H, EcLevel::Q, EcLevel::M].into_iter().filter_map(at);
        let code = better.into_iter().find(|code| code.width() == least.width()).unwrap_or(least);
        Some(Self { side: code.width() + 2 * QUIET, path: path(&code) })
    }
}

fn path(code: &QrCode) -> String {
    let (width, colors) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let run = row[x..].iter().take_while(|color| **color == Color::Dark).count();
            if run > 0 {
                path.push_str(&format!("M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET));
            }
            x += run.max(1);
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pixels of a module in the picture that the reader looks at.
    const SCALE: usize = 6;

    /// What a telephone reads off the picture that the path draws.
    fn read(qr: &Qr) -> String {
        let side = qr.side * SCALE;
        let mut dark = vec![false; side * side];
        for run in qr.path.split_terminator('z') {
            let (at, length) = run.trim_start_matches('M').split_once('h').expect("M x y h length");
            let (x, y) = at.split_once(' ').expect("x and y");
            let [x, y] = [x, y].map(|n| n.parse::<usize>().expect("a number"));
            let length: usize = length.split('v').next().and_then(|n| n.parse().ok()).expect("a length");
            for line in y * SCALE..(y + 1) * SCALE {
                dark[line * side + x * SCALE..line * side + (x + length) * SCALE].fill(true);
            }
        }
        let mut picture =
            rqrr::PreparedImage::prepare_from_greyscale(
                side,
                side,
                |x, y| if dark[y * side + x] { 0 } else { 255 },
            );
        let codes = picture.detect_grids();
        assert_eq!(codes.len(), 1, "one code is seen");
        codes[0].decode().expect("it is read").1
    }

    #[test]
    fn the_code_is_read_as_the_address_that_it_was_made_of() {
        for address in [
            "https://live.example.org/rustfest",
            "http://127.0.0.1:8080/fest?show=room.main-hall",
            "https://live.example.org/rustfest?show=room.%E5%A4%A7%E3%83%9B%E3%83%BC%E3%83%AB",
        ] {
            assert_eq!(read(&Qr::of(address).expect("it fits")), address);
        }
    }

    #[test]
    fn what_no_code_holds_is_left_out_and_a_short_address_has_large_modules() {
        assert_eq!(Qr::of(&"x".repeat(5000)), None);
        assert_eq!(Qr::of("https://tideline.example/live").expect("it fits").side, 25 + 2 * QUIET);
    }
}
