//! A real process, killed while it writes.

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Command, Stdio},
};

use jingwei_ledger::Ledger;

use crate::support::{assert_clean, entries, entry, signer};

/// Run by the test below in a process of its own: appends until it is killed. Alone it has nothing to do.
#[test]
#[ignore = "helper process of the test that kills it"]
fn helper_that_appends_until_killed() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    if line.is_empty() {
        return;
    }
    let ledger = Ledger::open(&PathBuf::from(line.trim()), signer()).unwrap();
    loop {
        let size = ledger.size();
        let range = ledger.append(&entries(size, size + 1 + size % 7)).unwrap();
        // Straight to the pipe: what the parent reads was acknowledged.
        let mut out = std::io::stdout().lock();
        writeln!(out, "acknowledged {}", range.end).unwrap();
        if range.end.is_multiple_of(5) {
            ledger.checkpoint().unwrap();
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 1..=5_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["crash::helper_that_appends_until_killed", "--exact", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{}", dir.path().display()).unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let goal = acknowledged + 13 * round;
        while acknowledged < goal {
            // The test harness prints its own lines too, and one of them without an end.
            let line = lines.next().unwrap();
            if let Some((_, count)) = line.split_once("acknowledged ") {
                acknowledged = count.parse().unwrap();
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines {
            if let Some((_, count)) = line.split_once("acknowledged ") {
                acknowledged = count.parse().unwrap();
            }
        }
        let ledger = Ledger::open(dir.path(), signer()).unwrap();
        assert!(ledger.size() >= acknowledged, "{} of {acknowledged}", ledger.size());
        for (index, found) in (0..).zip(ledger.iter(0)) {
            assert_eq!(found.unwrap(), entry(index));
        }
        acknowledged = ledger.size();
        drop(ledger);
        assert_clean(dir.path(), "after a kill");
    }
}
