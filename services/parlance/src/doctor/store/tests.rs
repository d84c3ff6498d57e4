use super::{super::report::Verdict, judge};
use im_repo::store::{Migration, Schema};

fn schema() -> Schema {
    let initial = Migration {
        version: 1,
        description: "initial".into(),
    };
    Schema {
        place: "here".into(),
        applied: vec![initial],
        missing: Vec::new(),
        cut_off: Vec::new(),
        changed: Vec::new(),
        newer: Vec::new(),
    }
}

fn second() -> Vec<Migration> {
    vec![Migration {
        version: 2,
        description: "more".into(),
    }]
}

#[test]
fn each_way_in_which_a_database_differs_is_told_with_what_to_do() {
    let complete = judge(&schema(), false);
    assert_eq!(
        (complete.verdict, &*complete.found),
        (Verdict::Good, "here: all 1 are done")
    );

    let missing = Schema {
        missing: second(),
        ..schema()
    };
    let behind = judge(&missing, false);
    assert_eq!((behind.verdict, &*behind.mend), (Verdict::Bad, "parlance migrate"));
    assert!(behind.found.contains("2 more"));
    assert_eq!(
        judge(&missing, true).verdict,
        Verdict::Good,
        "the next start brings it along"
    );

    let cut_off = judge(
        &Schema {
            cut_off: second(),
            ..schema()
        },
        false,
    );
    assert_eq!((cut_off.verdict, &*cut_off.mend), (Verdict::Bad, "parlance migrate"));

    let changed = judge(
        &Schema {
            changed: second(),
            ..schema()
        },
        true,
    );
    assert_eq!(changed.verdict, Verdict::Bad);

    let newer = judge(
        &Schema {
            newer: second(),
            ..schema()
        },
        false,
    );
    assert_eq!(newer.verdict, Verdict::Doubtful);
}

#[cfg(feature = "cluster")]
#[test]
fn servers_that_are_too_old_are_known_by_their_versions() {
    use super::shared::too_old;
    assert_eq!(too_old("10.11.14-MariaDB-0+deb12u2-log"), None);
    assert_eq!(too_old("10.6.1-MariaDB"), None);
    assert_eq!(too_old("10.5.29-MariaDB"), Some("MariaDB 10.6"));
    assert_eq!(too_old("8.0.36"), None);
    assert_eq!(too_old("5.7.44-log"), Some("MySQL 8"));
}
