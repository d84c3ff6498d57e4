//! `since`: which release brought a field of what is stored. Bytes of an older one do not hold it, so whoever reads them has to know.

use super::{
    baseline::{Baseline, Release},
    reach::Reaches,
};
use crate::{
    SchemaError,
    model::{Field, Message, Schema},
};

/// Compares what stored fields say with the releases that have them.
pub(super) fn check(schema: &Schema, baselines: &[Baseline]) -> Vec<SchemaError> {
    let reaches = Reaches::of(schema);
    let mut mistakes = Vec::new();
    for message in schema.messages.values() {
        for field in &message.fields {
            let stored = reaches.get(&message.full_name).stored;
            if let Err(why) = judge(message, field, stored, baselines) {
                let element = format!("{}.{}", message.full_name, field.name);
                mistakes.push(SchemaError::new(&message.file, element, why));
            }
        }
    }
    mistakes
}

fn judge(message: &Message, field: &Field, stored: bool, baselines: &[Baseline]) -> Result<(), String> {
    let said: Option<Release> = field.since.as_deref().map(str::parse).transpose()?;
    if said.is_some() && !stored {
        return Err("(parlance.since) is for fields of what is stored, and no topic reaches this message".into());
    }
    let Some(newest) = baselines.last().map(|newest| newest.release) else {
        return match said {
            Some(said) => Err(format!(
                "says since {said}, but nothing was released yet: what is in the first release says nothing"
            )),
            None => Ok(()),
        };
    };
    if !stored {
        return Ok(());
    }
    let first = baselines
        .iter()
        .position(|baseline| has_field(baseline, message, field));
    let born = baselines.iter().position(|baseline| has_message(baseline, message));
    match (said, first) {
        // What came with its message needs no word: the field that leads to the message, or the topic, is as old.
        (None, first) if first == born => Ok(()),
        (None, Some(index)) => Err(format!(
            "arrived in {release} and is stored, so it needs (parlance.since) = \"{release}\"",
            release = baselines[index].release
        )),
        (None, None) => Err(format!(
            "is stored and no release has it: it needs (parlance.since) with the one after {newest}, which brings it"
        )),
        (Some(said), Some(0)) => Err(format!(
            "says since {said}, but {} has it already, so it says nothing",
            baselines[0].release
        )),
        (Some(said), Some(index)) if said != baselines[index].release => Err(format!(
            "says since {said}, but it arrived in {}",
            baselines[index].release
        )),
        (Some(_), Some(_)) => Ok(()),
        (Some(said), None) if newest.may_precede(said) => Ok(()),
        (Some(said), None) => Err(format!(
            "says since {said}, which is neither a release that has it nor one that may follow {newest}"
        )),
    }
}

fn has_field(baseline: &Baseline, message: &Message, field: &Field) -> bool {
    let known = baseline.schema.messages.get(&message.full_name);
    known.is_some_and(|known| known.fields.iter().any(|known| known.number == field.number))
}

fn has_message(baseline: &Baseline, message: &Message) -> bool {
    baseline.schema.messages.contains_key(&message.full_name)
}
