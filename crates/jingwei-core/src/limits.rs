use serde::{Deserialize, Serialize};

/// How much of anything untrusted is read. Every parser of untrusted bytes takes it, and crossing
/// a limit is a finding that names the limit, never a panic and never silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Largest document or header that is parsed, in bytes.
    pub header_bytes: u64,
    /// Largest file that is digested, in bytes.
    pub file_bytes: u64,
    /// Deepest nesting of a document or folder.
    pub depth: u32,
    /// Most entries of a folder, table, list or archive.
    pub entries: u64,
    /// Most entries of all archives inside one file. Honest model archives have some tens of thousands.
    pub archive_entries: u64,
    /// Longest single string, in bytes.
    pub string_bytes: u64,
    /// Expanded bytes per packed byte.
    pub expansion_ratio: u64,
    /// Tokens that one model call may generate.
    pub tokens: u32,
    /// Longest wait for one outside answer, in milliseconds.
    pub wall_ms: u64,
    /// Most things under way at once.
    pub queue: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes: 100 << 20,
            file_bytes: 1 << 40,
            depth: 64,
            entries: 1_000_000,
            archive_entries: 100_000,
            string_bytes: 16 << 20,
            expansion_ratio: 200,
            tokens: 512,
            wall_ms: 60_000,
            queue: 4,
        }
    }
}
