use p256::{
    ecdsa::signature::{Signer as _, Verifier as _},
    pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding},
};
use sha2::{Digest as _, Sha256};

/// The curves of the standard; each goes with one hash: SHA-256, SHA-384, SHA-512.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Curve {
    #[default]
    P256,
    P384,
    P521,
}

/// A key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("it is no unencrypted private key in PEM (PKCS#8 or SEC1) on P-256, P-384 or P-521")]
    Private,
    #[error("it is no public key in PEM (SubjectPublicKeyInfo) on P-256, P-384 or P-521")]
    Public,
    #[error("the random bytes make no key; draw others")]
    Random,
    #[error("the key could not be written")]
    Encoding,
}

/// A private key. It is not shown and not serialised but on purpose.
pub struct PrivateKey(Private);

enum Private {
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    P521(p521::SecretKey),
}

/// A public key.
#[derive(Debug, Clone, PartialEq)]
pub struct PublicKey(Public);

#[derive(Debug, Clone, PartialEq)]
enum Public {
    P256(p256::PublicKey),
    P384(p384::PublicKey),
    P521(p521::PublicKey),
}

impl PrivateKey {
    /// From PEM: `PRIVATE KEY` (RFC 5208) or `EC PRIVATE KEY` (RFC 5915).
    pub fn of_pem(pem: &str) -> Result<Self, KeyError> {
        let pem = without_parameters(pem);
        let p256 = || p256::SecretKey::from_pkcs8_pem(&pem).ok().or_else(|| p256::SecretKey::from_sec1_pem(&pem).ok());
        let p384 = || p384::SecretKey::from_pkcs8_pem(&pem).ok().or_else(|| p384::SecretKey::from_sec1_pem(&pem).ok());
        let p521 = || p521::SecretKey::from_pkcs8_pem(&pem).ok().or_else(|| p521::SecretKey::from_sec1_pem(&pem).ok());
        let key = p256().map(Private::P256).or_else(|| p384().map(Private::P384)).or_else(|| p521().map(Private::P521));
        key.map(Self).ok_or(KeyError::Private)
    }

    /// A new key from bytes that the caller drew at random: 32, 48 or 66 of them.
    pub fn of_random(curve: Curve, bytes: &[u8]) -> Result<Self, KeyError> {
        let key = match curve {
            Curve::P256 => p256::SecretKey::from_slice(bytes).ok().map(Private::P256),
            Curve::P384 => p384::SecretKey::from_slice(bytes).ok().map(Private::P384),
            // 521 bits: of the first byte only the lowest counts.
            Curve::P521 => match bytes {
                [first, rest @ ..] => {
                    let cut = [&[first & 1], rest].concat();
                    p521::SecretKey::from_slice(&cut).ok().map(Private::P521)
                }
                [] => None,
            },
        };
        key.map(Self).ok_or(KeyError::Random)
    }

    /// PKCS#8 in PEM.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let pem = match &self.0 {
            Private::P256(key) => key.to_pkcs8_pem(LineEnding::LF),
            Private::P384(key) => key.to_pkcs8_pem(LineEnding::LF),
            Private::P521(key) => key.to_pkcs8_pem(LineEnding::LF),
        };
        pem.map(|pem| pem.as_str().to_owned()).map_err(|_| KeyError::Encoding)
    }

    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(match &self.0 {
            Private::P256(key) => Public::P256(key.public_key()),
            Private::P384(key) => Public::P384(key.public_key()),
            Private::P521(key) => Public::P521(key.public_key()),
        })
    }

    /// ECDSA with the curve's hash and deterministic nonces (RFC 6979), in DER.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.0 {
            Private::P256(key) => {
                let signature: p256::ecdsa::Signature = p256::ecdsa::SigningKey::from(key).sign(message);
                signature.to_der().as_bytes().to_vec()
            }
            Private::P384(key) => {
                let signature: p384::ecdsa::Signature = p384::ecdsa::SigningKey::from(key).sign(message);
                signature.to_der().as_bytes().to_vec()
            }
            Private::P521(key) => {
                let signature: p521::ecdsa::Signature = p521::ecdsa::SigningKey::from(key).sign(message);
                signature.to_der().as_bytes().to_vec()
            }
        }
    }
}

impl PublicKey {
    /// From a SubjectPublicKeyInfo in PEM (RFC 5480).
    pub fn of_pem(pem: &str) -> Result<Self, KeyError> {
        let p256 = p256::PublicKey::from_public_key_pem(pem).ok().map(Public::P256);
        let key = p256
            .or_else(|| p384::PublicKey::from_public_key_pem(pem).ok().map(Public::P384))
            .or_else(|| p521::PublicKey::from_public_key_pem(pem).ok().map(Public::P521));
        key.map(Self).ok_or(KeyError::Public)
    }

    pub fn to_pem(&self) -> Result<String, KeyError> {
        let pem = match &self.0 {
            Public::P256(key) => key.to_public_key_pem(LineEnding::LF),
            Public::P384(key) => key.to_public_key_pem(LineEnding::LF),
            Public::P521(key) => key.to_public_key_pem(LineEnding::LF),
        };
        pem.map_err(|_| KeyError::Encoding)
    }

    /// SHA-256 over the PEM text: how a bundle tells which key it was signed with.
    pub fn hint(&self) -> Result<String, KeyError> {
        Ok(hex::encode(Sha256::digest(self.to_pem()?.as_bytes())))
    }

    /// Whether `signature` (DER) is this key's over `message`.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Public::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|s| p256::ecdsa::VerifyingKey::from(key).verify(message, &s).is_ok()),
            Public::P384(key) => p384::ecdsa::Signature::from_der(signature)
                .is_ok_and(|s| p384::ecdsa::VerifyingKey::from(key).verify(message, &s).is_ok()),
            Public::P521(key) => p521::ecdsa::Signature::from_der(signature)
                .is_ok_and(|s| p521::ecdsa::VerifyingKey::from(key).verify(message, &s).is_ok()),
        }
    }
}

/// `openssl ecparam -genkey` writes a block of parameters before the key.
fn without_parameters(pem: &str) -> String {
    const END: &str = "-----END EC PARAMETERS-----";
    let rest = pem.find(END).map_or(pem, |at| &pem[at + END.len()..]);
    rest.trim_start().to_owned()
}
