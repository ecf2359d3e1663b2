use super::file::File;
use crate::fault::Fault;

pub(super) const SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";

/// Where the tree begins.
pub(super) struct Superblock {
    pub(super) root: u64,
    /// Object header with messages about the file (versions 2 and 3).
    pub(super) extension: Option<u64>,
    /// A driver that spreads the file over several is named (versions 0 and 1).
    pub(super) driver: bool,
    /// Where the file says that it ends.
    pub(super) end: u64,
}

/// Finds the superblock at byte 0, 512, 1024, 2048 and so on, and sets the file's base and sizes (specification, II.A).
pub(super) fn read(file: &mut File<'_>) -> Result<Superblock, Fault> {
    let mut at = 0u64;
    loop {
        if at.saturating_add(SIGNATURE.len() as u64 + 1) > file.length() {
            return Err(Fault::broken(0, "没有 HDF5 的签名", "the signature of HDF5 is missing"));
        }
        if file.read(at, 8)?.rest() == SIGNATURE {
            break;
        }
        at = if at == 0 { 512 } else { at.saturating_mul(2) };
    }
    file.base = at;
    let version = file.read(8, 1)?.byte()?;
    match version {
        0 | 1 => first(file, version),
        2 | 3 => second(file),
        _ => Err(Fault::broken(at + 8, "未知的超级块版本", "an unknown version of the superblock")),
    }
}

fn first(file: &mut File<'_>, version: u8) -> Result<Superblock, Fault> {
    let sizes = file.read(13, 2)?.rest().to_vec();
    set_sizes(file, sizes[0], sizes[1])?;
    let fixed = if version == 0 { 24 } else { 28 };
    let addresses = u64::from(file.address_bytes);
    let mut block = file.read(fixed, addresses * 6)?;
    let (_base, _free, end, driver) = (block.address()?, block.address()?, block.address()?, block.address()?);
    let (_name, root) = (block.address()?, block.address()?);
    Ok(Superblock { root, extension: None, driver: !file.is_undefined(driver), end })
}

fn second(file: &mut File<'_>) -> Result<Superblock, Fault> {
    let sizes = file.read(9, 2)?.rest().to_vec();
    set_sizes(file, sizes[0], sizes[1])?;
    let mut block = file.read(12, u64::from(file.address_bytes) * 4)?;
    let (_base, extension, end, root) = (block.address()?, block.address()?, block.address()?, block.address()?);
    let extension = (!file.is_undefined(extension)).then_some(extension);
    Ok(Superblock { root, extension, driver: false, end })
}

fn set_sizes(file: &mut File<'_>, address: u8, length: u8) -> Result<(), Fault> {
    if ![2, 4, 8].contains(&address) || ![2, 4, 8].contains(&length) {
        return Err(Fault::broken(
            file.base + 8,
            "地址或长度的字节数有误",
            "the sizes of addresses and lengths are wrong",
        ));
    }
    (file.address_bytes, file.length_bytes) = (address, length);
    Ok(())
}
