//! Names and types of files, in the form that every engine takes.

use object_store::path::Path;
use std::{fmt, str::FromStr, sync::Arc};

/// No key is longer.
const LONGEST_KEY: usize = 512;
/// No content type is longer.
pub(super) const LONGEST_TYPE: usize = 100;

/// The name of a file: segments between slashes, e.g. `attachments/7203685477580800100/1`. A segment is made of ASCII letters, digits, `.`, `_` and `-`
/// and does not begin with a dot; 512 bytes in all at most.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Arc<str>);

/// What kind of file it is, e.g. `image/png` or `text/plain; charset=utf-8`: a MIME type of at most 100 bytes of printable ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentType(Arc<str>);

/// The text is no key, or no content type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what}: {rule}")]
pub struct Malformed {
    text: String,
    what: &'static str,
    rule: &'static str,
}

impl Key {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn path(&self) -> Path {
        Path::from(&*self.0)
    }
}

impl FromStr for Key {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let segment = |segment: &str| !segment.is_empty() && !segment.starts_with('.') && segment.bytes().all(allowed);
        if text.len() <= LONGEST_KEY && text.split('/').all(segment) {
            Ok(Self(text.into()))
        } else {
            Err(Malformed {
                text: text.into(),
                what: "key of a file",
                rule: "it has segments of letters, digits, `.`, `_` and `-` between slashes, none of which begins with a dot, 512 bytes at most",
            })
        }
    }
}

impl ContentType {
    /// What nothing is known of.
    #[must_use]
    pub fn unknown() -> Self {
        Self("application/octet-stream".into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ContentType {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let token = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/');
        let essence = text.split(';').next().unwrap_or_default().trim_end();
        let two_parts = essence
            .split_once('/')
            .is_some_and(|(kind, subtype)| token(kind) && token(subtype));
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if text.len() <= LONGEST_TYPE && two_parts && printable && text.trim() == text {
            Ok(Self(text.into()))
        } else {
            Err(Malformed {
                text: text.into(),
                what: "content type",
                rule: "it is written like image/png, in 100 bytes of printable ASCII at most",
            })
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stays_in_its_folder_and_is_a_path_as_it_is() {
        for text in [
            "a",
            "a/b",
            "attachments/7203685477580800100/1",
            "A-b_c.d/0",
            &"k".repeat(512),
        ] {
            let key: Key = text.parse().unwrap();
            assert_eq!((key.as_str(), key.path().as_ref()), (text, text));
        }
        for text in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "a/../b",
            "a/.hidden",
            "a b",
            "a#1",
            "ä",
            "a\\b",
            "a%2Fb",
            "a\0",
            &"k".repeat(513),
        ] {
            assert!(text.parse::<Key>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_content_type_fits_into_a_header() {
        for text in [
            "image/png",
            "text/plain; charset=utf-8",
            "application/vnd.x+json",
            &format!("a/{}", "b".repeat(98)),
        ] {
            assert_eq!(text.parse::<ContentType>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "image",
            "image/",
            "/png",
            "a/b/c",
            "image/png\r\nx: y",
            " a/b",
            "a/ä",
            &format!("a/{}", "b".repeat(99)),
        ] {
            assert!(text.parse::<ContentType>().is_err(), "{text}");
        }
    }
}
