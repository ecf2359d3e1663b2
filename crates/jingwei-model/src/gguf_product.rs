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
                blocks_of(layout, row, &mut blocks);
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
            let mut blocks = Vec::new();
            blocks_of(layout, row, &mut blocks);
            let values = |block: &Block| block.numbers.map(|number| f32::from(number) * block.scale + block.offset);
            blocks.iter().flat_map(values).collect()
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

/// Appends the blocks of a row. Where a block has its scale, offset, fifth bits and numbers follows from the format.
fn blocks_of(layout: Layout, row: &[u8], blocks: &mut Vec<Block>) {
    match layout {
        Layout::F32 | Layout::F16 | Layout::Bf16 => {}
        Layout::Q4_0 => blocks.extend(row.as_chunks().0.iter().map(|[a, b, numbers @ ..]: &[u8; 18]| {
            let scale = half([*a, *b]);
            Block { numbers: nibbles(numbers), scale, offset: -8.0 * scale }
        })),
        Layout::Q4_1 => blocks.extend(row.as_chunks().0.iter().map(|[a, b, c, d, numbers @ ..]: &[u8; 20]| {
            let (scale, offset) = (half([*a, *b]), half([*c, *d]));
            Block { numbers: nibbles(numbers), scale, offset }
        })),
        Layout::Q5_0 => blocks.extend(row.as_chunks().0.iter().map(|[a, b, e, f, g, h, numbers @ ..]: &[u8; 22]| {
            let scale = half([*a, *b]);
            Block { numbers: with_fifth(nibbles(numbers), [*e, *f, *g, *h]), scale, offset: -16.0 * scale }
        })),
        Layout::Q5_1 => {
            blocks.extend(row.as_chunks().0.iter().map(|[a, b, c, d, e, f, g, h, numbers @ ..]: &[u8; 24]| {
                let (scale, offset) = (half([*a, *b]), half([*c, *d]));
                Block { numbers: with_fifth(nibbles(numbers), [*e, *f, *g, *h]), scale, offset }
            }));
        }
        Layout::Q8_0 => blocks.extend(row.as_chunks().0.iter().map(|[a, b, numbers @ ..]: &[u8; 34]| {
            let numbers = numbers.map(|number| i16::from(number.cast_signed()));
            Block { numbers, scale: half([*a, *b]), offset: 0.0 }
        })),
    }
}

/// The lower halves of the bytes, then the upper ones.
#[inline]
fn nibbles(bytes: &[u8; BLOCK / 2]) -> [i16; BLOCK] {
    let mut numbers = [0; BLOCK];
    for (place, byte) in bytes.iter().enumerate() {
        numbers[place] = i16::from(byte & 15);
        numbers[place + BLOCK / 2] = i16::from(byte >> 4);
    }
    numbers
}

#[inline]
fn with_fifth(mut numbers: [i16; BLOCK], bits: [u8; 4]) -> [i16; BLOCK] {
    let bits = u32::from_le_bytes(bits);
    for (place, number) in numbers.iter_mut().enumerate() {
        *number |= i16::from(bits >> place & 1 == 1) << 4;
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
