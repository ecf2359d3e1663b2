//! What a served organism was asked: the other side's books, to compare a run's own with.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use jingwei_probe::organism::Truth;
use serde_json::{Value, json};

/// Most request ids, and most requests, that are remembered: some 100 MB.
const MOST_KEYS: usize = 1_000_000;

#[derive(Default)]
pub struct Counts {
    requests: AtomicU64,
    in_flight: AtomicU64,
    max_in_flight: AtomicU64,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    by_truth: BTreeMap<&'static str, u64>,
    /// 0 stands for answers that are no HTTP.
    status: BTreeMap<u16, u64>,
    keys: HashMap<u64, Option<Truth>>,
    tries: HashMap<u64, u32>,
    /// Request ids that came when the books were full.
    keys_left_out: u64,
}

/// A request under way.
pub struct UnderWay<'a> {
    counts: &'a Counts,
    /// How many there are, this one included.
    pub number: u64,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.counts.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

pub fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Counts {
    pub fn begin(&self, key: Option<u64>) -> UnderWay<'_> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let number = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.max_in_flight.fetch_max(number, Ordering::Relaxed);
        if let Some(key) = key {
            let mut books = self.books();
            if books.keys.len() < MOST_KEYS {
                books.keys.entry(key).or_insert(None);
            } else if !books.keys.contains_key(&key) {
                books.keys_left_out += 1;
            }
        }
        UnderWay { counts: self, number }
    }

    /// Which try of the same request this is, from 0. Always 0 for new ones once the books are full.
    pub fn nth_try(&self, request: u64) -> u32 {
        let mut books = self.books();
        let is_full = books.tries.len() >= MOST_KEYS;
        match books.tries.get_mut(&request) {
            Some(tries) => {
                *tries = tries.saturating_add(1);
                *tries
            }
            None if is_full => 0,
            None => {
                books.tries.insert(request, 0);
                0
            }
        }
    }

    pub fn conduct(&self, key: Option<u64>, truth: Truth) {
        let mut books = self.books();
        *books.by_truth.entry(truth.conduct.code()).or_default() += 1;
        if let Some(known) = key.and_then(|key| books.keys.get_mut(&key)) {
            *known = Some(truth);
        }
    }

    pub fn status(&self, status: u16) {
        *self.books().status.entry(status).or_default() += 1;
    }

    /// The truth about the newest request of an id; `None` where there is none.
    pub fn truth(&self, key: &str) -> Option<Truth> {
        self.books().keys.get(&hash(key.as_bytes())).copied().flatten()
    }

    pub fn document(&self) -> Value {
        let books = self.books();
        json!({
            "requests": self.requests.load(Ordering::Relaxed),
            "distinct_keys": books.keys.len(),
            "keys_left_out": books.keys_left_out,
            "max_in_flight": self.max_in_flight.load(Ordering::Relaxed),
            "by_truth": books.by_truth,
            "status": books.status,
        })
    }

    fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
