//! Measures an encoder: `encode FOLDER [ROUNDS]`. One text of 126 words (128 tokens with a WordPiece vocabulary that
//! knows them) per call, then eight per call; loading is told apart. Run it with `RAYON_NUM_THREADS=1` for one thread.

#![expect(clippy::print_stdout, reason = "a table on stdout is what it is for")]
#![expect(clippy::disallowed_methods, reason = "it measures wall time")]

use std::{error::Error, path::PathBuf, time::Instant};

use jingwei_core::Limits;
use jingwei_model::Encoder;

const WORDS: [&str; 9] = ["the", "guard", "reads", "every", "word", "of", "a", "long", "question"];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("usage: encode FOLDER [ROUNDS]")?);
    let rounds: usize = arguments.next().map_or(Ok(30), |count| count.parse())?;

    let start = Instant::now();
    let encoder = Encoder::open(&folder, &Limits::default())?;
    println!(
        "load                {:>9.1} ms   encoder {}",
        start.elapsed().as_secs_f64() * 1e3,
        encoder.digest().short()
    );

    let long = WORDS.iter().cycle().take(126).copied().collect::<Vec<_>>().join(" ");
    let short = WORDS.join(" ");
    for (name, text, count) in
        [("1 text, 128 tokens", &long, 1), ("8 texts, 128 tokens", &long, 8), ("1 text, 11 tokens", &short, 1)]
    {
        let texts = vec![text.as_str(); count];
        encoder.embed(&texts)?;
        let mut times = Vec::new();
        for _ in 0..rounds {
            let start = Instant::now();
            encoder.embed(&texts)?;
            times.push(start.elapsed().as_secs_f64() * 1e3 / f64::from(u32::try_from(count)?));
        }
        times.sort_by(f64::total_cmp);
        println!("{name:<20}{:>9.2} ms per text (median of {rounds}), {:.2} at best", times[rounds / 2], times[0]);
    }
    Ok(())
}
