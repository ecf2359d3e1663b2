//! Prints the tree of HDF5 files as `peers/hdf5_reference.py` compares it with h5py's.
#![allow(clippy::print_stdout)]

use std::fs::File;

use jingwei_core::Limits;
use jingwei_keras::list_hdf5;
use jingwei_read::FileSource;

#[path = "../tests/it/listing.rs"]
mod listing;

fn main() -> std::io::Result<()> {
    for path in std::env::args().skip(1) {
        let file = File::open(&path)?;
        let length = file.metadata()?.len();
        let found = list_hdf5(&mut FileSource::new(file, length), &Limits::default());
        println!("# {path}");
        for line in listing::lines(&found) {
            println!("{line}");
        }
        for sighting in found.sightings {
            println!("! {} {:?} {:?}", sighting.rule, sighting.key, sighting.details);
        }
    }
    Ok(())
}
