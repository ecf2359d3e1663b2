use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{KeyError, Manifest, PrivateKey, PublicKey};

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// Signatures of models with a million files stay below this.
const MOST_BYTES: usize = 1 << 30;

/// A model could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    #[error("the key could not be written")]
    Key(#[from] KeyError),
    #[error("the statement could not be written")]
    Statement(#[from] serde_json::Error),
}

/// A signature that is not valid, or not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    #[error("the signature file is no Sigstore bundle: {0}")]
    Malformed(&'static str),
    #[error("the {0} is not one that is known")]
    Unknown(&'static str),
    #[error("it was signed with another key (hint {hint})")]
    OtherKey { hint: String },
    #[error("the signature does not belong to the key and the content")]
    Invalid,
    #[error("it is a {0} signature; only signatures with a public key are verified")]
    Unsupported(&'static str),
    #[error("the public key cannot be used")]
    Key(#[from] KeyError),
}

/// A statement whose signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    pub manifest: Manifest,
    /// SHA-256 of the public key's PEM.
    pub key_hint: String,
    /// The envelope was made by version 0.2 of the reference program.
    pub old_envelope: bool,
}

/// The bundle, as text of one JSON document.
pub fn sign(manifest: &Manifest, key: &PrivateKey) -> Result<String, SignError> {
    let payload = serde_json::to_vec(&manifest.to_statement())?;
    let signature = key.sign(&pae(&payload));
    let bundle = json!({
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {"publicKey": {"hint": key.public().hint()?}, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": STANDARD.encode(&payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": STANDARD.encode(signature), "keyid": ""}],
        },
    });
    Ok(serde_json::to_string(&bundle)?)
}

/// Checks the signature, then reads what was signed.
pub fn verify(bundle: &[u8], key: &PublicKey) -> Result<Signed, VerifyError> {
    if bundle.len() > MOST_BYTES {
        return Err(VerifyError::Malformed("it is too large"));
    }
    let bundle: Value = serde_json::from_slice(bundle).map_err(|_| VerifyError::Malformed("it is no JSON"))?;
    if bundle["mediaType"].as_str() != Some(MEDIA_TYPE) {
        return Err(VerifyError::Unknown("media type"));
    }
    let material = &bundle["verificationMaterial"];
    if material.get("certificate").is_some() || material.get("x509CertificateChain").is_some() {
        return Err(VerifyError::Unsupported("certificate"));
    }
    let hint = material["publicKey"]["hint"].as_str().unwrap_or_default();
    let own = key.hint()?;
    if !hint.is_empty() && hint != own {
        return Err(VerifyError::OtherKey { hint: hint.chars().filter(char::is_ascii_hexdigit).take(64).collect() });
    }
    let envelope = &bundle["dsseEnvelope"];
    if envelope["payloadType"].as_str() != Some(PAYLOAD_TYPE) {
        return Err(VerifyError::Unknown("payload type"));
    }
    let decode = |value: &Value| value.as_str().and_then(|text| STANDARD.decode(text).ok());
    let payload = decode(&envelope["payload"]).ok_or(VerifyError::Malformed("it has no payload"))?;
    let signature = match envelope["signatures"].as_array().map(Vec::as_slice) {
        Some([one]) => decode(&one["sig"]).ok_or(VerifyError::Malformed("its signature is no base64"))?,
        _ => return Err(VerifyError::Malformed("there is not exactly one signature")),
    };
    let holds = key.verifies(&pae(&payload), &signature);
    let old_envelope = !holds && key.verifies(&pae_of_0_2(&payload), &signature);
    if !holds && !old_envelope {
        return Err(VerifyError::Invalid);
    }
    let statement: Value =
        serde_json::from_slice(&payload).map_err(|_| VerifyError::Malformed("its payload is no JSON"))?;
    Ok(Signed { manifest: Manifest::of_statement(&statement)?, key_hint: own, old_envelope })
}

/// Pre-authentication encoding (DSSE 1.0, protocol).
fn pae(payload: &[u8]) -> Vec<u8> {
    let mut message = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    message.extend_from_slice(payload);
    message
}

/// What version 0.2 of the reference program signed by mistake: the payload as Python shows bytes, and another prefix.
fn pae_of_0_2(payload: &[u8]) -> Vec<u8> {
    let mut message = format!("DSSEV1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len());
    let quote = if payload.contains(&b'\'') && !payload.contains(&b'"') { '"' } else { '\'' };
    message.push('b');
    message.push(quote);
    for byte in payload {
        match byte {
            b'\\' => message.push_str("\\\\"),
            b'\t' => message.push_str("\\t"),
            b'\n' => message.push_str("\\n"),
            b'\r' => message.push_str("\\r"),
            b'\'' if quote == '\'' => message.push_str("\\'"),
            32..=126 => message.push(char::from(*byte)),
            other => message.push_str(&format!("\\x{other:02x}")),
        }
    }
    message.push(quote);
    message.into_bytes()
}
