//! Measures what the product promises about speed and size. `cargo xtask bench` builds it and the product and runs it;
//! by itself: `bench [sequencer|filing|jetstream|push|archive|commit|compression|pages|lighthouse|search|fanout|product]... [--bin FILE] [--dist FILE]`,
//! all by default, or `bench fanout --help` for the one that takes options of its own.
//!
//! Figures are for the machine they are taken on, so each run prints its load, and a ratio where there is a peer that
//! does the same bare work in the same run.

mod archiving;
mod commit;
mod compression;
mod fanout;
mod figures;
mod filing;
mod jetstream;
mod lighthouse;
mod pages;
mod posts;
mod product;
mod push;
mod rules;
mod search;
mod sequencing;

use std::path::PathBuf;

use figures::Figures;

const ALL: [&str; 12] = [
    "sequencer",
    "filing",
    "jetstream",
    "push",
    "archive",
    "commit",
    "compression",
    "pages",
    "lighthouse",
    "search",
    "fanout",
    "product",
];

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        // The measurement of the fan-out starts its own parts as processes, and takes options.
        Some(fanout::PART) => fanout::part(args),
        Some("fanout") => fanout::run(args),
        Some(filing::PART) => filing::part(args),
        _ => several(),
    }
}

#[tokio::main]
async fn several() -> anyhow::Result<()> {
    chassis::tls::install();
    let asked = Asked::read(std::env::args().skip(1))?;
    let mut figures = Figures::begin();
    for what in &asked.what {
        match what.as_str() {
            "sequencer" => sequencing::measure(&mut figures).await?,
            "filing" => filing::measure(&mut figures).await?,
            "jetstream" => jetstream::measure(&mut figures).await?,
            "push" => push::measure(&mut figures).await?,
            "archive" => archiving::measure(&mut figures).await?,
            "commit" => commit::measure(&mut figures).await?,
            "compression" => compression::measure(&mut figures, &asked.bin).await?,
            "pages" => pages::measure(&mut figures, &asked.bin).await?,
            "search" => search::measure(&mut figures).await?,
            "lighthouse" => lighthouse::measure(&mut figures, &asked.bin).await?,
            "fanout" => fanout::measure(&mut figures, &asked.bin).await?,
            _ => product::measure(&mut figures, &asked.bin, &asked.dist).await?,
        }
    }
    figures.end();
    Ok(())
}

/// The command line.
struct Asked {
    what: Vec<String>,
    /// The release build of the product.
    bin: PathBuf,
    /// Its build for distribution.
    dist: PathBuf,
}

impl Asked {
    fn read(args: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut asked = Self {
            what: Vec::new(),
            bin: PathBuf::from("target/release/perihelion"),
            dist: PathBuf::from("target/dist/perihelion"),
        };
        let mut args = args;
        while let Some(arg) = args.next() {
            let mut path =
                || args.next().map(PathBuf::from).ok_or_else(|| anyhow::anyhow!("{arg} wants a file"));
            match arg.as_str() {
                "--bin" => asked.bin = path()?,
                "--dist" => asked.dist = path()?,
                what if ALL.contains(&what) => asked.what.push(arg),
                _ => anyhow::bail!("what is {arg:?}? allowed: {}, --bin FILE, --dist FILE", ALL.join(", ")),
            }
        }
        if asked.what.is_empty() {
            asked.what = ALL.map(str::to_owned).to_vec();
        }
        Ok(asked)
    }
}
