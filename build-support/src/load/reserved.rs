//! What must not be used again.

use crate::model::Reserved;
use prost_reflect::{EnumDescriptor, MessageDescriptor};

/// What a message reserves.
pub(super) fn of_message(descriptor: &MessageDescriptor) -> Reserved {
    let ranges = descriptor.reserved_ranges();
    Reserved {
        numbers: ranges
            .map(|range| i64::from(range.start)..=i64::from(range.end) - 1)
            .collect(),
        names: descriptor.reserved_names().map(str::to_owned).collect(),
    }
}

/// What an enum reserves.
pub(super) fn of_enum(descriptor: &EnumDescriptor) -> Reserved {
    let ranges = descriptor.reserved_ranges();
    Reserved {
        numbers: ranges
            .map(|range| i64::from(*range.start())..=i64::from(*range.end()))
            .collect(),
        names: descriptor.reserved_names().map(str::to_owned).collect(),
    }
}
