//! Street addresses: Chinese ones with a place, a street and a number, American ones with a number and a street.

/// Most characters of the places and the street before the number.
const MAX_NAME_CHARS: usize = 40;
const MAX_NUMBER_DIGITS: usize = 5;
/// Most parts after the number: building, unit, floor, room.
const MAX_PARTS: usize = 5;
/// Longest street address: names, number, and parts such as `12号楼`.
pub(crate) const MAX_ADDRESS_BYTES: usize = MAX_NAME_CHARS * 4 + MAX_NUMBER_DIGITS + 3 + MAX_PARTS * 11;

/// Most characters of an address, and a few more.
pub(crate) const MAX_ADDRESS_CHARS: usize = MAX_NAME_CHARS + MAX_NUMBER_DIGITS + 1 + MAX_PARTS * 6 + 10;

/// Street address around the digits that begin at `at`.
pub(crate) fn address(text: &str, at: usize) -> Option<(usize, usize)> {
    let digits = text.as_bytes()[at..].iter().take(MAX_NUMBER_DIGITS + 1).take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || digits > MAX_NUMBER_DIGITS {
        return None;
    }
    let after = &text[at + digits..];
    if after.starts_with(['号', '號', '弄']) {
        let start = chinese_start(&text[..at])?;
        return Some((start, chinese_end(text, at + digits + 3)));
    }
    american_end(text, at, digits).map(|end| (at, end))
}

const STREETS: [&str; 12] = ["路", "街", "道", "巷", "弄", "胡同", "里弄", "东路", "西路", "南路", "北路", "村"];
const SEGMENTS: [&str; 11] = ["东段", "西段", "南段", "北段", "中段", "东", "西", "南", "北", "一段", "二段"];
pub(crate) const PLACES: [char; 8] = ['省', '市', '区', '县', '州', '镇', '乡', '旗'];
pub(crate) const PROVINCES: [&str; 34] = [
    "北京",
    "天津",
    "上海",
    "重庆",
    "河北",
    "山西",
    "辽宁",
    "吉林",
    "黑龙江",
    "江苏",
    "浙江",
    "安徽",
    "福建",
    "江西",
    "山东",
    "河南",
    "湖北",
    "湖南",
    "广东",
    "海南",
    "四川",
    "贵州",
    "云南",
    "陕西",
    "甘肃",
    "青海",
    "台湾",
    "内蒙古",
    "广西",
    "西藏",
    "宁夏",
    "新疆",
    "香港",
    "澳门",
];
/// What stands before a place name and is no part of it.
const STOPS: &str = "在是到于为址住往来去从至的了和与及，。：；我你他她们";

/// Where the places begin that lead to a street just before the end of the text.
fn chinese_start(before: &str) -> Option<usize> {
    let is_name = |c: char| crate::is_ideograph(c) || c.is_ascii_alphanumeric();
    let name: usize = before.chars().rev().take(MAX_NAME_CHARS).take_while(|c| is_name(*c)).map(char::len_utf8).sum();
    let from = before.len() - name;
    let name = &before[from..];
    let without = SEGMENTS.iter().find_map(|segment| name.strip_suffix(segment));
    let ends = [Some(name), without].into_iter().flatten();
    let street = ends.flat_map(|name| STREETS.iter().filter_map(move |street| name.strip_suffix(street)));
    let street = street.min_by_key(|rest| rest.len())?;
    // The place must end before the street begins, and the street must have a name.
    let province = PROVINCES.iter().filter_map(|province| street.find(province)).min();
    let suffix =
        street.char_indices().find(|(at, c)| *at > 0 && PLACES.contains(c) && at + c.len_utf8() < street.len());
    let (suffix, _) = suffix?;
    let own: usize = street[..suffix]
        .chars()
        .rev()
        .take(3)
        .take_while(|c| !STOPS.contains(*c) && crate::is_ideograph(*c))
        .map(char::len_utf8)
        .sum();
    let start = province.filter(|province| *province < suffix).unwrap_or(suffix - own);
    (start < suffix).then_some(from + start)
}

/// Where building, unit, floor and room end.
fn chinese_end(text: &str, from: usize) -> usize {
    const PARTS: [&str; 14] =
        ["号楼", "號樓", "号院", "单元", "栋", "幢", "座", "室", "层", "楼", "院", "号", "弄", "房"];
    let mut end = from;
    for _ in 0..MAX_PARTS {
        let rest = &text[end..];
        let number = rest.bytes().take(5).take_while(u8::is_ascii_alphanumeric).count();
        let Some(part) = PARTS.iter().find(|part| rest[number..].starts_with(**part)) else { break };
        if number == 0 && *part != "院" || number > 4 {
            break;
        }
        end += number + part.len();
    }
    end
}

/// `221 Baker Street`, `1600 Pennsylvania Ave NW, Apt 4B`.
fn american_end(text: &str, at: usize, digits: usize) -> Option<usize> {
    const SUFFIXES: [&str; 15] = [
        "Street",
        "St",
        "Avenue",
        "Ave",
        "Road",
        "Rd",
        "Boulevard",
        "Blvd",
        "Lane",
        "Ln",
        "Drive",
        "Dr",
        "Court",
        "Ct",
        "Parkway",
    ];
    const MAX_WORD_BYTES: usize = 16;
    let mut here = at + digits;
    for nth in 0..5 {
        let rest = text[here..].strip_prefix(' ')?;
        let word = rest.bytes().take(MAX_WORD_BYTES + 1).take_while(u8::is_ascii_alphabetic).count();
        let capital = rest.bytes().next().is_some_and(|b| b.is_ascii_uppercase());
        let ordinal = rest.bytes().take(6).take_while(u8::is_ascii_alphanumeric).count();
        let is_ordinal = word == 0 && ["st", "nd", "rd", "th"].iter().any(|end| rest[..ordinal].ends_with(end));
        if nth > 0 && SUFFIXES.contains(&&rest[..word]) {
            let dot = usize::from(rest[word..].starts_with('.'));
            return Some(unit_end(text, here + 1 + word, dot));
        }
        if (!capital && !is_ordinal) || word > MAX_WORD_BYTES {
            return None;
        }
        here += 1 + if is_ordinal { ordinal } else { word };
        if text[here..].starts_with('.') {
            here += 1;
        }
    }
    None
}

fn unit_end(text: &str, end: usize, dot: usize) -> usize {
    let rest = &text[end + dot..];
    for unit in [", Apt ", ", Apt. ", " Apt ", ", Suite ", ", Unit ", " #", ", #"] {
        let number =
            rest.strip_prefix(unit).map_or(0, |r| r.bytes().take(5).take_while(u8::is_ascii_alphanumeric).count());
        if number > 0 {
            return end + dot + unit.len() + number;
        }
    }
    end
}
