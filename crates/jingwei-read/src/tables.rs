//! Tables of what a file names. There may be a million names in it, and each table is seeded anew, so that nobody can write
//! a file that makes one slow.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

pub type QuickMap<K, V> = HashMap<K, V, RandomState>;
pub type QuickSet<K> = HashSet<K, RandomState>;
