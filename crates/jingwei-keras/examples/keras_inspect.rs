//! Prints what the crate sees in files: `.npy`, `.json` (a configuration), anything else as HDF5.
//! The first argument is the names list.
#![allow(clippy::print_stdout)]

use std::{error::Error, fs, fs::File};

use jingwei_core::Limits;
use jingwei_keras::{inspect_config, inspect_hdf5, inspect_npy};
use jingwei_read::{FileSource, NameList, NameTable};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let list: NameList = toml::from_str(&fs::read_to_string(arguments.next().ok_or("name the list of names first")?)?)?;
    let names = NameTable::new([&list]);
    let limits = Limits::default();
    for path in arguments {
        let file = File::open(&path)?;
        let length = file.metadata()?.len();
        let mut source = FileSource::new(file, length);
        let found = if path.ends_with(".npy") {
            let (headers, found) = inspect_npy(&mut source, &limits);
            println!("{headers:?}");
            found
        } else if path.ends_with(".json") {
            inspect_config(&fs::read(&path)?, &names, &limits)
        } else {
            inspect_hdf5(&mut source, &names, &limits)
        };
        println!("# {path} {:?} {:?} {:?}", found.facts.tensors, found.facts.parameters, found.facts.more);
        for sighting in found.sightings {
            println!("  {} {:?}", sighting.rule, sighting.key);
        }
    }
    Ok(())
}
