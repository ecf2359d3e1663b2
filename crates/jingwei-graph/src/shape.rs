use jingwei_core::Text;

/// The number of elements of a shape that nobody vouches for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Elements {
    product: u128,
    negative: bool,
    overflow: bool,
    empty: bool,
}

impl Default for Elements {
    fn default() -> Self {
        Self { product: 1, negative: false, overflow: false, empty: false }
    }
}

impl Elements {
    pub fn dimension(&mut self, size: i64) {
        match u128::try_from(size) {
            Err(_) => self.negative = true,
            Ok(0) => self.empty = true,
            Ok(size) => match self.product.checked_mul(size).filter(|product| *product <= u128::from(u64::MAX)) {
                Some(product) => self.product = product,
                None => self.overflow = true,
            },
        }
    }

    /// `None`: a size is negative, or they are too many to count.
    pub fn count(&self) -> Option<u128> {
        match (self.negative, self.empty, self.overflow) {
            (false, true, _) => Some(0),
            (false, false, false) => Some(self.product),
            _ => None,
        }
    }

    /// The sizes are sound, and they are too many to count.
    pub fn overflows(&self) -> bool {
        self.overflow && !self.negative && !self.empty
    }

    pub fn wrong(&self) -> Text {
        if self.negative {
            Text::new("形状中有负数", "its shape has a negative size")
        } else {
            Text::new("形状的元素数量超出可表示的范围", "its shape has more elements than can be counted")
        }
    }
}
