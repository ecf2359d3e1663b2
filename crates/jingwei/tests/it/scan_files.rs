//! Files that the tests of `scan` look at: archives, pickles, checkpoints, weights.

use serde_json::Value;

use crate::support::{Run, User};

/// Protocol 0: `os.system('true')` at byte 0. Nothing in these tests ever loads it.
pub const HOSTILE: &[u8] = b"cposix\nsystem\n(S'true'\ntR.";

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

/// Members are stored as they are.
pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in members {
        let size = u32::try_from(content.len()).unwrap();
        let at = u32::try_from(out.len()).unwrap();
        let mut shared = [0x14u16, 0, 0, 0, 33].map(u16::to_le_bytes).concat();
        shared.extend([crc32(content), size, size].map(u32::to_le_bytes).concat());
        shared.extend([u16::try_from(name.len()).unwrap(), 0].map(u16::to_le_bytes).concat());
        out.extend([b"PK\x03\x04".as_slice(), &shared, name.as_bytes(), content].concat());
        directory
            .extend([b"PK\x01\x02\x14\x03".as_slice(), &shared, &[0; 10], &at.to_le_bytes(), name.as_bytes()].concat());
    }
    let (count, at) = (u16::try_from(members.len()).unwrap(), u32::try_from(out.len()).unwrap());
    let size = u32::try_from(directory.len()).unwrap();
    out.extend(directory);
    out.extend([b"PK\x05\x06\0\0\0\0".as_slice(), &[count, count].map(u16::to_le_bytes).concat()].concat());
    out.extend([&size.to_le_bytes()[..], &at.to_le_bytes(), &[0, 0]].concat());
    out
}

/// One stored block; enough for small content.
pub fn gzip(content: &[u8]) -> Vec<u8> {
    let size = u16::try_from(content.len()).unwrap();
    let mut out = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x01".to_vec();
    out.extend([size, !size].map(u16::to_le_bytes).concat());
    out.extend_from_slice(content);
    out.extend([crc32(content), u32::from(size)].map(u32::to_le_bytes).concat());
    out
}

pub fn tar(name: &str, content: &[u8]) -> Vec<u8> {
    let mut block = [0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..108].copy_from_slice(b"0000644\0");
    block[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    block[148..156].fill(b' ');
    block[156] = b'0';
    block[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut out = [&block, content].concat();
    out.resize(out.len().next_multiple_of(512) + 1024, 0);
    out
}

pub fn safetensors(header: &Value, data: &[u8]) -> Vec<u8> {
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

/// Header and data.
pub fn read_safetensors(bytes: &[u8]) -> (Value, Vec<u8>) {
    let (size, rest) = bytes.split_first_chunk::<8>().unwrap();
    let (header, data) = rest.split_at(usize::try_from(u64::from_le_bytes(*size)).unwrap());
    (serde_json::from_slice(header).unwrap(), data.to_vec())
}

pub fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn long_text(text: &str) -> Vec<u8> {
    [b"X", u32::try_from(text.len()).unwrap().to_le_bytes().as_slice(), text.as_bytes()].concat()
}

/// `torch._utils._rebuild_tensor_v2` over storage `0` of seven floats: from element `offset`, two dimensions.
fn tensor(offset: u8, shape: [u8; 2], stride: [u8; 2]) -> Vec<u8> {
    let pair = |pair: [u8; 2]| vec![b'K', pair[0], b'K', pair[1], 0x86];
    [
        b"ctorch._utils\n_rebuild_tensor_v2\n((".to_vec(),
        long_text("storage"),
        b"ctorch\nFloatStorage\n".to_vec(),
        long_text("0"),
        long_text("cpu"),
        b"K\x07tQ".to_vec(),
        vec![b'K', offset],
        pair(shape),
        pair(stride),
        b"\x89ccollections\nOrderedDict\n)RtR".to_vec(),
    ]
    .concat()
}

/// What `torch.save` writes for `{"w": a 2×3 view of the storage, "t": the same transposed, "epoch": 5}`; the storage holds
/// 0 to 6.
pub fn checkpoint() -> Vec<u8> {
    let entry = |key: &str, value: &[u8]| [&long_text(key), value, b"s"].concat();
    let pickle = [
        b"\x80\x02}".to_vec(),
        entry("w", &tensor(1, [2, 3], [3, 1])),
        entry("t", &tensor(1, [3, 2], [1, 3])),
        entry("epoch", b"K\x05"),
        b".".to_vec(),
    ]
    .concat();
    let storage = floats(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    zip(&[
        ("model/data.pkl", &pickle),
        ("model/byteorder", b"little"),
        ("model/data/0", &storage),
        ("model/version", b"3\n"),
    ])
}

/// A folder that nothing is said against.
pub fn clean_model(user: &User, folder: &str) {
    let header = serde_json::json!({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}});
    user.write(&format!("{folder}/model.safetensors"), safetensors(&header, &floats(&[0.5, -0.25])));
    user.write(&format!("{folder}/README.md"), "---\nlicense: apache-2.0\n---\n# A model\n");
}

pub fn json(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {}{}", run.out, run.err))
}

/// Rules of the findings of a report, worst first.
pub fn rules(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap()).collect()
}

/// The findings of one rule.
pub fn of_rule<'a>(report: &'a Value, rule: &str) -> Vec<&'a Value> {
    report["findings"].as_array().unwrap().iter().filter(|one| one["rule"] == rule).collect()
}

/// `path verdict` of each file.
pub fn verdicts(report: &Value) -> Vec<String> {
    let files = report["files"].as_array().unwrap();
    files
        .iter()
        .map(|file| format!("{} {}", file["path"].as_str().unwrap(), file["verdict"].as_str().unwrap()))
        .collect()
}
