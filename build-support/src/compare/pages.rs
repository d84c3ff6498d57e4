//! Lists and their pages. Another default size is safe: who does not ask for a size takes what comes, and follows the cursor.

use super::{
    Change,
    finding::{Findings, Place, Surface, hit},
};
use crate::model::Page;

/// Compares how a list is read in pages.
pub(super) fn compare(old: Option<&Page>, new: Option<&Page>, place: &Place, findings: &mut Findings) {
    let (old, new) = match (old, new) {
        (None, None) => return,
        (None, Some(_)) => {
            let hits = vec![hit(
                Surface::Behaviour,
                "clients that take the first answer for the whole list",
            )];
            findings.add(
                Change::PagingChanged,
                place.clone(),
                "comes whole",
                "comes in pages",
                hits,
            );
            return;
        }
        (Some(_), None) => {
            let hits = vec![hit(
                Surface::Behaviour,
                "clients that read page by page: sizes and cursors do nothing any more",
            )];
            findings.add(
                Change::PagingChanged,
                place.clone(),
                "comes in pages",
                "comes whole",
                hits,
            );
            return;
        }
        (Some(old), Some(new)) => (old, new),
    };
    // All by name: what the model gains does not compile until it is judged here.
    let Page {
        size,
        cursor,
        next,
        items,
        default_size: _,
        max_size,
        signed,
        position,
    } = new;
    let same_fields = [&old.size, &old.cursor, &old.next, &old.items] == [size, cursor, next, items];
    if !same_fields || old.signed != *signed || old.position != *position {
        let say = |page: &Page| {
            let kind = match (&page.position, page.signed) {
                (Some(position), _) => format!("signed {position}"),
                (None, true) => "signed token".to_owned(),
                (None, false) => "open number".to_owned(),
            };
            format!(
                "{} items by {}, {} -> {} ({kind})",
                page.items, page.size, page.cursor, page.next
            )
        };
        let hits = vec![hit(
            Surface::Behaviour,
            "clients that read page by page, and cursors that they hold",
        )];
        findings.add(Change::PageFieldsChanged, place.clone(), say(old), say(new), hits);
    }
    if *max_size < old.max_size {
        let hits = vec![hit(
            Surface::Behaviour,
            "clients that ask for more at once: they get fewer than they asked for",
        )];
        let say = |most: u32| format!("at most {most} items");
        findings.add(
            Change::PageSizeLowered,
            place.clone(),
            say(old.max_size),
            say(*max_size),
            hits,
        );
    }
}
