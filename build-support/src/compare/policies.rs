//! Who may call, how often, and what a repetition does.

use super::{
    Change,
    finding::{Findings, Place, Surface, hit},
};
use crate::model::{Access, Call, Effect, Rate};

/// How many kinds of caller get in.
fn openness(access: Access) -> u8 {
    match access {
        Access::Internal => 0,
        Access::Admin => 1,
        Access::User => 2,
        Access::Public => 3,
    }
}

fn callers(access: Access) -> &'static str {
    match access {
        Access::Internal => "INTERNAL: services of the platform",
        Access::Admin => "ADMIN: users whose token says admin",
        Access::User => "USER: every user with a token",
        Access::Public => "PUBLIC: everybody, without a token",
    }
}

/// Compares who may call.
pub(super) fn access(old: Access, new: Access, place: &Place, findings: &mut Findings) {
    let (change, hits) = match openness(new).cmp(&openness(old)) {
        std::cmp::Ordering::Equal => return,
        std::cmp::Ordering::Greater => (
            Change::PolicyLoosened,
            vec![hit(
                Surface::Security,
                "whoever relied on this being closed: callers get in that were turned away",
            )],
        ),
        std::cmp::Ordering::Less => (
            Change::PolicyTightened,
            vec![hit(
                Surface::Behaviour,
                "callers that got in: they are answered with UNAUTHENTICATED or PERMISSION_DENIED",
            )],
        ),
    };
    findings.add(change, place.clone(), callers(old), callers(new), hits);
}

/// Compares how often. The limits are configuration, so which of two classes is the stricter one is not known here.
pub(super) fn rate(old: Rate, new: Rate, place: &Place, findings: &mut Findings) {
    if old == new {
        return;
    }
    let name = |rate: Rate| format!("{rate:?}").to_uppercase();
    let how = if new == Rate::Unlimited {
        hit(
            Surface::Security,
            "whoever relied on the limit: callers are not held back any more",
        )
    } else {
        hit(
            Surface::Behaviour,
            "callers at their pace: another limit holds, which they may exceed and share with other calls",
        )
    };
    findings.add(Change::RateChanged, place.clone(), name(old), name(new), vec![how]);
}

fn promise(effect: Effect) -> (u8, &'static str) {
    match effect {
        Effect::Keyed => (0, "KEYED: repeated safely only with an idempotency key"),
        Effect::Repeatable => (1, "REPEATABLE: twice leaves what once leaves"),
        Effect::Read => (2, "READ: changes nothing"),
    }
}

/// Compares what a repetition does. Timeout and number of attempts are advice that a client gets with its code: no old one breaks by them.
pub(super) fn call(old: Call, new: Call, place: &Place, findings: &mut Findings) {
    let Call {
        effect,
        timeout_ms: _,
        attempts: _,
    } = new;
    let ((was, old_text), (now, new_text)) = (promise(old.effect), promise(effect));
    if now < was {
        let hits = vec![hit(
            Surface::Behaviour,
            "clients that try again as they were told they may: the work is done twice",
        )];
        findings.add(Change::EffectWeakened, place.clone(), old_text, new_text, hits);
    }
}
