#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| jingwei_fuzz::laws::hdf5(bytes));
