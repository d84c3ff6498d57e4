//! What a typed mask takes and refuses, and what changes under it.

use schema_corpus::{
    garden::{Bed, Fence, Gate, UpdateBed, bed::Filling},
    mask::{Mask as _, Masked as _, Part},
    masks::{BedMask, FenceMask, GateMask},
    rpc::Validate as _,
    wkt::{FieldMask, Timestamp},
};

fn old() -> Bed {
    Bed {
        bed_id: 7,
        name: "roses".into(),
        plants: vec!["rose".into()],
        counts: [("rose".to_owned(), 3)].into(),
        fence: Some(Fence {
            wood: "oak".into(),
            maker: "ada".into(),
            state: "new".into(),
            gate: Some(Gate { open: true }),
        }),
        behind: Some(Box::new(Bed {
            name: "herbs".into(),
            ..Bed::default()
        })),
        note: Some("sunny".into()),
        made_at: Some(Timestamp::default()),
        filling: Some(Filling::Soil("clay".into())),
    }
}

fn masked(paths: &[&str]) -> UpdateBed {
    UpdateBed {
        update_mask: Some(FieldMask::of(paths.iter().copied())),
        ..UpdateBed::default()
    }
}

/// What a change under these paths makes of the old bed.
fn changed(paths: &[&str], new: Bed) -> Bed {
    let mask = masked(paths).mask().expect("a good mask");
    let mut bed = old();
    bed.merge(new, &mask);
    bed
}

#[test]
fn only_what_is_named_changes() {
    let new = Bed {
        name: "tulips".into(),
        plants: vec!["tulip".into()],
        ..Bed::default()
    };
    let expected = Bed {
        name: "tulips".into(),
        ..old()
    };
    assert_eq!(changed(&["name"], new.clone()), expected);
    let expected = Bed {
        plants: vec!["tulip".into()],
        counts: Default::default(),
        note: None,
        behind: None,
        ..old()
    };
    assert_eq!(changed(&["plants", "counts", "note", "behind"], new), expected);
}

#[test]
fn fields_within_a_message_change_alone() {
    let new = Bed {
        fence: Some(Fence {
            wood: "pine".into(),
            ..Fence::default()
        }),
        ..Bed::default()
    };
    let mut expected = old();
    expected.fence.as_mut().unwrap().wood = "pine".into();
    assert_eq!(changed(&["fence.wood"], new.clone()), expected);
    expected.fence.as_mut().unwrap().gate = None;
    assert_eq!(changed(&["fence.gate", "fence.wood"], new), expected);
    let mut expected = old();
    expected.fence.as_mut().unwrap().gate = Some(Gate { open: false });
    assert_eq!(changed(&["fence.gate.open"], Bed::default()), expected);
}

#[test]
fn a_message_that_is_named_as_a_whole_keeps_what_may_not_change() {
    let new = Bed {
        fence: Some(Fence {
            wood: "pine".into(),
            maker: "eve".into(),
            state: "gilded".into(),
            gate: None,
        }),
        ..Bed::default()
    };
    let fence = changed(&["fence"], new.clone()).fence.unwrap();
    assert_eq!(
        (fence.wood.as_str(), fence.maker.as_str(), fence.state.as_str()),
        ("pine", "ada", "new")
    );
    assert_eq!(fence.gate, None);
    assert_eq!(changed(&["fence"], Bed::default()).fence, None);
    // a new one is made by who sends it, but for what only the server sets
    let mut bed = Bed::default();
    bed.merge(new, &masked(&["fence"]).mask().unwrap());
    let fence = bed.fence.unwrap();
    assert_eq!((fence.maker.as_str(), fence.state.as_str()), ("eve", ""));
}

#[test]
fn members_of_a_oneof_replace_each_other() {
    let water = Bed {
        filling: Some(Filling::Water(3)),
        ..Bed::default()
    };
    assert_eq!(changed(&["water"], water.clone()).filling, Some(Filling::Water(3)));
    assert_eq!(
        changed(&["soil", "water"], water.clone()).filling,
        Some(Filling::Water(3))
    );
    assert_eq!(changed(&["soil"], water).filling, None);
    assert_eq!(changed(&["water"], Bed::default()).filling, old().filling);
}

#[test]
fn without_a_mask_all_that_may_change_does() {
    for request in [UpdateBed::default(), masked(&[])] {
        let mask = request.mask().unwrap();
        assert_eq!(mask, BedMask::all());
        let mut bed = old();
        bed.merge(Bed::default(), &mask);
        let expected = Bed {
            bed_id: 7,
            made_at: old().made_at,
            ..Bed::default()
        };
        assert_eq!(bed, expected);
    }
}

#[test]
fn what_only_the_server_sets_is_taken_out_at_any_depth() {
    let mut bed = Bed {
        filling: Some(Filling::Worms(9)),
        ..old()
    };
    bed.clear_output_only();
    assert_eq!((bed.made_at, bed.filling), (None, None));
    assert_eq!(bed.fence.unwrap().state, "");
}

#[test]
fn a_mask_is_read_and_written() {
    let paths = ["name", "fence.wood", "fence.gate.open", "soil"];
    let mask = masked(&paths).mask().unwrap();
    let expected = BedMask {
        name: true,
        soil: true,
        fence: Part::Within(FenceMask {
            wood: true,
            gate: Part::Within(GateMask { open: true }),
        }),
        ..BedMask::default()
    };
    assert_eq!(mask, expected);
    assert_eq!(
        FieldMask::from(&mask).paths,
        ["name", "fence.wood", "fence.gate.open", "soil"]
    );
    // the whole covers its parts, in whichever order they come
    for paths in [["fence", "fence.wood"], ["fence.wood", "fence"]] {
        assert_eq!(masked(&paths).mask().unwrap().fence, Part::Whole);
    }
}

#[test]
fn paths_that_no_client_may_name_are_violations() {
    for (path, rule, message) in [
        ("colour", "field_mask", "there is no field colour"),
        ("", "field_mask", "there is no field "),
        ("name.first", "field_mask", "there is no field name.first"),
        ("plants.0", "field_mask", "there is no field plants.0"),
        ("behind.name", "field_mask", "there is no field behind.name"),
        ("fence.", "field_mask", "there is no field fence."),
        ("bed_id", "field_mask.immutable", "bed_id never changes"),
        ("fence.maker", "field_mask.immutable", "fence.maker never changes"),
        ("made_at", "field_mask.output_only", "made_at is set by the server only"),
        ("worms", "field_mask.output_only", "worms is set by the server only"),
        (
            "fence.state",
            "field_mask.output_only",
            "fence.state is set by the server only",
        ),
    ] {
        let request = masked(&["name", path]);
        for failure in [request.validate().unwrap_err(), request.mask().unwrap_err()] {
            let violations = failure.broken_rules();
            assert_eq!(violations.len(), 1, "{path}: {failure}");
            assert_eq!(
                (
                    violations[0].field.as_str(),
                    violations[0].rule,
                    &*violations[0].message
                ),
                ("updateMask", rule, message)
            );
        }
    }
    masked(&["name", "fence", "fence.gate"]).validate().unwrap();
}
