//! Archives as they should not be.

use std::io::{Read, Write};

use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder},
};

#[derive(Clone)]
pub struct Entry {
    pub name: Vec<u8>,
    pub local_name: Vec<u8>,
    /// As it lies in the archive.
    pub data: Vec<u8>,
    pub method: u16,
    pub flags: u16,
    pub local_flags: u16,
    pub crc: u32,
    pub unpacked: u32,
    pub local_unpacked: u32,
    pub attributes: u32,
    /// Before the content, and written behind it.
    pub extra: Vec<u8>,
    pub descriptor: Vec<u8>,
    pub listed: bool,
    /// Instead of where it is.
    pub offset: Option<u32>,
}

pub fn entry(name: &str, content: &[u8]) -> Entry {
    let name = name.as_bytes().to_vec();
    let size = u32::try_from(content.len()).unwrap();
    Entry {
        local_name: name.clone(),
        name,
        data: content.to_vec(),
        method: 0,
        flags: 0,
        local_flags: 0,
        crc: crc32fast::hash(content),
        unpacked: size,
        local_unpacked: size,
        attributes: 0,
        extra: Vec::new(),
        descriptor: Vec::new(),
        listed: true,
        offset: None,
    }
}

pub fn deflated(name: &str, content: &[u8]) -> Entry {
    Entry { data: deflate(content), method: 8, ..entry(name, content) }
}

pub fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    bzip2::read::BzEncoder::new(content, bzip2::Compression::best()).read_to_end(&mut out).unwrap();
    out
}

/// Members and a directory.
pub fn zip(entries: &[Entry]) -> Vec<u8> {
    let (mut out, directory) = zip_parts(entries);
    let at = out.len();
    out.extend(&directory);
    let count = entries.iter().filter(|e| e.listed).count();
    out.extend(end(count, directory.len(), at));
    out
}

/// The members, and the directory for where they are.
pub fn zip_parts(entries: &[Entry]) -> (Vec<u8>, Vec<u8>) {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for e in entries {
        let at = e.offset.unwrap_or(u32::try_from(out.len()).unwrap());
        let packed = u32::try_from(e.data.len()).unwrap();
        out.extend(b"PK\x03\x04\x14\0");
        shorts(&mut out, &[e.local_flags, e.method, 0, 33]);
        let open = e.local_flags & 8 != 0;
        longs(&mut out, &if open { [0; 3] } else { [e.crc, packed, e.local_unpacked] });
        shorts(&mut out, &[length(&e.local_name), length(&e.extra)]);
        out.extend([&e.local_name[..], &e.extra, &e.data, &e.descriptor].concat());
        if e.listed {
            directory.extend(b"PK\x01\x02\x14\x03\x14\0");
            shorts(&mut directory, &[e.flags, e.method, 0, 33]);
            longs(&mut directory, &[e.crc, packed, e.unpacked]);
            shorts(&mut directory, &[length(&e.name), 0, 0, 0, 0]);
            longs(&mut directory, &[e.attributes, at]);
            directory.extend(&e.name);
        }
    }
    (out, directory)
}

pub fn end(count: usize, size: usize, offset: usize) -> Vec<u8> {
    let mut out = b"PK\x05\x06\0\0\0\0".to_vec();
    let count = u16::try_from(count & 0xffff).unwrap();
    shorts(&mut out, &[count, count]);
    longs(&mut out, &[u32::try_from(size).unwrap(), u32::try_from(offset).unwrap()]);
    shorts(&mut out, &[0]);
    out
}

fn length(bytes: &[u8]) -> u16 {
    u16::try_from(bytes.len()).unwrap()
}

fn shorts(out: &mut Vec<u8>, numbers: &[u16]) {
    numbers.iter().for_each(|n| out.extend(n.to_le_bytes()));
}

fn longs(out: &mut Vec<u8>, numbers: &[u32]) {
    numbers.iter().for_each(|n| out.extend(n.to_le_bytes()));
}

/// One tar header with its content and padding.
pub fn tar_entry(name: &str, kind: u8, target: &str, size: &str, content: &[u8]) -> Vec<u8> {
    let mut block = [0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..108].copy_from_slice(b"0000644\0");
    block[124..124 + size.len()].copy_from_slice(size.as_bytes());
    block[156] = kind;
    block[157..157 + target.len()].copy_from_slice(target.as_bytes());
    block[257..265].copy_from_slice(b"ustar\x0000");
    sign(&mut block);
    let mut out = block.to_vec();
    out.extend(content);
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

pub fn tar_file(name: &str, content: &[u8]) -> Vec<u8> {
    tar_entry(name, b'0', "", &format!("{:011o}", content.len()), content)
}

pub fn sign(block: &mut [u8; 512]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}
