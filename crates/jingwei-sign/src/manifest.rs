use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::{HashKind, VerifyError};

const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const PREDICATE: &str = "https://model_signing/signature/v1.0";
/// What version 0.2 of the reference program wrote.
const PREDICATE_OLD: &str = "https://model_signing/Digests/v0.1";

/// The state of a model: a digest for every file or shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Of the folder; it tells, and proves nothing.
    pub model: String,
    pub method: Method,
    pub hash: HashKind,
    pub allow_symlinks: bool,
    /// Relative to the model; each with everything below it.
    pub ignored: Vec<String>,
    pub resources: Vec<Resource>,
}

/// Into what files are cut before they are digested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Files,
    /// Pieces of so many bytes; resources are named `path:start:end`.
    Shards {
        bytes: u64,
    },
}

/// A file or shard with its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    pub name: String,
    pub digest: Vec<u8>,
}

/// A difference between what was signed and what is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Drift {
    pub name: String,
    pub kind: DriftKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriftKind {
    Changed,
    Missing,
    /// It is there, and nobody signed it.
    Unsigned,
}

impl Manifest {
    /// Sorts the resources as the reference program does: by path components, then by place in the file.
    pub fn sort(&mut self) {
        let key = |resource: &Resource| -> (Vec<String>, u64, u64) {
            let (path, start, end) = match self.method {
                Method::Files => (resource.name.as_str(), 0, 0),
                Method::Shards { .. } => shard_of(&resource.name).unwrap_or((&resource.name, 0, 0)),
            };
            (path.split('/').map(ToOwned::to_owned).collect(), start, end)
        };
        self.resources.sort_by_cached_key(key);
    }

    /// SHA-256 over all digests in their order: what names the model in other documents.
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for resource in &self.resources {
            hasher.update(&resource.digest);
        }
        hasher.finalize().into()
    }

    /// What differs in `found`, by name.
    #[must_use]
    pub fn drift(&self, found: &Manifest) -> Vec<Drift> {
        let by_name = |manifest: &Manifest| -> BTreeMap<String, Vec<u8>> {
            manifest.resources.iter().map(|r| (r.name.clone(), r.digest.clone())).collect()
        };
        let (signed, found) = (by_name(self), by_name(found));
        let mut drifts: Vec<Drift> = Vec::new();
        for (name, digest) in &signed {
            let kind = match found.get(name) {
                None => DriftKind::Missing,
                Some(other) if other != digest => DriftKind::Changed,
                Some(_) => continue,
            };
            drifts.push(Drift { name: name.clone(), kind });
        }
        let path = |name: &str| match self.method {
            Method::Files => name.to_owned(),
            Method::Shards { .. } => shard_of(name).map_or_else(|| name.to_owned(), |(path, ..)| path.to_owned()),
        };
        let signed_paths: BTreeSet<String> = signed.keys().map(|name| path(name)).collect();
        for name in found.into_keys().filter(|name| !signed.contains_key(name)) {
            // A piece that nobody signed, of a file that somebody did: the file is longer now.
            let kind = match self.method {
                Method::Shards { .. } if signed_paths.contains(&path(&name)) => DriftKind::Changed,
                _ => DriftKind::Unsigned,
            };
            drifts.push(Drift { name, kind });
        }
        drifts.sort();
        drifts
    }

    /// The in-toto statement (version 1 of statement and predicate).
    pub(crate) fn to_statement(&self) -> Value {
        let mut serialization = Map::new();
        match self.method {
            Method::Files => drop(serialization.insert("method".to_owned(), json!("files"))),
            Method::Shards { bytes } => {
                serialization.insert("method".to_owned(), json!("shards"));
                serialization.insert("shard_size".to_owned(), json!(bytes));
            }
        }
        serialization.insert("hash_type".to_owned(), json!(self.hash.code()));
        serialization.insert("allow_symlinks".to_owned(), json!(self.allow_symlinks));
        if !self.ignored.is_empty() {
            serialization.insert("ignore_paths".to_owned(), json!(self.ignored));
        }
        let algorithm = algorithm(self.method, self.hash);
        let resources: Vec<Value> = self
            .resources
            .iter()
            .map(|r| json!({"name": r.name, "algorithm": algorithm, "digest": hex::encode(&r.digest)}))
            .collect();
        json!({
            "_type": STATEMENT,
            "subject": [{"name": self.model, "digest": {"sha256": hex::encode(self.root())}}],
            "predicateType": PREDICATE,
            "predicate": {"serialization": serialization, "resources": resources},
        })
    }

    pub(crate) fn of_statement(statement: &Value) -> Result<Self, VerifyError> {
        if statement["_type"].as_str() != Some(STATEMENT) {
            return Err(VerifyError::Unknown("statement type"));
        }
        match statement["predicateType"].as_str() {
            Some(PREDICATE) => Self::of_predicate(statement),
            Some(PREDICATE_OLD) => Self::of_old(statement),
            _ => Err(VerifyError::Unknown("predicate type")),
        }
    }

    fn of_predicate(statement: &Value) -> Result<Self, VerifyError> {
        let subject = match statement["subject"].as_array().map(Vec::as_slice) {
            Some([subject]) => subject,
            _ => return Err(VerifyError::Malformed("there is not exactly one subject")),
        };
        let serialization = &statement["predicate"]["serialization"];
        let hash = serialization["hash_type"].as_str().and_then(HashKind::of_code);
        let hash = hash.ok_or(VerifyError::Unknown("hash type"))?;
        let method = match serialization["method"].as_str() {
            Some("files") => Method::Files,
            // The reference program writes numbers as JSON numbers, which its protobuf makes floating.
            Some("shards") => Method::Shards { bytes: whole(&serialization["shard_size"])? },
            _ => return Err(VerifyError::Unknown("serialization method")),
        };
        let list = statement["predicate"]["resources"].as_array();
        let list = list.ok_or(VerifyError::Malformed("it lists no resources"))?;
        let algorithm = algorithm(method, hash);
        let resources = list.iter().map(|item| {
            if item["algorithm"].as_str() != Some(&algorithm) {
                return Err(VerifyError::Malformed("a resource is digested by another algorithm"));
            }
            resource(&item["name"], &item["digest"])
        });
        let ignored = serialization["ignore_paths"].as_array().map(Vec::as_slice).unwrap_or_default();
        let manifest = Self {
            model: subject["name"].as_str().unwrap_or_default().to_owned(),
            method,
            hash,
            allow_symlinks: serialization["allow_symlinks"].as_bool().unwrap_or(false),
            ignored: ignored.iter().filter_map(|path| path.as_str().map(ToOwned::to_owned)).collect(),
            resources: resources.collect::<Result<_, _>>()?,
        };
        manifest.check_names()?;
        if subject["digest"]["sha256"].as_str() != Some(&hex::encode(manifest.root())) {
            return Err(VerifyError::Malformed("its resources do not hash to its subject"));
        }
        Ok(manifest)
    }

    fn of_old(statement: &Value) -> Result<Self, VerifyError> {
        let list = statement["subject"].as_array().ok_or(VerifyError::Malformed("it lists no subjects"))?;
        let resources = list.iter().map(|item| resource(&item["name"], &item["digest"]["sha256"]));
        let manifest = Self {
            model: String::new(),
            method: Method::Files,
            hash: HashKind::Sha256,
            allow_symlinks: false,
            ignored: Vec::new(),
            resources: resources.collect::<Result<_, _>>()?,
        };
        manifest.check_names()?;
        Ok(manifest)
    }

    /// A name twice would let one of two digests pass.
    fn check_names(&self) -> Result<(), VerifyError> {
        let mut names: Vec<&str> = self.resources.iter().map(|r| r.name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).any(|pair| pair[0] == pair[1]) {
            true => Err(VerifyError::Malformed("a resource is listed twice")),
            false => Ok(()),
        }
    }
}

/// How resources name what they were digested by.
fn algorithm(method: Method, hash: HashKind) -> String {
    match method {
        Method::Files => hash.code().to_owned(),
        Method::Shards { bytes } => format!("{}-sharded-{bytes}", hash.code()),
    }
}

fn resource(name: &Value, digest: &Value) -> Result<Resource, VerifyError> {
    let name = name.as_str().filter(|name| !name.is_empty());
    let name = name.ok_or(VerifyError::Malformed("a resource has no name"))?;
    let digest = digest.as_str().and_then(|digits| hex::decode(digits).ok()).filter(|bytes| !bytes.is_empty());
    let digest = digest.ok_or(VerifyError::Malformed("a resource has no digest"))?;
    Ok(Resource { name: name.to_owned(), digest })
}

fn whole(value: &Value) -> Result<u64, VerifyError> {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be whole, positive and small"
    )]
    let of_float =
        |number: f64| (number >= 1.0 && number <= 2f64.powi(53) && number.fract() == 0.0).then_some(number as u64);
    let number = value.as_u64().filter(|n| *n > 0).or_else(|| value.as_f64().and_then(of_float));
    number.ok_or(VerifyError::Malformed("its shard size is no whole number"))
}

/// Path, start and end of `path:start:end`.
fn shard_of(name: &str) -> Option<(&str, u64, u64)> {
    let (rest, end) = name.rsplit_once(':')?;
    let (path, start) = rest.rsplit_once(':')?;
    Some((path, start.parse().ok()?, end.parse().ok()?))
}
