//! Tensor types of GGUF: elements per block and bytes per block, by the format's type numbers
//! (restated from the constants of the `gguf` Python package). Numbers 4, 5, 31–33 and 36–38 were withdrawn.

pub(super) struct TensorType {
    pub elements: u64,
    pub bytes: u64,
}

/// (number, elements per block, bytes per block)
const TYPES: &[(u32, u64, u64)] = &[
    (0, 1, 4),      // F32
    (1, 1, 2),      // F16
    (2, 32, 18),    // Q4_0
    (3, 32, 20),    // Q4_1
    (6, 32, 22),    // Q5_0
    (7, 32, 24),    // Q5_1
    (8, 32, 34),    // Q8_0
    (9, 32, 36),    // Q8_1
    (10, 256, 84),  // Q2_K
    (11, 256, 110), // Q3_K
    (12, 256, 144), // Q4_K
    (13, 256, 176), // Q5_K
    (14, 256, 210), // Q6_K
    (15, 256, 292), // Q8_K
    (16, 256, 66),  // IQ2_XXS
    (17, 256, 74),  // IQ2_XS
    (18, 256, 98),  // IQ3_XXS
    (19, 256, 50),  // IQ1_S
    (20, 32, 18),   // IQ4_NL
    (21, 256, 110), // IQ3_S
    (22, 256, 82),  // IQ2_S
    (23, 256, 136), // IQ4_XS
    (24, 1, 1),     // I8
    (25, 1, 2),     // I16
    (26, 1, 4),     // I32
    (27, 1, 8),     // I64
    (28, 1, 8),     // F64
    (29, 256, 56),  // IQ1_M
    (30, 1, 2),     // BF16
    (34, 256, 54),  // TQ1_0
    (35, 256, 66),  // TQ2_0
    (39, 32, 17),   // MXFP4
    (40, 64, 36),   // NVFP4
    (41, 128, 18),  // Q1_0
];

pub(super) fn tensor_type(number: u32) -> Option<TensorType> {
    let (_, elements, bytes) = TYPES.iter().find(|(known, ..)| *known == number)?;
    Some(TensorType { elements: *elements, bytes: *bytes })
}

/// Bytes of a metadata value of fixed size, by the format's value type number.
pub(super) fn fixed_value_bytes(number: u32) -> Option<u64> {
    match number {
        0 | 1 | BOOL => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

pub(super) const UINT32: u32 = 4;
pub(super) const INT32: u32 = 5;
pub(super) const FLOAT32: u32 = 6;
pub(super) const BOOL: u32 = 7;
pub(super) const STRING: u32 = 8;
pub(super) const ARRAY: u32 = 9;
