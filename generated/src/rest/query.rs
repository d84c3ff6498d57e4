//! The query string, taken apart strictly.

/// The pairs of a query: name and value, decoded. `Err` holds the pair that is not properly encoded.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = Result<(String, String), &str>> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        decode(name).zip(decode(value)).ok_or(pair)
    })
}

/// Undoes `+` and percent-encoding; `None` if a percent sign is not followed by two hexadecimal digits or the result is not UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            other => other,
        });
    }
    String::from_utf8(out).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded() {
        let read: Vec<_> = pairs("a=1&b=x+y%2B%C3%A4&&c&d=").collect();
        let pair = |name: &str, value: &str| Ok((name.to_owned(), value.to_owned()));
        assert_eq!(read, [pair("a", "1"), pair("b", "x y+ä"), pair("c", ""), pair("d", "")]);
    }

    #[test]
    fn what_is_not_properly_encoded_is_named() {
        for broken in ["a=%", "a=%4", "a=%zz", "a=%ff", "%+1=a"] {
            assert_eq!(pairs(broken).collect::<Vec<_>>(), [Err(broken)]);
        }
    }
}
