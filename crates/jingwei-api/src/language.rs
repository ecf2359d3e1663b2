//! Which language a caller reads.

use axum::http::{HeaderMap, Uri, header};
use jingwei_core::Lang;

/// `?lang=zh` or `?lang=en`, else the caller's `Accept-Language`, else English.
pub(crate) fn of(uri: &Uri, headers: &HeaderMap) -> Lang {
    let asked = uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("lang="));
    match asked {
        Some("zh") => Lang::Zh,
        Some("en") => Lang::En,
        _ => accepted(headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default()),
    }
}

/// The best-weighted language that we speak (RFC 9110 section 12.5.4).
fn accepted(header: &str) -> Lang {
    let mut best = (0.0, Lang::En);
    for part in header.split(',').take(32) {
        let (tag, rest) = part.split_once(';').unwrap_or((part, ""));
        let weight = rest.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).unwrap_or(1.0);
        let tag = tag.trim().to_ascii_lowercase();
        let lang = match tag.split('-').next() {
            Some("zh") => Lang::Zh,
            Some("en") => Lang::En,
            _ => continue,
        };
        if weight > best.0 {
            best = (weight, lang);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_weighted_language_counts() {
        for (header, lang) in [
            ("", Lang::En),
            ("zh-CN,zh;q=0.9,en;q=0.8", Lang::Zh),
            ("en;q=0.3, zh-Hans;q=0.9", Lang::Zh),
            ("de, fr;q=0.9", Lang::En),
            ("zh;q=0, en", Lang::En),
            ("zh;q=x", Lang::Zh),
            (";;;,,,", Lang::En),
        ] {
            assert_eq!(accepted(header), lang, "{header}");
        }
    }

    #[test]
    fn the_address_decides_before_the_header() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, "zh".parse().unwrap());
        for (uri, lang) in
            [("/", Lang::Zh), ("/?lang=en", Lang::En), ("/?a=1&lang=en", Lang::En), ("/?lang=xx", Lang::Zh)]
        {
            assert_eq!(of(&uri.parse().unwrap(), &headers), lang, "{uri}");
        }
    }
}
