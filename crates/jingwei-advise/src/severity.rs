//! How bad a fault is, from CVSS vectors and from the words of databases.

use std::str::FromStr;

use cvss::Cvss;
use jingwei_core::Severity;

use crate::record::Rating;

/// Longest vector that is read, in bytes. A full one of CVSS 4 has fewer than 200.
const LONGEST_VECTOR: usize = 400;
const BASE_3: [&str; 8] = ["AV:", "AC:", "PR:", "UI:", "S:", "C:", "I:", "A:"];
const BASE_4: [&str; 11] = ["AV:", "AC:", "AT:", "PR:", "UI:", "VC:", "VI:", "VA:", "SC:", "SI:", "SA:"];

/// Of a vector of CVSS 3.0, 3.1 or 4.0. `None` where it is malformed or leaves a base metric out.
#[must_use]
pub fn of_vector(vector: &str) -> Option<Rating> {
    let vector = vector.trim();
    let base: &[&str] = if vector.starts_with("CVSS:3.") {
        &BASE_3
    } else if vector.starts_with("CVSS:4.") {
        &BASE_4
    } else {
        return None;
    };
    let whole = base.iter().all(|metric| vector.split('/').any(|part| part.starts_with(metric)));
    if vector.len() > LONGEST_VECTOR || !whole {
        return None;
    }
    let score = Cvss::from_str(vector).ok()?.score();
    let tenths = (0..=100_u16).find(|tenths| (f64::from(*tenths) / 10.0 - score).abs() < 0.05)?;
    Some(Rating { severity: of_score(tenths), score_tenths: Some(tenths), vector: Some(vector.to_owned()) })
}

/// The qualitative scale of CVSS 3 and 4.
fn of_score(tenths: u16) -> Severity {
    match tenths {
        0 => Severity::Info,
        1..=39 => Severity::Low,
        40..=69 => Severity::Medium,
        70..=89 => Severity::High,
        _ => Severity::Critical,
    }
}

/// Of a word, as databases write it.
#[must_use]
pub fn of_word(word: &str) -> Option<Rating> {
    let severity = match word.trim().to_ascii_lowercase().as_str() {
        "none" | "info" => Severity::Info,
        "low" => Severity::Low,
        "medium" | "moderate" => Severity::Medium,
        "high" | "important" => Severity::High,
        "critical" => Severity::Critical,
        _ => return None,
    };
    Some(Rating { severity, score_tenths: None, vector: None })
}

/// The worst of several; among equals the one with a score, then the one that comes first.
#[must_use]
pub fn worst(ratings: impl IntoIterator<Item = Rating>) -> Option<Rating> {
    ratings.into_iter().reduce(|best, next| {
        let rank = |rating: &Rating| (rating.severity, rating.score_tenths);
        if rank(&next) > rank(&best) { next } else { best }
    })
}
