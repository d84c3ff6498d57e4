//! Rules for one value: numbers, lengths, patterns, enums.

use crate::{breaks, keeps};
use bytes::Bytes;

#[test]
fn bounds_of_numbers() {
    keeps(|m| m.an_int32 = 4);
    keeps(|m| m.an_int32 = -4);
    breaks(|m| m.an_int32 = 5, "anInt32", "int32.lt", "must be less than 5, is 5");
    breaks(
        |m| m.an_int32 = -5,
        "anInt32",
        "int32.gt",
        "must be greater than -5, is -5",
    );
    keeps(|m| m.an_int64 = 5);
    keeps(|m| m.an_int64 = -5);
    breaks(|m| m.an_int64 = 6, "anInt64", "int64.lte", "must be at most 5, is 6");
    breaks(
        |m| m.an_int64 = i64::MIN,
        "anInt64",
        "int64.gte",
        "must be at least -5, is -9223372036854775808",
    );
    breaks(
        |m| m.a_uint32 = 0,
        "aUint32",
        "uint32.gt",
        "must be greater than 0, is 0",
    );
    keeps(|m| m.a_uint32 = u32::MAX - 1);
    breaks(
        |m| m.a_uint32 = u32::MAX,
        "aUint32",
        "uint32.lte",
        "must be at most 4294967294, is 4294967295",
    );
    breaks(|m| m.a_uint64 = 0, "aUint64", "uint64.gte", "must be at least 1, is 0");
    keeps(|m| m.a_uint64 = u64::MAX - 1);
    breaks(
        |m| m.a_uint64 = u64::MAX,
        "aUint64",
        "uint64.lt",
        "must be less than 18446744073709551615, is 18446744073709551615",
    );
    breaks(
        |m| m.a_fixed64 = 6,
        "aFixed64",
        "fixed64.gte",
        "must be at least 7, is 6",
    );
}

#[test]
fn lengths() {
    keeps(|m| m.exactly = "é☃𝄞".into());
    breaks(
        |m| m.exactly = "ab".into(),
        "exactly",
        "string.len",
        "must be exactly 3 characters, is 2",
    );
    breaks(
        |m| m.exactly = "abcd".into(),
        "exactly",
        "string.len",
        "must be exactly 3 characters, is 4",
    );
    keeps(|m| m.chars = "𝄞𝄞𝄞𝄞".into());
    breaks(
        |m| m.chars = "é".into(),
        "chars",
        "string.min_len",
        "must be at least 2 characters, is 1",
    );
    breaks(
        |m| m.chars = "abcde".into(),
        "chars",
        "string.max_len",
        "must be at most 4 characters, is 5",
    );
    keeps(|m| m.text_bytes = "éé".into());
    breaks(
        |m| m.text_bytes = "a".into(),
        "textBytes",
        "string.min_bytes",
        "must be at least 2 bytes, is 1",
    );
    breaks(
        |m| m.text_bytes = "ééa".into(),
        "textBytes",
        "string.max_bytes",
        "must be at most 4 bytes, is 5",
    );
    breaks(
        |m| m.digest = Bytes::from_static(b"123"),
        "digest",
        "bytes.len",
        "must be exactly 4 bytes, is 3",
    );
    breaks(
        |m| m.digest = Bytes::new(),
        "digest",
        "bytes.len",
        "must be exactly 4 bytes, is 0",
    );
    keeps(|m| m.blob = Bytes::from_static(b"123"));
    breaks(
        |m| m.blob = Bytes::new(),
        "blob",
        "bytes.min_len",
        "must be at least 1 byte, is 0",
    );
    breaks(
        |m| m.blob = Bytes::from_static(b"1234"),
        "blob",
        "bytes.max_len",
        "must be at most 3 bytes, is 4",
    );
}

#[test]
fn patterns() {
    for good in ["a-12", "abc-123"] {
        keeps(|m| m.simple = good.into());
    }
    for bad in [
        "", "-12", "a-1", "a-1234", "A-12", "a-12\n", "a-12 ", " a-12", "é-12", "a--12", "a12",
    ] {
        breaks(
            |m| m.simple = bad.into(),
            "simple",
            "string.pattern",
            "must match ^[a-z]+-[0-9]{2,3}$",
        );
    }
    for good in ["abz", "ababz", "abcz", "abzz"] {
        keeps(|m| m.complex = good.into());
    }
    for bad in ["", "ab", "z", "abz\n"] {
        breaks(
            |m| m.complex = bad.into(),
            "complex",
            "string.pattern",
            "must match ^(ab)+[a-z]*z$",
        );
    }
    breaks(
        |m| m.prefix = "x".into(),
        "prefix",
        "string.prefix",
        "must begin with x-",
    );
    keeps(|m| m.prefix = "x-y".into());
    keeps(|m| m.chosen = "two".into());
    breaks(
        |m| m.chosen = String::new(),
        "chosen",
        "string.in",
        "must be one of one, two",
    );
    keeps(|m| m.uuid = "0193B2A4-7C1E-7D3A-9A51-0C8F3D2E4B6A".into());
    for bad in [
        "",
        "0193b2a47c1e7d3a9a510c8f3d2e4b6a",
        "0193b2a4-7c1e-7d3a-9a51-0c8f3d2e4b6",
        "0193b2a4-7c1e-7d3a-9a51-0c8f3d2e4b6ag",
        "0193b2a4-7c1e-7d3a-9a51-0c8f3d2e4b6g",
    ] {
        breaks(|m| m.uuid = bad.into(), "uuid", "string.uuid", "must be a UUID");
    }
}

#[test]
fn enums() {
    keeps(|m| m.defined = -1);
    breaks(
        |m| m.defined = 3,
        "defined",
        "enum.defined_only",
        "must be a value of Color, is 3",
    );
    keeps(|m| m.among = 2);
    breaks(
        |m| m.among = 0,
        "among",
        "enum.in",
        "must be one of COLOR_RED, COLOR_BLUE",
    );
    keeps(|m| m.except = 8);
    breaks(
        |m| m.except = 0,
        "except",
        "enum.not_in",
        "must not be COLOR_UNSPECIFIED, 7",
    );
    breaks(
        |m| m.except = 7,
        "except",
        "enum.not_in",
        "must not be COLOR_UNSPECIFIED, 7",
    );
}
