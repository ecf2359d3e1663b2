//! Signs models and verifies their signatures by OpenSSF Model Signing 1.0: the digests of all files as an in-toto
//! statement, in a DSSE envelope, in a Sigstore bundle, signed with an elliptic-curve key.
//!
//! Never knows: the file system (it reads through the ports of `jingwei_core::Ctx`), clocks and randomness (signatures use RFC 6979; a new key is made from
//! bytes that the caller drew). Keyless signatures need a transparency log's roots and are not verified here.
//!
//! Invariant: what is not understood is not valid. A signature is checked before the statement in it is believed.

mod bundle;
mod check;
mod hashing;
mod key;
mod manifest;
mod walk;

pub use bundle::{SignError, Signed, VerifyError, sign, verify};
pub use check::{IntegrityCheck, drift_of, reason_of};
pub use hashing::{HashKind, ResourceHasher};
pub use key::{Curve, KeyError, PrivateKey, PublicKey};
pub use manifest::{Drift, DriftKind, Manifest, Method, Resource};
pub use walk::{TakeError, Taking, take};
