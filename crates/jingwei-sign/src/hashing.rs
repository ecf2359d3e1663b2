use blake2::Blake2b512;
use sha2::{Digest as _, Sha256};

/// How files are digested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HashKind {
    #[default]
    Sha256,
    /// BLAKE2b with 64 bytes (RFC 7693); the reference program calls it `blake2` on its command line and `blake2b` in files.
    Blake2b,
    Blake3,
}

impl HashKind {
    /// As signatures name it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            HashKind::Sha256 => "sha256",
            HashKind::Blake2b => "blake2b",
            HashKind::Blake3 => "blake3",
        }
    }

    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        [HashKind::Sha256, HashKind::Blake2b, HashKind::Blake3].into_iter().find(|kind| kind.code() == code)
    }

    #[must_use]
    pub fn hasher(self) -> ResourceHasher {
        ResourceHasher(match self {
            HashKind::Sha256 => Inner::Sha256(Sha256::new()),
            HashKind::Blake2b => Inner::Blake2b(Box::new(Blake2b512::new())),
            HashKind::Blake3 => Inner::Blake3(Box::new(blake3::Hasher::new())),
        })
    }
}

/// Digests one file or shard that arrives in pieces.
pub struct ResourceHasher(Inner);

enum Inner {
    Sha256(Sha256),
    Blake2b(Box<Blake2b512>),
    Blake3(Box<blake3::Hasher>),
}

impl ResourceHasher {
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Inner::Sha256(hasher) => hasher.update(bytes),
            Inner::Blake2b(hasher) => hasher.update(bytes),
            Inner::Blake3(hasher) => drop(hasher.update(bytes)),
        }
    }

    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            Inner::Sha256(hasher) => hasher.finalize().to_vec(),
            Inner::Blake2b(hasher) => hasher.finalize().to_vec(),
            Inner::Blake3(hasher) => hasher.finalize().as_bytes().to_vec(),
        }
    }
}
