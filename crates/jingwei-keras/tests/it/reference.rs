//! Against h5py: `peers/hdf5_reference.py --make` writes the files and their listings.

use std::fs;

use jingwei_core::Limits;
use jingwei_keras::{is_hdf5, list_hdf5};

use crate::{fixture, folder, listing::lines};

#[test]
fn listings_are_those_of_h5py() {
    let mut compared = 0;
    for entry in fs::read_dir(folder(&["testdata"])).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "h5") {
            let listing = list_hdf5(&mut fs::read(&path).unwrap(), &Limits::default());
            let expected = fs::read_to_string(path.with_extension("txt")).unwrap();
            assert_eq!(lines(&listing), expected.lines().collect::<Vec<_>>(), "{path:?}");
            assert_eq!(listing.sightings, [], "{path:?}");
            compared += 1;
        }
    }
    assert!(compared >= 9, "{compared} files");
}

#[test]
fn the_signature_may_stand_behind_a_user_block() {
    assert!(is_hdf5(&fixture("odd-latest.h5")));
    assert!(is_hdf5(&fixture("userblock.h5")[..2048]));
    for other in [&b""[..], b"\x89HDF", &[0; 4096]] {
        assert!(!is_hdf5(other));
    }
    assert_eq!(list_hdf5(&mut fixture("userblock.h5"), &Limits::default()).objects.len(), 12);
}
