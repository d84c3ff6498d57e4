//! Any message survives JSON and bytes.

use bytes::Bytes;
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
};
use prost::Message;
use schema_corpus::{
    Every,
    every::Choice,
    json,
    wkt::{Duration, FieldMask, Timestamp},
};

fn bytes() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..20).prop_map(Bytes::from)
}

/// Numbers that equal themselves.
fn double() -> impl Strategy<Value = f64> {
    use proptest::num::f64::{INFINITE, NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO | INFINITE
}

/// Numbers that equal themselves.
fn float() -> impl Strategy<Value = f32> {
    use proptest::num::f32::{INFINITE, NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO | INFINITE
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    (-62_135_596_800_i64..=253_402_300_799, 0..1_000_000_000_i32)
        .prop_map(|(seconds, nanos)| Timestamp { seconds, nanos })
}

fn duration() -> impl Strategy<Value = Duration> {
    (0..=315_576_000_000_i64, 0..1_000_000_000_i32, any::<bool>()).prop_map(|(seconds, nanos, negative)| {
        let sign = if negative { -1 } else { 1 };
        Duration {
            seconds: i64::from(sign) * seconds,
            nanos: sign * nanos,
        }
    })
}

fn mask() -> impl Strategy<Value = FieldMask> {
    vec("[a-z]{1,5}(_[a-z]{1,5}){0,2}(\\.[a-z]{1,5}(_[a-z]{1,5})?)?", 0..3).prop_map(FieldMask::of)
}

fn choice(inner: impl Strategy<Value = Every> + 'static) -> impl Strategy<Value = Choice> {
    prop_oneof![
        any::<String>().prop_map(Choice::Text),
        any::<u64>().prop_map(Choice::Number),
        any::<i32>().prop_map(Choice::Hue),
        inner.prop_map(|inner| Choice::Nested(Box::new(inner))),
        timestamp().prop_map(Choice::Moment),
        bytes().prop_map(Choice::Raw),
        any::<bool>().prop_map(Choice::Flag),
        double().prop_map(Choice::Real),
        float().prop_map(Choice::ShortReal),
        any::<i32>().prop_map(Choice::Small),
        duration().prop_map(Choice::Span),
        mask().prop_map(Choice::ChosenMask),
    ]
}

fn flat() -> impl Strategy<Value = Every> {
    let numbers = (
        double(),
        any::<i32>(),
        any::<i64>(),
        any::<u32>(),
        any::<u64>(),
        any::<i32>(),
        any::<i64>(),
    );
    let fixed = (
        any::<u32>(),
        any::<u64>(),
        any::<i32>(),
        any::<i64>(),
        any::<bool>(),
        any::<String>(),
        bytes(),
    );
    let known = (
        -3..5_i32,
        option::of(timestamp()),
        option::of(duration()),
        option::of(mask()),
    );
    let maybe = (
        option::of(any::<i32>()),
        option::of(any::<u64>()),
        option::of(any::<String>()),
        option::of(bytes()),
        option::of(any::<bool>()),
        option::of(-3..5_i32),
        option::of(double()),
        option::of(float()),
        option::of(any::<i64>()),
        option::of(any::<u32>()),
    );
    let many = (
        vec(any::<i32>(), 0..3),
        vec(any::<i64>(), 0..3),
        vec(any::<String>(), 0..3),
        vec(bytes(), 0..3),
        vec(-3..5_i32, 0..3),
        vec(timestamp(), 0..3),
        vec(double(), 0..3),
        vec(float(), 0..3),
        vec(duration(), 0..3),
        vec(mask(), 0..3),
    );
    let maps = (
        btree_map(any::<String>(), any::<String>(), 0..3),
        btree_map(any::<u64>(), any::<i64>(), 0..3),
        btree_map(any::<bool>(), -3..5_i32, 0..3),
        btree_map(any::<i64>(), bytes(), 0..3),
        btree_map(any::<u32>(), double(), 0..3),
        btree_map(any::<i32>(), any::<bool>(), 0..3),
        btree_map(any::<u32>(), timestamp(), 0..3),
        btree_map(any::<u64>(), duration(), 0..3),
        btree_map(any::<i32>(), mask(), 0..3),
        btree_map(any::<i64>(), float(), 0..3),
    );
    (numbers, fixed, known, maybe, many, maps).prop_map(|(numbers, fixed, known, maybe, many, maps)| Every {
        a_double: numbers.0,
        a_float: maybe.7.unwrap_or_default(),
        an_int32: numbers.1,
        an_int64: numbers.2,
        a_uint32: numbers.3,
        a_uint64: numbers.4,
        a_sint32: numbers.5,
        a_sint64: numbers.6,
        a_fixed32: fixed.0,
        a_fixed64: fixed.1,
        a_sfixed32: fixed.2,
        a_sfixed64: fixed.3,
        a_bool: fixed.4,
        a_string: fixed.5.clone(),
        some_bytes: fixed.6,
        color: known.0,
        at: known.1,
        lasts: known.2,
        mask: known.3,
        maybe_int32: maybe.0,
        maybe_uint64: maybe.1,
        maybe_string: maybe.2,
        maybe_bytes: maybe.3,
        maybe_bool: maybe.4,
        maybe_color: maybe.5,
        maybe_double: maybe.6,
        maybe_float: maybe.7,
        maybe_int64: maybe.8,
        maybe_uint32: maybe.9,
        ints: many.0,
        longs: many.1,
        strings: many.2,
        blobs: many.3,
        colors: many.4,
        times: many.5,
        doubles: many.6,
        floats: many.7,
        spans: many.8,
        masks: many.9,
        by_string: maps.0,
        by_uint64: maps.1,
        by_bool: maps.2,
        by_int64: maps.3,
        by_uint32: maps.4,
        by_sint32: maps.5,
        by_fixed32: maps.6,
        by_fixed64: maps.7,
        by_sfixed32: maps.8,
        by_sfixed64: maps.9,
        renamed: fixed.5.clone(),
        r#type: fixed.5.clone(),
        line_2: fixed.5,
        ..Every::default()
    })
}

fn every() -> impl Strategy<Value = Every> {
    let inner = (
        option::of(flat()),
        vec(flat(), 0..2),
        btree_map(any::<i32>(), flat(), 0..2),
        option::of(choice(flat())),
    );
    (flat(), inner).prop_map(|(flat, (inner, children, by_int32, choice))| Every {
        inner: inner.map(Box::new),
        children,
        by_int32,
        choice,
        ..flat
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn through_json(message in every()) {
        let text = json::to_vec(&message);
        let strict: Every = json::from_slice(&text).expect("what was written is read");
        prop_assert_eq!(&strict, &message);
        let lenient: Every = json::from_slice_lenient(&text).expect("what was written is read");
        prop_assert_eq!(json::to_vec(&lenient), text.clone());
        let mut written = Vec::new();
        json::to_writer(&mut written, &message).expect("a vector takes everything");
        prop_assert_eq!(written, text);
    }

    #[test]
    fn through_bytes(message in every()) {
        let decoded = Every::decode(message.encode_to_vec().as_slice()).expect("what was encoded is decoded");
        prop_assert_eq!(decoded, message);
    }

    #[test]
    fn times_in_order_are_texts_in_order(a in timestamp(), b in timestamp()) {
        let nanos = |at: Timestamp| Timestamp { nanos: at.nanos | 1, ..at };
        let (a, b) = (nanos(a), nanos(b));
        prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
    }

    #[test]
    fn no_input_panics(input in any::<Vec<u8>>(), text in "[\\[\\]{}:,\"a-z0-9.eE+-]{0,40}") {
        let _ = json::from_slice::<Every>(&input);
        let _ = json::from_slice::<Every>(text.as_bytes());
    }
}
