//! Rules: what is refused now and was taken before. A loosened rule is safe: whoever sends was content with the tighter one, and nobody
//! checks what it receives from the server.

use super::{
    Change,
    finding::{Findings, Place},
    reach::Reach,
};
use crate::model::{Bound, Cardinality, Field, Kind, Message, Rules};
use std::fmt::Display;

/// The rules that refuse something which the old ones took, each as it was and as it is.
pub(super) fn tightened(old: &Rules, new: &Rules) -> Vec<(String, String)> {
    // All by name: a rule that the model gains does not compile until it is judged here.
    let Rules {
        required,
        above,
        below,
        len,
        min_len,
        max_len,
        min_bytes,
        max_bytes,
        len_bytes,
        pattern,
        prefix,
        one_of,
        uuid,
        defined_only,
        enum_in,
        enum_not_in,
        min_items,
        max_items,
        unique,
        items,
    } = new;
    let mut found = Found(Vec::new());
    found.flag("required", old.required, *required);
    found.flag("uuid", old.uuid, *uuid);
    found.flag("defined_only", old.defined_only, *defined_only);
    found.flag("unique", old.unique, *unique);
    found.least("min_len", old.min_len, *min_len);
    found.least("min_bytes", old.min_bytes, *min_bytes);
    found.least("min_items", old.min_items, *min_items);
    found.most("max_len", old.max_len, *max_len);
    found.most("max_bytes", old.max_bytes, *max_bytes);
    found.most("max_items", old.max_items, *max_items);
    found.exact("len", old.len.as_ref(), len.as_ref(), |_, _| false);
    found.exact("bytes.len", old.len_bytes.as_ref(), len_bytes.as_ref(), |_, _| false);
    // Whether one expression takes all that another takes is not decided here.
    found.exact("pattern", old.pattern.as_ref(), pattern.as_ref(), |_, _| false);
    found.exact("prefix", old.prefix.as_ref(), prefix.as_ref(), |old, new| {
        old.starts_with(new.as_str())
    });
    found.bound("lower bound", old.above, *above, |old, new| lowest(old) >= lowest(new));
    found.bound("upper bound", old.below, *below, |old, new| {
        highest(old) <= highest(new)
    });
    found.allowed("in", &old.one_of, one_of);
    found.allowed("in", &old.enum_in, enum_in);
    if let Some(value) = enum_not_in.iter().find(|value| !old.enum_not_in.contains(value)) {
        found.0.push((format!("{value} is taken"), format!("not_in: {value}")));
    }
    if let Some(items) = items {
        let default = Rules::default();
        let inner = tightened(old.items.as_deref().unwrap_or(&default), items);
        let each = |(old, new)| (format!("items: {old}"), format!("items: {new}"));
        found.0.extend(inner.into_iter().map(each));
    }
    found.0
}

struct Found(Vec<(String, String)>);

impl Found {
    fn flag(&mut self, name: &str, old: bool, new: bool) {
        if new && !old {
            self.0.push((format!("no rule `{name}`"), name.to_owned()));
        }
    }

    fn least(&mut self, name: &str, old: Option<u64>, new: Option<u64>) {
        if new.unwrap_or(0) > old.unwrap_or(0) {
            self.0.push(said(name, old.as_ref(), new.as_ref()));
        }
    }

    fn most(&mut self, name: &str, old: Option<u64>, new: Option<u64>) {
        if new.unwrap_or(u64::MAX) < old.unwrap_or(u64::MAX) {
            self.0.push(said(name, old.as_ref(), new.as_ref()));
        }
    }

    fn exact<T: PartialEq + Display>(
        &mut self,
        name: &str,
        old: Option<&T>,
        new: Option<&T>,
        wider: fn(&T, &T) -> bool,
    ) {
        let Some(now) = new else { return };
        if !old.is_some_and(|old| old == now || wider(old, now)) {
            self.0.push(said(name, old, new));
        }
    }

    fn bound(&mut self, name: &str, old: Option<Bound>, new: Option<Bound>, wider: fn(Bound, Bound) -> bool) {
        let Some(now) = new else { return };
        if !old.is_some_and(|old| wider(old, now)) {
            let say = |bound: Bound| {
                format!(
                    "{}{}",
                    bound.value,
                    if bound.inclusive { " (taken)" } else { " (refused)" }
                )
            };
            self.0.push(said(name, old.map(say).as_ref(), Some(&say(now))));
        }
    }

    fn allowed<T: PartialEq + Display>(&mut self, name: &str, old: &[T], new: &[T]) {
        let taken = |value: &T| new.contains(value);
        if !new.is_empty() && (old.is_empty() || !old.iter().all(taken)) {
            let list = |values: &[T]| values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let old = (!old.is_empty()).then(|| list(old));
            self.0.push(said(name, old.as_ref(), Some(&list(new))));
        }
    }
}

fn said<T: Display>(name: &str, old: Option<&T>, new: Option<&T>) -> (String, String) {
    let say = |value: Option<&T>| value.map_or_else(|| format!("no rule `{name}`"), |value| format!("{name}: {value}"));
    (say(old), say(new))
}

fn lowest(bound: Bound) -> i128 {
    bound.value + i128::from(!bound.inclusive)
}

fn highest(bound: Bound) -> i128 {
    bound.value - i128::from(!bound.inclusive)
}

/// A oneof that has to be set now, and had not before.
pub(super) fn oneofs(old: &Message, new: &Message, reach: Reach, findings: &mut Findings) {
    for now in new.oneofs.iter().filter(|oneof| oneof.required) {
        let was = old.oneofs.iter().find(|oneof| oneof.name == now.name);
        if reach.is_checked() && !was.is_some_and(|oneof| oneof.required) {
            let place = Place::new(&new.file, format!("{}.{}", new.full_name, now.name));
            let hits = reach.senders("what sets none of its fields is refused");
            findings.add(
                Change::RuleTightened,
                place,
                "none need be set",
                "one has to be set",
                hits,
            );
        }
    }
}

/// Whether a message without this field is refused. Rules of a field that knows absence count only when it is there.
pub(super) fn refuses_absence(field: &Field) -> bool {
    let rules = &field.rules;
    if rules.required || rules.min_items.is_some_and(|least| least > 0) {
        return true;
    }
    if field.cardinality != Cardinality::Implicit {
        return false;
    }
    let positive = |least: Option<u64>| least.is_some_and(|least| least > 0);
    match field.kind {
        Kind::Enum(_) => rules.enum_not_in.contains(&0) || !(rules.enum_in.is_empty() || rules.enum_in.contains(&0)),
        _ => {
            positive(rules.min_len)
                || positive(rules.min_bytes)
                || positive(rules.len)
                || positive(rules.len_bytes)
                || rules.uuid
                || rules.prefix.as_ref().is_some_and(|prefix| !prefix.is_empty())
                || rules.above.is_some_and(|bound| lowest(bound) > 0)
                || rules.below.is_some_and(|bound| highest(bound) < 0)
                || !(rules.one_of.is_empty() || rules.one_of.iter().any(String::is_empty))
                // What does not compile was refused when the schema was loaded.
                || rules.pattern.as_ref().is_some_and(|pattern| {
                    regex::Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(""))
                })
        }
    }
}
