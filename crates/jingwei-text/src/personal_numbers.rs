//! Check digits of the numbers that identify people, companies and cards.

/// Resident identity number (GB 11643-1999): 17 digits and a check character (ISO 7064 MOD 11-2), with a real
/// province code and a real date of birth.
#[must_use]
pub fn resident_id_is_valid(number: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let bytes = number.as_bytes();
    let [digits @ .., check] = bytes else { return false };
    if digits.len() != 17 || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let wanted = b"10X98765432".get((sum % 11) as usize).copied().unwrap_or(0);
    let number_at = |from: usize, len: usize| number.get(from..from + len).and_then(|part| part.parse::<u32>().ok());
    let province = number_at(0, 2).is_some_and(
        |code| matches!(code, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 91),
    );
    let birth = match (number_at(6, 4), number_at(10, 2), number_at(12, 2)) {
        (Some(year), Some(month), Some(day)) => (1900..2100).contains(&year) && day_exists(year, month, day),
        _ => false,
    };
    check.to_ascii_uppercase() == wanted && province && birth
}

fn day_exists(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// Unified social credit code (GB 32100-2015): 18 of 31 characters, weighted by powers of 3 modulo 31.
#[must_use]
pub fn credit_code_is_valid(code: &str) -> bool {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let values: Option<Vec<usize>> = code.chars().map(|c| ALPHABET.find(c)).collect();
    let Some(values) = values else { return false };
    let [body @ .., check] = values.as_slice() else { return false };
    // The second to eighth characters tell the kind of body and the place, which is digits.
    let place_is_digits = code.get(2..8).is_some_and(|place| place.bytes().all(|b| b.is_ascii_digit()));
    let sum: usize = body.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
    body.len() == 17 && place_is_digits && (31 - sum % 31) % 31 == *check
}

/// The check digit of payment cards (ISO/IEC 7812-1, Luhn).
#[must_use]
pub fn luhn_is_valid(digits: &str) -> bool {
    let mut sum = 0;
    for (index, byte) in digits.bytes().rev().enumerate() {
        if !byte.is_ascii_digit() {
            return false;
        }
        let digit = u32::from(byte - b'0');
        let doubled = if index % 2 == 1 { digit * 2 } else { digit };
        sum += if doubled > 9 { doubled - 9 } else { doubled };
    }
    !digits.is_empty() && sum.is_multiple_of(10)
}

/// Whether a card network uses numbers of this length that begin like this: UnionPay 62, Visa 4,
/// Mastercard 51–55 and 2221–2720, American Express 34 and 37, JCB 35.
pub(crate) fn is_card_range(digits: &str) -> bool {
    let prefix = |len: usize| digits.get(..len).and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
    match digits.len() {
        16..=19 if prefix(2) == 62 => true,
        13 | 16 | 19 if prefix(1) == 4 => true,
        16 => matches!(prefix(2), 51..=55 | 35) || (2221..=2720).contains(&prefix(4)),
        15 => matches!(prefix(2), 34 | 37),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_decide() {
        type Table<'a> = (fn(&str) -> bool, &'a [&'a str], &'a [&'a str]);
        let tables: [Table<'_>; 3] = [
            (
                resident_id_is_valid,
                &["11010519491231002X", "11010519491231002x"],
                &[
                    "110105194912310021",
                    "11010519491331002X",
                    "99010519491231002X",
                    "1101051949123100",
                    "",
                    "1101051949123100二X",
                ],
            ),
            (
                credit_code_is_valid,
                &["91350100M000100Y43"],
                &["91350100M000100Y44", "91350100M000100Y4", "", "I1350100M000100Y43"],
            ),
            (luhn_is_valid, &["4111111111111111", "0"], &["4111111111111112", "", "41x1"]),
        ];
        for (valid, good, bad) in tables {
            for number in good {
                assert!(valid(number), "{number}");
            }
            for number in bad {
                assert!(!valid(number), "{number}");
            }
        }
    }

    #[test]
    fn every_single_wrong_digit_is_noticed() {
        let good = "11010519491231002X";
        for at in 0..17 {
            for digit in b'0'..=b'9' {
                let mut bytes = good.as_bytes().to_vec();
                if bytes[at] != digit {
                    bytes[at] = digit;
                    assert!(!resident_id_is_valid(std::str::from_utf8(&bytes).unwrap()), "{at} {digit}");
                }
            }
        }
    }
}
