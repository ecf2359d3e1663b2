//! Tensors of a GGUF file as they are stored: products with them are computed without unpacking them.

use candle_core::{
    CpuStorage,
    quantized::{GgmlDType, QuantizedType},
};

use crate::{
    generate_error::GenerateError,
    gguf_product::{Layout, products, unpacked},
};

/// More than the largest alignment of a stored block.
const ALIGNED: usize = 16;

/// How the values of a tensor are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    stored: GgmlDType,
    /// Bytes of a block and values in it.
    block_bytes: u64,
    block_values: u64,
    /// Where the block has its scales, in bytes.
    scales: &'static [usize],
    number: Number,
    /// Of formats whose products are computed here.
    layout: Option<Layout>,
}

/// How a scale, or a value that stands by itself, is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    F32,
    F16,
    Bf16,
}

impl Kind {
    pub(crate) const NAMES: &'static str =
        "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K or Q6_K";

    /// By the number that the file has for it.
    pub(crate) fn of_code(code: u32) -> Option<Self> {
        use GgmlDType::{BF16, F16, F32, Q2K, Q3K, Q4_0, Q4_1, Q4K, Q5_0, Q5_1, Q5K, Q6K, Q8_0};
        let (stored, block_bytes, block_values, scales): (_, _, _, &[usize]) = match code {
            0 => (F32, 4, 1, &[0]),
            1 => (F16, 2, 1, &[0]),
            30 => (BF16, 2, 1, &[0]),
            2 => (Q4_0, 18, 32, &[0]),
            3 => (Q4_1, 20, 32, &[0, 2]),
            6 => (Q5_0, 22, 32, &[0]),
            7 => (Q5_1, 24, 32, &[0, 2]),
            8 => (Q8_0, 34, 32, &[0]),
            10 => (Q2K, 84, 256, &[80, 82]),
            11 => (Q3K, 110, 256, &[108]),
            12 => (Q4K, 144, 256, &[0, 2]),
            13 => (Q5K, 176, 256, &[0, 2]),
            14 => (Q6K, 210, 256, &[208]),
            _ => return None,
        };
        let number = match stored {
            F32 => Number::F32,
            BF16 => Number::Bf16,
            _ => Number::F16,
        };
        let layout = match stored {
            F32 => Some(Layout::F32),
            F16 => Some(Layout::F16),
            BF16 => Some(Layout::Bf16),
            Q4_0 => Some(Layout::Q4_0),
            Q4_1 => Some(Layout::Q4_1),
            Q5_0 => Some(Layout::Q5_0),
            Q5_1 => Some(Layout::Q5_1),
            Q8_0 => Some(Layout::Q8_0),
            _ => None,
        };
        Some(Self { stored, block_bytes, block_values, scales, number, layout })
    }

    /// Bytes of a tensor; nothing where it cannot be stored so.
    pub(crate) fn bytes(self, shape: &[u64]) -> Option<u64> {
        let columns = *shape.last()?;
        if columns == 0 || !columns.is_multiple_of(self.block_values) {
            return None;
        }
        let values = shape.iter().try_fold(1_u64, |product, size| product.checked_mul(*size))?;
        (values / self.block_values).checked_mul(self.block_bytes).filter(|bytes| *bytes > 0)
    }

    /// Whether every scale (or value) is a number.
    fn all_finite(self, bytes: &[u8]) -> bool {
        let block = usize::try_from(self.block_bytes).unwrap_or(usize::MAX);
        bytes.chunks_exact(block).all(|block| {
            self.scales.iter().all(|at| {
                let word = u16::from_le_bytes([block[*at], block[*at + 1]]);
                match self.number {
                    Number::F16 => word & 0x7c00 != 0x7c00,
                    Number::Bf16 => word & 0x7f80 != 0x7f80,
                    Number::F32 => u16::from_le_bytes([block[*at + 2], block[*at + 3]]) & 0x7f80 != 0x7f80,
                }
            })
        })
    }
}

/// A tensor of rows and columns; one of a single dimension is one row.
pub(crate) struct Matrix {
    stored: Stored,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

enum Stored {
    /// Bytes as they are in the file.
    Own(Layout, Vec<u8>),
    /// Formats with blocks in blocks are left to candle-core. Its pool spins while it waits, so these models suffer
    /// where other programs want the processor too.
    Library(Box<dyn QuantizedType>),
}

impl Matrix {
    /// `fill` gives the tensor's bytes. The inner error says what is wrong with them.
    pub(crate) fn read(
        kind: Kind,
        shape: &[u64],
        fill: impl FnOnce(&mut [u8]) -> Result<(), GenerateError>,
    ) -> Result<Result<Self, String>, GenerateError> {
        let sizes = || {
            let columns = usize::try_from(*shape.last()?).ok()?;
            let length = usize::try_from(kind.bytes(shape)?).ok()?;
            let rows = shape[..shape.len() - 1].iter().try_fold(1_u64, |product, size| product.checked_mul(*size))?;
            Some((usize::try_from(rows).ok()?, columns, length))
        };
        let Some((rows, columns, length)) = sizes() else {
            return Ok(Err("has a shape that cannot be".to_owned()));
        };
        // candle-core wants the bytes where a block may stand in memory.
        let padding = if kind.layout.is_some() { 0 } else { ALIGNED };
        let mut bytes = vec![0; length.saturating_add(padding)];
        let start = bytes.as_ptr().align_offset(ALIGNED).min(padding);
        fill(&mut bytes[start..start + length])?;
        if !kind.all_finite(&bytes[start..start + length]) {
            return Ok(Err("holds something that is no number".to_owned()));
        }
        let stored = match kind.layout {
            Some(layout) => Stored::Own(layout, bytes),
            None => Stored::Library(kind.stored.from_data((&bytes[start..start + length]).into())),
        };
        Ok(Ok(Self { stored, rows, columns }))
    }

    /// One row of products per row of `input`.
    pub(crate) fn times(&self, input: &[f32]) -> Result<Vec<f32>, GenerateError> {
        match &self.stored {
            Stored::Own(layout, bytes) => Ok(products(*layout, bytes, self.columns, input)),
            Stored::Library(stored) => {
                let count = input.len() / self.columns;
                let mut output = vec![0.0; count * self.rows];
                stored.matmul_t((count, self.columns, self.rows), input, &mut output)?;
                Ok(output)
            }
        }
    }

    /// The values of rows, one after the other.
    pub(crate) fn rows_of(&self, rows: &[u32]) -> Result<Vec<f32>, GenerateError> {
        match &self.stored {
            Stored::Own(layout, bytes) => {
                let row_bytes = layout.row_bytes(self.columns);
                let mut values = Vec::with_capacity(rows.len() * self.columns);
                for row in rows {
                    let found = usize::try_from(*row).ok().and_then(|row| bytes.chunks_exact(row_bytes).nth(row));
                    let found = found.ok_or_else(|| GenerateError::Compute(format!("there is no row {row}")))?;
                    values.extend(unpacked(*layout, found));
                }
                Ok(values)
            }
            Stored::Library(stored) => match stored.embedding(rows, self.rows, self.columns)? {
                CpuStorage::F32(values) => Ok(values),
                _ => Err(GenerateError::Compute("rows came in another format".to_owned())),
            },
        }
    }

    /// All values.
    pub(crate) fn values(&self) -> Result<Vec<f32>, GenerateError> {
        let rows: Vec<u32> = (0..self.rows).filter_map(|row| u32::try_from(row).ok()).collect();
        self.rows_of(&rows)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor, quantized::QTensor};

    use super::*;

    const CODES: [u32; 13] = [0, 1, 2, 3, 6, 7, 8, 10, 11, 12, 13, 14, 30];
    const ROWS: usize = 5;
    const COLUMNS: usize = 512;

    fn values(count: usize, step: f32) -> Vec<f32> {
        (0..count).map(|i| (i as f32 * step).sin()).collect()
    }

    fn packed(kind: Kind) -> Vec<u8> {
        let weights = Tensor::from_vec(values(ROWS * COLUMNS, 0.37), (ROWS, COLUMNS), &Device::Cpu).unwrap();
        QTensor::quantize(&weights, kind.stored).unwrap().data().unwrap().into_owned()
    }

    fn read(kind: Kind, packed: &[u8]) -> Result<Matrix, String> {
        let fill = |bytes: &mut [u8]| {
            bytes.copy_from_slice(packed);
            Ok(())
        };
        Matrix::read(kind, &[ROWS as u64, COLUMNS as u64], fill).unwrap()
    }

    #[test]
    fn products_are_those_of_the_unpacked_values() {
        for code in CODES {
            let kind = Kind::of_code(code).unwrap();
            let matrix = read(kind, &packed(kind)).unwrap();
            let unpacked = matrix.values().unwrap();
            let input = values(3 * COLUMNS, 0.11);
            let output = matrix.times(&input).unwrap();
            assert_eq!(output.len(), 3 * ROWS);
            for (place, found) in output.iter().enumerate() {
                let (row, line) = (&input[place / ROWS * COLUMNS..], &unpacked[place % ROWS * COLUMNS..]);
                let expected: f32 = row[..COLUMNS].iter().zip(&line[..COLUMNS]).map(|(a, b)| a * b).sum();
                // The input is rounded to 8 bits as well.
                assert!((found - expected).abs() < 0.5, "{kind:?}: {found} is not {expected}");
            }
            for (found, weight) in unpacked.iter().zip(values(ROWS * COLUMNS, 0.37)) {
                assert!((found - weight).abs() < 0.5, "{kind:?}: {found} is not {weight}");
            }
        }
    }

    /// What is stored is unpacked as the library unpacks it.
    #[test]
    fn values_are_those_of_the_library() {
        for code in CODES {
            let kind = Kind::of_code(code).unwrap();
            let weights = Tensor::from_vec(values(ROWS * COLUMNS, 0.37), (ROWS, COLUMNS), &Device::Cpu).unwrap();
            let theirs = QTensor::quantize(&weights, kind.stored).unwrap().dequantize(&Device::Cpu).unwrap();
            let theirs: Vec<f32> = theirs.flatten_all().unwrap().to_vec1().unwrap();
            let ours = read(kind, &packed(kind)).unwrap().values().unwrap();
            for (found, expected) in ours.iter().zip(&theirs) {
                assert!((found - expected).abs() < 1e-6, "{kind:?}: {found} is not {expected}");
            }
            assert_eq!(ours.len(), theirs.len());
        }
    }

    #[test]
    fn sizes_are_those_of_the_library() {
        for code in CODES {
            let kind = Kind::of_code(code).unwrap();
            assert_eq!(kind.block_bytes, kind.stored.type_size() as u64, "{kind:?}");
            assert_eq!(kind.block_values, kind.stored.block_size() as u64, "{kind:?}");
            assert_eq!(kind.bytes(&[ROWS as u64, COLUMNS as u64]), Some(packed(kind).len() as u64), "{kind:?}");
        }
    }

    /// A scale that is no number makes values that are none: every place of every block is looked at.
    #[test]
    fn scales_that_are_no_numbers_are_found() {
        for code in CODES {
            let kind = Kind::of_code(code).unwrap();
            let whole = packed(kind);
            let block = usize::try_from(kind.block_bytes).unwrap();
            for at in kind.scales {
                for place in [0, whole.len() - block] {
                    let mut damaged = whole.clone();
                    let number = if code == 0 { &f32::NAN.to_le_bytes()[..] } else { &[0xff, 0x7f] };
                    damaged[place + at..place + at + number.len()].copy_from_slice(number);
                    assert!(read(kind, &damaged).is_err_and(|problem| problem.contains("no number")), "{kind:?}");
                }
            }
            assert!(read(kind, &whole).is_ok());
        }
    }
}
