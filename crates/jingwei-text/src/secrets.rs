use jingwei_core::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What opens a door to whoever has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SecretKind {
    /// AWS access key id: `AKIA…`, `ASIA…`.
    AwsAccessKey,
    /// GitHub token: `ghp_…`, `gho_…`, `ghu_…`, `ghs_…`, `ghr_…`, `github_pat_…`.
    GithubToken,
    /// Key of a model service: `sk-…`, also Anthropic's `sk-ant-…` and OpenAI's `sk-proj-…`.
    ApiKey,
    /// Slack token: `xoxb-…`, `xoxp-…`, `xoxa-…`, `xoxr-…`, `xoxs-…`.
    SlackToken,
    /// Key of Google's services: `AIza…`.
    GoogleKey,
    /// GitLab personal access token: `glpat-…`.
    GitlabToken,
    /// Hugging Face token: `hf_…`.
    HuggingFaceToken,
    /// JSON Web Token (RFC 7519).
    Jwt,
    /// Private key in PEM (RFC 7468).
    PrivateKey,
}

impl SecretKind {
    pub const ALL: [Self; 9] = [
        Self::AwsAccessKey,
        Self::GithubToken,
        Self::ApiKey,
        Self::SlackToken,
        Self::GoogleKey,
        Self::GitlabToken,
        Self::HuggingFaceToken,
        Self::Jwt,
        Self::PrivateKey,
    ];

    /// What stands in a placeholder for it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::AwsAccessKey => "AWS_ACCESS_KEY",
            Self::GithubToken => "GITHUB_TOKEN",
            Self::ApiKey => "API_KEY",
            Self::SlackToken => "SLACK_TOKEN",
            Self::GoogleKey => "GOOGLE_KEY",
            Self::GitlabToken => "GITLAB_TOKEN",
            Self::HuggingFaceToken => "HUGGING_FACE_TOKEN",
            Self::Jwt => "JWT",
            Self::PrivateKey => "PRIVATE_KEY",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretMatch {
    pub span: Span,
    pub kind: SecretKind,
}

/// A private key whose end does not follow within this many bytes is taken to be its first line only.
pub const MAX_KEY_BLOCK_BYTES: usize = 16 << 10;
const MAX_TOKEN_BYTES: usize = 4 << 10;

/// Tokens and keys in a text of literal form ([`crate::NormalizeOptions::LITERAL`]), in order of place.
/// Private keys span lines and are found by [`find_private_keys`].
#[must_use]
pub fn find_secrets(text: &str) -> Vec<SecretMatch> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|b| is_token_byte(**b)).count();
        // Where nothing runs, `at` may lie inside a character.
        let token = text.get(at..at + run).unwrap_or_default().trim_start_matches(['.', '-']);
        if let Some((kind, len)) = token_kind(token) {
            let start = at + run - token.len();
            found.push(SecretMatch { span: Span { start, end: start + len }, kind });
        }
        at += run.max(1);
    }
    found
}

/// Private keys in PEM, from their first line to their last.
#[must_use]
pub fn find_private_keys(text: &str) -> Vec<SecretMatch> {
    let starts = text.match_indices(BEGIN).map(|(at, _)| at);
    let found = starts.filter_map(|at| private_key(text, at).map(|(end, _)| (at, end)));
    found.map(|(start, end)| SecretMatch { span: Span { start, end }, kind: SecretKind::PrivateKey }).collect()
}

/// Where the earliest private key begins whose end may still come, in a text that goes on.
#[must_use]
pub fn open_private_key(text: &str) -> Option<usize> {
    let starts = text.match_indices(BEGIN).map(|(at, _)| at);
    let mut open = starts.filter(|at| match private_key(text, *at) {
        Some((_, complete)) => !complete && text.len() - at < MAX_KEY_BLOCK_BYTES,
        None => {
            // The first line itself may be unfinished.
            let head = text[at + BEGIN.len()..].trim_start_matches(|c: char| c.is_ascii_uppercase() || c == ' ');
            head.len() < 5 && head.bytes().all(|b| b == b'-') && text.len() - at <= BEGIN.len() + MAX_LABEL_BYTES + 5
        }
    });
    open.next()
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Which secret a run of token characters begins with, and how much of it that is.
fn token_kind(run: &str) -> Option<(SecretKind, usize)> {
    let part = |prefix: &str, legal: fn(u8) -> bool, lengths: std::ops::RangeInclusive<usize>| {
        let body = run.strip_prefix(prefix)?;
        let len = body.bytes().take_while(|b| legal(*b)).count();
        // What goes on without a break is something else.
        let ends = !body.as_bytes().get(len).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        (lengths.contains(&len) && ends).then_some(prefix.len() + len)
    };
    for prefix in ["AKIA", "ASIA", "AGPA", "AIDA", "AROA", "ANPA"] {
        if let Some(len) = part(prefix, |b| b.is_ascii_uppercase() || b.is_ascii_digit(), 16..=16) {
            return Some((SecretKind::AwsAccessKey, len));
        }
    }
    for prefix in ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"] {
        if let Some(len) = part(prefix, |b| b.is_ascii_alphanumeric(), 36..=255) {
            return Some((SecretKind::GithubToken, len));
        }
    }
    if let Some(len) = part("github_pat_", |b| b.is_ascii_alphanumeric() || b == b'_', 40..=255) {
        return Some((SecretKind::GithubToken, len));
    }
    let key_byte = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    // Words are of one case and have no digits.
    let mixed = |len: usize, prefix: &str| {
        let body = run.get(prefix.len()..len).unwrap_or_default();
        body.bytes().any(|b| b.is_ascii_digit()) && body.bytes().any(|b| b.is_ascii_alphabetic())
    };
    let of_letters = |b: u8| b.is_ascii_alphanumeric();
    for prefix in ["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-"] {
        if let Some(len) = part(prefix, key_byte, 20..=255).filter(|len| mixed(*len, prefix)) {
            return Some((SecretKind::SlackToken, len));
        }
    }
    let own = [
        (SecretKind::GoogleKey, "AIza", part("AIza", key_byte, 35..=35)),
        (SecretKind::GitlabToken, "glpat-", part("glpat-", key_byte, 20..=255)),
        (SecretKind::ApiKey, "sk-ant-", part("sk-ant-", key_byte, 20..=256)),
    ];
    for (kind, prefix, len) in own {
        if let Some(len) = len.filter(|len| mixed(*len, prefix)) {
            return Some((kind, len));
        }
    }
    if let Some(len) = part("hf_", of_letters, 30..=64) {
        return Some((SecretKind::HuggingFaceToken, len));
    }
    if let Some(len) = part("sk-", key_byte, 20..=256)
        && run[..len].bytes().filter(u8::is_ascii_digit).count() >= 2
    {
        return Some((SecretKind::ApiKey, len));
    }
    jwt_len(run).map(|len| (SecretKind::Jwt, len))
}

/// Header, claims and signature in base64url; the first two are JSON objects, so they begin with `eyJ`.
fn jwt_len(run: &str) -> Option<usize> {
    let mut parts = run.splitn(3, '.');
    let (header, claims, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let legal = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    let signature = rest.split('.').next().unwrap_or_default();
    let shaped = header.starts_with("eyJ") && claims.starts_with("eyJ") && header.len() >= 10 && signature.len() >= 10;
    let len = header.len() + claims.len() + signature.len() + 2;
    (shaped && legal(header) && legal(claims) && legal(signature) && len <= MAX_TOKEN_BYTES).then_some(len)
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

const MAX_LABEL_BYTES: usize = 40;

/// Where a private key that begins at `at` ends, and whether its last line is there: else it is its first line.
fn private_key(text: &str, at: usize) -> Option<(usize, bool)> {
    let rest = text.get(at..)?.strip_prefix(BEGIN)?;
    let label = rest.bytes().take(MAX_LABEL_BYTES).take_while(|b| b.is_ascii_uppercase() || *b == b' ').count();
    let (name, after) = rest.split_at(label);
    if !name.ends_with("PRIVATE KEY") || !after.starts_with("-----") {
        return None;
    }
    let header_end = at + BEGIN.len() + label + 5;
    let closing = format!("{END}{name}-----");
    let mut window_end = text.len().min(at + MAX_KEY_BLOCK_BYTES);
    while !text.is_char_boundary(window_end) {
        window_end -= 1;
    }
    let body = text.get(header_end..window_end)?;
    Some(body.find(&closing).map_or((header_end, false), |found| (header_end + found + closing.len(), true)))
}

#[cfg(test)]
mod tests {
    use SecretKind::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(SecretKind, &str)]) {
        let found = find_secrets(text).into_iter().chain(find_private_keys(text));
        let found: Vec<_> = found.map(|m| (m.kind, &text[m.span.start..m.span.end])).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn secrets_are_found_at_chinese_borders() {
        let aws = format!("AKIA{}", "Q7".repeat(8));
        let github = format!("ghp_{}", "a1B2".repeat(9));
        let fine = format!("github_pat_{}", "a1_B2".repeat(9));
        let api = format!("sk-proj-{}", "a1B2".repeat(8));
        let jwt = format!("eyJ{0}.eyJ{0}.{0}", "hbGci1_-xx");
        let long = format!("sk-proj-{}", "a1B2_-c3D4".repeat(15));
        let anthropic = format!("sk-ant-api03-{}-AA", "a1B2_".repeat(18));
        let newer = format!("github_pat_11{}_{}", "A1b2".repeat(5), "c3D4e".repeat(11));
        for (kind, secret) in [
            (AwsAccessKey, aws),
            (GithubToken, github),
            (GithubToken, fine),
            (GithubToken, newer),
            (ApiKey, api),
            (ApiKey, long),
            (ApiKey, anthropic),
            (Jwt, jwt),
            (SlackToken, format!("xoxb-123456789012-1234567890123-{}", "aB3d".repeat(6))),
            (SlackToken, format!("xoxp-{}", "1234-abcd-".repeat(4) + "0f")),
            (GoogleKey, format!("AIzaSy{}", "D4_-e5F6g7h".repeat(3))),
            (GitlabToken, format!("glpat-{}", "aB3_-".repeat(4))),
            (HuggingFaceToken, format!("hf_{}", "aBcDe".repeat(7).split_at(34).0)),
        ] {
            check(&format!("密钥{secret}请保密"), &[(kind, &secret)]);
            check(&format!("key={secret}."), &[(kind, &secret)]);
            check(&format!("x{secret}"), &[]);
        }
    }

    #[test]
    fn a_private_key_is_found_as_a_whole_or_by_its_head() {
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n\nAA==\n-----END RSA PRIVATE KEY-----";
        check(&format!("看{key}!"), &[(PrivateKey, key)]);
        check("-----BEGIN PRIVATE KEY-----\nMIIB", &[(PrivateKey, "-----BEGIN PRIVATE KEY-----")]);
        let far = format!("-----BEGIN PRIVATE KEY-----{}-----END PRIVATE KEY-----", "密".repeat(MAX_KEY_BLOCK_BYTES));
        check(&far, &[(PrivateKey, "-----BEGIN PRIVATE KEY-----")]);
    }

    #[test]
    fn an_unfinished_private_key_is_known() {
        for (text, open) in [
            ("x-----BEGIN RSA PRIV", Some(1)),
            ("-----BEGIN PRIVATE KEY---", Some(0)),
            ("-----BEGIN PRIVATE KEY-----\nMII", Some(0)),
            ("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----", None),
            ("-----BEGIN PUBLIC KEY-----\nMII", None),
            ("-----BEGIN private", None),
        ] {
            assert_eq!(open_private_key(text), open, "{text:?}");
        }
        let far = format!("-----BEGIN PRIVATE KEY-----{}", "A".repeat(MAX_KEY_BLOCK_BYTES));
        assert_eq!(open_private_key(&far), None);
    }

    #[test]
    fn what_only_looks_like_one_is_not_found() {
        for text in [
            "",
            "AKIA1234",
            "sk-learn-pipeline-with-many-steps",
            "sk-12",
            "ghp_short",
            "eyJ.eyJ.x",
            "-----BEGIN PUBLIC KEY-----",
            "-----BEGIN ",
            "eyJhbGciOiJI.notclaims.aaaaaaaaaaaa",
            "AKIAQ7Q7Q7Q7Q7Q7Q7Q7Z9",
            "xoxb-short",
            "xoxb-a-name-made-of-words-and-nothing-else",
            "AIzaShort1",
            "glpat-is-what-such-tokens-begin-with-here",
            "hf_hub_download and hf_transformers_models_and_datasets_2024",
            "sk-ant-is-the-beginning-of-such-keys-they-say",
            "sk-project-names-are-written-with-hyphens",
        ] {
            check(text, &[]);
        }
    }
}
