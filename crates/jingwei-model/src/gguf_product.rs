//! Products of stored rows with an input, without unpacking more than one row at a time.
//!
//! candle-core has such products too. Its pool of threads spins until the slowest has been scheduled, which on a busy
//! machine takes milliseconds for each of hundreds of products per token; and its product for Q4_1 is a plain loop.

use rayon::prelude::*;

/// Values of a block that share a scale.
const BLOCK: usize = 32;
/// Multiplications that are worth a task of their own.
const TASK: usize = 1 << 17;
/// Sums that are kept side by side, so that the compiler can use wide registers.
const LANES: usize = 16;

/// How the values of a row are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    F32,
    F16,
    Bf16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
}

impl Layout {
    pub(crate) fn row_bytes(self, columns: usize) -> usize {
        match self {
            Self::F32 => columns * 4,
            Self::F16 | Self::Bf16 => columns * 2,
            _ => columns / BLOCK * self.block_bytes(),
        }
    }

    fn block_bytes(self) -> usize {
        match self {
            Self::F32 | Self::F16 | Self::Bf16 => 0,
            Self::Q4_0 => 18,
            Self::Q4_1 => 20,
            Self::Q5_0 => 22,
            Self::Q5_1 => 24,
            Self::Q8_0 => 34,
        }
    }

    fn in_blocks(self) -> bool {
        self.block_bytes() > 0
    }
}

/// 32 values: each is `scale` times its number, plus `offset`.
#[derive(Clone)]
struct Block {
    numbers: [i16; BLOCK],
    scale: f32,
    offset: f32,
}

/// 32 values of an input, rounded to 8 bits.
struct Rounded {
    numbers: [i16; BLOCK],
    scale: f32,
    /// Of the rounded values.
    sum: f32,
}

/// One row of products per row of `input`: with each stored row.
pub(crate) fn products(layout: Layout, stored: &[u8], columns: usize, input: &[f32]) -> Vec<f32> {
    let row_bytes = layout.row_bytes(columns);
    let (rows, count) = (stored.len() / row_bytes, input.len() / columns);
    let rounded: Vec<Rounded> =
        if layout.in_blocks() { input.as_chunks::<BLOCK>().0.iter().map(rounded).collect() } else { Vec::new() };
    let at_once = (TASK / (columns * count.max(1))).clamp(1, rows.max(1));
    let mut by_row = vec![0.0; rows * count];
    let work = |(output, stored): (&mut [f32], &[u8])| {
        let mut blocks = Vec::new();
        for (output, row) in output.chunks_exact_mut(count.max(1)).zip(stored.chunks_exact(row_bytes)) {
            if layout.in_blocks() {
                blocks.clear();
                blocks.extend(row.chunks_exact(layout.block_bytes()).map(|bytes| block(layout, bytes)));
                for (product, input) in output.iter_mut().zip(rounded.chunks_exact(blocks.len())) {
                    *product = blocks.iter().zip(input).map(|(block, input)| block_product(block, input)).sum();
                }
            } else {
                let values = unpacked(layout, row);
                for (product, input) in output.iter_mut().zip(input.chunks_exact(columns)) {
                    *product = dot(&values, input);
                }
            }
        }
    };
    if rows > at_once {
        let tasks = by_row.par_chunks_mut(at_once * count.max(1)).zip(stored.par_chunks(at_once * row_bytes));
        tasks.for_each(work);
    } else {
        work((&mut by_row, stored));
    }
    if count == 1 {
        return by_row;
    }
    (0..count).flat_map(|place| by_row.iter().skip(place).step_by(count).copied()).collect()
}

/// The values of a row.
pub(crate) fn unpacked(layout: Layout, row: &[u8]) -> Vec<f32> {
    match layout {
        Layout::F32 => row.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)).collect(),
        Layout::F16 => row.as_chunks::<2>().0.iter().map(|value| half(*value)).collect(),
        Layout::Bf16 => {
            row.as_chunks::<2>().0.iter().map(|[low, high]| f32::from_le_bytes([0, 0, *low, *high])).collect()
        }
        _ => {
            let blocks = row.chunks_exact(layout.block_bytes()).map(|bytes| block(layout, bytes));
            let values = |block: Block| block.numbers.map(|number| f32::from(number) * block.scale + block.offset);
            blocks.flat_map(values).collect()
        }
    }
}

#[inline]
fn block_product(block: &Block, input: &Rounded) -> f32 {
    let mut sum = 0_i32;
    for place in 0..BLOCK {
        sum += i32::from(block.numbers[place]) * i32::from(input.numbers[place]);
    }
    #[expect(clippy::cast_precision_loss, reason = "32 products of 8 bits each fit in 24 bits")]
    let sum = sum as f32;
    sum * (block.scale * input.scale) + block.offset * input.sum
}

/// Rounded so that the largest value becomes 127.
fn rounded(values: &[f32; BLOCK]) -> Rounded {
    let largest = values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let scale = largest / 127.0;
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    #[expect(clippy::cast_possible_truncation, reason = "a number between -127 and 127; one that is none becomes 0")]
    let numbers = values.map(|value| (value * inverse).round() as i16);
    let sum: i32 = numbers.iter().map(|number| i32::from(*number)).sum();
    #[expect(clippy::cast_precision_loss, reason = "32 numbers of 8 bits fit in 13 bits")]
    let sum = sum as f32 * scale;
    // A value that is no number must stay one, or the answer would hide it.
    let scale = if values.iter().all(|value| value.is_finite()) { scale } else { f32::NAN };
    Rounded { numbers, scale, sum }
}

/// Where a block has its scale, offset, fifth bits and numbers follows from the format.
#[inline]
fn block(layout: Layout, bytes: &[u8]) -> Block {
    let scale = half([bytes[0], bytes[1]]);
    let fifth = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let (numbers, offset) = match layout {
        Layout::Q4_0 => (nibbles(&bytes[2..], 0), -8.0 * scale),
        Layout::Q4_1 => (nibbles(&bytes[4..], 0), half([bytes[2], bytes[3]])),
        Layout::Q5_0 => (nibbles(&bytes[6..], fifth(2)), -16.0 * scale),
        Layout::Q5_1 => (nibbles(&bytes[8..], fifth(4)), half([bytes[2], bytes[3]])),
        _ => {
            let mut numbers = [0; BLOCK];
            for (number, byte) in numbers.iter_mut().zip(&bytes[2..]) {
                *number = i16::from(byte.cast_signed());
            }
            (numbers, 0.0)
        }
    };
    Block { numbers, scale, offset }
}

/// The lower halves of 16 bytes, then the upper ones; each with a fifth bit.
#[inline]
fn nibbles(bytes: &[u8], fifth: u32) -> [i16; BLOCK] {
    let mut numbers = [0; BLOCK];
    let (low, high) = numbers.split_at_mut(BLOCK / 2);
    for ((low, high), byte) in low.iter_mut().zip(high).zip(bytes) {
        *low = i16::from(byte & 15);
        *high = i16::from(byte >> 4);
    }
    if fifth != 0 {
        for (place, number) in numbers.iter_mut().enumerate() {
            *number |= i16::from(fifth >> place & 1 == 1) << 4;
        }
    }
    numbers
}

/// A number of 16 bits that is finite, with 5 bits of exponent.
#[inline]
fn half(bytes: [u8; 2]) -> f32 {
    let bits = u32::from(u16::from_le_bytes(bytes));
    // Moved to where an f32 has these bits, the exponent is too small by 112; this holds for the smallest numbers too.
    let size = f32::from_bits((bits & 0x7fff) << 13) * f32::from_bits((112 + 127) << 23);
    if bits & 0x8000 == 0 { size } else { -size }
}

pub(crate) fn dot(left: &[f32], right: &[f32]) -> f32 {
    let (left, left_rest) = left.as_chunks::<LANES>();
    let (right, right_rest) = right.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (left, right) in left.iter().zip(right) {
        for lane in 0..LANES {
            sums[lane] += left[lane] * right[lane];
        }
    }
    let rest: f32 = left_rest.iter().zip(right_rest).map(|(left, right)| left * right).sum();
    sums.iter().sum::<f32>() + rest
}
