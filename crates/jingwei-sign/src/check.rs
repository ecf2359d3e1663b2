//! `scan.integrity`: is the model what was signed, and could one go back to that?

use std::collections::BTreeMap;

use jingwei_catalog::{
    items::Rule,
    rulebook::{MissingRule, Observations, RuleBook},
};
use jingwei_core::{
    Check, CheckError, Component, ComponentKind, Cost, Ctx, Digest, Limits, Observation, Place, RuleId, Text,
};

use crate::{
    Drift, DriftKind, Manifest, Method, PublicKey, Signed, Taking, VerifyError, take, verify, walk::GIT_PATHS,
};

const ID: &str = "scan.integrity";
/// Signatures of a million files stay below this.
const MOST_SIGNATURE_BYTES: u64 = 1 << 30;
const MOST_KEY_BYTES: u64 = 1 << 16;

/// Holds a model against its signature.
pub struct IntegrityCheck {
    rules: RuleBook,
}

impl IntegrityCheck {
    /// The catalog rules that it reports by.
    pub const RULES: &'static [&'static str] = &[
        "integrity.file-changed",
        "integrity.file-ignored",
        "integrity.file-missing",
        "integrity.file-unsigned",
        "integrity.not-verified",
        "integrity.rollback-differs",
        "integrity.signature-invalid",
    ];

    pub fn new(rules: BTreeMap<RuleId, Rule>) -> Result<Self, MissingRule> {
        Ok(Self { rules: RuleBook::new(ID, Self::RULES, rules)? })
    }
}

impl Check for IntegrityCheck {
    fn id(&self) -> &str {
        ID
    }

    fn title(&self) -> Text {
        Text::new("模型完整性检查", "model integrity")
    }

    fn kinds(&self) -> &'static [ComponentKind] {
        &[ComponentKind::Model]
    }

    /// Models that somebody signed.
    fn takes(&self, component: &Component) -> bool {
        component.kind == ComponentKind::Model && component.signature.is_some()
    }

    fn cost(&self) -> Cost {
        Cost::Files
    }

    fn configuration(&self) -> Digest {
        self.rules.digest()
    }

    fn run(&self, component: &Component, ctx: &Ctx<'_>, limits: &Limits) -> Result<Vec<Observation>, CheckError> {
        let mut seen = Observations::new(&self.rules, component);
        let root = component.path.as_deref().ok_or_else(|| {
            CheckError::new(format!("component `{}` has no `path`; name its file or folder", component.id))
        })?;
        match signed(component, ctx) {
            Err(Refusal::NotVerified(reason)) => {
                seen.finding("integrity.not-verified", Place::default(), &[("reason", reason)]);
            }
            Err(Refusal::Invalid(path, reason)) => {
                let place = Place { path: Some(path), ..Place::default() };
                seen.finding("integrity.signature-invalid", place, &[("reason", reason)]);
            }
            Ok(signed) if signed.manifest.resources.is_empty() => {
                let reason = Text::new("它没有签任何文件", "it signs no file at all");
                seen.finding("integrity.signature-invalid", Place::default(), &[("reason", reason)]);
            }
            Ok(signed) => compare(&mut seen, component, root, &signed, ctx, limits),
        }
        Ok(seen.into_vec())
    }
}

enum Refusal {
    /// It could not be looked at.
    NotVerified(Text),
    /// The file and why it is refused.
    Invalid(String, Text),
}

fn signed(component: &Component, ctx: &Ctx<'_>) -> Result<Signed, Refusal> {
    let missing = |zh: &str, en: &str| Refusal::NotVerified(Text::new(zh, en));
    let signature = component.signature.as_deref();
    let signature = signature.ok_or_else(|| missing("没有签名文件", "there is no signature file"))?;
    let key = component.signing_key.as_deref().ok_or_else(|| {
        missing("清单没有写明公钥 signing_key", "the manifest names no public key: set `signing_key`")
    })?;
    let read = |path: &str, most| {
        ctx.files.read(path, most).map_err(|e| Refusal::NotVerified(Text::new(format!("读取失败：{e}"), e.to_string())))
    };
    let pem = String::from_utf8_lossy(&read(key, MOST_KEY_BYTES)?).into_owned();
    let key = PublicKey::of_pem(&pem)
        .map_err(|e| Refusal::NotVerified(Text::new(format!("公钥无法使用：{e}"), format!("the public key: {e}"))))?;
    verify(&read(signature, MOST_SIGNATURE_BYTES)?, &key)
        .map_err(|e| Refusal::Invalid(signature.to_owned(), reason_of(&e)))
}

/// Why a signature is refused, in both languages.
#[must_use]
pub fn reason_of(error: &VerifyError) -> Text {
    let zh = match error {
        VerifyError::Malformed(what) => format!("签名文件不是有效的 Sigstore bundle（{what}）"),
        VerifyError::Unknown(what) => format!("无法识别其 {what}"),
        VerifyError::OtherKey { hint } => format!("它由另一把密钥签署（{hint}）"),
        VerifyError::Invalid => "签名与公钥及内容不符".to_owned(),
        VerifyError::Unsupported(what) => format!("它是 {what} 签名，这里只核验公钥签名"),
        VerifyError::Key(error) => format!("公钥无法使用（{error}）"),
    };
    Text::new(zh, error.to_string())
}

#[allow(clippy::cast_precision_loss, reason = "counts of files stay far below 2^53")]
fn compare(
    seen: &mut Observations<'_>,
    component: &Component,
    root: &str,
    signed: &Signed,
    ctx: &Ctx<'_>,
    limits: &Limits,
) {
    let expected = &signed.manifest;
    let own = [&component.signature, &component.signing_key, &component.rollback];
    let own: Vec<&str> = own.into_iter().filter_map(|path| path.as_deref()).collect();
    let drifts = match drift_of(expected, root, &own, ctx, limits) {
        Ok(drifts) => drifts,
        Err(reason) => return seen.finding("integrity.not-verified", Place::default(), &[("reason", reason)]),
    };
    for Drift { name, kind } in &drifts {
        let rule = match kind {
            DriftKind::Changed => "integrity.file-changed",
            DriftKind::Missing => "integrity.file-missing",
            DriftKind::Unsigned => "integrity.file-unsigned",
        };
        let place = Place { path: Some(name.clone()), ..Place::default() };
        seen.finding(rule, place, &[("path", Text::same(jingwei_read::shown(name)))]);
    }
    ignored_by_signer(seen, expected, root, &own, &drifts, ctx, limits);
    let bad = drifts.iter().filter(|drift| drift.kind != DriftKind::Unsigned).count();
    let total = expected.resources.len().max(1);
    seen.metric("signed_files", expected.resources.len() as f64, "count");
    seen.metric("drifted_files", drifts.len() as f64, "count");
    seen.metric("intact_share", (total - bad.min(total)) as f64 / total as f64, "ratio");
    if let Some(rollback) = &component.rollback {
        let reason = match drift_of(expected, rollback, &[], ctx, limits) {
            Ok(drifts) if drifts.iter().all(|drift| drift.kind == DriftKind::Unsigned) => return,
            Ok(drifts) => {
                let count = drifts.len();
                Text::new(format!("{count} 个文件不同"), format!("{count} files differ"))
            }
            Err(reason) => reason,
        };
        let place = Place { path: Some(rollback.clone()), ..Place::default() };
        let details = [("path", Text::same(jingwei_read::shown(rollback))), ("reason", reason)];
        seen.finding("integrity.rollback-differs", place, &details);
    }
}

/// The signer chose what to leave out. What lies there nobody vouches for.
fn ignored_by_signer(
    seen: &mut Observations<'_>,
    expected: &Manifest,
    root: &str,
    own: &[&str],
    drifts: &[Drift],
    ctx: &Ctx<'_>,
    limits: &Limits,
) {
    if expected.ignored.iter().all(|path| GIT_PATHS.contains(&path.trim_end_matches('/'))) {
        return;
    }
    let whole = Manifest { ignored: Vec::new(), ..expected.clone() };
    let more = drift_of(&whole, root, own, ctx, limits).unwrap_or_default();
    for Drift { name, .. } in more.iter().filter(|one| !drifts.contains(one)) {
        let place = Place { path: Some(name.clone()), ..Place::default() };
        seen.finding("integrity.file-ignored", place, &[("path", Text::same(jingwei_read::shown(name)))]);
    }
}

/// What differs at `root` from a signed state. `aside`, relative to the manifest, is no part of the model even where it
/// lies in its folder: the signature, the key.
pub fn drift_of(
    expected: &Manifest,
    root: &str,
    aside: &[&str],
    ctx: &Ctx<'_>,
    limits: &Limits,
) -> Result<Vec<Drift>, Text> {
    let mut ignored = expected.ignored.clone();
    let plain = |path: &str| path.trim_start_matches("./").trim_end_matches('/').to_owned();
    let folder = match plain(root).as_str() {
        "" | "." => String::new(),
        folder => format!("{folder}/"),
    };
    ignored.extend(aside.iter().filter_map(|path| plain(path).strip_prefix(&folder).map(ToOwned::to_owned)));
    let shard_bytes = match expected.method {
        Method::Files => None,
        Method::Shards { bytes } => Some(bytes),
    };
    let taking = Taking { hash: expected.hash, shard_bytes, ignored };
    let (found, odd) = take(root, &expected.model, &taking, ctx, limits).map_err(|e| e.text())?;
    let mut drifts = expected.drift(&found);
    drifts.extend(odd.into_iter().map(|name| Drift { name, kind: DriftKind::Unsigned }));
    drifts.sort();
    drifts.dedup();
    Ok(drifts)
}
