use std::ops::Range;

use jingwei_core::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::personal_forms::{MAX_CONTEXT_BYTES, landline, passport_end, plate};
use crate::personal_numbers::{credit_code_is_valid, is_card_range, luhn_is_valid, resident_id_is_valid};
use crate::personal_places::{MAX_ADDRESS_BYTES, address};

/// What identifies a person or an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PersonalKind {
    /// 居民身份证号, GB 11643 with its check character.
    ResidentId,
    /// 手机号: mainland mobile number, with or without +86.
    Mobile,
    /// Payment card: network range and Luhn check digit.
    BankCard,
    /// 统一社会信用代码, GB 32100 with its check character.
    CreditCode,
    Email,
    Ipv4,
    /// 护照、港澳通行证: Chinese passport or permit number, near a word that says so.
    Passport,
    /// 车牌号: Chinese vehicle plate.
    PlateNumber,
    /// Street address, Chinese or American.
    Address,
    /// 固定电话: fixed-line number with its area code.
    LandlinePhone,
}

/// No match is longer: the longest e-mail address.
pub const MAX_PERSONAL_BYTES: usize =
    if MAX_EMAIL_BYTES > MAX_ADDRESS_BYTES { MAX_EMAIL_BYTES } else { MAX_ADDRESS_BYTES };
/// How far before a match what stands there can matter to it.
pub const MAX_PERSONAL_CONTEXT_BYTES: usize = MAX_CONTEXT_BYTES;
const MAX_EMAIL_BYTES: usize = 64 + 1 + 253;

impl PersonalKind {
    pub const ALL: [Self; 10] = [
        Self::ResidentId,
        Self::Mobile,
        Self::BankCard,
        Self::CreditCode,
        Self::Email,
        Self::Ipv4,
        Self::Passport,
        Self::PlateNumber,
        Self::Address,
        Self::LandlinePhone,
    ];

    /// What stands in a placeholder for it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::ResidentId => "RESIDENT_ID",
            Self::Mobile => "MOBILE",
            Self::BankCard => "BANK_CARD",
            Self::CreditCode => "CREDIT_CODE",
            Self::Email => "EMAIL",
            Self::Ipv4 => "IPV4",
            Self::Passport => "PASSPORT",
            Self::PlateNumber => "PLATE_NUMBER",
            Self::Address => "ADDRESS",
            Self::LandlinePhone => "LANDLINE_PHONE",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonalMatch {
    pub span: Span,
    pub kind: PersonalKind,
}

/// Personal data in a text of literal form ([`crate::NormalizeOptions::LITERAL`]), in order of place.
/// Chinese characters around a number are no part of it; letters, digits and signs that would make it
/// a part of something longer rule it out.
#[must_use]
pub fn find_personal(text: &str) -> Vec<PersonalMatch> {
    let mut found = Vec::new();
    // Every kind has a digit or an @, and most texts have neither.
    if !text.bytes().any(|byte| byte.is_ascii_digit() || byte == b'@') {
        return found;
    }
    for (at, byte) in text.bytes().enumerate() {
        let previous = at.checked_sub(1).and_then(|before| text.as_bytes().get(before)).copied();
        if byte == b'@' {
            found.extend(email_around(text, at));
        } else if byte.is_ascii_alphanumeric() && !previous.is_some_and(joins_token) {
            numbers_at(text, at, &mut found);
        }
    }
    // Longest first at each place, so that a part of a number does not count again.
    found.sort_unstable_by_key(|m: &PersonalMatch| (m.span.start, std::cmp::Reverse(m.span.end), m.kind));
    let mut outer: Vec<PersonalMatch> = Vec::with_capacity(found.len());
    for m in found {
        if !outer.last().is_some_and(|last| last.kind == m.kind && m.span.end <= last.span.end) {
            outer.push(m);
        }
    }
    outer
}

fn joins_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Numbers that begin where a run of letters and digits begins.
fn numbers_at(text: &str, at: usize, found: &mut Vec<PersonalMatch>) {
    if is_fraction_or_group(text, at) {
        return;
    }
    if let Some((start, end)) = address(text, at) {
        return found.push(PersonalMatch { span: Span { start, end }, kind: PersonalKind::Address });
    }
    if let Some((start, end)) = plate(text, at) {
        return found.push(PersonalMatch { span: Span { start, end }, kind: PersonalKind::PlateNumber });
    }
    if let Some((start, end)) = landline(text, at) {
        return found.push(PersonalMatch { span: Span { start, end }, kind: PersonalKind::LandlinePhone });
    }
    let mut push = |kind, end| found.push(PersonalMatch { span: Span { start: at, end }, kind });
    if let Some(end) = passport_end(text, at) {
        return push(PersonalKind::Passport, end);
    }
    if let Some(end) = ipv4_end(text, at) {
        return push(PersonalKind::Ipv4, end);
    }
    let run_end = at + text.as_bytes()[at..].iter().take_while(|b| joins_token(**b)).count();
    if run_end - at == 18 && !continues_number(text, run_end) {
        let run = &text[at..run_end];
        if resident_id_is_valid(run) {
            return push(PersonalKind::ResidentId, run_end);
        }
        if credit_code_is_valid(run) {
            return push(PersonalKind::CreditCode, run_end);
        }
    }
    for (groups, kind) in LAYOUTS {
        if let Some((digits, end)) = grouped_digits(text, at, groups)
            && is_number(*kind, &digits)
        {
            return push(*kind, end);
        }
    }
}

/// How numbers are written, as lengths of groups with one space or hyphen between them, or dots between three or more.
const LAYOUTS: &[(&[usize], PersonalKind)] = &[
    (&[11], PersonalKind::Mobile),
    (&[13], PersonalKind::Mobile),
    (&[15], PersonalKind::Mobile),
    (&[3, 4, 4], PersonalKind::Mobile),
    (&[2, 11], PersonalKind::Mobile),
    (&[4, 11], PersonalKind::Mobile),
    (&[2, 3, 4, 4], PersonalKind::Mobile),
    (&[6, 8, 4], PersonalKind::ResidentId),
    (&[4, 4, 4, 4, 3], PersonalKind::BankCard),
    (&[6, 13], PersonalKind::BankCard),
    (&[4, 4, 4, 4], PersonalKind::BankCard),
    (&[4, 6, 5], PersonalKind::BankCard),
    (&[19], PersonalKind::BankCard),
    (&[18], PersonalKind::BankCard),
    (&[17], PersonalKind::BankCard),
    (&[16], PersonalKind::BankCard),
    (&[15], PersonalKind::BankCard),
    (&[13], PersonalKind::BankCard),
];

fn is_number(kind: PersonalKind, digits: &str) -> bool {
    match kind {
        PersonalKind::Mobile => {
            let national = digits.strip_prefix("0086").or_else(|| digits.strip_prefix("86")).unwrap_or(digits);
            national.len() == 11 && national.starts_with('1') && matches!(national.as_bytes().get(1), Some(b'3'..=b'9'))
        }
        PersonalKind::ResidentId => resident_id_is_valid(digits),
        PersonalKind::BankCard => is_card_range(digits) && luhn_is_valid(digits),
        _ => false,
    }
}

/// The digits of groups of these lengths, separated by single spaces or hyphens, or all by dots, and where they end.
/// The last group may end in the `X` of an identity number.
fn grouped_digits(text: &str, at: usize, groups: &[usize]) -> Option<(String, usize)> {
    let bytes = text.as_bytes();
    let mut digits = String::new();
    let mut here = at;
    // Two groups with a dot are a decimal number.
    let dotted = groups.len() > 2 && groups.first().is_some_and(|len| bytes.get(at + len) == Some(&b'.'));
    for (index, len) in groups.iter().enumerate() {
        if index > 0 {
            let separates = match bytes.get(here) {
                Some(b'.') => dotted,
                Some(b' ' | b'-') => !dotted,
                _ => false,
            };
            if !separates {
                return None;
            }
            here += 1;
        }
        let group = text.get(here..here + len)?;
        let (last, body) = group.as_bytes().split_last()?;
        let closes = index + 1 == groups.len() && matches!(last, b'X' | b'x');
        if !body.iter().all(u8::is_ascii_digit) || !(closes || last.is_ascii_digit()) {
            return None;
        }
        digits.push_str(group);
        here += len;
    }
    let ends = !bytes.get(here).copied().is_some_and(joins_token) && !continues_number(text, here);
    ends.then_some((digits, here))
}

/// `.5`, `-5` after what stands before `end`: the digits go on.
fn continues_number(text: &str, end: usize) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes.get(end), Some(b'.' | b'-')) && bytes.get(end + 1).is_some_and(u8::is_ascii_digit)
}

/// What begins at `at` continues a number: `3.1415…`, `2021-138…`, `1,000`. A country code may stand before a hyphen.
fn is_fraction_or_group(text: &str, at: usize) -> bool {
    let before = &text.as_bytes()[..at];
    match before {
        [head @ .., digit, b'.' | b'-' | b','] if digit.is_ascii_digit() => {
            !(before.ends_with(b"-") && (head.ends_with(b"+8") || head.ends_with(b"008")) && *digit == b'6')
        }
        _ => false,
    }
}

fn ipv4_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    if matches!(at.checked_sub(1).and_then(|before| bytes.get(before)), Some(b'.')) {
        return None;
    }
    let mut here = at;
    for part in 0..4 {
        if part > 0 {
            if bytes.get(here) != Some(&b'.') {
                return None;
            }
            here += 1;
        }
        let len = bytes[here..].iter().take(4).take_while(|b| b.is_ascii_digit()).count();
        let octet = text.get(here..here + len)?;
        if octet.is_empty() || (len > 1 && octet.starts_with('0')) || octet.parse::<u8>().is_err() {
            return None;
        }
        here += len;
    }
    let follows = bytes.get(here).copied();
    let dotted = follows == Some(b'.') && bytes.get(here + 1).is_some_and(u8::is_ascii_alphanumeric);
    (!follows.is_some_and(joins_token) && !dotted).then_some(here)
}

/// An e-mail address around an `@` (RFC 5321 lengths; ASCII forms only).
fn email_around(text: &str, at: usize) -> Option<PersonalMatch> {
    let bytes = text.as_bytes();
    let is_local = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'%' | b'+' | b'-');
    let local = bytes[..at].iter().rev().take(65).take_while(|b| is_local(b)).count();
    let dots = bytes[at - local..at].iter().take_while(|b| !b.is_ascii_alphanumeric()).count();
    let start = at - local + dots;
    if local > 64 || start >= at || bytes.get(at - 1) == Some(&b'.') {
        return None;
    }
    let domain = domain_end(text, at + 1)?;
    Some(PersonalMatch { span: Span { start, end: domain.end }, kind: PersonalKind::Email })
}

/// A domain of at least two labels whose last one is letters.
fn domain_end(text: &str, from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut end = from;
    let mut best = None;
    loop {
        let label = bytes[end..].iter().take(64).take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
        let is_edge = |b: Option<&u8>| b == Some(&b'-');
        if label == 0 || label > 63 || is_edge(bytes.get(end)) || is_edge(bytes.get(end + label - 1)) {
            break;
        }
        let letters = bytes[end..end + label].iter().all(u8::is_ascii_alphabetic);
        end += label;
        if end - from > 253 {
            return None;
        }
        let first = best.is_none() && end - from == label;
        if !first && letters && label >= 2 {
            best = Some(from..end);
        }
        if bytes.get(end) != Some(&b'.') {
            break;
        }
        end += 1;
    }
    best.filter(|range| range.end == end || range.end + 1 == end)
}

#[cfg(test)]
mod tests {
    use PersonalKind::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(PersonalKind, &str)]) {
        let found: Vec<_> = find_personal(text).iter().map(|m| (m.kind, &text[m.span.start..m.span.end])).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn real_ones_are_found_inside_chinese_text() {
        check("身份证号11010519491231002X请查收", &[(ResidentId, "11010519491231002X")]);
        check("身份证110105 19491231 002x。", &[(ResidentId, "110105 19491231 002x")]);
        check("我的手机13812345678，回电", &[(Mobile, "13812345678")]);
        check("电话+86 138-1234-5678转1", &[(Mobile, "86 138-1234-5678")]);
        check("+86-13812345678和008613812345678", &[(Mobile, "86-13812345678"), (Mobile, "008613812345678")]);
        check("13812345678 13912345678", &[(Mobile, "13812345678"), (Mobile, "13912345678")]);
        check("卡号4111111111111111有效", &[(BankCard, "4111111111111111")]);
        check("卡号6222 0212 3456 7890 125到账", &[]);
        check("4111 1111-1111 1111", &[(BankCard, "4111 1111-1111 1111")]);
        check("手机138.1234.5678。", &[(Mobile, "138.1234.5678")]);
        check("+86.138.1234.5678 or", &[(Mobile, "86.138.1234.5678")]);
        check("卡4111.1111.1111.1111.", &[(BankCard, "4111.1111.1111.1111")]);
        check("信用代码91350100M000100Y43公司", &[(CreditCode, "91350100M000100Y43")]);
        check("邮箱zhang.san+1@mail.qq.com，谢谢a@b.cn.", &[(Email, "zhang.san+1@mail.qq.com"), (Email, "a@b.cn")]);
        check("地址10.0.0.254端口", &[(Ipv4, "10.0.0.254")]);
    }

    #[test]
    fn what_only_looks_like_one_is_not_found() {
        for text in [
            "",
            "@",
            "a@",
            "@b.cn",
            "a@b",
            "a@b.1",
            "..@b.cn",
            "a.@b.cn",
            "订单138123456789",
            "x13812345678",
            "13812345678x",
            "3.13812345678",
            "13812345678.5",
            "110105194912310021",
            "11010519491231002X1",
            "411111111111111",
            "4111111111111112",
            "1.2.3",
            "1.2.3.4.5",
            "256.1.1.1",
            "01.1.1.1",
            "12012345678",
            "2021-13812345678",
            "v1.2.3.4a",
            "86.13812345678",
            "138.1234-5678",
            "138.1234.56789",
            "1.138.1234.5678",
            "138.1234.5678.9",
            "4111.1111.1111.1112",
            "１３８",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn forms_without_check_digits_are_found_where_they_are_strict() {
        check("护照号E12345678。", &[(Passport, "E12345678")]);
        check("passport no. EA1234567", &[(Passport, "EA1234567")]);
        check("港澳通行证：C12345678，回乡证H1234567890", &[(Passport, "C12345678"), (Passport, "H1234567890")]);
        check("车牌京A12345停在", &[(PlateNumber, "京A12345")]);
        check("粤B·D12345和沪A·1234警", &[(PlateNumber, "粤B·D12345"), (PlateNumber, "沪A·1234警")]);
        check("电话010-62345678转", &[(LandlinePhone, "010-62345678")]);
        check(
            "(0755) 2345678-801，+86-21-62345678",
            &[(LandlinePhone, "(0755) 2345678-801"), (LandlinePhone, "86-21-62345678")],
        );
        check(
            "我住在北京市海淀区中关村大街27号院3号楼2单元501室。",
            &[(Address, "北京市海淀区中关村大街27号院3号楼2单元501室")],
        );
        check("寄到广东深圳市南山区科技南路16号", &[(Address, "广东深圳市南山区科技南路16号")]);
        check("live at 221 Baker Street, Apt 4B now", &[(Address, "221 Baker Street, Apt 4B")]);
        check("12 N. 5th Ave.", &[(Address, "12 N. 5th Ave")]);
    }

    #[test]
    fn loose_forms_are_not_found() {
        for text in [
            "E12345678",
            "订单号G12345678",
            "护照办理需要12345678天",
            "新A1",
            "京A123456789",
            "云ABCDEF",
            "2024-12345678",
            "010-1234567",
            "0101-2345678",
            "2020-02-23456789",
            "010-62345678-123456",
            "走过3号路口",
            "5月1号",
            "北京市5号",
            "南京路3号线",
            "3 Big Dogs",
            "10 Street",
            "2 fast Street",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn no_match_is_longer_than_is_said() {
        let places = "北京市".repeat(40);
        let text = format!("{places}大街12345号{}", "1234号楼".repeat(20));
        let found = find_personal(&text);
        assert!(found.iter().any(|m| m.kind == Address));
        assert!(found.iter().all(|m| m.span.end - m.span.start <= MAX_ADDRESS_BYTES), "{found:?}");
        let longest = format!("{}@{}.cn", "a".repeat(64), vec!["b".repeat(49); 5].join("."));
        let found = find_personal(&longest);
        assert!(found.len() == 1 && found[0].span.end <= MAX_PERSONAL_BYTES, "{found:?}");
    }

    #[test]
    fn a_unionpay_number_needs_prefix_and_check_digit() {
        for body in ["622202123456789012", "621226100000000000", "625912345678901"] {
            let number = (0..10).map(|check| format!("{body}{check}")).find(|n| luhn_is_valid(n)).unwrap();
            check(&format!("卡{number}号"), &[(BankCard, &number)]);
            let other = number.replacen("62", "99", 1);
            check(&format!("卡{other}号"), &[]);
        }
    }
}
