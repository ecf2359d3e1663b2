//! The weights and their file.

use std::{borrow::Cow, sync::LazyLock};

use jingwei_core::{Digest, Hasher, Limits};

use super::{
    super::Call,
    features::{FEATURES, Seen, features},
    net::{self, Bags, MEMBER_BYTES, Member, Row},
};

const MAGIC: &[u8; 8] = b"JWREFUS2";
const MAX_SLOTS_LOG2: u32 = 18;
/// Refusal, compliance, neither.
pub(super) const CLASSES: usize = 3;
/// Check byte of the feature that the slot belongs to (0: nobody's), then a weight per class.
pub(super) type Slot = [u8; 1 + CLASSES];
/// Magic, version of the features, slots, networks, what a step of each class is worth, digest of what follows in
/// hexadecimal digits.
const HEADER_BYTES: usize = 8 + 4 + 4 + 4 + 4 * CLASSES + 64;
const MOST_MEMBERS: u32 = 16;
/// How much the networks' opinion counts beside the weights'.
const NET_SHARE: f32 = 0.5;
/// Added to the number of runs before the root is taken: very short replies stay near what the rules say.
const SMOOTHING: f32 = 8.0;
/// What a signal counts, compared with a text of a single run.
const SIGNAL: f32 = 0.15;

/// Weights of hashed features for the three calls.
#[derive(Debug, Clone, PartialEq)]
pub struct RefusalModel {
    pub(super) slots_log2: u32,
    /// What one step of a weight is worth, per class.
    pub(super) scales: [f32; CLASSES],
    /// Those of the built-in model are read where they lie in the program.
    pub(super) slots: Cow<'static, [Slot]>,
    pub(super) members: Vec<Member>,
}

/// The bytes are no model that this program can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    #[error("not a model of refusals: the file does not begin with JWREFUS2")]
    NotAModel,
    #[error("the model is cut short or has bytes left over: {found} bytes where {expected} are needed")]
    Length { expected: usize, found: usize },
    #[error("the model has {found} bytes, more than the limit of {limit}")]
    TooLarge { limit: u64, found: usize },
    #[error("the model wants features {found}, this program computes {FEATURES}")]
    OtherFeatures { found: u32 },
    #[error("the model's numbers are out of range")]
    OutOfRange,
    #[error("the model's weights are not those that its header names")]
    Damaged,
}

impl RefusalModel {
    /// The model that this program was built with. A test shows that it can be read.
    pub(in super::super) fn built_in() -> Option<&'static Self> {
        static MODEL: LazyLock<Option<RefusalModel>> =
            LazyLock::new(|| RefusalModel::read(BUILT_IN, &Limits::default(), Cow::Borrowed, Cow::Borrowed).ok());
        MODEL.as_ref()
    }

    /// Reads a model file. Everything in it is checked before it is used.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, ModelError> {
        Self::read(bytes, limits, |slots| Cow::Owned(slots.to_vec()), |rows| Cow::Owned(rows.to_vec()))
    }

    fn read<'a>(
        bytes: &'a [u8],
        limits: &Limits,
        keep: impl Fn(&'a [Slot]) -> Cow<'static, [Slot]>,
        keep_rows: impl Fn(&'a [Row]) -> Cow<'static, [Row]>,
    ) -> Result<Self, ModelError> {
        let found = bytes.len();
        if u64::try_from(found).map_or(true, |found| found > limits.header_bytes) {
            return Err(ModelError::TooLarge { limit: limits.header_bytes, found });
        }
        let rest = bytes.strip_prefix(MAGIC).ok_or(ModelError::NotAModel)?;
        let (header, weights) =
            rest.split_at_checked(HEADER_BYTES - 8).ok_or(ModelError::Length { expected: HEADER_BYTES, found })?;
        let (numbers, digest) = header.split_at(12 + 4 * CLASSES);
        let mut numbers = numbers.as_chunks::<4>().0.iter().copied();
        let version = u32::from_le_bytes(numbers.next().unwrap_or_default());
        if version != FEATURES {
            return Err(ModelError::OtherFeatures { found: version });
        }
        let slots_log2 = u32::from_le_bytes(numbers.next().unwrap_or_default());
        let members = u32::from_le_bytes(numbers.next().unwrap_or_default());
        let scales = [(); CLASSES].map(|()| f32::from_le_bytes(numbers.next().unwrap_or_default()));
        if !(1..=MAX_SLOTS_LOG2).contains(&slots_log2)
            || members > MOST_MEMBERS
            || !scales.iter().all(|scale| scale.is_finite())
        {
            return Err(ModelError::OutOfRange);
        }
        let slot_bytes = size_of::<Slot>() << slots_log2;
        let expected = HEADER_BYTES + slot_bytes + members as usize * MEMBER_BYTES;
        if found != expected {
            return Err(ModelError::Length { expected, found });
        }
        if Digest::of(weights).to_string().as_bytes() != digest {
            return Err(ModelError::Damaged);
        }
        let (slots, nets) = weights.split_at(slot_bytes);
        let members: Option<Vec<Member>> = nets.chunks(MEMBER_BYTES).map(|net| net::read(net, &keep_rows)).collect();
        let members = members.ok_or(ModelError::OutOfRange)?;
        Ok(Self { slots_log2, scales, slots: keep(slots.as_chunks::<{ 1 + CLASSES }>().0), members })
    }

    /// The file of this model: [`Self::parse`] reads it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.header();
        self.body(&mut |part| bytes.extend(part));
        bytes
    }

    /// What stands behind the header, part by part: a whole copy would be held for nothing.
    fn body(&self, take: &mut dyn FnMut(&[u8])) {
        take(self.slots.as_flattened());
        self.members.iter().for_each(|member| net::write(member, take));
    }

    fn header(&self) -> Vec<u8> {
        let mut hasher = Hasher::default();
        self.body(&mut |part| hasher.update(part));
        let mut bytes = MAGIC.to_vec();
        bytes.extend(FEATURES.to_le_bytes());
        bytes.extend(self.slots_log2.to_le_bytes());
        bytes.extend(u32::try_from(self.members.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(self.scales.iter().flat_map(|scale| scale.to_le_bytes()));
        bytes.extend(hasher.finish().to_string().as_bytes());
        bytes
    }

    /// Of its file.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::default();
        hasher.update(&self.header());
        self.body(&mut |part| hasher.update(part));
        hasher.finish()
    }

    /// Probabilities of refusal, compliance and neither.
    pub(in super::super) fn probabilities(&self, seen: &Seen) -> [f32; CLASSES] {
        let mut runs = [0_i32; CLASSES];
        let mut signals = [0_i32; CLASSES];
        let mut count = 0_u16;
        features(seen, &mut |hash, is_signal| {
            let (at, check) = place(hash, self.slots_log2);
            let sums = if is_signal { &mut signals } else { &mut runs };
            count = count.saturating_add(u16::from(!is_signal));
            let Some([owner, weights @ ..]) = self.slots.get(at) else { return };
            if *owner == check {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum = sum.saturating_add(i32::from(i8::from_le_bytes([*weight])));
                }
            }
        });
        let run = run_value(count);
        let mut logits = [0.0; CLASSES];
        for (at, logit) in logits.iter_mut().enumerate() {
            *logit = (runs[at] as f32 * run + signals[at] as f32 * SIGNAL) * self.scales[at];
        }
        let likely = softmax(logits);
        if self.members.is_empty() {
            return likely;
        }
        // The geometric mean of both opinions.
        let mut mixed = net::opinion(&self.members, &Bags::of(seen));
        for (opinion, likely) in mixed.iter_mut().zip(likely) {
            *opinion = NET_SHARE * *opinion + (1.0 - NET_SHARE) * likely.max(LEAST).ln();
        }
        softmax(mixed)
    }
}

/// What no probability falls below where opinions are mixed.
const LEAST: f32 = 1e-6;

/// What each of so many runs counts.
pub(super) fn run_value(count: u16) -> f32 {
    1.0 / (f32::from(count) + SMOOTHING).sqrt()
}

pub(super) fn signal_value() -> f32 {
    SIGNAL
}

pub(super) fn softmax(logits: [f32; CLASSES]) -> [f32; CLASSES] {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers = logits.map(|logit| (logit - most).exp());
    let all: f32 = powers.iter().sum();
    powers.map(|power| power / all)
}

pub(super) fn class_of(call: Call) -> usize {
    match call {
        Call::Refusal => 0,
        Call::Compliance => 1,
        Call::Undetermined => 2,
    }
}

/// Slot and check byte of a feature.
pub(super) fn place(hash: u64, slots_log2: u32) -> (usize, u8) {
    let slot = usize::try_from(hash >> (64 - slots_log2)).unwrap_or(usize::MAX);
    let [_, _, _, check, ..] = hash.to_le_bytes();
    (slot, check.max(1))
}

const BUILT_IN: &[u8] = include_bytes!("../../../models/refusal.bin");
