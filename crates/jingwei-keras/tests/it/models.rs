use jingwei_core::Limits;
use jingwei_keras::inspect_hdf5;

use crate::{fixture, names, seen};

fn check(file: Vec<u8>, expected: &[&str]) {
    let found = inspect_hdf5(&mut file.clone(), &names(), &Limits::default());
    assert_eq!(seen(&found.sightings), expected);
}

/// The fixture with its configuration replaced by another of the same length.
fn with_config(name: &str, from: &str, to: &str) -> Vec<u8> {
    let mut file = fixture(name);
    let to = format!("{to:width$}", width = from.len());
    assert_eq!(to.len(), from.len());
    let at = file.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
    file[at..at + from.len()].copy_from_slice(to.as_bytes());
    file
}

#[test]
fn models_are_inspected_and_counted() {
    for name in ["keras_like-earliest.h5", "keras_like-latest.h5", "userblock.h5"] {
        let found = inspect_hdf5(&mut fixture(name), &names(), &Limits::default());
        assert_eq!(found.sightings, [], "{name}");
        // Two layers of 3 × 4 and 4; the step counter of the optimiser is not part of the model.
        assert_eq!((found.facts.tensors, found.facts.parameters), (Some(4), Some(32)), "{name}");
        let more: Vec<_> = found.facts.more.iter().map(|(k, v)| (*k, v.as_str())).collect();
        assert_eq!(more, [("architecture", "Sequential"), ("backend", "tensorflow"), ("keras_version", "2.15.0")]);
    }
}

#[test]
fn configurations_in_attributes_are_inspected() {
    let dense = "\"class_name\": \"Dense\", \"config\": {\"name\": \"d\"}";
    for name in ["keras_like-earliest.h5", "keras_like-latest.h5"] {
        let lambda = "\"class_name\": \"__lambda__\"";
        check(with_config(name, dense, lambda), &["model.keras-lambda m"]);
        let system = "\"class_name\": \"system\",\"module\":\"os\"";
        check(with_config(name, dense, system), &["model.keras-dangerous-class os.system"]);
        check(with_config(name, dense, "\"class_name\": \"Mine\""), &["model.keras-unknown-class Mine"]);
        check(with_config(name, "{\"class_name\": \"Sequential\"", "{\"class_name\": \"Functional\""), &[]);
        check(with_config(name, "{\"class_name\": \"Sequential\"", "broken"), &["model.header-malformed model_config"]);
    }
}

#[test]
fn files_outside_are_seen() {
    for name in ["outside-earliest.h5", "outside-latest.h5"] {
        check(
            fixture(name),
            &[
                "model.hdf5-external-link external -> other.h5:/secret",
                "model.hdf5-external-link stored -> canary.bin",
                "model.hdf5-external-link virtual -> canary.h5",
            ],
        );
    }
}
