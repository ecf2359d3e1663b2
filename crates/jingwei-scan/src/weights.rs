//! A look at the numbers themselves: what is not finite, what stands far out, what is there twice.

use std::collections::BTreeMap;

use jingwei_core::{Digest, Hasher};
use jingwei_read::{ReadError, Reader, Sighting, Source, shown};

use crate::words::io_reason;

/// Elements of a tensor, as they lie in the file, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    F16,
    Bf16,
    F32,
    F64,
}

impl Number {
    /// By the names of safetensors.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        match name {
            "F16" => Some(Number::F16),
            "BF16" => Some(Number::Bf16),
            "F32" => Some(Number::F32),
            "F64" => Some(Number::F64),
            _ => None,
        }
    }

    fn bytes(self) -> usize {
        match self {
            Number::F16 | Number::Bf16 => 2,
            Number::F32 => 4,
            Number::F64 => 8,
        }
    }
}

/// Where a tensor lies.
pub(crate) struct Stretch {
    pub name: String,
    pub number: Number,
    pub offset: u64,
    pub bytes: u64,
}

/// A value this many times the root mean square of the others in its tensor stands far out.
const FAR_OUT: f64 = 1_000.0;
/// Smaller tensors have no meaningful spread, and are alike by chance.
const LEAST_ELEMENTS: u64 = 256;
const WINDOW: usize = 48 << 10;
/// Most names in one message.
const MOST_NAMED: usize = 5;

#[derive(Default)]
struct Sums {
    elements: u64,
    nan: u64,
    infinite: u64,
    /// Of finite elements but the largest: one value far out must not hide itself in the mean.
    squares: f64,
    largest: f64,
    first: Option<u64>,
    constant: bool,
}

/// Reads all of them once.
pub(crate) fn examine(source: &mut dyn Source, stretches: &[Stretch]) -> Vec<Sighting> {
    let mut seen = Vec::new();
    let mut by_content: BTreeMap<(Digest, u64), Vec<&Stretch>> = BTreeMap::new();
    let mut reader = Reader::new(source);
    for stretch in stretches {
        match sums(&mut reader, stretch) {
            Ok((sums, digest)) => {
                report(stretch, &sums, &mut seen);
                if sums.elements >= LEAST_ELEMENTS && !sums.constant {
                    by_content.entry((digest, stretch.bytes)).or_default().push(stretch);
                }
            }
            Err(ReadError::End(offset)) => seen.push(Sighting::malformed(
                offset,
                format!("张量 {} 超出文件末尾", shown(&stretch.name)),
                format!("tensor {} ends beyond the file", shown(&stretch.name)),
            )),
            Err(ReadError::Io(reason)) => {
                seen.push(crate::formats::unreadable(io_reason(&reason)));
                return seen;
            }
        }
    }
    // Tied weights that share their bytes are one stretch under two names; copies lie at different places.
    for group in by_content.values().filter(|group| group.iter().any(|s| s.offset != group[0].offset)) {
        let names: Vec<&str> = group.iter().take(MOST_NAMED).map(|stretch| stretch.name.as_str()).collect();
        let sighting = Sighting::new("model.weights-duplicate").key(&group[0].name).at(group[0].offset);
        seen.push(sighting.with("tensors", &names.join(", ")).with("count", &group.len().to_string()));
    }
    seen
}

fn sums(reader: &mut Reader<'_>, stretch: &Stretch) -> Result<(Sums, Digest), ReadError> {
    let width = stretch.number.bytes();
    let mut sums = Sums { constant: true, ..Sums::default() };
    let mut hasher = Hasher::default();
    let mut window = vec![0; WINDOW];
    let mut left = stretch.bytes - stretch.bytes % width as u64;
    reader.seek(stretch.offset);
    while left > 0 {
        let count = usize::try_from(left).unwrap_or(WINDOW).min(WINDOW);
        let block = &mut window[..count];
        reader.take(block)?;
        hasher.update(block);
        match stretch.number {
            Number::F16 => add(&mut sums, block.as_chunks().0, |b| half(u16::from_le_bytes(*b))),
            Number::Bf16 => {
                add(&mut sums, block.as_chunks().0, |b| {
                    f64::from(f32::from_bits(u32::from(u16::from_le_bytes(*b)) << 16))
                });
            }
            Number::F32 => add(&mut sums, block.as_chunks().0, |b| f64::from(f32::from_le_bytes(*b))),
            Number::F64 => add(&mut sums, block.as_chunks().0, |b| f64::from_le_bytes(*b)),
        }
        left -= count as u64;
    }
    Ok((sums, hasher.finish()))
}

fn add<const N: usize>(sums: &mut Sums, block: &[[u8; N]], value: impl Fn(&[u8; N]) -> f64) {
    for bytes in block {
        let value = value(bytes);
        sums.elements += 1;
        let bits = value.to_bits();
        sums.constant &= *sums.first.get_or_insert(bits) == bits;
        if value.is_finite() {
            let size = value.abs();
            let smaller = sums.largest.min(size);
            sums.squares += smaller * smaller;
            sums.largest = sums.largest.max(size);
        } else if value.is_nan() {
            sums.nan += 1;
        } else {
            sums.infinite += 1;
        }
    }
}

/// IEEE 754 binary16.
fn half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    match exponent {
        0 => sign * fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        exponent => sign * (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of elements stay far below 2^53")]
fn report(stretch: &Stretch, sums: &Sums, seen: &mut Vec<Sighting>) {
    let at = |rule| Sighting::new(rule).key(&stretch.name).at(stretch.offset).with("tensor", &stretch.name);
    let bad = sums.nan + sums.infinite;
    if bad > 0 {
        let (nan, infinite) = (sums.nan.to_string(), sums.infinite.to_string());
        let elements = sums.elements.to_string();
        seen.push(
            at("model.weights-not-finite").with("nan", &nan).with("infinite", &infinite).with("elements", &elements),
        );
    }
    let finite = sums.elements - bad;
    if finite < LEAST_ELEMENTS {
        return;
    }
    let spread = (sums.squares / (finite - 1) as f64).sqrt();
    if spread > 0.0 && sums.largest / spread > FAR_OUT {
        let times = format!("{:.0}", sums.largest / spread);
        seen.push(at("model.weights-outlier").with("value", &format!("{:.4e}", sums.largest)).with("times", &times));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn f32s(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
        values.into_iter().flat_map(f32::to_le_bytes).collect()
    }

    fn wave(count: u32) -> Vec<f32> {
        (0..count).map(|n| (n as f32 * 0.37).sin()).collect()
    }

    fn seen(parts: &[(&str, Number, Vec<u8>)]) -> Vec<String> {
        let mut bytes = Vec::new();
        let mut stretches = Vec::new();
        for (name, number, part) in parts {
            let (offset, length) = (bytes.len() as u64, part.len() as u64);
            stretches.push(Stretch { name: (*name).to_owned(), number: *number, offset, bytes: length });
            bytes.extend_from_slice(part);
        }
        let line = |s: Sighting| format!("{} {}", s.rule, s.key.unwrap_or_default());
        examine(&mut bytes, &stretches).into_iter().map(line).collect()
    }

    #[test]
    fn numbers_that_are_no_weights_are_seen() {
        let plain = wave(2_000);
        let (mut nan, mut far) = (plain.clone(), plain.clone());
        nan[7] = f32::NAN;
        far[1_999] = 1e6;
        let other: Vec<f32> = plain.iter().map(|x| x * 0.5).collect();
        let f16: Vec<u8> = [0x3c00u16, 0x7c00, 0x7e01, 0x0001].iter().flat_map(|b| b.to_le_bytes()).collect();
        let bf16: Vec<u8> = [0x3f80u16, 0xff80].iter().flat_map(|b| b.to_le_bytes()).collect();
        for (parts, expected) in [
            (vec![("a", Number::F32, f32s(plain.clone()))], vec![]),
            (vec![("a", Number::F32, f32s(nan))], vec!["model.weights-not-finite a"]),
            (vec![("a", Number::F32, f32s(far))], vec!["model.weights-outlier a"]),
            (
                vec![
                    ("a", Number::F32, f32s(plain.clone())),
                    ("b", Number::F32, f32s(plain.clone())),
                    ("c", Number::F32, f32s(other)),
                ],
                vec!["model.weights-duplicate a"],
            ),
            // Fresh layers are alike: zeros and ones are no copies.
            (vec![("a", Number::F32, f32s(vec![1.0; 4_000])), ("b", Number::F32, f32s(vec![1.0; 4_000]))], vec![]),
            (vec![("a", Number::F16, f16)], vec!["model.weights-not-finite a"]),
            (vec![("a", Number::Bf16, bf16)], vec!["model.weights-not-finite a"]),
            (vec![("a", Number::F64, 1f64.to_le_bytes().to_vec()), ("b", Number::F32, Vec::new())], vec![]),
        ] {
            assert_eq!(seen(&parts), expected);
        }
    }

    #[test]
    fn halves_are_ieee() {
        for (bits, value) in
            [(0x3c00, 1.0), (0xc000, -2.0), (0x0001, 2f64.powi(-24)), (0x7bff, 65504.0), (0x3555, 0.333251953125)]
        {
            assert!((half(bits) - value).abs() < 1e-12, "{bits:#x}");
        }
    }

    #[test]
    fn a_tensor_beyond_the_end_is_said() {
        let mut bytes = vec![0; 16];
        let stretch = Stretch { name: "a".to_owned(), number: Number::F32, offset: 8, bytes: u64::MAX };
        assert_eq!(examine(&mut bytes, &[stretch])[0].rule, "model.header-malformed");
    }
}
