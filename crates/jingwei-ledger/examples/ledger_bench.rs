//! Measures a ledger beside the disk that it runs on: `ledger_bench DIRECTORY [THREADS]`.
//!
//! Every row of durable appends stands beside the disk's own rate for the same bytes, taken in the same run
//! with a bare write and fdatasync. What is excluded: opening, checkpoints, and making the entries.

#![expect(clippy::print_stdout, reason = "a table on stdout is what it is for")]
#![expect(clippy::disallowed_methods, reason = "it measures wall time")]

use std::{
    error::Error,
    fs,
    hint::black_box,
    io::{Seek, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use jingwei_core::{Limits, NoProgress};
use jingwei_ledger::{Ledger, Signer, VerifyInput, prove_inclusion, read_entry, verify};

const ENTRY_BYTES: usize = 512;
const WINDOW: Duration = Duration::from_secs(3);
const PROOFS: u64 = 2000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let dir = PathBuf::from(arguments.next().ok_or("usage: ledger_bench DIRECTORY [THREADS]")?).join("ledger-bench");
    let threads: usize = arguments.next().map_or(Ok(8), |count| count.parse())?;
    if dir.exists() {
        return Err(format!("{} exists; remove it first", dir.display()).into());
    }
    fs::create_dir_all(&dir)?;
    let result = measure(&dir, threads);
    fs::remove_dir_all(&dir)?;
    result
}

fn measure(dir: &Path, threads: usize) -> Result<(), Box<dyn Error>> {
    println!("{threads} threads, entries of {ENTRY_BYTES} bytes, {} s per row\n", WINDOW.as_secs());
    println!(
        "| entries per call | durable appends/s | mean wait of a call | disk alone, same bytes per sync: entries/s | one sync |"
    );
    println!("|---|---|---|---|---|");
    for batch in [1, 64, 512, 4096] {
        let ours = appends(&dir.join(format!("batch-{batch}")), batch, threads)?;
        let disk = raw_syncs(&dir.join("raw"), batch * ENTRY_BYTES)?;
        let wait_ms = 1e3 * threads as f64 * batch as f64 / ours;
        println!("| {batch} | {ours:.0} | {wait_ms:.2} ms | {:.0} | {:.2} ms |", batch as f64 / disk, disk * 1e3);
    }
    read_side(&dir.join("read"))
}

fn signer() -> Result<Signer, Box<dyn Error>> {
    Ok(Signer::new("example.com/bench", &[1; 32])?)
}

/// Entries acknowledged per second, all threads together.
fn appends(dir: &Path, batch: usize, threads: usize) -> Result<f64, Box<dyn Error>> {
    let ledger = Ledger::open(dir, signer()?)?;
    let entries = vec![vec![b'e'; ENTRY_BYTES]; batch];
    let done = AtomicU64::new(0);
    let start = Instant::now();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    while start.elapsed() < WINDOW {
                        let range = ledger.append(&entries)?;
                        done.fetch_add(range.end - range.start, Ordering::Relaxed);
                    }
                    Ok::<(), jingwei_ledger::LedgerError>(())
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or(Ok(())))
    })?;
    let seconds = start.elapsed().as_secs_f64();
    drop(ledger);
    fs::remove_dir_all(dir)?;
    Ok(done.into_inner() as f64 / seconds)
}

/// Seconds per bare write and fdatasync of `bytes`, appended to one file.
fn raw_syncs(path: &Path, bytes: usize) -> Result<f64, Box<dyn Error>> {
    let mut file = fs::File::create(path)?;
    let content = vec![b'e'; bytes];
    let (start, mut syncs) = (Instant::now(), 0_u32);
    while start.elapsed() < WINDOW / 2 {
        file.write_all(&content)?;
        file.sync_data()?;
        syncs += 1;
    }
    let seconds = start.elapsed().as_secs_f64() / f64::from(syncs);
    file.rewind()?;
    fs::remove_file(path)?;
    Ok(seconds)
}

fn read_side(dir: &Path) -> Result<(), Box<dyn Error>> {
    const ENTRIES: u64 = 500_000;
    let ledger = Ledger::open(dir, signer()?)?;
    for first in (0..ENTRIES).step_by(5000) {
        let entries: Vec<Vec<u8>> = (first..first + 5000)
            .map(|i| {
                let mut entry = i.to_le_bytes().to_vec();
                entry.resize(ENTRY_BYTES, b'e');
                entry
            })
            .collect();
        ledger.append(&entries)?;
    }
    let start = Instant::now();
    let checkpoint = ledger.checkpoint()?;
    println!("\ncheckpoint over {ENTRIES} new entries: {:.2} s", start.elapsed().as_secs_f64());

    let signer = signer()?;
    let limits = Limits::default();
    let input = VerifyInput { key: Some(signer.verifier_key()), kept: None, limits: &limits, progress: &NoProgress };
    let start = Instant::now();
    let report = verify(dir, &input)?;
    let seconds = start.elapsed().as_secs_f64();
    assert!(report.problems.is_empty() && report.entries == ENTRIES);
    println!(
        "verify, one thread: {:.0} entries/s ({:.0} MB/s)",
        ENTRIES as f64 / seconds,
        report.bytes as f64 / seconds / 1e6
    );

    let index = |i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) % ENTRIES;
    let start = Instant::now();
    for i in 0..PROOFS {
        black_box(prove_inclusion(dir, index(i), ENTRIES)?);
    }
    println!("prove inclusion: {:.1} µs", start.elapsed().as_secs_f64() * 1e6 / PROOFS as f64);
    let proof = prove_inclusion(dir, 7, ENTRIES)?;
    let entry = read_entry(dir, 7)?;
    let start = Instant::now();
    for _ in 0..PROOFS {
        black_box(proof.check(&entry, &checkpoint)?);
    }
    println!("check a proof: {:.1} µs", start.elapsed().as_secs_f64() * 1e6 / PROOFS as f64);
    Ok(())
}
