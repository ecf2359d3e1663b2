//! Signatures of our own and of the reference program (`model-signing` 1.1.1; `tests/reference/` holds what it wrote for a
//! folder of three files, with keys that are used for nothing else).

#![allow(clippy::unwrap_used, reason = "tests")]

use jingwei_sign::{
    Curve, DriftKind, HashKind, KeyError, Manifest, Method, PrivateKey, PublicKey, Resource, VerifyError, sign, verify,
};
use proptest::prelude::*;

macro_rules! reference {
    ($name:literal) => {
        include_str!(concat!("reference/", $name))
    };
}

const CURVES: [(&str, &str); 3] = [
    (reference!("prime256v1.sig"), reference!("prime256v1.pub.pem")),
    (reference!("secp384r1.sig"), reference!("secp384r1.pub.pem")),
    (reference!("secp521r1.sig"), reference!("secp521r1.pub.pem")),
];

/// The folder that the reference program signed.
fn folder() -> Manifest {
    let file = |name: &str, content: &[u8]| {
        let mut hasher = HashKind::Sha256.hasher();
        hasher.update(content);
        Resource { name: name.to_owned(), digest: hasher.finish() }
    };
    let mut manifest = Manifest {
        model: "m".to_owned(),
        method: Method::Files,
        hash: HashKind::Sha256,
        allow_symlinks: false,
        ignored: vec![".git".to_owned()],
        resources: vec![file("sub-b", b"x"), file("sub/config.json", b"{}"), file("a.bin", b"weights")],
    };
    manifest.sort();
    manifest
}

fn key(curve: Curve) -> PrivateKey {
    let bytes = match curve {
        Curve::P256 => 32,
        Curve::P384 => 48,
        Curve::P521 => 66,
    };
    PrivateKey::of_random(curve, &vec![7; bytes]).unwrap()
}

#[test]
fn signatures_of_the_reference_program_hold() {
    for (bundle, pem) in CURVES {
        let signed = verify(bundle.as_bytes(), &PublicKey::of_pem(pem).unwrap()).unwrap();
        assert_eq!(signed.manifest.resources, folder().resources);
        assert_eq!((signed.manifest.root(), signed.manifest.model.as_str()), (folder().root(), "m"));
        assert!(signed.manifest.drift(&folder()).is_empty() && !signed.old_envelope);
    }
}

#[test]
fn keys_are_read_in_both_notations_and_written_again() {
    for (private, public) in [
        (reference!("secp384r1.private.pem"), reference!("secp384r1.pub.pem")),
        (reference!("secp521r1.private.pem"), reference!("secp521r1.pub.pem")),
    ] {
        let private = PrivateKey::of_pem(private).unwrap();
        assert_eq!(private.public().to_pem().unwrap(), public);
        let again = PrivateKey::of_pem(&private.to_pem().unwrap()).unwrap();
        assert_eq!(again.public(), private.public());
    }
    for broken in
        ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", reference!("secp384r1.pub.pem")]
    {
        assert_eq!(PrivateKey::of_pem(broken).err(), Some(KeyError::Private));
    }
    assert_eq!(PublicKey::of_pem(reference!("secp384r1.private.pem")).err(), Some(KeyError::Public));
    assert_eq!(PrivateKey::of_random(Curve::P256, &[0; 32]).err(), Some(KeyError::Random));
}

#[test]
fn own_signatures_hold_are_the_same_each_time_and_belong_to_one_key() {
    for curve in [Curve::P256, Curve::P384, Curve::P521] {
        let key = key(curve);
        let bundle = sign(&folder(), &key).unwrap();
        assert_eq!(bundle, sign(&folder(), &key).unwrap());
        assert_eq!(verify(bundle.as_bytes(), &key.public()).unwrap().manifest, folder());
        let other = PublicKey::of_pem(CURVES[0].1).unwrap();
        assert!(matches!(verify(bundle.as_bytes(), &other), Err(VerifyError::OtherKey { .. })));
        let without_hint = bundle.replace(&key.public().hint().unwrap(), "");
        assert_eq!(verify(without_hint.as_bytes(), &other), Err(VerifyError::Invalid));
        assert!(verify(without_hint.as_bytes(), &key.public()).is_ok());
    }
}

#[test]
fn drift_is_told_by_name() {
    let (signed, mut found) = (folder(), folder());
    found.resources[0].digest[0] ^= 1;
    found.resources[1].name = "new".to_owned();
    let drift: Vec<_> = signed.drift(&found).into_iter().map(|d| (d.name, d.kind)).collect();
    assert_eq!(
        drift,
        [
            ("a.bin".to_owned(), DriftKind::Changed),
            ("new".to_owned(), DriftKind::Unsigned),
            ("sub/config.json".to_owned(), DriftKind::Missing),
        ]
    );
}

#[test]
fn a_statement_that_contradicts_itself_is_refused_although_it_is_signed() {
    let key = key(Curve::P256);
    let mut twice = folder();
    twice.resources.push(twice.resources[0].clone());
    let bundle = sign(&twice, &key).unwrap();
    let error = verify(bundle.as_bytes(), &key.public()).unwrap_err();
    assert_eq!(error, VerifyError::Malformed("a resource is listed twice"));
}

#[test]
fn what_is_not_a_key_bundle_is_named() {
    let (bundle, pem) = CURVES[0];
    let key = PublicKey::of_pem(pem).unwrap();
    for (from, to, expected) in [
        ("bundle.v0.3", "bundle.v0.9", VerifyError::Unknown("media type")),
        ("\"publicKey\"", "\"certificate\"", VerifyError::Unsupported("certificate")),
        ("vnd.in-toto", "vnd.other", VerifyError::Unknown("payload type")),
        ("\"sig\"", "\"gis\"", VerifyError::Malformed("its signature is no base64")),
        ("\"signatures\":[", "\"signatures\":[{},", VerifyError::Malformed("there is not exactly one signature")),
        ("{", "", VerifyError::Malformed("it is no JSON")),
    ] {
        let changed = bundle.replacen(from, to, 1);
        assert_ne!(changed, bundle, "{from}");
        assert_eq!(verify(changed.as_bytes(), &key), Err(expected), "{from} → {to}");
    }
    assert_eq!(verify(b"", &key), Err(VerifyError::Malformed("it is no JSON")));
}

#[test]
fn shards_and_other_hashes_are_kept() {
    let mut manifest = Manifest {
        method: Method::Shards { bytes: 1000 },
        hash: HashKind::Blake3,
        resources: ["b:0:10", "a:2000:2001", "a:1000:2000", "a:0:1000"]
            .map(|name| Resource { name: name.to_owned(), digest: vec![name.len().try_into().unwrap(); 32] })
            .to_vec(),
        ..folder()
    };
    manifest.sort();
    let names: Vec<&str> = manifest.resources.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names, ["a:0:1000", "a:1000:2000", "a:2000:2001", "b:0:10"]);
    let key = key(Curve::P384);
    let bundle = sign(&manifest, &key).unwrap();
    assert_eq!(verify(bundle.as_bytes(), &key.public()).unwrap().manifest, manifest);
    // "abc": RFC 7693 appendix A, and the first test vector's shape of BLAKE3.
    for (kind, start) in [(HashKind::Blake2b, "ba80a53f981c4d0d"), (HashKind::Blake3, "6437b3ac38465133")] {
        let mut hasher = kind.hasher();
        hasher.update(b"abc");
        assert!(hex(&hasher.finish()).starts_with(start), "{kind:?}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_changed_bundle_says_something_else(at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let (bundle, pem) = CURVES[0];
        let mut changed = bundle.as_bytes().to_vec();
        let at = at.index(changed.len());
        changed[at] = value;
        if let Ok(signed) = verify(&changed, &PublicKey::of_pem(pem).unwrap()) {
            prop_assert_eq!(signed.manifest.resources, folder().resources);
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(verify(&bytes, &PublicKey::of_pem(CURVES[0].1).unwrap()).is_err());
    }
}
